//! The first day at a destination that has people already: who of them is whom in the hub.
//!
//! An account there is compared with what the destination should hold of each entity, by attributes of the destination.
//! Nothing is guessed: several candidates are listed, and who matches nobody is an orphan and left alone.

use crate::canonical::hash16;
use crate::correlate::{Candidate, Situation, correlate};
use crate::normalise::value::match_key;
use rosterd_model::plan::StateHash;
use rosterd_model::spec::TierSpec;
use rosterd_model::{Attributes, EntityId, ExternalId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How sure a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// By a strong key, and nobody else has it.
    Sure,
    /// By weak keys alone (names, telephone numbers, mail addresses), or by a rule for review.
    Likely,
    /// Several entities match.
    Ambiguous,
    /// Several accounts there match this entity.
    Disputed,
    /// The entity has another account there already.
    Taken,
    /// An administrator's account beside somebody's own, such as `adm-li.wei`: it is compared with nobody.
    Secondary,
    /// Nobody matches: it is left alone.
    Orphan,
}

impl Confidence {
    /// All, from the surest.
    pub const ALL: [Self; 7] =
        [Self::Sure, Self::Likely, Self::Ambiguous, Self::Disputed, Self::Taken, Self::Secondary, Self::Orphan];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sure => "sure",
            Self::Likely => "likely",
            Self::Ambiguous => "ambiguous",
            Self::Disputed => "disputed",
            Self::Taken => "taken",
            Self::Secondary => "secondary",
            Self::Orphan => "orphan",
        }
    }
}

/// What is proposed for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// How sure it is.
    pub confidence: Confidence,
    /// Number of the tier whose rules found somebody.
    pub tier: Option<u8>,
    /// Who it may be: one, or those from whom a person must choose.
    pub candidates: Vec<EntityId>,
}

impl Proposal {
    /// Nothing is proposed, for this reason.
    #[must_use]
    pub const fn nobody(confidence: Confidence) -> Self {
        Self { confidence, tier: None, candidates: Vec::new() }
    }
}

/// Of so many candidates no person chooses one more easily than of more.
const ENOUGH: usize = 10;

/// What the entities of the hub are found by: one hash for each value of an attribute that a rule names.
#[derive(Debug)]
pub struct Matcher {
    tiers: Vec<TierSpec>,
    attributes: BTreeSet<String>,
    /// Those of rules that ask for several attributes together.
    joined: BTreeSet<String>,
    index: HashMap<u64, Vec<EntityId>>,
    taken: HashSet<EntityId>,
}

impl Matcher {
    /// Matches by rules over attributes of the destination.
    #[must_use]
    pub fn new(tiers: &[TierSpec]) -> Self {
        let attributes = tiers.iter().flat_map(|tier| tier.attributes.clone()).collect();
        let several = tiers.iter().filter(|tier| tier.attributes.len() > 1);
        let joined = several.flat_map(|tier| tier.attributes.clone()).collect();
        Self { tiers: tiers.to_vec(), attributes, joined, index: HashMap::new(), taken: HashSet::new() }
    }

    /// Adds an entity with what the destination should hold of it; `taken` if it has an account there.
    pub fn add(&mut self, entity: EntityId, desired: &Attributes, taken: bool) {
        for attribute in &self.attributes {
            if let Some(key) = desired.get(attribute).and_then(match_key) {
                let holders = self.index.entry(hash(attribute, &key)).or_default();
                // What many share tells nobody apart by itself.
                if holders.len() < ENOUGH || self.joined.contains(attribute) {
                    holders.push(entity);
                }
            }
        }
        if taken {
            self.taken.insert(entity);
        }
    }

    /// Who an account is.
    #[must_use]
    pub fn propose(&self, account: &Attributes) -> Proposal {
        let mut lookup = |attribute: &str, key: &str| {
            let found = self.index.get(&hash(attribute, key)).map_or(&[][..], Vec::as_slice);
            let candidate = |entity: &EntityId| Candidate {
                entity: *entity,
                already_linked: self.taken.contains(entity),
                has_source: true,
            };
            found.iter().map(candidate).collect()
        };
        let one = |confidence, tier, entity| Proposal { confidence, tier: Some(tier), candidates: vec![entity] };
        match correlate(&self.tiers, account, &mut lookup) {
            Situation::Matched { entity, tier, strong: true } => one(Confidence::Sure, tier, entity),
            Situation::Matched { entity, tier, strong: false } | Situation::Review { entity, tier } => {
                one(Confidence::Likely, tier, entity)
            }
            Situation::AlreadyLinked { entity, tier } => one(Confidence::Taken, tier, entity),
            Situation::Ambiguous { candidates, tier } => {
                Proposal { confidence: Confidence::Ambiguous, tier: Some(tier), candidates }
            }
            Situation::Unmatched => Proposal::nobody(Confidence::Orphan),
        }
    }
}

