//! Elements of BER in which secrets stand. The hub writes their bytes; the lengths around them are made here.

use crate::ber;
use rosterd_sdk::Fault;
use rosterd_sdk::secrets::{Secret, Segment};
use std::rc::Rc;

#[derive(Debug, Clone)]
enum Piece {
    Bytes(Vec<u8>),
    Secret(Rc<Secret>, &'static str),
}

/// Bytes, some of which only the hub sees.
#[derive(Debug, Clone, Default)]
pub struct Spliced {
    pieces: Vec<Piece>,
    length: usize,
}

impl Spliced {
    /// A secret in a form.
    ///
    /// # Errors
    /// It can not be written so.
    pub fn secret(secret: &Rc<Secret>, form: &'static str) -> Result<Self, Fault> {
        let length = secret.length(form)? as usize;
        Ok(Self { pieces: vec![Piece::Secret(Rc::clone(secret), form)], length })
    }

    /// How many bytes it has once the secrets are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// True if there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The same with more behind it.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        let more = more.into();
        self.length += more.length;
        for piece in more.pieces {
            match (self.pieces.last_mut(), piece) {
                (Some(Piece::Bytes(bytes)), Piece::Bytes(more)) => bytes.extend(more),
                (_, piece) => self.pieces.push(piece),
            }
        }
        self
    }

    /// All of these, one behind the other.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::default(), Self::then)
    }

    /// This as the content of an element.
    #[must_use]
    pub fn element(self, tag: u8) -> Self {
        Self::from(ber::header(tag, self.length)).then(self)
    }

    /// What is handed to a stream.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.pieces.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => Segment::Bytes(bytes),
            Piece::Secret(secret, form) => Segment::Secret(secret, form),
        })
    }
}

impl From<Vec<u8>> for Spliced {
    fn from(bytes: Vec<u8>) -> Self {
        Self { length: bytes.len(), pieces: vec![Piece::Bytes(bytes)] }
    }
}

impl From<&str> for Spliced {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes().to_vec())
    }
}
