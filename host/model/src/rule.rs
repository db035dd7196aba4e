//! The rules of synchronisation, each with an id: what `docs/semantics.md` explains, what the scenarios under
//! `tests/scenarios` show, and what the code asks where it follows a rule.
//!
//! Code that follows a rule asks [`Rule::on`]. It is true, and costs nothing, unless the feature `switches` is on: then a
//! scenario can switch one rule off and must fail, which proves that it shows the rule and nothing else.

mod list;
mod planted;
#[cfg(feature = "switches")]
mod switches;

pub use list::Rule;
pub use planted::Defect;
#[cfg(feature = "switches")]
pub use planted::Planted;
#[cfg(feature = "switches")]
pub use switches::Off;

impl Rule {
    /// True while the rule is followed.
    #[cfg(not(feature = "switches"))]
    #[inline]
    #[must_use]
    pub const fn on(self) -> bool {
        true
    }

    /// True while the rule is followed.
    #[cfg(feature = "switches")]
    #[must_use]
    pub fn on(self) -> bool {
        switches::on(self)
    }

    /// The rule of an id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_name_their_rule() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        assert!(Rule::ALL.iter().all(|rule| Rule::from_id(rule.id()) == Some(*rule)));
    }

    #[cfg(feature = "switches")]
    #[test]
    fn a_rule_is_off_only_while_somebody_keeps_it_off() {
        let rule = Rule::EmptyNeverEquals;
        {
            let _off = Off::new(rule);
            assert!(!rule.on());
        }
        assert!(rule.on());
    }
}
