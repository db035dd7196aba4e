//! Claims to effective values: for each attribute the claim that wins by authority.

use rosterd_model::plan::ClaimChange;
use rosterd_model::{Attributes, ClaimSet, ConnectionId, Text, Value};
use rosterd_reconcile::authority::Authority;
use rosterd_reconcile::canonical;

/// What changes in the claims of one connection, given what its mapping says now. An attribute that the mapping does not
/// list stays as it was claimed.
pub(super) fn claim_changes(known: Option<&ClaimSet>, said: &[(Text, Option<Value>)]) -> Vec<ClaimChange> {
    let mut changes = Vec::new();
    for (attribute, value) in said {
        let before = known.and_then(|claims| claims.get(attribute)).map(|entry| &entry.value);
        let same = match (before, value) {
            (Some(before), Some(value)) => canonical::equal(before, value),
            (None, None) => true,
            _ => false,
        };
        if !same {
            changes.push(ClaimChange { attribute: attribute.clone(), value: value.clone() });
        }
    }
    changes
}

/// Effective attributes after `changes` of the claims of `mine`.
pub(super) fn effective(
    present: &Attributes,
    mine: &ConnectionId,
    known: Option<&ClaimSet>,
    others: &[(ConnectionId, ClaimSet)],
    changes: &[ClaimChange],
    authority: &Authority,
) -> Attributes {
    let mut after = present.clone();
    for change in changes {
        let mut claims: Vec<(ConnectionId, &Value)> = Vec::with_capacity(others.len() + 1);
        if let Some(value) = &change.value {
            claims.push((mine.clone(), value));
        }
        for (connection, set) in others {
            if let Some(entry) = set.get(&change.attribute) {
                claims.push((connection.clone(), &entry.value));
            }
        }
        // A cleared value stays as null, so that destinations that ask for it are cleared, too. If nobody says anything any
        // more, the value becomes unmanaged and is not cleared.
        if let Some((_, value)) = authority.effective(&change.attribute, &claims) {
            after.set(change.attribute.as_str(), value);
        }
    }
    debug_assert!(known.is_none_or(|set| set.entries.windows(2).all(|pair| pair[0].attribute < pair[1].attribute)));
    after
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
