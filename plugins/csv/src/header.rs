//! What the columns of a table mean: header by header to attribute names, never by a guess.

use crate::aliases;
use crate::clean::clean;
use crate::neutralise;
use crate::rows::Row;
use crate::settings::Settings;
use rosterd_sdk::Fault;

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every character counts.
    Text,
    /// Numbers, addresses, ids: compatible form, trimmed.
    Clean,
    /// As `Clean`, and a spreadsheet may have destroyed the value.
    Number,
    /// Several values, each as `Text`.
    Multi,
    /// A path of org units.
    OrgPath,
    /// The id of another row.
    Manager,
    /// Not read at all.
    Ignored,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Name of the attribute.
    pub attribute: String,
    /// The header as it stands in the file.
    pub header: String,
    /// How its cells are read.
    pub kind: Kind,
    /// True if the attribute name comes from the header alone.
    pub unknown: bool,
}

/// The columns of a table.
#[derive(Debug, Clone)]
pub struct Columns {
    /// In the order of the file.
    pub all: Vec<Column>,
    /// Which of them holds the id.
    pub id: usize,
}

impl Columns {
    /// Reads a header row.
    ///
    /// # Errors
    /// `settings` for two columns of one meaning, or if the id column is not there.
    pub fn parse(row: &Row, settings: &Settings) -> Result<Self, Fault> {
        let mut headers: Vec<String> = row.cells().map(|cell| raw_header(cell, settings)).collect();
        while headers.last().is_some_and(String::is_empty) {
            headers.pop();
        }
        Self::of_headers(&headers, settings)
    }

    /// The columns with these headers.
    ///
    /// # Errors
    /// As [`Columns::parse`].
    pub fn of_headers(headers: &[String], settings: &Settings) -> Result<Self, Fault> {
        let mut all: Vec<Column> = Vec::with_capacity(headers.len());
        for (index, header) in headers.iter().enumerate() {
            let column = column(header, settings);
            let twin = all.iter().position(|other| other.kind != Kind::Ignored && other.attribute == column.attribute);
            if let (Some(twin), false) = (twin, column.kind == Kind::Ignored) {
                return Err(Fault::settings(format!(
                    "columns {} ({:?}) and {} ({header:?}) both mean the attribute {}; remove one, or give one of them \
                     another name in the setting headers",
                    twin + 1,
                    all[twin].header,
                    index + 1,
                    column.attribute
                ))
                .about(column.attribute));
            }
            all.push(column);
        }
        let wanted = aliases::key(&settings.id);
        let by_header = all.iter().position(|column| !wanted.is_empty() && aliases::key(&column.header) == wanted);
        let id = by_header
            .or_else(|| all.iter().position(|column| column.attribute == attribute_of(&settings.id, settings)));
        let id = id.filter(|&id| all[id].kind != Kind::Ignored).ok_or_else(|| missing_id(&all, settings))?;
        if matches!(all[id].kind, Kind::Multi | Kind::OrgPath | Kind::Manager) {
            return Err(Fault::settings(format!(
                "the column {:?} can not be the id: it holds a list, a path or a reference",
                all[id].header
            ))
            .about("id"));
        }
        all[id].kind = Kind::Number;
        Ok(Self { all, id })
    }

    /// Where an attribute stands.
    #[must_use]
    pub fn position(&self, attribute: &str) -> Option<usize> {
        self.all.iter().position(|column| column.kind != Kind::Ignored && column.attribute == attribute)
    }

    /// Headers that only gave their own name, and headers that are not read, for the operator.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let headers = |pick: fn(&Column) -> bool| {
            let names: Vec<String> =
                self.all.iter().filter(|column| pick(column)).map(|column| column.header.clone()).collect();
            names.join(", ")
        };
        let unknown = headers(|column| column.unknown && column.kind != Kind::Ignored);
        let ignored = headers(|column| column.kind == Kind::Ignored && !column.header.is_empty());
        let mut remarks = Vec::new();
        if !unknown.is_empty() {
            remarks.push(format!("columns without a known meaning keep their own names: {unknown}"));
        }
        if !ignored.is_empty() {
            remarks.push(format!("columns with passwords are not read: {ignored}"));
        }
        remarks
    }
}

/// The attribute that a header or a setting means.
#[must_use]
pub fn attribute_of(header: &str, settings: &Settings) -> String {
    let key = aliases::key(header);
    let configured =
        settings.headers.iter().find(|(name, _)| aliases::key(name) == key).map(|(_, attribute)| attribute);
    let column =
        settings.columns.iter().find(|column| aliases::key(&column.header) == key).map(|column| &column.attribute);
    configured.or(column).cloned().or_else(|| aliases::known(header)).unwrap_or_else(|| aliases::name(header))
}

fn column(header: &str, settings: &Settings) -> Column {
    let attribute = attribute_of(header, settings);
    let is = |name: &String| *name == attribute || aliases::key(name) == aliases::key(header);
    let kind = if attribute.is_empty() || aliases::is_password(header) {
        Kind::Ignored
    } else if settings.multi_value.iter().any(is) {
        Kind::Multi
    } else {
        match attribute.as_str() {
            "org_path" | "orgUnit" => Kind::OrgPath,
            "manager" => Kind::Manager,
            "mobile" | "employee_number" | "external_id" | "area_code" => Kind::Number,
            "email" | "status" | "username" => Kind::Clean,
            _ => Kind::Text,
        }
    };
    let configured =
        settings.headers.values().any(is) || settings.columns.iter().any(|column| column.attribute == attribute);
    let unknown = !configured && aliases::known(header).is_none();
    Column { attribute, header: header.to_owned(), kind, unknown }
}

fn raw_header(cell: &str, settings: &Settings) -> String {
    let cell = if settings.raw { cell } else { neutralise::strip(cell) };
    clean(cell).into_owned()
}

fn missing_id(all: &[Column], settings: &Settings) -> Fault {
    let found: Vec<String> = all.iter().map(|column| format!("{:?}", column.header)).collect();
    Fault::settings(format!(
        "the file {} has no column {:?} for the id; it has {}. Correct the setting id, or the delimiter and encoding if \
         the columns look wrong",
        settings.file,
        settings.id,
        if found.is_empty() { "no columns".to_owned() } else { found.join(", ") }
    ))
    .about("id")
}
