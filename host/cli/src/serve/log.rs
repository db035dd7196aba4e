//! The log of the service: what its events say, for people and for collectors of logs.

use rosterd_engine::RunEvent;
use rosterd_model::run::RunState;

/// Writes what an event says.
pub(super) fn event(event: &RunEvent) {
    match event {
        RunEvent::Started { run, connection, resumed } => {
            tracing::info!(run = run.0, %connection, resumed, "a run started");
        }
        RunEvent::Planned { digest, steps } => tracing::info!(plan = digest.short(), steps, "a plan was made"),
        RunEvent::Held { hold, .. } => {
            tracing::warn!(bucket = %hold.bucket, count = hold.count, of = hold.of, because = hold.because, "a plan waits for a person");
        }
        RunEvent::LicenceRefused { run, connection, class, because } => {
            tracing::warn!(run = run.0, %connection, %class, because, "a scan may not conclude who is gone");
        }
        RunEvent::BreakerOpened { connection, because, given_up } => {
            tracing::error!(%connection, because, given_up, "a connection is left alone");
        }
        RunEvent::BreakerClosed { connection } => tracing::info!(%connection, "a connection is used again"),
        RunEvent::QuarantineGrew { connection, before, now } => {
            tracing::warn!(%connection, before, now, "more records are set aside");
        }
        RunEvent::Frozen { destination, class, entity, attribute } => {
            tracing::warn!(%destination, %class, %entity, attribute = attribute.as_str(), "a value goes back and forth and is left alone");
        }
        RunEvent::Missed { run, connection, sentence, .. } => tracing::warn!(run = run.0, %connection, "{sentence}"),
        RunEvent::Recovered { job, run, after } => {
            tracing::info!(%job, run = run.0, after, "a job went well again");
        }
        RunEvent::Ended(run) => {
            let seconds = run.ended.map_or(0, |ended| ended.since_ms(run.started)) / 1000;
            let (state, delivered) = (run.state.as_str(), run.delivery.applied + run.delivery.unchanged);
            let (id, job, records) = (run.id.0, &run.job, run.scan.records);
            match &run.state {
                RunState::Failed { because } => {
                    tracing::error!(run = id, %job, state, because, seconds, "a run ended");
                }
                RunState::Incomplete { because } => {
                    tracing::warn!(run = id, %job, state, because, seconds, "a run ended");
                }
                _ => tracing::info!(run = id, %job, state, records, delivered, seconds, "a run ended"),
            }
        }
        RunEvent::Note(text) => tracing::info!("{text}"),
        // How far something is, is for people who wait for it.
        _ => {}
    }
}
