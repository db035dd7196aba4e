//! Pulling: pages come from the connector on one thread while the pages before are observed on another.
//!
//! Observing is not deciding. What a source said is stored page by page together with the resume point; nothing here
//! changes an entity.

mod cases;
mod described;
mod finish;
mod hints;
mod looked_for;
mod observer;
mod pending;
mod pushed;
mod seen;
mod write;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
pub(crate) use cases::{cut, same as same_case};
#[cfg(feature = "testing")]
pub(crate) use cases::{parse_rejections, write_rejections};
pub(crate) use described::Described;
pub(crate) use hints::{Looked, look};
pub(crate) use looked_for::Spared;
use observer::Observer;
pub(crate) use pushed::{Intake, OF_ONE, Said, Taken, version_of};
use rosterd_model::Rule;
use rosterd_model::port::{Reader, ScanStart, Source};
use rosterd_model::record::Page;
use rosterd_model::run::Run;
use rosterd_model::{Class, Fault, FaultKind, RunId};
use rosterd_reconcile::cadence::{LastFull, Reading, Situation, Why, choose};
use rosterd_reconcile::licence::Verdict;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
pub(crate) use seen::Seen;
use std::cell::Cell;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Pages that may wait between the connector and the store, and how many kilobytes of them. A batch is stored in one go, in
/// which no page is taken; the connector should not have to wait for it with its next batch.
const PAGES_AHEAD: usize = 128;
const KILOBYTES_AHEAD: usize = 16 << 10;

/// What a scan brought.
#[derive(Debug)]
pub(crate) struct ScanResult {
    /// What was seen.
    pub(crate) seen: Seen,
    /// The host's verdict for each class that the source called complete.
    pub(crate) verdicts: Vec<(Class, Verdict)>,
    /// A sentence for each verdict that gave no licence.
    pub(crate) refusals: Vec<(Class, String)>,
    /// Why the scan did not reach its end.
    pub(crate) broken: Option<Fault>,
    /// Version of the source that was read.
    pub(crate) version: Option<String>,
    /// Digest of the connector.
    pub(crate) connector: String,
    /// Sequence when it began: what has a greater one changed while it ran.
    pub(crate) started_seq: u64,
    /// The first objects that were not as they were known, where somebody asked to compare.
    pub(crate) samples: Vec<String>,
    /// Missing, and nobody can say whether they are gone.
    pub(crate) spared: Spared,
}

impl ScanResult {
    /// What is known without reading anything.
    pub(crate) fn nothing(connector: String) -> Self {
        Self {
            seen: Seen::default(),
            verdicts: Vec::new(),
            refusals: Vec::new(),
            broken: None,
            version: None,
            connector,
            started_seq: 0,
            samples: Vec::new(),
            spared: Spared::new(),
        }
    }
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything: what is not shown is missing.
    Full,
    /// What changed since the cursor.
    Delta,
    /// Single objects that hints named.
    Hints,
}

/// How a scan was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    /// An empty source may remove everybody.
    pub(crate) allow_empty: bool,
    /// Everything is read, whatever the cursor.
    pub(crate) full: bool,
    /// What differs is named.
    pub(crate) compare: bool,
}

/// Reads what a source shows, everything or what changed since the last run, and stores what differs.
pub(crate) async fn scan(
    engine: &Engine,
    job: &Job,
    connection: ConnectionNumber,
    run: &mut Run,
    asked: Asked,
) -> Result<ScanResult, EngineError> {
    let mut source = engine.connections.source(&job.source).await.map_err(EngineError::of(&job.source))?;
    run.connector = source.digest();
    let described = Described::ask(source.as_mut()).await;
    let mut scan = Scan { engine, job, connection, source: source.as_mut(), described, asked };
    let mut reading = scan.reading(run, asked.full)?;
    if reading == Reading::Delta {
        if let Some(result) = scan.delta(run).await? {
            return Ok(result);
        }
        reading = Reading::Full(Why::CursorInvalid);
    }
    if let Reading::Full(why) = reading
        && let Some(note) = why.note()
    {
        engine.events.emit(&crate::event::RunEvent::Note(note.to_owned()));
        run.notes.push(note.to_owned());
    }
    scan.full(run).await
}

