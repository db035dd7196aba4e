//! The inbox: notifications of remote systems are stored before they are answered, and looked at when the connection is
//! free. However many name an object, it is looked at once.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::policy::Job;
use crate::run::{RunOptions, RunReport};
use crate::scan::{Looked, look};
use rosterd_model::port::BoxFuture;
use rosterd_model::port::Hint;
use rosterd_model::{Class, ConnectionId, Rule, Timestamp};
use rosterd_store::StoredHint;
use rosterd_store::prelude::*;

/// Events are remembered for seven days, so that a repeated one is looked at once.
const REMEMBERED_MS: u64 = 7 * 24 * 3_600_000;
/// Events that one call forgets at most.
const FORGOTTEN: usize = 1_000;
/// Bytes of detail that a hint keeps.
const DETAIL_BYTES: usize = 4096;

/// What became of hints that came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// Objects to look at, that were not waiting before.
    pub new: u64,
    /// Hints about objects that wait already.
    pub coalesced: u64,
    /// Events that came before.
    pub repeated: u64,
    /// Jobs that read the connection, to be woken.
    pub wake: Vec<String>,
}

/// What waits in the inbox of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Objects to look at.
    pub objects: u64,
    /// When the first hint of them came.
    pub since: Option<Timestamp>,
}

impl Engine {
    /// Stores hints of a connection, durably before it returns. They change nothing; [`Engine::run_hints`] looks.
    ///
    /// # Errors
    /// The store fails: answer so that the remote system sends again.
    pub fn receive(&self, connection: &ConnectionId, hints: &[Hint]) -> Result<Received, EngineError> {
        let now = self.clock.now();
        let jobs = self.policy.jobs.iter().filter(|(_, job)| job.source == *connection);
        let wake: Vec<String> = jobs.map(|(name, _)| name.clone()).collect();
        if hints.is_empty() {
            return Ok(Received::default());
        }
        self.store.commit::<_, EngineError>("receive", |w| {
            let number = w.intern_connection(connection)?;
            let now = w.advance_clock(now)?;
            let mut received = Received { wake: wake.clone(), ..Received::default() };
            w.forget_events(Timestamp(now.0.saturating_sub(REMEMBERED_MS)), FORGOTTEN)?;
            for hint in hints {
                if let Some(event) = event_of(hint).filter(|_| Rule::HintsOnce.on()) {
                    let seen = w.event_seen(number, &event)?;
                    if seen.is_some_and(|at| now.since_ms(at) < REMEMBERED_MS) {
                        received.repeated += 1;
                        continue;
                    }
                    w.put_event(number, &event, now)?;
                }
                let known = w.hint(number, hint.class, hint.id.as_ref())?;
                match &known {
                    Some(_) => received.coalesced += 1,
                    None => received.new += 1,
                }
                w.put_hint(number, &together(known, hint, now))?;
            }
            Ok(received)
        })
    }

    /// What waits in the inbox of a connection.
    ///
    /// # Errors
    /// The store can not be read.
    pub fn waiting_hints(&self, connection: &ConnectionId) -> Result<Waiting, EngineError> {
        let view = self.store.snapshot()?;
        let mut waiting = Waiting::default();
        let Some(number) = view.connection_number(connection)? else { return Ok(waiting) };
        for hint in view.hints(number)? {
            let hint = hint?;
            waiting.objects += 1;
            waiting.since = Some(waiting.since.map_or(hint.first, |since| since.min(hint.first)));
        }
        Ok(waiting)
    }

    /// Reads the objects that hints named and stores what differs, and decides nothing. May be called while a scan of the
    /// same connection runs: what it learns counts as newer than the pages of that scan.
    ///
    /// # Errors
    /// The job is unknown, the source can not be asked, or the store fails.
    pub fn observe_hints<'a>(&'a self, job: &'a str) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async move {
            let policy = self.policy.clone();
            let job = policy.job(job)?;
            if job.pushed {
                return Ok(());
            }
            self.looked(job).await.map(drop)
        })
    }

    /// Looks at what hints named, plans, and unless dry applies and delivers. None: nothing waited. A hint about no single
    /// object runs the job.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_hints<'a>(
        &'a self,
        job: &'a str,
        options: RunOptions,
    ) -> BoxFuture<'a, Result<Option<RunReport>, EngineError>> {
        Box::pin(async move {
            let policy = self.policy.clone();
            let of = policy.job(job)?;
            // Nobody can be asked: what there is, clients of the connection said.
            if of.pushed || self.waiting_hints(&of.source)?.objects == 0 {
                return Ok(None);
            }
            let turn = self.gate.run(&of.source).await;
            if !options.dry && !self.is_restored(of.name.as_str())? {
                self.finish_interrupted(of).await?;
            }
            let connection = self.number(&of.source)?;
            let (mut run, looked) = self.looked(of).await?;
            let report = self.decide(of, connection, &mut run, options, looked.result).await;
            let mut report = match report {
                Ok(report) => report,
                Err(error) => return Err(self.failed(&mut run, error)?),
            };
            report.faults.splice(0..0, looked.faults);
            if looked.wide.is_empty() {
                return Ok(Some(report));
            }
            drop(turn);
            let report = self.run(job, options).await?;
            if !matches!(report.run.state, rosterd_model::run::RunState::Incomplete { .. }) {
                self.store.commit::<_, EngineError>("hint", |w| {
                    looked.wide.iter().try_for_each(|hint| Ok(w.remove_hint(connection, hint).map(drop)?))
                })?;
            }
            Ok(Some(report))
        })
    }

    async fn looked(&self, job: &Job) -> Result<(rosterd_model::run::Run, Looked), EngineError> {
        let connection = self.number(&job.source)?;
        let mut run = self.begin_new(job)?;
        self.events.emit(&RunEvent::Started { run: run.id, connection: job.source.clone(), resumed: false });
        match look(self, job, connection, &mut run).await {
            Ok(looked) => {
                run.state = rosterd_model::run::RunState::Planning;
                Ok((run, looked))
            }
            Err(error) => Err(self.failed(&mut run, error)?),
        }
    }
}

/// What is remembered of an event: one that is about several objects is looked at for each of them.
fn event_of(hint: &Hint) -> Option<String> {
    let event = hint.event_id.as_deref()?;
    let class = hint.class.map_or("", Class::as_str);
    Some(format!("{event} {class} {}", hint.id.as_ref().map_or("", |id| id.as_str())))
}

/// A hint beside those that wait about the same object.
fn together(known: Option<StoredHint>, hint: &Hint, now: Timestamp) -> StoredHint {
    let detail: serde_json::Value = serde_json::from_str(&hint.detail).unwrap_or_default();
    let deleted = detail.get("deleted").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let (class, id) = (hint.class, hint.id.clone());
    let known = known.unwrap_or_else(|| StoredHint {
        class,
        id,
        deleted: false,
        count: 0,
        first: now,
        last: now,
        attempts: 0,
        detail: String::new(),
    });
    StoredHint {
        deleted: known.deleted || deleted,
        count: known.count + 1,
        last: now,
        detail: crate::scan::cut(&hint.detail, DETAIL_BYTES),
        ..known
    }
}
