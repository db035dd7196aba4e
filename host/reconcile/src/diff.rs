//! What differs between two states, what that is called, and the hash of a state.

use crate::canonical::{encode_attributes, encode_text, equal, hash16, hashes16};
use crate::schema;
use rosterd_model::plan::{AttributeChange, Operation, StateHash};
use rosterd_model::{Attributes, Class, DisabledReason, Lifecycle, Rule, Value};
use std::cmp::Ordering;

/// The attributes that differ, sorted by name. Lists are compared as sets; an absent attribute is not an empty one.
#[must_use]
pub fn diff(before: &Attributes, after: &Attributes) -> Vec<AttributeChange> {
    Difference::between(before, after).changes
}

/// What differs between two states.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Difference {
    /// The attributes that differ, as [`diff`] finds them.
    pub changes: Vec<AttributeChange>,
    /// True: others have equal values that are not the same, such as a list in another order.
    pub loose: bool,
}

impl Difference {
    /// Between these two.
    #[must_use]
    pub fn between(before: &Attributes, after: &Attributes) -> Self {
        let mut loose = false;
        let changes = differences(before, after, &mut loose);
        Self { changes, loose }
    }

    /// True: this attribute is the same on both sides, letter by letter. False: it may be another.
    #[must_use]
    pub fn keeps(&self, attribute: &str) -> bool {
        !self.loose && self.changes.iter().all(|change| change.attribute != attribute)
    }
}

fn differences(before: &Attributes, after: &Attributes, loose: &mut bool) -> Vec<AttributeChange> {
    let mut changes = Vec::new();
    let mut push = |name: &str, before: Option<&Value>, after: Option<&Value>| {
        if changes.is_empty() {
            // Mostly it stays at one.
            changes.reserve_exact(1);
        }
        changes.push(AttributeChange { attribute: name.into(), before: before.cloned(), after: after.cloned() });
    };
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let left = if order == Ordering::Greater { None } else { old.next() };
        let right = if order == Ordering::Less { None } else { new.next() };
        match (left, right) {
            (Some((_, a)), Some((_, b))) if a == b => {}
            (Some((_, a)), Some((_, b))) if equal(a, b) || alike(a, b) => *loose = true,
            (Some((name, _)), _) | (None, Some((name, _))) => {
                push(name, left.map(|(_, value)| value), right.map(|(_, value)| value));
            }
            (None, None) => break,
        }
    }
    changes
}

/// Without the rule texts that differ by case alone are the same.
fn alike(a: &Value, b: &Value) -> bool {
    !Rule::CaseOnlyRename.on()
        && matches!((a, b), (Value::Text(a), Value::Text(b)) if a.to_lowercase() == b.to_lowercase())
}

/// The attributes after changes; what they were before does not matter.
#[must_use]
pub fn apply(before: &Attributes, changes: &[AttributeChange]) -> Attributes {
    if before.is_empty() {
        let set = changes.iter().filter_map(|change| Some((change.attribute.clone(), change.after.clone()?)));
        return set.collect();
    }
    let mut result = before.clone();
    for change in changes {
        match &change.after {
            Some(value) => {
                result.set(change.attribute.as_str(), value.clone());
            }
            None => {
                result.remove(&change.attribute);
            }
        }
    }
    result
}

/// What a change of an existing object is called. The weightiest word counts, because the guard counts by it: delete,
/// disable, enable, rename, move, clear, update. `lifecycle` is before and after, where it may have changed.
#[must_use]
pub fn operation_of(
    class: Class,
    changes: &[AttributeChange],
    lifecycle: Option<(&Lifecycle, &Lifecycle)>,
) -> Operation {
    if let Some((before, after)) = lifecycle {
        let deleted = |state: &Lifecycle| matches!(state, Lifecycle::Deleted { .. });
        match (before.is_active(), after.is_active()) {
            _ if deleted(after) && !deleted(before) => return Operation::Delete,
            (true, false) => return Operation::Disable,
            (false, true) => return Operation::Enable,
            _ => {}
        }
    }
    let had = |change: &AttributeChange| change.before.as_ref().is_some_and(|value| !value.is_empty());
    if changes.iter().any(|change| schema::is_name(class, &change.attribute) && had(change)) {
        return Operation::Rename;
    }
    if changes.iter().any(|change| schema::is_parent(class, &change.attribute) && change.before.is_some()) {
        return Operation::Move;
    }
    let emptied = |change: &AttributeChange| had(change) && change.after.as_ref().is_none_or(Value::is_empty);
    if changes.iter().any(emptied) { Operation::Clear } else { Operation::Update }
}

