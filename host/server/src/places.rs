//! Where an object lies: the org units that its record names.

use rosterd_model::record::Edit;
use rosterd_model::{Class, ExternalId, Record};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Attributes that say where accounts and groups lie.
const OF_MEMBERS: [&str; 3] = ["orgUnit", "orgUnits", "organizationalUnit"];
/// The attribute that says where an org unit lies.
const OF_UNITS: [&str; 1] = ["parent"];

/// Org units by the attribute that names them. An attribute without any names none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places(BTreeMap<&'static str, BTreeSet<ExternalId>>);

impl Places {
    /// Those of a record; of one that can not be read there are none.
    pub(crate) fn of(record: &Record) -> Self {
        let all = serde_json::from_str::<Map<String, Value>>(&record.attributes).unwrap_or_default();
        let mut places = BTreeMap::new();
        for (name, value) in &all {
            if let Some(own) = meant(record.class, name) {
                let units: &mut BTreeSet<ExternalId> = places.entry(own).or_default();
                units.extend(ids(value));
            }
        }
        Self(places)
    }

    /// All units.
    pub(crate) fn all(&self) -> BTreeSet<ExternalId> {
        self.0.values().flatten().cloned().collect()
    }

    /// These, with the attributes that others have in their place.
    pub(crate) fn with(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().map(|(name, units)| (*name, units.clone())));
        self
    }

    /// These after edits of an object of this class.
    pub(crate) fn amended(mut self, class: Class, edits: &[Edit]) -> Self {
        for edit in edits {
            let Some(own) = meant(class, &edit.attribute) else { continue };
            let units = self.0.entry(own).or_default();
            let read = |text: &Option<String>| text.as_deref().map(parsed);
            if let Some(replaced) = read(&edit.replace) {
                *units = replaced;
            }
            for unit in read(&edit.remove).unwrap_or_default() {
                units.remove(&unit);
            }
            units.extend(read(&edit.add).unwrap_or_default());
        }
        self
    }
}

/// The attribute that is meant. Names are compared without regard to case, and of a path the beginning counts.
fn meant(class: Class, name: &str) -> Option<&'static str> {
    let names: &[&'static str] = if class == Class::OrgUnit { &OF_UNITS } else { &OF_MEMBERS };
    // A schema has points in its name, and stands before the last colon.
    let own = name.rsplit(':').next().unwrap_or_default();
    let head = own.split(['.', '[']).next().unwrap_or_default();
    names.iter().copied().find(|own| own.eq_ignore_ascii_case(head))
}

fn parsed(text: &str) -> BTreeSet<ExternalId> {
    serde_json::from_str(text).map(|value| ids(&value)).unwrap_or_default()
}

/// The ids that a value names: texts, references, and what has an id or a value.
fn ids(value: &Value) -> BTreeSet<ExternalId> {
    let mut all = BTreeSet::new();
    gather(value, &mut all);
    all
}

fn gather(value: &Value, all: &mut BTreeSet<ExternalId>) {
    match value {
        Value::String(text) if !text.is_empty() => {
            all.insert(text.as_str().into());
        }
        Value::Number(number) => {
            all.insert(number.to_string().as_str().into());
        }
        Value::Array(list) => list.iter().for_each(|value| gather(value, all)),
        Value::Object(map) => {
            if let Some(id) = map.get("id").or_else(|| map.get("value")).filter(|id| !id.is_object()) {
                gather(id, all);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(class: Class, attributes: &Value) -> Record {
        let attributes = attributes.to_string();
        Record { class, id: "x".into(), previous_id: None, version: None, attributes, partial: false }
    }

    fn of(class: Class, attributes: &Value) -> Vec<String> {
        Places::of(&record(class, attributes)).all().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn places_are_named_by_texts_and_references() {
        let units = json!({"orgUnits": ["a", {"ref": "org-unit", "id": "b"}, 7, null], "parent": "p", "title": "t"});
        assert_eq!(of(Class::Account, &units), ["7", "a", "b"]);
        assert_eq!(of(Class::OrgUnit, &units), ["p"]);
        assert_eq!(of(Class::Account, &json!({"ORGUNIT": {"value": "c"}})), ["c"]);
        assert_eq!(
            of(Class::Account, &json!({"urn:x:2.0:User:organizationalUnit": {"ref": "org-unit", "id": "d"}})),
            ["d"]
        );
        assert!(of(Class::Account, &json!({"manager": {"ref": "org-unit", "id": "b"}})).is_empty());
    }

    #[test]
    fn edits_are_done_in_order() {
        let before = Places::of(&record(Class::Account, &json!({"orgUnit": "a", "orgUnits": ["b", "c"]})));
        let edit = |attribute: &str, replace: Option<&str>, add: Option<&str>, remove: Option<&str>| Edit {
            attribute: attribute.to_owned(),
            replace: replace.map(str::to_owned),
            add: add.map(str::to_owned),
            remove: remove.map(str::to_owned),
        };
        let edits =
            [edit("orgUnits", None, Some("[\"d\"]"), Some("[\"b\"]")), edit("orgUnit", Some("null"), None, None)];
        let after = before.amended(Class::Account, &edits);
        let all: Vec<String> = after.all().iter().map(ToString::to_string).collect();
        assert_eq!(all, ["c", "d"]);
    }
}
