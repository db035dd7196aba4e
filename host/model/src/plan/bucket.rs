//! What the guard counts: buckets, what a part of a step counts as, and why a bucket waits.

use super::{AttributeChange, Operation, Part, PlanDigest, Reason, Step, Target};
use crate::id::Class;
use crate::rule::Rule;
use crate::value::{Text, Value};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;

/// The attribute of a group that holds its members.
const MEMBERS: &str = "members";

/// What the guard counts together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bucket {
    /// Where it takes effect.
    pub target: Target,
    /// On what kind of object.
    pub class: Class,
    /// What it does.
    pub operation: Operation,
    /// True: leavers whose last day was known a day ahead, or longer. They do not count among the sudden ones.
    pub announced: bool,
}

impl Bucket {
    /// A bucket of what was not announced.
    #[must_use]
    pub const fn new(target: Target, class: Class, operation: Operation) -> Self {
        Self { target, class, operation, announced: false }
    }
}
impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let announced = if self.announced { "announced " } else { "" };
        write!(f, "{announced}{} {} in {}", self.operation, self.class, self.target)
    }
}

/// Why a bucket of a plan waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What waits.
    pub bucket: Bucket,
    /// How many.
    pub count: u64,
    /// Of how many live objects before the run.
    pub of: u64,
    /// The rule that holds it, as a sentence with its figures.
    pub because: String,
    /// True: `plan approve` is needed. False: a person who applies the plan by its digest has seen enough (a first
    /// delivery, a changed configuration).
    pub approval: bool,
    /// Some of those whom it is about, by the names that people know: at most [`Hold::SAMPLES`].
    pub samples: Vec<Text>,
}

impl Hold {
    /// So many names say what kind of people are meant.
    pub const SAMPLES: usize = 10;

    /// The command that releases it, in the plan of this digest.
    #[must_use]
    pub fn release(&self, digest: &PlanDigest) -> String {
        let digest = digest.short();
        if self.approval {
            format!("rosterd plan approve {digest} && rosterd apply {digest}")
        } else {
            format!("rosterd apply {digest}")
        }
    }
}

impl Part {
    /// How many attributes lose their value. What makes or removes an object as a whole empties nothing.
    #[must_use]
    pub fn emptied(&self) -> u64 {
        use Operation::{Create, Delete, Disable, Unlink};
        if matches!(self.operation, Create | Delete | Disable | Unlink) {
            return 0;
        }
        let had = |change: &AttributeChange| change.before.as_ref().is_some_and(|value| !value.is_empty());
        let has = |change: &AttributeChange| change.after.as_ref().is_some_and(|value| !value.is_empty());
        self.changes.iter().filter(|change| had(change) && !has(change)).count() as u64
    }

    /// How many members a change of `members` takes out, and of how many; none if it takes out nobody.
    #[must_use]
    pub fn removed_members(&self) -> Option<(u64, u64)> {
        let change = self.changes.iter().find(|change| change.attribute == MEMBERS)?;
        let before = members(change.before.as_ref());
        let after = members(change.after.as_ref());
        let removed = before.difference(&after).count();
        (removed > 0).then_some((removed as u64, before.len() as u64))
    }
}

fn members(value: Option<&Value>) -> HashSet<Text> {
    match value {
        Some(Value::List(members)) => members.iter().map(Value::to_text).collect(),
        Some(value) if !value.is_empty() => HashSet::from([value.to_text()]),
        _ => HashSet::new(),
    }
}

impl Step {
    /// What `part` counts as, and how often: once as its operation, and besides that each value that it empties and each
    /// member that it takes out of a group.
    pub fn counts<'a>(&'a self, part: &'a Part) -> impl Iterator<Item = (Bucket, u64)> + 'a {
        let emptied = if Rule::ClearsByValue.on() { part.emptied() } else { 0 };
        let (own, more) = match part.operation {
            Operation::Clear => (emptied.max(1), 0),
            _ => (1, emptied),
        };
        let cleared = (more > 0).then(|| (Bucket::new(part.target.clone(), self.class, Operation::Clear), more));
        let members = if self.class == Class::Group { part.removed_members() } else { None };
        let bucket = |operation| Bucket::new(part.target.clone(), self.class, operation);
        let removed = members.map(|(removed, _)| (bucket(Operation::RemoveMember), removed));
        std::iter::once((self.bucket(part), own)).chain(cleared).chain(removed)
    }

