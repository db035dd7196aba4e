//! `account`, `quarantine` and `runs`.

use super::{assert_shown, settled, shown};
use rosterd_tests::hub::{Hub, people};

/// Three runs: ten people, a change of one, and a table with two rows that can not be used.
fn lived() -> Hub {
    let hub = settled();
    hub.write("people.csv", &people(1, 10).replace("Person 2,", "Person Two,"));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    let rows = people(1, 10).replace("Person 2,", "Person Two,");
    hub.write("people.csv", &(rows + "00011,user2,Another,,,\n,user12,Nobody,,,\n"));
    drop(hub.rosterd(&["run", "hr"]));
    hub
}

#[test]
fn accounts_are_listed_and_shown() {
    let hub = settled();
    assert_shown!(shown(
        &hub,
        &[
            &["account", "list", "--limit", "3"],
            &["account", "list", "--limit", "1", "--format", "json"],
            &["account", "show", "user2"],
            &["account", "show", "user2", "--format", "json"],
            &["account", "show", "nobody"],
            &["account", "list", "--after", "nobody"],
        ]
    ));
}

#[test]
fn an_account_has_a_history_and_reasons() {
    let hub = lived();
    assert_shown!(shown(
        &hub,
        &[
            &["account", "history", "user2"],
            &["account", "history", "user3"],
            &["account", "history", "user2", "--format", "json"],
            &["account", "why", "user2.displayName"],
            &["account", "why", "user2", "mail"],
            &["account", "why", "user2.displayName", "--format", "json"],
            &["account", "why", "user2.shoeSize"],
            &["account", "why", "nobody.mail"],
        ]
    ));
}

#[test]
fn what_was_set_aside_is_listed_shown_and_released() {
    let hub = lived();
    assert_shown!(shown(
        &hub,
        &[
            &["quarantine", "list"],
            &["quarantine", "list", "--limit", "1"],
            &["quarantine", "list", "--format", "json"],
            &["quarantine", "show", "1"],
            &["quarantine", "show", "2"],
            &["quarantine", "release", "1"],
            &["quarantine", "release", "1"],
            &["quarantine", "show", "99"],
            &["quarantine", "show", "first"],
        ]
    ));
}

#[test]
fn nothing_is_set_aside() {
    assert_shown!(shown(&settled(), &[&["quarantine", "list"], &["quarantine", "list", "--format", "json"]]));
}

#[test]
fn runs_are_listed_and_shown() {
    let hub = lived();
    assert_shown!(shown(
        &hub,
        &[
            &["runs", "list"],
            &["runs", "list", "--limit", "1", "--format", "json"],
            &["runs", "show", "2"],
            &["runs", "show", "3"],
            &["runs", "show", "3", "--format", "json"],
            &["runs", "show", "99"],
            &["runs", "show", "last"],
        ]
    ));
}
