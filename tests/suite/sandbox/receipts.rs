//! A destination that breaks off, or answers what was not asked: nothing is certain then, and everything is looked up.

use super::desk::{Desk, answers, masked};
use insta::assert_snapshot;
use rosterd_model::Class;
use rosterd_model::outbox::{Action, Receipt, Request};
use serde_json::json;

/// Applies ten creates with the keys k0 to k9.
fn apply(behaviour: &str) -> Vec<Receipt> {
    super::log::keep();
    let desk = Desk::new();
    let config = desk.config("idaas", &json!({ "behaviour": behaviour }));
    let loaded = desk.load("hostile");
    let connection = loaded.connect(config).expect("a hostile connection opens");
    let mut destination = connection.destination().expect("it is a destination");
    let request = |number: u32| Request {
        key: format!("k{number}"),
        entity: None,
        class: Class::Account,
        id: None,
        action: Action::Create("{\"name\":\"Li Hua\"}".to_owned()),
        desired: "{\"name\":\"Li Hua\"}".to_owned(),
        known: None,
        version: None,
        attempt: 1,
    };
    let receipts = desk.run(destination.apply((0..10).map(request).collect()));
    assert_eq!(receipts.len(), 10, "one receipt for each operation, whatever the connector did");
    assert!(answers(&desk, connection.connector().expect("it can be asked")), "the connection is of no use any more");
    receipts
}

/// All receipts are the same, and this is what they say.
fn all(receipts: &[Receipt]) -> String {
    let said = receipts.iter().map(|receipt| match receipt {
        Receipt::Applied(applied) => format!("applied {}", applied.id),
        Receipt::Unchanged(applied) => format!("unchanged {}", applied.id),
        Receipt::Failed(fault) => format!("failed: {}", masked(fault)),
        Receipt::Unknown(fault) => format!("unknown: {}", masked(fault)),
        Receipt::NotAttempted(fault) => format!("not attempted: {}", masked(fault)),
    });
    let mut said: Vec<String> = said.collect();
    said.dedup();
    said.join("\n")
}

#[test]
fn a_trap_leaves_all_of_them_unknown() {
    assert_snapshot!(all(&apply("trap")), @"unknown: internal: hostile 1.2.3 (sha256 ...…): apply: it panicked or gave up; see its log, and report this to the author of the connector");
}

#[test]
fn a_time_out_leaves_all_of_them_unknown() {
    assert_snapshot!(all(&apply("endless-loop")), @r#"unknown: timeout: hostile 1.2.3 (sha256 ...…): apply: used more than 200ms of processor time in one call (limit call-cpu = "200ms", raise it in [connection.idaas.limits])"#);
}

#[test]
fn a_panic_on_one_operation_leaves_all_of_them_unknown() {
    assert_snapshot!(all(&apply("panic-on-one-record")), @"unknown: internal: hostile 1.2.3 (sha256 ...…): apply: it panicked or gave up; see its log, and report this to the author of the connector");
}

#[test]
fn one_receipt_less() {
    assert_snapshot!(all(&apply("few-receipts")), @"unknown: internal: hostile 1.2.3 (sha256 ...…): apply: 9 receipts for 10 operations; report this to the author of the connector");
}

#[test]
fn one_receipt_more() {
    assert_snapshot!(all(&apply("many-receipts")), @"unknown: internal: hostile 1.2.3 (sha256 ...…): apply: 11 receipts for 10 operations; report this to the author of the connector");
}

#[test]
fn an_id_that_can_not_be_stored() {
    assert_snapshot!(all(&apply("huge-id")), @"unknown: internal: hostile 1.2.3 (sha256 ...…): the connector reported an external id of 1048576 bytes; at most 1024 are accepted");
    assert_snapshot!(all(&apply("empty-id")), @"unknown: internal: hostile 1.2.3 (sha256 ...…): the connector reported an empty external id");
}

#[test]
fn observed_attributes_that_are_no_json() {
    assert_snapshot!(all(&apply("broken-json")), @r"
    applied new-k0
    applied new-k1
    applied new-k2
    applied new-k3
    applied new-k4
    applied new-k5
    applied new-k6
    applied new-k7
    applied new-k8
    applied new-k9
    ");
}
