//! Elements of BER in which secrets stand. The hub writes their bytes; the lengths around them are made here.

use crate::ber;
use rosterd_sdk::Fault;
use rosterd_sdk::secrets::{Secret, Segment};
use std::rc::Rc;

/// A secret, and the bytes behind it.
#[derive(Debug, Clone)]
struct Behind {
    secret: Rc<Secret>,
    form: &'static str,
    bytes: Vec<u8>,
}

impl Behind {
    fn segments(&self) -> [Segment<'_>; 2] {
        [Segment::Secret(&self.secret, self.form), Segment::Bytes(&self.bytes)]
    }
}

/// Bytes, some of which only the hub sees. Without a secret it is one piece of memory, because thousands are made.
#[derive(Debug, Clone, Default)]
pub struct Spliced {
    bytes: Vec<u8>,
    behind: Vec<Behind>,
    length: usize,
}

impl Spliced {
    /// Nothing, with room.
    #[must_use]
    pub fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// A secret in a form.
    ///
    /// # Errors
    /// It can not be written so.
    pub fn secret(secret: &Rc<Secret>, form: &'static str) -> Result<Self, Fault> {
        let length = secret.length(form)? as usize;
        let behind = vec![Behind { secret: Rc::clone(secret), form, bytes: Vec::new() }];
        Ok(Self { bytes: Vec::new(), behind, length })
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

    /// Bytes come behind it.
    pub fn push(&mut self, more: &[u8]) {
        self.length += more.len();
        self.end().extend_from_slice(more);
    }

    /// The head of an element comes behind it; its content must be pushed next.
    pub fn push_head(&mut self, tag: u8, content: usize) {
        self.length += ber::whole(content) - content;
        ber::put_header(self.end(), tag, content);
    }

    /// An element comes behind it.
    pub fn push_element(&mut self, tag: u8, content: &[u8]) {
        self.push_head(tag, content.len());
        self.push(content);
    }

    /// All of another one comes behind it.
    pub fn append(&mut self, more: &Self) {
        self.end().extend_from_slice(&more.bytes);
        self.behind.extend(more.behind.iter().cloned());
        self.length += more.length;
    }

    fn end(&mut self) -> &mut Vec<u8> {
        self.behind.last_mut().map_or(&mut self.bytes, |last| &mut last.bytes)
    }

    /// The same with more behind it.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        self.append(&more.into());
        self
    }

    /// This as the content of an element.
    #[must_use]
    pub fn element(self, tag: u8) -> Self {
        let mut whole = Self::with_room(ber::whole(self.length));
        whole.push_head(tag, self.length);
        whole.append(&self);
        whole
    }

    /// What is handed to a stream.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        let first = std::iter::once(Segment::Bytes(&self.bytes));
        let all = first.chain(self.behind.iter().flat_map(Behind::segments));
        all.filter(|segment| !matches!(segment, Segment::Bytes([])))
    }
}

impl From<Vec<u8>> for Spliced {
    fn from(bytes: Vec<u8>) -> Self {
        Self { length: bytes.len(), bytes, behind: Vec::new() }
    }
}

impl From<&str> for Spliced {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes().to_vec())
    }
}
