//! `plan`, `apply` and `run`.

use super::{assert_shown, digest, settled, shown};
use rosterd_tests::hub::{Hub, people};

#[test]
fn a_plan_is_made_shown_and_applied() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 3));
    let plan = digest(&hub, &["plan", "hr"]);
    assert_shown!(shown(
        &hub,
        &[
            &["plan", "hr"],
            &["plan", "hr", "--exit-code"],
            &["plan", "show", &plan],
            &["apply", &plan],
            &["apply", &plan]
        ]
    ));
}

#[test]
fn a_plan_for_programs() {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 1));
    let plan = digest(&hub, &["plan", "hr"]);
    assert_shown!(shown(
        &hub,
        &[
            &["plan", "hr", "--format", "json"],
            &["plan", "show", &plan, "--format", "json"],
            &["apply", &plan, "--format", "json"]
        ]
    ));
}

#[test]
fn what_a_guard_holds_is_approved_and_applied() {
    let hub = settled();
    hub.write("people.csv", &people(1, 4));
    let plan = digest(&hub, &["plan", "hr"]);
    assert_shown!(shown(
        &hub,
        &[
            &["run", "hr"],
            &["apply", &plan],
            &["plan", "approve", &plan],
            &["plan", "approve", &plan],
            &["apply", &plan],
            &["run", "hr"]
        ]
    ));
}

#[test]
fn a_held_run_for_programs() {
    let hub = settled();
    hub.write("people.csv", &people(1, 4));
    assert_shown!(shown(&hub, &[&["run", "hr", "--format", "json"]]));
}

#[test]
fn a_run_that_changes_a_few_and_then_nothing() {
    let hub = settled();
    let changed = people(1, 11).replace("Person 7,", "Person Seven,");
    hub.write("people.csv", &changed);
    assert_shown!(shown(&hub, &[&["run", "hr"], &["run", "hr"], &["run", "hr", "--format", "json"]]));
}

#[test]
fn a_first_delivery_waits_for_a_person() {
    let hub = Hub::new();
    hub.configure("first-delivery = \"allow\"\n", "");
    hub.write("people.csv", &people(1, 2));
    let plan = digest(&hub, &["plan", "hr"]);
    assert_shown!(shown(&hub, &[&["plan", "hr"], &["run", "hr"], &["apply", &plan]]));
}

#[test]
fn rows_without_an_id_keep_everybody() {
    let hub = settled();
    let rows = people(1, 10).replace("00010,", ",");
    hub.write("people.csv", &rows);
    assert_shown!(shown(&hub, &[&["plan", "hr"], &["run", "hr"], &["run", "hr", "--format", "json"]]));
}

#[test]
fn a_total_that_is_not_true_keeps_everybody() {
    let hub = Hub::new();
    hub.install("hostile").expect("the component is built, and the hub takes it");
    hub.configure(
        "plugin = \"csv\"\n[connection.hr.settings]\nfile = \"people.csv\"\nid = \"工号\"",
        "plugin = \"hostile\"\n[connection.hr.settings]\nbehaviour = \"good\"",
    );
    hub.configure("files = [\"people.csv\"]", "files = [\"people.txt\"]");
    hub.configure("source.username", "source.name");
    hub.configure("'source.employee_number'", "'source.name'");
    drop(hub.rosterd(&["run", "hr"]).code(0));
    hub.configure("behaviour = \"good\"", "behaviour = \"lying-totals\"\npeople = 95");
    assert_shown!(shown(&hub, &[&["plan", "hr"], &["run", "hr"]]));
}

#[test]
fn a_source_that_is_gone_and_a_destination_that_is_not_writable() {
    let hub = settled();
    std::fs::remove_file(hub.path("people.csv")).expect("it was there");
    let gone = shown(&hub, &[&["run", "hr"], &["run", "hr", "--format", "json"]]);
    hub.write("people.csv", &people(1, 11));
    std::fs::remove_file(hub.path("directory.csv")).expect("it was there");
    std::fs::create_dir(hub.path("directory.csv")).expect("a folder");
    assert_shown!(gone + "\n" + &shown(&hub, &[&["run", "hr"]]));
}

#[test]
fn what_is_not_there_is_said_so() {
    let hub = settled();
    let commands: [&[&str]; 6] = [
        &["plan", "payroll"],
        &["run", "payroll"],
        &["run", "payroll", "--format", "json"],
        &["plan", "show", "0123456789ab"],
        &["plan", "approve", "xyz"],
        &["apply", "0123456789ab"],
    ];
    assert_shown!(shown(&hub, &commands));
}
