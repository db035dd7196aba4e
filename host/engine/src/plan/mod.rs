//! From what is known to what would be done: one pass over the shadows that no applied plan has decided, on one view of
//! the store, written out as step rows while it goes.

mod absence;
mod ages;
mod catch_up;
mod changed;
mod decide;
mod decisions;
mod departed;
mod disputes;
mod echo;
mod effective;
mod employment;
mod fan_out;
mod finish;
mod follow;
mod followed;
mod holds;
mod hub;
mod lifecycle;
mod narrow;
mod owed;
mod portion;
mod recorrelate;
mod returning;
mod rows;
mod secondary;
mod strip;
mod tally;
mod unique;
mod units;
mod unlinked;

pub(crate) use absence::unseen;
pub(crate) use changed::{accept, accept_unknown};
pub(crate) use departed::has_left;
pub(crate) use finish::{expired, put_partly, put_states};
pub use hub::HubPlan;
pub(crate) use hub::plan as hub_plan;
pub(crate) use returning::decides_lifecycle;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::RunEvent;
use crate::members::Turned;
use crate::paths::Paths;
use crate::policy::{Delivery, Job, Policy};
use crate::scan::ScanResult;
use decisions::Decisions;
use disputes::Disputes;
use rosterd_model::plan::{Bucket, PlanDigest, PlanHeader, Step, StepObject};
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::shadow::Missing;
use rosterd_model::{Class, ConnectionId, EntityId, ExternalId, RunId, Timestamp};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot, Timer};
use rows::Rows;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tally::Tally;

/// What planning came to.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The plan; none if there is nothing to do.
    pub(crate) header: Option<PlanHeader>,
    /// Missing objects that wait for a further scan.
    pub(crate) waiting: u64,
    /// Open cases of the connection.
    pub(crate) quarantined: u64,
    /// Plans that no longer wait, because what held them is gone.
    pub(crate) cleared: Vec<PlanDigest>,
}

/// What a caller says about a plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanOptions {
    /// True: a changed configuration needs nobody who looks at the plan first.
    pub(crate) accept_configuration: bool,
}

/// A plan in the making.
struct Planner<'a> {
    engine: &'a Engine,
    policy: &'a Policy,
    job: &'a Job,
    view: Arc<Snapshot>,
    connection: ConnectionNumber,
    run: RunId,
    now: Timestamp,
    scan: &'a ScanResult,
    rows: Rows<'a>,
    tally: Tally,
    options: PlanOptions,
    /// What is not owed any more.
    paid: Vec<(ConnectionNumber, Class, EntityId)>,
    /// Missing objects whose removal needs a person, because the scan has no licence.
    unlicensed: BTreeMap<Class, u64>,
    paths: Paths,
    disputes: Disputes,
    /// Entities with a step; kept only while destinations must be caught up.
    touched: Option<HashSet<EntityId>>,
    /// True: every attribute of every shadow is decided anew.
    everything: bool,
    /// How long ago each connection was read; only where an order of authority asks.
    ages: BTreeMap<ConnectionId, u64>,
    /// True: whom linked records are about is decided anew.
    recorrelates: bool,
    /// Explicit departures, decided when it is known who came back under another id.
    departures: Vec<(Class, u32)>,
    /// Entities that a new record of this run belongs to, whose old one is gone.
    relinked: HashSet<EntityId>,
    /// Names that were made in this run.
    given: HashSet<(String, String)>,
    /// What operators decided, as far as this plan must look.
    decisions: Decisions,
    settled: Vec<(Class, u32, u64)>,
    cases: Vec<QuarantineCase>,
    healed: Vec<u64>,
    missing: Vec<(Class, u32, Missing)>,
    waiting: u64,
    /// Open cases when planning began: none means that none need be looked up.
    open_cases: u64,
    decided: u64,
    /// False: nothing of it waits for a person, whatever its size.
    guarded: bool,
    /// What waits for a person whatever its size, and why.
    asked: BTreeMap<Bucket, String>,
    /// What the scan does not show.
    unseen: BTreeMap<Class, Vec<u32>>,
    /// Whom the scan does not show and who leaves by this plan.
    leaving: HashSet<(Class, u32)>,
    /// Accounts with a step by which they leave.
    gone: HashSet<EntityId>,
    /// Org units that go, decided when everybody else is.
    going: Vec<units::GoingUnit>,
    /// People who move because their unit goes.
    moved_out: u64,
    /// Org units that are back.
    back: Vec<ExternalId>,
    /// Records that the next plan decides anew.
    renewed: Vec<(Class, u32, u64)>,
    /// Dates that a changed configuration set anew.
    timers: Vec<Timer>,
    /// The entity of the shadow that is being decided, where it was read along with it.
    there: Option<portion::There>,
    /// True: the source is a destination as well.
    both_ways: bool,
    /// There: attributes of the hub that the step in the making claims.
    saying: Vec<rosterd_model::Text>,
    /// True: some delivery takes leavers out of groups.
    strips: bool,
    /// There: accounts that leave or return by this plan.
    turned: Turned,
    /// There: groups that a step of this plan is about.
    groups: HashSet<EntityId>,
    /// Groups that follow a rule.
    following: follow::Following,
    /// True: the step in the making is about such a group.
    ruling: bool,
}

