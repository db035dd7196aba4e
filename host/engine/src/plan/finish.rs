//! Closing a plan: disputes out, the guard's word, the head with its digest, and what planning learnt on the way.

use super::{Planned, Planner};
use crate::error::EngineError;
use crate::event::RunEvent;
use rosterd_model::plan::Operation;
use rosterd_model::plan::{ApplyCounts, Bucket, Hold, NOTHING, PlanDigest, PlanHeader, PlanState, Target};
use rosterd_model::{Class, Rule};
use rosterd_reconcile::guard;
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use std::collections::BTreeMap;

impl Planner<'_> {
    pub(super) fn finish(mut self) -> Result<Planned, EngineError> {
        self.settle_disputes()?;
        let holds = self.holds()?;
        let digest = self.rows.digest();
        let steps = self.rows.count;
        let same = self.same_plan(digest, &holds)?;
        self.store(digest, steps, holds, same.as_ref())?;
        let quarantined = self.engine.store.snapshot()?.case_count(self.connection)?;
        let header = match same {
            Some(header) => Some(header),
            None if steps == 0 => None,
            None => self.engine.store.snapshot()?.plan_of_digest(digest)?,
        };
        if let Some(header) = &header {
            self.engine.events.emit(&RunEvent::Planned { digest, steps });
            for hold in &header.holds {
                self.engine.events.emit(&RunEvent::Held(hold.clone()));
            }
        }
        Ok(Planned { header, waiting: self.waiting, quarantined })
    }

    /// An open plan with the same steps, made with the same configuration: it stands, and so does an approval of it.
    fn same_plan(&self, digest: PlanDigest, holds: &[Hold]) -> Result<Option<PlanHeader>, EngineError> {
        let Some(header) = self.view.plan_of_digest(digest)? else { return Ok(None) };
        let open = matches!(header.state, PlanState::Ready | PlanState::Held | PlanState::Approved { .. });
        let untouched = header.done == 0 && header.outcome == ApplyCounts::default();
        let same = header.configuration == self.policy.digest
            && header.connector == self.scan.connector
            && header.holds == holds
            && header.job == self.job.name;
        Ok(Some(header).filter(|_| open && untouched && same))
    }

    fn store(
        &mut self,
        digest: PlanDigest,
        steps: u64,
        holds: Vec<Hold>,
        same: Option<&PlanHeader>,
    ) -> Result<(), EngineError> {
        let rest = self.rows.rest()?;
        let number = self.rows.number;
        if same.is_some() && self.rows.is_flushed() {
            self.rows.discard(number)?;
        }
        let open = self.open_plans(same.map(|header| header.number))?;
        let write_plan = same.is_none() && steps > 0;
        let bookkeeping = !self.settled.is_empty()
            || !self.cases.is_empty()
            || !self.healed.is_empty()
            || !self.missing.is_empty()
            || !self.decisions.ended.is_empty()
            || !open.is_empty();
        let behind = steps == 0 && self.states_differ()?;
        if !write_plan && !bookkeeping && !behind {
            return Ok(());
        }
        let header = self.header(number, digest, steps, holds);
        let engine = self.engine;
        engine.store.commit::<_, EngineError>("plan", |w| {
            if write_plan {
                let mut taken = w.next_plan()?;
                while taken < number {
                    taken = w.next_plan()?;
                }
                for (lane, index, step) in &rest {
                    w.put_step(number, *lane, *index, step)?;
                }
                for part in &self.job.classes {
                    w.put_mapping(part.mapping.digest(), part.mapping.text())?;
                }
                w.put_plan(&header)?;
            }
            for mut old in open {
                old.state = PlanState::Superseded;
                w.put_plan(&old)?;
            }
            for (class, ordinal, seq) in &self.settled {
                w.settle(self.connection, *class, *ordinal, *seq)?;
            }
            for (class, ordinal, missing) in &self.missing {
                w.put_missing(self.connection, *class, *ordinal, missing)?;
            }
            for (entity, attribute) in &self.decisions.ended {
                w.remove_override(*entity, attribute)?;
            }
            for number in &self.healed {
                w.close_case(*number)?;
            }
            for case in std::mem::take(&mut self.cases) {
                w.open_case(case)?;
            }
            if behind {
                put_states(w, engine, self.job)?;
            }
            Ok(())
        })
    }

    /// Plans of this job that nobody applied: this one takes their place.
    fn open_plans(&self, except: Option<u64>) -> Result<Vec<PlanHeader>, EngineError> {
        let mut open = Vec::new();
        for header in self.view.plans_of(&self.job.name)?.take(20) {
            let header = header?;
            let waits = matches!(header.state, PlanState::Ready | PlanState::Held | PlanState::Approved { .. });
            if waits && Some(header.number) != except {
                open.push(header);
            }
        }
        Ok(open)
    }

    fn header(&self, number: u64, digest: PlanDigest, steps: u64, holds: Vec<Hold>) -> PlanHeader {
        let total: BTreeMap<&Bucket, &u64> = self.counts.iter().filter(|(_, count)| **count > 0).collect();
        PlanHeader {
            number,
            digest,
            job: self.job.name.clone(),
            connection: self.job.source.clone(),
            run: self.run,
            at: self.now,
            state: if holds.iter().any(|hold| hold.approval) { PlanState::Held } else { PlanState::Ready },
            configuration: self.policy.digest.clone(),
            connector: self.scan.connector.clone(),
            counts: total.into_iter().map(|(bucket, count)| (bucket.clone(), *count)).collect(),
            holds,
            licences: Vec::new(),
            waiting: self.waiting,
            quarantined: self.open_cases.saturating_add(self.cases.len() as u64),
            steps,
            done: 0,
            outcome: ApplyCounts::default(),
        }
    }

    /// True if the stored fingerprints are not those of the present configuration.
    fn states_differ(&self) -> Result<bool, EngineError> {
        let job = self.view.mapping_state(self.connection)?;
        Ok(job.as_deref() != Some(self.job.fingerprint(&self.policy.authority).as_str()) || !self.behind()?.is_empty())
    }

    /// What waits for a person.
    fn holds(&mut self) -> Result<Vec<Hold>, EngineError> {
        self.counts.retain(|_, count| *count > 0);
        let live = Live::count(&self.view, self.policy, &self.counts)?;
        let first = |target: &Target| match target {
            Target::Hub => false,
            Target::Destination(name) => live.first.contains(name) && Rule::FirstDeliveryHeld.on(),
        };
        let mut holds = guard::judge(&self.counts, &|target, class| live.of(target, class), &self.policy.guard, &first);
        for hold in &mut holds {
            let allowed = |name: &rosterd_model::ConnectionId| {
                self.policy.deliveries.iter().any(|d| d.destination == *name && d.first_allowed)
            };
            if let Target::Destination(name) = &hold.bucket.target
                && !hold.approval
                && allowed(name)
            {
                hold.count = 0;
            }
        }
        holds.retain(|hold| hold.count > 0);
        for (class, count) in &self.unlicensed {
            let bucket = Bucket { target: Target::Hub, class: *class, operation: Operation::Disable };
            let because = self.scan.refusals.iter().find(|(of, _)| of == class).map(|(_, text)| text.clone());
            let hold = Hold {
                count: *count,
                of: live.of(&Target::Hub, *class),
                because: because.unwrap_or_default(),
                bucket: bucket.clone(),
                approval: true,
            };
            holds.retain(|hold| hold.bucket != bucket);
            holds.push(hold);
        }
        holds.sort_by(|a, b| a.bucket.cmp(&b.bucket));
        Ok(holds)
    }
}

/// Live objects before the run, counted where the guard asks.
struct Live {
    counts: BTreeMap<(Target, Class), u64>,
    first: Vec<rosterd_model::ConnectionId>,
}

impl Live {
    fn count(
        view: &Snapshot,
        policy: &crate::policy::Policy,
        buckets: &BTreeMap<Bucket, u64>,
    ) -> Result<Self, EngineError> {
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

/// Remembers what the store was last planned with.
pub(crate) fn put_states(
    w: &mut rosterd_store::Writer<'_>,
    engine: &crate::Engine,
    job: &crate::policy::Job,
) -> Result<(), EngineError> {
    let number = w.intern_connection(&job.source)?;
    w.put_mapping_state(number, &job.fingerprint(&engine.policy.authority))?;
    for delivery in &engine.policy.deliveries {
        let number = w.intern_connection(&delivery.destination)?;
        w.put_mapping_state(number, &delivery.fingerprint())?;
    }
    Ok(())
}
