//! Who is missing from a scan, and what may follow from that: nothing without a licence or a person.

use super::Planner;
use super::units::GoingUnit;
use crate::error::EngineError;
use crate::scan::Seen;
use rosterd_model::plan::Reason;
use rosterd_model::shadow::Missing;
use rosterd_model::{Class, Rule};
use rosterd_reconcile::absence::{Verdict as Confirmation, confirm};
use rosterd_reconcile::licence::Verdict;
use rosterd_reconcile::stale::may_be_missing;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

impl Planner<'_> {
    /// Plans for what the scan did not show of some classes.
    pub(super) fn absent(&mut self, classes: &[Class]) -> Result<(), EngineError> {
        let scan = self.scan;
        for (class, verdict) in scan.verdicts.iter().filter(|(class, _)| classes.contains(class)) {
            // An incomplete scan says nothing about what it did not show.
            let licensed = match verdict {
                Verdict::Incomplete if Rule::IncompleteRemovesNobody.on() => continue,
                Verdict::Incomplete | Verdict::Licensed => true,
                Verdict::Shrunk | Verdict::Empty => false,
            };
            let unseen = unseen(&self.view, self.connection, *class, &scan.seen)?;
            for ordinal in unseen {
                self.one_absent(*class, ordinal, licensed)?;
            }
        }
        Ok(())
    }

    fn one_absent(&mut self, class: Class, ordinal: u32, licensed: bool) -> Result<(), EngineError> {
        let Some(shadow) = self.view.shadow(self.connection, class, ordinal)? else { return Ok(()) };
        if !may_be_missing(shadow.seq, self.scan.started_seq) {
            return Ok(());
        }
        let link = self.view.link(self.connection, class, ordinal)?.filter(|link| link.live);
        let Some(link) = link.filter(|link| !self.relinked.contains(&link.entity)) else { return Ok(()) };
        if self.scan.spared.contains(&(class, ordinal)) {
            // It was looked for in vain, and this scan says nothing more of it than the last one.
            self.waiting += 1;
            return Ok(());
        }
        let known = self.view.missing(self.connection, class, ordinal)?;
        let reason = if licensed {
            let version = self.scan.version.as_deref();
            let (row, verdict) = confirm(known.as_ref(), version, self.now, &self.job.absence);
            let confirmations = row.confirmations;
            if known.as_ref() != Some(&row) {
                self.missing.push((class, ordinal, row));
            }
            if let Confirmation::Waiting { .. } = verdict {
                self.waiting += 1;
                return Ok(());
            }
            Reason::Missing { confirmations }
        } else {
            // What a person would decide upon: the plan shows it, held, and counts no confirmation. The row says only that it
            // was missing when it was planned; a scan that shows it again removes the row.
            let confirmations = known.as_ref().map_or(0, |row| row.confirmations);
            if known.is_none() {
                let (source_version, at) = (String::new(), rosterd_model::Timestamp(0));
                self.missing.push((class, ordinal, Missing { confirmations, source_version, at, first: self.now }));
            }
            Reason::Missing { confirmations }
        };
        if class == Class::OrgUnit {
            let entity = link.entity;
            self.going.push(GoingUnit { ordinal, shadow, entity, reason, unlicensed: !licensed });
            return Ok(());
        }
        let before = self.rows.count;
        self.leave(ordinal, &shadow, link.entity, reason)?;
        if !licensed && self.rows.count > before {
            *self.unlicensed.entry(class).or_default() += 1;
        }
        Ok(())
    }
}

/// Live shadows that the scan did not show.
pub(crate) fn unseen(
    view: &Snapshot,
    connection: ConnectionNumber,
    class: Class,
    seen: &Seen,
) -> Result<Vec<u32>, EngineError> {
    let mut unseen = Vec::new();
    for ordinal in view.live_ordinals(connection, class)? {
        let ordinal = ordinal?;
        if !seen.contains(class, ordinal) {
            unseen.push(ordinal);
        }
    }
    Ok(unseen)
}
