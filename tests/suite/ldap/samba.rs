//! A domain controller of a test's own, by Samba: its folder, certificate and loopback address, behind a relay.
//!
//! Samba listens at the ports of LDAP only, which are root's: so it runs as root, and each at an address of its own. A domain
//! takes seconds to make, and is made once for all tests: each gets a copy. A second controller joins the first one, and has its changes
//! when it is told to fetch them.

use super::relay::Relay;
use super::tls::{certificates, said};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The password of the administrator.
const ADMINISTRATOR: &str = "Root.of-this-test1";
/// Where the root of the domain is.
pub(super) const DOMAIN: &str = "DC=ad,DC=test";
/// Longest wait for it to listen.
const PATIENCE: Duration = Duration::from_secs(600);
/// Nobody listens here but tests that have the address.
const TOKEN: u16 = 20_389;

/// Makes a domain in `$1`, by root. Whole, or not at all.
const PROVISION: &str = r#"
set -eu
rm -rf "$1" "$1.half"
mkdir -p "$1.half"
: >"$1.half/empty.conf"
samba-tool domain provision -s "$1.half/empty.conf" --targetdir="$1.half" --realm=AD.TEST --domain=AD --server-role=dc \
    --host-name=dc1 --host-ip=127.0.0.1 --adminpass="$2" --dns-backend=NONE --option=ldb:nosync=true >"$1.log" 2>&1 \
    || { tail -n 20 "$1.log" >&2; exit 1; }
mv "$1.half" "$1"
"#;

/// Copies the domain `$2` to `$1`/dc, by root.
const COPY: &str = r#"cp -a --sparse=always "$2" "$1/dc""#;

/// Makes a second controller in `$1`/dc of the domain of which one is at `$2`, by root.
const JOIN: &str = r#"
set -eu
mkdir -p "$1/dc/etc"
samba-tool domain join AD.TEST DC -s "$1/join.conf" --targetdir="$1/dc" --server="$2" --site=Default-First-Site-Name \
    -U "AD\\administrator%$3" --use-kerberos=off --dns-backend=NONE --option=ldb:nosync=true >"$1/join.log" 2>&1 \
    || { tail -n 20 "$1/join.log" >&2; exit 1; }
"#;

/// Lets the controller in `$1` fetch what the one at `$2` has and it has not, by root.
const FETCH: &str = r#"
set -eu
samba-tool drs replicate --local itself "$2" DC=ad,DC=test -s "$1/dc/etc/smb.conf" -U "AD\\administrator%$3" \
    --use-kerberos=off
"#;

/// Hides what stands right below `$2` from the account that reads, by root.
const HIDE: &str = r#"
set -eu
sid=$(samba-tool user show sync --attributes=objectSid -s "$1/dc/etc/smb.conf" | sed -n 's/^objectSid: //p')
samba-tool dsacl set --objectdn="$2" --sddl="(D;;LC;;;$sid)" -s "$1/dc/etc/smb.conf"
"#;

/// What a new domain in `$1`/dc lacks, by root. Keys of TLS must be root's.
const SETTLE: &str = r#"
set -eu
mkdir -p "$1/dc/run" "$1/dc/ncalrpc" "$1/dc/tls"
cp "$1/ca.crt" "$1/server.crt" "$1/server.key" "$1/dc/tls/"
chown -R "$(id -u)" "$1/dc/tls"
chmod 600 "$1/dc/tls/server.key"
cp "$1/smb.conf" "$1/dc/etc/smb.conf"
"#;

/// Runs it in the foreground. It ends by itself when its standard input does, so with the test.
const START: &str = r#"
echo $$ >"$1/pid"
exec samba -F --no-process-group -M single -s "$1/dc/etc/smb.conf" >"$1/out" 2>&1
"#;

const CONFIG: &str = "\
[global]
 netbios name = NAME
 realm = AD.TEST
 workgroup = AD
 interfaces = ADDRESS/8
 bind interfaces only = yes
OTHERS";

/// What it is made with where it joins another one.
const JOINING: &str = " client use kerberos = off\n";

/// What it runs with.
const RUNNING: &str = "\
 server role = active directory domain controller
 server services = SERVICES
 private dir = DIR/dc/private
 lock directory = DIR/dc
 state directory = DIR/dc/state
 cache directory = DIR/dc/cache
 binddns dir = DIR/dc/bind-dns
 pid directory = DIR/dc/run
 ncalrpc dir = DIR/dc/ncalrpc
 log file = DIR/dc/log.samba
 tls keyfile = DIR/dc/tls/server.key
 tls certfile = DIR/dc/tls/server.crt
 tls cafile = DIR/dc/tls/ca.crt
 ldb:nosync = true
