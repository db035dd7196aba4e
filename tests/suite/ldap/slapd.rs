//! A slapd of a test's own: its folder, certificate and ports; and a relay in front of it, behind which it can die.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The server, which Debian puts where no path leads to.
const SLAPD: &str = "/usr/sbin/slapd";
/// The password of the account that may everything.
const ROOT: &str = "root-of-this-test";
/// Longest wait for it to listen.
const PATIENCE: Duration = Duration::from_secs(300);

const CONFIG: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile DIR/slapd.pid
argsfile DIR/slapd.args
TLSCACertificateFile DIR/ca.crt
TLSCertificateFile DIR/server.crt
TLSCertificateKeyFile DIR/server.key
threads 2
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw ROOT
directory DIR/db
maxsize 268435456
dbnosync
index objectClass eq
limits dn.exact="cn=sync,dc=example,dc=org" size.soft=500 size.hard=500 size.pr=unlimited size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=sync,dc=example,dc=org" read by anonymous auth by * none
"#;

/// A server that runs. It is stopped when it is dropped.
pub(super) struct Slapd {
    dir: tempfile::TempDir,
    child: Arc<Mutex<Child>>,
    /// In front of it, for the hub.
    relay: u16,
    /// Without TLS, for `ldapsearch`.
    plain: u16,
    /// It dies after so many bytes more.
    left: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

impl Slapd {
    /// Starts one with these entries.
    pub(super) fn start(ldif: &str) -> Self {
        Self::with(ldif, &[])
    }

    /// Starts one with these entries, of whose configuration some texts are replaced.
    pub(super) fn with(ldif: &str, changes: &[(&str, &str)]) -> Self {
        assert!(
            Path::new(SLAPD).is_file(),
            "there is no {SLAPD}: run `make test`, or apt-get install slapd ldap-utils"
        );
        let dir = tempfile::tempdir().expect("a folder");
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir(path("db")).expect("a folder");
        certificates(dir.path());
        let config = changes.iter().fold(CONFIG.to_owned(), |config, (from, to)| {
            assert!(config.contains(from), "no {from:?} in the configuration");
            config.replace(from, to)
        });
        let config = config.replace("DIR", &dir.path().display().to_string()).replace("ROOT", ROOT);
        std::fs::write(path("slapd.conf"), config).expect("written");
        std::fs::write(path("all.ldif"), ldif).expect("written");
        if !ldif.is_empty() {
            let base = "dc=example,dc=org";
            let config = path("slapd.conf");
            quiet(
                Command::new("/usr/sbin/slapadd")
                    .args(["-q", "-b", base, "-f"])
                    .arg(&config)
                    .arg("-l")
                    .arg(path("all.ldif")),
            );
        }
        // Between finding a port and listening at it somebody else may take it.
        let (child, plain, tls) = (0..5).find_map(|_| listen(dir.path())).expect("it listens");
        let (child, left) = (Arc::new(Mutex::new(child)), Arc::new(AtomicU64::new(u64::MAX)));
        let ended = Arc::new(AtomicBool::new(false));
        let front = TcpListener::bind("127.0.0.1:0").expect("a port");
        let relay = front.local_addr().expect("a port").port();
        let (own, limit, over) = (Arc::clone(&child), Arc::clone(&left), Arc::clone(&ended));
        std::thread::spawn(move || {
            for stream in front.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(hub) = stream else { continue };
                // Nobody is behind it any more: so it is for the hub, too.
                let Ok(server) = TcpStream::connect(("127.0.0.1", tls)) else { return };
                pass(&hub, &server, &own, &limit);
            }
        });
        Self { dir, child, relay, plain, left, ended }
    }

    /// The port of LDAPS, for the hub.
    pub(super) fn port(&self) -> u16 {
        self.relay
    }

    /// A path in its folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Lets it die as soon as it has said so many bytes more.
    pub(super) fn dies_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// True if it has died.
    pub(super) fn is_dead(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().expect("its state").is_some()
    }

