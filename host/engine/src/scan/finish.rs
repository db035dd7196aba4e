//! The end of a scan: the host's own verdict on what it may conclude, and tidying up.

use super::Mode;
use super::observer::Observer;
use crate::error::EngineError;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::rule::Defect;
use rosterd_model::{Class, Fault, Rule};
use rosterd_reconcile::licence::{ScanFacts, Verdict, judge};
use rosterd_store::prelude::*;
use rosterd_store::{FullScan, LastScan, Snapshot};

/// What is known once the reader is spent.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) version: Option<String>,
    pub(super) resumed: bool,
    /// Digest of the connector.
    pub(super) connector: String,
    /// Fingerprint of the mapping.
    pub(super) mapping: String,
    pub(super) allow_empty: bool,
    pub(super) broken: Option<Fault>,
}

type Finished = (Observer, Vec<(Class, Verdict)>, Vec<(Class, String)>);

impl Observer {
    /// Judges the scan and ends it.
    pub(super) fn finish(self, facts: &Facts) -> Result<Finished, EngineError> {
        let (observer, verdicts, refusals) = self.judge(facts)?;
        Ok((observer.end(facts, &verdicts)?, verdicts, refusals))
    }

    /// Judges what the scan may conclude.
    pub(super) fn judge(mut self, facts: &Facts) -> Result<Finished, EngineError> {
        let view = self.store.snapshot()?;
        let (mut verdicts, mut refusals) = (Vec::new(), Vec::new());
        // A delta, like an answered hint, says nothing about what it does not mention.
        let silent = self.mode != Mode::Full && Rule::DeltaSaysNothingElse.on();
        let judged = if silent { Vec::new() } else { self.judged(&view)? };
        for class in judged {
            let licence = judge(&self.facts(&view, class, facts)?);
            if !licence.licensed {
                refusals.push((class, licence.reasons.first().cloned().unwrap_or_default()));
            }
            self.licences.push(licence.note(class));
            verdicts.push((class, licence.verdict));
        }
        self.notes.extend(self.end.as_mut().and_then(|end| end.note.take()));
        Ok((self, verdicts, refusals))
    }

    /// Clears what only an interrupted scan needs. A broken one keeps its resume point.
    pub(super) fn end(mut self, facts: &Facts, verdicts: &[(Class, Verdict)]) -> Result<Self, EngineError> {
        if facts.broken.is_none() {
            let view = self.store.snapshot()?;
            self.conclude(&view, facts, verdicts)?;
        }
        Ok(self)
    }

    /// Classes that were listed, or of which something is known.
    fn judged(&self, view: &Snapshot) -> Result<Vec<Class>, EngineError> {
        let mut classes = Vec::new();
        for class in Class::ALL {
            let declared = self.end.as_ref().is_some_and(|end| end.complete.contains(&class));
            if self.seen.count(class) > 0 || view.live_count(self.scan.connection, class)? > 0 || declared {
                classes.push(class);
            }
        }
        Ok(classes)
    }

    fn facts(&self, view: &Snapshot, class: Class, facts: &Facts) -> Result<ScanFacts, EngineError> {
        let end = self.end.as_ref();
        let total = end.and_then(|end| end.declared_totals.iter().find(|(of, _)| *of == class));
        let count = |class| self.nameless.get(&class).copied().unwrap_or(0);
        Ok(ScanFacts {
            class,
            reached_end: facts.broken.is_none() && end.is_some(),
            complete_declared: end.is_some_and(|end| self.mode == Mode::Delta || end.complete.contains(&class)),
            declared_total: total.map(|(_, total)| *total),
            seen: self.seen.count(class),
            rejected: self.named_rejections.get(&class).copied().unwrap_or(0),
            rejected_without_id: count(Some(class)) + count(None),
            live_before: view.live_count(self.scan.connection, class)?,
            last_licensed: view.last_scan(self.scan.connection, class)?.map(|scan| scan.records),
            shrink_percent: self.absence.shrink_percent,
            resumed: facts.resumed,
            resume_stable: self.described.resume_stable,
            source_version: facts.version.clone(),
            allow_empty: facts.allow_empty,
        })
    }

