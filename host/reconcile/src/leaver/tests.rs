use super::*;
use proptest::prelude::*;
use rosterd_model::spec::OnLeave;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const DAY: u64 = 86_400_000;

fn attributes(pairs: &[(&str, Value)]) -> Attributes {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn said(pairs: &[(&str, Value)]) -> Statement {
    Statement::read(&attributes(pairs), &TimeZone::UTC).expect("it can be read")
}

fn day(offset: i64) -> Value {
    Value::Integer((i64::try_from(NOW.0).expect("near") + offset * 86_400_000) / 1_000)
}

const fn at(offset: u64) -> Timestamp {
    Timestamp(NOW.0 + offset * DAY)
}

const fn disabled(reason: DisabledReason, at: u64) -> Lifecycle {
    Lifecycle::Disabled { reason, at: Timestamp(at) }
}

#[test]
fn what_is_said_asks_for_a_state() {
    let leaving = Lifecycle::Leaving { effective_at: at(5) };
    let pending = Lifecycle::Pending { start_at: at(5) };
    let cases: [(&[(&str, Value)], Lifecycle); 13] = [
        (&[], Lifecycle::Active),
        (&[("lifecycle", "离职".into())], left()),
        (&[("lifecycle", "whatever".into())], Lifecycle::Active),
        (&[("active", Value::Bool(false))], Lifecycle::Suspended),
        (&[("lifecycle", "on leave".into())], Lifecycle::Suspended),
        (&[("endDate", day(5))], leaving),
        (&[("endDate", day(0))], left()),
        (&[("endDate", day(-5)), ("active", Value::Bool(false))], left()),
        (&[("startDate", day(5))], pending),
        (&[("startDate", day(5)), ("active", Value::Bool(false))], pending),
        (&[("startDate", day(5)), ("lifecycle", "no-show".into())], left()),
        (&[("startDate", day(-5)), ("endDate", day(-9))], Lifecycle::Active),
        (&[("lifecycle", "待入职".into())], Lifecycle::Pending { start_at: UNKNOWN }),
    ];
    for (pairs, expected) in cases {
        assert_eq!(said(pairs).asks(NOW), expected, "{pairs:?}");
    }
}

#[test]
fn a_date_that_can_not_be_read_is_a_case_and_shows_no_value() {
    let bad = attributes(&[("endDate", "when it rains".into())]);
    let problem = Statement::read(&bad, &TimeZone::UTC).expect_err("no date");
    assert!(problem.message.starts_with("endDate can not be read") && !problem.message.contains("rains"), "{problem}");
    let bad = attributes(&[("endDate", "2026-01-01".into()), ("timezone", "Mars".into())]);
    assert!(Statement::read(&bad, &TimeZone::UTC).is_err());
    let unused = attributes(&[("timezone", "Mars".into())]);
    assert!(Statement::read(&unused, &TimeZone::UTC).is_ok(), "a zone that nothing needs is not judged");
}

#[test]
fn the_zone_of_the_person_counts_before_that_of_the_hub() {
    let home = zone("Asia/Shanghai").expect("a zone");
    let read = |pairs: &[(&str, Value)]| Statement::read(&attributes(pairs), &home).expect("readable").end;
    let here = read(&[("endDate", "2026-12-31".into())]);
    let there = read(&[("endDate", "2026-12-31".into()), ("timezone", "Europe/Berlin".into())]);
    assert_eq!(there.map(|at| at.0), here.map(|at| at.0 + 7 * 3_600_000));
}

#[test]
fn who_comes_back_is_active_and_what_a_person_ordered_stays() {
    let (back, gone) = (said(&[]), said(&[("lifecycle", "left".into())]));
    let leaver = disabled(DisabledReason::Leaver, 7);
    let manual = disabled(DisabledReason::Manual, 7);
    let deleted = Lifecycle::Deleted { at: Timestamp(7) };
    assert_eq!(wanted(Some(&leaver), &back, false, NOW), Lifecycle::Active);
    assert_eq!(wanted(Some(&leaver), &gone, false, NOW), leaver, "it keeps the day on which it began");
    assert_eq!(wanted(Some(&deleted), &gone, false, NOW), deleted, "who is deleted does not leave once more");
    assert_eq!(wanted(Some(&manual), &back, true, NOW), manual);
    assert_eq!(wanted(Some(&manual), &gone, true, NOW), left(), "the grace begins");
    assert_eq!(wanted(Some(&leaver), &back, true, NOW), disabled(DisabledReason::Manual, 0), "the order still stands");
    assert_eq!(wanted(Some(&disabled(DisabledReason::OutOfScope, 7)), &back, false, NOW), Lifecycle::Active);
}

#[test]
fn a_new_date_takes_the_place_of_the_old_one_and_none_cancels() {
    let leaving = Lifecycle::Leaving { effective_at: at(5) };
    let later = Lifecycle::Leaving { effective_at: at(9) };
    assert_eq!(wanted(Some(&leaving), &said(&[("endDate", day(9))]), false, NOW), later);
    assert_eq!(wanted(Some(&leaving), &said(&[]), false, NOW), Lifecycle::Active);
    let pending = Lifecycle::Pending { start_at: at(5) };
    assert_eq!(wanted(Some(&pending), &said(&[("lifecycle", "no show".into())]), false, NOW), left());
}

#[test]
fn a_timer_that_fires_looks_again() {
    let leaving = Lifecycle::Leaving { effective_at: at(0) };
    let pending = Lifecycle::Pending { start_at: at(0) };
    let over = said(&[("endDate", day(0))]);
    assert_eq!(fired(Due::Leave, &leaving, &over, NOW), Some(left()));
    assert_eq!(
        fired(Due::Leave, &leaving, &said(&[("endDate", day(3))]), NOW).map(|state| state.as_str()),
        Some("leaving")
    );
    assert_eq!(fired(Due::Leave, &Lifecycle::Active, &over, NOW), None, "a plan of the job decides about others");
    assert_eq!(fired(Due::Start, &pending, &said(&[("startDate", day(0))]), NOW), Some(Lifecycle::Active));
    // Who left because the source says nothing any more is not brought back by an old date.
    assert_eq!(fired(Due::Start, &disabled(DisabledReason::Leaver, 7), &said(&[]), NOW), None);
    assert_eq!(fired(Due::Grace, &disabled(DisabledReason::Leaver, 7), &said(&[]), NOW), None);
}

#[test]
fn what_is_waited_for() {
    let read = |json: serde_json::Value| {
        LeavePolicy::read(&serde_json::from_value(json).expect("a delivery")).map_err(|(key, _)| key)
    };
    let policy = read(serde_json::json!({"on-grace-end": "delete", "prepare": "3d"})).expect("valid");
    let keeps = read(serde_json::json!({})).expect("valid");
    assert!(policy.asks, "a delete that is due waits for a person unless the delivery says otherwise");
    assert_eq!(read(serde_json::json!({"grace": "a month"})), Err("grace"));
    assert_eq!(read(serde_json::json!({"on-leave": "move"})), Err("leave-unit"));
    let leaver = disabled(DisabledReason::Leaver, NOW.0);
    assert_eq!(policy.waits(&leaver), Some((Due::Grace, at(30))));
    assert_eq!(keeps.waits(&leaver), None);
    assert_eq!(policy.waits(&disabled(DisabledReason::Manual, NOW.0)), None, "an order of a person begins no grace");
    assert_eq!(policy.waits(&Lifecycle::Suspended), None);
    let pending = Lifecycle::Pending { start_at: at(10) };
    assert_eq!(policy.waits(&pending), Some((Due::Prepare, at(7))));
    assert_eq!(waits(&pending), Some((Due::Start, at(10))));
    assert_eq!(waits(&Lifecycle::Pending { start_at: UNKNOWN }), None);
    assert!(!policy.prepares(at(10), NOW) && policy.prepares(at(10), at(7)) && keeps.prepares(at(10), NOW));
    assert!(!policy.delete_due(&leaver, at(29)) && policy.delete_due(&leaver, at(30)));
    assert!(!policy.delete_due(&Lifecycle::Active, at(99)), "who is back is not deleted");
}

#[test]
fn an_end_at_the_very_start_belongs_to_an_earlier_employment() {
    let same = said(&[("startDate", day(-5)), ("endDate", day(-5))]);
    assert_eq!((same.end, same.asks(NOW)), (None, Lifecycle::Active));
}

#[test]
fn the_hub_waits_for_the_last_day_and_asks_about_an_order_only_for_who_is_out() {
    let leaving = Lifecycle::Leaving { effective_at: at(5) };
    assert_eq!(waits(&leaving), Some((Due::Leave, at(5))));
    for idle in [Lifecycle::Active, Lifecycle::Suspended, left(), Lifecycle::Deleted { at: NOW }] {
        assert_eq!(waits(&idle), None, "{idle}");
    }
    for usable in [Lifecycle::Active, Lifecycle::Suspended, leaving, Lifecycle::Pending { start_at: at(5) }] {
        assert!(!asks_for_order(&usable), "{usable}");
    }
    assert!(asks_for_order(&left()) && asks_for_order(&Lifecycle::Deleted { at: NOW }));
}

#[test]
fn a_delivery_says_what_leaving_means_there() {
    let read =
        |json: serde_json::Value| LeavePolicy::read(&serde_json::from_value(json).expect("a delivery")).expect("valid");
    let leaver = disabled(DisabledReason::Leaver, NOW.0);
    let graced = read(serde_json::json!({"on-grace-end": "delete", "delete-requires": "auto", "prepare": "3d"}));
    assert_eq!(graced.on_leave(), OnLeave::Disable, "who leaves is disabled before the grace is over");
    assert!(!graced.asks);
    assert_eq!(graced.waits(&Lifecycle::Pending { start_at: UNKNOWN }), None, "nobody knows when");
    assert!(graced.delete_due(&Lifecycle::Deleted { at: NOW }, NOW), "his hub object is deleted already");
    assert_eq!(graced.delete_at(&disabled(DisabledReason::OutOfScope, NOW.0)), Some(at(30)));
    let at_once = read(serde_json::json!({"on-leave": "delete", "on-grace-end": "delete"}));
    assert_eq!(at_once.delete_at(&leaver), None, "he was deleted when he left");
    let keeps = read(serde_json::json!({"on-suspend": "none"}));
    assert!(keeps.ignores(&Lifecycle::Suspended) && !keeps.ignores(&leaver));
    assert!(!graced.ignores(&Lifecycle::Suspended));
    let moves = read(serde_json::json!({"on-leave": "move", "leave-unit": "gone"}));
    assert_eq!(moves.moves_to().map(rosterd_model::ExternalId::as_str), Some("gone"));
    assert_eq!(read(serde_json::json!({"leave-unit": "gone"})).moves_to(), None);
}

proptest! {
    #[test]
    fn asking_twice_changes_nothing_more(word in 0usize..6, usable in proptest::option::of(any::<bool>()),
        start in proptest::option::of(-9i64..9), end in proptest::option::of(-9i64..9), ordered: bool, state in 0usize..7) {
        let words = [None, Some(Word::Pending), Some(Word::Active), Some(Word::Suspended), Some(Word::Leaving), Some(Word::Left)];
        let moment = |offset: i64| Timestamp((i64::try_from(NOW.0).expect("near") + offset * 86_400_000).unsigned_abs());
        let said = Statement { word: words[word], usable, start: start.map(moment), end: end.map(moment) };
        let states = [Lifecycle::Active, Lifecycle::Suspended, Lifecycle::Pending { start_at: at(2) },
            Lifecycle::Leaving { effective_at: at(2) }, disabled(DisabledReason::Leaver, 7),
            disabled(DisabledReason::Manual, 7), Lifecycle::Deleted { at: Timestamp(7) }];
        let once = wanted(Some(&states[state]), &said, ordered, NOW);
        prop_assert_eq!(wanted(Some(&once), &said, ordered, NOW), once);
        // Nobody becomes usable whom a person disabled, and nobody is deleted by a statement.
        prop_assert!(!(states[state] == disabled(DisabledReason::Manual, 7) && once.is_active()));
        let deleted = matches!(once, Lifecycle::Deleted { .. });
        prop_assert!(!deleted || once == states[state]);
    }
}
