//! Groups that follow a rule, once everybody else is decided: whom a new or doubtful rule must be asked about, and the steps
//! that make the groups what their rules say.

use super::Planner;
use super::follow::Ruled;
use super::hub::label;
use crate::error::EngineError;
use crate::ruled::members;
use rosterd_model::plan::{ClaimChange, Followed, NOTHING, Operation, Part, Reason, StepObject, Target};
use rosterd_model::{Class, ConnectionId, Entity, EntityId, Lifecycle, Rule, Step, Text, Value};
use rosterd_reconcile::diff::{diff, operation_of, state_hash};
use rosterd_reconcile::group_rule::GroupRule;
use rosterd_store::prelude::*;
use std::collections::BTreeSet;

/// Accounts of one look at the table.
const PORTION: usize = 1_000;

impl Planner<'_> {
    /// Plans the groups whose members change by this plan, or whose rule is new.
    pub(super) fn follow_rules(&mut self) -> Result<(), EngineError> {
        let policy = self.policy;
        if policy.groups.is_empty() && Rule::GroupIsKept.on() {
            return Ok(());
        }
        // Who lost a dispute stays what he is, in groups, too.
        self.settle_disputes()?;
        let moved = self.paths.any_moved();
        let mut all = vec![false; policy.groups.len()];
        for (at, rule) in policy.groups.iter().enumerate() {
            let decided = self.following.groups.get(at).and_then(|group| group.known.decided.as_deref());
            let changed = decided != Some(rule.fingerprint().as_str()) && Rule::GroupRuleChanged.on();
            all[at] = (changed || (moved && rule.wants_path())) && !self.is_unseen(at, rule);
        }
        if all.contains(&true) {
            self.ask_everybody(&all)?;
        }
        for (at, rule) in policy.groups.iter().enumerate() {
            if !self.is_unseen(at, rule) {
                self.follow_rule(at, rule, all[at])?;
            }
        }
        if !Rule::GroupIsKept.on() {
            self.empty_the_forgotten()?;
        }
        Ok(())
    }

    /// Asks some rules about all accounts that no step of this plan is about. Members whom the hub does not have are out.
    fn ask_everybody(&mut self, all: &[bool]) -> Result<(), EngineError> {
        let mut unknown: Vec<(usize, BTreeSet<EntityId>)> = Vec::new();
        for at in (0..all.len()).filter(|at| all[*at]) {
            self.load(at)?;
            unknown.push((at, self.following.groups[at].before.clone()));
        }
        let mut after: Option<EntityId> = None;
        loop {
            let portion: Vec<Entity> =
                self.view.entities(Class::Account, after)?.take(PORTION).collect::<Result<_, _>>()?;
            let Some(last) = portion.last() else { break };
            after = Some(last.id);
            for account in &portion {
                for (_, members) in &mut unknown {
                    members.remove(&account.id);
                }
                if self.following.decided.contains(&account.id) {
                    continue;
                }
                let extra = self.extra_of(Some(account.id), &account.attributes, None)?;
                self.ask(account, &extra, &label(account), None, all)?;
            }
        }
        for (at, members) in unknown {
            let gone = members.into_iter().filter(|id| !self.following.decided.contains(id)).collect::<Vec<_>>();
            if Rule::GroupForgetsTheGone.on() {
                gone.into_iter().for_each(|id| self.following.groups[at].forget(id));
            }
        }
        Ok(())
    }

    fn follow_rule(&mut self, at: usize, rule: &GroupRule, everybody: bool) -> Result<(), EngineError> {
        let unmade = self.following.groups[at].known.entity.is_none();
        if everybody || unmade {
            self.load(at)?;
        }
        let mut group = std::mem::take(&mut self.following.groups[at]);
        if rule.wants_path() && self.paths.any_moved() {
            // Who is where his unit goes waits with it.
            group.with.extend(
                [Operation::Move, Operation::Rename, Operation::Update].map(|what| (Class::OrgUnit, what, false)),
            );
        }
        if everybody {
            self.following.asked.push((rule.name.clone(), group.known.clone(), rule.fingerprint()));
        }
        let changes = !group.joins.is_empty() || !group.leaves.is_empty();
        if everybody || unmade || changes {
            self.rule_step(&rule.name, &rule.display_name, rule.digest(), &group)?;
        }
        self.following.groups[at] = Ruled { known: group.known, ..Ruled::default() };
        Ok(())
    }

    fn rule_step(
        &mut self,
        name: &str,
        display_name: &str,
        mapping: [u8; 8],
        group: &Ruled,
    ) -> Result<(), EngineError> {
        let before = group.entity.as_ref();
        let stay = group.before.difference(&group.leaves).chain(&group.joins).copied().collect();
        let mut attributes = before.map(|entity| entity.attributes.clone()).unwrap_or_default();
        attributes.set("displayName", Value::from(display_name));
        attributes.set("members", members(&stay));
        let nothing = rosterd_model::Attributes::new();
        let changes = diff(before.map_or(&nothing, |entity| &entity.attributes), &attributes);
        if before.is_some() && changes.is_empty() {
            return Ok(());
        }
        let after = match before {
            Some(entity) => entity.with(attributes, entity.lifecycle),
            None => Entity {
                id: EntityId::from_bytes([0; 16]),
                class: Class::Group,
                attributes,
                lifecycle: Lifecycle::Active,
                revision: 0,
                created: self.run,
                changed: self.run,
            },
        };
        let claims = ["displayName", "members"]
            .map(|name| ClaimChange { attribute: name.into(), value: after.attributes.get(name).cloned() });
        let hub = Part {
            target: Target::Hub,
            operation: before.map_or(Operation::Create, |_| operation_of(Class::Group, &changes, None)),
            before: before.map_or(NOTHING, |entity| state_hash(&entity.attributes, &entity.lifecycle)),
            after: state_hash(&after.attributes, &after.lifecycle),
            changes,
            lifecycle: before.is_none().then_some(after.lifecycle),
        };
        let mut parts = vec![hub];
        self.ruling = true;
        let told = self.fan_out(&after, before.map(|entity| entity.id), None, &mut parts);
        self.ruling = false;
        match told? {
            Ok(()) => self.heal_rule(Class::Group, || name.into())?,
            Err(problem) => {
                let message = format!("destinations are not told of [group.{name}]: {}", problem.message);
                self.rule_case(Class::Group, &name.into(), message, Vec::new())?;
            }
        }
        self.push(Step {
            class: Class::Group,
            object: match before {
                Some(entity) => StepObject::Entity(entity.id),
                None => StepObject::New { connection: ConnectionId::hub(), id: name.into() },
            },
            label: display_name.into(),
            reason: Reason::Rule(Box::new(followed(name, group))),
            source: None,
            claims: Some(claims.into()),
            mapping,
            parts,
        })
    }

    /// Without the rule a group whose rule was removed loses everybody.
    fn empty_the_forgotten(&mut self) -> Result<(), EngineError> {
        let policy = self.policy;
        for (name, known) in self.view.group_rules()? {
            let Some(id) = known.entity.filter(|_| policy.groups.iter().all(|rule| rule.name != name)) else {
                continue;
            };
            let Some(entity) = self.view.entity(Class::Group, id)? else { continue };
            let before = crate::ruled::members_of(&entity);
            let display_name = label(&entity);
            let group = Ruled { leaves: before.clone(), before, entity: Some(entity), known, ..Ruled::default() };
            self.rule_step(&name, &display_name, [0; 8], &group)?;
        }
        Ok(())
    }
}

fn followed(name: &str, group: &Ruled) -> Followed {
    let named = |ids: &BTreeSet<EntityId>| -> Vec<Text> {
        ids.iter().filter_map(|id| group.names.get(id).cloned()).take(Followed::SAMPLES).collect()
    };
    Followed {
        rule: name.into(),
        joined: group.joins.len() as u64,
        left: group.leaves.len() as u64,
        joins: named(&group.joins),
        leaves: named(&group.leaves),
        with: group.with.iter().copied().collect(),
    }
}
