//! The tree of departments in a state file, and what it costs to read it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// People in one page of a listing: the most that DingTalk gives.
const PAGE: u64 = 100;

/// Departments by id, with the one above.
pub(super) fn parents(state: &Value) -> BTreeMap<i64, Option<i64>> {
    let departments = state["departments"].as_object().expect("departments");
    departments.iter().map(|(id, one)| (id.parse().expect("a number"), one["parent_id"].as_i64())).collect()
}

/// Departments of a person.
pub(super) fn departments(person: &Value) -> BTreeSet<i64> {
    person["dept_id_list"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}

/// How many people each department has directly.
pub(super) fn members(state: &Value) -> BTreeMap<i64, u64> {
    let mut members: BTreeMap<i64, u64> = parents(state).into_keys().map(|id| (id, 0)).collect();
    for person in state["users"].as_object().into_iter().flat_map(|users| users.values()) {
        departments(person).into_iter().for_each(|id| *members.entry(id).or_default() += 1);
    }
    members
}

/// Departments without any below, with people in them; the deepest first, which a walk reads last.
pub(super) fn leaves(state: &Value) -> Vec<i64> {
    let parents = parents(state);
    let above: BTreeSet<i64> = parents.values().copied().flatten().collect();
    let full = members(state).into_iter().filter(|(_, people)| *people > 0);
    let mut leaves: Vec<i64> = full.map(|(id, _)| id).filter(|id| !above.contains(id)).collect();
    let depth = |id: &i64| std::iter::successors(Some(*id), |at| parents.get(at).copied().flatten()).count();
    leaves.sort_by_key(|id| (std::cmp::Reverse(depth(id)), std::cmp::Reverse(*id)));
    leaves
}

/// The least number of calls that read everything with the best endpoints: a token; for each department its children, its
/// order and leaders, which nothing else tells, and its people, a hundred at a time. That a department has nobody is
/// known only to who asks.
pub(super) fn minimum(state: &Value) -> u64 {
    1 + members(state).into_values().map(|people| 2 + people.div_ceil(PAGE).max(1)).sum::<u64>()
}
