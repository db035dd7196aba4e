//! A parsed TOML file as a tree in which everything knows its place.

use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value and its place in the text, in bytes.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it stands.
    pub(crate) place: Range<usize>,
    /// What it is.
    pub(crate) item: Item,
}

/// What stands in a file.
#[derive(Debug)]
pub(crate) enum Item {
    /// Text.
    Text(String),
    /// A whole number, as written.
    Integer(String),
    /// A number with a fraction, as written.
    Decimal(String),
    /// True or false.
    Bool,
    /// A date, a time, or both.
    Time,
    /// An array.
    List(Vec<Node>),
    /// A table.
    Table(Vec<Entry>),
}

/// A key of a table with its value.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The key without quotes.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) place: Range<usize>,
    /// The value.
    pub(crate) node: Node,
}

impl Node {
    /// The tree of a table.
    pub(crate) fn table(place: Range<usize>, table: &DeTable<'_>) -> Self {
        let entries = table.iter().map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: key.span(),
            node: Self::value(value.span(), value.get_ref()),
        });
        Self { place, item: Item::Table(entries.collect()) }
    }

    fn value(place: Range<usize>, value: &DeValue<'_>) -> Self {
        let item = match value {
            DeValue::String(text) => Item::Text(text.to_string()),
            DeValue::Integer(number) => Item::Integer(number.to_string()),
            DeValue::Float(number) => Item::Decimal(number.to_string()),
            DeValue::Boolean(_) => Item::Bool,
            DeValue::Datetime(_) => Item::Time,
            DeValue::Array(values) => {
                Item::List(values.iter().map(|value| Self::value(value.span(), value.get_ref())).collect())
            }
            DeValue::Table(table) => return Self::table(place, table),
        };
        Self { place, item }
    }

    /// The entries of a table; none for everything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.item {
            Item::Table(entries) => entries,
            _ => &[],
        }
    }
}

impl Item {
    /// The type's name in a JSON schema.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Integer(_) => "integer",
            Self::Decimal(_) => "number",
            Self::Bool => "boolean",
            // No schema asks for one.
            Self::Time => "date",
            Self::List(_) => "array",
            Self::Table(_) => "object",
        }
    }
}
