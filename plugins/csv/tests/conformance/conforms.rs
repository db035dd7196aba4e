//! The suite of the SDK, for each encoding and as a destination.

use super::{fixture, world};
use rosterd_plugin_csv::Csv;
use rosterd_sdk::Class;
use rosterd_sdk::testkit::{World, conformance};
use serde_json::json;

#[test]
fn a_source_in_every_encoding() {
    for name in
        ["people-utf8.csv", "people-utf8-bom.csv", "people-gbk.csv", "people-utf16le-bom-tab.txt", "people-utf16be.csv"]
    {
        conformance::source::<Csv>(|| world(fixture(name), "工号", json!({})));
    }
}

#[test]
fn a_source_with_broken_rows() {
    conformance::source::<Csv>(|| world(fixture("broken-rows.csv"), "id", json!({ "headers": { "org": "org_path" } })));
}

#[test]
fn a_destination() {
    let samples = [
        (Class::Account, json!({ "username": "li", "display_name": "李雷", "roles": ["a;b", "c"], "note": "=1+1" })),
        (Class::Account, json!({ "username": "han", "display_name": "- Han \"Mei\"\r\nMei", "note": "'=x" })),
        (Class::Account, json!({ "username": "wang", "manager": { "ref": "account", "id": "li" } })),
    ];
    for locale in ["en", "zh"] {
        let settings = json!({ "file": "out.csv", "id": "username", "multi-value": ["roles"], "locale": locale });
        conformance::destination::<Csv>(World::new().settings(settings), &samples, "display_name");
    }
    let existing = "username,display_name,note,roles,manager,extra\r\nzhao,Zhao,,,,kept\r\n";
    let settings = json!({ "multi-value": ["roles"], "journal": "journal.csv" });
    conformance::destination::<Csv>(world(existing, "username", settings), &samples, "display_name");
}
