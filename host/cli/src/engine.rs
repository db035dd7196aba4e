//! Composition: the engine over this configuration's store and connections.

use crate::clock::SystemClock;
use crate::config::Schedule;
use crate::context::Context;
use crate::error::{CommandError, ErrorKind};
use crate::output::{Progress, Talk};
use crate::serve::hub::settings;
use rosterd_engine::{Engine, EngineError, Events, Policy, RunEvent};
use rosterd_model::Fault;
use rosterd_store::StoreError;
use std::sync::Arc;

/// The engine of this configuration. Opens the store, and compiles the policy.
///
/// # Errors
/// The configuration can not be compiled, or the store not be opened.
pub(crate) fn engine(context: &Context, progress: Option<&'static str>) -> Result<Engine, CommandError> {
    let config = context.checked_config().map_err(|error| context.or_service(error))?;
    with_policy(context, policy(config)?, progress)
}

/// The compiled policy of a configuration, with what its schedules say.
///
/// # Errors
/// It can not be compiled.
pub(crate) fn policy(config: &crate::config::Config) -> Result<Policy, CommandError> {
    let mut policy = Policy::compile(&config.policy, config.digest.clone())?;
    for (name, job) in &config.file.job {
        let every = job.schedule.as_ref().and_then(Schedule::full_every_ms);
        if let (Some(every), Some(job)) = (every, policy.jobs.get_mut(name)) {
            job.full_every_ms = every;
        }
    }
    Ok(policy)
}

/// The engine with another policy than the configured one, for commands that need no job.
pub(crate) fn with_policy(
    context: &Context,
    policy: Policy,
    progress: Option<&'static str>,
) -> Result<Engine, CommandError> {
    let config = context.config()?;
    let events = match progress {
        Some(what) => listener(context.talk().clone(), context.talk().progress(what)),
        None => Events::silent(),
    };
    Ok(Engine {
        store: context.store()?.clone(),
        connections: context.connections(Some(context.store()?.clone()))?,
        policy: Arc::new(policy),
        settings: settings(config),
        clock: Arc::new(SystemClock),
        events: context.events(events),
        gate: context.gate().clone(),
        principal: context.principal().to_owned(),
        delivering: context.delivering().clone(),
    })
}

fn listener(talk: Talk, progress: Progress) -> Events {
    Events::new(move |event| match event {
        RunEvent::Started { resumed: true, connection, .. } => {
            talk.note(format!("going on with the interrupted scan of {connection}"));
        }
        RunEvent::Observed { records } => progress.set(format!("{records} records read")),
        RunEvent::Decided { shadows } => progress.set(format!("{shadows} records decided")),
        RunEvent::Applied { done, of } => progress.set(format!("{done} of {of} steps applied")),
        RunEvent::Delivered { destination, done } => progress.set(format!("{done} operations sent to {destination}")),
        RunEvent::Note(text) | RunEvent::Missed { sentence: text, .. } => talk.note(text),
        _ => {}
    })
}

impl From<EngineError> for CommandError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Configuration(text) => Self::config(text),
            EngineError::NotFound(text) => Self::usage(text),
            EngineError::Refused(text) => Self::new(ErrorKind::Held, text),
            EngineError::Store(error) => error.into(),
            EngineError::Connection { connection, fault } => {
                let Fault { kind, .. } = fault;
                let mut error = Self::from(fault);
                error.message = format!("connection {connection}: {}", error.message);
                match kind {
                    rosterd_model::FaultKind::Incomplete => error.kind = ErrorKind::Incomplete,
                    // The remedy of the fault is about one object; here the source as a whole is not there.
                    rosterd_model::FaultKind::NotFound => {
                        error.hints = vec![format!(
                            "nothing was changed; put it there, or correct [connection.{connection}.settings] in rosterd.toml"
                        )];
                    }
                    _ => {}
                }
                error
            }
            EngineError::Stopped => Self::new(ErrorKind::Incomplete, error.to_string()),
            EngineError::Internal(text) => Self::internal(text),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::new(ErrorKind::Store, error.to_string())
    }
}
