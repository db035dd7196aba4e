//! The reading role.

use super::base::{Base, also_a_connector};
use super::bindings::rosterd::connector::types as wit;
use super::convert::{bad_id, page, record, references};
use super::exported::source::{GuestIndices, Page as WitPage};
use crate::import::log::clean;
use crate::instance::{Actor, Blueprint, Restart};
use crate::limit::LimitPassed;
use crate::tape::words::{Answer, Call};
use crate::version_log::VersionLog;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::{Class, ExternalId};
use rosterd_model::port::{self, BoxFuture, ScanStart};
use rosterd_model::record::{Page, Record};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use wasmtime::component::ResourceAny;

/// A connection in its reading role.
pub(crate) struct Source {
    base: Base,
    blueprint: Blueprint,
    /// What the instance of the last scan read.
    versions: Arc<Mutex<VersionLog>>,
}

impl Source {
    pub(crate) fn new(base: Base, blueprint: Blueprint) -> Self {
        Self { base, blueprint, versions: Arc::default() }
    }

    fn indices(base: &Base) -> Result<Arc<GuestIndices>, Fault> {
        base.exports.source.clone().ok_or_else(|| Base::complain(&base.actor, "it is no source"))
    }

    async fn start(&mut self, classes: Vec<wit::Class>, start: ScanStart) -> Result<Box<dyn port::Reader>, Fault> {
        let indices = Self::indices(&self.base)?;
        let own = Arc::clone(&indices);
        let mut actor = Actor::new(&self.blueprint, Restart::Never);
        self.versions = actor.versions();
        let (all, from) = (&classes, &start);
        actor.begin(|| Call::Open { classes: all.iter().map(|class| (*class).into()).collect(), start: from.clone() });
        let opened = actor.call("scan", move |live| {
            let guest = own.load(&mut live.store, &live.instance)?;
            match start {
                ScanStart::Full => guest.call_scan(&mut live.store, &classes, None),
                ScanStart::Resume(point) => guest.call_scan(&mut live.store, &classes, Some(&point)),
                ScanStart::Since(cursor) => guest.call_changes_since(&mut live.store, &classes, &cursor),
            }
        });
        let reader = opened.await.and_then(|reader| reader.map_err(|fault| Base::fault(&actor, fault)));
        actor.end(&reader, |_| Answer::Done);
        let reader = reader?;
        Ok(Box::new(Reader { actor, indices, reader, spent: false, started: Instant::now(), empty: 0 }))
    }
}

also_a_connector!(Source);

impl port::Source for Source {
    fn open(&mut self, classes: &[Class], start: ScanStart) -> BoxFuture<'_, Result<Box<dyn port::Reader>, Fault>> {
        let classes = classes.iter().map(|class| wit::Class::from(*class)).collect();
        Box::pin(self.start(classes, start))
    }

    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>> {
        let version = self.versions.lock().unwrap_or_else(PoisonError::into_inner).version();
        let version = Ok(version);
        self.base.actor.begin(|| Call::Version);
        self.base.actor.end(&version, |version: &Option<String>| Answer::Version(version.clone()));
        Box::pin(std::future::ready(version))
    }

    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            let count = objects.len();
            let wanted = references(&objects);
            self.base.actor.begin(|| Call::Read { objects });
            let outcome = match Self::indices(&self.base) {
                Ok(indices) => {
                    let call = self.base.actor.call("read", move |live| {
                        indices.load(&mut live.store, &live.instance)?.call_read(&mut live.store, &wanted)
                    });
                    call.await
                }
                Err(fault) => Err(fault),
            };
            let answers = answers(&self.base.actor, count, outcome);
            self.base.actor.end_each(&answers, |answers: &Vec<_>| Answer::Records(answers.clone()));
            answers
        })
    }
}

