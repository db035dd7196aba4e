//! Who has a store open: a note beside it, for the sentence that refuses the next one. The lock of the file is what counts;
//! the note is written by whoever has it, and only read by whoever does not get it.

use crate::open::sibling;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A longer note is none of ours.
const LONGEST: u64 = 4096;

/// A process that opened a store for writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// What it does, in its own words: "rosterd serve".
    pub what: String,
}

fn note(store: &Path) -> PathBuf {
    sibling(store, ".holder")
}

/// Says that this process has the store open. Nothing depends on it: a note that can not be written is left out.
pub fn announce(store: &Path, what: &str) {
    let draft = sibling(store, ".holder.new");
    let text = format!("{}\n{what}\n", std::process::id());
    if fs::write(&draft, text).is_ok() {
        let _ = fs::rename(&draft, note(store));
    }
}

/// Who said last that it has the store open; meant for whoever just found it taken.
#[must_use]
pub fn of(store: &Path) -> Option<Holder> {
    let mut text = String::new();
    fs::File::open(note(store)).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    parse(&text)
}

pub(crate) fn parse(text: &str) -> Option<Holder> {
    let mut lines = text.lines();
    let pid = lines.next()?.parse().ok()?;
    let what: String = lines.next()?.chars().filter(|c| !c.is_control()).take(200).collect();
    Some(Holder { pid, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_announced_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("hub.redb");
        assert_eq!(of(&store), None);
        announce(&store, "rosterd run hr");
        announce(&store, "rosterd serve");
        assert_eq!(of(&store), Some(Holder { pid: std::process::id(), what: "rosterd serve".to_owned() }));
        assert_eq!(parse("x\ny\n"), None);
        assert_eq!(parse("7"), None);
    }
}
