//! What a destination should hold of an entity, and the step that leads there from what it last acknowledged.
//!
//! Level-triggered: the step is computed from the present entity every time, when it is planned and again when it is
//! sent. The hash after a step covers the desired state alone, so that it is the same for every attempt.
//!
//! Attributes that the mapping does not mention are not managed: removing a rule clears nothing. Whoever leaves, or
//! leaves the scope, is treated as `on-leave` says, and is deleted only if it says so.

use crate::canonical::{encode_attributes, encode_text, equal, hash16};
use crate::diff::operation_of;
use crate::expression::{self, Expression, Scope, root_of};
use crate::mapping::{Mapping, MappingError, Moment};
use crate::problem::Problem;
use rosterd_model::outbox::{Projection, ProjectionStatus};
use rosterd_model::plan::{AttributeChange, NOTHING, Operation, Part, StateHash, Target};
use rosterd_model::spec::{Apply, DeliverySpec, OnLeave, Strength};
use rosterd_model::{Attributes, Class, ConnectionId, DisabledReason, Entity, Lifecycle, Text, Value};

/// A compiled delivery.
#[derive(Debug)]
pub struct Outbound {
    scope: Option<Expression>,
    on_leave: OnLeave,
    account: Mapping,
    org_unit: Mapping,
    group: Mapping,
    text: String,
}

/// Whether an object should be usable at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Usable.
    Present,
    /// There, not usable.
    Disabled,
    /// Not there: it left, and `on-leave` is `delete`.
    Deleted,
}

/// What a destination should hold of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// False: the scope does not include it.
    pub in_scope: bool,
    /// True: it left for good, or its hub object is deleted; `on-leave` decides.
    pub left: bool,
    /// Attributes to hold at any time.
    pub attributes: Attributes,
    /// Attributes given only when the object is made there.
    pub on_create: Attributes,
    /// Names among `attributes` that are given only where the destination has no value.
    pub weak: Vec<Text>,
    /// Whether it should be usable.
    pub status: Status,
    /// True: it may be made there if it is not. Nobody is made there only to be disabled, except who starts soon.
    makes: bool,
}

impl Outbound {
    /// Compiles `[deliver.CONNECTION]`.
    ///
    /// # Errors
    /// One error for each part that can not be used; its attribute is `scope` or, as in the file, `account.displayName`.
    pub fn compile(spec: &DeliverySpec) -> Result<Self, Vec<MappingError>> {
        let mut errors = Vec::new();
        let mut scope = None;
        if let Some(text) = &spec.scope {
            match expression::compile(text, "account", None) {
                Ok(compiled) => scope = Some(compiled),
                Err(error) => {
                    errors.push(MappingError { attribute: "scope".to_owned(), message: error.to_string() });
                }
            }
        }
        let mut mapping = |class: Class| {
            let root = root_of(class);
            Mapping::compile(class, &spec.class(class).map, root, None)
                .map_err(|found| {
                    let place = |error: MappingError| MappingError {
                        attribute: format!("{class}.{}", error.attribute),
                        message: error.message,
                    };
                    errors.extend(found.into_iter().map(place));
                })
                .ok()
        };
        let mappings = (mapping(Class::Account), mapping(Class::OrgUnit), mapping(Class::Group));
        let (Some(account), Some(org_unit), Some(group)) = mappings else { return Err(errors) };
        if !errors.is_empty() {
            return Err(errors);
        }
        let scope_text = scope.as_ref().map_or("all", Expression::text);
        let texts = [account.text(), org_unit.text(), group.text()].concat();
        let text = format!("scope {scope_text:?}\non-leave {:?}\n{texts}", spec.on_leave);
        Ok(Self { scope, on_leave: spec.on_leave, account, org_unit, group, text })
    }

    /// True if objects of this class are delivered: accounts always, others only if something is mapped.
    #[must_use]
    pub fn delivers(&self, class: Class) -> bool {
        class == Class::Account || !self.mapping(class).is_identity()
    }

    /// What happens when somebody leaves.
    #[must_use]
    pub const fn on_leave(&self) -> OnLeave {
        self.on_leave
    }

    /// The canonical text of scope, reaction and mappings.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The mapping of a class.
    #[must_use]
    pub const fn mapping(&self, class: Class) -> &Mapping {
        match class {
            Class::Account => &self.account,
            Class::OrgUnit => &self.org_unit,
            Class::Group => &self.group,
        }
    }

