//! Comparing pages with shadows: what was said before is only marked as seen, what differs is kept for the next write.

use super::write::Landed;
use super::{ScanId, Seen};
use crate::aside::Aside;
use crate::engine::{Engine, Settings};
use crate::error::EngineError;
use crate::event::{Events, RunEvent};
use crate::policy::Job;
use rosterd_model::plan::LicenceNote;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::record::{Amendment, Change, DepartureCause, Page, Record, ScanEnd};
use rosterd_model::run::ScanCounts;
use rosterd_model::shadow::{RecordHash, ShadowHead};
use rosterd_model::{Attributes, Class, ConnectionId, ExternalId, Rule, RunId, Timestamp};
use rosterd_reconcile::absence::AbsencePolicy;
use rosterd_reconcile::normalise::{normalise, record_hash};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot, Store};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Bytes of records that may wait for the next write.
const BATCH_BYTES: usize = 16 << 20;

/// Something that the next write stores.
#[derive(Debug)]
pub(super) enum Pending {
    /// The source says this anew. The record's own text is empty: it has been read into `attributes`.
    Record { record: Record, attributes: Attributes, hash: RecordHash, head: Option<ShadowHead> },
    /// The source says that this changed.
    Amendment { amendment: Amendment, head: ShadowHead },
    /// The source says that this is gone.
    Gone { class: Class, id: ExternalId, cause: DepartureCause, head: ShadowHead },
}

/// Records that were shown and are not stored yet.
type Hashes = HashMap<(Class, ExternalId), RecordHash>;

/// The state of a scan between pages.
pub(super) struct Observer {
    pub(super) store: Arc<Store>,
    pub(super) settings: Settings,
    pub(super) events: Events,
    pub(super) source: ConnectionId,
    pub(super) absence: AbsencePolicy,
    pub(super) scan: ScanId,
    pub(super) now: Timestamp,
    pub(super) seen: Seen,
    pub(super) counts: ScanCounts,
    pub(super) end: Option<ScanEnd>,
    pub(super) notes: Vec<String>,
    pub(super) licences: Vec<LicenceNote>,
    pub(super) pending: Vec<Pending>,
    bytes: usize,
    waiting: Hashes,
    /// What is being stored right now, and the hashes of its records.
    pub(super) flight: Option<(Aside<Landed>, Hashes)>,
    pub(super) cases: Vec<QuarantineCase>,
    /// Open cases that this scan raised again.
    pub(super) raised: BTreeSet<u64>,
    /// Rejections whose id is unknown, by class; none: the class is unknown, too.
    pub(super) nameless: HashMap<Option<Class>, u64>,
    pub(super) named_rejections: HashMap<Class, u64>,
    pub(super) resume: Option<String>,
    /// True: the store holds something of this scan that must be cleared at its end.
    pub(super) stored: bool,
    /// True: somebody was erased, and a new record may be about him.
    erased_some: bool,
}

impl Observer {
    pub(super) fn new(
        engine: &Engine,
        job: &Job,
        connection: ConnectionNumber,
        run: RunId,
    ) -> Result<Self, EngineError> {
        let view = engine.store.snapshot()?;
        let mut observer = Self {
            store: engine.store.clone(),
            settings: engine.settings.clone(),
            events: engine.events.clone(),
            source: job.source.clone(),
            absence: job.absence,
            scan: ScanId { connection, run, started_seq: view.sequence()? },
            now: view.policy_now(engine.clock.now())?,
            seen: Seen::default(),
            counts: ScanCounts::default(),
            end: None,
            notes: Vec::new(),
            licences: Vec::new(),
            pending: Vec::new(),
            bytes: 0,
            waiting: HashMap::new(),
            flight: None,
            cases: Vec::new(),
            raised: BTreeSet::new(),
            nameless: HashMap::new(),
            named_rejections: HashMap::new(),
            resume: None,
            stored: false,
            erased_some: !view.erased_nobody()? && Rule::ErasedStaysAway.on(),
        };
        observer.take_up(&view)?;
        Ok(observer)
    }

    /// Where an interrupted scan goes on.
    pub(super) fn resume(&self) -> Option<&str> {
        self.resume.as_deref()
    }

    /// Goes on with a scan that another process left.
    fn take_up(&mut self, view: &Snapshot) -> Result<(), EngineError> {
        let Some(progress) = view.scan_progress(self.scan.connection)? else { return Ok(()) };
        self.stored = true;
        let Some(resume) = progress.resume.filter(|_| Rule::Resumes.on()) else { return Ok(()) };
        self.scan.started_seq = progress.started_seq;
        self.counts = progress.counts;
        self.resume = Some(resume);
        (self.nameless, self.named_rejections) = super::cases::parse_rejections(&progress.extra);
        for class in Class::ALL {
            for ordinal in 0..view.next_ordinal(self.scan.connection, class)? {
                if view.is_seen(self.scan.connection, class, ordinal)? {
                    self.seen.mark(class, ordinal);
                }
            }
        }
        self.seen.take_unsaved();
        Ok(())
    }

