//! One bit per shadow: is it live, and did the scan under way show it.
//!
//! A scan of a million unchanged records writes a hundred kilobytes here and nothing else. Bits are kept in chunks of
//! 32768 ordinals, each one row without its trailing zero bytes; a [`crate::Writer`] changes a chunk in memory and
//! writes it once per transaction.

use crate::error::StoreError;
use crate::key::{ConnectionNumber, of_class};
use crate::kv::{Bytes, Read, Write};
use crate::schema::Table;
use crate::tables::shadows::ReadShadows;
use rosterd_model::Class;

/// Ordinals per chunk.
pub const CHUNK_BITS: u32 = 32768;
/// Bytes per chunk.
const CHUNK_BYTES: usize = CHUNK_BITS as usize / 8;

/// Reading bitmaps.
pub trait ReadBitmaps: Read {
    /// True if the shadow with this ordinal is live.
    ///
    /// # Errors
    /// The store can not be read.
    fn is_live(&self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<bool, StoreError> {
        bit(self, Table::Live, connection, class, ordinal)
    }

    /// True if the scan under way showed the shadow with this ordinal.
    ///
    /// # Errors
    /// The store can not be read.
    fn is_seen(&self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<bool, StoreError> {
        bit(self, Table::Seen, connection, class, ordinal)
    }

    /// How many shadows are live.
    ///
    /// # Errors
    /// The store can not be read.
    fn live_count(&self, connection: ConnectionNumber, class: Class) -> Result<u64, StoreError> {
        count(self, Table::Live, connection, class)
    }

    /// How many shadows the scan under way showed.
    ///
    /// # Errors
    /// The store can not be read.
    fn seen_count(&self, connection: ConnectionNumber, class: Class) -> Result<u64, StoreError> {
        count(self, Table::Seen, connection, class)
    }

    /// Ordinals of the shadows that are live and that the scan under way did not show, in order. Holds one chunk in
    /// memory.
    ///
    /// # Errors
    /// The store can not be read.
    fn unseen(&self, connection: ConnectionNumber, class: Class) -> Result<Ordinals<'_, Self>, StoreError> {
        Ordinals::new(self, connection, class, true)
    }

    /// Ordinals of all live shadows, in order.
    ///
    /// # Errors
    /// The store can not be read.
    fn live_ordinals(&self, connection: ConnectionNumber, class: Class) -> Result<Ordinals<'_, Self>, StoreError> {
        Ordinals::new(self, connection, class, false)
    }
}
impl<R: Read> ReadBitmaps for R {}

/// Changing bitmaps.
pub trait WriteBitmaps: Write {
    /// Notes that the scan under way showed a shadow; true if it had shown it before.
    ///
    /// # Errors
    /// The store can not be written.
    fn mark_seen(&mut self, connection: ConnectionNumber, class: Class, ordinal: u32) -> Result<bool, StoreError> {
        set_bit(self, Table::Seen, connection, class, ordinal, true)
    }

    /// Forgets what the scan under way of a connection showed.
    ///
    /// # Errors
    /// The store can not be written.
    fn clear_seen(&mut self, connection: ConnectionNumber) -> Result<(), StoreError> {
        self.remove_prefix(Table::Seen, &connection.0.to_be_bytes(), u64::MAX).map(drop)
    }
}
impl<W: Write> WriteBitmaps for W {}

/// Sets or clears a bit; returns what it was.
pub(crate) fn set_bit<W: Write>(
    writer: &mut W,
    table: Table,
    connection: ConnectionNumber,
    class: Class,
    ordinal: u32,
    on: bool,
) -> Result<bool, StoreError> {
    let chunk = writer.edit(table, of_class(connection, class).u32(ordinal / CHUNK_BITS).as_bytes())?;
    let (byte, mask) = position(ordinal);
    let before = chunk.get(byte).is_some_and(|bits| bits & mask != 0);
    if on && !before {
        if chunk.len() <= byte {
            chunk.resize(byte + 1, 0);
        }
        chunk[byte] |= mask;
    } else if !on && before {
        chunk[byte] &= !mask;
        while chunk.last() == Some(&0) {
            chunk.pop();
        }
    }
    Ok(before)
}

