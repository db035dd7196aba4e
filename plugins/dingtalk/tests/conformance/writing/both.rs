//! The suite of the SDK, and what the description promises.

use super::{Office, units};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::conformance;
use rosterd_sdk::{Class, Connector};
use serde_json::{Value, json};

#[test]
fn a_destination_of_ordinary_accounts_and_departments() {
    let samples = [
        (
            Class::Account,
            json!({ "userid": "n1", "name": "Zhang San", "mobile": "13800000009", "title": "Clerk", "departments": units(&[9]),
            "hired_date": "2020-08-16T10:26:56Z", "hide_mobile": true, "extension": { "badge": "Z" } }),
        ),
        (Class::Account, json!({ "name": "王芳𠮷", "mobile": "+852-51234567", "departments": units(&[1, 7]) })),
        (Class::OrgUnit, json!({ "name": "Labs 🎪", "order": 5, "source_identifier": "HR-1", "brief": "b" })),
        (
            Class::OrgUnit,
            json!({ "name": "Below", "parent": { "ref": "org-unit", "id": "9" }, "code": "10", "auto_add_user": true }),
        ),
    ];
    conformance::destination::<Dingtalk>(office().world(json!({})), &samples, "title");
}

fn office() -> Office {
    Office::new()
}

#[test]
fn a_destination_of_dedicated_accounts() {
    let samples = [
        (
            Class::Account,
            json!({ "userid": "n2", "name": "Li", "login_id": "li.lei", "title": "Clerk", "nickname": "L", "departments": units(&[7]) }),
        ),
        (Class::Account, json!({ "name": "Mei", "login_id": "mei" })),
    ];
    conformance::destination::<Dingtalk>(office().world(json!({ "new-accounts": "dingtalk" })), &samples, "title");
    let samples =
        [(Class::Account, json!({ "userid": "n3", "name": "S", "title": "T", "exclusive_account_type": "sso" }))];
    conformance::destination::<Dingtalk>(office().world(json!({ "new-accounts": "sso" })), &samples, "title");
}

#[test]
fn what_is_described_as_writable_is_read_and_nothing_else() {
    let described: Value = serde_json::from_str(&Dingtalk::describe().to_json()).unwrap();
    let settings: rosterd_plugin_dingtalk::settings::Settings =
        serde_json::from_value(json!({ "app-key": "k" })).unwrap();
    for (class, account) in [("account", true), ("org-unit", false)] {
        for attribute in described["classes"][class]["attributes"].as_array().unwrap() {
            let name = attribute["name"].as_str().unwrap();
            // An empty value fits everything that can be set; only names of departments are never empty.
            let value = if name == "name" { json!("A") } else { Value::Null };
            let one = serde_json::Map::from_iter([(name.to_owned(), value)]);
            let read = if account {
                rosterd_plugin_dingtalk::destination::person::Desired::read(&one, &settings).is_ok()
            } else {
                rosterd_plugin_dingtalk::destination::unit::Desired::read(&one, &settings).is_ok()
            };
            assert_eq!(read, attribute["writable"] == true, "{class} {name}");
        }
    }
}
