//! As much of BER as LDAP uses (RFC 4511, section 5.1): definite lengths, tags of one byte.
//!
//! Our own, because the password of a bind is written by the hub into a message that the connector made around its length,
//! and because one entry that can not be read must not cost the others. The tests hold it against `ldap3_proto`.

/// Why bytes are no BER of LDAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken(pub &'static str);

/// Elements that follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Elements<'a>(&'a [u8]);

/// The tag, the length of the header, and the length of what follows; none if the bytes end before that is known.
fn head(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>, Broken> {
    let [tag, first, rest @ ..] = bytes else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Broken("a tag of several bytes"));
    }
    match first {
        0..0x80 => Ok(Some((*tag, 2, usize::from(*first)))),
        0x80 => Err(Broken("a length that is not given")),
        _ => {
            let count = usize::from(first & 0x7f);
            if count > 4 {
                return Err(Broken("a length of more than four bytes"));
            }
            let Some(digits) = rest.get(..count) else { return Ok(None) };
            Ok(Some((*tag, 2 + count, digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))))
        }
    }
}

/// How many bytes the first element has in all; none if too few came to know it.
///
/// # Errors
/// It is no BER, or has more than `most` bytes.
pub fn length(bytes: &[u8], most: usize) -> Result<Option<usize>, Broken> {
    match head(bytes)? {
        Some((_, head, content)) if head.saturating_add(content) > most => Err(Broken("a message that is too long")),
        Some((_, head, content)) => Ok(Some(head + content)),
        None => Ok(None),
    }
}

impl<'a> Elements<'a> {
    /// The elements in these bytes.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True if there is none left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next one, as tag and content.
    ///
    /// # Errors
    /// There is none, or it is cut off.
    pub fn any(&mut self) -> Result<(u8, &'a [u8]), Broken> {
        let cut = Broken("an element that is cut off");
        let (tag, head, content) = head(self.0)?.ok_or(cut)?;
        let whole = self.0.get(head..).and_then(|rest| rest.split_at_checked(content));
        let (content, rest) = whole.ok_or(cut)?;
        self.0 = rest;
        Ok((tag, content))
    }

    /// The content of the next one, which must have this tag.
    ///
    /// # Errors
    /// As [`Elements::any`], and for another tag.
    pub fn take(&mut self, tag: u8) -> Result<&'a [u8], Broken> {
        match self.any()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Broken("an element of another kind than the protocol has there")),
        }
    }

    /// The content of the next one if it has this tag.
    ///
    /// # Errors
    /// It is cut off.
    pub fn maybe(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Broken> {
        if self.0.first() == Some(&tag) { self.take(tag).map(Some) } else { Ok(None) }
    }

    /// The next one, a whole number under this tag.
    ///
    /// # Errors
    /// As [`Elements::take`], and for a number of more than eight bytes.
    pub fn integer(&mut self, tag: u8) -> Result<i64, Broken> {
        let content = self.take(tag)?;
        let (Some(first), 1..=8) = (content.first(), content.len()) else {
            return Err(Broken("a number of no bytes or of too many"));
        };
        let sign = if first & 0x80 == 0 { 0 } else { -1 };
        Ok(content.iter().fold(sign, |number: i64, byte| number << 8 | i64::from(*byte)))
    }
}

/// Puts the tag and the length of an element behind `bytes`.
pub fn put_header(bytes: &mut Vec<u8>, tag: u8, length: usize) {
    let digits = length.to_be_bytes();
    let used = &digits[digits.iter().take_while(|byte| **byte == 0).count()..];
    match used {
        [] => bytes.extend([tag, 0]),
        [short @ ..0x80] => bytes.extend([tag, *short]),
        // At most eight bytes: they are those of a usize.
        _ => {
            bytes.extend([tag, 0x80 | used.len() as u8]);
            bytes.extend(used);
        }
    }
}

/// The length of an element with so much content.
#[must_use]
pub const fn whole(content: usize) -> usize {
    let long = if content < 0x80 { 0 } else { (usize::BITS - content.leading_zeros()).div_ceil(8) as usize };
    content + 2 + long
}

/// An element.
#[must_use]
pub fn element(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut bytes = Vec::with_capacity(whole(content.len()));
    put_header(&mut bytes, tag, content.len());
    bytes.extend(content);
    bytes
}

/// A whole number under this tag.
#[must_use]
pub fn integer(tag: u8, number: i64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    // A byte goes if the sign still stands in the next one.
    let spare = bytes.windows(2).take_while(|pair| match pair[0] {
        0 => pair[1] & 0x80 == 0,
        0xff => pair[1] & 0x80 != 0,
        _ => false,
    });
    element(tag, &bytes[spare.count()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_ldap_forbids_is_broken() {
        for bytes in [&[0x1f, 1, 0][..], &[4, 0x80, 0, 0], &[4, 0x85, 0, 0, 0, 0, 1, 0]] {
            assert!(Elements::of(bytes).any().is_err() && length(bytes, 99).is_err(), "{bytes:?}");
        }
        for bytes in [&[][..], &[4], &[4, 2, 1], &[4, 0x82, 0], &[4, 0x84, 0xff, 0xff, 0xff, 0xff]] {
            assert!(Elements::of(bytes).any().is_err(), "{bytes:?}");
        }
        assert_eq!(length(&[4, 0x82, 0], 9), Ok(None));
        assert_eq!(length(&[4, 7], 9), Ok(Some(9)));
        assert_eq!(length(&[4, 8], 9), Err(Broken("a message that is too long")));
        assert!(
            Elements::of(&[2, 0]).integer(2).is_err()
                && Elements::of(&[2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]).integer(2).is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in any::<i64>(), small in -300_i64..300, content in proptest::collection::vec(any::<u8>(), 0..400)) {
            let bytes = [integer(2, number), integer(10, small), element(0x30, &content)].concat();
            let mut elements = Elements::of(&bytes);
            prop_assert_eq!((elements.integer(2), elements.integer(10)), (Ok(number), Ok(small)));
            prop_assert_eq!(length(elements.0, usize::MAX), Ok(Some(elements.0.len())));
            prop_assert_eq!(whole(content.len()), elements.0.len());
            prop_assert_eq!(elements.take(0x30), Ok(&content[..]));
            prop_assert!(elements.is_empty());
        }
    }
}
