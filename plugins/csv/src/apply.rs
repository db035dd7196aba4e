//! Merges operations into the table. Nothing is visible before `finish`.

use crate::header::{Kind, attribute_of};
use crate::publish::{Entry, write_journal, write_sheet};
use crate::settings::Settings;
use crate::sheet::{Place, Sheet};
use crate::values;
use rosterd_sdk::{Action, Applied, Class, Edit, Fault, Operation, Receipt};
use serde_json::{Map, Value};

/// The table as it will be, and what changed it.
#[derive(Debug)]
pub struct Merge {
    /// The table.
    pub sheet: Sheet,
    entries: Vec<Entry>,
    changed: bool,
}

/// Cells of a row with what could not be set in it.
struct Draft {
    cells: Vec<String>,
    problems: Vec<Fault>,
}

impl Merge {
    /// Reads the published table.
    ///
    /// # Errors
    /// As [`Sheet::load`].
    pub fn begin(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { sheet: Sheet::load(settings)?, entries: Vec::new(), changed: false })
    }

    /// Applies one operation to the table in memory.
    pub fn apply(&mut self, operation: &Operation, settings: &Settings) -> Receipt {
        if operation.class != Class::from(settings.class) {
            let message =
                format!("the table {} holds no objects of the class {}", settings.file, operation.class.as_str());
            return Receipt::Failed(Fault::unsupported(message));
        }
        let result = match &operation.action {
            Action::Create(attributes) => self.create(operation, attributes, settings),
            Action::Update(edits) => self.update(operation, edits, settings),
            Action::Enable => self.set_status(operation, true, settings),
            Action::Disable => self.set_status(operation, false, settings),
            Action::SetPassword => Err(Fault::unsupported("a password has no place in a file")),
            Action::MoveTo(parent) => {
                let path = parent.as_ref().map(|parent| parent.id.as_str());
                self.update(operation, &[replacement("org_path", path)], settings)
            }
            Action::Delete => self.delete(operation),
        };
        match result {
            Err(fault) => Receipt::Failed(fault),
            Ok((applied, false)) => Receipt::Unchanged(applied),
            Ok((applied, true)) => {
                self.changed = true;
                if settings.journal.is_some() {
                    let action = word(&operation.action);
                    self.entries.push(Entry { key: operation.key.clone(), action, id: applied.id.clone() });
                }
                Receipt::Applied(applied)
            }
        }
    }

    /// Publishes the table: all or nothing, and the journal before it.
    ///
    /// # Errors
    /// What the host met; then the old table is still there.
    pub fn publish(&self, settings: &Settings) -> Result<(), Fault> {
        if !self.changed {
            return Ok(());
        }
        let table = write_sheet(&self.sheet, settings)?;
        if let Some(journal) = &settings.journal {
            write_journal(journal, &self.entries)?.commit()?;
        }
        table.commit()
    }

    fn create(&mut self, operation: &Operation, json: &str, settings: &Settings) -> Result<(Applied, bool), Fault> {
        let attributes = object(json)?;
        let columns = self.columns(attributes.keys(), settings);
        let draft = Draft { cells: vec![String::new(); self.sheet.columns.all.len()], problems: Vec::new() };
        let draft = self.fill(draft, &attributes, &columns)?;
        let id = crate::clean::clean(&draft.cells[self.sheet.columns.id]).into_owned();
        if id.is_empty() {
            let attribute = self.sheet.columns.all[self.sheet.columns.id].attribute.clone();
            let message =
                format!("the object has no {attribute}, which is the id of the table {}; map it", settings.file);
            return Err(Fault::invalid(message).about(attribute));
        }
        match self.sheet.place(&id) {
            Place::Nowhere => {
                self.sheet.append(&draft.cells);
                Ok((done(id, draft.problems), true))
            }
            Place::Several => Err(several(&id)),
            Place::At(row) => {
                let before = self.sheet.cells(row);
                let there = Draft { cells: before.clone(), problems: Vec::new() };
                let merged = self.fill(there, &attributes, &columns)?;
                if merged.cells == before {
                    return Ok((done(id, merged.problems), false));
                }
                if operation.attempt < 2 {
                    let message = format!("the table {} has a row with the id {id} and other values", settings.file);
                    return Err(Fault::already_exists(message).about(id));
                }
                self.sheet.replace(row, &merged.cells);
                Ok((done(id, merged.problems), true))
            }
        }
    }

    fn update(&mut self, operation: &Operation, edits: &[Edit], settings: &Settings) -> Result<(Applied, bool), Fault> {
        let columns = self.columns(edits.iter().map(|edit| &edit.attribute), settings);
        let (row, id) = self.find(operation)?;
        let before = self.sheet.cells(row);
        let mut cells = before.clone();
        let mut problems = Vec::new();
        for (edit, column) in edits.iter().zip(columns) {
            let Some(column) = column else {
                problems.push(no_column(&edit.attribute));
                continue;
            };
            cells[column] = values::edited(&cells[column], edit, self.sheet.columns.all[column].kind)
                .map_err(|message| Fault::invalid(message).about(&edit.attribute))?;
        }
        self.settle(row, &id, &before, &cells, problems)
    }

    fn set_status(
        &mut self,
        operation: &Operation,
        enabled: bool,
        settings: &Settings,
    ) -> Result<(Applied, bool), Fault> {
        let (column, word) = match &settings.status {
            Some(status) => {
                let attribute = attribute_of(&status.header, settings);
                let column =
                    self.sheet.column(&attribute, settings).or_else(|| self.sheet.column(&status.header, settings));
                (column, if enabled { status.enabled.as_str() } else { &status.disabled })
            }
            // What a mapped `active` would write there.
            None => (self.sheet.columns.position("status"), if enabled { "true" } else { "false" }),
        };
        let Some(column) = column else {
            let message = "the table has no status column; name one in the setting status, or let leavers be deleted";
            return Err(Fault::unsupported(message).about("status"));
        };
        let (row, id) = self.find(operation)?;
        let before = self.sheet.cells(row);
        let mut cells = before.clone();
        word.clone_into(&mut cells[column]);
        self.settle(row, &id, &before, &cells, Vec::new())
    }

    fn delete(&mut self, operation: &Operation) -> Result<(Applied, bool), Fault> {
        let id = operation.id.clone().unwrap_or_default();
        match self.sheet.place(&id) {
            Place::Nowhere => Ok((Applied::id(id), false)),
            Place::Several => Err(several(&id)),
            Place::At(row) => {
                self.sheet.remove(row);
                Ok((Applied::id(id), true))
            }
        }
    }

    /// Puts the cells into the row, if they differ.
    fn settle(
        &mut self,
        row: usize,
        id: &str,
        before: &[String],
        cells: &[String],
        problems: Vec<Fault>,
    ) -> Result<(Applied, bool), Fault> {
        let after = crate::clean::clean(&cells[self.sheet.columns.id]).into_owned();
        if after.is_empty() {
            return Err(Fault::invalid("the id of a row can not be cleared").about(id));
        }
        if cells == before {
            return Ok((done(after, problems), false));
        }
        if after != id && self.sheet.place(&after) != Place::Nowhere {
            return Err(Fault::already_exists("another row has the new id").about(after));
        }
        self.sheet.replace(row, cells);
        Ok((done(after, problems), true))
    }

    fn find(&self, operation: &Operation) -> Result<(usize, String), Fault> {
        let id = operation.id.as_deref().unwrap_or_default();
        match self.sheet.place(id) {
            Place::At(row) => Ok((row, crate::clean::clean(id).into_owned())),
            Place::Several => Err(several(id)),
            Place::Nowhere => Err(Fault::not_found(format!("the table has no row with the id {id}")).about(id)),
        }
    }

    /// The columns of these attributes, made where they are missing and may be made.
    fn columns<'a>(&mut self, names: impl Iterator<Item = &'a String>, settings: &Settings) -> Vec<Option<usize>> {
        names.map(|name| self.sheet.column(name, settings)).collect()
    }

    fn fill(&self, draft: Draft, attributes: &Map<String, Value>, columns: &[Option<usize>]) -> Result<Draft, Fault> {
        let Draft { mut cells, mut problems } = draft;
        for ((name, value), column) in attributes.iter().zip(columns) {
            match column {
                Some(column) => {
                    let kind = self.sheet.columns.all.get(*column).map_or(Kind::Text, |column| column.kind);
                    cells[*column] =
                        values::cell(value, kind).map_err(|message| Fault::invalid(message).about(name))?;
                }
                None => problems.push(no_column(name)),
            }
        }
        Ok(Draft { cells, problems })
    }
}

