//! One organisation is read and written at once, beside a file that decides some of what it is told. Whatever changes on
//! either side arrives on the other, and then everything is at rest: nothing is planned, and nobody calls anything that writes.

use super::vendor::Vendor;
use super::{APP, PACE, SECRET, TOKEN};
use rosterd_tests::hub::Hub;
use rosterd_tests::service::Service;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The token of the subscription.
const SUBSCRIPTION: &str = "KanariSubscription2027";
const AES_KEY: &str = "kanarivogel0123456789abcdefghijklmnopqrstuv";
/// What is not heard within this time never will be.
const PATIENCE: Duration = Duration::from_secs(60);
/// Runs of both jobs after which a hub that comes to rest at all must be there.
const MOST_ROUNDS: usize = 5;

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

[connection.ding]
plugin = "dingtalk"
events = ["receive"]
[connection.ding.settings]
app-key = "dingkanari"
server = "http://127.0.0.1:PORT"
new-server = "http://localhost:PORT"
[connection.ding.secrets]
app-secret = { env = "DING_APP_SECRET" }
callback-token = { env = "DING_CALLBACK_TOKEN" }
aes-key = { env = "DING_AES_KEY" }
[connection.ding.grants]
http = ["http://127.0.0.1:PORT", "http://localhost:PORT"]
networks = ["127.0.0.0/8"]
[connection.ding.limits]
call-wall = "30 m"
http-timeout = "10 m"

[job.hr]
source = "hr"
absence = { confirmations = 1, min-interval = "0s", shrink-percent = 10.0 }
[job.hr.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.hr.account.map]
userName = 'source.username'
displayName = 'source.display_name'
mobile = 'source.mobile'
employeeNumber = 'source.employee_number'
orgUnit = 'source.orgUnit'
title = 'source.title'
manager = 'source.manager'
lifecycle = 'source.status'
[job.hr.org-unit.map]
displayName = 'source.displayName'
parent = 'source.parent'

[job.ding]
source = "ding"
absence = { confirmations = 1, min-interval = "0s", shrink-percent = 10.0 }
[job.ding.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ding.account.map]
userName = 'source.userid'
displayName = 'source.name'
mobile = 'source.mobile'
employeeNumber = 'source.job_number'
title = 'source.title'
orgUnits = 'source.departments'
"emails.work" = 'source.email'
[job.ding.org-unit.map]
displayName = 'source.name'
parent = 'source.parent'

[authority]
default = ["hr", "ding"]
"emails.work" = ["ding"]

[guard]
create = { floor = 50, percent = 50.0 }
update = { floor = 50, percent = 50.0 }
disable = { floor = 50, percent = 50.0 }
delete = { floor = 50, percent = 50.0 }

[deliver.ding]
first-delivery = "allow"
on-leave = "delete"
delete-requires = "auto"
[deliver.ding.org-unit]
match = ["source_identifier"]
[deliver.ding.org-unit.map]
name = 'orgUnit.displayName'
parent = 'orgUnit.parent'
source_identifier = 'orgUnit.displayName'
[deliver.ding.account]
match = ["mobile"]
[deliver.ding.account.map]
userid = { from = 'account.employeeNumber', apply = "on-create" }
name = 'account.displayName'
mobile = 'account.mobile'
job_number = 'account.employeeNumber'
title = 'account.title'
departments = 'account.orgUnit'
manager = 'account.manager'

[serve]
receive = "127.0.0.1:0"
"#;

const HEAD: &str = "employee_number,username,display_name,mobile,title,org_path,manager,status\n";
const FIRST: &str = "E1,li.lei,Li Lei,13800000001,Director,Acme/Sales,,active
E2,wang.fang,王芳,13800000002,Clerk,Acme/Sales/North,E1,active
E3,han.meimei,Han Meimei,13800000003,Clerk,Acme/Finance,E1,active
E4,tom.li,Tom Li,13800000004,Clerk,Acme/Finance,E1,active
E9,jim.green,Jim Green,13800000009,Advisor,Acme/Finance,E1,active
";

struct Both {
    hub: Hub,
    vendor: Vendor,
}