    /// What the destination should hold of an entity. `extra` are attributes that the caller computed (`orgPath`,
    /// `managerUserName`); `active`, `lifecycle` and `id` are added here.
    ///
    /// # Errors
    /// The scope or a rule can not be applied to this entity; reason `Mapping`.
    pub fn desired(&self, entity: &Entity, extra: &Attributes) -> Result<Desired, Problem> {
        let extra = computed(entity, extra);
        let view = Scope::new(&entity.attributes).with_extra(&extra);
        let in_scope = match &self.scope {
            Some(scope) if entity.class == Class::Account => scope.test(&view).map_err(|error| {
                Problem::mapping(format!("the scope can not be applied: {error}; correct the scope or the account"))
            })?,
            _ => true,
        };
        let mapping = self.mapping(entity.class);
        let (mut attributes, mut on_create) = (Attributes::new(), Attributes::new());
        let mut weak = Vec::new();
        for (name, value) in mapping.apply(&view, Moment::Create)? {
            let Some(value) = value else { continue };
            if mapping.apply_mode(&name) == Some(Apply::OnCreate) {
                on_create.set(name, value);
                continue;
            }
            if mapping.strength(&name) == Some(Strength::Weak) {
                weak.push(name.clone());
            }
            attributes.set(name, value);
        }
        let left = match entity.lifecycle {
            Lifecycle::Deleted { .. } => true,
            Lifecycle::Disabled { reason, .. } => matches!(reason, DisabledReason::Leaver | DisabledReason::OutOfScope),
            _ => false,
        };
        let status = match (left || !in_scope, self.on_leave) {
            (true, OnLeave::Delete) => Status::Deleted,
            (false, _) if entity.lifecycle.is_active() => Status::Present,
            _ => Status::Disabled,
        };
        let starts = entity.lifecycle.is_active() || matches!(entity.lifecycle, Lifecycle::Pending { .. });
        Ok(Desired { in_scope, left, attributes, on_create, weak, status, makes: in_scope && starts })
    }
}

/// Attributes of an entity that no connection claims, over those that the caller computed.
pub(crate) fn computed(entity: &Entity, extra: &Attributes) -> Attributes {
    let mut all = extra.clone();
    all.set("active", Value::Bool(entity.lifecycle.is_active()));
    all.set("lifecycle", Value::from(entity.lifecycle.as_str()));
    all.set("id", Value::from(entity.id.to_string()));
    all
}

/// The step that brings a destination from what it last acknowledged to what it should hold; none if it does already,
/// or if nothing may be done.
///
/// `before` is what the destination acknowledged, [`NOTHING`] if it never did; `after` is the hash of the desired state.
#[must_use]
pub fn part(
    destination: &ConnectionId,
    class: Class,
    desired: &Desired,
    projection: Option<&Projection>,
    on_leave: OnLeave,
) -> Option<Part> {
    let there =
        projection.filter(|known| matches!(known.status, ProjectionStatus::Present | ProjectionStatus::Disabled));
    let leaves = desired.left || !desired.in_scope;
    let (operation, changes) = match there {
        None if leaves || !desired.makes => return None,
        None => (Operation::Create, creation(desired)),
        Some(_) if leaves && on_leave == OnLeave::None => return None,
        Some(_) if leaves && on_leave == OnLeave::Delete => (Operation::Delete, Vec::new()),
        // Who left is left alone once disabled.
        Some(known) if leaves && known.status == ProjectionStatus::Disabled => return None,
        Some(known) => {
            let changes = changes(desired, known);
            let operation = match (known.status, desired.status) {
                (ProjectionStatus::Present, Status::Disabled) => Operation::Disable,
                (ProjectionStatus::Disabled, Status::Present) => Operation::Enable,
                _ if changes.is_empty() => return None,
                _ => operation_of(class, &changes, None),
            };
            (operation, changes)
        }
    };
    let after = match operation {
        Operation::Delete => hash16(b"deleted"),
        Operation::Create => desired_hash(desired, true),
        _ => desired_hash(desired, false),
    };
    Some(Part {
        target: Target::Destination(destination.clone()),
        operation,
        before: projection.map_or(NOTHING, |known| known.applied),
        after,
        changes,
        lifecycle: None,
    })
}

/// True if `hash` is what a plan fixed for this state: with the attributes that are given once, or without.
#[must_use]
pub fn is_planned(desired: &Desired, hash: &StateHash) -> bool {
    desired_hash(desired, false) == *hash || desired_hash(desired, true) == *hash
}

/// The hash of a state that no plan fixed as a whole: what a destination acknowledged while more is to come.
#[must_use]
pub fn partial_hash(attributes: &Attributes) -> StateHash {
    let mut bytes = b"partial".to_vec();
    encode_attributes(attributes, &mut bytes);
    hash16(&bytes)
}

fn creation(desired: &Desired) -> Vec<AttributeChange> {
    let mut all = desired.attributes.clone();
    for (name, value) in desired.on_create.iter() {
        all.set(name, value.clone());
    }
    let filled = all.into_iter().filter(|(_, value)| *value != Value::Null);
    filled.map(|(attribute, value)| AttributeChange { attribute, before: None, after: Some(value) }).collect()
}

/// The managed attributes that differ from what was acknowledged.
fn changes(desired: &Desired, known: &Projection) -> Vec<AttributeChange> {
    let mut changes = Vec::new();
    for (name, value) in desired.attributes.iter() {
        let before = known.attributes.get(name);
        let same = before.is_some_and(|before| equal(before, value));
        let yields = before.is_some_and(|before| !before.is_empty()) && desired.weak.iter().any(|weak| weak == name);
        if !same && !yields {
            changes.push(AttributeChange {
                attribute: name.into(),
                before: before.cloned(),
                after: Some(value.clone()),
            });
        }
    }
    changes
}

fn desired_hash(desired: &Desired, making: bool) -> StateHash {
    let mut bytes = Vec::with_capacity(256);
    encode_text(if desired.status == Status::Present { "present" } else { "disabled" }, &mut bytes);
    encode_attributes(&desired.attributes, &mut bytes);
    if making {
        encode_attributes(&desired.on_create, &mut bytes);
    }
    hash16(&bytes)
}

#[cfg(test)]
mod tests;
