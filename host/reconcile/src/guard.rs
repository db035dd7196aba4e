//! The blast radius of a plan: what waits for a person before anything is written.
//!
//! Effective operations are counted in buckets (where, what kind of object, what is done) and compared with the live
//! objects there before the run: more than `max(floor, percent)` or more than `cap` is held.

use rosterd_model::Class;
use rosterd_model::plan::{Bucket, Hold, Operation, Target};
use rosterd_model::spec::{GuardSpec, OnTrip, Threshold};
use std::collections::BTreeMap;

const fn limit(floor: u64, percent: f64, cap: Option<u64>) -> Threshold {
    Threshold { floor, percent, cap }
}

const CREATE: Threshold = limit(20, 20.0, None);
const UPDATE: Threshold = limit(20, 50.0, None);
const RENAME: Threshold = limit(20, 50.0, None);
const MOVE: Threshold = limit(20, 50.0, None);
const CLEAR: Threshold = limit(20, 5.0, None);
const DISABLE: Threshold = limit(5, 2.0, Some(500));
const DELETE: Threshold = limit(3, 0.5, Some(100));
const DELETE_ORG_UNIT: Threshold = limit(1, 2.0, Some(20));

/// The threshold of a bucket; none: it is never held for its size. Unlinking takes something away as disabling does;
/// enabling changes what is there as an update does; linking alone changes nothing for anybody.
#[must_use]
pub fn threshold(spec: &GuardSpec, bucket: &Bucket) -> Option<Threshold> {
    Some(match bucket.operation {
        Operation::Create => spec.create.unwrap_or(CREATE),
        Operation::Link => return None,
        Operation::Update | Operation::Enable => spec.update.unwrap_or(UPDATE),
        Operation::Rename => spec.rename.unwrap_or(RENAME),
        Operation::Move => spec.move_.unwrap_or(MOVE),
        Operation::Clear => spec.clear.unwrap_or(CLEAR),
        Operation::Disable | Operation::Unlink => spec.disable.unwrap_or(DISABLE),
        Operation::Delete if bucket.class == Class::OrgUnit => spec.delete_org_unit.unwrap_or(DELETE_ORG_UNIT),
        Operation::Delete => spec.delete.unwrap_or(DELETE),
    })
}

/// Judges the counts of a plan; what is returned, in order of buckets, waits.
///
/// `live` gives the live objects of a target and class before the run; `first_delivery` says whether a target never
/// got anything from us. The first delivery is held for a person who has seen the plan; the hub's own first filling is
/// not. Where the configuration says `hold-all`, one bucket that trips holds them all.
#[must_use]
pub fn judge(
    counts: &BTreeMap<Bucket, u64>,
    live: &dyn Fn(&Target, Class) -> u64,
    spec: &GuardSpec,
    first_delivery: &dyn Fn(&Target) -> bool,
) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    for (bucket, &count) in counts.iter().filter(|(_, count)| **count > 0) {
        let of = live(&bucket.target, bucket.class);
        let remote = bucket.target != Target::Hub;
        let makes = matches!(bucket.operation, Operation::Create | Operation::Link);
        if remote && makes && first_delivery(&bucket.target) {
            let because = format!(
                "{bucket}: {count} in the first delivery to {}; look at the plan and apply it by its digest",
                bucket.target
            );
            holds.push(Hold { bucket: bucket.clone(), count, of, because, approval: false });
            continue;
        }
        if !remote && makes && of == 0 {
            continue;
        }
        if let Some(because) = threshold(spec, bucket).and_then(|threshold| trips(bucket, count, of, threshold)) {
            holds.push(Hold { bucket: bucket.clone(), count, of, because, approval: true });
        }
    }
    if spec.on_trip == OnTrip::HoldAll && holds.iter().any(|hold| hold.approval) {
        let tripped = holds.iter().filter(|hold| hold.approval).map(|hold| hold.bucket.to_string());
        let because =
            format!("everything waits (on-trip = hold-all) because of {}", tripped.collect::<Vec<_>>().join(", "));
        let all = hold_all(counts, live, &because);
        holds = all
            .into_iter()
            .map(|hold| holds.iter().find(|own| own.approval && own.bucket == hold.bucket).cloned().unwrap_or(hold))
            .collect();
    }
    holds
}

/// Holds every bucket, for reasons of the caller: a sentence.
#[must_use]
pub fn hold_all(counts: &BTreeMap<Bucket, u64>, live: &dyn Fn(&Target, Class) -> u64, because: &str) -> Vec<Hold> {
    let some = counts.iter().filter(|(_, count)| **count > 0);
    some.map(|(bucket, &count)| Hold {
        bucket: bucket.clone(),
        count,
        of: live(&bucket.target, bucket.class),
        because: format!("{bucket}: {because}"),
        approval: true,
    })
    .collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
fn trips(bucket: &Bucket, count: u64, of: u64, threshold: Threshold) -> Option<String> {
    let Threshold { floor, percent, cap } = threshold;
    let share = of as f64 * percent / 100.0;
    let most = share.max(floor as f64);
    let participle = participle(bucket.operation);
    let would = format!("{bucket}: {count} of {of} would be {participle}");
    if count as f64 > most {
        return Some(format!("{would}, more than max({floor}, {percent} %) = {}", most.floor()));
    }
    cap.filter(|cap| count > *cap).map(|cap| format!("{would}, more than the cap of {cap}"))
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
    }
}

#[cfg(test)]
mod tests;
