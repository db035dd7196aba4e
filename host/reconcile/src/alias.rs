//! A former mail address stays an alias of whom it belonged to.

use crate::canonical::equal;
use rosterd_model::{Attributes, Value};

/// The attribute whose former values are kept.
pub const ADDRESS: &str = "emails.work";
/// The attribute that keeps them. It is the hub's own: no source gives it, and destinations map it where they can hold
/// aliases.
pub const ALIASES: &str = "emails.aliases";

/// Keeps the address that changes between two states, and drops an alias that is the address again.
pub fn keep(before: &Attributes, after: &mut Attributes) {
    let (old, new) = (before.get(ADDRESS), after.get(ADDRESS));
    let Some(old) = old.filter(|old| !old.is_empty() && new.is_none_or(|new| !equal(old, new))) else { return };
    let mut aliases = match after.get(ALIASES) {
        Some(Value::List(known)) => known.clone(),
        Some(one) if !one.is_empty() => vec![one.clone()],
        _ => Vec::new(),
    };
    aliases.retain(|alias| new.is_none_or(|new| !equal(alias, new)));
    if aliases.iter().all(|alias| !equal(alias, old)) {
        aliases.push(old.clone());
    }
    after.set(ALIASES, Value::List(aliases));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_pile_up_and_one_that_is_taken_again_is_no_alias() {
        let state = |address: &str| [(ADDRESS, Value::from(address))].into_iter().collect::<Attributes>();
        let list = |values: &[&str]| Some(Value::List(values.iter().map(|value| Value::from(*value)).collect()));
        let mut second = state("b@x");
        keep(&state("a@x"), &mut second);
        assert_eq!(second.get(ALIASES).cloned(), list(&["a@x"]));
        let mut third = second.clone();
        third.set(ADDRESS, "c@x".into());
        keep(&second, &mut third);
        assert_eq!(third.get(ALIASES).cloned(), list(&["a@x", "b@x"]));
        let mut back = third.clone();
        back.set(ADDRESS, "a@x".into());
        keep(&third, &mut back);
        assert_eq!(back.get(ALIASES).cloned(), list(&["b@x", "c@x"]));
        let mut same = back.clone();
        keep(&back, &mut same);
        assert_eq!(same, back);
    }

    #[test]
    fn an_alias_that_is_no_list_counts_as_one_and_an_empty_one_as_none() {
        for (known, expected) in [
            (Value::from("old@x"), vec![Value::from("old@x"), Value::from("a@x")]),
            (Value::Null, vec![Value::from("a@x")]),
            (Value::from("a@x"), vec![Value::from("a@x")]),
        ] {
            let before: Attributes = [(ADDRESS, Value::from("a@x"))].into_iter().collect();
            let mut after: Attributes = [(ADDRESS, Value::from("b@x")), (ALIASES, known.clone())].into_iter().collect();
            keep(&before, &mut after);
            assert_eq!(after.get(ALIASES), Some(&Value::List(expected)), "{known:?}");
        }
    }
}
