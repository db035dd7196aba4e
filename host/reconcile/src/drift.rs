//! Does a destination still hold what it acknowledged? What was changed there by hand, attribute by attribute.

use crate::canonical::equal;
use crate::echo::is_echo;
use rosterd_model::outbox::{Projection, ProjectionStatus};
use rosterd_model::plan::AttributeChange;
use rosterd_model::{Attributes, Value};

/// What differs at a destination from what it acknowledged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drift {
    /// Managed attributes: as acknowledged, and as they are.
    pub changes: Vec<AttributeChange>,
    /// Whether the object is usable, if that differs.
    pub status: Option<ProjectionStatus>,
}

impl Drift {
    /// True if nothing differs.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.changes.is_empty() && self.status.is_none()
    }
}

/// Compares what a destination shows with what it acknowledged. Attributes that the hub does not manage do not count, nor
/// do those that it leaves alone, references, and the way in which the system spells values.
#[must_use]
pub fn compare(known: &Projection, shown: &Attributes) -> Drift {
    let mut drift = Drift::default();
    if !is_echo(shown, known) {
        let compared = |(name, told): &(&str, &Value)| !known.is_frozen(name) && !refers(told);
        for (name, told) in known.attributes.iter().filter(compared) {
            let now = shown.get(name).filter(|value| !value.is_empty());
            let same = match now {
                Some(now) => equal(now, told),
                None => told.is_empty(),
            };
            if !same {
                let (attribute, before, after) = (name.into(), Some(told.clone()), now.cloned());
                drift.changes.push(AttributeChange { attribute, before, after });
            }
        }
    }
    drift.status = status(shown).filter(|now| *now != known.status);
    drift
}

/// Whether a destination shows an object as usable; none: it does not say.
#[must_use]
pub fn status(shown: &Attributes) -> Option<ProjectionStatus> {
    match shown.get("active") {
        Some(Value::Bool(true)) => Some(ProjectionStatus::Present),
        Some(Value::Bool(false)) => Some(ProjectionStatus::Disabled),
        _ => None,
    }
}

/// The managed attributes as they are shown; what is not there is empty. References stay as they were told.
#[must_use]
pub fn managed(known: &Attributes, shown: &Attributes) -> Attributes {
    let value = |name: &str, told: &Value| match shown.get(name) {
        _ if refers(told) => told.clone(),
        Some(shown) => shown.clone(),
        None => Value::Null,
    };
    known.iter().map(|(name, told)| (name.to_owned(), value(name, told))).collect()
}

/// References are remembered in the hub's words and shown in the destination's: they are not compared.
fn refers(value: &Value) -> bool {
    match value {
        Value::Reference { .. } => true,
        Value::List(values) => values.iter().any(refers),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo::after;
    use rosterd_model::Timestamp;
    use rosterd_model::outbox::Swing;
    use rosterd_model::plan::NOTHING;

    fn attributes(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
    }

    fn known(observed: Option<&str>) -> Projection {
        let attributes = attributes(&[("name", "ann"), ("title", "boss")]);
        let echo = after(None, &attributes, observed, Timestamp(0));
        let (external_id, version, status) = (Some("x".into()), None, ProjectionStatus::Disabled);
        Projection {
            external_id,
            version,
            applied: NOTHING,
            attributes,
            status,
            revision: 1,
            pending: Vec::new(),
            echo,
        }
    }

    #[test]
    fn a_leaver_who_was_enabled_by_hand_is_seen() {
        let mut shown = attributes(&[("name", "ann"), ("title", "boss"), ("room", "7")]);
        shown.set("active", Value::Bool(true));
        assert_eq!(compare(&known(None), &shown).status, Some(ProjectionStatus::Present));
        shown.set("active", Value::Bool(false));
        assert!(compare(&known(None), &shown).is_none(), "and what nobody manages does not count");
    }

    #[test]
    fn a_value_that_was_changed_or_cleared_by_hand_is_seen_and_its_spelling_is_not() {
        let returned = known(Some(r#"{"name":"ANN","title":"BOSS"}"#));
        assert!(compare(&returned, &attributes(&[("name", "ANN"), ("title", "BOSS")])).is_none());
        let drift = compare(&returned, &attributes(&[("name", "ann")]));
        assert_eq!(drift.changes.len(), 1);
        assert_eq!((drift.changes[0].attribute.as_str(), &drift.changes[0].after), ("title", &None));
    }

    #[test]
    fn what_is_frozen_is_left_alone() {
        let mut known = known(None);
        known.echo.swings.push(Swing {
            attribute: "title".into(),
            from: [0; 8],
            to: [1; 8],
            times: 3,
            since: Timestamp(0),
            frozen: true,
        });
        assert!(compare(&known, &attributes(&[("name", "ann"), ("title", "other")])).is_none());
    }

    #[test]
    fn references_are_not_compared_and_stay_as_they_were_told() {
        let mut known = known(None);
        let manager = Value::Reference { class: rosterd_model::Class::Account, id: "7".into() };
        known.attributes.set("manager", manager.clone());
        let shown = attributes(&[("name", "ann"), ("title", "boss"), ("manager", "app-3")]);
        assert!(compare(&known, &shown).is_none());
        assert_eq!(managed(&known.attributes, &shown).get("manager"), Some(&manager));
    }

    #[test]
    fn managed_attributes_are_taken_as_they_are_and_nothing_else() {
        let told = attributes(&[("name", "ann"), ("title", "boss")]);
        let now = managed(&told, &attributes(&[("name", "bob"), ("room", "7")]));
        assert_eq!(now.get("name"), Some(&Value::from("bob")));
        assert_eq!((now.get("title"), now.len()), (Some(&Value::Null), 2));
    }

    #[test]
    fn one_difference_of_either_kind_is_drift() {
        let active = Projection { status: ProjectionStatus::Present, ..known(None) };
        let mut shown = attributes(&[("name", "ann"), ("title", "boss")]);
        shown.set("active", Value::Bool(false));
        let drift = compare(&active, &shown);
        assert_eq!(drift.status, Some(ProjectionStatus::Disabled), "somebody disabled him there");
        assert!(!drift.is_none());
        let drift = compare(&active, &attributes(&[("name", "ann"), ("title", "clerk")]));
        assert!(!drift.is_none() && drift.status.is_none());
    }

    #[test]
    fn a_list_of_references_is_one_and_other_lists_are_not() {
        let reference = Value::Reference { class: rosterd_model::Class::OrgUnit, id: "7".into() };
        let mut known = known(None);
        known.attributes.set("units", Value::List(vec![reference]));
        known.attributes.set("tags", Value::List(vec!["a".into()]));
        let mut shown = attributes(&[("name", "ann"), ("title", "boss")]);
        shown.set("units", Value::List(vec!["app-3".into()]));
        shown.set("tags", Value::List(vec!["b".into()]));
        let changed: Vec<_> = compare(&known, &shown).changes.into_iter().map(|change| change.attribute).collect();
        assert_eq!(changed, ["tags"]);
    }
}
