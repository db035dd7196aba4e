//! Hostile components as sources of a whole hub: nobody is removed, and the store holds what it held before.

use rosterd_store::digest::content_digest;
use rosterd_store::{OpenOptions, Store, Table};
use rosterd_tests::hub::Hub;

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"

[connection.hr]
plugin = "hostile"
[connection.hr.settings]
behaviour = "good"
target = "payroll.txt"
[connection.hr.grants]
files = ["people.txt"]
[connection.hr.secrets]
canary = { env = "ROSTERD_TEST_CANARY" }
[connection.hr.limits]
memory = "32 MiB"
call-cpu = "200 ms"
call-wall = "500 ms"
page-bytes = "1 MiB"
host-calls = 5000
empty-pages = 50
scan-wall = "1 s"

[job.hr]
source = "hr"
[job.hr.account.map]
userName = 'ToLower(source.name)'
displayName = 'source.name'
"#;

/// Written by every run, whatever it saw.
const OF_RUNS: &[Table] = &[Table::Runs, Table::Meta];

/// What else a scan may write that came to its end, or half-way: what was seen, what it would mean, what was odd.
const OF_SCANS: &[Table] = &[
    Table::Shadows,
    Table::ShadowHeads,
    Table::Seen,
    Table::Missing,
    Table::Live,
    Table::Unsettled,
    Table::ScanProgress,
    Table::LastScan,
    Table::Plans,
    Table::PlanDigests,
    Table::PlanJobs,
    Table::PlanSteps,
    Table::Quarantine,
    Table::QuarantineObjects,
    Table::QuarantineConnections,
    // What waits for a person, with which settings: nothing of people.
    Table::Accepted,
    Table::Owed,
    Table::Budget,
];

/// A hub that knows a hundred people, all from the component while it behaved.
fn hub() -> Hub {
    let hub = Hub::with(&["hostile"]);
    hub.write("rosterd.toml", CONFIG);
    hub.write("payroll.txt", "not granted");
    let said = hub.rosterd(&["run", "hr", "--format", "json"]).code(0);
    assert_eq!(said.json()["run"]["scan"]["records"], 100, "{}", said.out);
    hub
}

fn digest(hub: &Hub, skip: &[&[Table]]) -> [u8; 32] {
    let store = Store::open(&hub.path("data/hub.redb"), OpenOptions::default()).expect("the store opens");
    content_digest(&store.snapshot().expect("the store can be read"), &skip.concat()).expect("the store can be read")
}

/// Runs the behaviours one after the other, each of which must end with this exit code and leave the content as it was.
fn nothing_changes(code: i32, skip: &[&[Table]], behaviours: &[&str]) {
    // Where a scan is ended by the clock, no replay of its tape ends at the same place.
    let hub = if code == 8 { hub().untaped() } else { hub() };
    let before = digest(&hub, skip);
    for behaviour in behaviours {
        hub.configure("behaviour = \"good\"", &format!("behaviour = \"{behaviour}\""));
        let said = hub.rosterd(&["run", "hr"]);
        assert_eq!(said.code, Some(code), "{behaviour}: {}{}", said.out, said.err);
        assert!(digest(&hub, skip) == before, "{behaviour} changed the store: {}{}", said.out, said.err);
        hub.verify();
        hub.configure(&format!("behaviour = \"{behaviour}\""), "behaviour = \"good\"");
    }
    // And a good run says that all is as it was.
    let said = hub.rosterd(&["run", "hr", "--format", "json"]).code(0);
    assert!(said.json()["plan"].is_null(), "{}", said.out);
    assert!(digest(&hub, skip) == before);
}

#[test]
fn what_breaks_off_at_once_leaves_nothing_but_the_record_of_its_run() {
    let behaviours =
        ["trap", "endless-loop", "endless-sleep", "memory-eater", "log-flood", "call-flood", "deep-recursion"];
    nothing_changes(8, &[OF_RUNS], &behaviours);
    nothing_changes(
        8,
        &[OF_RUNS],
        &["ungranted-file", "huge-page", "long-page", "forged-lines", "panic-on-one-record"],
    );
}

#[test]
fn what_goes_on_for_ever_is_ended() {
    nothing_changes(8, &[OF_RUNS, OF_SCANS], &["endless-pages", "endless-repetition"]);
}

#[test]
fn a_scan_that_breaks_off_removes_nobody_however_often() {
    nothing_changes(8, &[OF_RUNS, OF_SCANS], &["truncated", "truncated", "truncated"]);
}

#[test]
fn an_empty_or_halved_source_is_held_however_often() {
    nothing_changes(6, &[OF_RUNS, OF_SCANS], &["empty-source", "half-source", "half-source", "empty-source"]);
}

#[test]
fn records_that_can_not_be_used_remove_nobody() {
    let behaviours = ["huge-id", "empty-id", "broken-json", "no-object", "deep-json"];
    nothing_changes(6, &[OF_RUNS, OF_SCANS], &behaviours);
}

#[test]
fn a_total_that_is_not_true_removes_nobody() {
    let hub = hub();
    let before = digest(&hub, &[OF_RUNS, OF_SCANS]);
    hub.configure("behaviour = \"good\"", "behaviour = \"lying-totals\"\npeople = 95");
    for _ in 0..3 {
        drop(hub.rosterd(&["run", "hr"]));
        assert!(digest(&hub, &[OF_RUNS, OF_SCANS]) == before);
    }
}
