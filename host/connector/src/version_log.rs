//! What version of a source an instance read, as far as the host can tell by itself: by the files that it read to the end.

use std::collections::BTreeMap;

/// Files that were read, and whether anything else was asked.
#[derive(Debug, Default)]
pub(crate) struct VersionLog {
    files: BTreeMap<String, Option<blake3::Hash>>,
    other: bool,
}

impl VersionLog {
    /// A file was opened; until it is read to the end nothing is known of it.
    pub(crate) fn opened(&mut self, name: &str) {
        self.files.insert(name.to_owned(), None);
    }

    /// A file was read to the end.
    pub(crate) fn read(&mut self, name: &str, digest: blake3::Hash) {
        self.files.insert(name.to_owned(), Some(digest));
    }

    /// Network was used: files alone do not tell the version.
    pub(crate) fn other(&mut self) {
        self.other = true;
    }

    /// The digest of all files, if they are all that was read.
    pub(crate) fn version(&self) -> Option<String> {
        if self.other || self.files.is_empty() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        for (name, digest) in &self.files {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update((*digest)?.as_bytes());
        }
        Some(format!("blake3:{}", hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_were_read_to_the_end_tell_a_version() {
        let mut log = VersionLog::default();
        assert_eq!(log.version(), None);
        log.opened("a");
        assert_eq!(log.version(), None);
        log.read("a", blake3::hash(b"1"));
        let first = log.version().unwrap();
        log.read("a", blake3::hash(b"2"));
        assert_ne!(log.version().unwrap(), first);
        log.other();
        assert_eq!(log.version(), None);
    }
}
