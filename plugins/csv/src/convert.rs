//! Rows to records: cells to attributes, paths to org units, and what can not be read to rejections.

use crate::clean::{clean, damage};
use crate::header::{Column, Columns, Kind};
use crate::neutralise;
use crate::orgpath::{Paths, Way};
use crate::rows::{Damage, Row};
use crate::settings::Settings;
use rosterd_sdk::{Attributes, Change, Class, record};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// So many org units are remembered as told; then all are told again. It bounds the memory, and telling one again
/// changes nothing.
const REMEMBERED_UNITS: usize = 50_000;

/// Turns the rows of one table into changes.
#[derive(Debug)]
pub struct Converter {
    /// The columns.
    pub columns: Columns,
    class: Class,
    clear_token: Option<String>,
    raw: bool,
    told: HashSet<String>,
    paths: Paths,
    /// Whether rows, and whether org units, were asked for.
    wanted: (bool, bool),
    room: usize,
}

/// Why a row can not be read.
struct Problem {
    column: Option<usize>,
    message: String,
    /// False if the id of the row may be wrong too.
    id_is_sure: bool,
}

impl Converter {
    /// For the columns of a table; tells about the classes that are asked for.
    #[must_use]
    pub fn new(columns: Columns, settings: &Settings, classes: &[Class]) -> Self {
        let class = settings.class.into();
        Self {
            columns,
            class,
            clear_token: settings.clear_token.clone(),
            raw: settings.raw,
            told: HashSet::new(),
            paths: Paths::new(settings.org_separator.chars().next().unwrap_or('/')),
            wanted: (classes.contains(&class), classes.contains(&Class::OrgUnit)),
            room: 256,
        }
    }

    /// Appends what one row says. False if it had to be rejected.
    pub fn convert(&mut self, row: &Row, changes: &mut VecDeque<Change>) -> bool {
        let id = clean(self.value(row, self.columns.id)).into_owned();
        let result = self.check(row, &id).and_then(|()| self.record(row, &id, changes));
        let Err(problem) = result else { return true };
        let id = (problem.id_is_sure && !id.is_empty()).then_some(id);
        let position = match problem.column {
            Some(column) => format!("line {}, column {}", row.line, column + 1),
            None => format!("line {}", row.line),
        };
        changes.push_back(Change::rejected(Some(self.class), id, position, problem.message, &self.raw_text(row)));
        false
    }

    /// The shape of the row, and its id.
    fn check(&self, row: &Row, id: &str) -> Result<(), Problem> {
        // A row over several lines may have swallowed others by a quote too many: nobody knows whose row it is.
        let one_line = row.line == row.last_line;
        let fail = |message: String| Err(Problem { column: None, message, id_is_sure: false });
        match row.damage {
            Some(Damage::TextAfterQuote) => {
                return fail("there is text between a closing quote and the delimiter".to_owned());
            }
            Some(Damage::TooLarge) => {
                return fail("a cell is larger than 64 kB, or the row larger than 1 MB".to_owned());
            }
            None => {}
        }
        let columns = self.columns.all.len();
        let surplus = (columns..row.len()).any(|index| !row.cell(index).trim().is_empty());
        if row.len() < columns || surplus {
            // Cells left of the first wrong one are where they belong; only of the first column that is certain.
            let id_is_sure = one_line && self.columns.id == 0;
            let message = format!("the row has {} cells and the header {columns}", row.len());
            return Err(Problem { column: None, message, id_is_sure });
        }
        if id.is_empty() {
            let message = format!("the id column {:?} is empty", self.columns.all[self.columns.id].header);
            return Err(Problem { column: Some(self.columns.id), message, id_is_sure: false });
        }
        if let Some(sentence) = damage(id) {
            return Err(Problem {
                column: Some(self.columns.id),
                message: format!("{id:?}: {sentence}"),
                id_is_sure: false,
            });
        }
        Ok(())
    }

    fn record(&mut self, row: &Row, id: &str, changes: &mut VecDeque<Change>) -> Result<(), Problem> {
        let mut paths = std::mem::take(&mut self.paths);
        let read = self.read(row, &mut paths);
        self.paths = paths;
        let (attributes, way) = read?;
        if let Some(way) = way {
            self.units(&way, changes);
        }
        if self.wanted.0 {
            // The next record will be about as long.
            self.room = self.room.max(attributes.len() + 1).min(64 * 1024);
            changes.push_back(record(self.class, id).attributes(attributes).upsert());
        }
        Ok(())
    }

