//! People of a file go out as signed events: the real hub, and an application in which libraries of others verify each of
//! them (`standardwebhooks`, `cryptography`, `joserfc`), and a changed and an old copy of it, too.

mod again;
mod idaas;
pub(crate) mod receiver;
mod standard;

use receiver::Receiver;
use rosterd_tests::hub::{Hub, Said};
use serde_json::Value;

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[connection.hr]
plugin = "csv"
[connection.hr.settings]
file = "people.csv"
id = "employee_number"
[connection.hr.grants]
files = ["people.csv"]

[connection.app]
plugin = "callback"
[connection.app.settings]
url = "http://127.0.0.1:PORT/hook"
ping = true
parallel = 2
SETTINGS
[connection.app.secrets]
SECRETS
[connection.app.grants]
http = ["http://127.0.0.1:PORT"]
networks = ["127.0.0.0/8"]

[job.hr]
source = "hr"
absence = { confirmations = 1, min-interval = "0s" }
[job.hr.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.hr.account.map]
userName = 'source.username'
displayName = 'source.display_name'
employeeNumber = 'source.employee_number'
title = 'source.title'
orgUnit = 'source.orgUnit'
manager = 'source.manager'
lifecycle = 'source.status'
[job.hr.org-unit.map]
displayName = 'source.displayName'
parent = 'source.parent'

[authority]
default = ["hr"]

[deliver.app]
first-delivery = "allow"
on-leave = "disable"
grace = "1d"
on-grace-end = "delete"
delete-requires = "auto"
MAPS
"#;

const HEAD: &str = "employee_number,username,display_name,title,org_path,manager,status\n";
const FIRST: &str = "E1,li.lei,\"Li \"\"Lee\"\" Lei\",Director,Acme/Sales,,active
E2,wang.fang,王芳,Clerk,Acme/Sales,E1,active
E3,tom.li,Tom Li,Clerk,Acme,E1,active
";
const MINUTE: u128 = 60_000;
const DAY: u128 = 1440 * MINUTE;

/// A hub with a file of people, and the application that it calls back.
struct Calls {
    hub: Hub,
    app: Receiver,
}

impl Calls {
    fn new(settings: &str, secrets: &str, maps: &str) -> Self {
        let app = Receiver::start();
        let hub = Hub::with(&["csv", "callback"]);
        let config = CONFIG.replace("SETTINGS", settings).replace("SECRETS", secrets).replace("MAPS", maps);
        hub.write("rosterd.toml", &config.replace("PORT", &app.port().to_string()));
        Self { hub, app }
    }

    fn show(&self, people: &str) {
        self.hub.write("people.csv", &format!("{HEAD}{people}"));
    }

    fn run(&self) -> Said {
        self.hub.rosterd(&["run", "hr"])
    }

    /// Runs at another time. Signatures have the time of the machine.
    fn run_later(&self, by: u128) -> Said {
        let later = (now_ms() + by).to_string();
        self.hub.rosterd_with(&["run", "hr"], &[("ROSTERD_NOW_MS", later.as_str())])
    }

    /// Sends what waits until nothing does.
    fn deliver(&self) {
        for _ in 0..6 {
            drop(self.hub.rosterd(&["outbox", "retry-all"]).code(0));
            if self.run().code == Some(0) {
                return;
            }
        }
        panic!("{}", self.hub.rosterd(&["outbox", "list"]).out);
    }

    /// What `connection discover` says about the sender of events.
    fn sender(&self) -> Value {
        let said = self.hub.rosterd(&["connection", "discover", "app", "--format", "json"]).code(0).json();
        said["discovered"]["server"].clone()
    }

    /// Everything that came was believed, and nothing waits.
    fn assert_settled(&self) {
        let refused: Vec<Value> =
            self.app.events().into_iter().filter(|event| event.get("refused").is_some()).collect();
        assert!(refused.is_empty(), "{refused:?}");
        let waiting = self.hub.rosterd(&["outbox", "list", "--format", "json"]).code(0).json();
        assert_eq!(waiting["entries"].as_array().map_or(0, Vec::len), 0, "{waiting}");
        self.hub.verify();
    }

    /// Types of what was taken about the object of this name, in order.
    fn story(&self, name: &str) -> Vec<String> {
        let named = |event: &Value| event["event"].to_string().contains(&format!("{name:?}"));
        let object = self.app.events().iter().find(|event| named(event)).map(|event| event["object"].clone());
        let object = object.unwrap_or_else(|| panic!("nothing came about {name}"));
        let taken = self.app.taken().into_iter();
        taken.filter(|(id, _)| object == id.as_str()).map(|(_, kind)| kind).collect()
    }
}

fn now_ms() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis()
}

/// How often the events came that met this at least once, all attempts together.
fn came(events: &[Value], answered: &str) -> Vec<usize> {
    let ids = events.iter().filter(|event| event["answered"] == answered).map(|event| &event["id"]);
    ids.map(|id| events.iter().filter(|event| event["id"] == *id).count()).collect()
}

/// Fails unless these were met, and each event that was not taken came again, with the same id, until it was.
fn assert_taken_in_the_end(events: &[Value], met: &[&str]) {
    for answered in met {
        assert!(!came(events, answered).is_empty(), "{answered} was not met: {events:?}");
    }
    for event in events {
        let last = events.iter().rfind(|other| other["id"] == event["id"]).expect("the event itself");
        assert_eq!(last["answered"], "take", "{last}");
    }
}
