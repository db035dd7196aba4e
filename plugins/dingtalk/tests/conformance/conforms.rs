//! The suite of the SDK, in every mode.

use super::{Corp, world};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::conformance;
use serde_json::json;

#[test]
fn a_source_in_every_mode() {
    for settings in [
        json!({}),
        json!({ "details": "each" }),
        json!({ "department-details": false, "count": false }),
        json!({ "departments": [7, 9] }),
        json!({ "departments": [70], "department-details": false, "details": "each" }),
    ] {
        conformance::source::<Dingtalk>(|| world(Corp::small(), settings.clone()));
    }
}

#[test]
fn a_source_that_sees_a_part_and_some_people() {
    let scoped = || {
        let mut corp = Corp::small();
        corp.scope = (vec![7], vec!["d1".to_owned()]);
        corp
    };
    for settings in [json!({}), json!({ "details": "each" })] {
        conformance::source::<Dingtalk>(|| world(scoped(), settings.clone()));
    }
}