/// The members of a JSON object.
///
/// # Errors
/// `internal`: the host gave something else.
pub fn object(json: &str) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(json).map_err(|error| Fault::internal(format!("the attributes are no JSON object: {error}")))
}

/// The word for an action, as the journal has it.
#[must_use]
pub fn word(action: &Action) -> &'static str {
    match action {
        Action::Create(_) => "create",
        Action::Update(_) => "update",
        Action::Enable => "enable",
        Action::Disable => "disable",
        Action::SetPassword => "set-password",
        Action::MoveTo(_) => "move",
        Action::Delete => "delete",
    }
}

/// What is said about an attribute that has no place in the table.
#[must_use]
pub fn no_column(attribute: &str) -> Fault {
    Fault::unsupported(format!(
        "the table has no column for {attribute}; add it to the setting columns, or do not map it"
    ))
    .about(attribute)
}

fn several(id: &str) -> Fault {
    Fault::conflict(format!("several rows have the id {id}; remove all but one")).about(id)
}

fn done(id: String, problems: Vec<Fault>) -> Applied {
    Applied { id, version: None, observed: None, problems }
}

fn replacement(attribute: &str, text: Option<&str>) -> Edit {
    let json = text.map_or(Value::Null, Value::from).to_string();
    Edit { attribute: attribute.to_owned(), replace: Some(json), add: None, remove: None }
}
