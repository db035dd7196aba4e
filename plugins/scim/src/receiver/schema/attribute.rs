//! One attribute of a schema, with the characteristics of RFC 7643, section 2.2.

use serde_json::{Map, Value, json};

/// Types of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the types of RFC 7643, by their names there")]
pub enum Type {
    String,
    Boolean,
    DateTime,
    Binary,
    Reference,
    Complex,
}

/// Whether clients can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of RFC 7643")]
pub enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
    WriteOnly,
}

/// When it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of RFC 7643")]
pub enum Returned {
    Always,
    Default,
    Request,
    Never,
}

/// An attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// As the RFC writes it.
    pub name: &'static str,
    /// Type of its values.
    pub kind: Type,
    /// Several values.
    pub multi: bool,
    /// A resource has it.
    pub required: bool,
    /// Case counts when it is compared.
    pub exact: bool,
    /// No two resources of the kind have the same.
    pub unique: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is shown.
    pub returned: Returned,
    /// What it refers to, or the values that are usual.
    pub words: &'static [&'static str],
    /// Members of a complex value.
    pub members: &'static [Attribute],
    /// A sentence for people.
    pub about: &'static str,
}

impl Attribute {
    /// A text.
    #[must_use]
    pub const fn text(name: &'static str, about: &'static str) -> Self {
        Self::of(name, Type::String, about)
    }

    /// Any type.
    #[must_use]
    pub const fn of(name: &'static str, kind: Type, about: &'static str) -> Self {
        let exact = matches!(kind, Type::Reference | Type::Binary);
        Self {
            name,
            kind,
            multi: false,
            required: false,
            exact,
            unique: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            words: &[],
            members: &[],
            about,
        }
    }

    /// A value of members.
    #[must_use]
    pub const fn complex(name: &'static str, about: &'static str, members: &'static [Self]) -> Self {
        Self { members, ..Self::of(name, Type::Complex, about) }
    }

    /// The same with several values.
    #[must_use]
    pub const fn many(self) -> Self {
        Self { multi: true, ..self }
    }

    /// The same, required.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, compared by its case.
    #[must_use]
    pub const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    /// The same, unique.
    #[must_use]
    pub const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// The same, not to be changed by clients.
    #[must_use]
    pub const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    /// The same, not to be changed once it is there.
    #[must_use]
    pub const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    /// The same, taken and never shown.
    #[must_use]
    pub const fn write_only(self) -> Self {
        Self { mutability: Mutability::WriteOnly, returned: Returned::Never, ..self }
    }

    /// The same, shown to who asks for it.
    #[must_use]
    pub const fn on_request(self) -> Self {
        Self { returned: Returned::Request, ..self }
    }

    /// The same with the values that are usual, or the types that it refers to.
    #[must_use]
    pub const fn words(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    /// A member by its name, in which case does not count.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&'static Self> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name))
    }

    /// As `/Schemas` shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let kind = match self.kind {
            Type::String => "string",
            Type::Boolean => "boolean",
            Type::DateTime => "dateTime",
            Type::Binary => "binary",
            Type::Reference => "reference",
            Type::Complex => "complex",
        };
        let mutability = match self.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
            Mutability::WriteOnly => "writeOnly",
        };
        let returned = match self.returned {
            Returned::Always => "always",
            Returned::Default => "default",
            Returned::Request => "request",
            Returned::Never => "never",
        };
        let mut all = Map::new();
        let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
        put("name", self.name.into());
        put("type", kind.into());
        put("multiValued", self.multi.into());
        put("description", self.about.into());
        put("required", self.required.into());
        if self.kind == Type::String || self.kind == Type::Reference || self.kind == Type::Binary {
            put("caseExact", self.exact.into());
        }
        put("mutability", mutability.into());
        put("returned", returned.into());
        put("uniqueness", if self.unique { "server" } else { "none" }.into());
        if self.kind == Type::Reference {
            put("referenceTypes", json!(self.words));
        } else if !self.words.is_empty() {
            put("canonicalValues", json!(self.words));
        }
        if !self.members.is_empty() {
            put("subAttributes", self.members.iter().map(Self::to_json).collect());
        }
        Value::Object(all)
    }
}
