//! How much is too much: the thresholds of buckets, for one run and for a day.

use rosterd_model::Class;
use rosterd_model::plan::{Bucket, Operation};
use rosterd_model::spec::{GuardSpec, Threshold};

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
const REMOVE_MEMBER: Threshold = limit(10, 30.0, None);

/// The threshold of a bucket; none: it is never held for its size. Unlinking takes something away as disabling does;
/// enabling changes what is there as an update does; linking alone changes nothing for anybody. Leavers who were
/// announced have the thresholds of sudden ones unless they are given their own.
#[must_use]
pub fn threshold(spec: &GuardSpec, bucket: &Bucket) -> Option<Threshold> {
    if let (true, Some(announced)) = (bucket.announced, spec.announced) {
        return Some(announced);
    }
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
        // Judged by groups: in the bucket as a whole there is nothing to compare with.
        Operation::RemoveMember => return None,
    })
}

/// The threshold of members that are removed from one group.
#[must_use]
pub fn member_threshold(spec: &GuardSpec) -> Threshold {
    spec.remove_member.unwrap_or(REMOVE_MEMBER)
}

/// Why so many of so many are too many; none: they are not. `factor` times the threshold may be done.
#[must_use]
pub(super) fn exceeds(count: u64, of: u64, threshold: Threshold, factor: f64) -> Option<String> {
    let Threshold { floor, percent, cap } = threshold;
    let most = (as_float(of) * percent / 100.0).max(as_float(floor)) * factor;
    let times = if factor > 1.0 { format!("{factor} x ") } else { String::new() };
    if as_float(count) > most {
        return Some(format!("more than {times}max({floor}, {percent} %) = {}", most.floor()));
    }
    let cap = cap.filter(|cap| as_float(count) > as_float(*cap) * factor)?;
    Some(format!("more than {times}the cap of {cap}"))
}

#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
const fn as_float(count: u64) -> f64 {
    count as f64
}

/// Checks what the form of `[guard]` can not say.
///
/// # Errors
/// A sentence that names the key.
pub fn check(spec: &GuardSpec) -> Result<(), String> {
    let rolling = spec.rolling.0;
    if rolling.is_nan() || rolling < 1.0 {
        return Err("guard.rolling must be at least 1: a day allows no less than one run".to_owned());
    }
    let all = [
        ("create", spec.create),
        ("update", spec.update),
        ("rename", spec.rename),
        ("move", spec.move_),
        ("clear", spec.clear),
        ("disable", spec.disable),
        ("announced", spec.announced),
        ("remove-member", spec.remove_member),
        ("delete", spec.delete),
        ("delete-org-unit", spec.delete_org_unit),
    ];
    let wrong = all.iter().find(|(_, threshold)| threshold.is_some_and(|t| !(0.0..=100.0).contains(&t.percent)));
    match wrong {
        Some((key, _)) => Err(format!("guard.{key}.percent must be a number from 0 to 100")),
        None => Ok(()),
    }
}
