//! Bugs that are planted on purpose: each must be found, and soon. What is planted is so in a whole process, so each has
//! one of its own, two at a time.

use crate::{ALONE, play, setting};
use rosterd_model::rule::{Defect, Off, Planted, Rule};
use std::any::Any;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Rules without which the hub has a bug that histories must show.
const RULES: &[Rule] = &[
    Rule::ShrinkGuard,
    Rule::AbsenceConfirmed,
    Rule::SameVersionOnce,
    Rule::BucketTrips,
    Rule::LookBeforeCreate,
    Rule::OnlyPlanned,
    Rule::LifecycleAuthority,
    Rule::DeltaSaysNothingElse,
    Rule::HintsAreRead,
    Rule::HeldIsOwed,
];

/// Histories within which a bug must be found.
const MOST: u64 = 2_000;

/// The names of all bugs.
fn names() -> Vec<String> {
    let rules = RULES.iter().map(|rule| rule.id().to_owned());
    rules.chain(Defect::ALL.iter().map(|defect| defect.text().to_owned())).collect()
}

/// Plants a bug, which is there until what comes back is dropped.
fn plant(name: &str) -> Option<Box<dyn Any>> {
    if let Some(rule) = RULES.iter().find(|rule| rule.id() == name) {
        return Some(Box::new(Off::new(*rule)));
    }
    let defect = Defect::ALL.iter().find(|defect| defect.text() == name)?;
    Some(Box::new(Planted::new(*defect)))
}

#[test]
#[ignore = "takes minutes: make planted"]
fn every_planted_bug_is_found() {
    let names = names();
    let (rest, missed) = (Mutex::new(names.iter()), Mutex::new(Vec::new()));
    let next = || rest.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(name) = next() {
            let found = in_a_process_of_its_own(name);
            match &found {
                Some(line) => println!("{name}: {line}"),
                None => missed.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone()),
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let missed = missed.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(missed.is_empty(), "not found: {}", missed.join(", "));
    assert!(names.len() >= 15, "{} bugs are planted", names.len());
}

/// What found the bug; none: nothing did.
fn in_a_process_of_its_own(name: &str) -> Option<String> {
    let test = ["--ignored", "--exact", "--nocapture", "planted::one_bug_is_found"];
    let output = Command::new(std::env::current_exe().unwrap()).args(test).env("BUG", name).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with("found"))?;
    output.status.success().then(|| line.to_owned())
}

#[test]
#[ignore = "the test above calls it for each bug; BUG=4.shrink plants one"]
fn one_bug_is_found() {
    let Ok(name) = std::env::var("BUG") else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(plant(&name).is_some(), "there is no bug {name}; there are {}", names().join(", "));
    let (most, started) = (setting("HISTORIES").unwrap_or(MOST), Instant::now());
    let first = setting("SEED").unwrap_or(1);
    let found = (first..first + most).find_map(|seed| {
        let bug = plant(&name);
        let failure = play(seed).1.err()?;
        drop(bug);
        // A history that goes wrong without the bug has not found it.
        play(seed).1.is_ok().then_some((seed, failure))
    });
    let (seed, failure) = found.unwrap_or_else(|| panic!("{name} was not found within {most} histories"));
    let because: String = failure.because.chars().take(160).collect();
    println!("\nfound by history {seed} after {:.1} s: {because}", started.elapsed().as_secs_f64());
    if setting("TELL").is_some() {
        println!("  {}", failure.diary.join("\n  "));
    }
}
