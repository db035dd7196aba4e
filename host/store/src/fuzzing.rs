//! Doors for `tests/fuzz/targets`: how rows are read, without a store around them. In no release build.

use crate::codec::{decode, encode};
use crate::error::StoreError;
use crate::key::Parts;
use crate::schema::Table;
use crate::tables::shadows::{decode_head, encode_head};
use rosterd_model::shadow::ShadowHead;
use rosterd_model::{Class, EntityId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A stored value, read and written again.
///
/// # Errors
/// It can not be read.
pub fn recode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<(T, Vec<u8>), StoreError> {
    let value: T = decode(Table::Meta, bytes)?;
    let mut again = Vec::new();
    encode(Table::Meta, &value, &mut again)?;
    Ok((value, again))
}

/// The head of a shadow, read and written again.
///
/// # Errors
/// It can not be read.
pub fn head(bytes: &[u8]) -> Result<(ShadowHead, Vec<u8>), StoreError> {
    decode_head(bytes).map(|head| (head.clone(), encode_head(&head).to_vec()))
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A text.
    Text(String),
    /// A class.
    Class(Class),
    /// An entity.
    Entity(EntityId),
    /// A number.
    Number(u64),
}

/// Reads a key of these kinds of parts: `t`, `c`, `e`, `n`.
///
/// # Errors
/// It has another layout.
pub fn parts(kinds: &str, key: &[u8]) -> Result<Vec<Part>, StoreError> {
    let mut parts = Parts::new(Table::Meta, key);
    let read = kinds.chars().map(|kind| match kind {
        't' => parts.text().map(Part::Text),
        'c' => parts.class().map(Part::Class),
        'e' => parts.entity().map(Part::Entity),
        _ => parts.u64().map(Part::Number),
    });
    let read = read.collect::<Result<_, _>>()?;
    parts.end()?;
    Ok(read)
}

/// What the note of who has a store says that he does.
#[must_use]
pub fn holder(text: &str) -> Option<String> {
    crate::holder::parse(text).map(|holder| holder.what)
}