    /// Changes entries as somebody does who may everything.
    pub(super) fn ldapmodify(&self, ldif: &str) {
        let file = self.path("changes.ldif");
        std::fs::write(&file, ldif).expect("written");
        let url = format!("ldap://127.0.0.1:{}", self.plain);
        let who = ["-x", "-D", "cn=admin,dc=example,dc=org", "-w", ROOT, "-H", &url, "-f"];
        quiet(Command::new("ldapmodify").args(who).arg(file));
    }

    /// Whether somebody is let in with a password.
    pub(super) fn lets_in(&self, dn: &str, password: &str) -> bool {
        let url = format!("ldap://127.0.0.1:{}", self.plain);
        let said = Command::new("ldapwhoami").args(["-x", "-D", dn, "-w", password, "-H", &url]).output();
        said.expect("ldapwhoami runs").status.success()
    }

    /// What `ldapsearch` prints of these entries, as LDIF without wrapped lines.
    pub(super) fn ldapsearch(&self, filter: &str, attributes: &[&str]) -> String {
        self.ldapsearch_below("ou=people,dc=example,dc=org", filter, attributes)
    }

    /// The same below another entry.
    pub(super) fn ldapsearch_below(&self, base: &str, filter: &str, attributes: &[&str]) -> String {
        let mut command = Command::new("ldapsearch");
        command.args(["-x", "-LLL", "-o", "ldif-wrap=no", "-D", "cn=admin,dc=example,dc=org", "-w", ROOT]);
        command.args(["-H", &format!("ldap://127.0.0.1:{}", self.plain), "-b", base, filter]);
        let said = command.args(attributes).output().expect("ldapsearch runs");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).expect("LDIF is ASCII")
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
        // The relay waits for somebody.
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.relay));
    }
}

/// An authority and a certificate for this address.
fn certificates(dir: &Path) {
    let openssl = |words: &[&str]| quiet(Command::new("openssl").args(words).current_dir(dir));
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl(
        &[&["req", "-x509", "-days", "3650", "-subj", "/CN=test", "-keyout", "ca.key", "-out", "ca.crt"], &key[..]]
            .concat(),
    );
    openssl(&[&["req", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"], &key[..]].concat());
    std::fs::write(dir.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("written");
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(&[&sign[..], &["-days", "3650", "-extfile", "names", "-out", "server.crt"]].concat());
}

fn quiet(command: &mut Command) {
    let said = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(said.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said.stderr));
}

/// Starts it on free ports, and waits until it listens; none if it could not have them.
fn listen(dir: &Path) -> Option<(Child, u16, u16)> {
    let free: Vec<TcpListener> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let ports: Vec<u16> = free.iter().map(|socket| socket.local_addr().expect("a port").port()).collect();
    drop(free);
    let (plain, tls) = (ports[0], ports[1]);
    let urls = format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}");
    let mut command = Command::new(SLAPD);
    command.args(["-d", "0", "-h", &urls, "-f"]).arg(dir.join("slapd.conf"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("slapd starts");
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", tls)).is_err() {
        if child.try_wait().expect("its state").is_some() {
            return None;
        }
        assert!(begun.elapsed() < PATIENCE, "slapd does not listen");
        std::thread::yield_now();
    }
    Some((child, plain, tls))
}

/// Passes on what both say, until the server has said too much: then it is killed.
fn pass(hub: &TcpStream, server: &TcpStream, child: &Arc<Mutex<Child>>, left: &Arc<AtomicU64>) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a handle");
    let (mut asking, mut asked) = (clone(hub), clone(server));
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut asking, &mut asked);
        let _ = asked.shutdown(Shutdown::Both);
    });
    let (mut hub, mut server, child, left) = (clone(hub), clone(server), Arc::clone(child), Arc::clone(left));
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = server.read(&mut bytes) {
            let said = left.load(Ordering::SeqCst);
            if said <= count as u64 {
                let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = child.kill();
                let _ = child.wait();
                break;
            }
            if said != u64::MAX {
                left.store(said - count as u64, Ordering::SeqCst);
            }
            if hub.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = hub.shutdown(Shutdown::Both);
    });
}
