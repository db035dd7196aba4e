//! Access tokens that were given out. They are in memory only: after a restart clients ask for new ones, as they do anyway
//! when one has expired.

use crate::caller::Scope;
use crate::secret::Secret;
use rosterd_model::Timestamp;
use rosterd_store::SecretHash;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// How long a token counts.
pub(crate) const LIFE_MS: u64 = 3_600_000;
/// Tokens of one client; the oldest one makes room.
pub(crate) const MOST_OF_A_CLIENT: usize = 64;

/// What a token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// The client.
    pub(crate) client: String,
    /// The secret that it was given for.
    pub(crate) by: SecretHash,
    /// What may be done with it.
    pub(crate) scopes: Vec<Scope>,
    /// From then on it does not count.
    pub(crate) until: Timestamp,
}

/// All of them, by their hashes.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_hash: HashMap<[u8; 32], Token>,
    /// The oldest first. Only clients that have shown a secret are in here, so there are not more than the store has.
    of_client: HashMap<String, VecDeque<[u8; 32]>>,
}

impl Tokens {
    /// Gives out a token.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn give(
        &self,
        client: String,
        by: SecretHash,
        scopes: Vec<Scope>,
        now: Timestamp,
    ) -> Result<Secret, getrandom::Error> {
        let secret = Secret::token()?;
        let hash = secret.hash().0;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { by_hash, of_client } = &mut *kept;
        let own = of_client.entry(client.clone()).or_default();
        // Those of a client expire in the order in which they were given out.
        while own.len() >= MOST_OF_A_CLIENT
            || own.front().is_some_and(|first| by_hash.get(first).is_none_or(|token| token.until <= now))
        {
            let Some(first) = own.pop_front() else { break };
            by_hash.remove(&first);
        }
        own.push_back(hash);
        by_hash.insert(hash, Token { client, by, scopes, until: now.plus_ms(LIFE_MS) });
        Ok(secret)
    }

    /// The token of this hash, if it counts.
    pub(crate) fn find(&self, hash: SecretHash, now: Timestamp) -> Option<Token> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_hash.get(&hash.0).filter(|token| now < token.until).cloned()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_hash.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(tokens: &Tokens, client: &str, now: u64) -> SecretHash {
        let by = SecretHash([7; 32]);
        tokens.give(client.to_owned(), by, Vec::new(), Timestamp(now)).expect("a token").hash()
    }

    #[test]
    fn a_token_counts_until_it_expires() {
        let tokens = Tokens::default();
        let hash = give(&tokens, "okta", 5);
        assert!(tokens.find(hash, Timestamp(LIFE_MS + 4)).is_some_and(|token| token.client == "okta"));
        assert!(tokens.find(hash, Timestamp(LIFE_MS + 5)).is_none());
        assert!(tokens.find(SecretHash([0; 32]), Timestamp(5)).is_none());
    }

    #[test]
    fn a_client_has_so_many_and_no_more() {
        let tokens = Tokens::default();
        let other = give(&tokens, "other", 0);
        let first = give(&tokens, "okta", 0);
        for _ in 0..MOST_OF_A_CLIENT {
            give(&tokens, "okta", 1);
        }
        assert_eq!(tokens.len(), MOST_OF_A_CLIENT + 1);
        assert!(tokens.find(first, Timestamp(1)).is_none(), "the oldest one made room");
        assert!(tokens.find(other, Timestamp(1)).is_some(), "others keep theirs");
        give(&tokens, "okta", LIFE_MS + 1);
        assert_eq!(tokens.len(), 2, "what expired is not kept");
    }
}
