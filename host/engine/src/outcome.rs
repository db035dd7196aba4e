//! What came of a run: the matrix of its record, and what is worth telling about it. Pure.

use crate::event::RunEvent;
use rosterd_model::plan::{Operation, PlanHeader, Target};
use rosterd_model::run::{Counted, ObjectKind, Run, RunState, Tally, TallyAction};

/// The matrix of a run: what its plan was to do in the hub and what of it was done, what destinations were told, and what
/// was as before.
pub(crate) fn tally(run: &Run, plan: Option<&PlanHeader>, quarantined: u64) -> Tally {
    let mut tally = Tally { quarantined, ..Tally::default() };
    for (bucket, total) in plan.map(|plan| plan.counts.as_slice()).unwrap_or_default() {
        let action = match bucket.operation {
            _ if bucket.target != Target::Hub => continue,
            Operation::Create => TallyAction::Created,
            Operation::Link => TallyAction::Bound,
            Operation::Disable | Operation::Unlink | Operation::Delete => TallyAction::Deleted,
            _ => TallyAction::Updated,
        };
        let applied = plan.and_then(|plan| plan.outcome.applied.get(&bucket.to_string()));
        let success = applied.copied().unwrap_or(0).min(*total);
        let counted = Counted { total: *total, success, failed: 0, skipped: total - success };
        tally.add(bucket.class.into(), action, counted);
    }
    for (class, counted) in &run.delivery.by_class {
        tally.add((*class).into(), TallyAction::Pushed, *counted);
    }
    for (class, shown) in &run.scan.shown {
        let kind = ObjectKind::from(*class);
        let touched: u64 = [TallyAction::Created, TallyAction::Bound, TallyAction::Updated]
            .iter()
            .map(|action| tally.get(kind, *action).total)
            .sum();
        let same = shown.saturating_sub(touched);
        tally.add(kind, TallyAction::Same, Counted { total: same, success: same, failed: 0, skipped: 0 });
    }
    tally
}

/// What is worth telling when a run is over; `before` is the last run of the same job.
pub(crate) fn remarkable(run: &Run, before: Option<&Run>) -> Vec<RunEvent> {
    let mut events = Vec::new();
    // A first scan knows of nobody who could be missing.
    let known = run.scan.unchanged + run.scan.changed > run.scan.new;
    for note in run.licences.iter().filter(|note| known && !note.licensed) {
        events.push(RunEvent::LicenceRefused {
            run: run.id,
            connection: run.connection.clone(),
            class: note.class,
            because: note.reasons.first().cloned().unwrap_or_default(),
        });
    }
    let (was, now) = (before.map_or(0, |before| before.tally.quarantined), run.tally.quarantined);
    if now > was {
        events.push(RunEvent::QuarantineGrew { connection: run.connection.clone(), before: was, now });
    }
    if let Some(before) = before.filter(|before| went_wrong(&before.state) && !went_wrong(&run.state)) {
        events.push(RunEvent::Recovered { job: run.job.clone(), run: run.id, after: before.state.as_str() });
    }
    events.push(RunEvent::Ended(Box::new(run.clone())));
    events
}

/// True if nobody would call the run a success. What waits for a person is as it should be, and so is a run that somebody
/// asked to stop.
fn went_wrong(state: &RunState) -> bool {
    match state {
        RunState::Incomplete { because } | RunState::Failed { because } => !because.contains("asked to stop"),
        _ => false,
    }
}
