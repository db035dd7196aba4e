//! The blast radius of a plan: what waits for a person before anything is written.
//!
//! Effective operations are counted in buckets (where, what kind of object, what is done) and compared with the live
//! objects there before the run: more than `max(floor, percent)` or more than `cap` is held. What was done in the last
//! day counts as well, against a multiple of the same limits, so that a disaster in small portions is one, too.

mod threshold;

pub use threshold::{check, member_threshold, threshold};

use rosterd_model::plan::{Bucket, Hold, Operation, Target};
use rosterd_model::spec::{GuardSpec, OnTrip};
use rosterd_model::{Class, Rule, Text};
use std::collections::BTreeMap;
use threshold::exceeds;

/// What is known before the run.
pub struct Facts<'a> {
    /// Live objects of a target and class.
    pub live: &'a dyn Fn(&Target, Class) -> u64,
    /// What was done in a bucket in the last day, without what a person released.
    pub spent: &'a dyn Fn(&Bucket) -> u64,
    /// True: the target never got anything from us.
    pub first_delivery: &'a dyn Fn(&Target) -> bool,
}

/// Members that a plan takes out of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersGone {
    /// Where.
    pub target: Target,
    /// The group, by the name that people know.
    pub group: Text,
    /// How many.
    pub removed: u64,
    /// Of how many.
    pub of: u64,
}

/// True if no threshold judges a bucket: the first filling of the hub, the first delivery to a destination, links. What
/// is done in it spends nothing of the day's budget.
#[must_use]
pub fn is_free(bucket: &Bucket, facts: &Facts<'_>, spec: &GuardSpec) -> bool {
    let makes = matches!(bucket.operation, Operation::Create | Operation::Link);
    let first = match bucket.target {
        Target::Hub => (facts.live)(&bucket.target, bucket.class) == 0,
        Target::Destination(_) => (facts.first_delivery)(&bucket.target),
    };
    (makes && first) || threshold(spec, bucket).is_none()
}

/// Judges the counts of a plan; what is returned, in order of buckets, waits.
///
/// The first delivery is held for a person who has seen the plan; the hub's own first filling is not. Where the
/// configuration says `hold-all`, one bucket that trips holds them all.
#[must_use]
pub fn judge(
    counts: &BTreeMap<Bucket, u64>,
    members: &[MembersGone],
    facts: &Facts<'_>,
    spec: &GuardSpec,
) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    for (bucket, &count) in counts.iter().filter(|(_, count)| **count > 0) {
        let of = (facts.live)(&bucket.target, bucket.class);
        let makes = matches!(bucket.operation, Operation::Create | Operation::Link);
        if bucket.target != Target::Hub && makes && (facts.first_delivery)(&bucket.target) {
            if Rule::FirstDeliveryHeld.on() {
                let because = format!(
                    "{bucket}: {count} in the first delivery to {}; look at the plan and apply it by its digest",
                    bucket.target
                );
                holds.push(hold(bucket, count, of, because, false));
            }
            continue;
        }
        if let Some(because) = trips(bucket, count, of, members, facts, spec) {
            holds.push(hold(bucket, count, of, because, true));
        }
    }
    let all = (spec.on_trip == OnTrip::HoldAll && Rule::HoldAll.on()) || !Rule::ApplySafe.on();
    if all && holds.iter().any(|hold| hold.approval) {
        let tripped = holds.iter().filter(|hold| hold.approval).map(|hold| hold.bucket.to_string());
        let because =
            format!("everything waits (on-trip = hold-all) because of {}", tripped.collect::<Vec<_>>().join(", "));
        let all = hold_all(counts, facts.live, &because);
        holds = all
            .into_iter()
            .map(|hold| holds.iter().find(|own| own.approval && own.bucket == hold.bucket).cloned().unwrap_or(hold))
            .collect();
    }
    holds
}

/// True if the threshold of one run lets so many of so many through in a bucket.
#[must_use]
pub fn within_threshold(spec: &GuardSpec, bucket: &Bucket, count: u64, of: u64) -> bool {
    threshold(spec, bucket).is_none_or(|threshold| exceeds(count, of, threshold, 1.0).is_none())
}

