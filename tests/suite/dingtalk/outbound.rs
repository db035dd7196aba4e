//! The other way: people of a file go out to an organisation, a standard one and a dedicated one. What the simulator has
//! afterwards is what the file says, and nothing is made twice.

use super::vendor::Vendor;
use super::{APP, PACE, SECRET, TOKEN};
use rosterd_tests::hub::{Hub, Said};
use serde_json::{Value, json};

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
[connection.ding.settings]
app-key = "dingkanari"
server = "http://127.0.0.1:PORT"
new-server = "http://localhost:PORT"
new-accounts = "KIND"
check-writing = true
[connection.ding.secrets]
app-secret = { env = "DING_APP_SECRET" }
[connection.ding.grants]
http = ["http://127.0.0.1:PORT", "http://localhost:PORT"]
networks = ["127.0.0.0/8"]
[connection.ding.limits]
call-wall = "30 m"
http-timeout = "10 m"

[job.hr]
source = "hr"
absence = { confirmations = 1, min-interval = "0s" }
[job.hr.account]
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

[authority]
default = ["hr"]

[deliver.ding]
first-delivery = "allow"
on-leave = "LEAVE"
delete-requires = "approval"
[deliver.ding.org-unit]
match = ["source_identifier"]
[deliver.ding.org-unit.map]
name = 'orgUnit.displayName'
parent = 'orgUnit.parent'
source_identifier = 'orgUnit.displayName'
[deliver.ding.account]
match = ["userid"]
[deliver.ding.account.map]
userid = 'account.employeeNumber'
name = 'account.displayName'
MOBILE
job_number = 'account.employeeNumber'
title = 'account.title'
departments = 'account.orgUnit'
manager = 'account.manager'
"#;

const HEAD: &str = "employee_number,username,display_name,mobile,title,org_path,manager,status\n";
pub(super) const FIRST: &str = "E1,li.lei,Li Lei,13800000001,Director,Acme/Sales,,active
E2,wang.fang,王芳,13800000002,Clerk,Acme/Sales/North,E1,active
E3,han.meimei,Han Meimei,13800000003,Clerk,Acme/Finance,E1,active
E4,tom.li,Tom Li,13800000004,Clerk,Acme/Finance,E1,active
";
/// One has another title and unit, one moved, one came into a new unit.
const SECOND: &str = "E1,li.lei,Li Lei,13800000001,President,Acme,,active
E2,wang.fang,王芳,13800000002,Clerk,Acme/Finance,E1,active
E3,han.meimei,Han Meimei,13800000003,Clerk,Acme/Finance,E1,active
E4,tom.li,Tom Li,13800000004,Clerk,Acme/Finance,E1,active
E5,ann.wu,Ann Wu,13800000005,Clerk,Acme/Sales/South,E1,active
";

/// A hub with a file of people, and the organisation that it writes to.
pub(super) struct Out {
    pub(super) hub: Hub,
    pub(super) vendor: Vendor,
}

impl Out {
    pub(super) fn new(kind: &str, leave: &str) -> Self {
        let rates = json!({ "app_per_second": 1_000_000, "address_per_twenty_seconds": 1_000_000 });
        let vendor = Vendor::start(json!({
            "corp_id": "dingkanaricorp", "corp_name": "Kanarienvögel AG",
            "apps": { APP: { "secret": SECRET, "token_prefix": TOKEN } },
            "settings": { "dedicated": kind != "ordinary", "rates": rates },
        }));
        let hub = Hub::with_changed("dingtalk", PACE).untaped();
        hub.install("csv").expect("csv is built");
        hub.watched.variable("DING_APP_SECRET", SECRET);
        hub.watched.plant("a token", TOKEN);
        let mobile = if kind == "ordinary" { "mobile = 'account.mobile'" } else { "" };
        let config = CONFIG.replace("KIND", kind).replace("LEAVE", leave).replace("MOBILE", mobile);
        hub.write("rosterd.toml", &config.replace("PORT", &vendor.port().to_string()));
        Self { hub, vendor }
    }

    pub(super) fn show(&self, people: &str) {
        self.hub.write("people.csv", &format!("{HEAD}{people}"));
    }

    pub(super) fn run(&self) -> Said {
        self.hub.rosterd(&["run", "hr"])
    }

    /// What DingTalk has of a person; null: there is no such person.
    pub(super) fn person(&self, userid: &str) -> Value {
        self.vendor.state()["users"][userid].clone()
    }