/// The hash of an object of the hub. The time of a disable or a delete is left out: it is filled in when a plan is
/// applied, and must not make the state another one. Dates that somebody decided (first and last day) are part of it.
#[must_use]
pub fn state_hash(attributes: &Attributes, lifecycle: &Lifecycle) -> StateHash {
    let mut bytes = Vec::with_capacity(512);
    encode_lifecycle(lifecycle, &mut bytes);
    encode_attributes(attributes, &mut bytes);
    hash16(&bytes)
}

/// The hashes of two states, as [`state_hash`] makes them. What both begin with is hashed once.
#[must_use]
pub fn state_hashes(one: (&Attributes, &Lifecycle), other: (&Attributes, &Lifecycle)) -> (StateHash, StateHash) {
    let mut bytes = Vec::with_capacity(1024);
    let mut encode = |(attributes, lifecycle): (&Attributes, &Lifecycle)| {
        encode_lifecycle(lifecycle, &mut bytes);
        encode_attributes(attributes, &mut bytes);
        bytes.len()
    };
    let middle = encode(one);
    encode(other);
    let (one, other) = bytes.split_at(middle);
    hashes16(one, other)
}

/// True if both have the same [`state_hash`], found without making it.
#[must_use]
pub fn same_state(one: (&Attributes, &Lifecycle), other: (&Attributes, &Lifecycle)) -> bool {
    let ((left, here), (right, there)) = (one, other);
    let same_lifecycle = || {
        let bytes = |lifecycle: &Lifecycle| {
            let mut bytes = Vec::new();
            encode_lifecycle(lifecycle, &mut bytes);
            bytes
        };
        here == there || bytes(here) == bytes(there)
    };
    left.len() == right.len()
        && left.iter().zip(right.iter()).all(|((a, x), (b, y))| a == b && equal(x, y))
        && same_lifecycle()
}

