//! DingTalk through the whole hub: the real command and the real component against the strict simulator, which runs in the
//! process of the test.
//!
//! The hub is asked what it knows after every run, and held against what the simulator has. Whoever is there must be
//! active, whatever went wrong on the way.

mod both_ways;
mod broken;
mod company;
mod day;
mod directory;
mod hearing;
mod import;
mod invisible;
mod night;
mod outbound;
mod passwords;
mod tree;
pub(crate) mod vendor;
mod week;

use directory::Directory;
use rosterd_tests::hub::{Hub, Said};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeSet;
use vendor::Vendor;

/// The AppKey.
pub(crate) const APP: &str = "dingkanari";
/// The AppSecret.
pub(crate) const SECRET: &str = "Kanari-app-secret/17+gelb=blau";
/// What every token begins with: looked for before there is one.
pub(crate) const TOKEN: &str = "kanari-token-0b5e";
/// The first day.
const MONDAY: u64 = 1_790_553_600_000;
const DAY: u64 = 86_400_000;

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[connection.ding]
plugin = "dingtalk"
[connection.ding.settings]
app-key = "dingkanari"
server = "http://127.0.0.1:PORT"
new-server = "http://localhost:PORT"
[connection.ding.secrets]
app-secret = { env = "DING_APP_SECRET" }
[connection.ding.grants]
http = ["http://127.0.0.1:PORT", "http://localhost:PORT"]
networks = ["127.0.0.0/8"]
# Machines of tests stop for minutes.
[connection.ding.limits]
call-wall = "30 m"
http-timeout = "10 m"

[job.ding]
source = "ding"
[job.ding.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ding.account.map]
userName = "source.userid"
displayName = "source.name"
employeeNumber = "source.job_number"
mobile = "source.mobile"
title = "source.title"
orgUnits = "source.departments"
[job.ding.org-unit.map]
displayName = "source.name"
parent = "source.parent"
order = "source.order"
code = "source.source_identifier"
"#;

/// The limits that the connector keeps towards DingTalk would make a scan of 300 departments last a minute.
pub(crate) const PACE: &[(&str, &str)] = &[
    ("per = \"1100ms\"", "per = \"1ms\""),
    ("per = \"20s\"", "per = \"1ms\""),
    ("wait = \"1s\"", "wait = \"1ms\""),
    ("wait = \"4s\"", "wait = \"1ms\""),
    ("wait = \"5m\"", "wait = \"1ms\""),
];

/// How the hub learns of changes. By events it hears of most of them at once, and reads everything at night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It reads everything once a day.
    Polling,
    /// DingTalk calls the service.
    Callbacks,
    /// The service keeps a stream open.
    Stream,
}

impl Way {
    /// The configuration of a hub that learns this way.
    fn config(self, port: u16) -> String {
        let config = match self {
            Self::Polling => CONFIG.to_owned(),
            Self::Callbacks => {
                let secrets =
                    "callback-token = { env = \"DING_CALLBACK_TOKEN\" }\naes-key = { env = \"DING_AES_KEY\" }\n";
                let config =
                    CONFIG.replace("[connection.ding.settings]", "events = [\"receive\"]\n[connection.ding.settings]");
                let config = config.replace("[connection.ding.grants]", &format!("{secrets}[connection.ding.grants]"));
                config + "\n[serve]\nreceive = \"127.0.0.1:0\"\n"
            }
            Self::Stream => {
                let settings =
                    "events = [\"listen\"]\n[connection.ding.settings]\ngateways = [\"ws://127.0.0.1:PORT\"]";
                let grants =
                    "[connection.ding.grants]\nstream = [\"127.0.0.1:PORT\"]\nclear-text = [\"127.0.0.1:PORT\"]";
                let config = CONFIG.replace("[connection.ding.settings]", settings);
                config.replace("[connection.ding.grants]", grants)
            }
        };
        config.replace("PORT", &port.to_string())
    }
}

