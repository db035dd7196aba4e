//! A slapd of a test's own: its folder, certificate and ports, behind a relay.

use super::relay::Relay;
use super::tls::{certificates, said};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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
moduleload syncprov
moduleload refint
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
index objectClass,entryCSN,entryUUID eq
limits dn.exact="cn=sync,dc=example,dc=org" size.soft=500 size.hard=500 size.pr=unlimited size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=sync,dc=example,dc=org" read by anonymous auth by * none
overlay refint
refint_attributes member manager
overlay syncprov
syncprov-sessionlog 1000
"#;

/// A server that runs. It is stopped when it is dropped.
pub(super) struct Slapd {
    /// In front of it, for the hub.
    relay: Relay,
    child: Arc<Mutex<Child>>,
    /// Without TLS, for `ldapsearch`; with TLS.
    ports: Mutex<(u16, u16)>,
    dir: tempfile::TempDir,
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
        certificates(dir.path(), &[]);
        let config = changes.iter().fold(CONFIG.to_owned(), |config, (from, to)| {
            assert!(config.contains(from), "no {from:?} in the configuration");
            config.replace(from, to)
        });
        let config = config.replace("DIR", &dir.path().display().to_string()).replace("ROOT", ROOT);
        std::fs::write(path("slapd.conf"), config).expect("written");
        load(dir.path(), ldif);
        let (child, plain, tls) = listen(dir.path());
        let child = Arc::new(Mutex::new(child));
        let own = Arc::clone(&child);
        let relay = Relay::start(local(tls), Arc::new(move || end(&own)));
        Self { relay, child, ports: Mutex::new((plain, tls)), dir }
    }

    /// The port of LDAPS, for the hub.
    pub(super) fn port(&self) -> u16 {
        self.relay.port()
    }

    /// A path in its folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Lets it die as soon as it has said so many bytes more.
    pub(super) fn dies_after(&self, bytes: u64) {
        self.relay.dies_after(bytes);
    }

    /// True if it has died.
    pub(super) fn is_dead(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().expect("its state").is_some()
    }

    /// Kills it.
    pub(super) fn kill(&self) {
        end(&self.child);
    }

    /// Gives it what another one has, in the place of everything.
    pub(super) fn restore(&self, ldif: &str) {
        end(&self.child);
        std::fs::remove_dir_all(self.path("db")).expect("removed");
        std::fs::create_dir(self.path("db")).expect("a folder");
        load(self.dir.path(), ldif);
        self.restart("threads 2", "threads 2");
    }

    /// Everything that it has, with the ids and times that it gave.
    pub(super) fn slapcat(&self) -> String {
        let mut command = Command::new("/usr/sbin/slapcat");
        said(command.args(["-o", "ldif-wrap=no", "-b", "dc=example,dc=org", "-f"]).arg(self.path("slapd.conf")))
    }

    /// Ends it, if it runs, changes its configuration, and starts it again with what it had.
    pub(super) fn restart(&self, from: &str, to: &str) {
        end(&self.child);
        let config = std::fs::read_to_string(self.path("slapd.conf")).expect("its configuration");
        assert!(config.contains(from), "the configuration has no {from}");
        std::fs::write(self.path("slapd.conf"), config.replacen(from, to, 1)).expect("written");
        let (child, plain, tls) = listen(self.dir.path());
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = child;
        *self.ports.lock().unwrap_or_else(PoisonError::into_inner) = (plain, tls);
        self.relay.leads_to(local(tls));
    }

    /// Changes entries, as `ldapmodify` reads it.
    pub(super) fn modify(&self, ldif: &str) {
        std::fs::write(self.path("changes.ldif"), ldif).expect("written");
        drop(said(self.command("ldapmodify").arg("-f").arg(self.path("changes.ldif"))));
    }

    /// Whether somebody is let in with a password.
    pub(super) fn lets_in(&self, dn: &str, password: &str) -> bool {
        let url = format!("ldap://127.0.0.1:{}", self.ports.lock().unwrap_or_else(PoisonError::into_inner).0);
        let said = Command::new("ldapwhoami").args(["-x", "-D", dn, "-w", password, "-H", &url]).output();
        said.expect("ldapwhoami runs").status.success()
    }

    /// What `ldapsearch` prints of these entries, as LDIF without wrapped lines.
    pub(super) fn ldapsearch(&self, filter: &str, attributes: &[&str]) -> String {
        self.ldapsearch_below("ou=people,dc=example,dc=org", filter, attributes)
    }

    /// The same below another entry.
    pub(super) fn ldapsearch_below(&self, base: &str, filter: &str, attributes: &[&str]) -> String {
        let mut command = self.command("ldapsearch");
        command.args(["-LLL", "-o", "ldif-wrap=no", "-b", base, filter]);
        said(command.args(attributes))
    }

    fn command(&self, name: &str) -> Command {
        let plain = self.ports.lock().unwrap_or_else(PoisonError::into_inner).0;
        let mut command = Command::new(name);
        command.args(["-x", "-D", "cn=admin,dc=example,dc=org", "-w", ROOT]);
        command.args(["-H", &format!("ldap://127.0.0.1:{plain}")]);
        command
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        end(&self.child);
    }
}

/// Loads entries into a server that does not run.
fn load(dir: &Path, ldif: &str) {
    std::fs::write(dir.join("all.ldif"), ldif).expect("written");
    if !ldif.is_empty() {
        let mut command = Command::new("/usr/sbin/slapadd");
        command.args(["-q", "-b", "dc=example,dc=org", "-f"]).arg(dir.join("slapd.conf"));
        drop(said(command.arg("-l").arg(dir.join("all.ldif"))));
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = child.kill();
    let _ = child.wait();
}

/// Starts it on free ports: without TLS, with TLS.
fn listen(dir: &Path) -> (Child, u16, u16) {
    // Between finding a port and listening at it somebody else may take it.
    (0..5).find_map(|_| try_to_listen(dir)).expect("slapd listens")
}

/// Starts it on free ports, and waits until it listens; none if it could not have them.
fn try_to_listen(dir: &Path) -> Option<(Child, u16, u16)> {
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
