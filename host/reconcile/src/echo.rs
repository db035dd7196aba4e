//! A system that is both read and written gives back what it was told. Such an echo makes no claims: only what somebody
//! else changed there is news.
//!
//! Systems spell values their own way (trimmed, in capitals, without accents), so what counts as the echo is what the
//! destination returned after the operation, not what was sent.

use crate::canonical::{encode, encode_text, equal, hash16};
use crate::normalise::json_attributes;
use crate::oscillation::swung;
use rosterd_model::outbox::{Echo, Projection, ProjectionStatus};
use rosterd_model::plan::StateHash;
use rosterd_model::{Attributes, Rule, Timestamp, Value};

/// The hash of the managed attributes as a system shows them. Absent and empty are the same here.
#[must_use]
pub fn managed_hash(shown: &Attributes, managed: &Attributes) -> StateHash {
    let mut bytes = Vec::with_capacity(128);
    for (name, _) in managed.iter() {
        if let Some(value) = shown.get(name).filter(|value| !value.is_empty()) {
            encode_text(name, &mut bytes);
            encode(value, &mut bytes);
        }
    }
    hash16(&bytes)
}

/// What is remembered of a destination's object after an operation was acknowledged: how it shows what it was told, and
/// which attributes swing.
#[must_use]
pub fn after(known: Option<&Projection>, managed: &Attributes, observed: Option<&str>, now: Timestamp) -> Echo {
    let shown = observed.and_then(|text| json_attributes(text).ok());
    let returned = shown.map(|shown| managed_hash(&shown, managed));
    let swings = known.map(|known| swung(&known.echo.swings, &known.attributes, managed, now)).unwrap_or_default();
    Echo { returned, observed: None, swings }
}

/// True if a record shows all managed attributes as the destination gave them back.
#[must_use]
pub fn is_echo(shown: &Attributes, projection: &Projection) -> bool {
    let managed = &projection.attributes;
    let expected = projection.echo.returned.unwrap_or_else(|| managed_hash(managed, managed));
    managed_hash(shown, managed) == expected
}

/// True if what a record says of this attribute is only what the destination was told.
#[must_use]
pub fn echoes(shown: &Attributes, projection: &Projection, whole: bool, attribute: &str) -> bool {
    if !Rule::EchoMakesNoClaims.on() {
        return false;
    }
    let value = shown.get(attribute);
    match projection.attributes.get(attribute) {
        Some(_) if whole => true,
        Some(told) => value.is_some_and(|value| equal(value, told)),
        // Whether it is usable is told beside the attributes.
        None if attribute == "active" => match value {
            Some(Value::Bool(active)) => *active == (projection.status == ProjectionStatus::Present),
            _ => false,
        },
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::plan::NOTHING;

    fn attributes(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
    }

    fn told(pairs: &[(&str, &str)], observed: Option<&str>) -> Projection {
        let managed = attributes(pairs);
        Projection {
            external_id: Some("x".into()),
            version: None,
            applied: NOTHING,
            echo: after(None, &managed, observed, Timestamp(0)),
            attributes: managed,
            status: ProjectionStatus::Present,
            revision: 1,
            pending: Vec::new(),
        }
    }

    #[test]
    fn what_comes_back_as_it_was_returned_is_an_echo_though_it_is_spelt_otherwise() {
        let projection = told(&[("name", "ann"), ("mail", "a@x")], Some(r#"{"name":"ANN","mail":"a@x","quota":5}"#));
        let shown = attributes(&[("name", "ANN"), ("mail", "a@x"), ("quota", "7")]);
        assert!(is_echo(&shown, &projection));
        assert!(echoes(&shown, &projection, true, "name") && !echoes(&shown, &projection, true, "quota"));
        assert!(!is_echo(&attributes(&[("name", "ann"), ("mail", "a@x")]), &projection));
    }

    #[test]
    fn one_changed_attribute_is_news_and_the_others_are_still_echoes() {
        let projection = told(&[("name", "ann"), ("mail", "a@x")], None);
        let shown = attributes(&[("name", "ann"), ("mail", "b@x")]);
        let whole = is_echo(&shown, &projection);
        assert!(!whole);
        assert!(echoes(&shown, &projection, whole, "name") && !echoes(&shown, &projection, whole, "mail"));
    }

    #[test]
    fn usable_as_it_was_told_is_an_echo() {
        let projection = told(&[("name", "ann")], None);
        let with = |active| {
            let mut shown = attributes(&[("name", "ann")]);
            shown.set("active", Value::Bool(active));
            echoes(&shown, &projection, true, "active")
        };
        assert!(with(true) && !with(false));
    }

    #[test]
    fn what_was_never_told_is_news() {
        let projection = told(&[("name", "ann")], None);
        let mut shown = attributes(&[("name", "ann")]);
        shown.set("external", Value::Bool(true));
        assert!(!echoes(&shown, &projection, true, "external"));
        assert!(!echoes(&shown, &projection, true, "active"), "nothing is said of it");
    }
}