    /// The buckets on which `part` depends: those in which it counts, and those of its cause (the hub's part of its step, and
    /// for a group whose members change what those count as).
    pub fn buckets<'a>(&'a self, part: &'a Part) -> impl Iterator<Item = Bucket> + 'a {
        let cause = self.hub().filter(|hub| hub.target != part.target);
        let parts = std::iter::once(part).chain(cause);
        let members = matches!(self.reason, Reason::Membership).then(|| {
            let of = |operation| Bucket::new(Target::Hub, Class::Account, operation);
            [of(Operation::Disable), Bucket { announced: true, ..of(Operation::Disable) }, of(Operation::Enable)]
        });
        let followed = match &self.reason {
            Reason::Rule(followed) if Rule::GroupWaitsWithAccounts.on() => followed.with.as_slice(),
            _ => &[],
        };
        let followed = followed.iter().map(|(class, operation, announced)| Bucket {
            announced: *announced,
            ..Bucket::new(Target::Hub, *class, *operation)
        });
        let own = parts.flat_map(move |part| self.counts(part).map(|(bucket, _)| bucket));
        own.chain(members.into_iter().flatten()).chain(followed)
    }

    fn bucket(&self, part: &Part) -> Bucket {
        let announced = self.reason.announced() && part.operation.removes() && Rule::AnnouncedApart.on();
        Bucket { target: part.target.clone(), class: self.class, operation: part.operation, announced }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{NOTHING, StepObject};
    use crate::{EntityId, ExternalId};

    fn step(class: Class, operation: Operation, changes: &[(&str, Option<Value>, Option<Value>)]) -> Step {
        let changes = changes.iter().map(|(attribute, before, after)| AttributeChange {
            attribute: (*attribute).into(),
            before: before.clone(),
            after: after.clone(),
        });
        let changes = changes.collect();
        let part = Part { target: Target::Hub, operation, before: NOTHING, after: NOTHING, changes, lifecycle: None };
        Step {
            class,
            object: StepObject::Entity(EntityId::from_bytes([1; 16])),
            label: "x".into(),
            reason: Reason::Changed,
            source: None,
            claims: None,
            mapping: [0; 8],
            parts: vec![part],
        }
    }

    fn counts(step: &Step) -> Vec<(Operation, u64)> {
        step.counts(&step.parts[0]).map(|(bucket, count)| (bucket.operation, count)).collect()
    }

    fn text(text: &str) -> Option<Value> {
        Some(Value::from(text))
    }

    #[test]
    fn each_emptied_value_counts_whatever_else_changes() {
        use Operation::{Clear, Create, Disable, Rename};
        let gone = [("title", text("Boss"), Some(Value::Null)), ("phone", text("1"), None)];
        assert_eq!(counts(&step(Class::Account, Clear, &gone)), [(Clear, 2)]);
        assert_eq!(counts(&step(Class::Account, Rename, &gone)), [(Rename, 1), (Clear, 2)]);
        assert_eq!(counts(&step(Class::Account, Disable, &gone)), [(Disable, 1)]);
        assert_eq!(counts(&step(Class::Account, Create, &[("title", None, text("Boss"))])), [(Create, 1)]);
        let never = [("title", None, Some(Value::Null))];
        assert_eq!(counts(&step(Class::Account, Operation::Update, &never)), [(Operation::Update, 1)]);
    }

    #[test]
    fn members_that_go_are_counted_by_group() {
        let member = |id: &str| Value::Reference { class: Class::Account, id: ExternalId::from(id) };
        let before = Some(Value::List(vec![member("a"), member("b"), member("c")]));
        let after = Some(Value::List(vec![member("c"), member("d")]));
        let step = step(Class::Group, Operation::Update, &[("members", before, after)]);
        assert_eq!(counts(&step), [(Operation::Update, 1), (Operation::RemoveMember, 2)]);
        assert_eq!(step.parts[0].removed_members(), Some((2, 3)));
    }

    #[test]
    fn a_group_waits_with_whoever_leaves_it() {
        let mut step = step(Class::Group, Operation::Update, &[]);
        step.parts[0].target = Target::Destination("app".parse().expect("a name"));
        let waits = |step: &Step| {
            let leavers = Bucket::new(Target::Hub, Class::Account, Operation::Disable);
            step.buckets(&step.parts[0]).any(|bucket| bucket == leavers)
        };
        assert!(!waits(&step), "another change of it does not");
        step.reason = Reason::Membership;
        assert!(waits(&step));
        let follows = |with: &[(Class, Operation, bool)]| {
            let followed = crate::plan::Followed { with: with.to_vec(), ..crate::plan::Followed::default() };
            Reason::Rule(Box::new(followed))
        };
        step.reason = follows(&[(Class::Account, Operation::Update, false)]);
        assert!(!waits(&step), "somebody got another title");
        step.reason =
            follows(&[(Class::Account, Operation::Update, false), (Class::Account, Operation::Disable, false)]);
        assert!(waits(&step));
    }
}