const fn position(ordinal: u32) -> (usize, u8) {
    ((ordinal % CHUNK_BITS / 8) as usize, 1 << (ordinal % 8))
}

fn bit<R: Read>(
    view: &R,
    table: Table,
    connection: ConnectionNumber,
    class: Class,
    ordinal: u32,
) -> Result<bool, StoreError> {
    let (byte, mask) = position(ordinal);
    let chunk = chunk(view, table, connection, class, ordinal / CHUNK_BITS)?;
    Ok(chunk.is_some_and(|chunk| chunk.get(byte).is_some_and(|bits| bits & mask != 0)))
}

fn chunk<R: Read>(
    view: &R,
    table: Table,
    connection: ConnectionNumber,
    class: Class,
    number: u32,
) -> Result<Option<Bytes<'_>>, StoreError> {
    let chunk = view.get(table, of_class(connection, class).u32(number).as_bytes())?;
    if chunk.as_ref().is_some_and(|chunk| chunk.len() > CHUNK_BYTES) {
        return Err(StoreError::corrupt(table, "it has more bits than a chunk"));
    }
    Ok(chunk)
}

fn count<R: Read>(view: &R, table: Table, connection: ConnectionNumber, class: Class) -> Result<u64, StoreError> {
    let chunks = view.next_ordinal(connection, class)?.div_ceil(CHUNK_BITS);
    let ones = |bits: Bytes<'_>| bits.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>();
    (0..chunks).map(|number| Ok(chunk(view, table, connection, class, number)?.map_or(0, ones))).sum()
}

/// Ordinals whose bit is set, in order; made by [`ReadBitmaps::unseen`] and [`ReadBitmaps::live_ordinals`].
pub struct Ordinals<'a, R> {
    view: &'a R,
    connection: ConnectionNumber,
    class: Class,
    /// True: those that were seen are left out.
    unseen: bool,
    bits: Vec<u8>,
    /// The next ordinal to look at.
    next: u32,
    /// The first ordinal that was never given out.
    end: u32,
}

impl<'a, R: Read> Ordinals<'a, R> {
    fn new(view: &'a R, connection: ConnectionNumber, class: Class, unseen: bool) -> Result<Self, StoreError> {
        let end = view.next_ordinal(connection, class)?;
        Ok(Self { view, connection, class, unseen, bits: Vec::new(), next: 0, end })
    }

    fn load(&mut self) -> Result<(), StoreError> {
        let number = self.next / CHUNK_BITS;
        self.bits.clear();
        if let Some(live) = chunk(self.view, Table::Live, self.connection, self.class, number)? {
            self.bits.extend_from_slice(&live);
        }
        if self.unseen
            && let Some(seen) = chunk(self.view, Table::Seen, self.connection, self.class, number)?
        {
            self.bits.iter_mut().zip(seen.iter()).for_each(|(bits, seen)| *bits &= !seen);
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Ordinals<'_, R> {
    type Item = Result<u32, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.end {
            if self.next.is_multiple_of(CHUNK_BITS)
                && let Err(error) = self.load()
            {
                self.next = self.end;
                return Some(Err(error));
            }
            let (byte, mask) = position(self.next);
            match self.bits.get(byte) {
                // Nothing is left of this chunk, or of this byte: go on behind it.
                None => self.next = (self.next / CHUNK_BITS + 1).saturating_mul(CHUNK_BITS),
                Some(bits) if *bits < mask => self.next = self.next.saturating_add(8) & !7,
                Some(bits) => {
                    let set = bits & mask != 0;
                    self.next += 1;
                    if set {
                        return Some(Ok(self.next - 1));
                    }
                }
            }
        }
        None
    }
}
