//! The one error of the store: what failed, on which file or table, and what to do next.

use crate::schema::Table;
use rosterd_model::plan::PlanDigest;
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

/// A failure of the store. Every text is a sentence that names the file or table and the next step; none contains
/// stored values, because those may be personal.
#[derive(Debug)]
pub enum StoreError {
    /// There is no file.
    Missing {
        /// Where it was expected.
        path: PathBuf,
    },
    /// Another process has the store open, or this one opened it twice.
    Locked {
        /// The store.
        path: PathBuf,
    },
    /// The file is something else, or what an interrupted creation left.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is a store whose bytes are damaged.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The store was not closed and must be repaired, which a reader may not do.
    NeedsRepair {
        /// The store.
        path: PathBuf,
    },
    /// A later version of rosterd wrote the store.
    Newer {
        /// Schema version of the store.
        found: u32,
        /// Newest version that is understood here.
        known: u32,
    },
    /// An earlier version of rosterd wrote the store, and it may not be upgraded here.
    Older {
        /// Schema version of the store.
        found: u32,
        /// Version that is understood here.
        known: u32,
    },
    /// A write to a store that was opened for reading.
    ReadOnly,
    /// What was asked can not be done while something else is under way.
    Busy {
        /// What is under way, as half a sentence.
        what: &'static str,
    },
    /// A file that must not be there is there.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A backup that does not pass verification.
    BadBackup {
        /// The backup.
        path: PathBuf,
        /// How many problems were found.
        problems: u64,
        /// The first of them.
        first: String,
    },
    /// A row can not be read.
    Corrupt {
        /// Its table.
        table: Table,
        /// What was wrong with it.
        detail: &'static str,
    },
    /// A text is too long to be part of a key.
    TooLong {
        /// What it is: "external id".
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The longest that is accepted.
        most: usize,
    },
    /// All numbers of a kind are taken.
    Exhausted {
        /// What is numbered.
        what: &'static str,
    },
    /// A plan was named by something other than 4 to 64 hexadecimal digits.
    BadDigest {
        /// What was written, cut.
        text: String,
    },
    /// Two plans begin with the same digits.
    AmbiguousDigest {
        /// What was written.
        text: String,
        /// One of them.
        first: Box<PlanDigest>,
        /// The other.
        second: Box<PlanDigest>,
    },
    /// A table was listed inside a transaction that holds changes to it which are written at its end, or in a view while rows of
    /// it were kept back.
    Unflushed {
        /// The table.
        table: Table,
    },
    /// A value could not be encoded.
    Encode {
        /// The table that it was for.
        table: Table,
    },
    /// An operation on a file failed.
    Io {
        /// What was tried: "copy".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The database engine failed.
    Engine(Box<redb::Error>),
}

impl StoreError {
    /// For `map_err` on file operations.
    pub(crate) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// True: the disk failed under the open store, which can only be used again once it was closed and opened.
    #[must_use]
    pub fn needs_reopening(&self) -> bool {
        matches!(self, Self::Engine(error) if matches!(**error, redb::Error::Io(_) | redb::Error::PreviousIo))
    }

