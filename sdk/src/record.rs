//! Objects, references and changes, and the builder that writes them.

use crate::attributes::Attributes;

#[doc(inline)]
pub use crate::bindings::imports::rosterd::connector::types::{
    Amendment, Change, Class, Departure, DepartureCause, Edit, Hint, Object, ObjectRef, Rejection,
};

/// Starts the record of one object.
///
/// ```
/// use rosterd_sdk::{Class, record};
/// let object = record(Class::Account, "17").text("displayName", "Li \"Lee\" Hua").null("title").build();
/// assert_eq!(object.attributes, r#"{"displayName":"Li \"Lee\" Hua","title":null}"#);
/// ```
pub fn record(class: Class, id: impl Into<String>) -> Record {
    Record { class, id: id.into(), previous_id: None, version: None, attributes: Attributes::default(), partial: false }
}

/// The record of one object, being built. A name given twice would be an invalid record: give each once.
#[derive(Debug, Clone)]
pub struct Record {
    class: Class,
    id: String,
    previous_id: Option<String>,
    version: Option<String>,
    attributes: Attributes,
    partial: bool,
}

impl Record {
    /// Says that the attribute has this text.
    #[must_use]
    pub fn text(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.attributes.text(name, value.as_ref());
        self
    }

    /// Says that the attribute has this text; says nothing if there is none.
    #[must_use]
    pub fn maybe_text(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Says that the attribute is true or false.
    #[must_use]
    pub fn boolean(mut self, name: &str, value: bool) -> Self {
        self.attributes.boolean(name, value);
        self
    }

    /// Says that the attribute is this whole number.
    #[must_use]
    pub fn integer(mut self, name: &str, value: i64) -> Self {
        self.attributes.integer(name, value);
        self
    }

    /// Says that the attribute has these texts as values.
    #[must_use]
    pub fn list<S: AsRef<str>>(mut self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        self.attributes.list(name, values);
        self
    }

    /// Says that the attribute refers to this object of the same connection.
    #[must_use]
    pub fn reference(mut self, name: &str, class: Class, id: impl AsRef<str>) -> Self {
        self.attributes.reference(name, class, id.as_ref());
        self
    }

    /// Says that the attribute refers to these objects of the same connection.
    #[must_use]
    pub fn references<S: AsRef<str>>(mut self, name: &str, ids: impl IntoIterator<Item = (Class, S)>) -> Self {
        self.attributes.references(name, ids);
        self
    }

    /// Says that the attribute is empty.
    #[must_use]
    pub fn null(mut self, name: &str) -> Self {
        self.attributes.null(name);
        self
    }

    /// Says that the attribute has this value, given as JSON text.
    #[must_use]
    pub fn json(mut self, name: &str, value: &str) -> Self {
        self.attributes.json(name, value);
        self
    }

    /// Takes attributes that were written elsewhere, instead of those so far.
    #[must_use]
    pub fn attributes(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self
    }

    /// The object was known under this id before.
    #[must_use]
    pub fn previous_id(mut self, id: impl Into<String>) -> Self {
        self.previous_id = Some(id.into());
        self
    }

    /// The source's version, etag or change number of the object.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Only the attributes given are known; the others must not be touched.
    #[must_use]
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// The object.
    #[must_use]
    pub fn build(self) -> Object {
        Object {
            class: self.class,
            id: self.id,
            previous_id: self.previous_id,
            version: self.version,
            attributes: self.attributes.finish(),
            partial: self.partial,
        }
    }

    /// The statement "the object is so".
    #[must_use]
    pub fn upsert(self) -> Change {
        Change::Upsert(self.build())
    }
}

impl From<Record> for Change {
    fn from(record: Record) -> Self {
        record.upsert()
    }
}

impl Class {
    /// The word of the contract: `account`, `org-unit`, `group`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::OrgUnit => "org-unit",
            Self::Group => "group",
        }
    }
}

impl Change {
    /// The object is no longer shown, and why.
    pub fn gone(class: Class, id: impl Into<String>, cause: DepartureCause) -> Self {
        Self::Gone(Departure { class, id: id.into(), cause })
    }

    /// Something was there and could not be read. `raw` is cut to 4 KiB.
    pub fn rejected(
        class: Option<Class>,
        id: Option<String>,
        position: impl Into<String>,
        message: impl Into<String>,
        raw: &str,
    ) -> Self {
        let raw = raw[..raw.floor_char_boundary(4096)].to_owned();
        Self::Rejected(Rejection { class, id, position: position.into(), message: message.into(), raw })
    }
}
