//! `ROSTERD_CANARIES=FILE`, for the end-to-end tests and in no release build (`lib.rs` has this module only with debug
//! assertions): after each call of a guest its whole linear memory is searched for what must never be in it.
//!
//! FILE has a needle a line, its bytes in hexadecimal, then a blank and what to call it. Which forms of a secret are
//! looked for is the business of the test that writes the file, so that host and test do not share their mistakes.
//! `FILE.searched` gets a line for each search (connection, bytes): not having searched shows. `FILE.seen` gets a line
//! for each needle that was found. Both are appended to, and written before the call's answer is looked at, so that they
//! are whole even if the process is killed.

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;
use rosterd_connector::MemoryHook;
use rosterd_model::ConnectionId;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

struct Search {
    /// Whether any needle is there, which is nearly never.
    any: AhoCorasick,
    /// Bytes of the longest needle.
    longest: usize,
    needles: Vec<Finder<'static>>,
    /// What to call the needles, in their order.
    names: Vec<String>,
    searched: File,
    seen: File,
}

/// Searches the guests of a connection; none without the variable. What can not be read is not searched for: the test
/// finds no line in `FILE.searched`.
pub(crate) fn watch(connection: &ConnectionId) -> Option<MemoryHook> {
    static SEARCH: OnceLock<Option<Search>> = OnceLock::new();
    let search = SEARCH.get_or_init(|| Search::open(&std::env::var_os("ROSTERD_CANARIES")?)).as_ref()?;
    let connection = connection.clone();
    let before = Mutex::new(Vec::new());
    Some(Arc::new(move |memory: &[u8]| {
        search.look(&connection, memory, &mut before.lock().unwrap_or_else(PoisonError::into_inner));
    }))
}

impl Search {
    fn open(path: &OsStr) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let lines = text.lines().map(|line| line.split_once(' '));
        let (needles, names): (Vec<Vec<u8>>, Vec<String>) = lines
            .map(|line| line.and_then(|(hex, name)| Some((bytes(hex)?, name.to_owned()))))
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .unzip();
        let append = |ending: &str| {
            let mut path = path.to_owned();
            path.push(ending);
            OpenOptions::new().append(true).create(true).open(path).ok()
        };
        let any = AhoCorasick::new(&needles).ok()?;
        let longest = needles.iter().map(Vec::len).max().unwrap_or(0);
        let needles = needles.iter().map(|needle| Finder::new(needle).into_owned()).collect();
        Some(Self { any, longest, needles, names, searched: append(".searched")?, seen: append(".seen")? })
    }

    /// `before` is what the last search of the same guest saw.
    fn look(&self, connection: &ConnectionId, memory: &[u8], before: &mut Vec<u8>) {
        let suspect =
            if parts(memory, before, self.longest).any(|part| self.any.is_match(part)) { memory } else { &[] };
        before.clear();
        before.extend_from_slice(memory);
        for (_, name) in self.needles.iter().zip(&self.names).filter(|(needle, _)| needle.find(suspect).is_some()) {
            line(&self.seen, &format!("{name} in the memory of {connection}\n"));
        }
        line(&self.searched, &format!("{connection} {}\n", memory.len()));
    }
}

/// Most of a memory was never written, or not since the last search: what is new in it, with so much around it that no
/// needle hides on an edge.
fn parts<'a>(memory: &'a [u8], before: &[u8], around: usize) -> impl Iterator<Item = &'a [u8]> {
    const BLOCK: usize = 4096;
    static EMPTY: [u8; BLOCK] = [0; BLOCK];
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for (number, block) in memory.chunks(BLOCK).enumerate() {
        let was = before.get(number * BLOCK..number * BLOCK + block.len()).unwrap_or(&EMPTY[..block.len()]);
        if block == was {
            continue;
        }
        let from = (number * BLOCK).saturating_sub(around);
        let to = (number * BLOCK + block.len() + around).min(memory.len());
        match parts.last_mut() {
            Some(last) if from <= last.1 => last.1 = to,
            _ => parts.push((from, to)),
        }
    }
    parts.into_iter().map(|(from, to)| &memory[from..to])
}

/// One write, so that lines of several threads do not mix. The test misses what could not be written.
fn line(mut file: &File, text: &str) {
    let _ = file.write_all(text.as_bytes());
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    (digits.len().is_multiple_of(2) && !digits.is_empty())
        .then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_memory_is_seen_and_every_search_is_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("needles");
        std::fs::write(&file, "6b616e617269 bird (plain)\n00ff00 other\n").expect("a file");
        let search = Search::open(file.as_os_str()).expect("it opens");
        let guest: ConnectionId = "hr".parse().expect("a name");
        let mut before = Vec::new();
        search.look(&guest, b"nothing of note", &mut before);
        search.look(&guest, b"a kanari, and once more: kanari", &mut before);
        // Half of it in a page, half in the next; and one whose first byte is the last of an empty page.
        let mut memory = vec![0; 5 * 4096];
        memory[4093..4099].copy_from_slice(b"kanari");
        search.look(&guest, &memory, &mut before);
        memory.fill(0);
        memory[3 * 4096] = 0xff;
        search.look(&guest, &memory, &mut before);
        // What was there before is not looked at again, unless something beside it makes a needle of it.
        search.look(&guest, &memory, &mut before);
        memory.fill(0);
        memory[4095..4097].copy_from_slice(b"ka");
        search.look(&guest, &memory, &mut before);
        memory[4097..4101].copy_from_slice(b"nari");
        search.look(&guest, &memory, &mut before);
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("it is there");
        let bird = "bird (plain) in the memory of hr\n";
        assert_eq!(read("needles.seen"), format!("{bird}{bird}other in the memory of hr\n{bird}"));
        assert_eq!(read("needles.searched"), format!("hr 15\nhr 31\n{}", "hr 20480\n".repeat(5)));
    }

    #[test]
    fn what_is_no_list_of_needles_is_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        for text in ["6b6 odd", "zz no digits", "6b61", " empty"] {
            let file = folder.path().join("needles");
            std::fs::write(&file, text).expect("a file");
            assert!(Search::open(file.as_os_str()).is_none(), "{text}");
        }
    }
}