fn encode_lifecycle(lifecycle: &Lifecycle, bytes: &mut Vec<u8>) {
    encode_text(lifecycle.as_str(), bytes);
    match lifecycle {
        Lifecycle::Pending { start_at: at } | Lifecycle::Leaving { effective_at: at } => {
            bytes.extend_from_slice(&at.0.to_be_bytes());
        }
        Lifecycle::Disabled { reason, .. } => bytes.push(match reason {
            DisabledReason::Leaver => 1,
            DisabledReason::OutOfScope => 2,
            DisabledReason::Manual => 3,
            DisabledReason::Guard => 4,
        }),
        Lifecycle::Active | Lifecycle::Suspended | Lifecycle::Deleted { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy;
    use proptest::prelude::*;
    use rosterd_model::Timestamp;

    fn attributes(pairs: &[(&str, Value)]) -> Attributes {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn the_weightiest_word_counts() {
        let base = attributes(&[("userName", "a".into()), ("title", "t".into()), ("orgUnit", "o".into())]);
        let with = |name: &str, value: Value| {
            let mut other = base.clone();
            other.set(name, value);
            operation_of(Class::Account, &diff(&base, &other), None)
        };
        assert_eq!(with("title", "u".into()), Operation::Update);
        assert_eq!(with("title", Value::Null), Operation::Clear);
        assert_eq!(with("orgUnit", "p".into()), Operation::Move);
        assert_eq!(with("userName", "b".into()), Operation::Rename);
        assert_eq!(with("nickName", Value::Null), Operation::Update, "it had no value");
        let at = Timestamp(1);
        let off = Lifecycle::Disabled { reason: DisabledReason::Leaver, at };
        let pairs = [
            (Lifecycle::Active, off, Operation::Disable),
            (off, Lifecycle::Active, Operation::Enable),
            (off, Lifecycle::Deleted { at }, Operation::Delete),
            (Lifecycle::Active, Lifecycle::Leaving { effective_at: at }, Operation::Update),
            (Lifecycle::Active, Lifecycle::Suspended, Operation::Disable),
        ];
        for (before, after, expected) in pairs {
            assert_eq!(operation_of(Class::Account, &[], Some((&before, &after))), expected, "{before} to {after}");
        }
    }

    #[test]
    fn the_time_of_a_disable_is_not_part_of_the_state() {
        let none = Attributes::new();
        let off = |reason, at| state_hash(&none, &Lifecycle::Disabled { reason, at: Timestamp(at) });
        assert_eq!(off(DisabledReason::Leaver, 1), off(DisabledReason::Leaver, 2));
        assert_ne!(off(DisabledReason::Leaver, 1), off(DisabledReason::Manual, 1));
        assert_ne!(state_hash(&none, &Lifecycle::Active), state_hash(&none, &Lifecycle::Suspended));
    }

    fn lifecycle() -> impl Strategy<Value = Lifecycle> {
        use DisabledReason::{Guard, Leaver, Manual, OutOfScope};
        let at = prop_oneof![Just(Timestamp(1)), Just(Timestamp(2))];
        let reason = prop_oneof![Just(Leaver), Just(OutOfScope), Just(Manual), Just(Guard)];
        (0..6, at, reason).prop_map(|(kind, at, reason)| match kind {
            0 => Lifecycle::Active,
            1 => Lifecycle::Suspended,
            2 => Lifecycle::Pending { start_at: at },
            3 => Lifecycle::Leaving { effective_at: at },
            4 => Lifecycle::Disabled { reason, at },
            _ => Lifecycle::Deleted { at },
        })
    }

    proptest! {
        #[test]
        fn a_state_is_the_same_if_its_hash_is(
            one in strategy::attributes(),
            other in strategy::attributes(),
            alike in any::<bool>(),
            (here, there) in (lifecycle(), lifecycle()),
        ) {
            let other = if alike { one.clone() } else { other };
            let (left, right) = (state_hash(&one, &here), state_hash(&other, &there));
            prop_assert_eq!(same_state((&one, &here), (&other, &there)), left == right);
            prop_assert_eq!(state_hashes((&one, &here), (&other, &there)), (left, right));
        }
    }

    #[test]
    fn a_list_in_another_order_differs_in_nothing_and_is_not_the_same() {
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        let state = |items: &[&str]| attributes(&[("emails", list(items)), ("title", "t".into())]);
        let difference = Difference::between(&state(&["a", "b"]), &state(&["b", "a"]));
        assert_eq!((difference.changes.len(), difference.keeps("emails")), (0, false));
        assert!(Difference::between(&state(&["a", "b"]), &state(&["a", "b"])).keeps("emails"));
    }

    #[test]
    fn lists_of_a_state_are_sets() {
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        let one = attributes(&[("emails", list(&["a", "b"]))]);
        let other = attributes(&[("emails", list(&["b", "a", "b"]))]);
        assert!(same_state((&one, &Lifecycle::Active), (&other, &Lifecycle::Active)));
        let more = attributes(&[("emails", list(&["b", "a", "c"]))]);
        assert!(!same_state((&one, &Lifecycle::Active), (&more, &Lifecycle::Active)));
        let longer = attributes(&[("emails", list(&["a", "b"])), ("title", "t".into())]);
        assert!(!same_state((&one, &Lifecycle::Active), (&longer, &Lifecycle::Active)));
    }

    #[test]
    fn a_change_of_case_alone_is_a_change() {
        let changes = diff(&attributes(&[("userName", "ann".into())]), &attributes(&[("userName", "Ann".into())]));
        assert_eq!(operation_of(Class::Account, &changes, None), Operation::Rename);
    }

    #[test]
    fn a_unit_that_gets_another_parent_moves_and_one_that_gets_its_first_does_not() {
        let unit = |pairs: &[(&str, Value)]| attributes(pairs);
        let word = |before: &[(&str, Value)], after: &[(&str, Value)]| {
            operation_of(Class::OrgUnit, &diff(&unit(before), &unit(after)), None)
        };
        assert_eq!(word(&[("parent", "a".into())], &[("parent", "b".into())]), Operation::Move);
        assert_eq!(word(&[], &[("parent", "b".into())]), Operation::Update);
        assert_eq!(word(&[("code", "1".into())], &[("code", "2".into())]), Operation::Update);
        let group = diff(&unit(&[("parent", "a".into())]), &unit(&[("parent", "b".into())]));
        assert_eq!(operation_of(Class::Group, &group, None), Operation::Update, "groups stand nowhere");
    }

    #[test]
    fn the_hash_of_a_state_never_changes() {
        // Approvals and what destinations acknowledged are kept as hashes: another form would make every state another one.
        let state = attributes(&[("displayName", "Ann".into()), ("groups", Value::List(vec!["b".into(), "a".into()]))]);
        let hash = state_hash(&state, &Lifecycle::Leaving { effective_at: Timestamp(1) });
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "a7ef7f87ce6bd3f14bccfd4ee419fa1d");
    }

    proptest! {
        #[test]
        fn a_diff_leads_from_one_state_to_the_other(a in strategy::attributes(), b in strategy::attributes()) {
            let changes = diff(&a, &b);
            let result = apply(&a, &changes);
            prop_assert_eq!(diff(&result, &b), vec![]);
            prop_assert_eq!(state_hash(&result, &Lifecycle::Active), state_hash(&b, &Lifecycle::Active));
            let same = state_hash(&a, &Lifecycle::Active) == state_hash(&b, &Lifecycle::Active);
            prop_assert_eq!(changes.is_empty(), same, "the hash and the diff agree");
            prop_assert_eq!(diff(&a, &a), vec![]);
            let difference = Difference::between(&a, &b);
            for name in a.iter().chain(b.iter()).map(|(name, _)| name).chain(["nobody has it"]) {
                prop_assert!(!difference.keeps(name) || a.get(name) == b.get(name));
                prop_assert!(difference.keeps(name) || difference.loose || a.get(name) != b.get(name));
            }
        }
    }
}
