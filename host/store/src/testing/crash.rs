//! A disk that remembers everything that was written to it, so that a test can look at it as it was at any moment.
//!
//! A machine that dies keeps what was synced, and of what was written after that any part. [`Recorder::image`] gives the
//! first, [`Recorder::torn_image`] a choice of the second. A process that is killed keeps all that was written:
//! [`Recorder::killed_image`].

use crate::error::StoreError;
use crate::open::Store;
use redb::StorageBackend;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory of stores on a recorder: small, so that changes reach the disk before they are committed.
const CACHE_BYTES: usize = 1 << 20;

#[derive(Debug, Clone)]
enum Event {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

#[derive(Debug, Default)]
struct Disk {
    /// What it held when it was made.
    origin: Vec<u8>,
    bytes: Vec<u8>,
    events: Vec<Event>,
    /// The disk is full at so many bytes.
    room: Option<usize>,
}

/// A disk in memory with its whole past. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Disk>>);

impl Recorder {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A disk with these bytes and no past.
    #[must_use]
    pub fn of_image(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Disk { origin: bytes.clone(), bytes, events: Vec::new(), room: None })))
    }

    /// Opens the store on the disk; makes one if the disk is empty. Not twice at a time: there is no lock.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self) -> std::result::Result<Store, StoreError> {
        Store::on_backend(self.clone(), CACHE_BYTES)
    }

    /// From now on the disk has room for so many bytes beside what it holds; none: for as many as are written.
    pub fn leave_room(&self, more: Option<usize>) {
        let mut disk = self.disk();
        disk.room = more.map(|more| disk.bytes.len().saturating_add(more));
    }

    /// How often the disk was synced.
    #[must_use]
    pub fn syncs(&self) -> usize {
        self.disk().events.iter().filter(|event| matches!(event, Event::Sync)).count()
    }

    /// The disk after the sync number `sync`, counted from 1, with nothing of what was written later; 0 is the disk
    /// as it was made.
    #[must_use]
    pub fn image(&self, sync: usize) -> Vec<u8> {
        self.replay(sync, |_| false)
    }

    /// The disk after the sync number `sync` with a part of what was written until the next one. Another `seed` chooses
    /// another part.
    #[must_use]
    pub fn torn_image(&self, sync: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        self.replay(sync, move |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.is_multiple_of(2)
        })
    }

    /// The disk after the sync number `sync` with the first `writes` writes that followed it.
    #[must_use]
    pub fn killed_image(&self, sync: usize, writes: usize) -> Vec<u8> {
        self.replay(sync, |index| index < writes)
    }

    /// Applies everything up to a sync, and of the events up to the next one those that `survives` says.
    fn replay(&self, sync: usize, mut survives: impl FnMut(usize) -> bool) -> Vec<u8> {
        let disk = self.disk();
        let (mut bytes, mut synced, mut late) = (disk.origin.clone(), 0, 0);
        for event in &disk.events {
            if matches!(event, Event::Sync) {
                synced += 1;
            } else if synced < sync || (synced == sync && survives(late)) {
                apply(&mut bytes, event);
            }
            if synced == sync && !matches!(event, Event::Sync) {
                late += 1;
            }
        }
        bytes
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn apply(bytes: &mut Vec<u8>, event: &Event) {
    match event {
        Event::Write(offset, data) => {
            let start = usize::try_from(*offset).unwrap_or(usize::MAX);
            let end = start.saturating_add(data.len());
            // Of a torn disk the new length may be lost while the write behind the old one is not.
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[start..end].copy_from_slice(data);
        }
        Event::Length(length) => bytes.resize(usize::try_from(*length).unwrap_or(usize::MAX), 0),
        Event::Sync => {}
    }
}

impl StorageBackend for Recorder {
    fn len(&self) -> Result<u64> {
        Ok(self.disk().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let start = usize::try_from(offset).map_err(Error::other)?;
        let disk = self.disk();
        let from = disk.bytes.get(start..start + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(from);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        self.record(Event::Length(length))
    }

    fn sync_data(&self) -> Result<()> {
        self.record(Event::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.record(Event::Write(offset, data.to_vec()))
    }
}

impl Recorder {
    fn record(&self, event: Event) -> Result<()> {
        let mut disk = self.disk();
        let end = match &event {
            Event::Write(offset, data) => usize::try_from(*offset).unwrap_or(usize::MAX).saturating_add(data.len()),
            Event::Length(length) => usize::try_from(*length).unwrap_or(usize::MAX),
            Event::Sync => 0,
        };
        if disk.room.is_some_and(|room| end > room.max(disk.bytes.len())) {
            return Err(ErrorKind::StorageFull.into());
        }
        apply(&mut disk.bytes, &event);
        disk.events.push(event);
        Ok(())
    }
}
