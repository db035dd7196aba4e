//! What the command came to.

use super::{number, same, sentences, table};
use crate::stage::Stage;
use rosterd_engine::run::RunReport;
use std::collections::BTreeMap;
use toml::Value;

fn report(stage: &Stage) -> Result<&RunReport, String> {
    stage.last.report.as_ref().ok_or_else(|| "the step was no run".to_owned())
}

/// `error = "words of the sentence"`.
pub(super) fn error(stage: &Stage, expected: &Value) -> Result<(), String> {
    let words = expected.as_str().ok_or("it is a text")?;
    match &stage.last.error {
        Some(text) if text.contains(words) => Ok(()),
        Some(text) => Err(format!("it says: {text}")),
        None => Err("it did not fail".to_owned()),
    }
}

/// `state = "held"`: the outcome of the run.
pub(super) fn state(stage: &Stage, expected: &Value) -> Result<(), String> {
    let state = &report(stage)?.run.state;
    let words = expected.as_str().ok_or("it is a text")?;
    if state.as_str() == words { Ok(()) } else { Err(format!("it is {state:?}, and not {words}")) }
}

/// `plan = { "disable account in hub" = 50 }`: all buckets of the plan; `{}`: there is none.
pub(super) fn plan(stage: &Stage, expected: &Value) -> Result<(), String> {
    let plan = report(stage)?.plan.as_ref();
    let found: BTreeMap<String, u64> =
        plan.iter().flat_map(|header| &header.counts).map(|(bucket, count)| (bucket.to_string(), *count)).collect();
    let mut wanted = BTreeMap::new();
    for (bucket, count) in table(expected)? {
        wanted.insert(bucket.clone(), number(count)?);
    }
    same(&found, &wanted)
}

/// `holds = ["words of a reason"]`: all of them.
pub(super) fn holds(stage: &Stage, expected: &Value) -> Result<(), String> {
    let plan = report(stage)?.plan.as_ref();
    let found: Vec<String> =
        plan.iter().flat_map(|header| &header.holds).map(|hold| format!("{}: {}", hold.bucket, hold.because)).collect();
    sentences(&found, expected)
}

/// `waiting = 1`: objects that must be missing from a further scan.
pub(super) fn waiting(stage: &Stage, expected: &Value) -> Result<(), String> {
    same(&report(stage)?.waiting, &number(expected)?)
}

/// `licensed = { account = false }`: the host's verdict on the scan.
pub(super) fn licensed(stage: &Stage, expected: &Value) -> Result<(), String> {
    let notes = &report(stage)?.run.licences;
    for (class, licensed) in table(expected)? {
        let note = notes.iter().find(|note| note.class.as_str() == class);
        let note = note.ok_or_else(|| format!("nobody judged {class}"))?;
        if Some(note.licensed) != licensed.as_bool() {
            return Err(format!("{class}: {:?}", note.reasons));
        }
    }
    Ok(())
}

/// `faults = ["words"]`: what went wrong at destinations.
pub(super) fn faults(stage: &Stage, expected: &Value) -> Result<(), String> {
    sentences(&report(stage)?.faults, expected)
}

/// `told = ["Held"]`: words that stand in events of the step, among others.
pub(super) fn told(stage: &Stage, expected: &Value) -> Result<(), String> {
    let told = stage.told();
    for words in super::texts(expected)? {
        if !told.iter().any(|event| event.contains(&words)) {
            return Err(format!("no event says \"{words}\"; there are {told:?}"));
        }
    }
    Ok(())
}

/// `lines = ["words"]`: what a command without a run would print, all of it.
pub(super) fn lines(stage: &Stage, expected: &Value) -> Result<(), String> {
    sentences(&stage.last.lines, expected)
}

/// `skipped = 1`: parts of the plan whose before-state had moved.
pub(super) fn skipped(stage: &Stage, expected: &Value) -> Result<(), String> {
    let plan = report(stage)?.plan.as_ref().ok_or("there is no plan")?;
    same(&plan.outcome.moved, &number(expected)?)
}
