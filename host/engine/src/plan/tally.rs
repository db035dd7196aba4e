//! What the steps of a plan count as, while they are made; and names of some of those whom they are about.

use rosterd_model::plan::{Bucket, Hold, Operation, Step};
use rosterd_model::{Class, Text};
use rosterd_reconcile::guard::MembersGone;
use std::collections::BTreeMap;

/// The counts of a plan in the making.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<Bucket, u64>,
    samples: BTreeMap<Bucket, Vec<Text>>,
    members: Vec<MembersGone>,
}

impl Tally {
    /// Counts the parts of a step.
    pub(super) fn add(&mut self, step: &Step) {
        for part in &step.parts {
            for (bucket, count) in step.counts(part) {
                if bucket.operation == Operation::RemoveMember
                    && let Some((removed, of)) = part.removed_members()
                {
                    let (target, group) = (part.target.clone(), step.label.clone());
                    self.members.push(MembersGone { target, group, removed, of });
                }
                // A look-up first: nearly every step falls into a bucket that is there.
                match self.counts.get_mut(&bucket) {
                    Some(sum) => {
                        *sum += count;
                        if *sum <= Hold::SAMPLES as u64 * 2 {
                            self.sample(bucket, step);
                        }
                    }
                    None => {
                        self.counts.insert(bucket.clone(), count);
                        self.sample(bucket, step);
                    }
                }
            }
        }
    }

    fn sample(&mut self, bucket: Bucket, step: &Step) {
        let samples = self.samples.entry(bucket).or_default();
        if samples.len() < Hold::SAMPLES {
            samples.push(step.label.clone());
        }
    }

    /// Takes a step back that was counted.
    pub(super) fn remove(&mut self, step: &Step) {
        for part in &step.parts {
            for (bucket, count) in step.counts(part) {
                if step.class == Class::Group {
                    self.members.retain(|gone| gone.group != step.label || gone.target != part.target);
                }
                if let Some(names) = self.samples.get_mut(&bucket)
                    && let Some(at) = names.iter().position(|name| *name == step.label)
                {
                    names.remove(at);
                }
                if let Some(sum) = self.counts.get_mut(&bucket) {
                    *sum = sum.saturating_sub(count);
                }
            }
        }
    }

    /// The counts that are not zero.
    pub(super) fn counts(&mut self) -> &BTreeMap<Bucket, u64> {
        self.counts.retain(|_, count| *count > 0);
        &self.counts
    }

    /// Members that leave their groups.
    pub(super) fn members(&self) -> &[MembersGone] {
        &self.members
    }

    /// Names of some of those whom a bucket is about.
    pub(super) fn samples(&self, bucket: &Bucket) -> Vec<Text> {
        self.samples.get(bucket).cloned().unwrap_or_default()
    }
}