/// What a scan needs, whatever it reads.
struct Scan<'a> {
    engine: &'a Engine,
    job: &'a Job,
    connection: ConnectionNumber,
    source: &'a mut dyn Source,
    described: Described,
    asked: Asked,
}

impl Scan<'_> {
    /// Decides between a delta and a full scan.
    fn reading(&self, run: &Run, asked: bool) -> Result<Reading, EngineError> {
        let (engine, connection) = (self.engine, self.connection);
        let view = engine.store.snapshot()?;
        let last = view.full_scan(connection)?;
        let mapping = self.job.fingerprint(&engine.policy.authority);
        let situation = Situation {
            asked,
            restored: view.restored_for(self.job.name.as_str())?,
            interrupted: view.scan_progress(connection)?.is_some_and(|progress| progress.resume.is_some()),
            deltas: !self.described.with_deltas().is_empty(),
            cursor: view.cursor(connection)?.is_some(),
            last: last.as_ref().map(|last| LastFull {
                at: last.at,
                connector: &last.connector,
                mapping: &last.mapping,
                parked: last.parked,
            }),
            now: view.policy_now(engine.clock.now())?,
            connector: &run.connector,
            mapping: &mapping,
            parked: view.case_count(connection)?,
            every_ms: self.job.full_every_ms,
        };
        Ok(choose(&situation))
    }

    /// Reads what changed since the stored cursor. None: the source no longer knows the cursor.
    async fn delta(&mut self, run: &mut Run) -> Result<Option<ScanResult>, EngineError> {
        let cursor = self.engine.store.snapshot()?.cursor(self.connection)?.unwrap_or_default();
        let observer = self.observer(run, Mode::Delta)?;
        let classes = self.described.with_deltas();
        let (observed, broken) = match self.source.open(&classes, ScanStart::Since(cursor)).await {
            Ok(reader) => pull(self.engine, reader, observer).await?,
            Err(fault) if fault.kind == FaultKind::CursorInvalid => (observer, Some(fault)),
            Err(fault) => return Err(EngineError::of(&self.job.source)(fault)),
        };
        let invalid = broken.as_ref().is_some_and(|fault| fault.kind == FaultKind::CursorInvalid);
        if invalid && Rule::InvalidCursorRescans.on() {
            return Ok(None);
        }
        let broken = broken.filter(|_| !invalid);
        Ok(Some(self.finish(run, observed, broken, false).await?))
    }

    /// Reads everything, or the rest of what an interrupted scan did not read.
    async fn full(&mut self, run: &mut Run) -> Result<ScanResult, EngineError> {
        let observer = self.observer(run, Mode::Full)?;
        let start = observer.resume().map_or(ScanStart::Full, |token| ScanStart::Resume(token.to_owned()));
        let resumed = start != ScanStart::Full;
        let reader = self.source.open(&Class::ALL, start).await.map_err(EngineError::of(&self.job.source))?;
        let (observed, broken) = pull(self.engine, reader, observer).await?;
        self.finish(run, observed, broken, resumed).await
    }

    fn observer(&self, run: &Run, mode: Mode) -> Result<Observer, EngineError> {
        let mut observer =
            Observer::new(self.engine, self.job, self.connection, run.id, (mode, self.described.clone()))?;
        observer.compares = self.asked.compare;
        Ok(observer)
    }

    async fn finish(
        &mut self,
        run: &mut Run,
        observed: Observer,
        broken: Option<Fault>,
        resumed: bool,
    ) -> Result<ScanResult, EngineError> {
        let version = match &broken {
            None => self.source.version().await.map_err(EngineError::of(&self.job.source))?,
            Some(_) => None,
        };
        let facts = finish::Facts {
            version: version.clone(),
            resumed,
            connector: run.connector.clone(),
            mapping: self.job.fingerprint(&self.engine.policy.authority),
            allow_empty: self.asked.allow_empty,
            broken: broken.clone(),
        };
        let started_seq = observed.scan.started_seq;
        let known = facts.clone();
        let (observed, verdicts, refusals) = blocking(move || observed.judge(&known)).await?;
        let (observed, spared) = self.look_for_missing(observed, &verdicts, &facts).await?;
        let (observer, verdicts) = blocking(move || Ok((observed.end(&facts, &verdicts)?, verdicts))).await?;
        run.scan = observer.counts;
        run.scan.shown = Class::ALL.into_iter().map(|class| (class, observer.seen.count(class))).collect();
        run.scan.shown.retain(|(_, count)| *count > 0);
        run.licences = observer.licences;
        run.notes.extend(observer.notes);
        let (seen, samples, connector) = (observer.seen, observer.samples, run.connector.clone());
        Ok(ScanResult { seen, verdicts, refusals, broken, version, connector, started_seq, samples, spared })
    }
}