/// One answer for each object that was asked for; a wrong number of answers answers nothing.
pub(super) fn answers(
    actor: &Actor,
    count: usize,
    outcome: Result<Vec<Result<Option<wit::Object>, wit::Fault>>, Fault>,
) -> Vec<Result<Option<Record>, Fault>> {
    let all = |fault: Fault| (0..count).map(|_| Err(fault.clone())).collect();
    let one = |answer: Result<Option<wit::Object>, wit::Fault>| match answer {
        Ok(Some(object)) => match bad_id(&object.id) {
            Some(message) => Err(Base::complain(actor, message)),
            None => Ok(Some(record(object))),
        },
        Ok(None) => Ok(None),
        Err(fault) => Err(Base::fault(actor, fault)),
    };
    match outcome {
        Ok(found) if found.len() == count => found.into_iter().map(one).collect(),
        Ok(found) => all(Base::complain(
            actor,
            format!("read: {} answers to {count} objects; report this to the author of the connector", found.len()),
        )),
        Err(fault) => all(fault),
    }
}

/// A scan under way, in an instance of its own: dropping it ends the instance.
struct Reader {
    actor: Actor,
    indices: Arc<GuestIndices>,
    reader: ResourceAny,
    spent: bool,
    started: Instant,
    /// Pages in a row without a change.
    empty: u64,
}

impl Reader {
    /// A scan must come to an end, even where each of its calls is quick.
    fn still_getting_on(&self) -> Result<(), Fault> {
        let shared = self.actor.shared();
        let limits = &shared.limits;
        let passed = if self.empty > limits.empty_pages {
            LimitPassed::new("empty-pages", format!("more than {} pages in a row without anything", limits.empty_pages))
        } else if self.started.elapsed() > limits.scan_wall.duration() {
            LimitPassed::new("scan-wall", format!("more than {} for one scan", limits.scan_wall))
        } else {
            return Ok(());
        };
        let text = format!("next page: {}", passed.sentence(limits, &shared.connection));
        Err(shared.identity.fault(FaultKind::Incomplete, text))
    }

    async fn page(&mut self, max: u32) -> Result<Page, Fault> {
        if self.spent {
            return Err(Base::complain(&self.actor, "the scan has ended; it can not be read further"));
        }
        let max = max.clamp(1, u32::try_from(self.actor.shared().limits.page_changes).unwrap_or(u32::MAX));
        // Whatever goes wrong from here on, there is no next page.
        self.spent = true;
        let (indices, reader) = (Arc::clone(&self.indices), self.reader);
        let answer = self.actor.call("next page", move |live| {
            indices.load(&mut live.store, &live.instance)?.reader().call_next(&mut live.store, reader, max)
        });
        let found: WitPage = answer.await?.map_err(|fault| Base::fault(&self.actor, fault))?;
        if found.changes.len() > max as usize {
            let text = format!(
                "next page: {} changes where at most {max} were asked for; report this to the author of the connector",
                found.changes.len()
            );
            return Err(Base::complain(&self.actor, text));
        }
        let mut page = page(found);
        Base::bounded(&self.actor, "one page", page.bytes())?;
        self.clean(&mut page);
        self.empty = if page.changes.is_empty() { self.empty + 1 } else { 0 };
        if page.end.is_none() {
            self.still_getting_on()?;
            self.spent = false;
        }
        Ok(page)
    }

    /// Texts for people may repeat what the remote system said, and that may repeat a secret.
    fn clean(&self, page: &mut Page) {
        let redactor = &self.actor.shared().redactor;
        for change in &mut page.changes {
            if let rosterd_model::Change::Rejected(rejection) = change {
                rejection.position = clean(std::mem::take(&mut rejection.position));
                rejection.message = redactor.string(clean(std::mem::take(&mut rejection.message)));
                rejection.raw = redactor.string(std::mem::take(&mut rejection.raw));
            }
        }
        if let Some(end) = &mut page.end {
            end.note = end.note.take().map(|note| redactor.string(clean(note)));
        }
    }
}

impl port::Reader for Reader {
    fn next(&mut self, max: u32) -> BoxFuture<'_, Result<Page, Fault>> {
        Box::pin(async move {
            self.actor.begin(|| Call::Next { max });
            let page = self.page(max).await;
            self.actor.end(&page, |page| Answer::Page(page.clone()));
            page
        })
    }
}