impl Both {
    /// A file of five people, and an organisation that has one of them (with another title) and two of its own.
    fn new() -> Self {
        let person = |name: &str, number: &str, mobile: &str| {
            let texts = json!({ "mobile": mobile, "state_code": "86", "job_number": number, "title": "顾问", "email": format!("{number}@example.com") });
            json!({ "name": name, "dept_id_list": [1000], "texts": texts, "created": 1 })
        };
        let vendor = Vendor::start(json!({
            "corp_id": "dingkanaricorp", "corp_name": "Kanarienvögel AG",
            "departments": { "1000": { "name": "Own", "parent_id": 1, "order": 1 } },
            "users": {
                "jim": person("Jim Green", "E9", "13800000009"),
                "ann": person("Ann Wu", "D1", "13900000001"),
                "bob": person("Bob Xu", "D2", "13900000002"),
            },
            "apps": { APP: { "secret": SECRET, "token_prefix": TOKEN } },
            "settings": { "rates": { "app_per_second": 1_000_000, "address_per_twenty_seconds": 1_000_000 } },
        }));
        let hub = Hub::with_changed("dingtalk", PACE).untaped();
        hub.install("csv").expect("csv is built");
        hub.watched.plant("a token", TOKEN);
        for (name, secret) in
            [("DING_APP_SECRET", SECRET), ("DING_CALLBACK_TOKEN", SUBSCRIPTION), ("DING_AES_KEY", AES_KEY)]
        {
            hub.watched.variable(name, secret);
        }
        hub.write("rosterd.toml", &CONFIG.replace("PORT", &vendor.port().to_string()));
        Self { hub, vendor }
    }

    fn show(&self, people: &str) {
        self.hub.write("people.csv", &format!("{HEAD}{people}"));
    }

    fn texts(&self, userid: &str) -> Value {
        self.vendor.state()["users"][userid]["texts"].clone()
    }

    fn people(&self) -> Vec<String> {
        self.vendor.state()["users"].as_object().expect("users").keys().cloned().collect()
    }

    /// Calls so far that change something, as one line each.
    fn writes(&self) -> Vec<String> {
        let log = self.vendor.verb("GET", "/log", &Value::Null);
        let calls = log.as_array().expect("a log").iter();
        let writes = calls.filter(|call| {
            let path = call["path"].as_str().unwrap_or_default();
            ["/create", "/update", "/delete", "/orgAccounts/"].iter().any(|word| path.contains(word))
        });
        writes.map(|call| format!("{} {} -> {}", call["path"], call["body"], call["reply"])).collect()
    }

    /// A run of a job: whether it planned anything, and what it wrote.
    fn run(&self, job: &str) -> (bool, Vec<String>) {
        self.vendor.verb("DELETE", "/log", &Value::Null);
        let said = self.hub.rosterd(&["run", job, "--format", "json"]);
        assert!(matches!(said.code, Some(0 | 7)), "{job}: {}{}", said.out, said.err);
        (!said.json()["plan"].is_null(), self.writes())
    }

    /// Runs both jobs until neither has anything to do, and once more: nothing is planned, nothing is written.
    fn rest(&self) {
        let mut last = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let round = [self.run("hr"), self.run("ding")];
            if round.iter().all(|(planned, writes)| !planned && writes.is_empty()) {
                for job in ["ding", "hr"] {
                    assert_eq!(self.run(job), (false, Vec::new()), "{job}, at rest");
                }
                let waiting = self.hub.rosterd(&["outbox", "list", "--format", "json"]).code(0).json();
                assert_eq!(waiting["entries"].as_array().map_or(0, Vec::len), 0, "{waiting}");
                return;
            }
            last = round.to_vec();
        }
        panic!("it never comes to rest: {last:#?}");
    }

    fn account(&self, name: &str) -> Value {
        self.hub.rosterd(&["account", "show", name, "--format", "json"]).code(0).json()["account"].clone()
    }
}