    /// A row of `table` that can not be read.
    pub(crate) const fn corrupt(table: Table, detail: &'static str) -> Self {
        Self::Corrupt { table, detail }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(
                f,
                "there is no store at {}; check the path of the store in rosterd.toml, or let `rosterd run` make a new one",
                path.display()
            ),
            Self::Locked { path } => write!(
                f,
                "the store {} is open in another process; stop it, or let the command go through the running `rosterd serve`",
                path.display()
            ),
            Self::Foreign { path } => write!(
                f,
                "{} is no store of rosterd, or what an interrupted copy left; move it away, or restore a backup with `rosterd store restore`",
                path.display()
            ),
            Self::Damaged { path, detail } => write!(
                f,
                "the store {} is damaged ({detail}); keep the file and restore a backup with `rosterd store restore`",
                path.display()
            ),
            Self::NeedsRepair { path } => write!(
                f,
                "the store {} was not closed; open it once for writing with `rosterd store verify --repair`, which repairs it, then read it",
                path.display()
            ),
            Self::Newer { found, known } => write!(
                f,
                "the store has schema version {found} and this rosterd knows versions up to {known}; install the rosterd that wrote it, or restore a backup of version {known}"
            ),
            Self::Older { found, known } => write!(
                f,
                "the store has schema version {found} and must be upgraded to {known} first; run a command that writes to it, which makes a backup beside it"
            ),
            Self::Busy { what } => write!(f, "{what}; wait for its end, and try again"),
            Self::ReadOnly => f.write_str("the store was opened for reading only; open it for writing"),
            Self::Exists { path } => {
                write!(
                    f,
                    "{} exists and would be overwritten; name another file, or ask for it with --force",
                    path.display()
                )
            }
            Self::BadBackup { path, problems, first } => write!(
                f,
                "the backup {} does not pass verification ({problems} problems, the first: {first}); nothing was restored; take another backup",
                path.display()
            ),
            Self::Corrupt { table, detail } => write!(
                f,
                "a row of table {table} can not be read ({detail}); run `rosterd store verify`, then restore a backup"
            ),
            Self::TooLong { what, bytes, most } => {
                write!(f, "the {what} has {bytes} bytes and at most {most} can be stored; shorten it at its source")
            }
            Self::Exhausted { what } => {
                write!(
                    f,
                    "no number is left for a further {what}; start a new store, because numbers are never used twice"
                )
            }
            Self::BadDigest { text } => write!(
                f,
                "\"{text}\" names no plan; write at least 4 hexadecimal digits of its digest, as `rosterd plan JOB` printed it"
            ),
            Self::AmbiguousDigest { text, first, second } => write!(
                f,
                "\"{text}\" is the beginning of more than one plan, {} and {}; write more digits",
                first.short(),
                second.short()
            ),
            Self::Unflushed { table } => {
                write!(
                    f,
                    "table {table} was listed while changes to it were not written yet; this is a defect of rosterd, report it"
                )
            }
            Self::Encode { table } => {
                write!(f, "a value for table {table} could not be encoded; this is a defect of rosterd, report it")
            }
            Self::Io { path, source, .. } if is_full_disk(source) => write!(
                f,
                "no space is left on the disk of {}; nothing was changed and nothing is lost; make room, then start again",
                path.display()
            ),
            Self::Io { doing, path, source } => {
                write!(
                    f,
                    "could not {doing} {}: {source}; check the disk and the permissions, then try again",
                    path.display()
                )
            }
            Self::Engine(error) if is_full(error) => f.write_str(
                "no space is left on the disk of the store; nothing was changed and nothing is lost; make room, then start again",
            ),
            Self::Engine(error) if matches!(**error, redb::Error::PreviousIo) => f.write_str(
                "the disk of the store failed before; nothing was changed since; mend the disk, then start again",
            ),
            Self::Engine(error) => {
                write!(
                    f,
                    "the database engine of the store failed: {error}; nothing was changed; check the disk, then run `rosterd store verify`"
                )
            }
        }
    }
}

fn is_full(error: &redb::Error) -> bool {
    matches!(error, redb::Error::Io(error) if is_full_disk(error))
}

fn is_full_disk(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Engine(error) => Some(&**error),
            _ => None,
        }
    }
}

macro_rules! from_engine {
    ($($type:ident),*) => {$(
        impl From<redb::$type> for StoreError {
            #[cold]
            fn from(error: redb::$type) -> Self {
                Self::Engine(Box::new(error.into()))
            }
        }
    )*};
}
from_engine!(
    StorageError,
    TableError,
    TransactionError,
    CommitError,
    DatabaseError,
    SetDurabilityError,
    CompactionError
);
