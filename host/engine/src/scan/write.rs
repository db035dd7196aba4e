//! Storing what differs, in one transaction with the resume point that covers it, while the next pages are compared.

use super::observer::Observer;
use super::pending::Pending;
use super::pushed::ShadowKeys;
use super::{Described, Mode, ScanId};
use crate::aside::{Aside, FEW};
use crate::error::EngineError;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::record::{Amendment, DepartureCause, Record};
use rosterd_model::shadow::{Missing, RecordHash, Shadow, ShadowHead, ShadowState};
use rosterd_model::{Attributes, Class, ConnectionId, ExternalId, Rule, Timestamp};
use rosterd_reconcile::Problem;
use rosterd_reconcile::normalise::amend;
use rosterd_reconcile::stale::is_stale;
use rosterd_store::prelude::*;
use rosterd_store::{ScanProgress, Store, StoredHint, Writer};
use std::sync::Arc;

/// What one transaction of a scan stores.
struct Batch {
    source: ConnectionId,
    mode: Mode,
    described: Described,
    scan: ScanId,
    now: Timestamp,
    pending: Vec<Pending>,
    cases: Vec<QuarantineCase>,
    seen: Vec<(Class, u32)>,
    progress: ScanProgress,
    cursor: Option<String>,
    answered: Vec<StoredHint>,
    base: u64,
    /// True: heads are read again, because somebody else wrote since they were.
    checks: bool,
    heals: bool,
    indexes: bool,
    landed: Landed,
}

/// What the scan learns from a transaction.
#[derive(Debug, Default)]
pub(super) struct Landed {
    /// Places of shadows that were shown and written.
    marks: Vec<(Class, u32)>,
    /// In a delta: everything that was written, and with which sequence.
    own: Vec<(Class, u32, u64)>,
    /// Cases that were raised.
    raised: Vec<u64>,
    /// Sequence at the end of the transaction.
    seq: u64,
    /// True: somebody else wrote since the transaction before.
    overtaken: bool,
}

impl Observer {
    /// Begins to store what differs. Does nothing if nothing does and no resume point is due.
    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        let due = self.seen.unsaved() >= 50 * self.settings.observe_batch;
        if self.pending.is_empty() && self.cases.is_empty() && self.answered.is_empty() && !due {
            return Ok(());
        }
        self.land()?;
        let progress = ScanProgress {
            run: self.scan.run,
            started_seq: self.scan.started_seq,
            resume: self.resume.clone(),
            counts: self.counts.clone(),
            extra: self.rejections_text(),
        };
        let (pending, cases, hashes) = self.depart();
        if let (Some(cursor), false) = (&self.cursor, Rule::CursorWithPage.on()) {
            let connection = self.scan.connection;
            self.store.commit::<_, EngineError>("cursor", |w| Ok(w.put_cursor(connection, Some(cursor))?))?;
        }
        let batch = Batch {
            source: self.source.clone(),
            mode: self.mode,
            described: self.described.clone(),
            scan: self.scan,
            now: self.now,
            pending,
            cases,
            seen: self.seen.take_unsaved(),
            progress,
            cursor: self.cursor.clone(),
            answered: std::mem::take(&mut self.answered),
            base: self.base,
            checks: self.overtaken,
            heals: self.heals,
            indexes: self.indexes,
            landed: Landed::default(),
        };
        let (store, small) = (self.store.clone(), batch.indexes && batch.pending.len() <= FEW);
        self.flight = Some((Aside::begin_unless(small, "observe", move || batch.store(&store))?, hashes));
        Ok(())
    }

    /// Waits until everything that was handed out is stored.
    pub(super) fn land(&mut self) -> Result<(), EngineError> {
        let Some((flight, _)) = self.flight.take() else { return Ok(()) };
        let landed = flight.end()?;
        for (class, ordinal) in landed.marks {
            self.seen.mark_saved(class, ordinal);
        }
        self.own.extend(landed.own.into_iter().map(|(class, ordinal, seq)| ((class, ordinal), seq)));
        (self.base, self.overtaken) = (landed.seq, landed.overtaken);
        self.raised.extend(landed.raised);
        Ok(())
    }
}