";

/// A server that runs. It is stopped when it is dropped.
pub(super) struct Samba {
    /// In front of it, for the hub.
    relay: Relay,
    process: Arc<Process>,
    address: Ipv4Addr,
    dir: tempfile::TempDir,
    /// As long as this is held, nobody else takes the address.
    _token: TcpListener,
}

/// The process, if it was not ended yet.
struct Process {
    dir: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Samba {
    /// Starts one with these entries beside those of a new domain; changes of entries may follow.
    pub(super) fn start(ldif: &str) -> Self {
        Self::first("ldap", ldif)
    }

    /// The same, in a domain that gets a second controller.
    pub(super) fn start_first_of_two(ldif: &str) -> Self {
        Self::first("ldap, rpc", ldif)
    }

    fn first(services: &str, ldif: &str) -> Self {
        let samba = Self::made("DC1", services, |dir| {
            drop(said(by_root(COPY).arg(dir).arg(template())));
        });
        if !ldif.is_empty() {
            samba.modify(ldif);
        }
        samba
    }

    /// Starts a second controller of the domain, which has everything that the first one has.
    pub(super) fn second(first: &Self) -> Self {
        let second = Self::made("DC2", "ldap, rpc", |dir| {
            drop(said(by_root(JOIN).arg(dir).arg(first.address.to_string()).arg(ADMINISTRATOR)));
        });
        second.fetch(first);
        second
    }

    /// Starts one whose domain is made so in `dc` of its folder.
    fn made(name: &str, services: &str, make: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (address, token) = address();
        certificates(dir.path(), &[&address.to_string()]);
        let config = |others: &str| {
            let config = CONFIG.replace("NAME", name).replace("ADDRESS", &address.to_string());
            let others = others.replace("SERVICES", services).replace("DIR", &dir.path().display().to_string());
            config.replace("OTHERS", &others)
        };
        std::fs::write(dir.path().join("join.conf"), config(JOINING)).expect("written");
        std::fs::write(dir.path().join("smb.conf"), config(RUNNING)).expect("written");
        make(dir.path());
        drop(said(by_root(SETTLE).arg(dir.path())));
        let process = Arc::new(Process { dir: dir.path().to_owned(), child: Mutex::new(None) });
        process.start(address);
        let own = Arc::clone(&process);
        let relay = Relay::start(SocketAddr::from((address, 636)), Arc::new(move || own.end()));
        Self { relay, process, address, dir, _token: token }
    }

    /// Fetches what another controller of the domain has.
    pub(super) fn fetch(&self, from: &Self) {
        drop(said(by_root(FETCH).arg(self.dir.path()).arg(from.address.to_string()).arg(ADMINISTRATOR)));
    }

    /// Where it listens itself.
    pub(super) fn at(&self) -> SocketAddr {
        SocketAddr::from((self.address, 636))
    }

    /// Hides what stands right below an entry from the account that reads. What makes it as before comes back.
    pub(super) fn hide(&self, dn: &str) -> String {
        let name = "nTSecurityDescriptor";
        let mut command = self.command("ldapsearch");
        let printed = said(command.args(["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", dn, name]));
        let before = printed.lines().find(|line| line.starts_with(name)).expect("who may do what");
        drop(said(by_root(HIDE).arg(self.dir.path()).arg(dn)));
        super::tree::change(dn, &format!("changetype: modify\nreplace: {name}\n{before}"))
    }

    /// The port of LDAPS at 127.0.0.1, for the hub.
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
        let mut child = self.process.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.as_mut().is_none_or(|child| child.try_wait().expect("its state").is_some())
    }

    /// Ends it, if it runs, and starts it again with what it had.
    pub(super) fn restart(&self) {
        self.process.end();
        self.process.start(self.address);
        self.relay.leads_to(self.at());
    }

    /// Ends it, if it runs, changes its configuration, and starts it again with what it had.
    pub(super) fn restart_with(&self, from: &str, to: &str) {
        self.process.end();
        let config = std::fs::read_to_string(self.path("smb.conf")).expect("its configuration");
        assert!(config.contains(from), "the configuration has no {from}");
        std::fs::write(self.path("smb.conf"), config.replacen(from, to, 1)).expect("written");
        drop(said(by_root(SETTLE).arg(self.dir.path())));
        self.restart();
    }

    /// Kills it.
    pub(super) fn kill(&self) {
        self.process.end();
    }

    /// Who connects to its port is led to another one.
    pub(super) fn gives_way_to(&self, other: &Self) {
        self.relay.leads_to(other.at());
    }

