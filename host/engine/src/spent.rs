//! What a transaction applied, bucket by bucket: for the outcome of the plan, and for the budget of the day.

use crate::error::EngineError;
use rosterd_model::Timestamp;
use rosterd_model::plan::{Bucket, Part, PlanHeader, Step, Target};
use rosterd_store::Spending;
use rosterd_store::prelude::*;

/// Parts applied in one transaction.
#[derive(Debug)]
pub(crate) struct Done {
    /// What a person released spends nothing: it was judged by him, and the rest of the day is judged by itself.
    released: bool,
    /// True: something is owed to a destination, which may be paid now.
    pub(crate) owing: bool,
    /// Parts, and what they count as.
    applied: Vec<(Bucket, u64)>,
    counted: Vec<(Bucket, u64)>,
}

impl Done {
    pub(crate) const fn new(released: bool, owing: bool) -> Self {
        Self { released, owing, applied: Vec::new(), counted: Vec::new() }
    }

    /// A part was applied.
    pub(crate) fn count(&mut self, header: &PlanHeader, step: &Step, part: &Part) {
        for (index, (bucket, count)) in step.counts(part).enumerate() {
            if index == 0 {
                add(&mut self.applied, &bucket, 1);
            }
            if !self.released && !header.free.contains(&bucket) {
                add(&mut self.counted, &bucket, count);
            }
        }
    }

    /// Writes it down.
    pub(crate) fn store(self, w: &mut impl Write, header: &mut PlanHeader, now: Timestamp) -> Result<(), EngineError> {
        for (bucket, count) in &self.applied {
            *header.outcome.applied.entry(bucket.to_string()).or_default() += count;
        }
        for (bucket, count) in &self.counted {
            let destination = match &bucket.target {
                Target::Hub => None,
                Target::Destination(name) => Some(w.intern_connection(name)?),
            };
            let Bucket { class, operation, announced, .. } = *bucket;
            w.spend(now, &Spending { destination, class, operation, announced }, *count)?;
        }
        Ok(())
    }
}

/// There are a handful of buckets: a list is the fastest map.
fn add(list: &mut Vec<(Bucket, u64)>, bucket: &Bucket, by: u64) {
    match list.iter_mut().find(|(known, _)| known == bucket) {
        Some((_, sum)) => *sum += by,
        None => list.push((bucket.clone(), by)),
    }
}
