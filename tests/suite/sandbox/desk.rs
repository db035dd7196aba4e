//! What every test of the sandbox begins with: a host, components, and connections with low limits.

use rosterd_connector::tape::{Header, Recording, Tape, rehearse};
use rosterd_connector::{ConnectionConfig, ConnectorHost, HostSettings, Limits, Loaded, SecretReference};
use rosterd_model::port::{Connector, ScanStart, Source};
use rosterd_model::record::{Change, Page};
use rosterd_model::{Class, Fault};
use rosterd_tests::built::{component, plugins};
use rosterd_tests::canary::Canaries;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Low enough that a test is over soon, high enough for a connector that behaves.
const LIMITS: &str = r#"
memory = "32 MiB"
call-cpu = "200 ms"
call-wall = "1 s"
page-changes = 1000
page-bytes = "1 MiB"
host-calls = 5000
log-lines = 100
log-bytes = "16 KiB"
"#;

/// A host with a folder of its own.
pub(crate) struct Desk {
    runtime: tokio::runtime::Runtime,
    host: ConnectorHost,
    pub(crate) folder: tempfile::TempDir,
    /// What must not be found anywhere.
    pub(crate) canaries: Canaries,
    /// What was recorded, and with which component.
    tapes: Mutex<Vec<(String, PathBuf)>>,
    /// One test at a time: they measure the process that they share where the runner does not give each its own.
    _alone: MutexGuard<'static, ()>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let settings = HostSettings { cache_dir: plugins().join(".compiled"), runtime: runtime.handle().clone() };
        let host = ConnectorHost::new(settings).expect("a host starts");
        let folder = tempfile::tempdir().expect("a folder");
        Self { runtime, host, folder, canaries: Canaries::new(), tapes: Mutex::default(), _alone: alone }
    }

    /// A component that was built by `rosterd plugin build`.
    pub(crate) fn load(&self, name: &str) -> Loaded {
        self.load_file(&component(name)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn load_file(&self, path: &Path) -> Result<Loaded, String> {
        self.host.load(path).map_err(|error| error.to_string())
    }

    /// A connection with low limits and what the test components import at all; its guests' memory is searched.
    pub(crate) fn config(&self, name: &str, settings: &Value) -> ConnectionConfig {
        let name = name.parse().expect("a name of a connection");
        let mut config = ConnectionConfig::new(name, self.folder.path().to_owned());
        config.settings = settings.clone();
        config.limits = limits("");
        config.grants.files = vec!["people.txt".to_owned()];
        config.grants.networks = vec!["127.0.0.0/8".to_owned()];
        config.after_call = Some(self.canaries.watch(config.name.as_str()));
        config
    }

    /// Gives a connection a secret, and looks for it from now on.
    pub(crate) fn secret(&self, config: &mut ConnectionConfig, name: &str, value: &str) {
        let path = self.folder.path().join(format!("{}-{name}", config.name));
        std::fs::write(&path, value).expect("a file");
        let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, closed).expect("a file of our own");
        self.canaries.plant(name, value);
        config.secrets.insert(name.to_owned(), SecretReference::File(path));
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(work)
    }

    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Records a connection; the tape is searched and repeated by [`Desk::assert_no_secret_was_seen`].
    pub(crate) fn record(&self, config: &mut ConnectionConfig) {
        let mut tapes = self.tapes.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.folder.path().join(format!("tape-{}", tapes.len()));
        let header = Header::new("test", "", "", 0);
        config.recording = Some(Recording::create(&path, header, None).expect("a new tape"));
        tapes.push((config.name.to_string(), path));
    }

    /// Every tape holds what happened, and no secret: the component does the same over it, without peer and without secrets.
    fn repeat_tapes(&self) {
        for (connection, path) in self.tapes.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            self.canaries
                .search(&format!("the tape of {connection}"), &std::fs::read(&path).expect("the tape is there"));
            let tape = Tape::open(&path).unwrap_or_else(|error| panic!("{error}"));
            if tape.connections().is_empty() {
                continue;
            }
            let (component, limits) = (self.load("probe"), limits(""));
            let rehearsal = self.run(rehearse(&tape, &connection, &component, &limits, false));
            let rehearsal = rehearsal.unwrap_or_else(|fault| panic!("the tape of {connection}: {fault}"));
            assert!(rehearsal.calls > 0 && rehearsal.count == 0, "the tape of {connection}: {rehearsal:#?}");
        }
    }

    /// Nothing secret was found in memories, in the logs or in these faults and pages.
    pub(crate) fn assert_no_secret_was_seen(&self, also: &str) {
        self.repeat_tapes();
        self.canaries.search("the log", super::log::so_far().as_bytes());
        self.canaries.search("a fault or a page", also.as_bytes());
        self.canaries.assert_unseen();
    }
}

