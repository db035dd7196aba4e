//! Making, opening and closing a store.

use crate::counters::Counters;
use crate::error::StoreError;
use crate::gather::Size;
use crate::kept::Keeping;
use crate::lag::Commits;
use crate::migrate;
use crate::on_disk::OnDisk;
use crate::schema::Table;
use crate::snapshot::Snapshot;
use crate::tables::WriteMeta;
use crate::writer::Sizes;
use redb::{Builder, Database, DatabaseError, ReadOnlyDatabase, ReadableDatabase, StorageError};
use rosterd_model::effect;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// How to open a store.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// Memory for pages, in bytes; at most half of it holds changes that are not yet on disk. There is always a figure,
    /// because the engine's own default of a gigabyte breaks memory limits.
    pub cache_bytes: usize,
    /// True: a store that is not there is made.
    pub create: bool,
}

impl OpenOptions {
    /// Enough for the small rows of a million accounts.
    pub const DEFAULT_CACHE_BYTES: usize = 128 << 20;
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { cache_bytes: Self::DEFAULT_CACHE_BYTES, create: false }
    }
}

/// An open store. One process at a time may have it open for writing, and nobody else then reads it.
pub struct Store {
    engine: Engine,
    path: PathBuf,
    counters: Arc<Counters>,
    /// True: the file was replaced, and what is written here would be lost.
    pub(crate) retired: AtomicBool,
    /// The last number that a plan in the making has.
    plan: AtomicU64,
    /// Held by whoever writes.
    pub(crate) commits: Mutex<Commits>,
    pub(crate) sizes: Mutex<Sizes>,
    pub(crate) keeping: Keeping,
    pub(crate) keeping_values: Keeping,
    /// What the disk has, while a commit that did not wait for it is the last one.
    pub(crate) on_disk: OnDisk,
}

enum Engine {
    Writing(Database),
    Reading(ReadOnlyDatabase),
}

