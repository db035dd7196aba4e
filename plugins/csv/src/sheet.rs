//! A whole table in memory, for merging operations into it.
//!
//! A row is one text with NUL between its cells, since a million small texts would cost several times their bytes.
//! A table too large for this is written with `replace = true`, which keeps nothing.

use crate::clean::clean;
use crate::decode::Encoding;
use crate::header::{Column, Columns, attribute_of};
use crate::neutralise;
use crate::pull;
use crate::rows::Row;
use crate::settings::Settings;
use rosterd_sdk::{Fault, FaultKind};
use std::collections::HashMap;

/// More bytes of table than this are not merged.
const MAXIMUM_BYTES: u64 = 256 * 1024 * 1024;
/// Stands in the index for an id that several rows have.
const SEVERAL: usize = usize::MAX;

/// A table.
#[derive(Debug)]
pub struct Sheet {
    /// What the columns mean.
    pub columns: Columns,
    /// How the file was encoded, or is to be.
    pub encoding: Encoding,
    /// What stands between cells.
    pub delimiter: char,
    rows: Vec<Option<Box<str>>>,
    index: HashMap<Box<str>, usize>,
}

/// Where an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nowhere.
    Nowhere,
    /// In this row.
    At(usize),
    /// In several rows: nobody knows which is meant.
    Several,
}

impl Sheet {
    /// Reads the file of the settings, or begins a table if there is none.
    ///
    /// # Errors
    /// `settings` if the file is too large to merge or has rows that would be lost; as [`pull::open`].
    pub fn load(settings: &Settings) -> Result<Self, Fault> {
        match rosterd_sdk::files::open(&settings.file) {
            Ok(input) if input.size().is_some_and(|size| size > MAXIMUM_BYTES) => {
                return Err(Fault::settings(format!(
                    "the file {} is larger than 256 MiB and can not be merged; write whole files with replace = true",
                    settings.file
                ))
                .about("replace"));
            }
            Ok(_) => {}
            Err(fault) if fault.kind == FaultKind::NotFound => return Self::new(settings),
            Err(fault) => return Err(fault),
        }
        let (mut rows, columns, encoding) = pull::open(settings, None)?;
        let mut sheet =
            Self { columns, encoding, delimiter: rows.delimiter(), rows: Vec::new(), index: HashMap::new() };
        let mut row = Row::default();
        while rows.read(&mut row)? {
            let surplus = (sheet.columns.all.len()..row.len()).any(|cell| !row.cell(cell).trim().is_empty());
            if row.damage.is_some() || surplus {
                return Err(Fault::settings(format!(
                    "line {} of {} can not be read whole, and writing the file would lose a part of it; mend the line",
                    row.line, settings.file
                )));
            }
            let cells = (0..sheet.columns.all.len()).map(|cell| row.cell(cell));
            let cells: Vec<&str> = if settings.raw { cells.collect() } else { cells.map(neutralise::strip).collect() };
            sheet.append(&cells);
        }
        Ok(sheet)
    }

    /// An empty table with the columns of the settings.
    ///
    /// # Errors
    /// `settings` if the id is not among them.
    pub fn new(settings: &Settings) -> Result<Self, Fault> {
        let mut headers: Vec<String> = settings.columns.iter().map(|column| column.header.clone()).collect();
        if headers.is_empty() {
            headers.push(settings.id.clone());
        }
        let columns = Columns::of_headers(&headers, settings)?;
        let delimiter = settings.delimiter_byte()?.map_or(',', char::from);
        let encoding = settings.encoding.unwrap_or(Encoding::Utf8);
        Ok(Self { columns, encoding, delimiter, rows: Vec::new(), index: HashMap::new() })
    }

    /// The column of an attribute; made if the settings leave the columns open.
    #[must_use]
    pub fn column(&mut self, attribute: &str, settings: &Settings) -> Option<usize> {
        let twin = match attribute {
            "orgUnit" => "org_path",
            "org_path" => "orgUnit",
            other => other,
        };
        let meant = attribute_of(attribute, settings);
        let position = [attribute, twin, &meant].into_iter().find_map(|name| self.columns.position(name));
        if position.is_some() {
            return position;
        }
        let wanted = settings.columns.iter().find(|column| column.attribute == attribute || column.attribute == twin);
        let header = match wanted {
            Some(column) => &column.header,
            None if settings.columns.is_empty() => attribute,
            None => return None,
        };
        let mut headers: Vec<String> = self.columns.all.iter().map(|column: &Column| column.header.clone()).collect();
        headers.push(header.to_owned());
        // A header that is refused (a password, a second meaning) makes no column.
        let columns = Columns::of_headers(&headers, settings).ok()?;
        columns.position(&columns.all.last()?.attribute.clone())?;
        self.columns = columns;
        Some(self.columns.all.len() - 1)
    }

    /// Where an id is.
    #[must_use]
    pub fn place(&self, id: &str) -> Place {
        match self.index.get(clean(id).as_ref()) {
            None => Place::Nowhere,
            Some(&SEVERAL) => Place::Several,
            Some(&row) => Place::At(row),
        }
    }

    /// The cells of a row, one for each column.
    #[must_use]
    pub fn cells(&self, row: usize) -> Vec<String> {
        let text = self.rows.get(row).and_then(Option::as_deref).unwrap_or_default();
        let mut cells: Vec<String> = text.split('\0').map(str::to_owned).collect();
        cells.resize(self.columns.all.len(), String::new());
        cells
    }

    /// All rows that are there.
    pub fn rows(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(Option::as_deref)
    }

    /// Adds a row.
    pub fn append<S: AsRef<str>>(&mut self, cells: &[S]) {
        let id = cells.get(self.columns.id).map(|id| clean(id.as_ref()).into_owned()).unwrap_or_default();
        if !id.is_empty() {
            let row = self.rows.len();
            self.index.entry(id.into()).and_modify(|place| *place = SEVERAL).or_insert(row);
        }
        self.rows.push(Some(pack(cells)));
    }

    /// Puts other cells into a row. Who changes the id has looked before that the new one is free.
    pub fn replace(&mut self, row: usize, cells: &[String]) {
        let before = clean(&self.cells(row)[self.columns.id]).into_owned();
        let after = clean(&cells[self.columns.id]).into_owned();
        if before != after {
            self.index.remove(before.as_str());
            self.index.insert(after.into(), row);
        }
        self.rows[row] = Some(pack(cells));
    }

    /// Takes a row out.
    pub fn remove(&mut self, row: usize) {
        let id = clean(&self.cells(row)[self.columns.id]).into_owned();
        self.index.remove(id.as_str());
        self.rows[row] = None;
    }
}

fn pack<S: AsRef<str>>(cells: &[S]) -> Box<str> {
    let mut text = String::with_capacity(cells.iter().map(|cell| cell.as_ref().len() + 1).sum());
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push('\0');
        }
        text.push_str(cell.as_ref());
    }
    text.into_boxed_str()
}
