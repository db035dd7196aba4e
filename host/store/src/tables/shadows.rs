//! Shadows, in two rows each: a small head under the external id, which is all that observing an unchanged record
//! reads, and the attributes under a dense number, the ordinal, by which everything else names the shadow.

use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Key, MAX_TEXT, Parts, of_class, of_ordinal};
use crate::kv::{Read, Row, Write};
use crate::narrow;
use crate::schema::Table;
use crate::tables::bitmaps::set_bit;
use crate::tables::{ReadShadowKeys, WriteShadowKeys};
use rosterd_model::shadow::{Shadow, ShadowHead};
use rosterd_model::{Class, ExternalId};
use std::fmt;

/// Length of a head: ordinal, hash, sequence, state.
const HEAD_BYTES: usize = 4 + 16 + 8 + 1;

fn head_key(connection: ConnectionNumber, class: Class, id: &ExternalId) -> Key {
    of_class(connection, class).text(id.as_str())
}

pub(crate) fn encode_head(head: &ShadowHead) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    bytes[..4].copy_from_slice(&head.ordinal.to_be_bytes());
    bytes[4..20].copy_from_slice(&head.hash);
    bytes[20..28].copy_from_slice(&head.seq.to_be_bytes());
    bytes[28] = u8::from(head.live);
    bytes
}

/// The last byte is 0 or 1 in version 1 of the layout; a later one sets upper bits and is refused here.
pub(crate) fn decode_head(bytes: &[u8]) -> Result<ShadowHead, StoreError> {
    let mut parts = Parts::new(Table::ShadowHeads, bytes);
    let (ordinal, hash, seq, state) = (parts.u32()?, parts.raw()?, parts.u64()?, parts.u8()?);
    parts.end()?;
    match state {
        0 | 1 => Ok(ShadowHead { ordinal, hash, seq, live: state == 1 }),
        _ => Err(StoreError::corrupt(Table::ShadowHeads, "its state is not known here")),
    }
}

/// The row of a shadow.
pub struct StoredShadow<'a> {
    /// Its ordinal.
    pub ordinal: u32,
    row: Row<'a>,
}

impl StoredShadow<'_> {
    /// All of it.
    ///
    /// # Errors
    /// It is damaged.
    pub fn whole(&self) -> Result<Shadow, StoreError> {
        codec::decode(Table::Shadows, &self.row.value)
    }

    /// The shadow with the attributes that are wanted and no others.
    ///
    /// # Errors
    /// It is damaged.
    pub fn some(&self, wanted: &dyn Fn(&[u8]) -> bool) -> Result<Shadow, StoreError> {
        narrow::shadow(&self.row.value, wanted)
    }
}

impl fmt::Debug for StoredShadow<'_> {
    /// What it says is personal and stays out of every text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredShadow").field("ordinal", &self.ordinal).finish_non_exhaustive()
    }
}

/// Reading shadows.
pub trait ReadShadows: Read {
    /// The head of a shadow.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadow_head(
        &self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<Option<ShadowHead>, StoreError> {
        let value = self.get(Table::ShadowHeads, head_key(connection, class, id).as_bytes())?;
        value.map(|value| decode_head(&value)).transpose()
    }

    /// Heads with their external ids, in order of ids.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadow_heads(
        &self,
        connection: ConnectionNumber,
        class: Class,
    ) -> Result<impl Iterator<Item = Result<(ExternalId, ShadowHead), StoreError>>, StoreError> {
        self.shadow_heads_after(connection, class, None)
    }

    /// The same, of ids behind one; none: of all.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadow_heads_after(
        &self,
        connection: ConnectionNumber,
        class: Class,
        after: Option<&ExternalId>,
    ) -> Result<impl Iterator<Item = Result<(ExternalId, ShadowHead), StoreError>>, StoreError> {
        let prefix = of_class(connection, class);
        let from = after.map_or_else(|| prefix.clone(), |id| head_key(connection, class, id));
        let rows = self.prefix_from(Table::ShadowHeads, prefix.as_bytes(), from.as_bytes())?;
        let heads = rows.map(|row| {
            let row = row?;
            let mut parts = Parts::new(Table::ShadowHeads, &row.key);
            let (_, _, id) = (parts.connection()?, parts.class()?, parts.text()?);
            parts.end()?;
            Ok((ExternalId(id.into()), decode_head(&row.value)?))
        });
        let after = after.cloned();
        Ok(heads.skip_while(move |head| matches!(head, Ok((id, _)) if Some(id) == after.as_ref())))
    }

    /// A shadow by its ordinal.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadow(&self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<Option<Shadow>, StoreError> {
        self.value(Table::Shadows, of_ordinal(connection, class, ordinal).as_bytes())
    }

    /// A shadow by its external id, with its ordinal.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadow_of(
        &self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<Option<(u32, Shadow)>, StoreError> {
        let Some(head) = self.shadow_head(connection, class, id)? else { return Ok(None) };
        Ok(self.shadow(connection, class, head.ordinal)?.map(|shadow| (head.ordinal, shadow)))
    }

    /// Shadows with their ordinals, from the ordinal `from` on.
    ///
    /// # Errors
    /// The store can not be read.
    fn shadows(
        &self,
        connection: ConnectionNumber,
        class: Class,
        from: u32,
    ) -> Result<impl DoubleEndedIterator<Item = Result<(u32, Shadow), StoreError>>, StoreError> {
        Ok(self.stored_shadows(connection, class, from)?.map(|row| {
            let row = row?;
            Ok((row.ordinal, row.whole()?))
        }))
    }

    /// The same, not read yet.
    ///
    /// # Errors
    /// The store can not be read.
    fn stored_shadows(
        &self,
        connection: ConnectionNumber,
        class: Class,
        from: u32,
    ) -> Result<impl DoubleEndedIterator<Item = Result<StoredShadow<'_>, StoreError>>, StoreError> {
        let (prefix, from) = (of_class(connection, class), of_ordinal(connection, class, from));
        let rows = self.prefix_from(Table::Shadows, prefix.as_bytes(), from.as_bytes())?;
        Ok(rows.map(|row| {
            let row = row?;
            Ok(StoredShadow { ordinal: ordinal_of(Table::Shadows, &row.key)?, row })
        }))
    }

    /// The ordinal that the next new shadow gets; all that were given out are smaller.
    ///
    /// # Errors
    /// The store can not be read.
    fn next_ordinal(&self, connection: ConnectionNumber, class: Class) -> Result<u32, StoreError> {
        let value = self.get(Table::ShadowOrdinals, of_class(connection, class).as_bytes())?;
        value.map_or(Ok(0), |value| ordinal(&value))
    }
}
impl<R: Read> ReadShadows for R {}

