//! Closing a plan: disputes out, the guard's word, the head with its digest, and what planning learnt on the way.

use super::narrow::applied_text;
use super::{Planned, Planner};
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::policy::{Policy, authority_of};
use rosterd_model::plan::{ApplyCounts, Bucket, Hold, PlanDigest, PlanHeader, PlanState};
use rosterd_model::{Rule, Timestamp};
use rosterd_store::prelude::*;

impl Planner<'_> {
    pub(super) fn finish(mut self) -> Result<Planned, EngineError> {
        self.settle_disputes()?;
        let (holds, free) = self.holds()?;
        let digest = self.rows.digest();
        let steps = self.rows.count;
        let same = self.same_plan(digest, &holds)?;
        let cleared = self.store(digest, steps, (holds, free), same.as_ref())?;
        let view = self.engine.store.snapshot()?;
        let quarantined = view.case_count(self.connection)? + self.following.open_cases(&view)?;
        drop(view);
        let header = match same {
            Some(header) => Some(header),
            None if steps == 0 => None,
            None => self.engine.store.snapshot()?.plan_of_digest(digest)?,
        };
        if let Some(header) = &header {
            self.engine.events.emit(&RunEvent::Planned { digest, steps });
            for hold in &header.holds {
                self.engine.events.emit(&RunEvent::Held { digest, hold: hold.clone() });
            }
        }
        for digest in &cleared {
            self.engine.events.emit(&RunEvent::Cleared { digest: *digest });
        }
        Ok(Planned { header, waiting: self.waiting, quarantined, cleared })
    }

    /// An open plan with the same steps, made with the same configuration: it stands, and so does an approval of it.
    fn same_plan(&self, digest: PlanDigest, holds: &[Hold]) -> Result<Option<PlanHeader>, EngineError> {
        let Some(header) = self.view.plan_of_digest(digest)? else { return Ok(None) };
        let open = matches!(header.state, PlanState::Ready | PlanState::Held | PlanState::Approved { .. });
        // What a run applied of it would not be planned again.
        let untouched = header.done == 0 && header.outcome.applied.is_empty() && header.outcome.moved == 0;
        let same = header.configuration == self.policy.digest
            && header.connector == self.scan.connector
            && header.holds == holds
            && header.job == self.job.name;
        Ok(Some(header).filter(|header| open && untouched && same && !self.is_expired(header)))
    }

    fn is_expired(&self, header: &PlanHeader) -> bool {
        matches!(header.state, PlanState::Approved { at, .. } if expired(self.policy, at, self.now))
    }

    /// Stores the plan and what planning learnt. Returns the plans whose hold is gone.
    fn store(
        &mut self,
        digest: PlanDigest,
        steps: u64,
        (holds, free): (Vec<Hold>, Vec<Bucket>),
        same: Option<&PlanHeader>,
    ) -> Result<Vec<PlanDigest>, EngineError> {
        let rest = self.rows.rest()?;
        let number = self.rows.number;
        if same.is_some() && self.rows.is_flushed() {
            self.rows.discard(number)?;
        }
        let waits = holds.iter().any(|hold| hold.approval);
        let Replaced { open, cleared, approved } = self.replaced(same.map(|header| header.number), digest, waits)?;
        let write_plan = same.is_none() && steps > 0;
        let bookkeeping = !self.settled.is_empty()
            || !self.cases.is_empty()
            || !self.healed.is_empty()
            || !self.missing.is_empty()
            || !self.decisions.ended.is_empty()
            || !self.paid.is_empty()
            || !self.timers.is_empty()
            || !self.renewed.is_empty()
            || !self.following.asked.is_empty()
            || !self.following.gone.is_empty()
            || !open.is_empty();
        let behind = steps == 0 && self.states_differ()?;
        let looked = same.is_some_and(|same| same.connection.is_hub());
        if !write_plan && !bookkeeping && !behind && !looked {
            return Ok(cleared);
        }
        let mut header = self.header(number, digest, steps, holds, free);
        if let (Some(approved), false) = (approved, Rule::ApprovalBindsDigest.on()) {
            header.state = approved;
        }
        let (engine, pushed) = (self.engine, self.job.pushed);
        let write = |w: &mut rosterd_store::Writer<'_>| {
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
                for rule in &self.policy.groups {
                    w.put_mapping(rule.digest(), rule.text())?;
                }
                w.put_plan(&header)?;
            }
            // A plan of the hub's own says when it was looked at last, so that nobody looks again at once.
            if let Some(same) = same.filter(|same| same.connection.is_hub()) {
                w.put_plan(&PlanHeader { at: self.now, ..same.clone() })?;
            }
            for mut old in open {
                old.state = PlanState::Superseded;
                w.put_plan(&old)?;
            }
            for (class, ordinal, seq) in &self.settled {
                w.settle(self.connection, *class, *ordinal, *seq)?;
            }
            for (class, ordinal, seq) in &self.renewed {
                w.put_unsettled(self.connection, *class, *ordinal, *seq)?;
            }
            for (class, ordinal, missing) in &self.missing {
                w.put_missing(self.connection, *class, *ordinal, missing)?;
            }
            for (entity, attribute) in &self.decisions.ended {
                w.remove_override(*entity, attribute)?;
            }
            for (destination, class, entity) in &self.paid {
                w.clear_owed(*destination, *class, *entity)?;
            }
            let plan = same.map(|same| same.number).or_else(|| write_plan.then_some(number));
            self.put_asked(w, plan)?;
            for timer in &self.timers {
                w.put_timer(timer)?;
            }
            for number in &self.healed {
                w.close_case(*number)?;
            }
            for case in std::mem::take(&mut self.cases) {
                w.open_case(case)?;
            }
            if behind {
                put_states(w, engine, self.job, true)?;
                super::accept(w, self.policy, self.job, &self.scan.connector)?;
            }
            Ok(())
        };
        // Clients wait for one disk write, at the end of the run.
        if pushed {
            engine.store.commit_with_next::<_, EngineError>("plan", write)?;
        } else {
            engine.store.commit::<_, EngineError>("plan", write)?;
        }
        Ok(cleared)
    }

    /// Remembers the rules of groups that everybody was asked by: for this plan, or, without one, for good.
    fn put_asked(&self, w: &mut rosterd_store::Writer<'_>, plan: Option<u64>) -> Result<(), EngineError> {
        self.following.gone.iter().try_for_each(|name| w.doubt_group_rule(name))?;
        for (name, seen, fingerprint) in &self.following.asked {
            // Somebody doubts it since.
            if w.group_rule(name)? != *seen {
                continue;
            }
            let mut now = seen.clone();
            match plan {
                Some(plan) => now.asked = Some((fingerprint.clone(), plan)),
                None => {
                    (now.decided, now.asked) = (Some(fingerprint.clone()), None);
                    now.accepted = if self.job.is_hub() { now.accepted } else { Some(fingerprint.clone()) };
                }
            }
            w.put_group_rule(name, &now)?;
        }
        Ok(())
    }

    /// Plans of this job that nobody applied: this one takes their place. What a person approved stays as long as
    /// anything waits: a further run drops what moved since, and not the approval.
    fn replaced(&self, except: Option<u64>, digest: PlanDigest, waits: bool) -> Result<Replaced, EngineError> {
        let mut replaced = Replaced::default();
        // Where clients push, there is a plan for each moment: those that were over the last time are not read again.
        let (pushes, pushed) = (self.engine.gate.pushes(), self.job.pushed);
        let known = if pushed { pushes.plans_over(&self.job.source, &self.job.name) } else { 0 };
        let (mut newest, mut all_over) = (known, true);
        for header in self.view.plans_of(&self.job.name)?.take(300) {
            let header = header?;
            if header.number <= known {
                break;
            }
            newest = newest.max(header.number);
            all_over &= matches!(header.state, PlanState::Applied | PlanState::Superseded);
            let open = matches!(header.state, PlanState::Ready | PlanState::Held | PlanState::Approved { .. });
            if !open || Some(header.number) == except {
                continue;
            }
            let held = header.holds.iter().any(|hold| hold.approval);
            if matches!(header.state, PlanState::Approved { .. }) {
                replaced.approved = Some(header.state.clone());
                if waits && header.digest != digest && !self.is_expired(&header) {
                    continue;
                }
            }
            if held && !waits {
                if !Rule::HoldClears.on() {
                    continue;
                }
                replaced.cleared.push(header.digest);
            }
            replaced.open.push(header);
        }
        if pushed && all_over && newest > known {
            pushes.note_plans_over(&self.job.source, &self.job.name, newest);
        }
        Ok(replaced)
    }

    fn header(
        &mut self,
        number: u64,
        digest: PlanDigest,
        steps: u64,
        holds: Vec<Hold>,
        free: Vec<Bucket>,
    ) -> PlanHeader {
        PlanHeader {
            number,
            digest,
            job: self.job.name.clone(),
            connection: self.job.source.clone(),
            run: self.run,
            by: self.engine.principal.clone(),
            at: self.now,
            state: if holds.iter().any(|hold| hold.approval) { PlanState::Held } else { PlanState::Ready },
            configuration: self.policy.digest.clone(),
            connector: self.scan.connector.clone(),
            counts: self.tally.counts().iter().map(|(bucket, count)| (bucket.clone(), *count)).collect(),
            holds,
            free,
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
        if self.job.is_hub() {
            return Ok(false);
        }
        let job = self.view.mapping_state(self.connection)?;
        Ok(job.as_deref() != Some(self.job.fingerprint(&self.policy.authority).as_str())
            || !self.behind()?.is_empty()
            || super::changed::differs(&self.view, self.policy, self.job, self.connection, &self.scan.connector)?)
    }
}

