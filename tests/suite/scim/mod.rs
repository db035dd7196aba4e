//! Users and groups of one scim2-server go out into another one, and into scimmy, by the real hub. What plain HTTP shows of both is the same
//! afterwards, whatever was changed in the first.

pub(crate) mod provider;
mod receiving;

use provider::{Provider, TOKEN};
use rosterd_tests::hub::{Hub, Said};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const DAY: u128 = 86_400_000;
const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[connection.hr]
plugin = "scim"
[connection.hr.settings]
url = "http://127.0.0.1:FIRST/v2"
page-size = 2
[connection.hr.secrets]
token = { env = "SCIM_TOKEN" }
[connection.hr.grants]
http = ["http://127.0.0.1:FIRST"]
networks = ["127.0.0.0/8"]

[connection.app]
plugin = "scim"
[connection.app.settings]
url = "http://127.0.0.1:SECOND/v2"
WRITE
[connection.app.secrets]
token = { env = "SCIM_TOKEN" }
[connection.app.grants]
http = ["http://127.0.0.1:SECOND"]
networks = ["127.0.0.0/8"]

[job.hr]
source = "hr"
absence = { confirmations = 1, min-interval = "0s" }
[job.hr.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.hr.account.map]
userName = "source.userName"
displayName = "source.displayName"
employeeNumber = "source.employeeNumber"
"name.familyName" = "source['name.familyName']"
"emails.work" = { from = "source['emails.work']", on-null = "clear" }
title = { from = "source.title", on-null = "clear" }
manager = "source.manager"
active = "source.active"
[job.hr.group.map]
displayName = "source.displayName"
members = "source.members"

[authority]
default = ["hr"]

[guard]
disable = { floor = 5, percent = 50.0 }
delete = { floor = 5, percent = 50.0 }
remove-member = { floor = 100, percent = 90.0 }

[deliver.app]
first-delivery = "allow"
on-leave = "disable"
grace = "1d"
on-grace-end = "delete"
delete-requires = "auto"
[deliver.app.account]
match = ["userName"]
[deliver.app.account.map]
userName = "account.userName"
externalId = "account.employeeNumber"
employeeNumber = "account.employeeNumber"
displayName = "account.displayName"
"name.familyName" = "account.name.familyName"
"emails.work" = { from = "account.emails.work", on-null = "clear" }
title = "account.title"
manager = "account.manager"
[deliver.app.group.map]
displayName = "group.displayName"
members = "group.members"
"#;

struct Out {
    hub: Hub,
    from: Provider,
    to: Provider,
}

impl Out {
    fn new(write: &str, to: Provider) -> Self {
        let from = Provider::start();
        let hub = Hub::with(&["scim"]);
        hub.watched.variable("SCIM_TOKEN", TOKEN);
        let config = CONFIG.replace("FIRST", &from.port().to_string()).replace("SECOND", &to.port().to_string());
        hub.write("rosterd.toml", &config.replace("WRITE", write));
        Self { hub, from, to }
    }

    fn user(&self, number: u32, name: &str, more: &Value) -> String {
        let mut user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE], "userName": name, "displayName": format!("{name} 李"),
            "name": { "familyName": "Li \"x\"" }, "emails": [{ "type": "work", "value": format!("{number}@a.example") }], "title": "Clerk",
            "active": true, ENTERPRISE: { "employeeNumber": number.to_string() }
        });
        user.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        self.from.ask("POST", "/Users", &user)["id"].as_str().expect("an id").to_owned()
    }

    fn change(&self, path: &str, operations: &Value) {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        drop(self.from.ask("PATCH", path, &body));
    }

    fn run(&self) -> Said {
        let said = self.hub.rosterd(&["run", "hr"]);
        assert_eq!(said.code, Some(0), "{}{}{}", said.out, said.err, self.hub.rosterd(&["outbox", "list"]).out);
        said
    }

    /// Users and groups by name, references by the names of what they refer to.
    fn told(provider: &Provider) -> BTreeMap<String, Value> {
        let (users, groups) = (provider.all("Users"), provider.all("Groups"));
        let name = |id: &Value| {
            users.iter().find(|user| user["id"] == *id).map_or(Value::Null, |user| user["userName"].clone())
        };
        let mut all = BTreeMap::new();
        for user in &users {
            let told = json!([
                user["displayName"],
                user["name"]["familyName"],
                user["emails"][0]["value"],
                user["title"],
                user["active"],
                user[ENTERPRISE]["employeeNumber"],
                name(&user[ENTERPRISE]["manager"]["value"])
            ]);
            all.insert(user["userName"].to_string(), told);
        }
        for group in &groups {
            let members = group["members"].as_array().cloned().unwrap_or_default();
            let mut members: Vec<String> = members.iter().map(|member| name(&member["value"]).to_string()).collect();
            members.sort();
            all.insert(format!("group {}", group["displayName"]), json!(members));
        }
        all
    }

    #[track_caller]
    fn assert_same(&self) {
        assert_eq!(Self::told(&self.to), Self::told(&self.from));
        let waiting = self.hub.rosterd(&["outbox", "list", "--format", "json"]).code(0).json();
        assert_eq!(waiting["entries"].as_array().map_or(0, Vec::len), 0, "{waiting}");
        let drift = self.hub.rosterd(&["drift", "app"]).code(0);
        assert!(drift.out.contains("0 differ"), "{}", drift.out);
        self.hub.verify();
    }
}

