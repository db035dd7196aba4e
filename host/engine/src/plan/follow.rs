//! Groups that follow a rule, while a plan is made: each account that a step changes is asked about, as it will be.

use super::Planner;
use crate::error::EngineError;
use crate::paths::Saying;
use crate::policy::Policy;
use crate::ruled::{members_of, new_account};
use rosterd_model::plan::{Followed, Operation, StepObject};
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::{Attributes, Class, ConnectionId, Entity, EntityId, ExternalId, Rule, Step, Text};
use rosterd_reconcile::group_rule::GroupRule;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, FollowedRule, Snapshot};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What happens by a plan to somebody because of whom a group changes, and whether that was announced.
pub(super) type With = (Class, Operation, bool);

/// What is known of the rules of a configuration in one plan.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// In the order of the policy.
    pub(super) groups: Vec<Ruled>,
    /// Accounts that a step of this plan is about.
    pub(super) decided: HashSet<EntityId>,
    /// Where open cases of the hub lie; none: there are none.
    cases: Option<ConnectionNumber>,
    /// Rules that everybody was asked by: what was known of them, and their fingerprints.
    pub(super) asked: Vec<(String, FollowedRule, String)>,
    /// Rules that are not in the configuration any more: nobody is asked by them, until they are back.
    pub(super) gone: Vec<String>,
}

/// One group that follows a rule.
#[derive(Debug, Default)]
pub(super) struct Ruled {
    pub(super) known: FollowedRule,
    /// True: what the group is was read.
    pub(super) loaded: bool,
    pub(super) entity: Option<Entity>,
    pub(super) before: BTreeSet<EntityId>,
    pub(super) joins: BTreeSet<EntityId>,
    pub(super) leaves: BTreeSet<EntityId>,
    /// Names of some of them.
    pub(super) names: BTreeMap<EntityId, Text>,
    /// What happens to them in the hub by this plan.
    pub(super) with: BTreeSet<With>,
}

impl Following {
    pub(super) fn of(view: &Snapshot, policy: &Policy) -> Result<Self, EngineError> {
        let certain = |known: &FollowedRule| known.decided.is_some() || known.asked.is_some();
        let absent = |name: &str| policy.groups.iter().all(|rule| rule.name != name);
        let gone = view.group_rules()?.into_iter().filter(|(name, known)| absent(name) && certain(known));
        let gone: Vec<String> = gone.map(|(name, _)| name).collect();
        if policy.groups.is_empty() {
            return Ok(Self { gone, ..Self::default() });
        }
        let known = |rule: &GroupRule| Ok(Ruled { known: view.group_rule(&rule.name)?, ..Ruled::default() });
        let groups = policy.groups.iter().map(known).collect::<Result<_, EngineError>>()?;
        let hub = view.connection_number(&ConnectionId::hub())?;
        let cases = match hub {
            Some(number) if view.case_count(number)? > 0 => Some(number),
            _ => None,
        };
        Ok(Self { groups, cases, gone, ..Self::default() })
    }

    /// Open cases of the hub's own rules.
    pub(super) fn open_cases(&self, view: &Snapshot) -> Result<u64, EngineError> {
        Ok(match self.groups.is_empty() {
            true => 0,
            false => match view.connection_number(&ConnectionId::hub())? {
                Some(number) => view.case_count(number)?,
                None => 0,
            },
        })
    }
}

impl Ruled {
    fn say(&mut self, id: EntityId, included: bool, name: &Text, with: Option<With>) {
        self.unsay(id);
        match (included, self.before.contains(&id)) {
            (true, false) => self.joins.insert(id),
            (false, true) => self.leaves.insert(id),
            _ => return,
        };
        if self.names.len() < 4 * Followed::SAMPLES {
            self.names.insert(id, name.clone());
        }
        self.with.extend(with);
    }

    /// The membership stays as it was.
    fn unsay(&mut self, id: EntityId) {
        self.joins.remove(&id);
        self.leaves.remove(&id);
        self.names.remove(&id);
    }

    /// Somebody whom the hub does not have any more.
    pub(super) fn forget(&mut self, id: EntityId) {
        self.say(id, false, &id.to_string().into(), None);
    }
}

