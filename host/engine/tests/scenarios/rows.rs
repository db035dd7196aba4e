//! What a source shows, in the short forms of a scenario.

use rosterd_model::record::{Change, DepartureCause, Record, Rejection};
use rosterd_model::{Class, ExternalId};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The records of a step.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct Records {
    /// `"1-100"`: accounts with these numbers: id 7 is `user7`, "Person 7", number 7.
    people: Option<String>,
    /// Ids of [`Records::people`] that are not shown.
    without: Vec<String>,
    /// Accounts, as a table: a line of names and a line for each record. They replace people of the same id.
    rows: Option<String>,
    /// Org units, as a table.
    units: Option<String>,
    /// Groups, as a table.
    groups: Option<String>,
    /// Records as JSON texts: `{"class": "account", "id": "1", "attributes": {...}, "partial": true}`.
    records: Vec<String>,
    /// Ids that the source calls gone, with the cause.
    gone: BTreeMap<String, DepartureCause>,
    /// What the source could not read.
    rejected: Vec<Unread>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Unread {
    #[serde(default)]
    class: Option<Class>,
    id: Option<String>,
    #[serde(default)]
    position: String,
    message: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Whole {
    #[serde(default)]
    class: Option<Class>,
    id: String,
    #[serde(default)]
    previous_id: Option<String>,
    #[serde(default)]
    version: Option<String>,
    attributes: Map<String, Value>,
    #[serde(default)]
    partial: bool,
}

impl Records {
    /// As changes, in the order: units, groups, accounts, records, gone, rejected.
    pub(crate) fn changes(&self) -> Result<Vec<Change>, String> {
        let mut changes = Vec::new();
        for (class, text) in [(Class::OrgUnit, &self.units), (Class::Group, &self.groups)] {
            changes.extend(table(class, text.as_deref().unwrap_or_default())?);
        }
        let rows = table(Class::Account, self.rows.as_deref().unwrap_or_default())?;
        let ids: BTreeSet<String> = rows.iter().map(|record| record.id.as_str().to_owned()).collect();
        let people = self.people.as_deref().map_or(Ok(Vec::new()), people)?;
        let hidden = |id: &str| ids.contains(id) || self.without.iter().any(|other| other == id);
        changes.extend(people.into_iter().filter(|record| !hidden(record.id.as_str())));
        changes.extend(rows);
        let mut changes: Vec<Change> = changes.into_iter().map(Change::Upsert).collect();
        for text in &self.records {
            changes.push(Change::Upsert(whole(text)?));
        }
        for (id, cause) in &self.gone {
            changes.push(Change::Gone { class: Class::Account, id: id.as_str().into(), cause: *cause });
        }
        for unread in &self.rejected {
            changes.push(Change::Rejected(Rejection {
                class: unread.class.or(Some(Class::Account)),
                id: unread.id.as_deref().map(ExternalId::from),
                position: unread.position.clone(),
                message: unread.message.clone(),
                raw: String::new(),
            }));
        }
        Ok(changes)
    }
}

fn whole(text: &str) -> Result<Record, String> {
    let whole: Whole = serde_json::from_str(text).map_err(|error| format!("{text}: {error}"))?;
    Ok(Record {
        class: whole.class.unwrap_or(Class::Account),
        id: whole.id.as_str().into(),
        previous_id: whole.previous_id.as_deref().map(ExternalId::from),
        version: whole.version,
        attributes: Value::Object(whole.attributes).to_string(),
        partial: whole.partial,
    })
}

fn people(range: &str) -> Result<Vec<Record>, String> {
    let ends = range.split_once('-').and_then(|(from, to)| Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?)));
    let (from, to) = ends.ok_or_else(|| format!("\"{range}\" is no range of people; write \"1-100\""))?;
    let person = |n: u64| {
        let attributes = serde_json::json!({"userName": format!("user{n}"), "displayName": format!("Person {n}"),
            "employeeNumber": n.to_string()});
        record(Class::Account, n.to_string().as_str(), attributes.to_string())
    };
    Ok((from..=to).map(person).collect())
}

fn record(class: Class, id: &str, attributes: String) -> Record {
    Record { class, id: id.into(), previous_id: None, version: None, attributes, partial: false }
}

/// A table: `id | userName | title`, then a line for each record. An empty cell says nothing, `null` says empty; a cell
/// that begins with `"`, `[` or `{`, and `true` and `false`, are JSON; everything else is text. The columns `@previous`,
/// `@version` and `@partial` are about the record.
pub(crate) fn table(class: Class, text: &str) -> Result<Vec<Record>, String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(head) = lines.next() else { return Ok(Vec::new()) };
    let names: Vec<&str> = head.split('|').map(str::trim).collect();
    if names.first() != Some(&"id") {
        return Err(format!("a table begins with the column id: {head}"));
    }
    let mut records = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if cells.len() != names.len() {
            return Err(format!("{} cells for {} columns: {line}", cells.len(), names.len()));
        }
        let mut made = record(class, cells[0], String::new());
        let mut attributes = Map::new();
        for (name, cell) in names.iter().zip(&cells).skip(1).filter(|(_, cell)| !cell.is_empty()) {
            match *name {
                "@previous" => made.previous_id = Some((*cell).into()),
                "@version" => made.version = Some((*cell).to_owned()),
                "@partial" => made.partial = *cell == "true",
                name => {
                    attributes.insert(name.to_owned(), value(cell)?);
                }
            }
        }
        made.attributes = Value::Object(attributes).to_string();
        records.push(made);
    }
    Ok(records)
}

fn value(cell: &str) -> Result<Value, String> {
    let json = matches!(cell, "null" | "true" | "false") || cell.starts_with(['"', '[', '{']);
    if !json {
        return Ok(Value::from(cell));
    }
    serde_json::from_str(cell).map_err(|error| format!("{cell}: {error}"))
}
