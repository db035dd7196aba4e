//! Secrets of clients, and the tokens that stand for them for a while: 256 random bits each, in a form that can be read
//! aloud to a scanner of leaked secrets.
//!
//! A secret is `rst_NAME_RANDOM`, so that its client is found by name; a token is `rat_RANDOM` and is found by its hash. Both
//! are compared by hashes only: whoever measures how long that takes learns something about a hash, and nothing about a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rosterd_store::SecretHash;
use std::fmt;

/// What a secret of a client begins with.
const SECRET: &str = "rst_";
/// What an access token begins with.
const TOKEN: &str = "rat_";
/// Random bytes of each.
const BYTES: usize = 32;
/// A longer text is neither.
pub(crate) const LONGEST: usize = 128;

/// A secret or a token. It is shown once, where it is made: its debug output says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new secret for a client.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn of_client(name: &str) -> Result<Self, getrandom::Error> {
        Ok(Self(format!("{SECRET}{name}_{}", random()?)))
    }

    /// A new access token.
    pub(crate) fn token() -> Result<Self, getrandom::Error> {
        Ok(Self(format!("{TOKEN}{}", random()?)))
    }

    /// The text itself, for whoever it is for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What is kept of a text that somebody showed.
#[must_use]
pub(crate) fn hash(text: &str) -> SecretHash {
    SecretHash(*blake3::hash(text.as_bytes()).as_bytes())
}

/// True if both are the hash of the same text, in the same time wherever they differ.
#[must_use]
pub(crate) fn same(a: SecretHash, b: SecretHash) -> bool {
    // The equality of this type of blake3 takes the same time for all.
    blake3::Hash::from_bytes(a.0) == blake3::Hash::from_bytes(b.0)
}

/// What a text that somebody showed claims to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim<'a> {
    /// The secret of the client of this name.
    Secret(&'a str),
    /// An access token.
    Token,
}

/// Reads what somebody showed; none: it is neither.
pub(crate) fn read(text: &str) -> Option<Claim<'_>> {
    if text.len() > LONGEST {
        return None;
    }
    if text.strip_prefix(TOKEN).is_some_and(is_random) {
        return Some(Claim::Token);
    }
    let (name, rest) = text.strip_prefix(SECRET)?.split_once('_')?;
    (is_name(name) && is_random(rest)).then_some(Claim::Secret(name))
}

/// True for the name of a client: the same form as that of a connection.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.parse::<rosterd_model::ConnectionId>().is_ok()
}

fn is_random(text: &str) -> bool {
    text.len() == BYTES.saturating_mul(4).div_ceil(3)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_names_its_client_and_a_token_nobody() {
        let secret = Secret::of_client("okta-1").expect("random numbers");
        assert_eq!(read(secret.reveal()), Some(Claim::Secret("okta-1")));
        assert_eq!(read(Secret::token().expect("random numbers").reveal()), Some(Claim::Token));
        assert_ne!(secret, Secret::of_client("okta-1").expect("random numbers"));
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn hashes_are_the_same_only_for_the_same_text() {
        assert!(same(hash("a"), hash("a")));
        assert!(!same(hash("a"), hash("b")));
        let mut last = hash("a");
        last.0[31] ^= 1;
        assert!(!same(hash("a"), last));
    }

    proptest! {
        #[test]
        fn whatever_is_shown_is_read_or_not(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn every_name_comes_back(name in "[a-z0-9][a-z0-9-]{0,62}") {
            let secret = Secret::of_client(&name).expect("random numbers");
            prop_assert_eq!(read(secret.reveal()), Some(Claim::Secret(name.as_str())));
        }

        #[test]
        fn what_is_shorter_or_longer_is_neither(cut in 1_usize..47) {
            let token = Secret::token().expect("random numbers");
            prop_assert_eq!(read(&token.reveal()[..cut.min(46)]), None);
            let longer = format!("{}x", token.reveal());
            prop_assert_eq!(read(&longer), None);
        }
    }
}
