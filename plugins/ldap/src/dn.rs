//! Names of entries (RFC 4514), brought into one form, so that two spellings of one name are one key.
//!
//! Types and values are compared without case, as directories compare nearly all that stands in names; escapes are undone,
//! spaces that mean nothing are dropped, and the parts of a name with several are sorted.

use std::borrow::Borrow;

/// A name as a key. Equal for two spellings of one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dn(String);

impl Dn {
    /// Reads a name; none if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        plain(text).map(Self).or_else(|| Self::parse_any(text))
    }

    /// As [`Dn::parse`], for all there is in names.
    pub(crate) fn parse_any(text: &str) -> Option<Self> {
        let mut key = String::with_capacity(text.len());
        if text.trim().is_empty() {
            return Some(Self(key));
        }
        for part in split(text, b',')? {
            let mut pairs = split(part, b'+')?.into_iter().map(pair).collect::<Option<Vec<String>>>()?;
            pairs.sort_unstable();
            if !key.is_empty() {
                key.push(',');
            }
            key.push_str(&pairs.join("+"));
        }
        Some(Self(key))
    }

    /// The name of the entry above; none at the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.above().map(|above| Self(above.to_owned()))
    }

    /// The key of the entry above; none at the root.
    #[must_use]
    pub fn above(&self) -> Option<&str> {
        // What stands inside of a value is escaped, so that a comma here is one between two parts.
        match self.0.split_once(',') {
            Some((_, above)) => Some(above),
            None => (!self.0.is_empty()).then_some(""),
        }
    }

    /// True if this is the name of that entry, or of one below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.strip_suffix(&other.0).is_some_and(|rest| rest.is_empty() || other.0.is_empty() || rest.ends_with(','))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key is found by its text: it has the same hash.
impl Borrow<str> for Dn {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The key of a name of which every part is one type and one value, in ASCII without anything that is escaped: most names are so,
/// and each entry has several. None for all others, and for what is no name.
fn plain(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    for part in text.split(',') {
        if !key.is_empty() {
            key.push(',');
        }
        let (kind, value) = part.split_once('=')?;
        let kind = kind.trim_matches(' ');
        if kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
            return None;
        }
        let value = value.trim_matches(' ');
        let (mut strange, mut space) = (false, false);
        for byte in value.bytes() {
            strange |= !byte.is_ascii() || matches!(byte, b'\\' | b'"' | b'+' | b'=' | b'#');
            // Two of them mean one.
            strange |= space && byte == b' ';
            space = byte == b' ';
        }
        if strange {
            return None;
        }
        let from = key.len();
        key.push_str(kind);
        key.push('=');
        key.push_str(value);
        key.get_mut(from..)?.make_ascii_lowercase();
    }
    Some(key)
}

/// The name of the entry above as it is written in a name; none at the root and for what is no name.
#[must_use]
pub fn above(text: &str) -> Option<&str> {
    let first = split(text, b',')?.first()?.len();
    text.get(first + 1..)
}

/// Cuts at a separator that is not escaped; none for a quote that is not escaped, and for an escape at the end.
pub(crate) fn split(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut from, mut escaped) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            return None;
        } else if byte == separator {
            // The separator is ASCII, so both cuts are at character boundaries.
            parts.push(&text[from..at]);
            from = at + 1;
        }
    }
    parts.push(&text[from..]);
    (!escaped).then_some(parts)
}

/// One type and its value, in the form of the key.
fn pair(text: &str) -> Option<String> {
    let (kind, value) = text.split_once('=')?;
    let kind = kind.trim_matches(' ').to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if kind.is_empty() || !kind.chars().all(plain) {
        return None;
    }
    let mut key = kind + "=";
    push_value(&mut key, &unescape(value)?);
    Some(key)
}

/// The bytes behind a value. A space that is not escaped at either end means nothing.
pub(crate) fn unescape(value: &str) -> Option<Vec<u8>> {
    let value = value.trim_start_matches(' ');
    if let Some(digits) = value.strip_prefix('#') {
        let digits = digits.trim_end_matches(' ');
        let even = digits.len().is_multiple_of(2) && !digits.is_empty();
        let bytes = digits.as_bytes().chunks(2).map(|two| hex(two[0]).zip(hex(*two.get(1)?)).map(|(a, b)| a << 4 | b));
        // The value itself, without the tag and length that stand before it in this form.
        let bytes: Vec<u8> = bytes.collect::<Option<_>>().filter(|_| even)?;
        return Some(
            crate::ber::Elements::of(&bytes).any().map_or_else(|_| bytes.clone(), |(_, inner)| inner.to_vec()),
        );
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    // Up to here nothing at the end is dropped: it was escaped, or is no space.
    let mut kept = 0;
    while let Some(byte) = rest.next() {
        if byte == b'\\' {
            let next = rest.next()?;
            bytes.push(match hex(next) {
                Some(high) => high << 4 | hex(rest.next()?)?,
                None => next,
            });
            kept = bytes.len();
        } else {
            bytes.push(byte);
            kept = if byte == b' ' { kept } else { bytes.len() };
        }
    }
    bytes.truncate(kept);
    Some(bytes)
}

/// Without case and with single spaces; what would be taken for a separator is escaped.
fn push_value(key: &mut String, bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        key.extend(bytes.iter().flat_map(|byte| ['\\', digit(byte >> 4), digit(byte & 15)]));
        return;
    };
    let mut space = true;
    let start = key.len();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c == ' ' && space {
            continue;
        }
        space = c == ' ';
        if matches!(c, ',' | '+' | '=' | '\\' | '#' | '"') {
            key.push('\\');
            key.extend([digit((c as u8) >> 4), digit((c as u8) & 15)]);
        } else {
            key.push(c);
        }
    }
    if key.len() > start && key.ends_with(' ') {
        key.pop();
    }
}

fn hex(byte: u8) -> Option<u8> {
    // A hexadecimal digit is less than 16.
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn digit(half: u8) -> char {
    char::from_digit(half.into(), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests;