    fn conclude(&mut self, view: &Snapshot, facts: &Facts, verdicts: &[(Class, Verdict)]) -> Result<(), EngineError> {
        let connection = self.scan.connection;
        let mut returned = Vec::new();
        let mut licensed = Vec::new();
        let partial = self.mode != Mode::Full;
        for class in Class::ALL.into_iter().filter(|class| partial || verdicts.iter().any(|(of, _)| of == class)) {
            for row in view.all_missing(connection, class)? {
                let (ordinal, _) = row?;
                if self.seen.contains(class, ordinal) && !Defect::MissingForgotten.here() {
                    returned.push((class, ordinal));
                }
            }
        }
        for (class, verdict) in verdicts {
            if *verdict == Verdict::Licensed {
                let records = self.seen.count(*class);
                let last = view.last_scan(connection, *class)?;
                let same = |last: &LastScan| last.records == records && last.source_version == facts.version;
                if !last.as_ref().is_some_and(same) {
                    licensed.push((*class, records));
                }
            }
        }
        // A resumed scan does not know what its first half raised.
        let healed = if facts.resumed { Vec::new() } else { self.healed(view)? };
        let stored = view.cursor(connection)?;
        let cursor = match self.mode {
            // Its first pages are older than the cursor that the source gives at the end of the rest: what changed between
            // them is behind the cursor from before.
            Mode::Full if facts.resumed && Rule::CursorWithPage.on() => stored.clone(),
            Mode::Full => self.end.as_ref().and_then(|end| end.cursor.clone()),
            Mode::Delta => self.cursor.clone().or_else(|| stored.clone()),
            Mode::Hints => stored.clone(),
        };
        let moved = cursor != stored;
        let full = (self.mode == Mode::Full && cursor.is_some())
            .then(|| self.full_scan(facts, view, healed.len()))
            .transpose()?;
        let cleared = self.stored && self.mode == Mode::Full;
        if full.is_none() && !cleared && returned.is_empty() && licensed.is_empty() && healed.is_empty() && !moved {
            return Ok(());
        }
        let store = self.store.clone();
        store.commit::<_, EngineError>("scan-end", |w| {
            for (class, ordinal) in returned {
                w.remove_missing(connection, class, ordinal)?;
                // Whatever case its absence opened is judged anew, though the record says nothing new.
                if let Some(shadow) = w.shadow(connection, class, ordinal)?
                    && w.case_of(connection, Some(class), &shadow.id)?.is_some()
                {
                    w.put_unsettled(connection, class, ordinal, shadow.seq)?;
                }
            }
            for (class, records) in licensed {
                let source_version = facts.version.clone();
                let scan = LastScan { records, source_version, at: self.now, run: self.scan.run };
                w.put_last_scan(connection, class, &scan)?;
            }
            for number in healed {
                w.close_case(number)?;
            }
            if moved {
                w.put_cursor(connection, cursor.as_deref())?;
            }
            if let Some(full) = &full {
                w.put_full_scan(connection, full)?;
            }
            if cleared {
                w.clear_scan(connection)?;
            }
            Ok(())
        })
    }

    /// What the next run must know of this full scan to read a delta.
    fn full_scan(&self, facts: &Facts, view: &Snapshot, healed: usize) -> Result<FullScan, EngineError> {
        let parked = view.case_count(self.scan.connection)?.saturating_sub(healed as u64);
        let (connector, mapping) = (facts.connector.clone(), facts.mapping.clone());
        Ok(FullScan { at: self.now, run: self.scan.run, connector, mapping, parked })
    }

    /// Cases about reading that this complete scan did not raise again.
    fn healed(&self, view: &Snapshot) -> Result<Vec<u64>, EngineError> {
        let reading = |reason| {
            matches!(reason, QuarantineReason::Rejected | QuarantineReason::Duplicate | QuarantineReason::Invalid)
        };
        let mut healed = Vec::new();
        if self.end.as_ref().is_none_or(|end| end.complete.is_empty()) {
            return Ok(healed);
        }
        for case in view.cases(self.scan.connection)? {
            let case = case?;
            if reading(case.reason) && !self.raised.contains(&case.number) {
                healed.push(case.number);
            }
        }
        Ok(healed)
    }
}