/// A hub and the vendor that it reads.
struct Pair {
    hub: Hub,
    vendor: Vendor,
    way: Way,
    /// When the first day begins.
    first: u64,
    day: Cell<u64>,
}

/// What a run did.
struct Ran {
    said: Said,
    /// Calls of the vendor's interface.
    calls: u64,
    /// So many at least, if everything is to be read.
    minimum: u64,
}

impl Pair {
    /// A hub that has seen nobody, and an organisation.
    fn new(organisation: Value, way: Way) -> Self {
        let vendor = Vendor::start(organisation);
        let hub = Hub::with_changed("dingtalk", PACE);
        hub.watched.variable("DING_APP_SECRET", SECRET);
        hub.watched.plant("a token", TOKEN);
        hub.write("rosterd.toml", &way.config(vendor.port()));
        let first = vendor.verb("GET", "/clock", &Value::Null)["now"].as_u64().expect("a time");
        Self { hub, vendor, way, first, day: Cell::new(0) }
    }

    /// Lets the hub read everything on the next day.
    fn next_day(&self) -> Ran {
        self.day.set(self.day.get() + 1);
        self.run()
    }

    /// A run of the job. Nobody may be missing afterwards who is there.
    fn run(&self) -> Ran {
        self.vendor.verb("DELETE", "/log", &Value::Null);
        let now = (self.first + self.day.get() * DAY).to_string();
        let said = self.hub.rosterd_with(&["run", "ding", "--format", "json"], &[("ROSTERD_NOW_MS", &now)]);
        let calls = self.vendor.verb("GET", "/counts", &Value::Null)["total"].as_u64().expect("a number");
        let vendor = self.vendor.directory();
        Directory::of_hub(&self.hub).assert_nobody_wrongly_removed(&vendor, &said.err);
        Ran { said, calls, minimum: self.vendor.minimum() }
    }

    /// The hub knows exactly what the vendor has.
    fn assert_equal(&self) {
        let differences = Directory::of_hub(&self.hub).differences(&self.vendor.directory());
        assert!(differences.is_empty(), "hub and vendor differ:\n{}", differences.join("\n"));
    }

    /// The hub knows of everybody exactly what the vendor has.
    fn assert_equal_people(&self) {
        let differences = Directory::of_hub(&self.hub).other_people(&self.vendor.directory(), &BTreeSet::new());
        assert!(differences.is_empty(), "hub and vendor differ:\n{}", differences.join("\n"));
    }

    /// The hub knows everybody and everything that the vendor has, as it is there. It may know more: whoever is missing for
    /// the first time is not gone.
    fn assert_nothing_missed(&self) {
        let missed = Directory::of_hub(&self.hub).missed(&self.vendor.directory());
        assert!(missed.is_empty(), "day {}: the hub missed:\n{}", self.day.get(), missed.join("\n"));
    }

    /// A fault of the simulator to come.
    fn fault(&self, path: &str, after: u64, times: u64, action: &Value) {
        let rule = json!({ "path": path, "after": after, "times": times, "action": action });
        self.vendor.verb("POST", "/faults", &rule);
    }

    /// Something that others do between two calls of a scan.
    fn meanwhile(&self, path: &str, after: u64, method: &str, verb: &str, body: &Value) {
        self.fault(path, after, 1, &json!({ "meanwhile": { "method": method, "path": verb, "body": body } }));
    }
}

impl Ran {
    /// It went well, with at most a tenth more calls than the best endpoints need.
    fn well(&self) -> &Self {
        assert_eq!(self.said.code, Some(0), "{}{}", self.said.out, self.said.err);
        let Self { calls, minimum, .. } = self;
        assert!(calls * 10 <= minimum * 11, "{calls} calls, {minimum} at the least");
        self
    }

    /// It read too little to know who is missing, and said so with all of these words.
    fn failed(&self, words: &[&str]) -> &Self {
        let both = format!("{}{}", self.said.out, self.said.err);
        assert_eq!(self.said.code, Some(8), "{both}");
        for word in words {
            assert!(both.contains(word), "no {word:?} in {both}");
        }
        self
    }
}
