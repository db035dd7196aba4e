//! Groups that follow a rule, while a plan is applied: their claims are the hub's, and a step that is not done leaves the
//! memberships in doubt, so that the next plan asks everybody.

use crate::apply::Applying;
use crate::error::EngineError;
use rosterd_model::claim::{ClaimEntry, ClaimSet};
use rosterd_model::plan::{PlanHeader, Reason, StepSource};
use rosterd_model::{Class, Entity, EntityId, RunId, Step, Value};
use rosterd_reconcile::group_rule::{GroupRule, id_of_new};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, FollowedRule, Writer};
use std::collections::BTreeSet;

/// Members by their ids, as a group that follows a rule names them.
pub(crate) fn members(ids: &BTreeSet<EntityId>) -> Value {
    let reference = |id: &EntityId| Value::Reference { class: Class::Account, id: id.to_string().into() };
    Value::List(ids.iter().map(reference).collect())
}

/// Ids of the members of such a group.
pub(crate) fn members_of(group: &Entity) -> BTreeSet<EntityId> {
    let Some(Value::List(members)) = group.attributes.get("members") else { return BTreeSet::new() };
    let id = |value: &Value| match value {
        Value::Reference { class: Class::Account, id } => id.as_str().parse().ok(),
        _ => None,
    };
    members.iter().filter_map(id).collect()
}

/// The id that the account of a new record gets where groups follow rules: the plan names it before it is made.
pub(crate) fn new_account(view: &impl Read, source: &StepSource) -> Result<EntityId, EngineError> {
    for nth in 0.. {
        let id = id_of_new(Class::Account, source, nth);
        // The same record may have made an account before, which was somebody else.
        if !view.has_entity(Class::Account, id)? {
            return Ok(id);
        }
    }
    Err(EngineError::Internal("every id of a new account is taken".to_owned()))
}

impl Applying<'_> {
    /// The id of what a step makes.
    pub(crate) fn new_id(&self, w: &impl Read, step: &Step) -> Result<EntityId, EngineError> {
        match &step.source {
            Some(source) if step.class == Class::Account && !self.engine.policy.groups.is_empty() => {
                new_account(w, source)
            }
            _ => Ok(EntityId(uuid::Uuid::now_v7())),
        }
    }

    /// What the hub itself says of a group that follows a rule, and which group that is.
    pub(crate) fn ruled(&self, w: &mut impl Write, run: RunId, step: &Step, group: &Entity) -> Result<(), EngineError> {
        let Reason::Rule(followed) = &step.reason else { return Ok(()) };
        let known = w.claims(group.id, ConnectionNumber::HUB)?;
        let since = |attribute: &str, value: &Value| {
            let before = known.as_ref().and_then(|known| known.get(attribute));
            before
                .filter(|before| before.value == *value && before.mapping == step.mapping)
                .map_or(run, |one| one.since)
        };
        let said = step.claims.iter().flatten();
        let entries = said.filter_map(|claim| {
            let value = claim.value.clone()?;
            let since = since(&claim.attribute, &value);
            Some(ClaimEntry { attribute: claim.attribute.clone(), value, since, mapping: step.mapping })
        });
        let set = ClaimSet {
            class: Class::Group,
            ordinal: 0,
            external_id: followed.rule.as_str().into(),
            further: Vec::new(),
            connector: "built-in".into(),
            entries: entries.collect(),
        };
        w.put_claims(group.id, ConnectionNumber::HUB, &set)?;
        let rule = w.group_rule(&followed.rule)?;
        if rule.entity != Some(group.id) {
            w.put_group_rule(&followed.rule, &FollowedRule { entity: Some(group.id), ..rule })?;
        }
        Ok(())
    }

    /// The group of a step that follows a rule, if it was made already.
    pub(crate) fn group_of(&self, w: &impl Read, step: &Step) -> Result<Option<Entity>, EngineError> {
        let Reason::Rule(followed) = &step.reason else { return Ok(None) };
        match w.group_rule(&followed.rule)?.entity {
            Some(id) => Ok(w.entity(Class::Group, id)?),
            None => Ok(None),
        }
    }

    /// A step was not done, so that members may not be what the rules say.
    pub(crate) fn not_followed(&self, w: &mut impl Write, step: &Step) -> Result<(), EngineError> {
        match &step.reason {
            Reason::Rule(followed) => w.doubt_group_rule(&followed.rule)?,
            _ => {
                let asks = |rule: &&GroupRule| match step.class {
                    Class::Account => true,
                    Class::OrgUnit => rule.wants_path(),
                    Class::Group => false,
                };
                self.engine.policy.groups.iter().filter(asks).try_for_each(|rule| w.doubt_group_rule(&rule.name))?;
            }
        }
        Ok(())
    }

    /// The plan is applied: rules that everybody was asked by for it are certain from now on, if all of it was done.
    pub(crate) fn followed(&self, w: &mut Writer<'_>, header: &PlanHeader) -> Result<(), EngineError> {
        let whole = header.outcome.held == 0 && header.outcome.moved == 0;
        for rule in &self.engine.policy.groups {
            let known = w.group_rule(&rule.name)?;
            let (fingerprint, mut now) = (rule.fingerprint(), known.clone());
            if !self.job.is_hub() {
                now.accepted = Some(fingerprint.clone());
            }
            if now.asked.as_ref().is_some_and(|(of, plan)| *of == fingerprint && *plan == header.number) {
                now.asked = None;
                now.decided = whole.then_some(fingerprint);
            }
            if now != known {
                w.put_group_rule(&rule.name, &now)?;
            }
        }
        Ok(())
    }
}
