//! `rosterd outbox`: what waits to be sent, and what a person does about it.

use crate::args::{OutboxCommand, OutboxListArgs};
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, plain};
use rosterd_engine::entry_name;
use rosterd_model::circuit::{CircuitState, Pause};
use rosterd_model::outbox::{DeliveryState, OutboxEntry};
use rosterd_model::{ConnectionId, Fault};
use rosterd_store::prelude::*;
use serde::Serialize;

/// Runs `rosterd outbox`.
pub(crate) fn run(context: &Context, command: OutboxCommand) -> Result<Output, CommandError> {
    match command {
        OutboxCommand::List(args) => list(context, &args),
        OutboxCommand::Retry { entry } => {
            let entry = Row::new(engine(context, None)?.outbox_retry(&entry)?);
            Ok(Output::new("outbox retry", Changed { verb: "is sent again with the next delivery", entry }))
        }
        OutboxCommand::RetryAll { connection } => {
            let count = engine(context, None)?.outbox_retry_all(connection.as_deref())?;
            Ok(Output::new("outbox retry-all", Retried { count }))
        }
        OutboxCommand::Replay(args) => super::outbox_replay::run(context, args),
        OutboxCommand::Drop { entry } => {
            let entry = Row::new(engine(context, None)?.outbox_drop(&entry)?);
            Ok(Output::new("outbox drop", Changed { verb: "was given up", entry }))
        }
    }
}

/// An entry as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    name: String,
    class: rosterd_model::Class,
    operation: rosterd_model::plan::Operation,
    state: DeliveryState,
    attempts: u32,
    plan: u64,
    last_fault: Option<Fault>,
}

impl Row {
    fn new(entry: OutboxEntry) -> Self {
        let name = entry_name(&entry);
        let OutboxEntry { class, operation, state, attempts, plan, last_fault, .. } = entry;
        Self { name, class, operation, state, attempts, plan, last_fault }
    }

    fn state(&self) -> &'static str {
        match self.state {
            DeliveryState::Waiting => "waits",
            DeliveryState::Retry { .. } => "retry",
            DeliveryState::Blocked { .. } => "blocked",
            DeliveryState::Parked { .. } => "parked",
        }
    }
}

/// A connection that is not written to as usual.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Stopped {
    connection: ConnectionId,
    pause: Option<Pause>,
    breaker: CircuitState,
    because: Option<Fault>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Listed {
    entries: Vec<Row>,
    more: bool,
    stopped: Vec<Stopped>,
}

impl Human for Listed {
    fn human(&self, page: &mut Page) {
        for stopped in &self.stopped {
            let why = match (&stopped.pause, &stopped.breaker) {
                (Some(pause), _) => format!("is paused by {}: {}", pause.by, pause.reason),
                (None, CircuitState::Disabled { .. }) => "is disabled: it did not answer for four weeks".to_owned(),
                (None, _) => "is left alone, and probed from time to time".to_owned(),
            };
            let because = stopped.because.as_ref().map_or_else(String::new, |fault| format!("; {fault}"));
            page.line(plain(&format!("{} {why}{because} (rosterd resume {0})", stopped.connection)));
        }
        if self.entries.is_empty() {
            page.line("nothing waits to be sent");
            return;
        }
        let rows = self.entries.iter().map(|row| {
            let fault = row.last_fault.as_ref().map_or_else(String::new, |fault| plain(&fault.to_string()));
            let (class, operation) = (row.class.to_string(), row.operation.to_string());
            vec![row.name.clone(), class, operation, row.state().to_owned(), row.attempts.to_string(), fault]
        });
        page.table(&["entry", "class", "operation", "state", "tries", "last answer"], rows.collect());
        if self.more {
            page.line("more: rosterd outbox list --limit N");
        }
    }
}

fn list(context: &Context, args: &OutboxListArgs) -> Result<Output, CommandError> {
    let view = context.reading_store()?.snapshot()?;
    let (mut entries, mut more, mut stopped) = (Vec::new(), false, Vec::new());
    for (connection, number) in view.connections()? {
        if args.connection.as_ref().is_some_and(|wanted| wanted != connection.as_str()) {
            continue;
        }
        let (pause, circuit) = (view.pause(Some(number))?, view.circuit(number)?);
        if pause.is_some() || circuit.state != CircuitState::Closed {
            stopped.push(Stopped { connection, pause, breaker: circuit.state, because: circuit.because });
        }
        for entry in view.outbox(number)? {
            let entry = entry?;
            if args.parked && !matches!(entry.state, DeliveryState::Parked { .. }) {
                continue;
            }
            if entries.len() >= args.limit {
                more = true;
                break;
            }
            entries.push(Row::new(entry));
        }
    }
    Ok(Output::new("outbox list", Listed { entries, more, stopped }))
}

#[derive(Serialize)]
struct Changed {
    #[serde(skip)]
    verb: &'static str,
    entry: Row,
}

impl Human for Changed {
    fn human(&self, page: &mut Page) {
        page.line(format!("{} {}", self.entry.name, self.verb));
    }
}

#[derive(Serialize)]
struct Retried {
    count: u64,
}

impl Human for Retried {
    fn human(&self, page: &mut Page) {
        page.line(format!("{} entries are sent again with the next delivery", self.count));
    }
}
