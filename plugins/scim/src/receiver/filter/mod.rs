//! Filters (RFC 7644, section 3.4.2.2) and paths (section 3.5.2) as trees.
//!
//! The grammar is our own: the one crate that is kept well (scim_v2 1.0) refuses `$ref` in paths and compiles its tables of
//! regular expressions anew in every instance of the component.

pub mod bound;
pub mod matches;
pub mod parse;
mod token;

use serde_json::Value;

/// An attribute as a filter or a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The urn before it; none: of the core.
    pub schema: Option<String>,
    /// The attribute; empty: the whole extension.
    pub attribute: String,
    /// A member of its values.
    pub member: Option<String>,
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the operators of RFC 7644")]
pub enum Is {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
    Pr,
}

impl Is {
    const ALL: [(&'static str, Self); 10] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
        ("pr", Self::Pr),
    ];

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, is)| is)
    }

    /// The operator.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, is)| *is == self).map_or("", |(name, _)| name)
    }

    /// One of greater and less.
    #[must_use]
    pub const fn orders(self) -> bool {
        matches!(self, Self::Gt | Self::Ge | Self::Lt | Self::Le)
    }
}

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Self>),
    /// One of them.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// An attribute and a value; null for `pr`.
    Compare(Name, Is, Value),
    /// One element of an attribute fits.
    Within(Name, Box<Self>),
}

/// A path of PATCH.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The attribute, and the member after the filter.
    pub name: Name,
    /// Which of its values.
    pub filter: Option<Filter>,
}

impl Name {
    /// The name that a word is; none: it is none. A urn has dots of its own (`2.0`), so the attribute begins after the
    /// last colon.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let (schema, rest) = match word.rsplit_once(':') {
            Some((schema, rest)) if schema.len() > 4 && schema.as_bytes()[..4].eq_ignore_ascii_case(b"urn:") => {
                (Some(schema), rest)
            }
            Some(_) => return None,
            None => (None, word),
        };
        let mut parts = rest.split('.');
        let attribute = parts.next().filter(|part| is_name(part))?;
        let member = parts.next();
        if parts.next().is_some() || member.is_some_and(|member| !is_name(member)) {
            return None;
        }
        let owned = str::to_owned;
        Some(Self { schema: schema.map(owned), attribute: owned(attribute), member: member.map(owned) })
    }

    /// The same with what its urn means: that of the core means nothing, that of an extension alone means all of it.
    #[must_use]
    pub fn resolved<'u>(mut self, core: &str, extensions: impl Iterator<Item = &'u str>) -> Self {
        let Some(schema) = &self.schema else { return self };
        if schema.eq_ignore_ascii_case(core) {
            self.schema = None;
            return self;
        }
        let tail = self.member.as_ref().map(|member| format!(".{member}")).unwrap_or_default();
        let whole = format!("{schema}:{}{tail}", self.attribute);
        for urn in extensions {
            if urn.eq_ignore_ascii_case(&whole) {
                return Self { schema: Some(urn.to_owned()), attribute: String::new(), member: None };
            }
            if urn.eq_ignore_ascii_case(schema) {
                self.schema = Some(urn.to_owned());
                return self;
            }
        }
        self
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        let schema = self.schema.as_ref().map(|schema| format!("{schema}:")).unwrap_or_default();
        let member = self.member.as_ref().map(|member| format!(".{member}")).unwrap_or_default();
        format!("{schema}{}{member}", self.attribute)
    }
}

impl Filter {
    /// The same with other names.
    #[must_use]
    pub fn renamed(self, with: &impl Fn(Name) -> Name) -> Self {
        let each = |list: Vec<Self>| list.into_iter().map(|one| one.renamed(with)).collect();
        match self {
            Self::And(list) => Self::And(each(list)),
            Self::Or(list) => Self::Or(each(list)),
            Self::Not(inner) => Self::Not(Box::new(inner.renamed(with))),
            Self::Compare(name, is, value) => Self::Compare(with(name), is, value),
            Self::Within(name, inner) => Self::Within(with(name), inner),
        }
    }
}

/// The name of an attribute or of a member.
#[must_use]
pub fn is_name(part: &str) -> bool {
    let rest = part.strip_prefix('$').unwrap_or(part);
    rest.starts_with(|first: char| first.is_ascii_alphabetic())
        && rest.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        && part.len() <= 128
}
