//! A slapd of a scenario's own: its folder, certificate and ports. It does not wait for the disk (`dbnosync`), so that what is
//! compared with the hub is as quick as it gets.

use crate::process;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Debian puts them where no path leads to.
const SLAPD: &str = "/usr/sbin/slapd";
const SLAPADD: &str = "/usr/sbin/slapadd";
const CONFIGURATION: &str = include_str!("slapd.conf");
/// What everything hangs below.
pub(super) const ROOT: &str = "dc=example,dc=org";
/// The account that may everything, and the one of the hub.
pub(super) const ADMIN: &str = "cn=admin,dc=example,dc=org";
pub(super) const SYNC: &str = "cn=sync,dc=example,dc=org";
/// The password of both.
pub(super) const PASSWORD: &str = "bench-of-nobody";
/// Tells others what changed.
pub(super) const PROVIDER: &str = "overlay ppolicy\noverlay syncprov\nsyncprov-sessionlog 10000\n";
/// What a directory usually does beside storing: keeps groups and references right, and logs what was written.
pub(super) const EVERYTHING: &str = "overlay memberof\nmemberof-refint TRUE\noverlay refint\nrefint_attributes member memberOf manager\n\
     overlay ppolicy\noverlay syncprov\nsyncprov-checkpoint 100 10\nsyncprov-sessionlog 10000\n\
     overlay accesslog\nlogdb cn=accesslog\nlogops writes\nlogsuccess TRUE\n";
const LOG: &str = "database mdb\nsuffix cn=accesslog\nrootdn cn=accesslog\ndirectory DIR/log\nmaxsize 1073741824\ndbnosync\n\
     index default eq\nindex entryCSN,objectClass,reqEnd,reqResult,reqStart,reqDN\noverlay syncprov\nsyncprov-nopresent TRUE\n\
     syncprov-reloadhint TRUE";
/// Nobody waits longer for it to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs. It is stopped when it is dropped.
#[derive(Debug)]
pub(super) struct Slapd {
    child: Child,
    folder: PathBuf,
    plain: u16,
    /// How long it took to make its folder, certificate and database, before it was started.
    pub(super) prepared: Duration,
    /// The port of LDAPS.
    pub(super) tls: u16,
}

impl Slapd {
    /// Starts one in a new folder, with these entries, and `role` at the end of its configuration.
    pub(super) fn start(folder: &Path, ldif: &str, role: &str) -> Result<Self, String> {
        if !Path::new(SLAPD).is_file() {
            return Err(format!("there is no {SLAPD}: apt-get install slapd ldap-utils openssl"));
        }
        let begun = Instant::now();
        let failed = |error| format!("can not prepare {}: {error}", folder.display());
        // It may not be there.
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder.join("db")).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        certificate(&folder)?;
        // A log of what was written is a database of its own, which must come before the one that it is about.
        let log = if role.contains("overlay accesslog") { LOG } else { "" };
        std::fs::create_dir_all(folder.join("log")).map_err(failed)?;
        let config = CONFIGURATION.replace("FIRST", log).replace("ROLE", role).replace("PASSWORD", PASSWORD);
        let config = config.replace("DIR", &folder.display().to_string());
        std::fs::write(folder.join("slapd.conf"), config).map_err(failed)?;
        if !ldif.is_empty() {
            std::fs::write(folder.join("all.ldif"), ldif).map_err(failed)?;
            let words = ["-q", "-w", "-b", ROOT, "-f", "slapd.conf", "-l", "all.ldif"];
            process::run(Path::new(SLAPADD), &words, &folder, &[])?;
        }
        let prepared = begun.elapsed();
        let mut last = String::new();
        // Between finding a port and listening at it somebody else may take it.
        for _ in 0..5 {
            match listen(&folder) {
                Ok((child, plain, tls)) => return Ok(Self { child, folder, plain, prepared, tls }),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// The authority that its certificate is from.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// A tool of OpenLDAP for this server, over LDAPS or without TLS, that can be started.
    pub(super) fn tool(&self, name: &str, tls: bool, who: &str, words: &[&str]) -> Command {
        let mut command = Command::new(name);
        let url =
            if tls { format!("ldaps://127.0.0.1:{}", self.tls) } else { format!("ldap://127.0.0.1:{}", self.plain) };
        command.env("LDAPTLS_CACERT", self.authority()).current_dir(&self.folder).stdin(Stdio::null());
        command.args(["-x", "-H", &url, "-D", who, "-w", PASSWORD]).args(words);
        command
    }

    /// What `ldapsearch` prints, without TLS, to the account that may everything.
    pub(super) fn search(&self, words: &[&str]) -> Result<String, String> {
        let mut all = vec!["-LLL", "-o", "ldif-wrap=no"];
        all.extend(words);
        said(&mut self.tool("ldapsearch", false, ADMIN, &all))
    }

    /// Does what an LDIF of changes says.
    pub(super) fn modify(&self, ldif: &str) -> Result<(), String> {
        let file = self.folder.join("changes.ldif");
        std::fs::write(&file, ldif).map_err(|error| format!("can not write changes.ldif: {error}"))?;
        said(&mut self.tool("ldapmodify", false, ADMIN, &["-a", "-f", "changes.ldif"])).map(drop)
    }

    /// A file in its folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command prints that must go well.
pub(super) fn said(command: &mut Command) -> Result<String, String> {
    let said = command.output().map_err(|error| format!("can not start {command:?}: {error}"))?;
    if !said.status.success() {
        let program = command.get_program().display();
        return Err(format!("{program} ended with {}: {}", said.status, String::from_utf8_lossy(&said.stderr)));
    }
    String::from_utf8(said.stdout).map_err(|_| "a tool of OpenLDAP printed no text".to_owned())
}

fn listen(folder: &Path) -> Result<(Child, u16, u16), String> {
    let port = || TcpListener::bind("127.0.0.1:0").and_then(|free| Ok((free.local_addr()?.port(), free)));
    let ((plain, one), (tls, two)) =
        port().and_then(|one| Ok((one, port()?))).map_err(|error| format!("there is no free port: {error}"))?;
    drop((one, two));
    let urls = format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}");
    let mut command = Command::new(SLAPD);
    command.args(["-d", "0", "-f", "slapd.conf", "-h", &urls]).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("can not start {SLAPD}: {error}"))?;
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", tls)).is_err() {
        let ended = child.try_wait().ok().flatten();
        if ended.is_some() || begun.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{SLAPD} does not listen, with the configuration in {}", folder.display()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok((child, plain, tls))
}

/// An authority, and a certificate for the loopback address.
fn certificate(folder: &Path) -> Result<(), String> {
    let openssl = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        said(Command::new("openssl").args(words).current_dir(folder)).map(drop)
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 -days 30 -subj /CN=bench -keyout ca.key -out ca.crt {key}"))?;
    openssl(&format!("req -subj /CN=localhost -keyout server.key -out server.csr {key}"))?;
    let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    std::fs::write(folder.join("names"), names).map_err(|error| format!("can not write a file: {error}"))?;
    openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.crt")
}
