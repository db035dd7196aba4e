//! Looking at what hints named. A hint changes nothing by itself: the object is read, and what the source says of it then
//! is observed like a record of a scan.

use super::observer::Observer;
use super::pending::Pending;
use super::{Described, Mode, ScanResult, blocking, finish};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::record::{DepartureCause, Record};
use rosterd_model::run::Run;
use rosterd_model::{Class, ExternalId, Fault, FaultKind, Rule};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, StoredHint};

/// Hints that one run looks at; the others wait for the next.
const MOST: usize = 50_000;
/// Attempts at reading an object after which it is set aside.
const MOST_ATTEMPTS: u32 = 8;

/// What looking came to.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) result: ScanResult,
    /// Hints about no single object: the job must run.
    pub(crate) wide: Vec<StoredHint>,
    /// Objects that could not be read, as sentences.
    pub(crate) faults: Vec<String>,
}

/// A hint, and what the source answered.
type Answer = (StoredHint, Result<Option<Record>, Fault>);

/// Reads the objects that hints named, and stores what differs together with the hints that are answered.
pub(crate) async fn look(
    engine: &Engine,
    job: &Job,
    connection: ConnectionNumber,
    run: &mut Run,
) -> Result<Looked, EngineError> {
    let mut source = engine.connections.source(&job.source).await.map_err(EngineError::of(&job.source))?;
    run.connector = source.digest();
    let described = Described::ask(source.as_mut()).await;
    let waiting: Vec<StoredHint> = engine.store.snapshot()?.hints(connection)?.take(MOST).collect::<Result<_, _>>()?;
    let (single, wide): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|hint| object(hint).is_some());
    let mut observer = Observer::new(engine, job, connection, run.id, (Mode::Hints, described))?;
    let started_seq = observer.scan.started_seq;
    let mut faults = Vec::new();
    let page = engine.settings.page_size.max(1) as usize;
    let mut rest = single.into_iter().peekable();
    while rest.peek().is_some() {
        let hints: Vec<StoredHint> = rest.by_ref().take(page).collect();
        let objects: Vec<(Class, ExternalId)> = hints.iter().filter_map(object).collect();
        let answers =
            if Rule::HintsAreRead.on() { source.read(objects).await } else { hints.iter().map(believed).collect() };
        if answers.len() != hints.len() {
            let text = format!("{} answers for {} objects; each object needs one", answers.len(), hints.len());
            return Err(EngineError::of(&job.source)(Fault::new(FaultKind::Internal, text)));
        }
        let answers: Vec<Answer> = hints.into_iter().zip(answers).collect();
        let (taken, (told, unreached)) = blocking(move || {
            let mut observer = observer;
            let told = observer.answers(answers)?;
            Ok((observer, told))
        })
        .await?;
        observer = taken;
        faults.extend(told);
        // The next objects would fare no better: they are looked at when the system can be reached.
        if unreached {
            break;
        }
    }
    let facts = finish::Facts {
        version: None,
        resumed: false,
        connector: run.connector.clone(),
        mapping: String::new(),
        allow_empty: false,
        broken: None,
    };
    let (observer, verdicts, refusals) = blocking(move || {
        observer.flush()?;
        observer.land()?;
        observer.finish(&facts)
    })
    .await?;
    run.scan = observer.counts;
    run.notes.extend(observer.notes);
    let connector = run.connector.clone();
    let seen = observer.seen;
    let result = ScanResult {
        seen,
        verdicts,
        refusals,
        broken: None,
        version: None,
        connector,
        started_seq,
        samples: Vec::new(),
        spared: super::Spared::new(),
    };
    Ok(Looked { result, wide, faults })
}

fn object(hint: &StoredHint) -> Option<(Class, ExternalId)> {
    Some((hint.class?, hint.id.clone()?))
}

/// True for faults that are about the system or its connection, whichever object is asked for.
pub(super) const fn is_of_the_system(kind: FaultKind) -> bool {
    use FaultKind::{Cancelled, Denied, RateLimited, Settings, Timeout, Transient, Unauthorized};
    matches!(kind, Settings | Unauthorized | Denied | RateLimited | Timeout | Transient | Cancelled)
}

/// True for a fault that hides this object: it is not there, or out of our sight. One that says of no object that it is
/// forbidden is about a permission, and says nothing of any.
pub(super) fn hides(fault: &Fault, id: &ExternalId) -> bool {
    match fault.kind {
        FaultKind::NotFound => true,
        FaultKind::Forbidden => fault.subject.as_deref() == Some(id.as_str()),
        _ => false,
    }
}

/// What a hub would do that takes a notification for the truth.
fn believed(hint: &StoredHint) -> Result<Option<Record>, Fault> {
    let (Some(class), Some(id), false) = (hint.class, hint.id.clone(), hint.deleted) else { return Ok(None) };
    let attributes = hint.detail.clone();
    Ok(Some(Record { class, id, previous_id: None, version: None, attributes, partial: true }))
}

impl Observer {
    /// Takes answers in; returns what could not be read, and whether that is because the system can not be reached.
    fn answers(&mut self, answers: Vec<Answer>) -> Result<(Vec<String>, bool), EngineError> {
        let mut view = self.store.snapshot()?;
        let (mut told, mut unreached) = (Vec::new(), false);
        self.counts.pages += 1;
        for (hint, answer) in answers {
            let Some((class, id)) = object(&hint) else { continue };
            match answer {
                Ok(Some(record)) => self.record(&mut view, record)?,
                Ok(None) if hint.deleted || !Rule::NotFoundAfterHint.on() => {
                    self.gone(&view, class, id, DepartureCause::Deleted)?;
                }
                Ok(None) => self.unfound(&view, class, &id)?,
                Err(fault) if hides(&fault, &id) => self.unfound(&view, class, &id)?,
                // However long an outage lasts, it says nothing about the object.
                Err(fault) if is_of_the_system(fault.kind) || fault.kind == FaultKind::Forbidden => {
                    told.push(format!("{class} {id}: {fault}"));
                    unreached = true;
                    continue;
                }
                Err(fault) => {
                    told.push(format!("{class} {id}: {fault}"));
                    if hint.attempts + 1 < MOST_ATTEMPTS {
                        self.postpone(&hint)?;
                        continue;
                    }
                    let message = format!("it could not be read after {MOST_ATTEMPTS} attempts: {fault}");
                    let (class, raw) = (Some(class), hint.detail.clone());
                    self.raise(&view, class, Some(id), QuarantineReason::Rejected, String::new(), message, &raw)?;
                }
            }
            self.answered.push(hint);
        }
        drop(view);
        self.flush_if_full()?;
        Ok((told, unreached))
    }

    /// Nobody called it deleted: it may be out of our sight.
    fn unfound(&mut self, view: &rosterd_store::Snapshot, class: Class, id: &ExternalId) -> Result<(), EngineError> {
        if let Some(head) = view.shadow_head(self.scan.connection, class, id)?.filter(|head| head.live) {
            self.pending.push(Pending::NotFound { class, ordinal: head.ordinal });
        }
        Ok(())
    }

    /// The hint stays, and is counted as tried.
    fn postpone(&self, hint: &StoredHint) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        self.store.commit::<_, EngineError>("hint", |w| {
            if let Some(now) = w.hint(connection, hint.class, hint.id.as_ref())? {
                w.put_hint(connection, &StoredHint { attempts: hint.attempts + 1, ..now })?;
            }
            Ok(())
        })
    }
}
