//! Storing what differs, in one transaction with the resume point that covers it.

use super::observer::{Observer, Pending};
use crate::error::EngineError;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::record::{Amendment, DepartureCause, Record};
use rosterd_model::shadow::{RecordHash, Shadow, ShadowHead, ShadowState};
use rosterd_model::{Attributes, Class, ExternalId};
use rosterd_reconcile::Problem;
use rosterd_reconcile::normalise::{amend, normalise};
use rosterd_store::prelude::*;
use rosterd_store::{ScanProgress, Writer};

impl Observer {
    /// Stores what differs. Does nothing if nothing does and no resume point is due.
    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        let due = self.seen.unsaved() >= 50 * self.settings.observe_batch;
        if self.pending.is_empty() && self.cases.is_empty() && !due {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let decoded: Vec<_> = pending.into_iter().map(decode).collect();
        let store = self.store.clone();
        store.commit::<_, EngineError>("observe", |w| {
            for (pending, attributes) in decoded {
                self.store_one(w, pending, attributes)?;
            }
            for case in std::mem::take(&mut self.cases) {
                let number = open(w, self.scan.connection, case)?;
                self.raised.insert(number);
            }
            for (class, ordinal) in self.seen.take_unsaved() {
                w.mark_seen(self.scan.connection, class, ordinal)?;
            }
            let progress = ScanProgress {
                run: self.scan.run,
                started_seq: self.scan.started_seq,
                resume: self.resume.clone(),
                counts: self.counts.clone(),
                extra: self.rejections_text(),
            };
            w.put_scan_progress(self.scan.connection, &progress)?;
            Ok(())
        })?;
        self.written();
        Ok(())
    }

    fn store_one(
        &mut self,
        w: &mut Writer<'_>,
        pending: Pending,
        attributes: Result<Attributes, Problem>,
    ) -> Result<(), EngineError> {
        match (pending, attributes) {
            (Pending::Record { record, hash, head }, Ok(attributes)) => {
                self.put(w, record, hash, head.as_ref(), attributes)
            }
            (Pending::Record { record, .. }, Err(problem)) => {
                self.named(record.class);
                let case = self.case(record.class, record.id, problem, &record.attributes);
                let number = open(w, self.scan.connection, case)?;
                self.raised.insert(number);
                Ok(())
            }
            (Pending::Amendment { amendment, head }, _) => self.amend(w, amendment, &head),
            (Pending::Gone { class, id, cause, head }, _) => self.bury(w, class, &id, cause, &head),
        }
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
            (None, Some(previous)) => w.shadow_head(connection, record.class, previous)?.map(|head| (previous, head)),
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
        self.seen.mark(record.class, ordinal);
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
                let number = open(w, connection, case)?;
                self.raised.insert(number);
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

/// Decoding is work for the processor alone: it happens before the transaction, which stays short.
fn decode(pending: Pending) -> (Pending, Result<Attributes, Problem>) {
    let attributes = match &pending {
        Pending::Record { record, .. } => normalise(record),
        Pending::Amendment { .. } | Pending::Gone { .. } => Ok(Attributes::new()),
    };
    (pending, attributes)
}
