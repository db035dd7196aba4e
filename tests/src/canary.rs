//! Canary secrets: planted where a secret belongs, and looked for everywhere else.
//!
//! A secret seldom leaks as it is written: it stands in a URL, in a basic-auth header, in UTF-16 for a directory. So each
//! canary is looked for in all the forms that a connector, a log line or a store file could hold it in.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shorter secrets would be found by chance.
const SHORTEST: usize = 12;
/// Shorter pieces of an encoded secret would be found by chance.
const SHORTEST_PIECE: usize = 10;

/// Secrets that must not turn up, and where they did. Cheap to clone; clones share everything.
#[derive(Clone, Default)]
pub struct Canaries(Arc<Mutex<Cage>>);

#[derive(Default)]
struct Cage {
    needles: Vec<Needle>,
    /// Needles by their first two bytes, so that one pass over the bytes serves them all.
    starts: Vec<Vec<u16>>,
    seen: BTreeSet<String>,
    searched: u64,
    searches: u64,
}

struct Needle {
    bytes: Vec<u8>,
    what: String,
}

/// What a memory is handed to after each call of a guest.
pub type Watch = Arc<dyn Fn(&[u8]) + Send + Sync>;

impl Canaries {
    /// Nothing planted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this secret is looked for. At least 12 bytes.
    pub fn plant(&self, name: &str, secret: impl AsRef<[u8]>) {
        let secret = secret.as_ref();
        assert!(secret.len() >= SHORTEST, "a canary of fewer than {SHORTEST} bytes is found by chance");
        let mut cage = self.cage();
        for (form, bytes) in forms(secret) {
            if bytes.len() >= SHORTEST_PIECE && !cage.needles.iter().any(|needle| needle.bytes == bytes) {
                cage.add(Needle { bytes, what: format!("{name} ({form})") });
            }
        }
    }

    /// Everything that is looked for, as the command under test reads it: bytes in hexadecimal, a blank, what to call it.
    #[must_use]
    pub fn needles(&self) -> String {
        let mut text = String::new();
        for needle in &self.cage().needles {
            // Writing to a String can not fail.
            for byte in &needle.bytes {
                let _ = write!(text, "{byte:02x}");
            }
            let _ = writeln!(text, " {}", needle.what);
        }
        text
    }

    /// Looks into bytes; `place` names them in the report.
    pub fn search(&self, place: &str, bytes: &[u8]) {
        self.cage().search(place, bytes);
    }

