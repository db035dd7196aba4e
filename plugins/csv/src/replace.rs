//! Writes a whole new table of what is created in this run, straight to the output: exports of any size.

use crate::apply::{no_column, object, word};
use crate::publish::{Entry, Writer, wants_mark, write_journal};
use crate::settings::Settings;
use crate::sheet::Sheet;
use crate::values;
use rosterd_sdk::{Action, Applied, Class, Fault, Operation, Receipt};

/// A table being written. Its columns are those of the settings, or the attributes of the first object.
#[derive(Debug)]
pub struct Replace {
    /// Never has rows: it knows the columns.
    sheet: Sheet,
    writer: Option<Writer>,
    entries: Vec<Entry>,
}

impl Replace {
    /// Begins, without touching a file.
    ///
    /// # Errors
    /// As [`Sheet::new`].
    pub fn begin(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { sheet: Sheet::new(settings)?, writer: None, entries: Vec::new() })
    }

    /// Writes one object.
    pub fn apply(&mut self, operation: &Operation, settings: &Settings) -> Receipt {
        let Action::Create(attributes) = &operation.action else {
            let message = "a table that is replaced as a whole (replace = true) takes creates only";
            return Receipt::Failed(Fault::unsupported(message));
        };
        if operation.class != Class::from(settings.class) {
            return Receipt::Failed(Fault::unsupported("the table holds objects of another class").about("class"));
        }
        match self.write(attributes, settings) {
            Err(fault) => Receipt::Failed(fault),
            Ok(applied) => {
                if settings.journal.is_some() {
                    let action = word(&operation.action);
                    self.entries.push(Entry { key: operation.key.clone(), action, id: applied.id.clone() });
                }
                Receipt::Applied(applied)
            }
        }
    }

    /// Publishes the table. Without any create the old one stays: an empty run is no empty company.
    ///
    /// # Errors
    /// What the host met; then the old table is still there.
    pub fn publish(&mut self, settings: &Settings) -> Result<(), Fault> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let table = writer.finish()?;
        if let Some(journal) = &settings.journal {
            write_journal(journal, &self.entries)?.commit()?;
        }
        table.commit()
    }

    fn write(&mut self, json: &str, settings: &Settings) -> Result<Applied, Fault> {
        let attributes = object(json)?;
        if self.writer.is_none() {
            if settings.columns.is_empty() {
                for name in attributes.keys() {
                    // A name without a column is told as a problem of each object.
                    let _ = self.sheet.column(name, settings);
                }
            }
            let encoding = self.sheet.encoding;
            let mark = wants_mark(settings, encoding);
            let mut writer = Writer::create(&settings.file, encoding, self.sheet.delimiter, mark, settings.raw)?;
            let headers = self.sheet.columns.all.iter().map(|column| column.header.as_str());
            writer.row(headers, self.sheet.columns.all.len())?;
            self.writer = Some(writer);
        }
        let columns = self.sheet.columns.all.len();
        let mut cells = vec![String::new(); columns];
        let mut problems = Vec::new();
        for (name, value) in &attributes {
            // The header is written: what comes later finds a column or none.
            match self.sheet.columns.position(name).or_else(|| self.meant(name, settings)) {
                Some(column) => {
                    cells[column] = values::cell(value, self.sheet.columns.all[column].kind)
                        .map_err(|message| Fault::invalid(message).about(name))?;
                }
                None => problems.push(no_column(name)),
            }
        }
        let id = crate::clean::clean(&cells[self.sheet.columns.id]).into_owned();
        if id.is_empty() {
            let attribute = self.sheet.columns.all[self.sheet.columns.id].attribute.clone();
            return Err(
                Fault::invalid(format!("the object has no {attribute}, which is the id of the table")).about(attribute)
            );
        }
        if let Some(writer) = &mut self.writer {
            writer.row(cells.iter().map(String::as_str), columns)?;
        }
        Ok(Applied { id, version: None, observed: None, problems })
    }

    fn meant(&self, name: &str, settings: &Settings) -> Option<usize> {
        let twin = if name == "orgUnit" { "org_path".to_owned() } else { crate::header::attribute_of(name, settings) };
        self.sheet.columns.position(&twin)
    }
}
