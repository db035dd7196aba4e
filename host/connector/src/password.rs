//! First passwords: how they are made, and how they are sealed until somebody fetches them.

use crate::crypto::cipher;
use crate::secret::reference::{SecretReference, resolve};
use crate::secret::store::SecretStore;
use std::path::Path;
use zeroize::Zeroizing;

/// Letters and digits that people do not mistake for each other.
const LOWER: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &[u8] = b"23456789";
/// Signs unless the operator names others: none that a text in quotes, a form or a shell would change.
pub const SIGNS: &str = "-_.#%+";

/// Bytes that a key must have at least.
const SHORTEST_KEY: usize = 32;
const NONCE: usize = 12;

/// What a password must look like: a small and a large letter, a digit and a sign, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    length: usize,
    signs: Vec<u8>,
}

impl PasswordPolicy {
    /// The fewest characters, and the most.
    pub const LENGTHS: [usize; 2] = [12, 64];

    /// Passwords of so many characters with these signs; without signs they have letters and digits.
    ///
    /// # Errors
    /// A sentence that says which of the two does not fit.
    pub fn new(length: usize, signs: &str) -> Result<Self, String> {
        let [least, most] = Self::LENGTHS;
        if !(least..=most).contains(&length) {
            return Err(format!("length must be a number from {least} to {most}"));
        }
        let plain = |byte: u8| byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\'' | b'\\' | b'`');
        if signs.len() > 32 || !signs.bytes().all(plain) {
            return Err("signs takes up to 32 of the ASCII signs, without quotation marks and backslash".to_owned());
        }
        Ok(Self { length, signs: signs.bytes().collect() })
    }

    /// A new password.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn make(&self) -> Result<Zeroizing<String>, String> {
        let kinds = [LOWER, UPPER, DIGITS, self.signs.as_slice()];
        let kinds = kinds.iter().filter(|kind| !kind.is_empty());
        let all: Vec<u8> = kinds.clone().flat_map(|kind| kind.iter().copied()).collect();
        let mut text = Zeroizing::new(Vec::with_capacity(self.length));
        for kind in kinds {
            text.push(kind[below(kind.len())?]);
        }
        while text.len() < self.length {
            text.push(all[below(all.len())?]);
        }
        // So that nobody knows the kind of a character by its place.
        for last in (1..text.len()).rev() {
            let other = below(last + 1)?;
            text.swap(last, other);
        }
        Ok(Zeroizing::new(text.iter().copied().map(char::from).collect()))
    }
}

/// A random number below another one, each as likely as the others.
fn below(end: usize) -> Result<usize, String> {
    let even = 256 / end.max(1) * end.max(1);
    loop {
        let mut byte = [0];
        getrandom::fill(&mut byte).map_err(|error| format!("the system gives no random numbers: {error}"))?;
        let drawn = usize::from(byte[0]);
        if drawn < even {
            return Ok(drawn % end.max(1));
        }
    }
}

/// What seals first passwords. The store has what was sealed, and not the key.
pub struct PasswordKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for PasswordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordKey").finish_non_exhaustive()
    }
}

impl PasswordKey {
    /// Reads the secret that a reference names.
    ///
    /// # Errors
    /// It can not be read, or is too short to be a key; a sentence without the secret.
    pub fn read(from: &SecretReference, base: &Path, store: Option<&SecretStore>) -> Result<Self, String> {
        let secret = resolve(from, base, store)?;
        if secret.len() < SHORTEST_KEY {
            return Err(format!(
                "it has {} bytes, and a key has at least {SHORTEST_KEY}; make one with `openssl rand -hex 32`",
                secret.len()
            ));
        }
        Ok(Self(Zeroizing::new(blake3::derive_key("rosterd 2026 first passwords", &secret))))
    }

