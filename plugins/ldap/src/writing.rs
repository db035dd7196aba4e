//! Requests that change a directory (RFC 4511, sections 4.6 to 4.9 and 4.12; RFC 3062), and what only their answers have.

use crate::ber::{Broken, Elements, element, integer, whole};
use crate::message::{self, CHOICE, Entry, NUMBER, SEQUENCE, SET, TEXT, TRUTH};
use crate::spliced::Spliced;

/// Adding what is there, and taking away what is not, is no error.
pub const PERMISSIVE: &str = "1.2.840.113556.1.4.1413";
/// The answer shows the entry as it is then (RFC 4527).
pub const POST_READ: &str = "1.3.6.1.1.13.2";
/// The extended operation that sets a password (RFC 3062).
pub const PASSWORD: &str = "1.3.6.1.4.1.4203.1.11.1";

/// What becomes of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// They come to those that are there.
    Add = 0,
    /// They go.
    Delete = 1,
    /// They take the place of all; none: all go.
    Replace = 2,
}

/// The change of one attribute.
#[derive(Debug, Clone)]
pub struct Modification {
    /// What becomes of the values.
    pub how: How,
    /// Name of the attribute.
    pub attribute: String,
    /// The values.
    pub values: Vec<Spliced>,
}

impl Modification {
    /// A change with values that are no secrets.
    #[must_use]
    pub fn new(how: How, attribute: &str, values: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { how, attribute: attribute.to_owned(), values: values.into_iter().map(Spliced::from).collect() }
    }
}

/// The attributes of a new entry, as they stand in the request: there are many of them, and they are read by nobody.
#[derive(Debug, Clone, Default)]
pub struct NewAttributes(Spliced);

impl NewAttributes {
    /// With room for so many bytes.
    #[must_use]
    pub fn with_room(bytes: usize) -> Self {
        Self(Spliced::with_room(bytes))
    }

    /// An attribute with texts. Without any it is none.
    pub fn put<'t>(&mut self, name: &str, texts: impl Iterator<Item = &'t str> + Clone) {
        let set: usize = texts.clone().map(|text| whole(text.len())).sum();
        if set == 0 {
            return;
        }
        self.head(name, set);
        texts.for_each(|text| self.0.push_element(TEXT, text.as_bytes()));
    }

    /// An attribute with one value, which may be a secret.
    pub fn put_value(&mut self, name: &str, value: &Spliced) {
        self.head(name, whole(value.len()));
        self.0.push_head(TEXT, value.len());
        self.0.append(value);
    }

    /// What stands before values of so many bytes.
    fn head(&mut self, name: &str, set: usize) {
        self.0.push_head(SEQUENCE, whole(name.len()) + whole(set));
        self.0.push_element(TEXT, name.as_bytes());
        self.0.push_head(SET, set);
    }
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub enum Request {
    /// A new entry.
    Add {
        /// Its name.
        dn: String,
        /// Attributes with their values.
        attributes: NewAttributes,
    },
    /// Other values, all together or none.
    Modify {
        /// Whose.
        dn: String,
        /// In the order in which they are made.
        changes: Vec<Modification>,
    },
    /// Another name, or another place. The value of the old name goes.
    Rename {
        /// Whose.
        dn: String,
        /// The first part of the new name.
        rdn: String,
        /// The entry below which it comes; none: it stays where it is.
        superior: Option<String>,
    },
    /// The entry goes.
    Delete {
        /// Its name.
        dn: String,
    },
    /// A new password.
    Password {
        /// Whose.
        dn: String,
        /// The password.
        password: Spliced,
    },
}

/// The length of the content of an attribute, as [`put_attribute`] puts it.
fn attribute_length(name: &str, values: &[Spliced]) -> usize {
    whole(name.len()) + whole(set_length(values))
}

fn set_length(values: &[Spliced]) -> usize {
    values.iter().map(|value| whole(value.len())).sum()
}

fn put_attribute(out: &mut Spliced, name: &str, values: &[Spliced]) {
    out.push_head(SEQUENCE, attribute_length(name, values));
    out.push_element(TEXT, name.as_bytes());
    out.push_head(SET, set_length(values));
    for value in values {
        out.push_head(TEXT, value.len());
        out.append(value);
    }
}

/// An operation on an entry: its name, and a sequence of so much content, which is put next.
fn entry_with(tag: u8, dn: &str, content: usize) -> Spliced {
    let length = whole(dn.len()) + whole(content);
    let mut out = Spliced::with_room(whole(length));
    out.push_head(tag, length);
    out.push_element(TEXT, dn.as_bytes());
    out.push_head(SEQUENCE, content);
    out
}

/// A control that may be ignored by a server that does not know it.
fn control(name: &str, value: Option<Vec<u8>>) -> Vec<u8> {
    let value = value.map(|value| element(TEXT, value)).unwrap_or_default();
    element(SEQUENCE, [element(TEXT, name), value].concat())
}