/// Holds every bucket, for reasons of the caller: a sentence.
#[must_use]
pub fn hold_all(counts: &BTreeMap<Bucket, u64>, live: &dyn Fn(&Target, Class) -> u64, because: &str) -> Vec<Hold> {
    let some = counts.iter().filter(|(_, count)| **count > 0);
    some.map(|(bucket, &count)| {
        hold(bucket, count, live(&bucket.target, bucket.class), format!("{bucket}: {because}"), true)
    })
    .collect()
}

/// Holds for a person who applies the plan by its digest every bucket that no other hold is about: `because` says what
/// changed in the configuration.
pub fn hold_changed(
    holds: &mut Vec<Hold>,
    counts: &BTreeMap<Bucket, u64>,
    live: &dyn Fn(&Target, Class) -> u64,
    because: &str,
) {
    for (bucket, &count) in counts.iter().filter(|(_, count)| **count > 0) {
        if holds.iter().all(|hold| hold.bucket != *bucket) {
            let of = live(&bucket.target, bucket.class);
            holds.push(hold(bucket, count, of, format!("{bucket}: {count}, after {because}"), false));
        }
    }
    holds.sort_by(|a, b| a.bucket.cmp(&b.bucket));
}

fn hold(bucket: &Bucket, count: u64, of: u64, because: String, approval: bool) -> Hold {
    Hold { bucket: bucket.clone(), count, of, because, approval, samples: Vec::new() }
}

fn trips(
    bucket: &Bucket,
    count: u64,
    of: u64,
    members: &[MembersGone],
    facts: &Facts<'_>,
    spec: &GuardSpec,
) -> Option<String> {
    if bucket.operation == Operation::RemoveMember {
        return group(bucket, members, spec);
    }
    if is_free(bucket, facts, spec) || !Rule::BucketTrips.on() {
        return None;
    }
    let threshold = threshold(spec, bucket)?;
    let participle = participle(bucket.operation);
    if let Some(limit) = exceeds(count, of, threshold, 1.0) {
        return Some(format!("{bucket}: {count} of {of} would be {participle}, {limit}"));
    }
    let spent = if Rule::RollingBudget.on() { (facts.spent)(bucket) } else { 0 };
    if spent == 0 {
        return None;
    }
    let limit = exceeds(spent.saturating_add(count), of, threshold, spec.rolling.0)?;
    Some(format!("{bucket}: {count} of {of} would be {participle} after {spent} within a day, {limit}"))
}

/// The group that loses the greatest share of its members, if that is too much.
fn group(bucket: &Bucket, members: &[MembersGone], spec: &GuardSpec) -> Option<String> {
    if !Rule::MembersByGroup.on() {
        return None;
    }
    let threshold = member_threshold(spec);
    let mine = members.iter().filter(|gone| gone.target == bucket.target);
    let worst: Vec<_> = mine.filter_map(|gone| Some((gone, exceeds(gone.removed, gone.of, threshold, 1.0)?))).collect();
    // Of two that lose the same share the first one.
    let share = |gone: &MembersGone| gone.removed as f64 / gone.of.max(1) as f64;
    let (first, limit) = worst.iter().rev().max_by(|(a, _), (b, _)| share(a).total_cmp(&share(b)))?;
    let others = worst.len() - 1;
    let more = if others > 0 { format!("; and {others} groups more") } else { String::new() };
    Some(format!(
        "{bucket}: {} of {} members of {} would be removed, {limit}{more}",
        first.removed, first.of, first.group
    ))
}

const fn participle(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "created",
        Operation::Link => "linked",
        Operation::Update => "updated",
        Operation::Rename => "renamed",
        Operation::Move => "moved",
        Operation::Clear => "emptied of an attribute",
        Operation::Enable => "enabled",
        Operation::Disable => "disabled",
        Operation::Unlink => "unlinked",
        Operation::Delete => "deleted",
        Operation::RemoveMember => "taken out of a group",
    }
}

#[cfg(test)]
mod tests;