/// Makes the plan of a run.
pub(crate) fn plan(
    engine: &Engine,
    job: &Job,
    connection: ConnectionNumber,
    run: RunId,
    scan: &ScanResult,
    options: PlanOptions,
) -> Result<Planned, EngineError> {
    crate::keys::complete(engine)?;
    decisions::renew(engine, connection)?;
    let mut planner = Planner::begin(engine, job, connection, run, scan, options)?;
    let behind = planner.behind()?;
    if !behind.is_empty() || planner.owes()? {
        planner.touched = Some(HashSet::new());
    }
    // Time alone changes values where an order asks when a connection was read.
    let aging = planner.policy.authority.asks_for_age();
    let changed = planner.mapping_changed()?;
    planner.everything = aging || planner.authority_changed()?;
    if aging {
        planner.ages = ages::ages(&planner.view, planner.now, &planner.job.source)?;
    }
    planner.find_leaving()?;
    // Groups last: who is in them may depend on who left.
    for classes in [[Class::OrgUnit, Class::Account].as_slice(), &[Class::Group]] {
        for class in classes {
            planner.class(*class, changed || planner.everything)?;
        }
        planner.departed_all()?;
        planner.absent(classes)?;
    }
    planner.leave_units()?;
    planner.follow_rules()?;
    planner.strip_groups()?;
    planner.people_back()?;
    planner.saying.clear();
    planner.catch_up(&behind)?;
    planner.pay()?;
    planner.finish()
}

impl<'a> Planner<'a> {
    fn begin(
        engine: &'a Engine,
        job: &'a Job,
        connection: ConnectionNumber,
        run: RunId,
        scan: &'a ScanResult,
        options: PlanOptions,
    ) -> Result<Self, EngineError> {
        let view = Arc::new(engine.store.snapshot()?);
        let open_cases = view.case_count(connection)?;
        let now = view.policy_now(engine.clock.now())?;
        Ok(Self {
            engine,
            policy: &engine.policy,
            job,
            rows: Rows::new(engine, &view, job.pushed)?,
            connection,
            run,
            now,
            scan,
            tally: Tally::default(),
            options,
            paid: Vec::new(),
            unlicensed: BTreeMap::new(),
            paths: Paths::default(),
            disputes: Disputes::default(),
            touched: None,
            everything: false,
            ages: BTreeMap::new(),
            recorrelates: false,
            departures: Vec::new(),
            relinked: HashSet::new(),
            given: HashSet::new(),
            decisions: Decisions::of(&view, connection)?,
            settled: Vec::new(),
            cases: Vec::new(),
            healed: Vec::new(),
            missing: Vec::new(),
            waiting: 0,
            open_cases,
            decided: 0,
            both_ways: engine.policy.deliveries.iter().any(|delivery| delivery.destination == job.source),
            there: None,
            saying: Vec::new(),
            strips: engine.policy.deliveries.iter().any(Delivery::strips_groups),
            turned: Turned::new(),
            groups: HashSet::new(),
            following: follow::Following::of(&view, &engine.policy)?,
            ruling: false,
            view,
            guarded: true,
            asked: BTreeMap::new(),
            unseen: BTreeMap::new(),
            leaving: HashSet::new(),
            gone: HashSet::new(),
            going: Vec::new(),
            moved_out: 0,
            back: Vec::new(),
            renewed: Vec::new(),
            timers: Vec::new(),
        })
    }
}