/// Earlier plans in whose place a new one comes.
#[derive(Default)]
struct Replaced {
    /// They are superseded.
    open: Vec<PlanHeader>,
    /// Those among them that waited for a person, where nothing waits any more.
    cleared: Vec<PlanDigest>,
    /// The state of one that was approved.
    approved: Option<PlanState>,
}

/// True if an approval of the time `at` is over.
pub(crate) fn expired(policy: &Policy, at: Timestamp, now: Timestamp) -> bool {
    Rule::ApprovalBindsDigest.on() && now.since_ms(at) > policy.approval.expires_ms
}

/// Remembers what the store was last planned with; not `known`: that was a configuration that nobody knows any more, and
/// everything is compared by the next plan. A plan of the hub's own compared neither a source nor a destination as a whole.
pub(crate) fn put_states(
    w: &mut rosterd_store::Writer<'_>,
    engine: &crate::Engine,
    job: &crate::policy::Job,
    known: bool,
) -> Result<(), EngineError> {
    if job.is_hub() {
        return Ok(());
    }
    let unless_unknown = |state: String| if known { state } else { "unknown".to_owned() };
    let number = w.intern_connection(&job.source)?;
    let state = unless_unknown(job.fingerprint(&engine.policy.authority));
    w.put_mapping_state(number, &state)?;
    for part in job.classes.iter().filter(|_| known) {
        w.put_applied_mapping(number, part.class, &applied_text(part, &state))?;
    }
    for delivery in &engine.policy.deliveries {
        let number = w.intern_connection(&delivery.destination)?;
        w.put_delivery_state(number, &unless_unknown(delivery.fingerprint()))?;
    }
    Ok(())
}

/// Remembers that some of a plan was applied and the rest waits: records were planned with the mapping before or with that of
/// the job, nobody knows which with which.
pub(crate) fn put_partly(
    w: &mut rosterd_store::Writer<'_>,
    engine: &crate::Engine,
    job: &crate::policy::Job,
) -> Result<(), EngineError> {
    if job.is_hub() {
        return Ok(());
    }
    let number = w.intern_connection(&job.source)?;
    let Some(before) = w.mapping_state(number)? else { return Ok(()) };
    if before != job.fingerprint(&engine.policy.authority) {
        w.put_mapping_state(number, &format!("partly {}", authority_of(&before)))?;
    }
    Ok(())
}