#[test]
fn what_changes_on_either_side_arrives_and_then_everything_is_at_rest() {
    let both = Both::new();
    both.show(FIRST);
    both.rest();
    assert_eq!(both.people(), ["E1", "E2", "E3", "E4", "ann", "bob", "jim"], "whoever is there is not made again");
    assert_eq!(both.texts("jim")["title"], "Advisor", "the file decides titles");
    assert_eq!(both.texts("ann")["title"], "顾问", "and not those of people whom it does not have");
    assert_eq!(both.account("jim.green")["attributes"]["emails.work"], "E9@example.com");
    assert_eq!(both.account("ann")["attributes"]["displayName"], "Ann Wu");

    // Both sides change, also the same person.
    both.show(&FIRST.replace("王芳,13800000002,Clerk,Acme/Sales/North", "王芳,13800000002,Manager,Acme/Finance"));
    both.vendor.verb("POST", "/people/E2", &json!({ "texts": { "email": "wang@example.com" } }));
    both.vendor.verb("POST", "/people/ann", &json!({ "name": "Ann Wu-Li" }));
    let new = json!({ "mobile": "13900000003", "state_code": "86", "job_number": "D3" });
    both.vendor.verb(
        "POST",
        "/people/eve",
        &json!({ "name": "Eve", "dept_id_list": [1000], "texts": new, "created": 9 }),
    );
    both.rest();
    assert_eq!(both.texts("E2")["title"], "Manager");
    assert_eq!(both.texts("E2")["email"], "wang@example.com", "what the organisation decides is not written over");
    assert_eq!(both.account("wang.fang")["attributes"]["emails.work"], "wang@example.com");
    assert_eq!(both.account("ann")["attributes"]["displayName"], "Ann Wu-Li");
    assert_eq!(both.account("eve")["lifecycle"], "active");

    // A leaver goes there; who is removed there by hand is not made again, though the file has him.
    both.show(&FIRST.replace("Acme/Finance,E1,active\nE9", "Acme/Finance,E1,left\nE9"));
    both.vendor.verb("DELETE", "/people/E3", &Value::Null);
    both.rest();
    assert_eq!(both.people(), ["E1", "E2", "ann", "bob", "eve", "jim"]);
    assert_eq!(both.account("han.meimei")["lifecycle"], "active");
    both.hub.verify();
    both.vendor.assert_done();
}

#[test]
fn the_events_that_our_own_writing_causes_cause_no_writing() {
    let both = Both::new();
    both.show(FIRST);
    both.rest();
    let service = Service::start(&both.hub);
    let line = service.wait_for("remote systems can call");
    let address = line["fields"]["address"].as_str().expect("an address").to_owned();
    let url = format!("http://{address}/receive/ding");
    let callback = json!({ "url": url, "token": SUBSCRIPTION, "aes_key": AES_KEY, "owner": APP });
    both.vendor.verb("PATCH", "/state", &json!({ "apps": { APP: { "callback": callback } } }));

    let second = FIRST.replace("Clerk", "Senior clerk");
    both.show(&format!("{second}E5,new.one,New One,13800000005,Clerk,Acme/Sales/South,E1,active\n"));
    let (planned, writes) = both.run("hr");
    assert!(planned && writes.iter().any(|call| call.contains("/user/create")), "{writes:?}");
    both.vendor.verb("POST", "/settle", &Value::Null);
    let sent = both.vendor.verb("GET", "/events", &Value::Null).to_string();
    assert!(sent.contains("user_add_org") && sent.contains("user_modify_org"), "our own writing fires events: {sent}");
    // What is done by hand is heard after them.
    both.vendor.verb("DELETE", "/log", &Value::Null);
    both.vendor.verb("POST", "/people/bob", &json!({ "name": "Bob at last" }));
    let begun = Instant::now();
    while both.account("bob")["attributes"]["displayName"] != "Bob at last" {
        assert!(begun.elapsed() < PATIENCE, "events are not heard: {:#?}", service.log());
    }
    assert_eq!(service.end(), Some(0));
    assert_eq!(both.writes(), Vec::<String>::new(), "events led to writing");
    both.rest();
    both.hub.verify();
    both.vendor.assert_done();
}
