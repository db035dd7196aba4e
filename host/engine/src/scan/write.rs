//! Storing what differs, in one transaction with the resume point that covers it, while the next pages are compared.

use super::ScanId;
use super::observer::{Observer, Pending};
use crate::aside::Aside;
use crate::error::EngineError;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::record::{Amendment, DepartureCause, Record};
use rosterd_model::shadow::{RecordHash, Shadow, ShadowHead, ShadowState};
use rosterd_model::{Attributes, Class, ConnectionId, ExternalId, Rule, Timestamp};
use rosterd_reconcile::Problem;
use rosterd_reconcile::normalise::amend;
use rosterd_store::prelude::*;
use rosterd_store::{ScanProgress, Store, Writer};
use std::sync::Arc;

/// What one transaction of a scan stores.
struct Batch {
    source: ConnectionId,
    scan: ScanId,
    now: Timestamp,
    pending: Vec<Pending>,
    cases: Vec<QuarantineCase>,
    seen: Vec<(Class, u32)>,
    progress: ScanProgress,
    landed: Landed,
}

/// What the scan learns from a transaction.
#[derive(Debug, Default)]
pub(super) struct Landed {
    /// Places of shadows that were new.
    marks: Vec<(Class, u32)>,
    /// Cases that were raised.
    raised: Vec<u64>,
}

impl Observer {
    /// Begins to store what differs. Does nothing if nothing does and no resume point is due.
    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        let due = self.seen.unsaved() >= 50 * self.settings.observe_batch;
        if self.pending.is_empty() && self.cases.is_empty() && !due {
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
        let batch = Batch {
            source: self.source.clone(),
            scan: self.scan,
            now: self.now,
            pending,
            cases,
            seen: self.seen.take_unsaved(),
            progress,
            landed: Landed::default(),
        };
        let store = self.store.clone();
        self.flight = Some((Aside::begin("observe", move || batch.store(&store))?, hashes));
        Ok(())
    }

    /// Waits until everything that was handed out is stored.
    pub(super) fn land(&mut self) -> Result<(), EngineError> {
        let Some((flight, _)) = self.flight.take() else { return Ok(()) };
        let landed = flight.end()?;
        for (class, ordinal) in landed.marks {
            self.seen.mark_saved(class, ordinal);
        }
        self.raised.extend(landed.raised);
        Ok(())
    }
}

impl Batch {
    fn store(mut self, store: &Arc<Store>) -> Result<Landed, EngineError> {
        store.commit::<_, EngineError>("observe", |w| {
            w.gather();
            for pending in std::mem::take(&mut self.pending) {
                match pending {
                    Pending::Record { record, attributes, hash, head } => {
                        self.put(w, record, hash, head.as_ref(), attributes)?;
                    }
                    Pending::Amendment { amendment, head } => self.amend(w, amendment, &head)?,
                    Pending::Gone { class, id, cause, head } => self.bury(w, class, &id, cause, &head)?,
                }
            }
            for case in std::mem::take(&mut self.cases) {
                self.landed.raised.push(open(w, self.scan.connection, case)?);
            }
            for (class, ordinal) in std::mem::take(&mut self.seen) {
                w.mark_seen(self.scan.connection, class, ordinal)?;
            }
            w.put_scan_progress(self.scan.connection, &self.progress)?;
            Ok(())
        })?;
        Ok(self.landed)
    }

    fn put(
        &mut self,
        w: &mut Writer<'_>,
        record: Record,
        hash: RecordHash,
        head: Option<&ShadowHead>,
        attributes: Attributes,
    ) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        let renamed = match (head, &record.previous_id) {
            (None, Some(previous)) if Rule::PreviousIdFollows.on() => {
                w.shadow_head(connection, record.class, previous)?.map(|head| (previous, head))
            }
            _ => None,
        };
        let ordinal = match (head, &renamed) {
            (Some(head), _) => head.ordinal,
            (None, Some((previous, head))) => {
                w.remove_shadow_head(connection, record.class, previous)?;
                head.ordinal
            }
            (None, None) => w.take_ordinal(connection, record.class)?,
        };
        let seq = w.next_sequence()?;
        w.put_shadow_head(connection, record.class, &record.id, &ShadowHead { ordinal, hash, seq, live: true })?;
        w.mark_seen(connection, record.class, ordinal)?;
        self.landed.marks.push((record.class, ordinal));
        let class = record.class;
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
        w.put_shadow(connection, ordinal, &shadow)?;
        w.put_unsettled(connection, class, ordinal, seq)?;
        Ok(())
    }

    fn amend(&mut self, w: &mut Writer<'_>, amendment: Amendment, head: &ShadowHead) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        let Some(mut shadow) = w.shadow(connection, amendment.class, head.ordinal)? else { return Ok(()) };
        match amend(&shadow.attributes, &amendment) {
            Ok(attributes) => {
                shadow.attributes = attributes;
                shadow.version = amendment.version.or(shadow.version);
                shadow.seq = w.next_sequence()?;
                // The hash of a record that was only amended is not that of any record: the next full scan compares anew.
                shadow.hash = [0; 16];
                let head = ShadowHead { hash: shadow.hash, seq: shadow.seq, ..head.clone() };
                w.put_shadow_head(connection, shadow.class, &shadow.id, &head)?;
                w.put_unsettled(connection, shadow.class, head.ordinal, shadow.seq)?;
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
        let Some(mut shadow) = w.shadow(connection, class, head.ordinal)? else { return Ok(()) };
        shadow.seq = w.next_sequence()?;
        shadow.state = ShadowState::Tombstone { cause, absent: false, at: self.now, run: self.scan.run };
        w.put_shadow_head(connection, class, id, &ShadowHead { seq: shadow.seq, live: false, ..head.clone() })?;
        w.put_unsettled(connection, class, head.ordinal, shadow.seq)?;
        w.put_shadow(connection, head.ordinal, &shadow)?;
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