    /// Looks into every file of a folder, and into the names of the files.
    ///
    /// # Errors
    /// A file that can not be read.
    pub fn search_folder(&self, folder: &Path) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            self.search("the name of a file", path.as_os_str().as_encoded_bytes());
            if kind.is_dir() {
                self.search_folder(&path)?;
            } else if kind.is_file() {
                self.search(&path.display().to_string(), &std::fs::read(&path)?);
            }
        }
        Ok(())
    }

    /// For `ConnectionConfig::after_call`: looks into the guest's whole linear memory.
    #[must_use]
    pub fn watch(&self, guest: &str) -> Watch {
        let (canaries, place) = (self.clone(), format!("the memory of {guest}"));
        Arc::new(move |memory: &[u8]| canaries.search(&place, memory))
    }

    /// How many bytes were searched so far, and in how many places.
    #[must_use]
    pub fn searched(&self) -> (u64, u64) {
        let cage = self.cage();
        (cage.searched, cage.searches)
    }

    /// What was seen, as "secret (form) in place".
    #[must_use]
    pub fn seen(&self) -> Vec<String> {
        self.cage().seen.iter().cloned().collect()
    }

    /// Fails if a canary was seen anywhere, or if nobody ever looked.
    ///
    /// # Panics
    /// With the list of sightings.
    pub fn assert_unseen(&self) {
        let seen = self.seen();
        assert!(seen.is_empty(), "secrets were seen where they must not be:\n{}", seen.join("\n"));
        assert!(!self.cage().needles.is_empty(), "no canary was planted");
        assert!(self.searched().0 > 0, "nothing was searched for canaries");
    }

    fn cage(&self) -> MutexGuard<'_, Cage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cage {
    fn add(&mut self, needle: Needle) {
        self.starts.resize(1 << 16, Vec::new());
        let number = u16::try_from(self.needles.len()).unwrap_or(u16::MAX);
        self.starts[start(&needle.bytes)].push(number);
        self.needles.push(needle);
    }

    fn search(&mut self, place: &str, bytes: &[u8]) {
        self.searched += bytes.len() as u64;
        self.searches += 1;
        if self.needles.is_empty() {
            return;
        }
        for at in 0..bytes.len().saturating_sub(1) {
            for number in &self.starts[start(&bytes[at..])] {
                let needle = &self.needles[usize::from(*number)];
                if bytes[at..].starts_with(&needle.bytes) {
                    self.seen.insert(format!("{} in {place}", needle.what));
                }
            }
        }
    }
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// All forms, each with its name. Written here once more, and not taken from the host: a test that shares the host's
/// notion of a form would share its mistakes.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![("plain", secret.to_vec())];
    let (mut lower, mut upper, mut every) = (String::new(), String::new(), String::new());
    let mut url = [String::new(), String::new()];
    for byte in secret {
        let _ = write!(lower, "{byte:02x}");
        let _ = write!(upper, "{byte:02X}");
        let _ = write!(every, "%{byte:02X}");
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            url.iter_mut().for_each(|text| text.push(char::from(*byte)));
        } else {
            let _ = write!(url[0], "%{byte:02X}");
            let _ = write!(url[1], "%{byte:02x}");
        }
    }
    let [url, url_lower] = url;
    let form = url.replace("%20", "+");
    for (name, text) in
        [("hex", lower), ("hex", upper), ("url", every), ("url", url), ("url", url_lower), ("url", form)]
    {
        all.push((name, text.into_bytes()));
    }
    // Where the secret stands within a longer text, its groups of three bytes may begin at any of its first bytes; the
    // characters at both ends depend on what is around it.
    for skip in 0..3 {
        let whole = &secret[skip..];
        for alphabet in [STANDARD, URL_SAFE] {
            all.push(("base64", base64(&whole[..whole.len() / 3 * 3], alphabet)));
        }
    }
    if let Ok(text) = std::str::from_utf8(secret) {
        all.push(("utf-16le", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        let quoted = serde_json::Value::from(text).to_string();
        all.push(("json", quoted.as_bytes()[1..quoted.len() - 1].to_vec()));
    }
    all
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::new();
    for group in bytes.chunks_exact(3) {
        let bits = usize::from(group[0]) << 16 | usize::from(group[1]) << 8 | usize::from(group[2]);
        out.extend([18, 12, 6, 0].map(|shift| alphabet[bits >> shift & 63]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Kanari/42+\"ü gelb";

    fn sees(bytes: &[u8]) -> bool {
        let canaries = Canaries::new();
        canaries.plant("bird", SECRET);
        canaries.search("here", bytes);
        !canaries.seen().is_empty()
    }

    #[test]
    fn every_form_is_seen_in_the_middle_of_other_bytes() {
        let utf16: Vec<u8> = "Kanari/42+\"ü gelb".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [
            SECRET.as_bytes(),
            b"Kanari/42+\\\"\xc3\xbc gelb",
            b"4b616e6172692f34322b22c3bc2067656c62",
            b"4B616E6172692F34322B22C3BC2067656C62",
            b"Kanari%2F42%2B%22%C3%BC%20gelb",
            b"Kanari%2f42%2b%22%c3%bc%20gelb",
            b"Kanari%2F42%2B%22%C3%BC+gelb",
            &utf16,
        ] {
            let bytes = [b"\0before", text, b"after\xff"].concat();
            assert!(sees(&bytes), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn base64_is_seen_wherever_it_begins_in_a_longer_text() {
        // `sync:` and one more letter each time, as in HTTP basic.
        for text in [
            "c3luYzpLYW5hcmkvNDIrIsO8IGdlbGI=",
            "c3luY3M6S2FuYXJpLzQyKyLDvCBnZWxi",
            "c3luY3NzOkthbmFyaS80Misiw7wgZ2VsYg==",
        ] {
            assert!(sees(text.as_bytes()), "{text}");
            assert!(sees(text.replace('/', "_").replace('+', "-").as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_similar_is_not_seen() {
        for text in [&b"Kanari/42+\"\xc3\xbc gel"[..], b"", b"K", b"kanari/42+\"\xc3\xbc gelb"] {
            assert!(!sees(text), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn the_report_names_secret_form_and_place() {
        let canaries = Canaries::new();
        canaries.plant("bird", SECRET);
        canaries.watch("guest")(format!("x{SECRET}").as_bytes());
        assert_eq!(canaries.seen(), ["bird (plain) in the memory of guest"]);
        assert!(std::panic::catch_unwind(|| canaries.assert_unseen()).is_err());
    }

    #[test]
    fn files_are_searched_with_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("deep")).expect("a folder");
        std::fs::write(folder.path().join("deep/file"), SECRET).expect("a file");
        std::fs::write(folder.path().join("4b616e6172692f34322b22c3bc2067656c62"), "").expect("a file");
        let canaries = Canaries::new();
        canaries.plant("bird", SECRET);
        canaries.search_folder(folder.path()).expect("the folder can be read");
        assert_eq!(canaries.seen().len(), 2, "{:?}", canaries.seen());
    }

    #[test]
    fn not_having_looked_is_no_success() {
        let canaries = Canaries::new();
        canaries.plant("bird", SECRET);
        assert!(std::panic::catch_unwind(|| canaries.assert_unseen()).is_err());
        canaries.search("here", b"nothing");
        canaries.assert_unseen();
    }
}
