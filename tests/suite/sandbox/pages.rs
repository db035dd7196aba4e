//! Pages that are not as they should be.

use super::desk::{Beside, Desk, beside};
use insta::assert_snapshot;
use rosterd_model::{Class, FaultKind};
use serde_json::json;

fn pages(behaviour: &str) -> Beside {
    super::log::keep();
    let desk = Desk::new();
    let config = desk.config("hr", &json!({ "behaviour": behaviour }));
    beside(&desk, config)
}

#[test]
fn endless_pages() {
    let seen = pages("endless-pages");
    assert_snapshot!(seen.hostile.said(), @"");
}

#[test]
fn a_huge_id() {
    assert_snapshot!(pages("huge-id").hostile.said(), @"");
}

#[test]
fn an_empty_id() {
    assert_snapshot!(pages("empty-id").hostile.said(), @"");
}

#[test]
fn attributes_that_are_no_json() {
    assert_snapshot!(pages("broken-json").hostile.said(), @"");
}

#[test]
fn attributes_that_are_no_object() {
    assert_snapshot!(pages("no-object").hostile.said(), @"");
}

#[test]
fn attributes_nested_too_deep() {
    assert_snapshot!(pages("deep-json").hostile.said(), @"");
}

#[test]
fn a_huge_page() {
    assert_snapshot!(pages("huge-page").hostile.said(), @"");
}

#[test]
fn more_changes_than_the_limit() {
    assert_snapshot!(pages("long-page").hostile.said(), @"");
}

#[test]
fn a_fault_on_page_7_ends_the_scan_without_an_end() {
    let seen = pages("truncated").hostile;
    assert_eq!((seen.ids().len(), seen.pages.len()), (60, 6));
    assert!(seen.pages.iter().all(|page| page.end.is_none()), "an interrupted scan said that it was complete");
    assert_eq!(seen.fault.as_ref().map(|fault| fault.kind), Some(FaultKind::Incomplete));
    assert_snapshot!(seen.said(), @"");
}

#[test]
fn what_a_source_claims_is_passed_on_as_a_claim() {
    // Whether a claim is believed is decided where policy is known; here it must only not be lost or mended.
    let ends = ["lying-totals", "empty-source", "half-source"].map(|behaviour| {
        let seen = pages(behaviour).hostile;
        let end = seen.pages.last().and_then(|page| page.end.clone()).expect("it comes to its end");
        assert_eq!(end.complete, [Class::Account]);
        (seen.ids().len(), end.declared_totals)
    });
    assert_eq!(ends, [(100, vec![(Class::Account, 1000)]), (0, vec![]), (50, vec![])]);
}

#[test]
fn a_fault_of_the_guest_can_not_forge_lines() {
    let seen = pages("forged-lines").hostile;
    assert_snapshot!(seen.said(), @"");
    let fault = seen.fault.expect("a fault");
    let shown = format!("{}{}{}", fault.message, fault.subject.unwrap_or_default(), fault.detail);
    assert!(!shown.contains(['\n', '\r', '\u{1b}', '\0', '\u{202e}']), "{shown:?}");
    let log = super::log::so_far();
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z")), "a line of the log is forged");
}