impl Planner<'_> {
    /// Asks every rule about an account that `step` is about, as it will be.
    pub(super) fn follow(&mut self, step: &Step, after: &Entity) -> Result<(), EngineError> {
        if self.policy.groups.is_empty() || step.class != Class::Account || !Rule::GroupFollows.on() {
            return Ok(());
        }
        let (Some(hub), Some(id)) = (step.hub(), self.whom(step)?) else { return Ok(()) };
        let announced = step.reason.announced() && hub.operation.removes() && Rule::AnnouncedApart.on();
        let with = Some((Class::Account, hub.operation, announced));
        self.following.decided.insert(id);
        // Claims are those of the record; what the hub does by itself claims nothing.
        let claims = step.claims.as_deref();
        let saying = step.source.as_ref().map(|_| Saying { connection: self.connection, claims });
        let made;
        let (existing, account) = match &step.object {
            StepObject::Entity(id) => (Some(*id), after),
            StepObject::New { .. } => {
                made = Entity { id, ..after.clone() };
                (None, &made)
            }
        };
        let extra = self.extra_of(existing, &account.attributes, saying)?;
        let all = vec![true; self.policy.groups.len()];
        self.ask(account, &extra, &step.label, with, &all)
    }

    /// A step was taken out of the plan again: whom it was about stays what he is.
    pub(super) fn follows_not(&mut self, step: &Step) -> Result<(), EngineError> {
        if self.policy.groups.is_empty() || step.class != Class::Account {
            return Ok(());
        }
        if let Some(id) = self.whom(step)? {
            self.following.decided.remove(&id);
            self.following.groups.iter_mut().for_each(|group| group.unsay(id));
        }
        Ok(())
    }

    /// The account that a step is about, also if it is yet to be made.
    fn whom(&self, step: &Step) -> Result<Option<EntityId>, EngineError> {
        match (&step.object, &step.source) {
            (StepObject::Entity(id), _) => Ok(Some(*id)),
            (StepObject::New { .. }, Some(source)) => new_account(&*self.view, source).map(Some),
            (StepObject::New { .. }, None) => Ok(None),
        }
    }

    /// What rules may ask for that no attribute of the account says.
    pub(super) fn extra_of(
        &mut self,
        existing: Option<EntityId>,
        attributes: &Attributes,
        saying: Option<Saying<'_>>,
    ) -> Result<Attributes, EngineError> {
        if !self.policy.groups.iter().any(GroupRule::wants_path) {
            return Ok(Attributes::new());
        }
        Ok(self.paths.extra(&*self.view, Class::Account, existing, attributes, saying)?)
    }

    /// Asks those rules about an account for which `which` is true.
    pub(super) fn ask(
        &mut self,
        account: &Entity,
        extra: &Attributes,
        name: &Text,
        with: Option<With>,
        which: &[bool],
    ) -> Result<(), EngineError> {
        let policy = self.policy;
        for (at, rule) in policy.groups.iter().enumerate().filter(|(at, _)| which.get(*at) == Some(&true)) {
            if self.is_unseen(at, rule) {
                continue;
            }
            self.load(at)?;
            let included = match rule.includes(account, extra) {
                Ok(included) => included,
                Err(error) if Rule::GroupRuleFails.on() => {
                    let message = format!(
                        "[group.{}] can not be applied to {name}, whose membership stays as it was: {error}; correct the rule or the account",
                        rule.name
                    );
                    let whose = ExternalId::from(format!("{}/{}", rule.name, account.id));
                    self.rule_case(Class::Account, &whose, message, vec![account.id])?;
                    if let Some(group) = self.following.groups.get_mut(at) {
                        group.unsay(account.id);
                    }
                    continue;
                }
                Err(_) => false,
            };
            if let Some(group) = self.following.groups.get_mut(at) {
                group.say(account.id, included, name, with);
            }
            self.heal_rule(Class::Account, || format!("{}/{}", rule.name, account.id).into())?;
        }
        Ok(())
    }

    /// True for a rule that no plan of a job let through yet: a plan of the hub's own does not apply it.
    pub(super) fn is_unseen(&self, at: usize, rule: &GroupRule) -> bool {
        let accepted = self.following.groups.get(at).and_then(|group| group.known.accepted.as_deref());
        self.job.is_hub() && accepted != Some(rule.fingerprint().as_str())
    }

    /// Reads what a group is.
    pub(super) fn load(&mut self, at: usize) -> Result<(), EngineError> {
        let Some(group) = self.following.groups.get_mut(at).filter(|group| !group.loaded) else { return Ok(()) };
        group.loaded = true;
        group.entity = match group.known.entity {
            Some(id) => self.view.entity(Class::Group, id)?,
            None => None,
        };
        group.before = group.entity.as_ref().map(members_of).unwrap_or_default();
        Ok(())
    }

    /// Opens a case of a rule, unless it is open already.
    pub(super) fn rule_case(
        &mut self,
        class: Class,
        id: &ExternalId,
        message: String,
        candidates: Vec<EntityId>,
    ) -> Result<(), EngineError> {
        let case = QuarantineCase {
            number: 0,
            connection: ConnectionId::hub(),
            class: Some(class),
            id: Some(id.clone()),
            reason: QuarantineReason::Mapping,
            position: String::new(),
            message,
            raw: String::new(),
            candidates,
            run: self.run,
            at: self.now,
        };
        let open = match self.following.cases {
            Some(number) => self.view.case_of(number, Some(class), id)?,
            None => None,
        };
        if let Some(open) = open
            && let Some(open) = self.view.case(open)?
            && crate::scan::same_case(&open, &case)
        {
            return Ok(());
        }
        self.cases.push(case);
        Ok(())
    }

    /// Closes the case of a rule that can be applied again.
    pub(super) fn heal_rule(&mut self, class: Class, id: impl Fn() -> ExternalId) -> Result<(), EngineError> {
        if let Some(number) = self.following.cases
            && let Some(open) = self.view.case_of(number, Some(class), &id())?
        {
            self.healed.push(open);
        }
        Ok(())
    }
}
