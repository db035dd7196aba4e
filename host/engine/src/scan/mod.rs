//! Pulling: pages come from the connector on one thread while the pages before are observed on another.
//!
//! Observing is not deciding. What a source said is stored page by page together with the resume point; nothing here
//! changes an entity.

mod cases;
mod finish;
mod observer;
mod seen;
mod write;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
pub(crate) use cases::same as same_case;
#[cfg(feature = "testing")]
pub(crate) use cases::{parse_rejections, write_rejections};
use observer::Observer;
use rosterd_model::port::{Reader, ScanStart, Source};
use rosterd_model::record::Page;
use rosterd_model::run::Run;
use rosterd_model::{Class, Fault, FaultKind, RunId};
use rosterd_reconcile::licence::Verdict;
use rosterd_store::ConnectionNumber;
pub(crate) use seen::Seen;
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
}

/// Reads everything that a source shows, and stores what differs.
pub(crate) async fn scan(
    engine: &Engine,
    job: &Job,
    connection: ConnectionNumber,
    run: &mut Run,
    allow_empty: bool,
) -> Result<ScanResult, EngineError> {
    let mut source = engine.connections.source(&job.source).await.map_err(EngineError::of(&job.source))?;
    run.connector = source.digest();
    let observer = Observer::new(engine, job, connection, run.id)?;
    let start = observer.resume().map_or(ScanStart::Full, |token| ScanStart::Resume(token.to_owned()));
    let resumed = start != ScanStart::Full;
    let reader = source.open(&Class::ALL, start).await.map_err(EngineError::of(&job.source))?;
    let (observed, broken) = pull(engine, reader, observer).await?;
    let version = match &broken {
        None => source.version().await.map_err(EngineError::of(&job.source))?,
        Some(_) => None,
    };
    let resume_stable = resume_stable(source.as_mut()).await;
    let facts = finish::Facts { version: version.clone(), resumed, resume_stable, allow_empty, broken: broken.clone() };
    let (observer, verdicts, refusals) = blocking(move || observed.finish(&facts)).await?;
    run.scan = observer.counts;
    run.scan.shown = Class::ALL.into_iter().map(|class| (class, observer.seen.count(class))).collect();
    run.scan.shown.retain(|(_, count)| *count > 0);
    run.licences = observer.licences;
    run.notes.extend(observer.notes);
    Ok(ScanResult { seen: observer.seen, verdicts, refusals, broken, version, connector: run.connector.clone() })
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

/// What the connector says about itself: may a scan that goes on from a resume point be called complete?
async fn resume_stable(source: &mut dyn Source) -> bool {
    let Ok(text) = source.describe().await else { return false };
    let Ok(described) = serde_json::from_str::<serde_json::Value>(&text) else { return false };
    described.get("resume-stable").and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// Runs store work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
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
