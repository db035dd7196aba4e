//! A value that two systems do not agree about goes back and forth for ever. After the third swing within an hour the
//! attribute is left alone at that destination until a person looks.

use crate::canonical::{encode, equal, hash16};
use rosterd_model::outbox::Swing;
use rosterd_model::{Attributes, Rule, Text, Timestamp, Value};

/// Swings between the same two values that freeze an attribute.
pub const MOST_SWINGS: u32 = 3;
/// Within so many milliseconds.
pub const WITHIN_MS: u64 = 3_600_000;

/// What is remembered of swings once a destination acknowledged `after` in place of `before`.
#[must_use]
pub fn swung(known: &[Swing], before: &Attributes, after: &Attributes, now: Timestamp) -> Vec<Swing> {
    let fresh = |swing: &&Swing| swing.frozen || now.since_ms(swing.since) < WITHIN_MS;
    let mut swings: Vec<Swing> = known.iter().filter(fresh).cloned().collect();
    for (name, value) in after.iter() {
        let Some(old) = before.get(name).filter(|old| !equal(old, value)) else { continue };
        let (from, to) = (short(old), short(value));
        match swings.iter_mut().find(|swing| swing.attribute == name) {
            Some(swing) if swing.frozen => {}
            Some(swing) if (&swing.from, &swing.to) == (&to, &from) => {
                (swing.from, swing.to) = (from, to);
                swing.times += 1;
                swing.frozen = swing.times >= MOST_SWINGS && Rule::OscillationFreezes.on();
            }
            Some(swing) => *swing = first(name.into(), from, to, now),
            None => swings.push(first(name.into(), from, to, now)),
        }
    }
    swings
}

fn first(attribute: Text, from: [u8; 8], to: [u8; 8], now: Timestamp) -> Swing {
    Swing { attribute, from, to, times: 1, since: now, frozen: false }
}

fn short(value: &Value) -> [u8; 8] {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    let mut short = [0; 8];
    short.copy_from_slice(&hash16(&bytes)[..8]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(value: &str) -> Attributes {
        [("name".to_owned(), Value::from(value))].into_iter().collect()
    }

    /// Swings through these values, one every `step` milliseconds.
    fn through(values: &[&str], step: u64) -> Vec<Swing> {
        let mut swings = Vec::new();
        for (index, pair) in values.windows(2).enumerate() {
            swings = swung(&swings, &name(pair[0]), &name(pair[1]), Timestamp(index as u64 * step));
        }
        swings
    }

    #[test]
    fn the_third_swing_within_an_hour_freezes() {
        assert!(!through(&["a", "b", "a"], 1000)[0].frozen);
        assert!(through(&["a", "b", "a", "b"], 1000)[0].frozen);
        assert!(through(&["a", "b", "a", "b", "c"], 1000)[0].frozen, "and stays so");
    }

    #[test]
    fn slow_changes_and_changes_to_other_values_do_not() {
        assert!(!through(&["a", "b", "a", "b", "a"], WITHIN_MS / 2).iter().any(|swing| swing.frozen));
        assert!(!through(&["a", "b", "c", "d", "e"], 1000).iter().any(|swing| swing.frozen));
        assert!(!through(&["a", "b", "c", "b", "a"], 1000).iter().any(|swing| swing.frozen));
    }

    #[test]
    fn what_did_not_change_leaves_nothing_behind() {
        assert!(swung(&[], &name("a"), &name("a"), Timestamp(0)).is_empty());
        assert!(swung(&[], &Attributes::new(), &name("a"), Timestamp(0)).is_empty(), "a creation is no swing");
    }
}