    /// Name of each department of a person.
    fn departments(&self, userid: &str) -> Vec<String> {
        let state = self.vendor.state();
        let ids = state["users"][userid]["dept_id_list"].as_array().cloned().unwrap_or_default();
        let name = |id: &Value| state["departments"][id.to_string()]["name"].as_str().unwrap_or("?").to_owned();
        ids.iter().map(name).collect()
    }

    /// Names of all departments but the root.
    fn units(&self) -> Vec<String> {
        let state = self.vendor.state();
        let all = state["departments"].as_object().expect("departments").iter();
        let mut names: Vec<_> = all
            .filter(|(id, _)| *id != "1")
            .map(|(_, unit)| unit["name"].as_str().expect("a name").to_owned())
            .collect();
        names.sort();
        names
    }

    /// Nothing waits, and what is there is what was delivered.
    fn assert_settled(&self) {
        let again = self.run();
        assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
        let waiting = self.hub.rosterd(&["outbox", "list", "--format", "json"]).code(0).json();
        assert_eq!(waiting["entries"].as_array().map_or(0, Vec::len), 0, "{waiting}");
        let drift = self.hub.rosterd(&["drift", "ding"]).code(0);
        assert!(drift.out.contains("0 differ"), "{}", drift.out);
        self.vendor.assert_done();
    }
}

#[test]
fn a_standard_organisation_becomes_what_the_file_says_and_nobody_twice() {
    let out = Out::new("ordinary", "delete");
    out.show(FIRST);
    drop(out.hub.rosterd(&["check", "--online"]).code(0));
    drop(out.run().code(0));
    out.assert_settled();
    assert_eq!(out.units(), ["Acme", "Finance", "North", "Sales"]);
    assert_eq!(out.person("E2")["texts"]["title"], "Clerk");
    assert_eq!(out.departments("E2"), ["North"]);

    // The answers to two creates are lost; both were carried out.
    out.show(SECOND);
    for path in ["/topapi/v2/department/create", "/topapi/v2/user/create"] {
        out.vendor.verb("POST", "/faults", &json!({ "path": path, "after": 0, "times": 1, "action": "cut_all" }));
    }
    drop(out.run());
    out.assert_settled();
    assert_eq!(out.person("E1")["texts"]["title"], "President");
    assert_eq!((out.departments("E1"), out.departments("E2")), (vec!["Acme".to_owned()], vec!["Finance".to_owned()]));
    assert_eq!(out.departments("E5"), ["South"], "somebody whose create was carried out and not answered");
    assert_eq!(out.vendor.state()["users"].as_object().expect("users").len(), 5);

    // A leaver stays until a person approves that he goes.
    out.hub.configure("[authority]", "[guard]\ndelete = { floor = 0, percent = 0.0 }\n[authority]");
    out.show(&SECOND.replace(
        "E3,han.meimei,Han Meimei,13800000003,Clerk,Acme/Finance,E1,active",
        "E3,han.meimei,Han Meimei,13800000003,Clerk,Acme/Finance,E1,left",
    ));
    let held = out.run();
    assert_eq!(held.code, Some(6), "{}{}", held.out, held.err);
    assert!(!out.person("E3").is_null(), "nobody approved yet");
    let plans = out.hub.rosterd(&["runs", "list", "--format", "json"]).code(0).json();
    let digest = plans["runs"][0]["plan"].as_str().expect("a plan").to_owned();
    drop(out.hub.rosterd(&["plan", "approve", &digest]).code(0));
    drop(out.hub.rosterd(&["apply", &digest]));
    assert!(out.person("E3").is_null(), "{}", out.person("E3"));
    out.hub.verify();
}

#[test]
fn a_dedicated_organisation_stops_and_starts_accounts() {
    let out = Out::new("sso", "disable");
    out.show(FIRST);
    drop(out.run().code(0));
    out.assert_settled();
    let stopped = |userid: &str| out.person(userid)["exclusive"]["disabled"].as_bool().unwrap_or_default();
    assert!(!stopped("E3") && out.person("E3")["exclusive"].is_object(), "{}", out.person("E3"));
    out.show(&FIRST.replace(
        "Han Meimei,13800000003,Clerk,Acme/Finance,E1,active",
        "Han Meimei,13800000003,Clerk,Acme/Finance,E1,left",
    ));
    drop(out.run());
    assert!(stopped("E3"), "{}", out.person("E3"));
    out.show(FIRST);
    drop(out.run());
    assert!(!stopped("E3"), "{}", out.person("E3"));
    out.assert_settled();
    out.hub.verify();
}
