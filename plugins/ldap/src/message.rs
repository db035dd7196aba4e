//! Messages of LDAP (RFC 4511): those that are sent, and those that come.

use crate::ber::{Broken, Elements, element, header, integer};

/// The control of paged results (RFC 2696).
pub const PAGED: &str = "1.2.840.113556.1.4.319";
/// The extended operation that begins TLS.
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const TEXT: u8 = 0x04;
const NUMBER: u8 = 0x02;
const TRUTH: u8 = 0x01;
const CHOICE: u8 = 0x0a;

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
    /// Page size and cookie, for a search in pages.
    pub page: Option<(u32, &'a [u8])>,
}

/// An entry as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub dn: Vec<u8>,
    /// Attributes with their values.
    pub attributes: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
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
    /// A part of the tree that another server has.
    Reference,
    /// The end of a search, and the cookie of the next page if it has pages (empty: this was the last).
    Done(Outcome, Option<Vec<u8>>),
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
    let inner = [integer(NUMBER, 3), element(TEXT, name), header(0x80, password)].concat();
    let body = [integer(NUMBER, id), header(0x60, inner.len() + password), inner].concat();
    [header(SEQUENCE, body.len() + password), body].concat()
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
            element(TRUTH, [0]),
            self.filter.to_vec(),
            element(SEQUENCE, attributes),
        ];
        // Critical: a server that can not do it must refuse, not give a part.
        let paged = self.page.map(|(size, cookie)| {
            let value = element(SEQUENCE, [integer(NUMBER, size.into()), element(TEXT, cookie)].concat());
            let control = [element(TEXT, PAGED), element(TRUTH, [0xff]), element(TEXT, value)].concat();
            element(0xa0, element(SEQUENCE, control))
        });
        envelope(id, &element(0x63, body.concat()), &paged.unwrap_or_default())
    }
}

/// Takes one whole message apart, into its number and what it is.
///
/// # Errors
/// It is no message of LDAP.
pub fn decode(bytes: &[u8]) -> Result<(i64, Answer), Broken> {
    let mut message = Elements::of(Elements::of(bytes).take(SEQUENCE)?);
    let id = message.integer(NUMBER)?;
    let (operation, content) = message.any()?;
    let mut content = Elements::of(content);
    let answer = match operation {
        0x61 => Answer::Bind(outcome(&mut content)?),
        0x64 => Answer::Entry(entry(content)?),
        0x65 => Answer::Done(outcome(&mut content)?, cookie(message.maybe(0xa0)?.unwrap_or_default())?),
        0x67 | 0x69 | 0x6b | 0x6d => {
            let outcome = outcome(&mut content)?;
            Answer::Written(outcome, crate::writing::entry_behind(message.maybe(0xa0)?.unwrap_or_default())?)
        }
        0x73 => Answer::Reference,
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

/// The entry in the content of a message of a search.
pub(crate) fn entry(mut content: Elements<'_>) -> Result<Entry, Broken> {
    let dn = content.take(TEXT)?.to_vec();
    let mut list = Elements::of(content.take(SEQUENCE)?);
    let mut attributes = Vec::new();
    while !list.is_empty() {
        let mut attribute = Elements::of(list.take(SEQUENCE)?);
        let name = attribute.take(TEXT)?.to_vec();
        let mut set = Elements::of(attribute.take(SET)?);
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.take(TEXT)?.to_vec());
        }
        attributes.push((name, values));
    }
    Ok(Entry { dn, attributes })
}

/// The cookie of the control of paged results among these controls.
fn cookie(controls: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
    let mut controls = Elements::of(controls);
    while !controls.is_empty() {
        let mut control = Elements::of(controls.take(SEQUENCE)?);
        let paged = control.take(TEXT)? == PAGED.as_bytes();
        control.maybe(TRUTH)?;
        let value = control.maybe(TEXT)?;
        if let (true, Some(value)) = (paged, value) {
            let mut value = Elements::of(Elements::of(value).take(SEQUENCE)?);
            value.integer(NUMBER)?;
            return Ok(Some(value.take(TEXT)?.to_vec()));
        }
    }
    Ok(None)
}
