//! What one connection says about one entity, and where it says it.

use crate::id::{Class, ConnectionId, EntityId, ExternalId, RunId};
use crate::value::{Text, Value};
use serde::{Deserialize, Serialize};

/// One attribute of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimEntry {
    /// Name of the attribute of the hub.
    pub attribute: Text,
    /// The value; `Null` asserts that it is empty.
    pub value: Value,
    /// The run that first said so.
    pub since: RunId,
    /// Digest of the mapping that computed it; the mapping's text is kept in the store under this digest.
    pub mapping: MappingDigest,
}

/// Digest of a mapping's canonical text.
pub type MappingDigest = [u8; 8];

/// All that one connection claims about one entity: one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimSet {
    /// Class of the shadow that the claims come from.
    pub class: Class,
    /// Its ordinal.
    pub ordinal: u32,
    /// Its external id.
    pub external_id: ExternalId,
    /// Ordinals of further shadows of the class that are linked to the entity and claim nothing: other employments.
    pub further: Vec<u32>,
    /// Digest of the connector that said it last, as `sha256` in hexadecimal or "built-in".
    pub connector: Text,
    /// Sorted by attribute.
    pub entries: Vec<ClaimEntry>,
}

impl ClaimSet {
    /// The entry of an attribute.
    #[must_use]
    pub fn get(&self, attribute: &str) -> Option<&ClaimEntry> {
        self.entries.binary_search_by(|entry| entry.attribute.as_str().cmp(attribute)).ok().map(|i| &self.entries[i])
    }
}

/// A value that was replaced, kept for `account history`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// The entity.
    pub entity: EntityId,
    /// The attribute, or `lifecycle`.
    pub attribute: Text,
    /// The effective value before; none: there was none.
    pub before: Option<Value>,
    /// The effective value after; none: there is none any more.
    pub after: Option<Value>,
    /// The connection whose claim changed it, if one did.
    pub connection: Option<ConnectionId>,
    /// The run that changed it.
    pub run: RunId,
}

/// The remembered pairing of an entity with a shadow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The entity.
    pub entity: EntityId,
    /// Who made it.
    pub maker: LinkMaker,
    /// The run in which it was made.
    pub run: RunId,
    /// False: severed.
    pub live: bool,
}

/// Who made a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkMaker {
    /// The record created the entity.
    Created,
    /// A correlation rule of this tier.
    Rule {
        /// Number of the tier, as configured.
        tier: u8,
    },
    /// An operator.
    Operator(String),
    /// The hub made the object, by delivering the entity.
    Delivery,
}
