//! Logins under way: begun here, not yet back from the provider. Each is used once, in the browser that began it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::PkceCodeVerifier;
use rosterd_model::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whoever takes longer at the provider begins again.
pub(super) const LONGEST_WAIT_MS: u64 = 10 * 60 * 1000;
/// Logins that wait at once. Beginning one costs a stranger nothing, so the oldest goes when another one comes: to drive
/// somebody out who takes half a minute, he has to begin hundreds a second.
const MOST_WAITING: usize = 10_000;

/// 256 bits that nobody can guess, as text for an address.
pub(super) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// One login under way. What the browser holds is kept as hashes; comparing those takes the same time for all.
pub(super) struct Begun {
    pub(super) login: String,
    /// The provider as it was configured then: no code goes to another one.
    pub(super) issuer: String,
    pub(super) browser: blake3::Hash,
    pub(super) nonce: blake3::Hash,
    pub(super) verifier: PkceCodeVerifier,
    pub(super) at: Timestamp,
}

/// All of them, by the hash of their state.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Table>);

#[derive(Default)]
struct Table {
    by_state: BTreeMap<[u8; 32], (u64, Begun)>,
    by_age: BTreeMap<u64, [u8; 32]>,
    next: u64,
}

impl Waiting {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a login until it comes back.
    pub(super) fn keep(&self, state: &str, begun: Begun) {
        let key = *blake3::hash(state.as_bytes()).as_bytes();
        let mut table = self.table();
        let now = begun.at;
        while let Some((&age, &oldest)) = table.by_age.first_key_value() {
            let late = table.by_state.get(&oldest).is_none_or(|(_, begun)| is_late(begun, now));
            if !late && table.by_state.len() < MOST_WAITING {
                break;
            }
            table.by_age.remove(&age);
            table.by_state.remove(&oldest);
        }
        let age = table.next;
        table.next += 1;
        table.by_age.insert(age, key);
        table.by_state.insert(key, (age, begun));
    }

    /// Takes the login with this state, which nobody can take again; none: there is none, or it is too late.
    pub(super) fn take(&self, state: &str, now: Timestamp) -> Option<Begun> {
        let key = *blake3::hash(state.as_bytes()).as_bytes();
        let mut table = self.table();
        let (age, begun) = table.by_state.remove(&key)?;
        table.by_age.remove(&age);
        (!is_late(&begun, now)).then_some(begun)
    }
}

fn is_late(begun: &Begun, now: Timestamp) -> bool {
    now.since_ms(begun.at) > LONGEST_WAIT_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(at: u64) -> Begun {
        let hash = blake3::hash(b"x");
        let verifier = PkceCodeVerifier::new("v".repeat(43));
        Begun {
            login: "okta".to_owned(),
            issuer: String::new(),
            browser: hash,
            nonce: hash,
            verifier,
            at: Timestamp(at),
        }
    }

    #[test]
    fn each_is_taken_once_and_not_too_late() {
        let waiting = Waiting::default();
        waiting.keep("a", begun(0));
        waiting.keep("b", begun(0));
        assert!(waiting.take("c", Timestamp(0)).is_none());
        assert!(waiting.take("a", Timestamp(LONGEST_WAIT_MS)).is_some());
        assert!(waiting.take("a", Timestamp(0)).is_none());
        assert!(waiting.take("b", Timestamp(LONGEST_WAIT_MS + 1)).is_none());
    }

    #[test]
    fn there_are_never_more_than_fit_and_the_oldest_goes() {
        let waiting = Waiting::default();
        for number in 0..=MOST_WAITING {
            waiting.keep(&number.to_string(), begun(1));
        }
        assert_eq!(waiting.table().by_state.len(), MOST_WAITING);
        assert_eq!(waiting.table().by_age.len(), MOST_WAITING);
        assert!(waiting.take("0", Timestamp(1)).is_none() && waiting.take("1", Timestamp(1)).is_some());
        waiting.keep("late", begun(LONGEST_WAIT_MS + 2));
        assert_eq!(waiting.table().by_state.len(), 1);
    }

    #[test]
    fn no_two_are_alike() {
        let (one, two) = (random().expect("random"), random().expect("random"));
        assert!(one != two && one.len() == 43);
    }
}
