//! One run of what several clients submitted: taken in, planned, applied and answered.

use super::{Answer, Told, index, pushed, queue, settled};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::run::RunOptions;
use crate::scan::{Said, blocking, take};
use rosterd_model::run::RunState;
use rosterd_model::{ConnectionId, Fault, FaultKind, Rule};

/// A submission, and what whoever made it wants to hear.
pub(super) struct Asked {
    pub(super) said: Said,
    pub(super) told: Told,
}

/// Takes submissions in, decides them and answers each, in order. Whoever calls has the turn on the connection. Two that
/// must not be decided together are decided one after the other.
pub(super) async fn decide(
    engine: &Engine,
    connection: &ConnectionId,
    submissions: Vec<Asked>,
) -> Result<Vec<Answer>, EngineError> {
    let lost = || Err(Fault::new(FaultKind::Internal, "the hub gave no answer to this submission"));
    let mut answers: Vec<Answer> = submissions.iter().map(|_| lost()).collect();
    let mut rest: Vec<(usize, Asked)> = submissions.into_iter().enumerate().collect();
    let mut first = true;
    while !rest.is_empty() {
        let count = rest.len();
        let (mut places, mut now) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (place, Asked { said, told }) in rest {
            places.push((place, told));
            now.push(said);
        }
        rest = Vec::new();
        let told = places.iter().map(|(_, told)| *told).collect();
        // Those of the second run want what somebody of the first has, and are told so together.
        let made = once(engine, connection, (now, told), std::mem::take(&mut first)).await?;
        for ((place, told), one) in places.into_iter().zip(made) {
            match one {
                Settled::Answer(answer) => answers[place] = answer,
                Settled::Later(said) => rest.push((place, Asked { said, told })),
            }
        }
    }
    Ok(answers)
}

/// What one run made of a submission.
pub(super) enum Settled {
    Answer(Answer),
    /// The next run takes it.
    Later(Said),
}

async fn once(
    engine: &Engine,
    connection: &ConnectionId,
    (submissions, told): (Vec<Said>, Vec<Told>),
    defers: bool,
) -> Result<Vec<Settled>, EngineError> {
    let policy = engine.policy.clone();
    let job = pushed(engine, connection)?;
    let name = job.name.as_str();
    let number = engine.number(connection)?;
    if !engine.gate.pushes().is_whole(connection) {
        if !engine.is_restored(name)? {
            engine.finish_applying(job).await?;
        }
        engine.gate.pushes().set_whole(connection, true);
    }
    let own = engine.clone();
    blocking(move || index::complete(&own, number)).await?;
    engine.gate.pushes().set_indexed(connection, true);
    let mut run = engine.begin_new(job)?;
    engine.events.emit(&RunEvent::Started { run: run.id, connection: connection.clone(), resumed: false });
    let (result, taken, stored) = match take(engine, job, number, &mut run, (submissions, defers)).await {
        Ok(took) => took,
        Err(error) => return Err(engine.failed(&mut run, error)?),
    };
    if stored {
        run.state = RunState::Planning;
        let options = RunOptions { without_delivering: true, ..RunOptions::default() };
        match engine.decide(policy.job(name)?, number, &mut run, options, result).await {
            Ok(report) => {
                if report.run.state == RunState::Held && !Rule::PushIsStored.on() {
                    let held = Fault::new(FaultKind::Held, "it waits for a person");
                    return Ok(taken.iter().map(|_| Settled::Answer(Err(held.clone()))).collect());
                }
                if report.plan.is_some_and(|plan| plan.outcome.queued > 0) {
                    queue::deliver(engine, connection);
                }
            }
            // It is stored, and whoever goes on decides it.
            Err(EngineError::Stopped) => {
                engine.gate.pushes().set_whole(connection, false);
                engine.failed(&mut run, EngineError::Stopped)?;
            }
            Err(error) => return Err(engine.failed(&mut run, error)?),
        }
    } else {
        run.state = RunState::Ok;
        engine.end(&mut run)?;
    }
    let store = engine.store.clone();
    blocking(move || settled::answers(&store.snapshot_without_keys()?, number, taken, &told)).await
}