impl Batch {
    fn store(mut self, store: &Arc<Store>) -> Result<Landed, EngineError> {
        // The end of the scan waits for the disk, and that of the run if there is no scan.
        let pushed = self.indexes;
        let work = |w: &mut Writer<'_>| -> Result<(), EngineError> {
            w.gather();
            self.landed.overtaken = w.sequence()? != self.base;
            self.checks |= self.landed.overtaken;
            for pending in std::mem::take(&mut self.pending) {
                match pending {
                    Pending::Record { record, attributes, hash, head, keys } => {
                        self.put(w, (record, hash), head, (attributes, keys))?;
                    }
                    Pending::Amendment { amendment, head } => self.amend(w, amendment, &head)?,
                    Pending::Gone { class, id, cause, head } => self.bury(w, class, &id, cause, &head)?,
                    Pending::NotFound { class, ordinal } => self.not_found(w, class, ordinal)?,
                }
            }
            for case in std::mem::take(&mut self.cases) {
                self.landed.raised.push(open(w, self.scan.connection, case)?);
            }
            self.cover(w)?;
            self.landed.seq = w.sequence()?;
            Ok(())
        };
        if pushed { store.commit_keeping("observe", work) } else { store.commit_unsynced("observe", work) }?;
        Ok(self.landed)
    }

    /// What says that all this was read: how a full scan goes on, the cursor of a delta, the hints that are answered.
    fn cover(&mut self, w: &mut Writer<'_>) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        match self.mode {
            Mode::Full => {
                for (class, ordinal) in std::mem::take(&mut self.seen) {
                    w.mark_seen(connection, class, ordinal)?;
                }
                w.put_scan_progress(connection, &self.progress)?;
            }
            Mode::Delta => {
                if let Some(cursor) = &self.cursor {
                    w.put_cursor(connection, Some(cursor))?;
                }
            }
            Mode::Hints => {
                for hint in std::mem::take(&mut self.answered) {
                    w.remove_hint(connection, &hint)?;
                }
            }
        }
        Ok(())
    }

    fn written(&mut self, class: Class, ordinal: u32, seq: u64) {
        if self.mode == Mode::Delta {
            self.landed.own.push((class, ordinal, seq));
        }
    }

    /// The head as it is now, if somebody else may have written since it was read; none: what the page says of it is
    /// older than that.
    fn present(
        &self,
        w: &Writer<'_>,
        class: Class,
        id: &ExternalId,
        version: Option<&str>,
        head: Option<ShadowHead>,
    ) -> Result<Option<Option<ShadowHead>>, EngineError> {
        if !self.checks {
            return Ok(Some(head));
        }
        let connection = self.scan.connection;
        let now = w.shadow_head(connection, class, id)?;
        let Some(changed) = now.as_ref().filter(|now| head.as_ref() != Some(now) && self.mode != Mode::Hints) else {
            return Ok(Some(now));
        };
        let known = w.shadow(connection, class, changed.ordinal)?.and_then(|shadow| shadow.version);
        let later = self.described.versions(class).later(version, known.as_deref());
        Ok((!is_stale(changed.seq, self.scan.started_seq, later)).then_some(now))
    }

    fn put(
        &mut self,
        w: &mut Writer<'_>,
        (record, hash): (Record, RecordHash),
        head: Option<ShadowHead>,
        (attributes, keys): (Attributes, Option<ShadowKeys>),
    ) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        let Some(head) = self.present(w, record.class, &record.id, record.version.as_deref(), head)? else {
            return Ok(());
        };
        let renamed = match (&head, &record.previous_id) {
            (None, Some(previous)) if Rule::PreviousIdFollows.on() => {
                w.shadow_head(connection, record.class, previous)?.map(|head| (previous, head))
            }
            _ => None,
        };
        let ordinal = match (&head, &renamed) {
            (Some(head), _) => head.ordinal,
            (None, Some((previous, head))) => {
                w.remove_shadow_head(connection, record.class, previous)?;
                head.ordinal
            }
            (None, None) => w.take_ordinal(connection, record.class)?,
        };
        let seq = w.next_sequence()?;
        w.put_shadow_head(connection, record.class, &record.id, &ShadowHead { ordinal, hash, seq, live: true })?;
        if self.mode == Mode::Full {
            w.mark_seen(connection, record.class, ordinal)?;
        }
        self.landed.marks.push((record.class, ordinal));
        self.written(record.class, ordinal, seq);
        let class = record.class;
        self.heal(w, class, &record.id)?;
        let shadow = Shadow {
            class,
            id: record.id,
            version: record.version,
            hash,
            seq,
            partial: record.partial,
            attributes,
            state: ShadowState::Live,
        };
        if self.indexes {
            match (&head, keys) {
                (None, Some(keys)) => w.add_shadow_keys(connection, class, ordinal, &keys)?,
                _ => {
                    let before = if head.is_some() { w.shadow(connection, class, ordinal)? } else { None };
                    w.put_shadow_keys(connection, ordinal, before.as_ref(), &shadow)?;
                }
            }
        }
        w.put_shadow(connection, ordinal, &shadow)?;
        w.put_unsettled(connection, class, ordinal, seq)?;
        Ok(())
    }

    fn amend(&mut self, w: &mut Writer<'_>, amendment: Amendment, head: &ShadowHead) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        let (class, id) = (amendment.class, &amendment.id);
        let version = amendment.version.as_deref();
        let Some(Some(head)) = self.present(w, class, id, version, Some(head.clone()))? else { return Ok(()) };
        let Some(mut shadow) = w.shadow(connection, amendment.class, head.ordinal)? else { return Ok(()) };
        match amend(&shadow.attributes, &amendment) {
            Ok(attributes) => {
                let before = self.indexes.then(|| shadow.clone());
                shadow.attributes = attributes;
                shadow.version = amendment.version.or(shadow.version);
                shadow.seq = w.next_sequence()?;
                // The hash of a record that was only amended is not that of any record: the next full scan compares anew.
                shadow.hash = [0; 16];
                self.written(shadow.class, head.ordinal, shadow.seq);
                let head = ShadowHead { hash: shadow.hash, seq: shadow.seq, ..head };
                w.put_shadow_head(connection, shadow.class, &shadow.id, &head)?;
                w.put_unsettled(connection, shadow.class, head.ordinal, shadow.seq)?;
                if before.is_some() {
                    w.put_shadow_keys(connection, head.ordinal, before.as_ref(), &shadow)?;
                }
                w.put_shadow(connection, head.ordinal, &shadow)?;
            }
            Err(problem) => {
                let case = self.case(amendment.class, amendment.id, problem, "");
                self.landed.raised.push(open(w, connection, case)?);
            }
        }
        Ok(())
    }

    fn bury(
        &mut self,
        w: &mut Writer<'_>,
        class: Class,
        id: &ExternalId,
        cause: DepartureCause,
        head: &ShadowHead,
    ) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        let Some(Some(head)) = self.present(w, class, id, None, Some(head.clone()))? else { return Ok(()) };
        let Some(mut shadow) = w.shadow(connection, class, head.ordinal)? else { return Ok(()) };
        shadow.seq = w.next_sequence()?;
        self.written(class, head.ordinal, shadow.seq);
        w.remove_missing(connection, class, head.ordinal)?;
        shadow.state = ShadowState::Tombstone { cause, absent: false, at: self.now, run: self.scan.run };
        w.put_shadow_head(connection, class, id, &ShadowHead { seq: shadow.seq, live: false, ..head })?;
        w.put_unsettled(connection, class, head.ordinal, shadow.seq)?;
        if self.indexes {
            w.remove_shadow_keys(connection, class, head.ordinal, &shadow.attributes)?;
        }
        w.put_shadow(connection, head.ordinal, &shadow)?;
        Ok(())
    }

    /// The source does not find a live object that nobody called deleted: it may be out of our sight. Full scans count
    /// how often it is missing; this only says that it was first found so now.
    fn not_found(&self, w: &mut Writer<'_>, class: Class, ordinal: u32) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        let head = w.shadow(connection, class, ordinal)?.filter(|shadow| shadow.state == ShadowState::Live);
        if head.is_some() && w.missing(connection, class, ordinal)?.is_none() {
            let row = Missing { confirmations: 0, source_version: String::new(), at: Timestamp(0), first: self.now };
            w.put_missing(connection, class, ordinal, &row)?;
        }
        Ok(())
    }

    /// A record that can be read closes the case that one which could not be read opened. Full scans do that at their end.
    fn heal(&self, w: &mut Writer<'_>, class: Class, id: &ExternalId) -> Result<(), EngineError> {
        if !self.heals {
            return Ok(());
        }
        let reading = |reason| matches!(reason, QuarantineReason::Duplicate | QuarantineReason::Invalid);
        if let Some(number) = w.case_of(self.scan.connection, Some(class), id)?
            && w.case(number)?.is_some_and(|case| reading(case.reason))
        {
            w.close_case(number)?;
        }
        Ok(())
    }

    fn case(&self, class: Class, id: ExternalId, problem: Problem, raw: &str) -> QuarantineCase {
        QuarantineCase {
            number: 0,
            connection: self.source.clone(),
            class: Some(class),
            id: Some(id),
            reason: QuarantineReason::Invalid,
            position: String::new(),
            message: problem.message,
            raw: super::cases::cut(raw, 4096),
            candidates: Vec::new(),
            run: self.scan.run,
            at: self.now,
        }
    }
}

/// Opens a case, unless the open one says the same.
fn open(
    w: &mut Writer<'_>,
    connection: rosterd_store::ConnectionNumber,
    case: QuarantineCase,
) -> Result<u64, EngineError> {
    if let Some(id) = &case.id
        && let Some(number) = w.case_of(connection, case.class, id)?
        && w.case(number)?.is_some_and(|open| super::cases::same(&open, &case))
    {
        return Ok(number);
    }
    Ok(w.open_case(case)?)
}