    /// Takes a page in. The view is as old as the page: none is held while a connector works.
    pub(super) fn page(&mut self, page: Page) -> Result<(), EngineError> {
        let mut view = self.store.snapshot()?;
        self.counts.pages += 1;
        for change in page.changes {
            match change {
                Change::Upsert(record) => self.record(&view, record)?,
                Change::Amend(amendment) => {
                    self.settle_before(amendment.class, &amendment.id, &mut view)?;
                    self.amendment(&view, amendment)?;
                }
                Change::Gone { class, id, cause } => {
                    self.settle_before(class, &id, &mut view)?;
                    self.gone(&view, class, id, cause)?;
                }
                Change::Rejected(rejection) => self.rejected(&view, rejection)?,
            }
        }
        self.resume = page.resume;
        if page.end.is_some() {
            self.end = page.end;
        }
        drop(view);
        self.events.emit(&RunEvent::Observed { records: self.counts.records });
        let full = self.pending.len() >= self.settings.observe_batch || self.bytes >= BATCH_BYTES;
        if full || self.seen.unsaved() >= 50 * self.settings.observe_batch {
            self.flush()?;
        }
        Ok(())
    }

    /// What comes next builds on what was said of this object: that must be in the store, and in the view.
    fn settle_before(&mut self, class: Class, id: &ExternalId, view: &mut Snapshot) -> Result<(), EngineError> {
        let key = (class, id.clone());
        if self.waiting.contains_key(&key) {
            self.flush()?;
        }
        if self.flight.as_ref().is_some_and(|(_, hashes)| hashes.contains_key(&key)) {
            self.land()?;
            *view = self.store.snapshot()?;
        }
        Ok(())
    }

    fn record(&mut self, view: &Snapshot, mut record: Record) -> Result<(), EngineError> {
        self.counts.records += 1;
        let hash = record_hash(&record);
        let key = (record.class, record.id.clone());
        let flying = self.flight.as_ref().and_then(|(_, hashes)| hashes.get(&key));
        if let Some(before) = self.waiting.get(&key).or(flying) {
            if *before != hash {
                return self.duplicate(view, &record);
            }
            self.counts.unchanged += 1;
            return Ok(());
        }
        let head = view.shadow_head(self.scan.connection, key.0, &key.1)?;
        if let Some(head) = &head {
            let again = self.seen.mark(key.0, head.ordinal);
            if head.live && head.hash == hash {
                self.counts.unchanged += 1;
                return Ok(());
            }
            if again {
                return self.duplicate(view, &record);
            }
            if head.seq > self.scan.started_seq {
                // Changed by an event while the scan ran: this page is older than what is known.
                self.counts.unchanged += 1;
                return Ok(());
            }
            self.counts.changed += 1;
        } else {
            if self.erased_some && view.erased(self.scan.connection, key.0, &key.1)?.is_some() {
                // Counted as known and not usable: nobody is missing because of it, and nothing of it is stored.
                self.named(key.0);
                self.counts.erased += 1;
                return Ok(());
            }
            self.counts.new += 1;
        }
        self.bytes += record.attributes.len() + key.1.as_str().len();
        match normalise(&record) {
            Ok(attributes) => {
                record.attributes = String::new();
                self.waiting.insert(key, hash);
                self.pending.push(Pending::Record { record, attributes, hash, head });
                Ok(())
            }
            Err(problem) => {
                self.named(record.class);
                let (class, id, raw) = (Some(record.class), Some(record.id), record.attributes);
                self.raise(view, class, id, QuarantineReason::Invalid, String::new(), problem.message, &raw)
            }
        }
    }

    fn duplicate(&mut self, view: &Snapshot, record: &Record) -> Result<(), EngineError> {
        let message = format!(
            "the source shows {} \"{}\" twice with different content; keep one of them at the source",
            record.class, record.id
        );
        self.named(record.class);
        let raw = &record.attributes;
        let id = Some(record.id.clone());
        self.raise(view, Some(record.class), id, QuarantineReason::Duplicate, String::new(), message, raw)
    }

    fn amendment(&mut self, view: &Snapshot, amendment: Amendment) -> Result<(), EngineError> {
        self.counts.records += 1;
        let head = view.shadow_head(self.scan.connection, amendment.class, &amendment.id)?;
        match head {
            Some(head) if head.live => {
                self.counts.changed += 1;
                self.seen.mark(amendment.class, head.ordinal);
                self.pending.push(Pending::Amendment { amendment, head });
                Ok(())
            }
            _ => {
                let message = format!(
                    "the source changed {} \"{}\", which it never showed; run a full scan",
                    amendment.class, amendment.id
                );
                let (class, id) = (Some(amendment.class), Some(amendment.id));
                self.raise(view, class, id, QuarantineReason::Invalid, String::new(), message, "")
            }
        }
    }

    fn gone(
        &mut self,
        view: &Snapshot,
        class: Class,
        id: ExternalId,
        cause: DepartureCause,
    ) -> Result<(), EngineError> {
        let Some(head) = view.shadow_head(self.scan.connection, class, &id)? else { return Ok(()) };
        if head.live {
            self.counts.gone += 1;
            self.pending.push(Pending::Gone { class, id, cause, head });
        }
        Ok(())
    }

    /// Hands out what waits to be stored; from now on it is in flight.
    pub(super) fn depart(&mut self) -> (Vec<Pending>, Vec<QuarantineCase>, Hashes) {
        self.bytes = 0;
        self.stored = true;
        (std::mem::take(&mut self.pending), std::mem::take(&mut self.cases), std::mem::take(&mut self.waiting))
    }
}
