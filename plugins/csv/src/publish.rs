//! Writes tables: every cell quoted, formulas made harmless, the file visible only as a whole.

use crate::decode::Decoded;
use crate::decode::{Encoding, encode};
use crate::neutralise;
use crate::rows::{Row, Rows};
use crate::settings::{Locale, Settings};
use crate::sheet::Sheet;
use rosterd_sdk::{Fault, FaultKind, files};
use std::collections::HashSet;

/// Bytes handed to the host at once.
const CHUNK: usize = 256 * 1024;

/// One effective operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Key of the operation.
    pub key: String,
    /// What was done.
    pub action: &'static str,
    /// Id of the row.
    pub id: String,
}

/// A table being written beside the published one.
#[derive(Debug)]
pub struct Writer {
    output: files::Output,
    text: String,
    encoding: Encoding,
    delimiter: char,
    raw: bool,
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// What the host met.
    pub fn create(name: &str, encoding: Encoding, delimiter: char, mark: bool, raw: bool) -> Result<Self, Fault> {
        let mut text = String::with_capacity(CHUNK + 4096);
        if mark {
            text.push('\u{FEFF}');
        }
        Ok(Self { output: files::create(name)?, text, encoding, delimiter, raw })
    }

    /// Appends a row of so many columns; cells that are missing are empty.
    ///
    /// # Errors
    /// What the host met; `invalid` for a character that the encoding has not.
    pub fn row<'a>(&mut self, mut cells: impl Iterator<Item = &'a str>, columns: usize) -> Result<(), Fault> {
        for index in 0..columns {
            if index > 0 {
                self.text.push(self.delimiter);
            }
            let cell = cells.next().unwrap_or_default();
            self.text.push('"');
            let cell = if self.raw { cell.into() } else { neutralise::protect(cell) };
            if cell.contains('"') {
                self.text.push_str(&cell.replace('"', "\"\""));
            } else {
                self.text.push_str(&cell);
            }
            self.text.push('"');
        }
        self.text.push_str("\r\n");
        if self.text.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Hands everything to the host, and gives the file that only waits for its commit.
    ///
    /// # Errors
    /// As [`Writer::row`].
    pub fn finish(mut self) -> Result<files::Output, Fault> {
        self.flush()?;
        Ok(self.output)
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let bytes = encode(&self.text, self.encoding).ok_or_else(|| {
            Fault::invalid(format!("a cell holds a character that {} has not; set encoding = \"utf-8\"", self.encoding))
        })?;
        self.text.clear();
        self.output.write(&bytes)
    }
}

/// Whether a file begins with a byte order mark.
#[must_use]
pub fn wants_mark(settings: &Settings, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Utf8 => settings.bom.unwrap_or(settings.locale == Locale::Zh),
        Encoding::Utf16Le | Encoding::Utf16Be => true,
        _ => false,
    }
}

/// Writes the table, ready to be committed.
///
/// # Errors
/// As [`Writer::row`].
pub fn write_sheet(sheet: &Sheet, settings: &Settings) -> Result<files::Output, Fault> {
    let mark = wants_mark(settings, sheet.encoding);
    let mut writer = Writer::create(&settings.file, sheet.encoding, sheet.delimiter, mark, settings.raw)?;
    let columns = sheet.columns.all.len();
    writer.row(sheet.columns.all.iter().map(|column| column.header.as_str()), columns)?;
    for row in sheet.rows() {
        writer.row(row.split('\0'), columns)?;
    }
    writer.finish()
}

/// Writes the journal with these entries behind what it holds. A key that it holds already is not written again: the
/// journal is published before the table, so after a failure in between the same keys come once more.
///
/// # Errors
/// What the host met; `invalid` if the journal is no journal.
pub fn write_journal(name: &str, entries: &[Entry]) -> Result<files::Output, Fault> {
    let mut writer = Writer::create(name, Encoding::Utf8, ',', false, false)?;
    writer.row(["key", "action", "id"].into_iter(), 3)?;
    let ours: HashSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let mut written: HashSet<String> = HashSet::new();
    match Decoded::open(name, Encoding::Utf8) {
        Err(fault) if fault.kind == FaultKind::NotFound => {}
        Err(fault) => return Err(fault),
        Ok(decoded) => {
            let mut rows = Rows::open(decoded, Some(b','))?;
            let mut row = Row::default();
            let mut first = true;
            while rows.read(&mut row)? {
                if std::mem::take(&mut first) {
                    continue;
                }
                if ours.contains(row.cell(0)) {
                    written.insert(row.cell(0).to_owned());
                }
                writer.row(row.cells().map(neutralise::strip), 3)?;
            }
        }
    }
    for entry in entries {
        if written.insert(entry.key.clone()) {
            writer.row([entry.key.as_str(), entry.action, &entry.id].into_iter(), 3)?;
        }
    }
    writer.finish()
}
