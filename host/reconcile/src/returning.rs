//! Is somebody who is back the one who left? An id may have been given to somebody else in the meantime.

use crate::absence::parse_duration;
use crate::normalise::value::match_key;
use rosterd_model::spec::{ReturnReaction, ReturningSpec};
use rosterd_model::{Attributes, Entity, Lifecycle, Rule, Timestamp};

/// What happens when somebody is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPolicy {
    reaction: ReturnReaction,
    reuse_guard_ms: u64,
    identity: Vec<String>,
}

impl ReturnPolicy {
    /// From the configuration.
    ///
    /// # Errors
    /// The sentence says which key can not be read.
    pub fn parse(spec: &ReturningSpec) -> Result<Self, String> {
        let reuse_guard_ms = parse_duration(&spec.reuse_guard).map_err(|error| format!("reuse-guard: {error}"))?;
        Ok(Self { reaction: spec.reaction, reuse_guard_ms, identity: spec.identity.clone() })
    }
}

/// Whether somebody is let in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    /// He had not left, or nothing speaks against him.
    Welcome,
    /// A person must say whether it is him; the sentence says why.
    Held(String),
}

/// Judges whether `entity` may be active again with the attributes `after`.
#[must_use]
pub fn judge(entity: &Entity, after: &Attributes, now: Timestamp, policy: &ReturnPolicy) -> Return {
    let since = match entity.lifecycle {
        Lifecycle::Deleted { at } => at,
        Lifecycle::Disabled { at, .. } if !entity.lifecycle.is_living() => at,
        _ => return Return::Welcome,
    };
    let held = |because: String| {
        Return::Held(format!("{because}; a person must say whether it is the same: link it, or create somebody new"))
    };
    if policy.reaction == ReturnReaction::Review {
        return held("somebody who left is back, and this job lets nobody in by itself".to_owned());
    }
    if let Some(attribute) = policy.identity.iter().find(|name| disagree(&entity.attributes, after, name))
        && Rule::RecycledIdHeld.on()
    {
        return held(format!("somebody who left seems to be back, and has another {attribute}"));
    }
    let gone = now.since_ms(since);
    if gone > policy.reuse_guard_ms && Rule::ReuseGuard.on() {
        let days = gone / (24 * 3_600_000);
        return held(format!("somebody who left {days} days ago seems to be back"));
    }
    Return::Welcome
}

/// True if both sides have a value and the values differ.
fn disagree(before: &Attributes, after: &Attributes, name: &str) -> bool {
    let key = |attributes: &Attributes| attributes.get(name).and_then(match_key);
    matches!((key(before), key(after)), (Some(before), Some(after)) if before != after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::{Class, DisabledReason, EntityId, RunId, Value};

    const DAY: u64 = 24 * 3_600_000;

    fn person(lifecycle: Lifecycle, name: &str) -> Entity {
        Entity {
            id: EntityId::from_bytes([1; 16]),
            class: Class::Account,
            attributes: [("displayName", Value::from(name))].into_iter().collect(),
            lifecycle,
            revision: 1,
            created: RunId(1),
            changed: RunId(1),
        }
    }

    fn left(day: u64) -> Lifecycle {
        Lifecycle::Disabled { reason: DisabledReason::Leaver, at: Timestamp(day * DAY) }
    }

    fn ask(entity: &Entity, name: Option<&str>, day: u64) -> Return {
        let after = name.map(|name| ("displayName", Value::from(name))).into_iter().collect();
        judge(entity, &after, Timestamp(day * DAY), &ReturnPolicy::parse(&ReturningSpec::default()).unwrap())
    }

    #[test]
    fn whoever_never_left_and_whoever_is_soon_back_is_welcome() {
        assert_eq!(ask(&person(Lifecycle::Active, "Li Wei"), Some("Wang Fang"), 900), Return::Welcome);
        assert_eq!(ask(&person(left(100), "Li Wei"), Some("LI WEI"), 190), Return::Welcome);
        assert_eq!(ask(&person(left(100), "Li Wei"), None, 190), Return::Welcome, "nothing is said about the name");
    }

    #[test]
    fn another_name_and_a_long_absence_are_for_a_person() {
        let Return::Held(text) = ask(&person(left(100), "Li Wei"), Some("Wang Fang"), 101) else { panic!("held") };
        assert!(text.contains("displayName") && !text.contains("Wang"), "{text}");
        let Return::Held(text) = ask(&person(left(100), "Li Wei"), Some("Li Wei"), 191) else { panic!("held") };
        assert!(text.contains("91 days"), "{text}");
    }

    #[test]
    fn who_was_deleted_has_left_and_whom_a_person_disabled_has_not() {
        let deleted = person(Lifecycle::Deleted { at: Timestamp(100 * DAY) }, "Li Wei");
        assert!(matches!(ask(&deleted, Some("Wang Fang"), 101), Return::Held(_)));
        let manual = Lifecycle::Disabled { reason: DisabledReason::Manual, at: Timestamp(100 * DAY) };
        assert_eq!(ask(&person(manual, "Li Wei"), Some("Wang Fang"), 900), Return::Welcome);
    }

    #[test]
    fn a_job_may_let_nobody_in_by_itself() {
        let spec = ReturningSpec { reaction: ReturnReaction::Review, ..ReturningSpec::default() };
        let policy = ReturnPolicy::parse(&spec).unwrap();
        let back = |lifecycle| judge(&person(lifecycle, "Li Wei"), &Attributes::new(), Timestamp(101 * DAY), &policy);
        assert!(matches!(back(left(100)), Return::Held(text) if text.contains("nobody in by itself")));
        assert_eq!(back(Lifecycle::Active), Return::Welcome);
        let wrong = ReturningSpec { reuse_guard: "long".into(), ..ReturningSpec::default() };
        assert!(ReturnPolicy::parse(&wrong).unwrap_err().starts_with("reuse-guard"));
    }
}
