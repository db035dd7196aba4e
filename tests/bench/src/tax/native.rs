//! The same connector called natively: the crate's own reader over the test kit's file, its pages moved into the model's
//! types as the host moves those of a component.
//!
//! Reading calls it directly, which is as fast as it gets. Observing needs a reader that may move between threads, and the
//! test kit's world belongs to one; so the reader has a thread of its own there, as an instance of a component has.

use crate::{Place, decode, page_size};
use rosterd_model::port::{BoxFuture, Connections, Connector, Destination, Probe, Reader, ScanStart, Source};
use rosterd_model::record::{Change, Page, Record, Rejection, ScanEnd};
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, FaultKind};
use rosterd_plugin_csv::{Csv, pull::Pull};
use rosterd_sdk::testkit::{self, Entered, World};
use rosterd_sdk::{self as sdk, Connector as _, Reader as _, Source as _};
use std::path::PathBuf;
use std::sync::mpsc;
use tokio::sync::oneshot;

/// Reads the whole file, and decodes every record.
pub(crate) fn read(place: &Place) -> Result<u64, String> {
    let native = Native::new(place);
    let mut pages = native.pages().map_err(|fault| fault.message)?;
    let mut records = 0;
    loop {
        let page = pages.next(page_size()).map_err(|fault| fault.message)?;
        let ended = page.end.is_some();
        records += decode(page)?;
        if ended {
            return Ok(records);
        }
    }
}

/// What the connector is opened with.
#[derive(Debug, Clone)]
pub(crate) struct Native {
    settings: serde_json::Value,
    base: PathBuf,
}

/// A scan under way, on the thread that began it.
struct Pages {
    reader: Pull,
    /// The world that the reader reads from.
    _world: Entered,
}

impl Native {
    pub(crate) fn new(place: &Place) -> Self {
        Self { settings: place.settings(), base: place.base.clone() }
    }

    fn pages(&self) -> Result<Pages, Fault> {
        let world = World::new().settings(self.settings.clone()).folder(&self.base).enter();
        let mut csv: Csv = testkit::open().map_err(fault)?;
        let classes = [sdk::Class::Account, sdk::Class::OrgUnit, sdk::Class::Group];
        Ok(Pages { reader: csv.scan(&classes, None).map_err(fault)?, _world: world })
    }
}

impl Pages {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        let page = self.reader.next(max).map_err(fault)?;
        let end = match page.progress {
            sdk::Progress::More => None,
            sdk::Progress::End(end) => Some(ScanEnd {
                complete: end.complete.into_iter().map(class).collect(),
                declared_totals: end.declared_totals.into_iter().map(|(of, total)| (class(of), total)).collect(),
                cursor: end.cursor,
                note: end.note,
            }),
        };
        let changes = page.changes.into_iter().map(change).collect::<Result<_, _>>()?;
        Ok(Page { changes, resume: page.resume, end })
    }
}

fn change(change: sdk::Change) -> Result<Change, Fault> {
    match change {
        sdk::Change::Upsert(object) => Ok(Change::Upsert(Record {
            class: class(object.class),
            id: object.id.into(),
            previous_id: object.previous_id.map(ExternalId::from),
            version: object.version,
            attributes: object.attributes,
            partial: object.partial,
        })),
        sdk::Change::Rejected(rejection) => Ok(Change::Rejected(Rejection {
            class: rejection.class.map(class),
            id: rejection.id.map(ExternalId::from),
            position: rejection.position,
            message: rejection.message,
            raw: rejection.raw,
        })),
        _ => Err(Fault::new(FaultKind::Internal, "the csv connector tells whole rows only")),
    }
}

fn class(class: sdk::Class) -> Class {
    match class {
        sdk::Class::Account => Class::Account,
        sdk::Class::OrgUnit => Class::OrgUnit,
        sdk::Class::Group => Class::Group,
    }
}

fn fault(fault: sdk::Fault) -> Fault {
    Fault::new(FaultKind::Incomplete, fault.message)
}

impl Connections for Native {
    fn source<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async { Ok(Box::new(self.clone()) as Box<dyn Source>) })
    }

    fn destination<'a>(&'a self, _: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        Box::pin(async { Err(Fault::new(FaultKind::Unsupported, "nothing is delivered here")) })
    }
}

impl Connector for Native {
    fn identity(&self) -> String {
        "csv, native".to_owned()
    }

    fn digest(&self) -> String {
        "native".to_owned()
    }

    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok(Csv::describe().to_json()) })
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok("{}".to_owned()) })
    }
}

impl Source for Native {
    fn open(&mut self, _: &[Class], _: ScanStart) -> BoxFuture<'_, Result<Box<dyn Reader>, Fault>> {
        let native = self.clone();
        let (asks, asked) = mpsc::channel::<Ask>();
        std::thread::spawn(move || {
            let mut pages = native.pages();
            for (max, answer) in asked {
                let page = pages.as_mut().map_err(|fault| fault.clone()).and_then(|pages| pages.next(max));
                // Nobody waits any more: the scan was given up, and the queue ends with it.
                let _ = answer.send(page);
            }
        });
        Box::pin(async { Ok(Box::new(Asking(asks)) as Box<dyn Reader>) })
    }

    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>> {
        Box::pin(async { Ok(None) })
    }

    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { objects.iter().map(|_| Ok(None)).collect() })
    }
}

/// A page of so many records is wanted, and where it goes.
type Ask = (u32, oneshot::Sender<Result<Page, Fault>>);

/// The way to the thread that reads.
struct Asking(mpsc::Sender<Ask>);

impl Reader for Asking {
    fn next(&mut self, max: u32) -> BoxFuture<'_, Result<Page, Fault>> {
        Box::pin(async move {
            let lost = |_| Fault::new(FaultKind::Internal, "the thread that reads has ended");
            let (answer, page) = oneshot::channel();
            self.0.send((max, answer)).map_err(|_| lost(()))?;
            page.await.map_err(|_| lost(()))?
        })
    }
}
