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
use crate::leaver::{LeavePolicy, has_left};
use crate::mapping::{Mapping, MappingError, Moment};
use crate::problem::Problem;
use rosterd_model::outbox::{Projection, ProjectionStatus};
use rosterd_model::plan::{AttributeChange, NOTHING, Operation, Part, StateHash, Target};
use rosterd_model::spec::{Apply, DeliverySpec, OnLeave, Strength};
use rosterd_model::{Attributes, Class, ConnectionId, Entity, ExternalId, Lifecycle, Rule, Text, Timestamp, Value};

/// A compiled delivery.
#[derive(Debug)]
pub struct Outbound {
    scope: Option<Expression>,
    leave: LeavePolicy,
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
    /// True: the grace is over, and a plan asks for the delete.
    pub delete_due: bool,
    /// True: an account beside that of a person, which is never made by us.
    secondary: bool,
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
        let leave = LeavePolicy::read(spec)
            .map_err(|(key, message)| errors.push(MappingError { attribute: key.to_owned(), message }));
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
        let stands = account.is_identity() || account.attributes().any(|name| reads_unit(&account, name));
        if spec.on_leave == OnLeave::Move && !stands {
            let message = "on-leave = \"move\" needs a rule that says in which org unit an account stands, such as \
                           account.map.unit = \"account.orgUnit\"";
            errors.push(MappingError { attribute: "on-leave".to_owned(), message: message.to_owned() });
        }
        let (Ok(leave), true) = (leave, errors.is_empty()) else { return Err(errors) };
        let scope_text = scope.as_ref().map_or("all", Expression::text);
        let texts = [account.text(), org_unit.text(), group.text()].concat();
        let text = format!("scope {scope_text:?}\nleave {leave:?}\n{texts}");
        Ok(Self { scope, leave, account, org_unit, group, text })
    }

    /// True if objects of this class are delivered: accounts always, others only if something is mapped.
    #[must_use]
    pub fn delivers(&self, class: Class) -> bool {
        class == Class::Account || !self.mapping(class).is_identity()
    }

    /// What happens when somebody leaves.
    #[must_use]
    pub fn on_leave(&self) -> OnLeave {
        self.leave.on_leave()
    }

    /// What happens when somebody joins or leaves.
    #[must_use]
    pub const fn leave(&self) -> &LeavePolicy {
        &self.leave
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

    /// What the destination should hold of an entity. `extra` are attributes that the caller computed (`orgPath`);
    /// `active`, `lifecycle` and `id` are added here.
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
        let left = has_left(&entity.lifecycle);
        if let Some(unit) = self.leave.moves_to().filter(|_| left || !in_scope) {
            move_to(&mut attributes, unit);
        }
        let usable = entity.lifecycle.is_active() || self.leave.ignores(&entity.lifecycle);
        let status = match (left || !in_scope, self.on_leave()) {
            (true, OnLeave::Delete) => Status::Deleted,
            (false, _) if usable => Status::Present,
            _ => Status::Disabled,
        };
        let starts = entity.lifecycle.is_active()
            || (matches!(entity.lifecycle, Lifecycle::Pending { .. }) && self.leave.prepare_ms.is_none());
        // A secondary account is made by whoever needs it, never by us.
        let secondary = Rule::SecondaryAccounts.on()
            && entity.class == Class::Account
            && entity.attributes.get(crate::schema::PRIMARY).is_some_and(|primary| !primary.is_empty());
        let makes = in_scope && starts && !secondary;
        Ok(Desired { in_scope, left, attributes, on_create, weak, status, delete_due: false, secondary, makes })
    }

    /// As [`Outbound::desired`], with what depends on the date: who starts soon is made there. Deletes that are due are not
    /// part of it: only the plan that is made when the grace is over asks for them, by [`Desired::delete_due`].
    ///
    /// # Errors
    /// As [`Outbound::desired`].
    pub fn desired_at(&self, entity: &Entity, extra: &Attributes, now: Timestamp) -> Result<Desired, Problem> {
        let mut desired = self.desired(entity, extra)?;
        if let Lifecycle::Pending { start_at } = entity.lifecycle {
            desired.makes = desired.in_scope && !desired.secondary && self.leave.prepares(start_at, now);
        }
        Ok(desired)
    }
}

fn reads_unit(mapping: &Mapping, name: &str) -> bool {
    mapping.reads_of(name).iter().any(|read| read == "orgUnit")
}

/// Every attribute that says in which org unit somebody stands names another unit, by the destination's own id.
fn move_to(attributes: &mut Attributes, unit: &ExternalId) {
    let stands = |(name, value): (&str, &Value)| {
        matches!(value, Value::Reference { class: Class::OrgUnit, .. }).then(|| Text::from(name))
    };
    let names: Vec<Text> = attributes.iter().filter_map(stands).collect();
    for name in names {
        attributes.set(name, Value::Reference { class: Class::OrgUnit, id: unit.clone() });
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
        Some(_) if leaves && (desired.delete_due || on_leave == OnLeave::Delete) => (Operation::Delete, Vec::new()),
        Some(_) if leaves && on_leave == OnLeave::None => return None,
        // A unit or a group can not be disabled: it stays until a delete is asked for.
        Some(_) if leaves && class != Class::Account => return None,
        // Who left is left alone once disabled, unless he is still to be moved.
        Some(known) if leaves && known.status == ProjectionStatus::Disabled => {
            let changes = changes(desired, known);
            let moves =
                |change: &AttributeChange| matches!(change.after, Some(Value::Reference { class: Class::OrgUnit, .. }));
            if on_leave != OnLeave::Move || !changes.iter().any(moves) {
                return None;
            }
            (Operation::Move, changes)
        }
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
        let held = before.is_some_and(|before| !before.is_empty()) && Rule::StrengthWeak.on();
        let yields = held && desired.weak.iter().any(|weak| weak == name);
        if !same && !yields && !known.is_frozen(name) {
            changes.push(AttributeChange {
                attribute: name.into(),
                before: before.cloned(),
                after: Some(value.clone()),
            });
        }
    }
    if !Rule::UnmanagedIsKept.on() {
        let forgotten = known.attributes.iter().filter(|(name, _)| desired.attributes.get(name).is_none());
        changes.extend(forgotten.map(|(name, value)| AttributeChange {
            attribute: name.into(),
            before: Some(value.clone()),
            after: Some(Value::Null),
        }));
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
