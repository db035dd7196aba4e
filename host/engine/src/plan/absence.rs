//! Who is missing from a scan, and what may follow from that: nothing without a licence or a person.

use super::Planner;
use super::units::GoingUnit;
use crate::error::EngineError;
use crate::scan::Seen;
use rosterd_model::claim::Link;
use rosterd_model::plan::Reason;
use rosterd_model::shadow::{Missing, Shadow};
use rosterd_model::{Class, Rule};
use rosterd_reconcile::absence::{Verdict as Confirmation, confirm};
use rosterd_reconcile::licence::Verdict;
use rosterd_reconcile::stale::may_be_missing;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

impl Planner<'_> {
    /// Finds who leaves by this plan because the scan does not show him. What his record said before is not decided any more: an
    /// entity has one step in a plan, and the leaver's is the one that matters.
    pub(super) fn find_leaving(&mut self) -> Result<(), EngineError> {
        for class in Class::ALL {
            let Some(licensed) = self.licensed(class) else { continue };
            let unseen = unseen(&self.view, self.connection, class, &self.scan.seen)?;
            for ordinal in &unseen {
                if self.leaves_now(class, *ordinal, licensed)? {
                    self.leaving.insert((class, *ordinal));
                }
            }
            self.unseen.insert(class, unseen);
        }
        Ok(())
    }

    /// Whether the scan says anything about what it did not show of a class, and if so, whether removals need nobody.
    fn licensed(&self, class: Class) -> Option<bool> {
        let (_, verdict) = self.scan.verdicts.iter().find(|(of, _)| *of == class)?;
        match verdict {
            // An incomplete scan says nothing about what it did not show.
            Verdict::Incomplete if Rule::IncompleteRemovesNobody.on() => None,
            Verdict::Incomplete | Verdict::Licensed => Some(true),
            Verdict::Shrunk | Verdict::Empty => Some(false),
        }
    }

    fn leaves_now(&self, class: Class, ordinal: u32, licensed: bool) -> Result<bool, EngineError> {
        let Some((_, link)) = self.missed(class, ordinal)? else { return Ok(false) };
        if self.scan.spared.contains(&(class, ordinal)) {
            return Ok(false);
        }
        if licensed {
            let known = self.view.missing(self.connection, class, ordinal)?;
            let (_, verdict) = confirm(known.as_ref(), self.scan.version.as_deref(), self.now, &self.job.absence);
            if let Confirmation::Waiting { .. } = verdict {
                return Ok(false);
            }
        }
        // Of whoever has left already, a return that was seen before is not decided, because he is missing again.
        Ok(self.view.entity(class, link.entity)?.is_some())
    }

    /// The record and the link of an object that was not shown, if that may mean anything.
    fn missed(&self, class: Class, ordinal: u32) -> Result<Option<(Shadow, Link)>, EngineError> {
        let Some(shadow) = self.view.shadow(self.connection, class, ordinal)? else { return Ok(None) };
        if !may_be_missing(shadow.seq, self.scan.started_seq) {
            return Ok(None);
        }
        let link = self.view.link(self.connection, class, ordinal)?.filter(|link| link.live);
        Ok(link.map(|link| (shadow, link)))
    }

    /// A record that is not decided by this plan is decided by the next one, also if it was settled before.
    pub(super) fn pass_over(&mut self, class: Class, ordinal: u32) -> Result<(), EngineError> {
        if self.view.unsettled(self.connection, class, ordinal)?.is_none()
            && let Some(shadow) = self.view.shadow(self.connection, class, ordinal)?
        {
            self.renewed.push((class, ordinal, shadow.seq));
        }
        Ok(())
    }

    /// Plans for what the scan did not show of some classes.
    pub(super) fn absent(&mut self, classes: &[Class]) -> Result<(), EngineError> {
        for class in classes {
            let Some(licensed) = self.licensed(*class) else { continue };
            for ordinal in self.unseen.remove(class).unwrap_or_default() {
                self.one_absent(*class, ordinal, licensed)?;
            }
        }
        Ok(())
    }

    fn one_absent(&mut self, class: Class, ordinal: u32, licensed: bool) -> Result<(), EngineError> {
        let Some((shadow, link)) = self.missed(class, ordinal)? else { return Ok(()) };
        if self.relinked.contains(&link.entity) {
            return Ok(());
        }
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
