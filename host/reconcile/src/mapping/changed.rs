//! The rules of a mapping that are otherwise than in an earlier one: what they say of a record that is settled is all that can
//! be new.

use super::text::line_of;
use super::{Mapping, MappingSaid, Moment, Rule};
use crate::expression::Scope;
use crate::problem::Problem;
use rosterd_model::Text;
use std::collections::BTreeSet;

/// Rules of one mapping, by their places in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedRules {
    places: Vec<usize>,
    attributes: Vec<Text>,
    /// None: there may be any.
    reads: Option<BTreeSet<String>>,
}

impl ChangedRules {
    /// Their target attributes, sorted.
    #[must_use]
    pub fn attributes(&self) -> &[Text] {
        &self.attributes
    }

    /// True if they may read the attribute of the record with this name: it is one that they name, or a part of such a one, or
    /// has such a one as a part.
    #[must_use]
    pub fn may_read(&self, attribute: &[u8]) -> bool {
        let about = |read: &[u8]| {
            let (whole, part) = if read.len() <= attribute.len() { (read, attribute) } else { (attribute, read) };
            part.starts_with(whole) && part.get(whole.len()).is_none_or(|next| *next == b'.')
        };
        self.reads.as_ref().is_none_or(|reads| reads.iter().any(|read| about(read.as_bytes())))
    }

    /// True if every rule is as it was. There may have been more of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl Mapping {
    /// The rules that are not in the canonical text of an earlier mapping, letter by letter. None: whatever it says may be
    /// otherwise, because one of both is the identity, because it is about something else, or because a rule asks what its
    /// target holds, which may be otherwise at any time.
    #[must_use]
    pub fn changed_since(&self, before: &str) -> Option<ChangedRules> {
        let mut lines = before.lines();
        let same_subject = lines.next() == self.text.lines().next();
        let lines: BTreeSet<&str> = lines.collect();
        if !same_subject || lines.contains("* = *") || self.is_identity() || self.has_weak() {
            return None;
        }
        let changed = |rule: &Rule| !lines.contains(line_of(rule).trim_end_matches('\n'));
        let found = self.rules.iter().enumerate().filter(|(_, rule)| changed(rule));
        let (places, attributes): (Vec<_>, _) = found.map(|(place, rule)| (place, rule.attribute.clone())).unzip();
        let asked =
            || places.iter().flat_map(|place| [Some(&self.rules[*place].from), self.rules[*place].when.as_ref()]);
        let known = asked().flatten().all(|expression| !expression.reads_any());
        let reads =
            known.then(|| asked().flatten().flat_map(|expression| expression.reads().iter().cloned()).collect());
        Some(ChangedRules { places, attributes, reads })
    }

    /// As [`Mapping::apply`], of these rules alone.
    ///
    /// # Errors
    /// One of them failed, or gave a value that its target can not hold; reason `Mapping`.
    pub fn apply_changed(
        &self,
        changed: &ChangedRules,
        scope: &Scope<'_>,
        moment: Moment,
    ) -> Result<MappingSaid, Problem> {
        self.apply_rules(changed.places.iter().filter_map(|place| self.rules.get(*place)), scope, moment)
    }
}
