//! Looks into tables: what check and discover say, and single objects.

use crate::convert::Converter;
use crate::header::Kind;
use crate::pull::{self, Pull};
use crate::rows::Row;
use crate::settings::Settings;
use crate::sheet::{Place, Sheet};
use rosterd_sdk::{Change, Class, Fault, Object, ObjectRef, Probe, Reader};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Probes for the file and its header. A destination may begin without a file.
#[must_use]
pub fn probes(settings: &Settings) -> Vec<Probe> {
    match pull::open(settings, None) {
        Ok((rows, columns, encoding)) => {
            let mut probes = vec![
                Probe::passed(
                    "read file",
                    format!("{} is readable, {encoding}, delimiter {:?}", settings.file, rows.delimiter()),
                ),
                Probe::passed(
                    "read header",
                    format!("{} columns, the id is {:?}", columns.all.len(), columns.all[columns.id].header),
                ),
            ];
            probes.extend(columns.remarks().into_iter().map(|remark| Probe::passed("columns", remark)));
            probes
        }
        Err(fault) => {
            let remedy = "put the file where the grant says, and correct the settings file, id, encoding and delimiter; a \
                          destination makes the file itself";
            vec![Probe::failed("read file", fault.message, remedy)]
        }
    }
}

/// The columns of the file as attributes, JSON.
///
/// # Errors
/// As [`pull::open`].
pub fn discovery(settings: &Settings) -> Result<String, Fault> {
    let (rows, columns, encoding) = pull::open(settings, None)?;
    let mut attributes = Vec::new();
    for (index, column) in columns.all.iter().enumerate() {
        let (kind, references): (&str, Option<&str>) = match column.kind {
            Kind::Ignored => continue,
            Kind::Manager => ("reference", Some(Class::from(settings.class).as_str())),
            _ => ("text", None),
        };
        if column.kind == Kind::OrgPath {
            attributes.push(
                json!({"name": "orgUnit", "title": column.header, "type": "reference", "references": ["org-unit"]}),
            );
        }
        let name = if column.kind == Kind::OrgPath { "org_path" } else { &column.attribute };
        let mut attribute = json!({"name": name, "title": column.header, "type": kind});
        if let Some(class) = references {
            attribute["references"] = json!([class]);
        }
        if column.kind == Kind::Multi {
            attribute["multi"] = Value::from(true);
        }
        if index == columns.id {
            attribute["unique"] = Value::from(true);
        }
        attributes.push(attribute);
    }
    let mut classes = json!({ Class::from(settings.class).as_str(): { "attributes": attributes } });
    if columns.all.iter().any(|column| column.kind == Kind::OrgPath) {
        classes["org-unit"] = json!({ "attributes": [
            { "name": "displayName", "type": "text" },
            { "name": "parent", "type": "reference", "references": ["org-unit"] },
        ]});
    }
    let notes = vec![json!({ "message": format!("{encoding}, delimiter {:?}", rows.delimiter()) })];
    let warnings: Vec<Value> = columns.remarks().into_iter().map(|message| json!({ "message": message })).collect();
    Ok(json!({ "classes": classes, "notes": notes, "warnings": warnings }).to_string())
}

/// Objects of the published table, one answer each: a file has no other way than to read it all.
#[must_use]
pub fn in_file(settings: &Settings, wanted: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
    let found = collect(settings, wanted);
    let answer = |wanted: &ObjectRef| -> Result<Option<Object>, Fault> {
        let found = found.as_ref().map_err(Clone::clone)?;
        Ok(found.iter().find(|object| object.class == wanted.class && object.id == wanted.id).cloned())
    };
    wanted.iter().map(answer).collect()
}

fn collect(settings: &Settings, wanted: &[ObjectRef]) -> Result<Vec<Object>, Fault> {
    let mut pull = Pull::start(settings, &[settings.class.into(), Class::OrgUnit], None)?;
    let is_wanted = |object: &Object| wanted.iter().any(|one| one.class == object.class && one.id == object.id);
    let mut found = Vec::new();
    loop {
        let page = pull.next(1000)?;
        let ended = page.ended().is_some();
        found.extend(page.changes.into_iter().filter_map(|change| match change {
            Change::Upsert(object) if is_wanted(&object) => Some(object),
            _ => None,
        }));
        if ended {
            return Ok(found);
        }
    }
}

/// An object of a table in memory.
///
/// # Errors
/// `conflict` if several rows have the id, `invalid` if the row can not be read.
pub fn in_sheet(sheet: &Sheet, settings: &Settings, wanted: &ObjectRef) -> Result<Option<Object>, Fault> {
    if wanted.class != Class::from(settings.class) {
        return Ok(None);
    }
    match sheet.place(&wanted.id) {
        Place::Nowhere => Ok(None),
        Place::Several => Err(Fault::conflict(format!("several rows have the id {}", wanted.id)).about(&wanted.id)),
        Place::At(row) => object(sheet, settings, &sheet.cells(row)).map(Some),
    }
}

/// Objects of a table in memory whose attribute has exactly this value.
///
/// # Errors
/// `unsupported` for an attribute without a column; `invalid` if a row that matches can not be read.
pub fn find(sheet: &Sheet, settings: &Settings, attribute: &str, value: &str) -> Result<Vec<Object>, Fault> {
    let Some(column) = sheet.columns.position(attribute) else {
        return Err(crate::apply::no_column(attribute));
    };
    let matches = sheet.rows().filter(|row| row.split('\0').nth(column) == Some(value));
    let cells = |row: &str| row.split('\0').map(str::to_owned).collect::<Vec<String>>();
    matches.map(|row| object(sheet, settings, &cells(row))).collect()
}

fn object(sheet: &Sheet, settings: &Settings, cells: &[String]) -> Result<Object, Fault> {
    let class = settings.class.into();
    // The cells of a sheet are what they stand for: nothing is to be stripped.
    let settings = Settings { raw: true, ..settings.clone() };
    let mut converter = Converter::new(sheet.columns.clone(), &settings, &[class]);
    let mut changes = VecDeque::new();
    converter.convert(&Row::of_cells(cells, sheet.columns.all.len()), &mut changes);
    match changes.pop_front() {
        Some(Change::Upsert(object)) => Ok(object),
        Some(Change::Rejected(rejection)) => Err(Fault::invalid(rejection.message)),
        _ => Err(Fault::internal("a row of the table gave no object")),
    }
}
