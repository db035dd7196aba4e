//! Pages that are not as they should be.

use super::desk::{Beside, Desk, beside, limits};
use insta::assert_snapshot;
use rosterd_model::{Change, Class, FaultKind};
use serde_json::json;
use std::time::Duration;

fn pages(behaviour: &str) -> Beside {
    super::log::keep();
    let desk = Desk::new();
    let mut config = desk.config("hr", &json!({ "behaviour": behaviour }));
    config.limits = limits("empty-pages = 50\nscan-wall = \"1 s\"");
    beside(&desk, config)
}

#[test]
fn endless_pages() {
    assert_snapshot!(pages("endless-pages").hostile.said(), @"incomplete: hostile 1.2.3 (sha256 ...…): next page: used more than 50 pages in a row without anything (limit empty-pages = 50, raise it in [connection.hr.limits])");
}

#[test]
fn endless_repetition() {
    let seen = pages("endless-repetition").hostile;
    assert_snapshot!(seen.said(), @r#"incomplete: hostile 1.2.3 (sha256 ...…): next page: used more than 1s for one scan (limit scan-wall = "1s", raise it in [connection.hr.limits])"#);
    assert!(seen.took < Duration::from_secs(2), "{:?}", seen.took);
}

/// A record that can not be used is set aside, with what it says; the others go on.
fn rejected(behaviour: &str) -> String {
    let seen = pages(behaviour).hostile;
    assert_eq!(seen.fault, None);
    let Some(Change::Rejected(rejection)) = seen.pages.first().and_then(|page| page.changes.first()) else {
        panic!("it was not rejected: {seen:?}")
    };
    // An id that nobody can tell keeps its whole class from being called absent.
    assert_eq!((rejection.class, &rejection.id), (Some(Class::Account), &None));
    format!("{}: {}: {}", rejection.position, rejection.message, rejection.raw)
}

#[test]
fn ids_that_can_not_be_keys() {
    assert_snapshot!(rejected("huge-id"), @r#"external id: the connector reported an external id of 1048576 bytes; at most 1024 are accepted: {"name":"Person 1"}"#);
    assert_snapshot!(rejected("empty-id"), @r#"external id: the connector reported an empty external id: {"name":"Person 1"}"#);
}

/// What a record says is judged where records are read, so that one bad record costs nobody but itself.
#[test]
fn attributes_are_passed_on_as_they_are() {
    let starts = ["broken-json", "no-object", "deep-json"].map(|behaviour| {
        let seen = pages(behaviour).hostile;
        let Some(Change::Upsert(record)) = seen.pages.first().and_then(|page| page.changes.first()) else {
            panic!("no record: {seen:?}")
        };
        record.attributes.chars().take(12).collect::<String>()
    });
    assert_eq!(starts, ["{\"name\":", "[1, 2]", "{\"name\":[[[["]);
}

#[test]
fn a_huge_page() {
    assert_snapshot!(pages("huge-page").hostile.said(), @r#"internal: hostile 1.2.3 (sha256 ...…): used more than 1 MiB for one page (limit page-bytes = "1 MiB", raise it in [connection.hr.limits])"#);
}

#[test]
fn more_changes_than_the_limit() {
    assert_snapshot!(pages("long-page").hostile.said(), @"internal: hostile 1.2.3 (sha256 ...…): next page: 1500 changes where at most 500 were asked for; report this to the author of the connector");
}

#[test]
fn a_fault_on_page_7_ends_the_scan_without_an_end() {
    let seen = pages("truncated").hostile;
    assert_eq!((seen.ids().len(), seen.pages.len()), (60, 6));
    assert!(seen.pages.iter().all(|page| page.end.is_none()), "an interrupted scan said that it was complete");
    assert_eq!(seen.fault.as_ref().map(|fault| fault.kind), Some(FaultKind::Incomplete));
    assert_snapshot!(seen.said(), @"incomplete: hostile 1.2.3 (sha256 ...…): the remote system closed page 7 half-way");
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
    assert_snapshot!(seen.said(), @"invalid: hostile 1.2.3 (sha256 ...…): fine  2026-01-01T00:00:00Z ERROR rosterd:  [2Jthe store is gone");
    let fault = seen.fault.expect("a fault");
    let shown = format!("{}{}{}", fault.message, fault.subject.unwrap_or_default(), fault.detail);
    assert!(!shown.contains(['\n', '\r', '\u{1b}', '\0', '\u{202e}']), "{shown:?}");
    let log = super::log::so_far();
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z")), "a line of the log is forged");
}