    /// Seals a password. `owner` says whose it is: what was sealed for one opens for no other.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, owner: &str, password: &str) -> Result<Vec<u8>, String> {
        let mut sealed = vec![0; NONCE];
        getrandom::fill(&mut sealed).map_err(|error| format!("the system gives no random numbers: {error}"))?;
        let body = cipher::encrypt("aes-gcm", &*self.0, Some(sealed.as_slice()), owner.as_bytes(), password.as_bytes());
        sealed.extend(body.map_err(|fault| fault.message)?);
        Ok(sealed)
    }

    /// Opens what was sealed for this owner.
    ///
    /// # Errors
    /// It was sealed with another key, or for somebody else, or changed since.
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<Zeroizing<String>, String> {
        let wrong = || "it was sealed with another key; give the hub that key again".to_owned();
        let (nonce, body) = sealed.split_at_checked(NONCE).ok_or_else(wrong)?;
        let plain = cipher::decrypt("aes-gcm", &*self.0, Some(nonce), owner.as_bytes(), body).map_err(|_| wrong())?;
        String::from_utf8(plain).map(Zeroizing::new).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn key(folder: &Path, name: &str, secret: &str) -> Result<PasswordKey, String> {
        std::fs::write(folder.join(name), secret).unwrap();
        PasswordKey::read(&SecretReference::File(name.into()), folder, None)
    }

    #[test]
    fn every_kind_is_in_every_password_and_no_two_are_alike() {
        let policy = PasswordPolicy::new(12, SIGNS).unwrap();
        let made: BTreeSet<String> = (0..500).map(|_| policy.make().unwrap().to_string()).collect();
        assert_eq!(made.len(), 500);
        for password in &made {
            let has = |kind: &[u8]| password.bytes().any(|byte| kind.contains(&byte));
            assert!(has(LOWER) && has(UPPER) && has(DIGITS) && has(SIGNS.as_bytes()), "{password}");
            assert_eq!(password.len(), 12);
        }
        // Nobody knows the first character's kind.
        let firsts: BTreeSet<u8> = made.iter().filter_map(|password| password.bytes().next()).collect();
        assert!([LOWER, UPPER, DIGITS].iter().all(|kind| firsts.iter().any(|first| kind.contains(first))));
        // Every character of every kind occurs.
        let used: BTreeSet<u8> = made.iter().flat_map(|password| password.bytes()).collect();
        assert_eq!(used.len(), LOWER.len() + UPPER.len() + DIGITS.len() + SIGNS.len());
    }

    #[test]
    fn signs_are_the_operators_and_may_be_none() {
        let without = PasswordPolicy::new(16, "").unwrap().make().unwrap();
        assert!(without.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}", *without);
        assert!(PasswordPolicy::new(16, "!").unwrap().make().unwrap().contains('!'));
        for (length, signs) in [(11, SIGNS), (65, SIGNS), (16, "\""), (16, " "), (16, "ü"), (16, "a")] {
            assert!(PasswordPolicy::new(length, signs).is_err(), "{length} {signs}");
        }
    }

    #[test]
    fn what_was_sealed_opens_for_its_owner_and_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let own = key(folder.path(), "own", &"k".repeat(32)).unwrap();
        let sealed = own.seal("ding u1", "Kanari-7").unwrap();
        assert_eq!(*own.open("ding u1", &sealed).unwrap(), "Kanari-7");
        assert_ne!(own.seal("ding u1", "Kanari-7").unwrap(), sealed, "each time with another nonce");
        let other = key(folder.path(), "other", &"q".repeat(32)).unwrap();
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        for opened in [
            own.open("ding u2", &sealed),
            other.open("ding u1", &sealed),
            own.open("ding u1", &changed),
            own.open("ding u1", &sealed[..5]),
        ] {
            assert!(opened.unwrap_err().contains("another key"));
        }
    }

    #[test]
    fn a_short_secret_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let refused = key(folder.path(), "short", &"k".repeat(31)).unwrap_err();
        assert!(refused.contains("31 bytes") && refused.contains("openssl rand"), "{refused}");
    }
}