impl Planner<'_> {
    /// True if the mapping changed since the last applied plan: then every shadow is decided anew.
    fn mapping_changed(&self) -> Result<bool, EngineError> {
        let state = self.view.mapping_state(self.connection)?;
        Ok(state.is_some_and(|state| state != self.job.fingerprint(&self.policy.authority)))
    }

    /// True if the order of authority changed since the last applied plan: then every attribute is decided anew.
    fn authority_changed(&self) -> Result<bool, EngineError> {
        let state = self.view.mapping_state(self.connection)?;
        Ok(state.is_some_and(|state| !state.ends_with(self.policy.authority.fingerprint())))
    }

    fn class(&mut self, class: Class, everything: bool) -> Result<(), EngineError> {
        let (view, policy, job) = (self.view.clone(), self.engine.policy.clone(), self.job.name.to_string());
        let plain =
            !self.everything && !self.both_ways && !self.recorrelates && policy.lifecycle.holding_unit.is_none();
        let rules = self.narrow(class, everything && plain)?;
        // Where no rule changed, whoever is settled stays so.
        let everything = everything && !rules.as_ref().is_some_and(|rules| rules.is_empty());
        let (connection, has_decisions) = (self.connection, self.open_cases > 0 || self.decisions.resolutions);
        let has_overrides = self.decisions.overrides;
        let source =
            portion::Source { view, connection, class, everything, rules, has_decisions, has_overrides, policy, job };
        let mut ahead = source.ahead();
        while let Some(mut portion) = ahead.next()? {
            for (ordinal, known) in &mut portion {
                match known {
                    Some(_) if self.leaving.contains(&(class, *ordinal)) => self.pass_over(class, *ordinal)?,
                    Some(known) => self.shadow(class, *ordinal, known)?,
                    None => {}
                }
                self.decided += 1;
            }
            self.engine.events.emit(&RunEvent::Decided { shadows: self.decided });
        }
        Ok(())
    }

    /// Writes a step, and counts its parts.
    fn push(&mut self, step: Step) -> Result<(), EngineError> {
        self.tally.add(&step);
        if let (true, Class::Group, StepObject::Entity(id)) = (self.strips, step.class, &step.object) {
            self.groups.insert(*id);
        }
        if let (Some(touched), StepObject::Entity(id)) = (&mut self.touched, &step.object) {
            touched.insert(*id);
        }
        self.rows.push(step)
    }

    /// Sets a record aside.
    fn quarantine(
        &mut self,
        class: Class,
        id: &ExternalId,
        reason: QuarantineReason,
        message: String,
        candidates: Vec<EntityId>,
    ) -> Result<(), EngineError> {
        let case = QuarantineCase {
            number: 0,
            connection: self.job.source.clone(),
            class: Some(class),
            id: Some(id.clone()),
            reason,
            position: String::new(),
            message,
            raw: String::new(),
            candidates,
            run: self.run,
            at: self.now,
        };
        if let Some(open) = self.open_case(class, id)?
            && crate::scan::same_case(&open, &case)
        {
            return Ok(());
        }
        self.cases.push(case);
        Ok(())
    }

    /// The open case of an object.
    fn open_case(&self, class: Class, id: &ExternalId) -> Result<Option<QuarantineCase>, EngineError> {
        if self.open_cases == 0 {
            return Ok(None);
        }
        let Some(number) = self.view.case_of(self.connection, Some(class), id)? else { return Ok(None) };
        Ok(self.view.case(number)?)
    }
}