/// What came of a scan.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) pages: Vec<Page>,
    /// What ended it, unless it came to its end.
    pub(crate) fault: Option<Fault>,
    pub(crate) took: Duration,
}

impl Scanned {
    /// All ids, in order.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let changes = self.pages.iter().flat_map(|page| &page.changes);
        changes.map(|change| if let Change::Upsert(record) = change { record.id.as_str() } else { "" }).collect()
    }

    /// The fault, as a snapshot shows it.
    pub(crate) fn said(&self) -> String {
        masked(self.fault.as_ref().unwrap_or_else(|| panic!("it came to its end: {self:?}")))
    }
}

/// A fault as a snapshot shows it: the digest and ports masked, which differ from build to build and run to run.
pub(crate) fn masked(fault: &Fault) -> String {
    let mut text = format!("{}: {}", fault.kind, fault.message);
    for (mark, legal) in [("(sha256 ", "0123456789abcdef"), ("127.0.0.1:", "0123456789")] {
        let mut parts = text.split(mark);
        let first = parts.next().unwrap_or_default().to_owned();
        text = parts.fold(first, |text, part| {
            let rest = part.trim_start_matches(|letter| legal.contains(letter));
            format!("{text}{mark}{}{rest}", if rest.len() < part.len() { "..." } else { "" })
        });
    }
    text
}

/// Reads everything, for 20 seconds at most.
pub(crate) async fn scan(mut source: Box<dyn Source>) -> Scanned {
    let start = Instant::now();
    let mut pages = Vec::new();
    let mut work = async || {
        let mut reader = source.open(&[Class::Account], ScanStart::Full).await?;
        while start.elapsed() < Duration::from_secs(20) {
            pages.push(reader.next(500).await?);
            if pages.last().is_some_and(|page| page.end.is_some()) {
                return Ok(());
            }
        }
        Err(Fault::new(rosterd_model::FaultKind::Internal, "nobody stopped it within 20 s"))
    };
    let fault = work().await.err();
    Scanned { pages, fault, took: start.elapsed() }
}

/// A scan of a hostile connection beside one that behaves, and what it did to the process.
pub(crate) struct Beside {
    pub(crate) hostile: Scanned,
    /// By how many bytes the process grew at most.
    pub(crate) rise: u64,
}

/// Scans with this behaviour while another connection reads 3000 people; then the same component must work again.
pub(crate) fn beside(desk: &Desk, config: ConnectionConfig) -> Beside {
    let loaded = desk.load("hostile");
    let good = |name: &str, people: u32| {
        let config = desk.config(name, &json!({ "behaviour": "good", "people": people, "page": 100 }));
        loaded.connect(config).and_then(|connection| connection.source()).expect("a connection that behaves opens")
    };
    // Once before, so that what is made only once is not counted.
    assert_eq!(desk.run(scan(good("before", 10))).ids().len(), 10);
    let cap = config.limits.memory.0;
    let hostile =
        loaded.connect(config).and_then(|connection| connection.source()).expect("a hostile connection opens");

    let before = super::memory::start();
    let neighbour = desk.runtime.spawn(scan(good("neighbour", 3000)));
    let hostile = desk.run(async { desk.runtime.spawn(scan(hostile)).await }).expect("the task ends");
    let neighbour = desk.run(neighbour).expect("the task ends");
    let rise = super::memory::peak().saturating_sub(before);

    assert_eq!((neighbour.ids().len(), &neighbour.fault), (3000, &None), "the run beside it was disturbed");
    assert!(rise < cap + (64 << 20), "the process grew by {} MiB", rise >> 20);
    let after = desk.run(scan(good("after", 10)));
    assert_eq!(after.ids().len(), 10, "the next connection does not work: {after:?}");
    Beside { hostile, rise }
}

/// Whether a connection can still be asked.
pub(crate) fn answers(desk: &Desk, mut connector: Box<dyn Connector>) -> bool {
    desk.run(connector.check()).is_ok()
}

/// Limits, changed in one place.
pub(crate) fn limits(changed: &str) -> Limits {
    let mut all: toml::Table = LIMITS.parse().expect("TOML");
    all.extend(changed.parse::<toml::Table>().expect("TOML"));
    all.try_into().expect("the limits can be read")
}