impl Store {
    /// Opens a store for reading and writing, repairs it if it was not closed, and upgrades it if an earlier version
    /// wrote it (with a backup beside it).
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Locked`], [`StoreError::Foreign`], [`StoreError::Damaged`],
    /// [`StoreError::Newer`], or file operations failed.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        if !path.exists() {
            if !options.create {
                return Err(StoreError::Missing { path: path.to_owned() });
            }
            Self::create(path, options)?;
        }
        let store = Self::open_file(path, options)?;
        migrate::upgrade(&store, path)?;
        Ok(store)
    }

    /// Opens a store for reading. Other readers may do so at the same time, a writer may not.
    ///
    /// # Errors
    /// As [`Store::open`]; [`StoreError::NeedsRepair`] and [`StoreError::Older`] where a writer would repair or upgrade.
    pub fn open_read_only(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let engine = Builder::new()
            .set_cache_size(cache_bytes)
            .open_read_only(path)
            .map_err(|error| open_error(error, path, "open"))?;
        let store = Self::over(Engine::Reading(engine), path);
        migrate::require_current(&store.snapshot()?).map_err(|error| name_foreign(error, path))?;
        Ok(store)
    }

    pub(crate) fn view(&self) -> Result<Snapshot, StoreError> {
        let transaction = match &self.engine {
            Engine::Writing(database) => database.begin_read(),
            Engine::Reading(database) => database.begin_read(),
        };
        Ok(Snapshot::new(transaction?, Arc::clone(&self.counters)))
    }

    /// A number for a plan in the making, greater than `last`, which no other plan in the making has: two may be made
    /// side by side, and their steps lie under their numbers before either is finished.
    #[must_use]
    pub fn reserve_plan(&self, last: u64) -> u64 {
        let next = |reserved: u64| reserved.max(last) + 1;
        let before = self.plan.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |reserved| Some(next(reserved)));
        next(before.unwrap_or(last))
    }

    /// Rows read and written since the store was opened.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Where the store lies; empty for a store in memory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the store and says if that failed; dropping it closes it as well, without saying so. A [`Snapshot`] that
    /// is still held can no longer be read.
    ///
    /// # Errors
    /// The engine failed; what was committed is stored nevertheless, and the next open repairs the file.
    pub fn close(self) -> Result<(), StoreError> {
        self.store_all_kept()?;
        match self.engine {
            Engine::Writing(database) => Ok(database.close()?),
            Engine::Reading(database) => Ok(database.close()?),
        }
    }

    /// Gives free space in the file back to the file system. Nothing may be reading or writing meanwhile. True if it
    /// became smaller.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], or the engine failed.
    pub fn compact(&mut self) -> Result<bool, StoreError> {
        self.on_disk = OnDisk::default();
        match &mut self.engine {
            Engine::Writing(database) => Ok(database.compact()?),
            Engine::Reading(_) => Err(StoreError::ReadOnly),
        }
    }

    pub(crate) fn database(&self) -> Result<&Database, StoreError> {
        match &self.engine {
            Engine::Writing(database) => Ok(database),
            Engine::Reading(_) => Err(StoreError::ReadOnly),
        }
    }

    /// Makes a store under another name and renames it when it is complete, so that there is never half of one.
    fn create(path: &Path, options: OpenOptions) -> Result<(), StoreError> {
        let draft = sibling(path, ".new");
        let store = Self::create_draft(&draft, path, options)?;
        store.initialise()?;
        store.close()?;
        match publish(&draft, path, false) {
            Err(StoreError::Exists { .. }) => fs::remove_file(&draft).map_err(StoreError::io("remove", &draft)),
            done => done,
        }
    }

    /// An empty file with tables and nothing in them; `path` is what an error names as open elsewhere.
    pub(crate) fn create_draft(draft: &Path, path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        discard_draft(draft, path)?;
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(draft)
            .map_err(StoreError::io("create", draft))?;
        let engine = Builder::new()
            .set_cache_size(options.cache_bytes)
            .create(draft)
            .map_err(|error| open_error(error, draft, "create"))?;
        let store = Self::writing(engine, draft);
        store.commit("store-create", |writer| writer.create_tables())?;
        Ok(store)
    }

    /// Writes the facts that make a file a store of the present version.
    fn initialise(&self) -> Result<(), StoreError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| StoreError::Io {
            doing: "draw random numbers for",
            path: self.path.clone(),
            source: std::io::Error::other(error.to_string()),
        })?;
        self.commit("store-create", |writer| {
            writer.create_tables()?;
            writer.put_schema_version(crate::schema::SCHEMA_VERSION)?;
            writer.put_store_id(id)
        })
    }

    /// Opens without a look at the schema version.
    pub(crate) fn open_file(path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        let engine = Builder::new()
            .set_cache_size(options.cache_bytes)
            .open(path)
            .map_err(|error| open_error(error, path, "open"))?;
        Ok(Self::writing(engine, path))
    }

    /// Opens a store on a storage of the caller; makes one if the storage is empty.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn on_backend(backend: impl redb::StorageBackend, cache_bytes: usize) -> Result<Self, StoreError> {
        let path = Path::new("");
        let engine = Builder::new()
            .set_cache_size(cache_bytes)
            .create_with_backend(backend)
            .map_err(|error| open_error(error, path, "open"))?;
        let store = Self::writing(engine, path);
        if migrate::is_blank(&store)? {
            store.initialise()?;
        }
        migrate::upgrade(&store, path)?;
        Ok(store)
    }

    fn writing(engine: Database, path: &Path) -> Self {
        Self::over(Engine::Writing(engine), path)
    }

    fn over(engine: Engine, path: &Path) -> Self {
        let counters = Arc::new(Counters::default());
        let (retired, plan, commits) = (AtomicBool::new(false), AtomicU64::new(0), Mutex::default());
        let sizes = Mutex::new([Size::default(); Table::COUNT]);
        let (keeping, keeping_values, on_disk) = (Keeping::default(), Keeping::default(), OnDisk::default());
        let path = path.to_owned();
        Self { engine, path, counters, retired, plan, commits, sizes, keeping, keeping_values, on_disk }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The file beside `path` whose name is longer by `suffix`.
pub(crate) fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Gives a finished draft its name, durably. Unless `replace`, a file that has the name by now keeps it: somebody else
/// was faster, and may have it open.
pub(crate) fn publish(draft: &Path, path: &Path, replace: bool) -> Result<(), StoreError> {
    File::open(draft).and_then(|file| file.sync_all()).map_err(StoreError::io("write", draft))?;
    effect::point("store-publish");
    let flags = if replace { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
    match renameat_with(CWD, draft, CWD, path, flags) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Err(StoreError::Exists { path: path.to_owned() }),
        // A file system that can not do this in one step.
        Err(Errno::INVAL | Errno::NOSYS) if !path.exists() => {
            fs::rename(draft, path).map_err(StoreError::io("rename a file to", path))?;
        }
        Err(error) => return Err(StoreError::io("rename a file to", path)(error.into())),
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io("write the folder", folder))?;
    effect::point("store-publish");
    Ok(())
}

/// Removes what an interrupted process left under the draft's name; one that is being written is left alone.
fn discard_draft(draft: &Path, path: &Path) -> Result<(), StoreError> {
    let file = match File::open(draft) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::io("open", draft)(error)),
    };
    match file.try_lock() {
        Ok(()) => fs::remove_file(draft).map_err(StoreError::io("remove", draft)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", draft)(error)),
    }
}

/// Says what an error of the engine means for somebody who wants to open `path`.
pub(crate) fn open_error(error: DatabaseError, path: &Path, doing: &'static str) -> StoreError {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => StoreError::Locked { path },
        DatabaseError::RepairAborted => StoreError::NeedsRepair { path },
        DatabaseError::UpgradeRequired(_) => StoreError::Foreign { path },
        DatabaseError::Storage(StorageError::Corrupted(detail)) => StoreError::Damaged { path, detail },
        DatabaseError::Storage(StorageError::Io(source)) => match source.kind() {
            ErrorKind::NotFound => StoreError::Missing { path },
            ErrorKind::InvalidData => StoreError::Foreign { path },
            ErrorKind::UnexpectedEof => {
                StoreError::Damaged { path, detail: "it is shorter than it should be".to_owned() }
            }
            _ => StoreError::Io { doing, path, source },
        },
        other => other.into(),
    }
}

/// A database of redb without our tables is somebody else's.
pub(crate) fn name_foreign(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Engine(inner)
            if matches!(*inner, redb::Error::TableDoesNotExist(_) | redb::Error::TableTypeMismatch { .. }) =>
        {
            StoreError::Foreign { path: path.to_owned() }
        }
        other => other,
    }
}
