//! The reading role: pages made of what the system shows when a scan is opened.

use super::Connected;
use super::gate::Gate;
use super::system::System;
use rosterd_model::port::{BoxFuture, Reader, ScanStart, Source};
use rosterd_model::record::{Change, Page, Record, ScanEnd};
use rosterd_model::{Class, ExternalId, Fault, FaultKind};
use std::collections::BTreeMap;

/// Where a scan breaks off.
#[derive(Debug, Clone)]
pub struct Break {
    /// Instead of the page with this index.
    pub page: usize,
    /// How.
    pub fault: Fault,
}

/// What a delta since a cursor tells.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// The cursor that it begins at.
    pub since: String,
    /// What it tells.
    pub changes: Vec<Change>,
    /// The cursor that it leads to.
    pub cursor: Option<String>,
}

/// What a system shows.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// What a full scan tells, in order.
    pub changes: Vec<Change>,
    /// Records on one page; 0: all of them.
    pub page_size: usize,
    /// What it says at the end; none: it never comes to an end.
    pub end: Option<ScanEnd>,
    /// Version of the source.
    pub version: Option<String>,
    /// Where scans break off.
    pub broken: Option<Break>,
    /// Where the next scan waits.
    pub gate: Option<Gate>,
    /// Deltas, the oldest first. A cursor that none begins at and none leads to is refused.
    pub deltas: Vec<Delta>,
    /// Single objects, as reading them shows them; objects that are not here are those of the scan and the deltas.
    pub reads: BTreeMap<(Class, String), Result<Option<Record>, Fault>>,
    /// What was opened, in order.
    pub opened: Vec<ScanStart>,
    /// Objects that were read by themselves, in order.
    pub read: Vec<(Class, ExternalId)>,
}

impl System {
    /// What a full scan shows now.
    fn changes(&self) -> Vec<Change> {
        if !self.shows_itself {
            return self.shown.changes.clone();
        }
        self.objects.iter().map(|((class, id), object)| Change::Upsert(object.record(*class, id))).collect()
    }

    fn end(&self) -> Option<ScanEnd> {
        if self.shows_itself && self.shown.end.is_none() {
            return Some(ScanEnd { complete: Class::ALL.to_vec(), ..ScanEnd::default() });
        }
        self.shown.end.clone()
    }

    fn pages(&self, start: &ScanStart) -> Result<Vec<Page>, Fault> {
        let (mut changes, mut end) = match start {
            ScanStart::Since(cursor) => self.since(cursor)?,
            ScanStart::Full | ScanStart::Resume(_) => (self.changes(), self.end()),
        };
        if let ScanStart::Resume(last) = start {
            // After the object that was shown last, or where it would stand: ids are in order where a scan may go on.
            let at = changes.iter().position(|change| id_of(change) == Some(last));
            let behind = || changes.iter().position(|change| id_of(change).is_some_and(|id| id > last.as_str()));
            let next = at.map(|at| at + 1).or_else(behind).unwrap_or(changes.len());
            changes.drain(..next);
        }
        let size = if self.shown.page_size == 0 { changes.len().max(1) } else { self.shown.page_size };
        let mut pages: Vec<Page> = changes
            .chunks(size)
            .map(|part| {
                let resume = part.last().and_then(id_of).map(str::to_owned);
                Page { changes: part.to_vec(), resume, end: None }
            })
            .collect();
        if pages.is_empty() {
            pages.push(Page::default());
        }
        if matches!(start, ScanStart::Since(_)) {
            // Where a delta goes on is a cursor, and those lead only from one delta to the next.
            pages.iter_mut().for_each(|page| page.resume = None);
        }
        if let Some(last) = pages.last_mut() {
            last.end = end.take();
        }
        Ok(pages)
    }

    /// Everything since a cursor. At the newest cursor nothing is new.
    fn since(&self, cursor: &str) -> Result<(Vec<Change>, Option<ScanEnd>), Fault> {
        let shown = &self.shown;
        let newest = shown
            .deltas
            .last()
            .map_or_else(|| shown.end.as_ref().and_then(|end| end.cursor.clone()), |delta| delta.cursor.clone());
        let first = shown.deltas.iter().position(|delta| delta.since == cursor);
        if first.is_none() && newest.as_deref() != Some(cursor) {
            return Err(Fault::new(FaultKind::CursorInvalid, format!("cursor {cursor} is not known any more")));
        }
        let rest = first.map_or(&[][..], |first| &shown.deltas[first..]);
        let changes = rest.iter().flat_map(|delta| delta.changes.clone()).collect();
        Ok((changes, Some(ScanEnd { cursor: newest, ..ScanEnd::default() })))
    }

    /// One object, as reading it shows it.
    fn single(&mut self, class: Class, id: &ExternalId) -> Result<Option<Record>, Fault> {
        let key = (class, id.as_str().to_owned());
        self.shown.read.push((class, id.clone()));
        if let Some(answer) = self.shown.reads.get(&key) {
            return answer.clone();
        }
        if self.shows_itself {
            return Ok(self.objects.get(&key).map(|object| object.record(class, id.as_str())));
        }
        let told = self.shown.deltas.iter().flat_map(|delta| &delta.changes);
        let mut found = None;
        for change in self.shown.changes.iter().chain(told) {
            match change {
                Change::Upsert(record) if record.class == class && record.id == *id => found = Some(record.clone()),
                Change::Gone { class: of, id: gone, .. } if *of == class && gone == id => found = None,
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The id of the object that a change is about.
fn id_of(change: &Change) -> Option<&str> {
    match change {
        Change::Upsert(record) => Some(record.id.as_str()),
        Change::Amend(amendment) => Some(amendment.id.as_str()),
        Change::Gone { id, .. } => Some(id.as_str()),
        Change::Rejected(rejection) => rejection.id.as_ref().map(ExternalId::as_str),
    }
}

struct Pages {
    from: Connected,
    pages: Vec<Page>,
    next: usize,
}

impl Reader for Pages {
    fn next(&mut self, _max: u32) -> BoxFuture<'_, Result<Page, Fault>> {
        Box::pin(async move {
            let at = self.next;
            let gate = self.from.with(|system| system.shown.gate.take_if(|gate| gate.page == at));
            if let Some(gate) = gate {
                gate.pass().await;
            }
            let broken = self.from.with(|system| system.shown.broken.clone());
            if let Some(broken) = broken.filter(|broken| broken.page == at) {
                return Err(broken.fault);
            }
            self.next += 1;
            let page = self.pages.get(at).cloned();
            page.ok_or_else(|| Fault::new(FaultKind::Incomplete, "the source ended without saying so"))
        })
    }
}

impl Source for Connected {
    fn open(&mut self, _: &[Class], start: ScanStart) -> BoxFuture<'_, Result<Box<dyn Reader>, Fault>> {
        Box::pin(async move {
            let pages = self.with(|system| {
                system.shown.opened.push(start.clone());
                system.pages(&start)
            })?;
            Ok(Box::new(Pages { from: self.clone(), pages, next: 0 }) as Box<dyn Reader>)
        })
    }
    fn version(&mut self) -> BoxFuture<'_, Result<Option<String>, Fault>> {
        Box::pin(async { Ok(self.with(|system| system.shown.version.clone())) })
    }
    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(
            async move { self.with(|system| objects.iter().map(|(class, id)| system.single(*class, id)).collect()) },
        )
    }
}