impl Request {
    fn operation(&self) -> Spliced {
        match self {
            Self::Add { dn, attributes } => {
                let mut out = entry_with(0x68, dn, attributes.0.len());
                out.append(&attributes.0);
                out
            }
            Self::Modify { dn, changes } => {
                // How it is changed takes three bytes.
                let length = |change: &Modification| 3 + whole(attribute_length(&change.attribute, &change.values));
                let mut out = entry_with(0x66, dn, changes.iter().map(|change| whole(length(change))).sum());
                for change in changes {
                    out.push_head(SEQUENCE, length(change));
                    out.push_element(CHOICE, &[change.how as u8]);
                    put_attribute(&mut out, &change.attribute, &change.values);
                }
                out
            }
            Self::Rename { dn, rdn, superior } => {
                let superior = superior.as_ref().map(|dn| element(0x80, dn)).unwrap_or_default();
                Spliced::from([element(TEXT, dn), element(TEXT, rdn), element(TRUTH, [0xff]), superior].concat())
                    .element(0x6c)
            }
            Self::Delete { dn } => Spliced::from(element(0x4a, dn)),
            Self::Password { dn, password } => {
                let value = Spliced::from(element(0x80, dn)).then(password.clone().element(0x82)).element(SEQUENCE);
                Spliced::from(element(0x80, PASSWORD)).then(value.element(0x81)).element(0x77)
            }
        }
    }

    /// The message. `permissive`: values that are there already, or are not, are no error. `shown`: what [`showing`] made of
    /// the attributes that the answer is to show; empty: no entry.
    #[must_use]
    pub fn message(&self, id: i64, permissive: bool, shown: &[u8]) -> Spliced {
        let mut controls = Vec::new();
        if permissive {
            controls.extend(control(PERMISSIVE, None));
        }
        controls.extend_from_slice(shown);
        let controls = if controls.is_empty() { Vec::new() } else { element(0xa0, controls) };
        let (number, operation) = (integer(NUMBER, id), self.operation());
        let length = number.len() + operation.len() + controls.len();
        let mut out = Spliced::with_room(whole(length));
        out.push_head(SEQUENCE, length);
        out.push(&number);
        out.append(&operation);
        out.push(&controls);
        out
    }
}

/// The control that asks for the entry behind a change (RFC 4527), with these attributes.
#[must_use]
pub fn showing(names: &[String]) -> Vec<u8> {
    let names: Vec<u8> = names.iter().flat_map(|name| element(TEXT, name)).collect();
    control(POST_READ, Some(element(SEQUENCE, names)))
}

/// The entry that the control of [`POST_READ`] among these shows.
///
/// # Errors
/// They are no controls.
pub fn entry_behind(controls: &[u8]) -> Result<Option<Entry>, Broken> {
    let mut controls = Elements::of(controls);
    while !controls.is_empty() {
        let mut control = Elements::of(controls.take(SEQUENCE)?);
        let shown = control.take(TEXT)? == POST_READ.as_bytes();
        control.maybe(TRUTH)?;
        let value = control.maybe(TEXT)?;
        if let (true, Some(value)) = (shown, value) {
            // Some servers give it the tag of a search's entry, and some that of a sequence.
            let (_, entry) = Elements::of(value).any()?;
            return message::entry(entry).map(Some);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(spliced: &Spliced) -> Vec<u8> {
        let one = |segment: rosterd_sdk::secrets::Segment<'_>| match segment {
            rosterd_sdk::secrets::Segment::Bytes(bytes) => bytes.to_vec(),
            rosterd_sdk::secrets::Segment::Secret(..) => panic!("a secret"),
        };
        spliced.segments().flat_map(one).collect()
    }

    /// Counted by hand, after RFC 4511.
    #[test]
    fn requests_are_those_of_the_protocol() {
        let rename = Request::Rename { dn: "cn=a".into(), rdn: "cn=b".into(), superior: Some("o=x".into()) };
        let expected = b"\x30\x19\x02\x01\x02\x6c\x14\x04\x04cn=a\x04\x04cn=b\x01\x01\xff\x80\x03o=x";
        assert_eq!(bytes(&rename.message(2, false, &[])), expected);
        let modify = Request::Modify {
            dn: "cn=a".into(),
            changes: vec![Modification::new(How::Replace, "sn", [b"b".to_vec()])],
        };
        let expected =
            b"\x30\x1d\x02\x01\x03\x66\x18\x04\x04cn=a\x30\x10\x30\x0e\x0a\x01\x02\x30\x09\x04\x02sn\x31\x03\x04\x01b";
        assert_eq!(bytes(&modify.message(3, false, &[])), expected);
        let delete = Request::Delete { dn: "cn=a".into() };
        assert_eq!(bytes(&delete.message(4, false, &[])), b"\x30\x09\x02\x01\x04\x4a\x04cn=a");
    }

    #[test]
    fn what_a_server_shows_behind_a_change_is_read() {
        let entry = [element(4, "cn=a"), element(0x30, [])].concat();
        for tag in [0x64, 0x30] {
            let controls = [control("1.2.3", None), control(POST_READ, Some(element(tag, entry.clone())))].concat();
            let shown = entry_behind(&controls).unwrap().unwrap();
            assert_eq!(&shown.dn[..], b"cn=a");
        }
        assert_eq!(entry_behind(&control("1.2.3", Some(vec![1]))), Ok(None));
        assert!(entry_behind(&[4, 1, 1]).is_err());
    }
}
