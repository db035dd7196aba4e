//! Comparing pages with shadows: what was said before is only marked as seen, what differs is kept for the next write.

use super::pending::{Hashes, Pending};
use super::write::Landed;
use super::{Described, Mode, ScanId, Seen};
use crate::aside::Aside;
use crate::engine::{Engine, Settings};
use crate::error::EngineError;
use crate::event::{Events, RunEvent};
use crate::policy::Job;
use rosterd_model::plan::LicenceNote;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::record::{Amendment, Change, DepartureCause, Page, Record, ScanEnd};
use rosterd_model::run::ScanCounts;
use rosterd_model::shadow::ShadowHead;
use rosterd_model::{Class, ConnectionId, ExternalId, Rule, RunId, Timestamp};
use rosterd_reconcile::absence::AbsencePolicy;
use rosterd_reconcile::normalise::{normalise, record_hash};
use rosterd_reconcile::stale::is_stale;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot, Store, StoredHint};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Bytes of records that may wait for the next write.
const BATCH_BYTES: usize = 16 << 20;

/// Objects that differ and are named, where somebody asks to compare.
const SAMPLES: usize = 10;

/// The state of a scan between pages.
pub(super) struct Observer {
    pub(super) store: Arc<Store>,
    pub(super) settings: Settings,
    pub(super) events: Events,
    pub(super) source: ConnectionId,
    pub(super) absence: AbsencePolicy,
    pub(super) mode: Mode,
    pub(super) described: Described,
    pub(super) scan: ScanId,
    pub(super) now: Timestamp,
    pub(super) seen: Seen,
    pub(super) counts: ScanCounts,
    pub(super) end: Option<ScanEnd>,
    pub(super) notes: Vec<String>,
    pub(super) licences: Vec<LicenceNote>,
    pub(super) pending: Vec<Pending>,
    pub(super) bytes: usize,
    pub(super) waiting: Hashes,
    /// What is being stored right now, and the hashes of its records.
    pub(super) flight: Option<(Aside<Landed>, Hashes)>,
    pub(super) cases: Vec<QuarantineCase>,
    /// Open cases that this scan raised again.
    pub(super) raised: BTreeSet<u64>,
    /// Rejections whose id is unknown, by class; none: the class is unknown, too.
    pub(super) nameless: HashMap<Option<Class>, u64>,
    pub(super) named_rejections: HashMap<Class, u64>,
    pub(super) resume: Option<String>,
    /// In a delta: the cursor that covers every page that was taken in.
    pub(super) cursor: Option<String>,
    /// In a delta: what this run wrote itself, with its sequence. An object may appear in it more than once.
    pub(super) own: HashMap<(Class, u32), u64>,
    /// Hints that the next write answers.
    pub(super) answered: Vec<StoredHint>,
    /// The sequence when the last write of this scan was stored: a greater one means that somebody else wrote, too.
    pub(super) base: u64,
    /// True: somebody else wrote between the last write and the one before it.
    pub(super) overtaken: bool,
    /// True: what differs is named in `samples`.
    pub(super) compares: bool,
    /// The first objects that differ.
    pub(super) samples: Vec<String>,
    /// True: open cases of reading may be healed by a good record.
    pub(super) heals: bool,
    /// True: the store holds something of this scan that must be cleared at its end.
    pub(super) stored: bool,
    /// True: somebody was erased, and a new record may be about him.
    pub(super) erased_some: bool,
    /// True: clients look up what they submitted, so that its values are kept for that.
    pub(super) indexes: bool,
}

impl Observer {
    pub(super) fn new(
        engine: &Engine,
        job: &Job,
        connection: ConnectionNumber,
        run: RunId,
        (mode, described): (Mode, Described),
    ) -> Result<Self, EngineError> {
        let view = engine.store.snapshot()?;
        let base = view.sequence()?;
        let heals = mode != Mode::Full && view.cases(connection)?.next().is_some();
        let mut observer = Self {
            store: engine.store.clone(),
            settings: engine.settings.clone(),
            events: engine.events.clone(),
            source: job.source.clone(),
            absence: job.absence,
            mode,
            described,
            scan: ScanId { connection, run, started_seq: base },
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
            cursor: None,
            own: HashMap::new(),
            answered: Vec::new(),
            base,
            overtaken: false,
            compares: false,
            samples: Vec::new(),
            heals,
            stored: false,
            erased_some: !view.erased_nobody()? && Rule::ErasedStaysAway.on(),
            indexes: job.pushed,
        };
        super::pushed::forget_keys(engine, job, connection, &view)?;
        if mode == Mode::Full {
            observer.take_up(&view)?;
        }
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
                Change::Upsert(record) => self.record(&mut view, record)?,
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
        if self.mode == Mode::Delta {
            // The resume point of a delta is a cursor.
            let last = page.end.as_ref().and_then(|end| end.cursor.clone());
            self.cursor = last.or(page.resume).or(self.cursor.take());
        } else {
            self.resume = page.resume;
        }
        if page.end.is_some() {
            self.end = page.end;
        }
        drop(view);
        self.events.emit(&RunEvent::Observed { records: self.counts.records });
        self.flush_if_full()
    }

