//! Claims to effective values: for each attribute the claim that wins by authority, unless an operator set it.

use rosterd_model::decision::Override;
use rosterd_model::plan::ClaimChange;
use rosterd_model::{Attributes, ClaimSet, ConnectionId, Rule, Text, Timestamp, Value};
use rosterd_reconcile::authority::{Authority, Standing};
use rosterd_reconcile::canonical;
use std::collections::{BTreeMap, BTreeSet};

/// What changes in the claims of one connection, given what its mapping says now. An attribute that the mapping does not
/// list stays as it was claimed; if the claims are those of another record, it is claimed no longer.
pub(super) fn claim_changes(
    known: Option<&ClaimSet>,
    ordinal: u32,
    said: &[(Text, Option<Value>)],
) -> Vec<ClaimChange> {
    let mut changes = Vec::new();
    // What is said comes in the order of the claims, mostly: the next one is looked at before all are searched.
    let mut next = 0;
    for (attribute, value) in said {
        let before =
            known.and_then(|claims| match claims.entries.get(next).filter(|entry| entry.attribute == *attribute) {
                Some(entry) => Some(entry),
                None => claims.get(attribute),
            });
        next += usize::from(before.is_some());
        let before = before.map(|entry| &entry.value);
        let same = match (before, value) {
            (Some(before), Some(value)) => canonical::equal(before, value),
            (None, None) => true,
            _ => false,
        };
        if !same {
            if changes.is_empty() {
                // Mostly it stays at one.
                changes.reserve_exact(1);
            }
            changes.push(ClaimChange { attribute: attribute.clone(), value: value.clone() });
        }
    }
    if let Some(other) = known.filter(|claims| claims.ordinal != ordinal && Rule::SeveredClaimsRetire.on()) {
        let silent = other.entries.iter().filter(|entry| said.iter().all(|(name, _)| *name != entry.attribute));
        changes.extend(silent.map(|entry| ClaimChange { attribute: entry.attribute.clone(), value: None }));
    }
    changes
}

/// Who says what about one entity.
pub(super) struct Effective<'a> {
    pub(super) authority: &'a Authority,
    /// The connection whose claims change.
    pub(super) source: &'a ConnectionId,
    /// What it claimed before.
    pub(super) mine: Option<&'a ClaimSet>,
    pub(super) others: &'a [(ConnectionId, ClaimSet)],
    pub(super) overrides: &'a [(String, Override)],
    pub(super) ages: &'a BTreeMap<ConnectionId, u64>,
    pub(super) now: Timestamp,
    /// True: every claimed attribute is decided anew, because the order of authority may have changed.
    pub(super) everything: bool,
}

impl Effective<'_> {
    /// Effective attributes after `changes`.
    pub(super) fn attributes(&self, present: &Attributes, changes: &[ClaimChange]) -> Attributes {
        let mut after = present.clone();
        for change in changes {
            self.one(present, &mut after, &change.attribute, change.value.as_ref());
        }
        if !self.everything && self.overrides.is_empty() {
            return after;
        }
        let mut rest: BTreeSet<&str> = self.overrides.iter().map(|(name, _)| name.as_str()).collect();
        if self.everything {
            let sets = self.mine.into_iter().chain(self.others.iter().map(|(_, set)| set));
            rest.extend(sets.flat_map(|set| set.entries.iter().map(|entry| entry.attribute.as_str())));
        }
        for attribute in rest {
            if changes.iter().all(|change| change.attribute != attribute) {
                let value = self.mine.and_then(|set| set.get(attribute)).map(|entry| &entry.value);
                self.one(present, &mut after, attribute, value);
            }
        }
        after
    }

    /// Decides one attribute of which the source says `mine`.
    fn one(&self, present: &Attributes, after: &mut Attributes, attribute: &str, mine: Option<&Value>) {
        let set = self.overrides.iter().find(|(name, _)| name == attribute).map(|(_, set)| set);
        if let Some(set) = set.filter(|set| Rule::OverrideFirst.on() && set.counts(self.now)) {
            after.set(attribute, set.value.clone());
            return;
        }
        // Nobody is asked about what a rule of the hub's own says.
        let ours =
            self.others.iter().find(|(connection, _)| connection.is_hub()).and_then(|(_, set)| set.get(attribute));
        if let Some(entry) = ours.filter(|_| Rule::GroupIsOurs.on()) {
            after.set(attribute, entry.value.clone());
            return;
        }
        let own = mine.map(|value| (self.source.clone(), value));
        let others = self
            .others
            .iter()
            .filter_map(|(connection, set)| set.get(attribute).map(|entry| (connection.clone(), &entry.value)));
        let all: Vec<(ConnectionId, &Value)>;
        let claims = if self.others.is_empty() {
            own.as_slice()
        } else {
            all = own.into_iter().chain(others).collect();
            &all
        };
        // A cleared value stays as null, so that destinations that ask for it are cleared, too. If nobody says anything any
        // more, the value becomes unmanaged and is not cleared; what only an operator had set goes with his word.
        let standing = Standing { ages: self.ages, entity: present };
        match self.authority.effective(attribute, claims, standing) {
            // As of a new entity: where there never was a value, none is cleared.
            Some((_, Value::Null)) if present.get(attribute).is_none() => {}
            Some((_, value)) => {
                after.set(attribute, value);
            }
            None if set.is_some() => {
                after.remove(attribute);
            }
            None if !Rule::UnmanagedIsKept.on() => {
                after.set(attribute, Value::Null);
            }
            None => {}
        }
    }
}

/// Effective attributes of a new entity: what one connection says is what counts.
pub(super) fn fresh(said: &[(Text, Option<Value>)]) -> Attributes {
    said.iter()
        .filter_map(|(name, value)| match value {
            Some(Value::Null) | None => None,
            Some(value) => Some((name.clone(), value.clone())),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cleared_and_none_where_there_never_was_one() {
        let hr: ConnectionId = "hr".parse().expect("a name");
        let authority =
            Authority::new(&Default::default(), std::slice::from_ref(&hr), BTreeSet::new()).expect("an order");
        let effective = Effective {
            authority: &authority,
            source: &hr,
            mine: None,
            others: &[],
            overrides: &[],
            ages: &BTreeMap::new(),
            now: Timestamp(0),
            everything: false,
        };
        let empty = [ClaimChange { attribute: "title".into(), value: Some(Value::Null) }];
        let after = |present: &[(&str, Value)]| {
            let present = present.iter().map(|(name, value)| (Text::from(*name), value.clone())).collect();
            effective.attributes(&present, &empty).get("title").cloned()
        };
        assert_eq!(after(&[("title", "Boss".into())]), Some(Value::Null));
        assert_eq!(after(&[("title", Value::Null)]), Some(Value::Null), "it stays cleared");
        assert_eq!(after(&[("nickName", "Ann".into())]), None);
        assert_eq!(fresh(&[("title".into(), Some(Value::Null))]).get("title"), None);
    }
}