    /// The attributes of a row, and the org units on the way to its own.
    fn read(&self, row: &Row, paths: &mut Paths) -> Result<(Attributes, Option<Arc<Way>>), Problem> {
        let mut attributes = Attributes::with_capacity(self.room);
        let mut way = None;
        for (index, column) in self.columns.all.iter().enumerate() {
            let value = self.value(row, index);
            if value.is_empty() || column.kind == Kind::Ignored {
                continue;
            }
            if self.clear_token.as_deref() == Some(value) && index != self.columns.id {
                attributes.null(if column.kind == Kind::OrgPath { "orgUnit" } else { &column.attribute });
                continue;
            }
            let problem = |message| Problem { column: Some(index), message, id_is_sure: true };
            if column.kind == Kind::OrgPath {
                let read = paths.read(value).map_err(problem)?;
                if let Some(unit) = read.units.last() {
                    attributes.reference("orgUnit", Class::OrgUnit, &unit.id);
                    attributes.text("org_path", &unit.id);
                }
                way = Some(read);
                continue;
            }
            self.attribute(column, value, &mut attributes).map_err(problem)?;
        }
        Ok((attributes, way))
    }

    /// Writes the attribute of one cell that is not empty.
    fn attribute(&self, column: &Column, value: &str, attributes: &mut Attributes) -> Result<(), String> {
        match column.kind {
            Kind::Ignored | Kind::OrgPath => {}
            Kind::Text => attributes.text(&column.attribute, value),
            Kind::Multi => attributes.list(&column.attribute, split_values(value)),
            Kind::Clean | Kind::Number | Kind::Manager => {
                let value = clean(value);
                if value.is_empty() {
                    return Ok(());
                }
                if column.kind != Kind::Clean
                    && let Some(sentence) = damage(&value)
                {
                    return Err(format!("{value:?} under {:?}: {sentence}", column.header));
                }
                if column.kind == Kind::Manager {
                    attributes.reference(&column.attribute, self.class, &value);
                } else {
                    attributes.text(&column.attribute, &value);
                }
            }
        }
        Ok(())
    }

    /// Tells about org units that were not told yet, parents first.
    fn units(&mut self, way: &Way, changes: &mut VecDeque<Change>) {
        if !self.wanted.1 || way.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let units = &way.units;
        if units.last().is_none_or(|unit| self.told.contains(&unit.id)) {
            return;
        }
        if self.told.len() > REMEMBERED_UNITS {
            self.told.clear();
        }
        let mut parent: Option<&str> = None;
        for unit in units {
            if !self.told.contains(&unit.id) {
                let mut told = record(Class::OrgUnit, &unit.id).text("displayName", &unit.name);
                if let Some(parent) = parent {
                    told = told.reference("parent", Class::OrgUnit, parent);
                }
                changes.push_back(told.upsert());
                self.told.insert(unit.id.clone());
            }
            parent = Some(&unit.id);
        }
    }

    fn value<'a>(&self, row: &'a Row, index: usize) -> &'a str {
        let cell = row.cell(index);
        if self.raw { cell } else { neutralise::strip(cell) }
    }

    /// The row for a person who looks for it, without what must not leave the file.
    fn raw_text(&self, row: &Row) -> String {
        let hidden = |index: usize| self.columns.all.get(index).is_some_and(|column| column.kind == Kind::Ignored);
        let cells: Vec<&str> =
            row.cells().take(256).enumerate().map(|(index, cell)| if hidden(index) { "***" } else { cell }).collect();
        cells.join(" | ")
    }
}

/// The values of a cell, separated by `;`; a backslash in front of one makes it part of the value.
#[must_use]
pub fn split_values(cell: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut characters = cell.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek(), values.last_mut()) {
            ('\\', Some(&escaped @ (';' | '\\')), Some(value)) => {
                value.push(escaped);
                characters.next();
            }
            (';', _, _) => values.push(String::new()),
            (other, _, Some(value)) => value.push(other),
            (_, _, None) => {}
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}