/// Writing shadows.
pub trait WriteShadows: Write {
    /// Takes the ordinal of a new shadow.
    ///
    /// # Errors
    /// The store can not be written, or all ordinals of this connection and class are taken.
    fn take_ordinal(&mut self, connection: ConnectionNumber, class: Class) -> Result<u32, StoreError> {
        let value = self.edit(Table::ShadowOrdinals, of_class(connection, class).as_bytes())?;
        let taken = if value.is_empty() { 0 } else { ordinal(value)? };
        let next = taken.checked_add(1).ok_or(StoreError::Exhausted { what: "shadow" })?;
        value.clear();
        value.extend_from_slice(&next.to_be_bytes());
        Ok(taken)
    }

    /// Puts a head, and sets or clears the bit of the live bitmap by it.
    ///
    /// # Errors
    /// The store can not be written, or the id is longer than [`MAX_TEXT`] bytes.
    fn put_shadow_head(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
        head: &ShadowHead,
    ) -> Result<(), StoreError> {
        check_id(id)?;
        set_bit(self, Table::Live, connection, class, head.ordinal, head.live)?;
        self.put(Table::ShadowHeads, head_key(connection, class, id).as_bytes(), &encode_head(head))
    }

    /// Removes a head, because the object has another id now: put one with the same ordinal under the new id, and the
    /// shadow with the new id in it.
    ///
    /// # Errors
    /// The store can not be written.
    fn remove_shadow_head(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<bool, StoreError> {
        self.remove(Table::ShadowHeads, head_key(connection, class, id).as_bytes())
    }

    /// Puts a shadow under its ordinal; its class is that of the shadow.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_shadow(&mut self, connection: ConnectionNumber, ordinal: u32, shadow: &Shadow) -> Result<(), StoreError> {
        self.put_value(Table::Shadows, of_ordinal(connection, shadow.class, ordinal).as_bytes(), shadow)
    }

    /// Removes every trace of a shadow except its ordinal, its link and the claims of its entity; false if there was
    /// none. For the end of the retention of tombstones.
    ///
    /// # Errors
    /// The store can not be written.
    fn purge_shadow(
        &mut self,
        connection: ConnectionNumber,
        class: Class,
        id: &ExternalId,
    ) -> Result<bool, StoreError> {
        let Some(old) = self.take(Table::ShadowHeads, head_key(connection, class, id).as_bytes())? else {
            return Ok(false);
        };
        let ordinal = decode_head(&old)?.ordinal;
        for table in [Table::Live, Table::Seen] {
            set_bit(self, table, connection, class, ordinal, false)?;
        }
        let key = of_ordinal(connection, class, ordinal);
        if self.has_shadow_keys(connection)?
            && let Some(shadow) = self.shadow(connection, class, ordinal)?
        {
            self.remove_shadow_keys(connection, class, ordinal, &shadow.attributes)?;
        }
        for table in [Table::Shadows, Table::Unsettled, Table::Missing] {
            self.remove(table, key.as_bytes())?;
        }
        Ok(true)
    }
}
impl<W: Write> WriteShadows for W {}

/// Refuses an external id that can not be part of a key.
pub(crate) fn check_id(id: &ExternalId) -> Result<(), StoreError> {
    let bytes = id.as_str().len();
    if bytes > MAX_TEXT { Err(StoreError::TooLong { what: "external id", bytes, most: MAX_TEXT }) } else { Ok(()) }
}

/// The ordinal at the end of a key of [`of_ordinal`].
pub(crate) fn ordinal_of(table: Table, key: &[u8]) -> Result<u32, StoreError> {
    let mut parts = Parts::new(table, key);
    let (_, _, ordinal) = (parts.connection()?, parts.class()?, parts.u32()?);
    parts.end()?;
    Ok(ordinal)
}

fn ordinal(value: &[u8]) -> Result<u32, StoreError> {
    value
        .try_into()
        .map(u32::from_be_bytes)
        .map_err(|_| StoreError::corrupt(Table::ShadowOrdinals, "its value is no ordinal"))
}
