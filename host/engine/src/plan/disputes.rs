//! Two records of one run that want the same thing: neither gets it.

use super::Planner;
use super::rows::Rows;
use crate::error::EngineError;
use rosterd_model::outbox::Lane;
use rosterd_model::plan::StepSource;
use rosterd_model::quarantine::QuarantineReason;
use rosterd_model::rule::Rule;
use rosterd_model::spec::CaseReaction;
use rosterd_model::{Class, Step};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Who wants what: eight bytes of hash and the place of the step, for every unique value of the run.
#[derive(Debug, Default)]
pub(super) struct Disputes {
    wanted: HashMap<u64, (Lane, u32)>,
    /// Places of steps that lost, and the sentence that says why.
    lost: BTreeMap<(Lane, u32), String>,
}

impl Disputes {
    /// Hash of a wish. 64 bits: among ten million wishes two collide once in 370,000 runs, and the price is a case that
    /// a person resolves.
    pub(super) fn wish(parts: &[&[u8]]) -> u64 {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(bytes)
    }

    /// True if another step of this run has the wish.
    pub(super) fn is_wanted(&self, wish: u64) -> bool {
        self.wanted.contains_key(&wish)
    }

    /// Registers a wish of the step that will stand at `place`. False: somebody else of this run had it before; both
    /// lose.
    pub(super) fn want(&mut self, wish: u64, place: (Lane, u32), sentence: impl Fn() -> String) -> bool {
        match self.wanted.entry(wish) {
            Entry::Vacant(slot) => {
                slot.insert(place);
                true
            }
            Entry::Occupied(slot) => {
                let first = *slot.get();
                if first == place || !Rule::DisputedBoth.on() {
                    return true;
                }
                self.lost.entry(first).or_insert_with(&sentence);
                false
            }
        }
    }
}

impl Planner<'_> {
    /// Takes the steps out of the plan that lost a dispute, and opens their cases.
    pub(super) fn settle_disputes(&mut self) -> Result<(), EngineError> {
        let lost = std::mem::take(&mut self.disputes.lost);
        if lost.is_empty() {
            return Ok(());
        }
        let places: BTreeSet<(Lane, u32)> = lost.keys().copied().collect();
        let sentences: Vec<String> = lost.into_values().collect();
        // Steps come back in the order of their places, which is that of the sentences.
        let removed: Vec<Step> = self.rows.without(&places)?;
        for (step, sentence) in removed.into_iter().zip(sentences) {
            self.tally.remove(&step);
            self.follows_not(&step)?;
            if let Some(source) = &step.source {
                if self.is_let_be(step.class, source)? {
                    continue;
                }
                // It looked healed while nobody else wanted the same.
                if let Some(open) = self.open_case(step.class, &source.id)? {
                    self.healed.retain(|number| *number != open.number);
                }
                self.quarantine(step.class, &source.id, QuarantineReason::Disputed, sentence, Vec::new())?;
                self.renewed.push((step.class, source.ordinal, source.seq));
            }
        }
        Ok(())
    }

    /// True if the job lets those be that want the same: nothing happens to the record until it changes.
    pub(super) fn is_let_be(&mut self, class: Class, source: &StepSource) -> Result<bool, EngineError> {
        if self.job.class(class).is_none_or(|part| part.spec.reaction.disputed == CaseReaction::Quarantine) {
            return Ok(false);
        }
        self.settled.push((class, source.ordinal, source.seq));
        if let Some(open) = self.open_case(class, &source.id)?
            && !self.healed.contains(&open.number)
        {
            self.healed.push(open.number);
        }
        Ok(true)
    }

    /// The place that a step will get.
    pub(super) fn place_of(&self, step: &Step) -> (Lane, u32) {
        self.rows.place(Rows::lane(step))
    }
}
