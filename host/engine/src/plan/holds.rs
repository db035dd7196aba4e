//! What of a plan waits for a person: the guard's word on what the steps count as.

use super::Planner;
use crate::error::EngineError;
use crate::policy::Policy;
use rosterd_model::plan::{Bucket, Hold, NOTHING, Operation, Target};
use rosterd_model::{Class, ConnectionId, Rule};
use rosterd_reconcile::guard::{self, Facts};
use rosterd_store::prelude::*;
use rosterd_store::{Snapshot, Spending};
use std::collections::BTreeMap;

/// The time for which the rolling budget is.
const DAY_MS: u64 = 24 * 3_600_000;

impl Planner<'_> {
    /// What waits for a person, and the buckets that no threshold judges.
    pub(super) fn holds(&mut self) -> Result<(Vec<Hold>, Vec<Bucket>), EngineError> {
        if !self.guarded {
            return Ok((Vec::new(), Vec::new()));
        }
        let counts = self.tally.counts().clone();
        let live = Live::count(&self.view, self.policy, &counts)?;
        let spent = self.spent(&counts)?;
        let facts = Facts {
            live: &|target, class| live.of(target, class),
            spent: &|bucket| spent.get(bucket).copied().unwrap_or(0),
            first_delivery: &|target| matches!(target, Target::Destination(name) if live.first.contains(name)),
        };
        let mut holds = guard::judge(&counts, self.tally.members(), &facts, &self.policy.guard);
        let free: Vec<Bucket> =
            counts.keys().filter(|bucket| guard::is_free(bucket, &facts, &self.policy.guard)).cloned().collect();
        let allowed = |name: &ConnectionId| {
            self.policy.deliveries.iter().any(|delivery| delivery.destination == *name && delivery.first_allowed)
        };
        holds
            .retain(|hold| hold.approval || !matches!(&hold.bucket.target, Target::Destination(name) if allowed(name)));
        self.unlicensed(&mut holds, &live);
        self.with_their_unit(&mut holds, &counts, &live);
        self.asked(&mut holds, &counts, &live);
        if !self.options.accept_configuration {
            let (view, policy) = (&self.view, self.policy);
            let changes = super::changed::changes(view, policy, self.job, self.connection, &self.scan.connector)?;
            if !changes.is_empty() {
                guard::hold_changed(&mut holds, &counts, facts.live, &changes.join(" and "));
            }
        }
        // What a person lets through by applying the plan was judged by him, as what he approves is.
        let mut free = free;
        free.extend(holds.iter().filter(|hold| !hold.approval).map(|hold| hold.bucket.clone()));
        for hold in &mut holds {
            hold.samples = self.tally.samples(&hold.bucket);
        }
        holds.sort_by(|a, b| a.bucket.cmp(&b.bucket));
        Ok((holds, free))
    }

    /// Removals that rest on a scan without a licence wait whatever their number.
    fn unlicensed(&self, holds: &mut Vec<Hold>, live: &Live) {
        for (class, count) in &self.unlicensed {
            let bucket = Bucket::new(Target::Hub, *class, Operation::Disable);
            let because = self.scan.refusals.iter().find(|(of, _)| of == class).map(|(_, text)| text.clone());
            holds.retain(|hold| hold.bucket != bucket);
            holds.push(Hold {
                count: *count,
                of: live.of(&Target::Hub, *class),
                because: because.unwrap_or_default(),
                bucket,
                approval: true,
                samples: Vec::new(),
            });
        }
    }

    /// Who moves because his unit goes waits with the unit: if that is wrong, he must not move either.
    fn with_their_unit(&self, holds: &mut Vec<Hold>, counts: &BTreeMap<Bucket, u64>, live: &Live) {
        let unit = Bucket::new(Target::Hub, Class::OrgUnit, Operation::Disable);
        let bucket = Bucket::new(Target::Hub, Class::Account, Operation::Move);
        let Some(hold) = holds.iter().find(|hold| hold.bucket == unit) else { return };
        if self.moved_out == 0 || holds.iter().any(|hold| hold.bucket == bucket) {
            return;
        }
        let because = format!("{} people leave org units whose removal waits: {}", self.moved_out, hold.because);
        let (count, of) =
            (counts.get(&bucket).copied().unwrap_or(self.moved_out), live.of(&Target::Hub, Class::Account));
        holds.push(Hold { count, of, because, bucket, approval: true, samples: Vec::new() });
    }

    /// What waits for a person however few there are.
    fn asked(&self, holds: &mut Vec<Hold>, counts: &BTreeMap<Bucket, u64>, live: &Live) {
        for (bucket, because) in &self.asked {
            let count = counts.get(bucket).copied().unwrap_or(0);
            if count > 0 && !holds.iter().any(|hold| hold.bucket == *bucket) {
                let (of, because) = (live.of(&bucket.target, bucket.class), format!("{bucket}: {because}"));
                holds.push(Hold { bucket: bucket.clone(), count, of, because, approval: true, samples: Vec::new() });
            }
        }
    }

    /// What was done within a day in the buckets of this plan.
    fn spent(&self, counts: &BTreeMap<Bucket, u64>) -> Result<BTreeMap<Bucket, u64>, EngineError> {
        let from = rosterd_model::Timestamp(self.now.0.saturating_sub(DAY_MS));
        let all = self.view.spent_since(from)?;
        let mut spent = BTreeMap::new();
        if all.is_empty() || !Rule::RollingBudget.on() {
            return Ok(spent);
        }
        for bucket in counts.keys() {
            let destination = match &bucket.target {
                Target::Hub => None,
                Target::Destination(name) => match self.view.connection_number(name)? {
                    Some(number) => Some(number),
                    None => continue,
                },
            };
            let Bucket { class, operation, announced, .. } = *bucket;
            if let Some(count) = all.get(&Spending { destination, class, operation, announced }) {
                spent.insert(bucket.clone(), *count);
            }
        }
        Ok(spent)
    }
}

/// Live objects before the run, counted where the guard asks.
struct Live {
    counts: BTreeMap<(Target, Class), u64>,
    first: Vec<rosterd_model::ConnectionId>,
}

impl Live {
    fn count(view: &Snapshot, policy: &Policy, buckets: &BTreeMap<Bucket, u64>) -> Result<Self, EngineError> {
        let mut counts = BTreeMap::new();
        let mut first = Vec::new();
        for delivery in &policy.deliveries {
            let number = view.connection_number(&delivery.destination)?;
            let mut any = false;
            for class in Class::ALL {
                if let Some(number) = number {
                    // What was adopted is not what was delivered.
                    for row in view.projections(number, class)? {
                        if row?.1.applied != NOTHING {
                            any = true;
                            break;
                        }
                    }
                }
            }
            if !any {
                first.push(delivery.destination.clone());
            }
        }
        for bucket in buckets.keys() {
            let key = (bucket.target.clone(), bucket.class);
            if counts.contains_key(&key) {
                continue;
            }
            let count = match &bucket.target {
                Target::Hub => view.total(None, bucket.class)?,
                Target::Destination(name) => match view.connection_number(name)? {
                    Some(number) => view.total(Some(number), bucket.class)?,
                    None => 0,
                },
            };
            counts.insert(key, count);
        }
        Ok(Self { counts, first })
    }

    fn of(&self, target: &Target, class: Class) -> u64 {
        self.counts.get(&(target.clone(), class)).copied().unwrap_or(0)
    }
}
