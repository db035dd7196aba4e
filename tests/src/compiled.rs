//! Compiled components, kept for all tests: each test may be a process of its own, and compiling takes seconds.

use crate::built::plugins;
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Result;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Puts what is kept of a component into the cache of a hub. `compile` makes the hub compile it where nothing is kept, or
/// what is kept is of another build of the command: that is for the command to find out.
///
/// # Errors
/// Files that can not be read or written.
pub(crate) fn put(component: &[u8], cache: &Path, compile: impl FnOnce()) -> Result<()> {
    static LOOKED_AT: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());
    let mut hasher = DefaultHasher::new();
    component.hash(&mut hasher);
    let key = hasher.finish();
    let kept = plugins().join(".compiled-for-tests").join(format!("{key:016x}"));
    std::fs::create_dir_all(&kept)?;
    // Nobody else compiles the same meanwhile; one that failed leaves nothing behind.
    let lock = File::create(kept.join(LOCK))?;
    lock.lock()?;
    copy(&kept, cache)?;
    let mut looked_at = LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
    if looked_at.contains(&key) {
        return Ok(());
    }
    compile();
    copy(cache, &kept)?;
    looked_at.insert(key);
    Ok(())
}

const LOCK: &str = "lock";

/// Copies the compiled components that a folder has and another has not.
///
/// # Errors
/// Files that can not be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        // What was noted about a path is of no use in another folder.
        let of_path = name.to_string_lossy().starts_with("path-");
        if !entry.file_type()?.is_file() || of_path || name == LOCK || to.join(&name).exists() {
            continue;
        }
        // Whole or not at all, whenever the test is killed.
        let half = to.join("half");
        std::fs::copy(entry.path(), &half)?;
        std::fs::rename(&half, to.join(&name))?;
    }
    Ok(())
}
