//! Messages of LDAP (RFC 4511): those that are sent, and those that come.

use crate::ber::{Broken, Elements, element, integer, put_header};
use crate::control::{self, Ask, Info, Said};
use bytes::Bytes;
use smallvec::SmallVec;

/// The extended operation that begins TLS.
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const TEXT: u8 = 0x04;
pub(crate) const NUMBER: u8 = 0x02;
pub(crate) const TRUTH: u8 = 0x01;
pub(crate) const CHOICE: u8 = 0x0a;

/// How much of the tree a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The entry itself.
    Base = 0,
    /// The entry and everything below.
    Subtree = 2,
}

/// A search to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Where.
    pub base: &'a str,
    /// How deep.
    pub scope: Scope,
    /// Most entries; 0: all.
    pub most: u32,
    /// Which, as [`crate::filter`] makes it.
    pub filter: &'a [u8],
    /// Attributes to be given.
    pub attributes: &'a [String],
    /// Names of attributes alone, without values.
    pub types_only: bool,
    /// What is asked for beside.
    pub controls: &'a [Ask<'a>],
}

/// The values of an attribute: one, most often.
pub type Values = SmallVec<[Bytes; 1]>;

/// An entry as it came. Its name, attributes and values are parts of one piece of memory: there may be millions of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub dn: Bytes,
    /// Attributes with their values.
    pub attributes: Vec<(Bytes, Values)>,
    /// What it is in a synchronisation, and its UUID.
    pub state: Option<(control::State, [u8; 16])>,
}

/// A result that ends an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// 0: it went well.
    pub code: i64,
    /// What the server says to it, for people.
    pub text: String,
}

/// What a message of the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The answer to a bind.
    Bind(Outcome),
    /// An entry that a search found.
    Entry(Entry),
    /// A part of the tree that another server has: the first of its addresses.
    Reference(String),
    /// The end of a search, and what is said beside.
    Done(Outcome, Said),
    /// Something that is said between the entries of a synchronisation.
    Info(Info),
    /// The answer to a change, and the entry behind it if the server shows it.
    Written(Outcome, Option<Entry>),
    /// The answer to an extended operation, or something that the server says unasked.
    Extended(Outcome),
    /// Something that nobody asked for.
    Other,
}

fn envelope(id: i64, operation: &[u8], controls: &[u8]) -> Vec<u8> {
    element(SEQUENCE, [&integer(NUMBER, id), operation, controls].concat())
}

/// A simple bind up to its last bytes, which are the password of this length.
#[must_use]
pub fn bind(id: i64, name: &str, password: usize) -> Vec<u8> {
    let mut inner = [integer(NUMBER, 3), element(TEXT, name)].concat();
    put_header(&mut inner, 0x80, password);
    let mut body = integer(NUMBER, id);
    put_header(&mut body, 0x60, inner.len() + password);
    body.extend(inner);
    let mut message = Vec::new();
    put_header(&mut message, SEQUENCE, body.len() + password);
    message.extend(body);
    message
}

/// The request to begin TLS.
#[must_use]
pub fn start_tls(id: i64) -> Vec<u8> {
    envelope(id, &element(0x77, element(0x80, START_TLS)), &[])
}

/// The good-bye.
#[must_use]
pub fn unbind(id: i64) -> Vec<u8> {
    envelope(id, &element(0x42, []), &[])
}

impl Search<'_> {
    /// The message.
    #[must_use]
    pub fn message(&self, id: i64) -> Vec<u8> {
        let attributes: Vec<u8> = self.attributes.iter().flat_map(|name| element(TEXT, name)).collect();
        let body = [
            element(TEXT, self.base),
            integer(CHOICE, self.scope as i64),
            // Aliases are never followed: what they point to is listed where it is.
            integer(CHOICE, 0),
            integer(NUMBER, self.most.into()),
            integer(NUMBER, 0),
            element(TRUTH, [if self.types_only { 0xff } else { 0 }]),
            self.filter.to_vec(),
            element(SEQUENCE, attributes),
        ];
        envelope(id, &element(0x63, body.concat()), &control::asked(self.controls))
    }
}

/// Takes one whole message apart, into its number and what it is.
///
/// # Errors
/// It is no message of LDAP.
pub fn decode(bytes: &[u8]) -> Result<(i64, Answer), Broken> {
    let mut message = Elements::of(Elements::of(bytes).take(SEQUENCE)?);
    let id = message.integer(NUMBER)?;
    let (operation, whole) = message.any()?;
    let mut content = Elements::of(whole);
    let answer = match operation {
        0x61 => Answer::Bind(outcome(&mut content)?),
        0x64 => {
            let entry = entry(whole)?;
            let said = control::said(message.maybe(0xa0)?.unwrap_or_default())?;
            Answer::Entry(Entry { state: said.state, ..entry })
        }
        0x65 => Answer::Done(outcome(&mut content)?, control::said(message.maybe(0xa0)?.unwrap_or_default())?),
        0x67 | 0x69 | 0x6b | 0x6d => {
            let outcome = outcome(&mut content)?;
            Answer::Written(outcome, crate::writing::entry_behind(message.maybe(0xa0)?.unwrap_or_default())?)
        }
        0x73 => Answer::Reference(String::from_utf8_lossy(content.maybe(TEXT)?.unwrap_or_default()).into_owned()),
        0x79 => Answer::Info(control::info(content)?),
        0x78 => Answer::Extended(outcome(&mut content)?),
        _ => Answer::Other,
    };
    Ok((id, answer))
}

fn outcome(content: &mut Elements<'_>) -> Result<Outcome, Broken> {
    let code = content.integer(CHOICE)?;
    content.take(TEXT)?;
    let text = String::from_utf8_lossy(content.take(TEXT)?).into_owned();
    Ok(Outcome { code, text })
}

/// Attributes that most entries have at most.
const USUAL: usize = 16;

/// The entry in the content of a message of a search.
pub(crate) fn entry(content: &[u8]) -> Result<Entry, Broken> {
    let whole = Bytes::copy_from_slice(content);
    let mut content = Elements::of(&whole);
    let dn = whole.slice_ref(content.take(TEXT)?);
    let mut list = Elements::of(content.take(SEQUENCE)?);
    let mut attributes = Vec::with_capacity(USUAL);
    while !list.is_empty() {
        let mut attribute = Elements::of(list.take(SEQUENCE)?);
        let name = whole.slice_ref(attribute.take(TEXT)?);
        let mut set = Elements::of(attribute.take(SET)?);
        let mut values = Values::new();
        while !set.is_empty() {
            values.push(whole.slice_ref(set.take(TEXT)?));
        }
        attributes.push((name, values));
    }
    Ok(Entry { dn, attributes, state: None })
}
