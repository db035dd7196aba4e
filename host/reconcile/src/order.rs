//! What must happen first: parents before children, and the lanes of sending.

use rosterd_model::Class;
use rosterd_model::outbox::Lane;
use rosterd_model::plan::Operation;
use std::collections::{BTreeMap, BTreeSet};

/// Org units in the order in which they can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeOrder<T> {
    /// Parents first; units without a parent here count as roots. Reverse it to remove.
    pub ordered: Vec<T>,
    /// Units whose parent is not among the given ones, with that parent. They are in `ordered`: the caller knows
    /// whether the parent exists elsewhere.
    pub orphans: Vec<(T, T)>,
    /// Units that are each other's ancestors, one list for each cycle. Not in `ordered`.
    pub cycles: Vec<Vec<T>>,
    /// Units below a cycle. Not in `ordered`.
    pub blocked: Vec<T>,
}

/// Orders units given with their parents. A unit that is given twice counts once, with its first parent. The result
/// does not depend on the order of the input.
#[must_use]
pub fn tree_order<T: Ord + Clone>(units: &[(T, Option<T>)]) -> TreeOrder<T> {
    let mut parents: BTreeMap<&T, Option<&T>> = BTreeMap::new();
    for (unit, parent) in units {
        parents.entry(unit).or_insert(parent.as_ref());
    }
    let mut orphans = Vec::new();
    let mut children: BTreeMap<&T, Vec<&T>> = BTreeMap::new();
    let mut level: Vec<&T> = Vec::new();
    for (unit, parent) in &parents {
        match parent {
            None => level.push(unit),
            Some(parent) if parents.contains_key(parent) => children.entry(parent).or_default().push(unit),
            Some(parent) => {
                orphans.push(((*unit).clone(), (*parent).clone()));
                level.push(unit);
            }
        }
    }
    let mut ordered: Vec<T> = Vec::with_capacity(parents.len());
    while !level.is_empty() {
        ordered.extend(level.iter().map(|unit| (*unit).clone()));
        level = level.iter().flat_map(|unit| children.remove(*unit).unwrap_or_default()).collect();
    }
    let reached: BTreeSet<&T> = ordered.iter().collect();
    let left: BTreeSet<&T> = parents.keys().copied().filter(|unit| !reached.contains(unit)).collect();
    let (cycles, blocked) = cycles_of(&left, &parents);
    TreeOrder { ordered, orphans, cycles, blocked }
}

/// Every unit that was not reached hangs in or below a cycle.
fn cycles_of<T: Ord + Clone>(left: &BTreeSet<&T>, parents: &BTreeMap<&T, Option<&T>>) -> (Vec<Vec<T>>, Vec<T>) {
    let mut done: BTreeSet<&T> = BTreeSet::new();
    let mut looping: BTreeSet<&T> = BTreeSet::new();
    let mut cycles = Vec::new();
    for &start in left {
        let mut path: Vec<&T> = Vec::new();
        let mut on_path: BTreeSet<&T> = BTreeSet::new();
        let mut unit = start;
        while !done.contains(unit) && on_path.insert(unit) {
            path.push(unit);
            match parents.get(unit).copied().flatten() {
                Some(parent) => unit = parent,
                None => break,
            }
        }
        if on_path.contains(unit) {
            let members = path.iter().skip_while(|member| **member != unit);
            let mut cycle: Vec<&T> = members.copied().collect();
            looping.extend(cycle.iter().copied());
            cycle.sort();
            cycles.push(cycle.into_iter().cloned().collect());
        }
        done.extend(path);
    }
    let blocked = left.iter().filter(|unit| !looping.contains(*unit)).map(|unit| (*unit).clone()).collect();
    (cycles, blocked)
}

/// The lane of an operation. `urgent` is for what closes doors ahead of everything else: a disable, an unlink or a
/// delete that somebody ordered now.
#[must_use]
pub const fn lane(class: Class, operation: Operation, urgent: bool) -> Lane {
    match operation {
        Operation::Disable | Operation::Unlink if urgent => Lane::Urgent,
        _ => Lane::of(class, operation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parents_come_first_and_cycles_are_named() {
        let units = [
            ("c", Some("b")),
            ("b", Some("a")),
            ("a", None),
            ("o", Some("gone")),
            ("x", Some("y")),
            ("y", Some("x")),
            ("z", Some("x")),
            ("me", Some("me")),
        ];
        let order = tree_order(&units);
        assert_eq!(order.ordered, ["a", "o", "b", "c"]);
        assert_eq!(order.orphans, [("o", "gone")]);
        assert_eq!(order.cycles, [vec!["me"], vec!["x", "y"]]);
        assert_eq!(order.blocked, ["z"]);
    }

    #[test]
    fn only_what_closes_doors_is_urgent() {
        assert_eq!(lane(Class::Account, Operation::Disable, true), Lane::Urgent);
        assert_eq!(lane(Class::Account, Operation::Disable, false), Lane::Disable);
        assert_eq!(lane(Class::Account, Operation::Create, true), Lane::Account);
        assert_eq!(lane(Class::OrgUnit, Operation::Delete, true), Lane::OrgUnitDelete);
    }

    proptest! {
        #[test]
        fn every_unit_is_somewhere_and_after_its_parent(units in proptest::collection::vec((0u8..20, proptest::option::of(0u8..25)), 0..25)) {
            let order = tree_order(&units);
            let mut all = order.ordered.clone();
            all.extend(order.cycles.iter().flatten());
            all.extend(&order.blocked);
            all.sort_unstable();
            let mut expected: Vec<u8> = units.iter().map(|(unit, _)| *unit).collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(all, expected);
            let place = |unit: &u8| order.ordered.iter().position(|other| other == unit);
            for unit in &order.ordered {
                let parent = units.iter().find(|(other, _)| other == unit).and_then(|(_, parent)| *parent);
                if let Some(parent) = parent.and_then(|parent| place(&parent)) {
                    prop_assert!(Some(parent) < place(unit));
                }
            }
        }
    }
}
