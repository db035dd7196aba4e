//! The settings of a connection to a table. Their schema for operators stands in `connector.toml`.

use crate::decode::Encoding;
use rosterd_sdk::{Class, Fault};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the operator wrote, defaults filled in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Name of the table.
    pub file: String,
    /// Header or attribute name of the column that holds the immutable id.
    pub id: String,
    /// How the file is encoded; none: it is found out.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// What stands between cells; none: it is found out, and a new file gets a comma.
    #[serde(default)]
    pub delimiter: Option<String>,
    /// What stands between the parts of a path of org units.
    #[serde(default = "slash")]
    pub org_separator: String,
    /// Headers or attribute names of columns whose cells hold several values, separated by `;`.
    #[serde(default)]
    pub multi_value: Vec<String>,
    /// A cell of exactly this text says that the attribute is empty; none: nothing can say it.
    #[serde(default)]
    pub clear_token: Option<String>,
    /// Attribute names by header, ahead of the built-in names.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The kind of object that a row is.
    #[serde(default)]
    pub class: RowClass,
    /// Language of the people who open the file in a spreadsheet.
    #[serde(default)]
    pub locale: Locale,
    /// True: cells are written and read as they are, without protection from spreadsheet formulas.
    #[serde(default)]
    pub raw: bool,
    /// Destination: the columns of a new file, in order.
    #[serde(default)]
    pub columns: Vec<ColumnSetting>,
    /// Destination: whether the file begins with a byte order mark; none: only for Chinese spreadsheets, which need it.
    #[serde(default)]
    pub bom: Option<bool>,
    /// Destination: a file that gets one line for every operation that changed something.
    #[serde(default)]
    pub journal: Option<String>,
    /// Destination: the column that `enable` and `disable` write.
    #[serde(default)]
    pub status: Option<StatusSetting>,
    /// Destination: true writes a new file of what is created in this run, without looking at the old one.
    #[serde(default)]
    pub replace: bool,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowClass {
    /// A person's or a service's account.
    #[default]
    Account,
    /// An org unit.
    OrgUnit,
    /// A group.
    Group,
}

impl From<RowClass> for Class {
    fn from(class: RowClass) -> Self {
        match class {
            RowClass::Account => Self::Account,
            RowClass::OrgUnit => Self::OrgUnit,
            RowClass::Group => Self::Group,
        }
    }
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// A column of a new file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSetting {
    /// The attribute that it holds.
    pub attribute: String,
    /// Its header.
    pub header: String,
}

/// The column for the status.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusSetting {
    /// Its header.
    pub header: String,
    /// The cell of an account that may be used.
    pub enabled: String,
    /// The cell of an account that may not.
    pub disabled: String,
}

impl Settings {
    /// The delimiter as a byte, where it was set.
    ///
    /// # Errors
    /// `settings` if it is not one ASCII character that can separate cells.
    pub fn delimiter_byte(&self) -> Result<Option<u8>, Fault> {
        let Some(text) = self.delimiter.as_deref() else { return Ok(None) };
        match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0 | b'\'') => Ok(Some(*byte)),
            _ => Err(Fault::settings(format!(
                "the setting delimiter is {text:?}; it must be one ASCII character such as \",\" or \";\" or \"\\t\""
            ))
            .about("delimiter")),
        }
    }

    /// Settings that no schema can check.
    ///
    /// # Errors
    /// `settings`, naming the one that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        self.delimiter_byte()?;
        if self.id.trim().is_empty() {
            return Err(
                Fault::settings("the setting id is empty; name the column that holds the immutable id").about("id")
            );
        }
        let mut separator = self.org_separator.chars();
        if !matches!((separator.next(), separator.next()), (Some(one), None) if one != '\\') {
            return Err(Fault::settings("the setting org-separator must be one character other than the backslash")
                .about("org-separator"));
        }
        if self.journal.as_deref() == Some(self.file.as_str()) {
            return Err(Fault::settings("the settings file and journal name the same file").about("journal"));
        }
        Ok(())
    }
}

fn slash() -> String {
    "/".to_owned()
}
