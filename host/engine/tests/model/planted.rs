//! Bugs that are planted on purpose: each must be found, and soon.

use crate::{ALONE, play, setting};
use rosterd_model::rule::{Defect, Off, Planted, Rule};
use std::any::Any;
use std::sync::PoisonError;
use std::time::Instant;

/// Rules without which the hub has a bug that histories must show.
const RULES: &[Rule] = &[
    Rule::ShrinkGuard,
    Rule::EmptyGuard,
    Rule::AbsenceConfirmed,
    Rule::SameVersionOnce,
    Rule::IncompleteRemovesNobody,
    Rule::BucketTrips,
    Rule::LookBeforeCreate,
    Rule::OnlyPlanned,
    Rule::LifecycleAuthority,
];

/// Histories within which a bug must be found.
const MOST: u64 = 2_000;

/// Plants a bug, which is there until what comes back is dropped.
type Plant = Box<dyn Fn() -> Box<dyn Any>>;

#[test]
#[ignore = "takes minutes: make planted"]
fn every_planted_bug_is_found() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let most = setting("HISTORIES").unwrap_or(MOST);
    let off = |rule: &'static Rule| Box::new(move || Box::new(Off::new(*rule)) as Box<dyn Any>) as Plant;
    let rules = RULES.iter().map(|rule| (rule.id(), off(rule)));
    let defect = |defect: &'static Defect| Box::new(move || Box::new(Planted::new(*defect)) as Box<dyn Any>) as Plant;
    let defects = Defect::ALL.iter().map(|which| (which.text(), defect(which)));
    let (mut missed, mut planted) = (Vec::new(), 0);
    for (name, plant) in rules.chain(defects) {
        let (_bug, started) = (plant(), Instant::now());
        planted += 1;
        let found = (1..=most).find_map(|seed| Some((seed, play(seed).1.err()?)));
        let seconds = started.elapsed().as_secs_f64();
        match found {
            Some((seed, failure)) => {
                let because: String = failure.because.chars().take(100).collect();
                println!("found by history {seed:>4} in {seconds:>5.1} s: {name}: {because}");
            }
            None => missed.push(name),
        }
    }
    assert!(missed.is_empty(), "not found within {most} histories: {}", missed.join(", "));
    assert!(planted >= 15, "{planted} bugs are planted");
}
