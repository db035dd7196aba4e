//! One run of what several clients submitted: taken in, planned, applied and answered.

use super::seeing::{Following, Waits};
use super::{Answer, Told, index, pushed, queue, settled};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::policy::Job;
use crate::run::RunOptions;
use crate::scan::{Intake, Said, ScanResult, Taken, blocking};
use rosterd_model::run::{Run, RunState};
use rosterd_model::{ConnectionId, Fault, FaultKind, Rule};
use rosterd_store::ConnectionNumber;

/// A submission, and what whoever made it wants to hear.
pub(super) struct Asked {
    pub(super) said: Said,
    pub(super) told: Told,
}

/// Takes submissions in, and those that follow; decides them and answers each, in order. Whoever calls has the turn on the
/// connection. Two that must not be decided together are decided one after the other. Returns who is to be told as well.
pub(super) async fn decide(
    engine: &Engine,
    connection: &ConnectionId,
    submissions: Vec<Asked>,
    mut following: Following<'_>,
) -> (Vec<Waits>, Result<Vec<Answer>, EngineError>) {
    let decided = in_turn(engine, connection, submissions, &mut following).await;
    (following.told(), decided)
}

async fn in_turn(
    engine: &Engine,
    connection: &ConnectionId,
    submissions: Vec<Asked>,
    following: &mut Following<'_>,
) -> Result<Vec<Answer>, EngineError> {
    let mut answers: Vec<Answer> = Vec::new();
    let mut rest: Vec<(usize, Said)> = Vec::new();
    let (mut told, more) = (Vec::new(), Some(following));
    for Asked { said, told: one } in submissions {
        rest.push((told.len(), said));
        told.push(one);
    }
    let mut more = more;
    while !rest.is_empty() {
        let (mut places, now): (Vec<usize>, Vec<Said>) = std::mem::take(&mut rest).into_iter().unzip();
        // Those of the second run want what somebody of the first has, and are told so together.
        let made = once(engine, connection, (now, &mut places, &mut told), more.take()).await?;
        answers.resize_with(told.len(), lost);
        for (place, one) in places.into_iter().zip(made) {
            match one {
                Settled::Answer(answer) => answers[place] = answer,
                Settled::Later(said) => rest.push((place, *said)),
            }
        }
    }
    Ok(answers)
}

fn lost() -> Answer {
    Err(Fault::new(FaultKind::Internal, "the hub gave no answer to this submission"))
}

/// What one run made of a submission.
pub(super) enum Settled {
    Answer(Answer),
    /// The next run takes it.
    Later(Box<Said>),
}

/// One run. What follows is added to the places and to what each is told; without `following` it is not the first run.
async fn once(
    engine: &Engine,
    connection: &ConnectionId,
    (submissions, places, told): (Vec<Said>, &mut Vec<usize>, &mut Vec<Told>),
    following: Option<&mut Following<'_>>,
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
    let took = take_all(engine, (job, number), &mut run, (submissions, places, told), following).await;
    let (result, taken, stored) = match took {
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
    let told: Vec<Told> = places.iter().map(|place| told[*place]).collect();
    let store = engine.store.clone();
    blocking(move || settled::answers(&store.snapshot_without_keys()?, number, taken, &told)).await
}

/// Takes submissions in, and what follows.
async fn take_all(
    engine: &Engine,
    (job, number): (&Job, ConnectionNumber),
    run: &mut Run,
    (submissions, places, told): (Vec<Said>, &mut Vec<usize>, &mut Vec<Told>),
    following: Option<&mut Following<'_>>,
) -> Result<(ScanResult, Vec<Taken>, bool), EngineError> {
    let mut intake = Intake::begin(engine, job, number, run, following.is_some())?;
    let mut taken;
    (intake, taken) = intake.add(submissions).await?;
    if let Some(following) = following {
        while let Some(more) = following.next().await {
            let mut now = Vec::with_capacity(more.len());
            for Asked { said, told: one } in more {
                places.push(told.len());
                told.push(one);
                now.push(said);
            }
            let all;
            (intake, all) = intake.add(now).await?;
            taken.extend(all);
        }
    }
    let (result, stored) = intake.end(run).await?;
    Ok((result, taken, stored))
}
