//! The contract changes only on purpose: `wit/` has a recorded digest.

use super::tree::{SourceFile, files, top};

/// Where the digest of `wit/v0.1/*.wit` is recorded. The contract is not released: the digest may change, but only by
/// somebody who knows that components built before do not load afterwards.
const RECORDED: &str = "tests/suite/tidy/wit-v0.1.digest";

#[test]
fn the_contract_is_as_recorded() {
    let mut digest = Fnv::default();
    for SourceFile { path, text } in files(&[".wit"]) {
        if path.starts_with("wit/v0.1/") {
            digest.add(path.as_bytes());
            digest.add(text.as_bytes());
        }
    }
    let now = format!("{:016x}", digest.0);
    let recorded = std::fs::read_to_string(top().join(RECORDED)).unwrap_or_default();
    assert_eq!(
        recorded.trim(),
        now,
        "wit/v0.1 is not as recorded. If the change is deliberate, write {now} into {RECORDED}, \
         say what changed under \"Contract\" in CHANGELOG.md, and rebuild every component"
    );
}

/// FNV-1a: enough to notice an accident, and a few lines.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        // The length first, so that moving text between files shows.
        for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