    /// Begins to store what differs, if there is enough of it.
    pub(super) fn flush_if_full(&mut self) -> Result<(), EngineError> {
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

    pub(super) fn record(&mut self, view: &mut Snapshot, mut record: Record) -> Result<(), EngineError> {
        if self.mode != Mode::Full {
            // An object may appear more than once; what comes later counts.
            self.settle_before(record.class, &record.id, view)?;
        }
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
            if again && self.mode == Mode::Full {
                return self.duplicate(view, &record);
            }
            if self.stale(view, record.class, record.version.as_deref(), head)? {
                self.counts.unchanged += 1;
                return Ok(());
            }
            self.counts.changed += 1;
            self.sample(&key, "changed");
        } else {
            if self.erased_some && view.erased(self.scan.connection, key.0, &key.1)?.is_some() {
                // Counted as known and not usable: nobody is missing because of it, and nothing of it is stored.
                self.named(key.0);
                self.counts.erased += 1;
                return Ok(());
            }
            self.counts.new += 1;
            self.sample(&key, "new");
        }
        self.bytes += record.attributes.len() + key.1.as_str().len();
        match normalise(&record) {
            Ok(attributes) => {
                record.attributes = String::new();
                self.waiting.insert(key, hash);
                self.pending.push(Pending::Record { record, attributes, hash, head, keys: None });
                Ok(())
            }
            Err(problem) => {
                self.named(record.class);
                let (class, id, raw) = (Some(record.class), Some(record.id), record.attributes);
                self.raise(view, class, id, QuarantineReason::Invalid, String::new(), problem.message, &raw)
            }
        }
    }

    fn sample(&mut self, (class, id): &(Class, ExternalId), word: &str) {
        if self.compares && self.samples.len() < SAMPLES {
            self.samples.push(format!("{class} {id} ({word})"));
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

    pub(super) fn amendment(&mut self, view: &Snapshot, amendment: Amendment) -> Result<(), EngineError> {
        self.counts.records += 1;
        let head = view.shadow_head(self.scan.connection, amendment.class, &amendment.id)?;
        match head {
            Some(head)
                if !self.shown(amendment.class, head.ordinal)
                    && self.stale(view, amendment.class, amendment.version.as_deref(), &head)? =>
            {
                self.seen.mark(amendment.class, head.ordinal);
                self.counts.unchanged += 1;
            }
            Some(head) if head.live => {
                self.counts.changed += 1;
                self.seen.mark(amendment.class, head.ordinal);
                self.pending.push(Pending::Amendment { amendment, head });
            }
            _ => {
                let message = format!(
                    "the source changed {} \"{}\", which it never showed; run a full scan",
                    amendment.class, amendment.id
                );
                let (class, id) = (Some(amendment.class), Some(amendment.id));
                self.raise(view, class, id, QuarantineReason::Invalid, String::new(), message, "")?;
            }
        }
        Ok(())
    }

    pub(super) fn gone(
        &mut self,
        view: &Snapshot,
        class: Class,
        id: ExternalId,
        cause: DepartureCause,
    ) -> Result<(), EngineError> {
        let Some(head) = view.shadow_head(self.scan.connection, class, &id)? else { return Ok(()) };
        let cause = self.believed(class, cause);
        if head.live && (self.shown(class, head.ordinal) || !self.stale(view, class, None, &head)?) {
            self.counts.gone += 1;
            self.pending.push(Pending::Gone { class, id, cause, head });
        }
        Ok(())
    }

    /// True if this full scan showed the object before: what it says now is about that.
    fn shown(&self, class: Class, ordinal: u32) -> bool {
        self.mode == Mode::Full && self.seen.contains(class, ordinal)
    }

    /// True if somebody else changed the shadow while this scan ran, so that what the scan says of it is older.
    fn stale(
        &self,
        view: &Snapshot,
        class: Class,
        version: Option<&str>,
        head: &ShadowHead,
    ) -> Result<bool, EngineError> {
        let mine = self.own.get(&(class, head.ordinal)) == Some(&head.seq);
        if head.seq <= self.scan.started_seq || self.mode == Mode::Hints || mine {
            return Ok(false);
        }
        let known = || view.shadow(self.scan.connection, class, head.ordinal);
        let later = version.is_some() && {
            let known = known()?.and_then(|shadow| shadow.version);
            self.described.versions(class).later(version, known.as_deref())
        };
        Ok(is_stale(head.seq, self.scan.started_seq, later))
    }

    /// The cause of a departure as far as the connector's word for it can be relied on.
    fn believed(&mut self, class: Class, cause: DepartureCause) -> DepartureCause {
        let certain = self.mode != Mode::Delta || self.described.deltas_tell_deletes(class);
        if cause != DepartureCause::Deleted || certain {
            return cause;
        }
        let note = format!(
            "the delta calls objects of class {class} deleted, though the connector says that its deltas do not tell deletes; \
             only a full scan shows who is gone"
        );
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        DepartureCause::Unknown
    }

    /// Hands out what waits to be stored; from now on it is in flight.
    pub(super) fn depart(&mut self) -> (Vec<Pending>, Vec<QuarantineCase>, Hashes) {
        self.bytes = 0;
        self.stored = true;
        (std::mem::take(&mut self.pending), std::mem::take(&mut self.cases), std::mem::take(&mut self.waiting))
    }
}