/// Marks proposals that want the same entity: none of them is sure any more.
pub fn dispute(proposals: &mut [Proposal]) {
    let proposes = |proposal: &Proposal| matches!(proposal.confidence, Confidence::Sure | Confidence::Likely);
    let mut wanted: HashMap<EntityId, u32> = HashMap::new();
    for proposal in proposals.iter().filter(|proposal| proposes(proposal)) {
        for entity in &proposal.candidates {
            *wanted.entry(*entity).or_default() += 1;
        }
    }
    for proposal in proposals.iter_mut().filter(|proposal| proposes(proposal)) {
        if proposal.candidates.iter().any(|entity| wanted.get(entity).is_some_and(|count| *count > 1)) {
            proposal.confidence = Confidence::Disputed;
        }
    }
}

/// The state after a link to an account that a destination had before: part of the digest of its plan.
#[must_use]
pub fn link_hash(id: &ExternalId, active: bool) -> StateHash {
    let mut key = vec![u8::from(active)];
    key.extend_from_slice(id.as_str().as_bytes());
    hash16(&key)
}

/// 64 bits: among a million values two collide once in forty million first days, and the price is an ambiguous account.
fn hash(attribute: &str, key: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(attribute.as_bytes()).update(&[0]).update(key.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::Value;
    use rosterd_model::spec::TierMode;

    fn account(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(name, value)| (*name, Value::from(*value))).collect()
    }

    fn id(n: u8) -> EntityId {
        EntityId::from_bytes([n; 16])
    }

    fn matcher() -> Matcher {
        let tier =
            |tier, attribute: &str| TierSpec { tier, attributes: vec![attribute.to_owned()], mode: TierMode::Auto };
        let mut matcher = Matcher::new(&[tier(1, "employeeID"), tier(2, "mail")]);
        matcher.add(id(1), &account(&[("employeeID", "17"), ("mail", "a@x")]), false);
        matcher.add(id(2), &account(&[("employeeID", "18"), ("mail", "b@x")]), false);
        matcher.add(id(3), &account(&[("employeeID", "18"), ("mail", "c@x")]), false);
        matcher.add(id(4), &account(&[("mail", "d@x")]), true);
        matcher
    }

    #[test]
    fn keys_propose_and_nothing_is_guessed() {
        let matcher = matcher();
        let ask = |pairs: &[(&str, &str)]| {
            let proposal = matcher.propose(&account(pairs));
            (proposal.confidence, proposal.candidates)
        };
        assert_eq!(ask(&[("employeeID", "17"), ("mail", "b@x")]), (Confidence::Sure, vec![id(1)]));
        assert_eq!(ask(&[("employeeID", "18"), ("mail", "b@x")]), (Confidence::Ambiguous, vec![id(2), id(3)]));
        assert_eq!(ask(&[("mail", "B@X")]), (Confidence::Likely, vec![id(2)]));
        assert_eq!(ask(&[("mail", "d@x")]), (Confidence::Taken, vec![id(4)]));
        assert_eq!(ask(&[("employeeID", ""), ("mail", "z@x")]), (Confidence::Orphan, vec![]));
    }

    #[test]
    fn two_accounts_of_one_person_are_both_disputed() {
        let matcher = matcher();
        let mut found: Vec<Proposal> = [("employeeID", "17"), ("mail", "a@x"), ("mail", "c@x")]
            .iter()
            .map(|pair| matcher.propose(&account(&[*pair])))
            .collect();
        dispute(&mut found);
        let confidence: Vec<_> = found.iter().map(|proposal| proposal.confidence).collect();
        assert_eq!(confidence, [Confidence::Disputed, Confidence::Disputed, Confidence::Likely]);
    }

    #[test]
    fn what_many_share_lists_ten_and_no_more() {
        let rule = |attributes: &[&str]| TierSpec {
            tier: 1,
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
            mode: TierMode::Auto,
        };
        let crowd = |matcher: &mut Matcher| {
            for n in 1..=30 {
                matcher.add(id(n), &account(&[("mail", "all@x"), ("title", &format!("t{n}"))]), false);
            }
        };
        let mut single = Matcher::new(&[rule(&["mail"])]);
        crowd(&mut single);
        let found = single.propose(&account(&[("mail", "all@x")]));
        assert_eq!((found.confidence, found.candidates.len()), (Confidence::Ambiguous, 10));

        let mut joined = Matcher::new(&[rule(&["mail", "title"])]);
        crowd(&mut joined);
        let found = joined.propose(&account(&[("mail", "all@x"), ("title", "t30")]));
        assert_eq!(
            (found.confidence, found.candidates),
            (Confidence::Sure, vec![id(30)]),
            "together with another attribute it tells all of them apart"
        );
    }

    #[test]
    fn the_word_in_the_file_is_the_word_on_the_screen() {
        for confidence in Confidence::ALL {
            assert_eq!(serde_json::to_value(confidence).expect("a word"), confidence.as_str());
        }
    }

    #[test]
    fn a_link_to_another_account_or_to_a_disabled_one_is_another_state() {
        let (seven, eight) = (ExternalId::from("7"), ExternalId::from("8"));
        assert_eq!(link_hash(&seven, true), link_hash(&seven, true));
        assert_ne!(link_hash(&seven, true), link_hash(&seven, false));
        assert_ne!(link_hash(&seven, true), link_hash(&eight, true));
    }
}
