//! The first reading: everybody is known, and no call was made too many.

use super::company::Company;
use super::{Pair, Way};

#[test]
fn five_thousand_people_in_three_hundred_departments_are_imported_with_the_calls_that_it_takes() {
    let (_, organisation) = Company::new(11, 5_000, 300);
    let pair = Pair::new(organisation, Way::Polling);
    let ran = pair.next_day();
    assert_eq!(pair.vendor.directory().size(), (5_000, 300));
    ran.well();
    pair.assert_equal();
    // The same again: as many calls, and nothing to do.
    let again = pair.next_day();
    assert!(again.well().said.json()["plan"].is_null(), "{}", again.said.out);
    pair.assert_equal();
    pair.hub.verify();
    pair.vendor.assert_done();
}

#[test]
fn what_was_read_replays_without_network_and_secret() {
    let (_, organisation) = Company::new(13, 300, 30);
    let pair = Pair::new(organisation, Way::Polling);
    // The hub of a test records every run that it is not told the time of, and replays its tape.
    drop(pair.hub.rosterd(&["run", "ding"]).code(0));
    pair.assert_equal();
}