fn goes_out_and_follows(write: &str, to: Provider) {
    let out = Out::new(write, to);
    let boss = out.user(1, "li+boss@a.example", &json!({}));
    let manager =
        |id: &str, number: &str| json!({ ENTERPRISE: { "employeeNumber": number, "manager": { "value": id } } });
    let wang = out.user(2, "wang", &manager(&boss, "2"));
    let tom = out.user(3, "tom", &manager(&boss, "3"));
    // One who leaves is few among them.
    for number in 4..20 {
        out.user(number, &format!("u{number}"), &json!({}));
    }
    let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "all \"of\" them", "members": [{ "value": wang }, { "value": tom }] });
    let group = out.from.ask("POST", "/Groups", &group)["id"].as_str().expect("an id").to_owned();
    drop(out.hub.rosterd(&["check", "--online"]).code(0));
    drop(out.run());
    out.assert_same();
    let id = |name: &str| out.to.named("Users", name).map(|user| user["id"].clone());
    let before = id("tom");

    // Another name, another title, no address, no manager; somebody is locked out; members come and go.
    out.change(
        &format!("/Users/{tom}"),
        &json!([
            { "op": "replace", "path": "userName", "value": "thomas" },
            { "op": "replace", "path": "title", "value": "Boss" },
            { "op": "remove", "path": "emails" },
        ]),
    );
    out.change(&format!("/Users/{wang}"), &json!([{ "op": "replace", "path": "active", "value": false }]));
    out.change(
        &format!("/Groups/{group}"),
        &json!([
            { "op": "add", "path": "members", "value": [{ "value": boss }] },
            { "op": "remove", "path": format!("members[value eq \"{tom}\"]") },
        ]),
    );
    drop(out.run());
    out.assert_same();
    assert_eq!((id("thomas"), id("tom")), (before, None), "the same user under another name");
    out.change(&format!("/Users/{wang}"), &json!([{ "op": "replace", "path": "active", "value": true }]));
    drop(out.run());
    out.assert_same();

    // Somebody leaves: disabled, and removed at the end of his grace.
    drop(out.from.ask("DELETE", &format!("/Users/{tom}"), &Value::Null));
    drop(out.run());
    assert_eq!(out.to.named("Users", "thomas").expect("he is there")["active"], false);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    let later = (now + 2 * DAY).to_string();
    drop(out.hub.rosterd_with(&["run", "hr"], &[("ROSTERD_NOW_MS", later.as_str())]).code(0));
    out.assert_same();
    assert_eq!(out.to.named("Users", "thomas"), None);
}

#[test]
fn users_and_groups_go_out_and_follow_by_patch() {
    goes_out_and_follows("", Provider::start());
}

#[test]
fn users_and_groups_go_out_and_follow_by_put() {
    goes_out_and_follows("write = \"put\"", Provider::start());
}

#[test]
fn users_and_groups_go_out_to_scimmy_and_follow_by_patch() {
    goes_out_and_follows("", Provider::scimmy());
}

#[test]
fn users_and_groups_go_out_to_scimmy_and_follow_by_put() {
    goes_out_and_follows("write = \"put\"", Provider::scimmy());
}