/// Reads pages and observes them side by side. A fault of the reader is returned beside what was observed before it.
async fn pull(
    engine: &Engine,
    mut reader: Box<dyn Reader>,
    observer: Observer,
) -> Result<(Observer, Option<Fault>), EngineError> {
    let (pages, incoming) = mpsc::channel::<Ahead>(PAGES_AHEAD);
    let room = Arc::new(Semaphore::new(KILOBYTES_AHEAD));
    let observing = tokio::task::spawn_blocking(move || observe_all(observer, incoming));
    let page_size = engine.settings.page_size;
    let mut broken = None;
    loop {
        if engine.gate.is_stopping() {
            broken =
                Some(Fault::new(FaultKind::Cancelled, "rosterd was asked to stop; the next run goes on from here"));
            break;
        }
        match reader.next(page_size).await {
            Ok(page) => {
                let last = page.end.is_some();
                // A page that is larger than all the room waits until it is alone.
                let wanted = (page.bytes() >> 10).clamp(1, KILOBYTES_AHEAD);
                let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
                let place = Arc::clone(&room).acquire_many_owned(wanted).await.ok();
                if pages.send((page, place)).await.is_err() || last {
                    break;
                }
            }
            Err(fault) => {
                broken = Some(fault);
                break;
            }
        }
    }
    drop(pages);
    let observer = observing.await.map_err(|error| EngineError::Internal(error.to_string()))??;
    if broken.is_none() && observer.end.is_none() {
        broken = Some(Fault::new(FaultKind::Incomplete, "the source stopped without saying that the scan has ended"));
    }
    Ok((observer, broken))
}

/// A page, and the room that it takes while it waits.
type Ahead = (Page, Option<OwnedSemaphorePermit>);

fn observe_all(mut observer: Observer, mut incoming: mpsc::Receiver<Ahead>) -> Result<Observer, EngineError> {
    while let Some((page, place)) = incoming.blocking_recv() {
        observer.page(page)?;
        drop(place);
    }
    observer.flush()?;
    observer.land()?;
    Ok(observer)
}

thread_local! {
    /// True while this thread does nothing but one run, and may wait.
    static OFF: Cell<bool> = const { Cell::new(false) };
}

/// While it is held, [`blocking`] goes on in this thread.
pub(crate) struct Off(());

impl Off {
    /// Called on a thread that is lent for work that waits.
    pub(crate) fn begin() -> Self {
        OFF.set(true);
        Self(())
    }
}

impl Drop for Off {
    fn drop(&mut self) {
        OFF.set(false);
    }
}

/// Runs store work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    if OFF.get() {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| EngineError::Internal(error.to_string()))?
}

/// What identifies the scan in the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScanId {
    pub(crate) connection: ConnectionNumber,
    pub(crate) run: RunId,
    /// Sequence when the scan began.
    pub(crate) started_seq: u64,
}