    /// Adds and changes entries, as `ldapmodify` reads it.
    pub(super) fn modify(&self, ldif: &str) {
        std::fs::write(self.path("changes.ldif"), ldif).expect("written");
        drop(said(self.command("ldapmodify").arg("-a").arg("-f").arg(self.path("changes.ldif"))));
    }

    /// What `ldapsearch` prints of these entries, as LDIF without wrapped lines.
    pub(super) fn ldapsearch(&self, base: &str, filter: &str, attributes: &[&str]) -> String {
        let mut command = self.command("ldapsearch");
        command.args(["-LLL", "-o", "ldif-wrap=no", "-E", "pr=500/noprompt", "-b", base, filter]);
        said(command.args(attributes))
    }

    /// Whether somebody is let in with a password.
    pub(super) fn lets_in(&self, name: &str, password: &str) -> bool {
        // It does not know what `ldapwhoami` asks.
        let mut command = self.command_as("ldapsearch", name, password);
        let said = command.args(["-LLL", "-s", "base", "-b", "", "1.1"]).output().expect("ldapsearch runs");
        let refused = String::from_utf8_lossy(&said.stderr).contains("Invalid credentials (49)");
        assert!(said.status.success() || refused, "{}", String::from_utf8_lossy(&said.stderr));
        said.status.success()
    }

    fn command(&self, name: &str) -> Command {
        self.command_as(name, "administrator@ad.test", ADMINISTRATOR)
    }

    fn command_as(&self, name: &str, account: &str, password: &str) -> Command {
        let mut command = Command::new(name);
        command.args(["-x", "-D", account, "-w", password]);
        command.args(["-H", &format!("ldaps://{}", self.address)]).env("LDAPTLS_CACERT", self.path("ca.crt"));
        command
    }
}

impl Process {
    fn start(&self, address: Ipv4Addr) {
        let mut command = by_root(START);
        command.arg(&self.dir).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("samba starts");
        let begun = Instant::now();
        while TcpStream::connect((address, 636)).is_err() {
            let ended = child.try_wait().expect("its state");
            let out = || std::fs::read_to_string(self.dir.join("out")).unwrap_or_default();
            assert!(ended.is_none(), "samba ended: {}", out());
            assert!(begun.elapsed() < PATIENCE, "samba does not listen: {}", out());
            std::thread::yield_now();
        }
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
    }

    /// Kills it, and waits until it is gone.
    fn end(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut child) = child.take() {
            let _ = by_root(r#"kill -9 "$(cat "$1/pid")""#).arg(&self.dir).output();
            let _ = child.wait();
        }
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        self.process.end();
        // What root wrote only root can remove.
        let _ = by_root(r#"rm -rf "$1/dc""#).arg(self.dir.path()).output();
    }
}

/// A script, run by root.
fn by_root(script: &str) -> Command {
    let own = std::fs::metadata("/proc/self").expect("who runs this").uid();
    let mut command = if own == 0 { Command::new("sh") } else { Command::new("sudo") };
    if own != 0 {
        command.args(["-n", "sh"]);
    }
    command.args(["-c", script, "sh"]);
    command
}

/// A domain that nobody has changed, made by the version of Samba that is there.
fn template() -> PathBuf {
    let version = Command::new("samba").arg("--version").output().unwrap_or_else(|error| {
        panic!("samba does not run ({error}): run `make test`, or see need_samba in tests/lib/setup.sh")
    });
    let mut hasher = DefaultHasher::new();
    (&version.stdout, PROVISION, ADMINISTRATOR).hash(&mut hasher);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(kept).expect("a folder");
    let template = kept.join(format!("domain-{:016x}", hasher.finish()));
    // Nobody else makes it meanwhile.
    let lock = File::create(template.with_extension("lock")).expect("a lock");
    lock.lock().expect("the lock");
    if !template.exists() {
        drop(said(by_root(PROVISION).arg(&template).arg(ADMINISTRATOR)));
    }
    template
}

/// A loopback address at which nobody is, and what keeps it.
fn address() -> (Ipv4Addr, TcpListener) {
    let from = std::process::id();
    let addresses = (0..60_000).map(|at| {
        let number = from.wrapping_mul(7919).wrapping_add(at) % 60_000;
        let (third, fourth) = (number / 240, number % 240 + 1);
        Ipv4Addr::new(127, 77, u8::try_from(third).unwrap_or(0), u8::try_from(fourth).unwrap_or(1))
    });
    let free = |address: &Ipv4Addr| [389, 636].iter().all(|port| TcpStream::connect((*address, *port)).is_err());
    let taken = |address: Ipv4Addr| TcpListener::bind((address, TOKEN)).ok().map(|token| (address, token));
    addresses.filter(free).find_map(taken).expect("a loopback address is free")
}
