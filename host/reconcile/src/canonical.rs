//! One byte form for equal values: what hashes, set comparison and digests are made of.
//!
//! A list is a set here: its elements are sorted by their own bytes and repeated ones count once. Every part carries
//! its length, so that no two different values share their bytes.

use rosterd_model::{Attributes, Value};
use std::collections::BTreeSet;

/// Bytes that the hash takes at a time.
const BLOCK: usize = 64;

/// Appends the canonical bytes of `value` to `out`.
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(value) => out.extend_from_slice(&[1, u8::from(*value)]),
        Value::Integer(value) => {
            out.push(2);
            out.extend_from_slice(&value.to_be_bytes());
        }
        Value::Decimal(value) => {
            out.push(3);
            // -0.0 and 0.0 are equal numbers with different bits.
            let value = if *value == 0.0 { 0.0 } else { *value };
            out.extend_from_slice(&value.to_bits().to_be_bytes());
        }
        Value::Text(text) => {
            out.push(4);
            encode_text(text, out);
        }
        Value::List(values) => {
            out.push(5);
            let set = keys(values);
            encode_length(set.len(), out);
            for key in set {
                encode_length(key.len(), out);
                out.extend_from_slice(&key);
            }
        }
        Value::Reference { class, id } => {
            out.extend_from_slice(&[6, class.code()]);
            encode_text(id.as_str(), out);
        }
        Value::Map(map) => {
            out.push(7);
            encode_length(map.len(), out);
            for (key, value) in map {
                encode_text(key, out);
                encode(value, out);
            }
        }
    }
}

/// True if both say the same; lists are compared as sets.
#[must_use]
pub fn equal(left: &Value, right: &Value) -> bool {
    if left == right {
        return true;
    }
    match (left, right) {
        (Value::List(left), Value::List(right)) => keys(left) == keys(right),
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|((a, x), (b, y))| a == b && equal(x, y))
        }
        _ => false,
    }
}

/// The canonical bytes of one value.
#[must_use]
pub fn key(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out);
    out
}

/// Appends the canonical bytes of attributes, in order of their names.
pub(crate) fn encode_attributes(attributes: &Attributes, out: &mut Vec<u8>) {
    encode_length(attributes.len(), out);
    for (name, value) in attributes.iter() {
        encode_text(name, out);
        encode(value, out);
    }
}

/// Appends `text` with its length in front.
pub(crate) fn encode_text(text: &str, out: &mut Vec<u8>) {
    encode_length(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// The first sixteen bytes of the hash of `bytes`.
pub(crate) fn hash16(bytes: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    short
}

/// The same of two that may begin with the same bytes, which are hashed once then.
pub(crate) fn hashes16(one: &[u8], other: &[u8]) -> ([u8; 16], [u8; 16]) {
    let blocks = one.chunks_exact(BLOCK).zip(other.chunks_exact(BLOCK));
    let shared = blocks.take_while(|(a, b)| a == b).count() * BLOCK;
    if shared < 2 * BLOCK {
        return (hash16(one), hash16(other));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&one[..shared]);
    let finish = |mut hasher: blake3::Hasher, rest: &[u8]| {
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.update(rest).finalize().as_bytes()[..16]);
        short
    };
    (finish(hasher.clone(), &one[shared..]), finish(hasher, &other[shared..]))
}

fn keys(values: &[Value]) -> BTreeSet<Vec<u8>> {
    values.iter().map(key).collect()
}

fn encode_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length;
    while rest > 0x7f {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hashes_are_those_of_each_whatever_both_begin_with() {
        for shared in [0, 63, 64, 65, 127, 128, 129, 192, 300] {
            for (left, right) in [(0, 0), (0, 1), (5, 7), (70, 64), (200, 3)] {
                let bytes = |own: u8, more: usize| [vec![1; shared], vec![own; more]].concat();
                let (one, other) = (bytes(2, left), bytes(3, right));
                assert_eq!(hashes16(&one, &other), (hash16(&one), hash16(&other)), "{shared} {left} {right}");
            }
        }
    }

    #[test]
    fn lists_are_sets_and_texts_do_not_run_together() {
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        assert!(equal(&list(&["a", "b", "a"]), &list(&["b", "a"])));
        assert_eq!(key(&list(&["a", "b"])), key(&list(&["b", "a"])));
        assert_ne!(key(&list(&["ab", "c"])), key(&list(&["a", "bc"])));
        assert!(!equal(&Value::Null, &list(&[])), "empty and nothing said about members differ");
        assert_eq!(key(&Value::Decimal(-0.0)), key(&Value::Decimal(0.0)));
    }

    #[test]
    fn structured_values_are_compared_part_by_part() {
        let map = |pairs: &[(&str, Value)]| {
            Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        let list = |items: &[i64]| Value::List(items.iter().map(|item| Value::Integer(*item)).collect());
        let one = map(&[("a", list(&[1, 2])), ("b", Value::Null)]);
        assert!(equal(&one, &map(&[("a", list(&[2, 1])), ("b", Value::Null)])), "lists within are sets, too");
        assert!(!equal(&one, &map(&[("a", list(&[2, 3])), ("b", Value::Null)])));
        assert!(!equal(&one, &map(&[("a", list(&[2, 1])), ("c", Value::Null)])));
        assert!(!equal(&one, &map(&[("a", list(&[2, 1]))])));
        assert!(!equal(&map(&[]), &one));
    }

    #[test]
    fn two_hashes_are_those_of_each_wherever_both_part() {
        let bytes = |length: u16, last: u8| -> Vec<u8> { (0..length).map(|at| at as u8).chain([last]).collect() };
        for length in (0..400).chain([1_023, 1_024, 1_025, 5_000]) {
            for other in [length, length / 2, length + 70] {
                let (one, other) = (bytes(length, 1), bytes(other, 2));
                assert_eq!(hashes16(&one, &other), (hash16(&one), hash16(&other)));
                assert_eq!(hashes16(&one, &one), (hash16(&one), hash16(&one)));
            }
        }
    }

    #[test]
    fn the_bytes_of_a_length_never_change() {
        // They are part of hashes that stand in stores and in approvals of plans.
        let bytes = |length| {
            let mut out = Vec::new();
            encode_length(length, &mut out);
            out
        };
        assert_eq!(bytes(0), [0]);
        assert_eq!(bytes(127), [0x7f]);
        assert_eq!(bytes(128), [0x80, 1]);
        assert_eq!(bytes(200), [0xc8, 1]);
        assert_eq!(bytes(300), [0xac, 2]);
        assert_eq!(bytes(70_000), [0xf0, 0xa2, 4]);
    }
}
