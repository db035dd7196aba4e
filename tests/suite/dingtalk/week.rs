//! A week of a company, with what a vendor does once a year, every day; the hub learns of it by scans alone, by callbacks, or
//! over a stream.
//!
//! | day | while it hears of changes | in the scan at night |
//! |---|---|---|
//! | all | three events are lost, three come three times | |
//! | 1 | tokens end, then nobody ever knew them; events come in the reverse order | the same of tokens |
//! | 2 | throttled, busy, cut | throttled, busy, cut |
//! | 3 | the permission to read a person is withdrawn | that to list people, then that of a field |
//! | 4 | a department goes with people in it, of whom no event tells | another one does, while it is read |
//! | 5 | the range shrinks | the range shrinks |
//! | 6 | the hub dies; what it did not acknowledge comes again | somebody moves, and no page shows him |
//! | 7 | everything comes twice and in the reverse order | the address is shut out |

#![expect(clippy::print_stdout, reason = "the figures of a week, for whoever asks to see them")]

use super::company::Company;
use super::day::{self, Day};
use super::directory::Directory;
use super::{APP, Pair, Way, hearing, night};
use serde_json::{Map, Value};

/// People and departments.
const WHOLE: (usize, i64) = (5_000, 300);
/// The same for weeks of events, unless `make weeks` asks for whole ones: they take a minute each. Not fewer departments than
/// the nights have pages to go wrong.
const SMALL: (usize, i64) = (1_000, 180);

/// What goes wrong on a day, for a hub that hears of changes, and in the scan that follows, for all.
type Trouble = (fn(&mut Day<'_>), fn(&Pair));

const WEEK: [Trouble; 7] = [
    (day::tokens_end, night::tokens_end),
    (day::busy_and_cut, night::busy_and_cut),
    (day::permission_goes, night::permissions_go),
    (day::department_goes, night::department_goes),
    (day::range_shrinks, night::range_shrinks),
    (day::the_hub_dies, night::people_move),
    (day::twice_and_reversed, night::shut_out),
];

#[test]
fn a_week_by_polling_alone() {
    week(Way::Polling, 1);
}

#[test]
fn a_week_by_callbacks() {
    week(Way::Callbacks, 2);
}

#[test]
fn a_week_over_a_stream() {
    week(Way::Stream, 2);
}

/// A week, in which so many departments go.
fn week(way: Way, gone: usize) {
    let whole = way == Way::Polling || std::env::var_os("ROSTERD_WHOLE_WEEKS").is_some();
    let (people, existing) = if whole { WHOLE } else { SMALL };
    let (mut company, mut organisation) = Company::new(17, people, existing);
    if way != Way::Polling {
        // Callbacks are signed with the time, so both clocks are that of the machine.
        organisation["settings"].as_object_mut().expect("settings").remove("clock");
        organisation["apps"][APP]["stream"] = (way == Way::Stream).into();
    }
    let pair = Pair::new(organisation, way);
    hearing::secrets(&pair);
    let first = pair.next_day();
    first.well();
    println!(
        "{way:?}, import of {people} people in {existing} departments: {} calls, {} at the least",
        first.calls, first.minimum
    );
    pair.assert_equal();
    let mut made = usize::try_from(existing).expect("a number");
    for (by_day, by_night) in WEEK {
        let before = departments(&pair);
        if way == Way::Polling {
            company.day(&pair.vendor);
        } else {
            let mut day = Day::begin(&pair, &mut company);
            by_day(&mut day);
            println!("{way:?}, {}", day.end());
        }
        made += departments(&pair).keys().filter(|id| !before.contains_key(*id)).count();
        by_night(&pair);
        pair.assert_nothing_missed();
    }
    // Whoever is missing for the first time today is gone tomorrow.
    pair.next_day().well();
    let last = pair.next_day();
    last.well();
    pair.assert_equal();
    let known = Directory::of_hub(&pair.hub);
    assert_eq!(known.size().1, made - gone, "each day made departments");
    println!(
        "{way:?}, the last scan: {} calls, {} at the least; {} people and departments left, none of them wrongly",
        last.calls,
        last.minimum,
        known.gone()
    );
    assert!(known.gone() > 30, "somebody left each day");
    pair.hub.verify();
    pair.vendor.assert_done();
}

fn departments(pair: &Pair) -> Map<String, Value> {
    pair.vendor.state()["departments"].as_object().cloned().unwrap_or_default()
}
