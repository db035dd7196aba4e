//! Deciding which entity a record without a link is about. Ambiguity is an answer, not a guess.

use crate::normalise::value::match_key;
use crate::schema;
use rosterd_model::spec::{TierMode, TierSpec};
use rosterd_model::{Attributes, Class, EntityId, Rule, Value};
use std::collections::{BTreeMap, BTreeSet};

/// An entity that has the wanted value, as the store knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The entity.
    pub entity: EntityId,
    /// It is linked to another live object of the same connection and class.
    pub already_linked: bool,
    /// A source made it or is linked to it: not an account that somebody could take over silently.
    pub has_source: bool,
}

/// What correlation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Situation {
    /// This entity, by a rule of this tier.
    Matched {
        /// The entity.
        entity: EntityId,
        /// Number of the tier.
        tier: u8,
        /// False: by weak keys alone, which several people may share over time.
        strong: bool,
    },
    /// Nobody.
    Unmatched,
    /// Several entities; lower tiers may not break the tie.
    Ambiguous {
        /// In order of their ids.
        candidates: Vec<EntityId>,
        /// Number of the tier.
        tier: u8,
    },
    /// One entity, linked to another object of this connection.
    AlreadyLinked {
        /// The entity.
        entity: EntityId,
        /// Number of the tier.
        tier: u8,
    },
    /// One entity, and a person must confirm.
    Review {
        /// The entity.
        entity: EntityId,
        /// Number of the tier.
        tier: u8,
    },
}

/// Finds the entity that `candidate` (mapped attributes of a record) is about.
///
/// `lookup` gives all entities whose attribute has a match key, within the key space of the record. An attribute that
/// is absent, null or empty matches nobody. A tier's hits are the union of its rules', a rule's the intersection of its
/// attributes'. A match by weak keys alone is for review unless a source stands behind the entity.
pub fn correlate(
    tiers: &[TierSpec],
    candidate: &Attributes,
    lookup: &mut dyn FnMut(&str, &str) -> Vec<Candidate>,
) -> Situation {
    // Without the rule all of them are one tier.
    let of = |rule: &TierSpec| if Rule::TiersInOrder.on() { rule.tier } else { 1 };
    let numbers: BTreeSet<u8> = tiers.iter().map(of).collect();
    for tier in numbers {
        // The entity, whether a rule that needs no person found it, and whether by a strong key.
        let mut hits: BTreeMap<EntityId, (Candidate, bool, bool)> = BTreeMap::new();
        for rule in tiers.iter().filter(|rule| of(rule) == tier) {
            let weak = rule.attributes.iter().all(|attribute| schema::is_weak_key(attribute));
            for hit in matches(rule, candidate, lookup) {
                let auto = rule.mode == TierMode::Auto || !Rule::ReviewAsks.on();
                let sure = auto && (!weak || hit.has_source || !Rule::WeakNeverTakesOver.on());
                let known = hits.entry(hit.entity).or_insert((hit, false, false));
                known.0.already_linked |= hit.already_linked && Rule::AlreadyLinked.on();
                known.1 |= sure;
                known.2 |= sure && !weak;
            }
        }
        let mut found = hits.into_values();
        match (found.next(), found.next()) {
            (None, _) => {}
            (Some((hit, sure, strong)), rest) if rest.is_none() || !Rule::AmbiguousStops.on() => {
                let entity = hit.entity;
                return match (hit.already_linked && Rule::AlreadyLinked.on(), sure) {
                    (true, _) => Situation::AlreadyLinked { entity, tier },
                    (false, true) => Situation::Matched { entity, tier, strong },
                    (false, false) => Situation::Review { entity, tier },
                };
            }
            (Some((first, ..)), second) => {
                let rest = second.into_iter().chain(found).map(|(hit, ..)| hit.entity);
                let candidates = std::iter::once(first.entity).chain(rest).collect();
                return Situation::Ambiguous { candidates, tier };
            }
        }
    }
    Situation::Unmatched
}

/// The entities that agree with the record in all attributes of a rule.
fn matches(
    rule: &TierSpec,
    candidate: &Attributes,
    lookup: &mut dyn FnMut(&str, &str) -> Vec<Candidate>,
) -> Vec<Candidate> {
    let keys: Option<Vec<(&str, String)>> =
        rule.attributes.iter().map(|attribute| Some((attribute.as_str(), key(candidate.get(attribute))?))).collect();
    let Some(keys) = keys else { return Vec::new() };
    let mut keys = keys.into_iter();
    let Some((attribute, key)) = keys.next() else { return Vec::new() };
    let mut hits = lookup(attribute, &key);
    for (attribute, key) in keys {
        if hits.is_empty() {
            break;
        }
        let others: BTreeSet<EntityId> = lookup(attribute, &key).into_iter().map(|hit| hit.entity).collect();
        hits.retain(|hit| others.contains(&hit.entity));
    }
    hits
}

/// The key by which a value is compared; none for an empty one, which equals nothing.
#[must_use]
pub fn key(value: Option<&Value>) -> Option<String> {
    let key = value.and_then(match_key);
    if Rule::EmptyNeverEquals.on() { key } else { Some(key.unwrap_or_default()) }
}

/// What is wrong with rules of correlation, as sentences; empty if nothing is.
#[must_use]
pub fn check_tiers(class: Class, tiers: &[TierSpec]) -> Vec<String> {
    let mut problems = Vec::new();
    for rule in tiers {
        let tier = rule.tier;
        if rule.attributes.is_empty() {
            problems.push(format!("a rule of tier {tier} for {class} matches by no attribute; name one in match"));
        }
        for attribute in &rule.attributes {
            let several = matches!(schema::kind(class, attribute), schema::Kind::References(_) | schema::Kind::Members);
            if several {
                problems.push(format!(
                    "a rule of tier {tier} for {class} matches by \"{attribute}\", which holds several values; use another"
                ));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests;
