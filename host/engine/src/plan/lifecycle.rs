//! From what sources say about joining and leaving to the state of an entity.

use rosterd_model::rule::Defect;
use rosterd_model::{Attributes, DisabledReason, Lifecycle, Timestamp, Value};

/// The state that effective attributes ask for, given the present one.
///
/// Absence and explicit deletes are not decided here. What the hub did itself is undone when the person is back; what an
/// operator did is not.
pub(super) fn wanted(present: Option<&Lifecycle>, attributes: &Attributes) -> Lifecycle {
    if let Some(manual @ Lifecycle::Disabled { reason: DisabledReason::Manual | DisabledReason::Guard, .. }) = present {
        return *manual;
    }
    if let Some(left @ Lifecycle::Disabled { .. }) = present.filter(|_| Defect::ReturnIgnored.here()) {
        return *left;
    }
    let said = said(attributes).unwrap_or(Lifecycle::Active);
    match (present, &said) {
        // The same state, with the time at which it began.
        (Some(present), said) if std::mem::discriminant(present) == std::mem::discriminant(said) => *present,
        _ => said,
    }
}

/// A state whose time is filled in when it is applied.
pub(super) const fn left() -> Lifecycle {
    Lifecycle::Disabled { reason: DisabledReason::Leaver, at: Timestamp(0) }
}

fn said(attributes: &Attributes) -> Option<Lifecycle> {
    if let Some(word) = attributes.get("lifecycle").and_then(Value::as_text) {
        match word.trim().to_lowercase().as_str() {
            "left" | "leaver" | "terminated" | "disabled" | "离职" | "停用" => return Some(left()),
            "suspended" | "leave" | "休假" => return Some(Lifecycle::Suspended),
            _ => {}
        }
    }
    match attributes.get("active") {
        Some(Value::Bool(false)) => Some(Lifecycle::Suspended),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(pairs: &[(&str, Value)]) -> Attributes {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn disabled_at_the_source_is_suspended_and_never_a_leaver() {
        assert_eq!(wanted(None, &attributes(&[("active", Value::Bool(false))])), Lifecycle::Suspended);
    }

    #[test]
    fn an_explicit_word_makes_a_leaver_and_keeps_the_day_it_began() {
        let words = attributes(&[("lifecycle", "离职".into())]);
        assert_eq!(wanted(Some(&Lifecycle::Active), &words), left());
        let since = Lifecycle::Disabled { reason: DisabledReason::Leaver, at: Timestamp(7) };
        assert_eq!(wanted(Some(&since), &words), since);
    }

    #[test]
    fn back_again_is_active_but_what_an_operator_disabled_stays() {
        let nothing = Attributes::new();
        assert_eq!(wanted(Some(&left()), &nothing), Lifecycle::Active);
        let manual = Lifecycle::Disabled { reason: DisabledReason::Manual, at: Timestamp(7) };
        assert_eq!(wanted(Some(&manual), &nothing), manual);
    }
}
