//! The reference: who works here, in which units, and what the systems of personnel say of it. It knows nothing of plans
//! and stores.

use crate::dice::Dice;
use rosterd_engine::testing::upsert;
use rosterd_model::Class;
use rosterd_model::record::{Change, Record};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) title: String,
    /// The unit that he works in.
    pub(crate) unit: u32,
    /// The source lists him.
    pub(crate) listed: bool,
    /// The source says in words that he left.
    pub(crate) left: bool,
    /// The mobile number that the second source has; none: it does not know him.
    pub(crate) mobile: Option<String>,
    /// Counts his changes, at the first source.
    pub(crate) revision: u64,
}

/// One org unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) name: String,
    /// None: the company itself.
    pub(crate) parent: Option<u32>,
    /// The source lists it.
    pub(crate) listed: bool,
}

/// What the first source showed, as far as a cursor covers it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) version: String,
    /// Who was listed, with the revision.
    pub(crate) listed: BTreeMap<u32, u64>,
    /// Who was listed as left.
    pub(crate) left: BTreeSet<u32>,
    /// Every row, by its id.
    pub(crate) rows: BTreeMap<String, Change>,
}

#[derive(Debug, Default)]
pub(crate) struct Company {
    pub(crate) people: BTreeMap<u32, Person>,
    pub(crate) units: BTreeMap<u32, Unit>,
    names: u64,
    versions: u64,
}

impl Company {
    /// A company with some units and nobody in them.
    pub(crate) fn founded() -> Self {
        let mut company = Self::default();
        for parent in [None, Some(1), Some(1), Some(2)] {
            company.found(parent);
        }
        company
    }

    pub(crate) fn found(&mut self, parent: Option<u32>) -> u32 {
        let number = u32::try_from(self.units.len()).unwrap_or(u32::MAX) + 1;
        let name = format!("Unit {}", self.fresh());
        self.units.insert(number, Unit { name, parent, listed: true });
        number
    }

    pub(crate) fn hire(&mut self, dice: &mut Dice) -> u32 {
        let number = u32::try_from(self.people.len()).unwrap_or(u32::MAX) + 1;
        let person = Person {
            user: self.fresh(),
            name: format!("Person {number}"),
            title: "clerk".to_owned(),
            unit: self.some_unit(dice),
            listed: true,
            left: false,
            mobile: dice.percent(50).then(|| format!("+49 {number}")),
            revision: 1,
        };
        self.people.insert(number, person);
        number
    }

    /// A word that was never used before.
    pub(crate) fn fresh(&mut self) -> String {
        self.names += 1;
        format!("user{}", self.names)
    }

    /// Units that are listed.
    pub(crate) fn open_units(&self) -> Vec<u32> {
        self.units.iter().filter(|(_, unit)| unit.listed).map(|(number, _)| *number).collect()
    }

    pub(crate) fn some_unit(&self, dice: &mut Dice) -> u32 {
        dice.one(&self.open_units()).copied().unwrap_or(1)
    }

    /// True if `unit` is `other` or lies somewhere in it.
    pub(crate) fn inside(&self, unit: u32, other: u32) -> bool {
        let mut at = Some(unit);
        while let Some(number) = at {
            if number == other {
                return true;
            }
            at = self.units.get(&number).and_then(|unit| unit.parent);
        }
        false
    }

    /// A unit is closed: whoever and whatever was in it belongs to the one above.
    pub(crate) fn close(&mut self, number: u32) {
        let Some(above) = self.units.get(&number).and_then(|unit| unit.parent) else { return };
        for unit in self.units.values_mut().filter(|unit| unit.parent == Some(number)) {
            unit.parent = Some(above);
        }
        let inside: Vec<u32> =
            self.people.iter().filter(|(_, person)| person.unit == number).map(|(number, _)| *number).collect();
        for person in inside {
            self.change(person, |person, _| person.unit = above);
        }
        if let Some(unit) = self.units.get_mut(&number) {
            unit.listed = false;
        }
    }

    /// People who are listed and did not leave.
    pub(crate) fn working(&self) -> Vec<u32> {
        let works = |(number, person): (&u32, &Person)| (person.listed && !person.left).then_some(*number);
        self.people.iter().filter_map(works).collect()
    }

    /// People who left, in words or by not being listed.
    pub(crate) fn gone(&self) -> Vec<u32> {
        let gone = |(number, person): (&u32, &Person)| (!person.listed || person.left).then_some(*number);
        self.people.iter().filter_map(gone).collect()
    }

    pub(crate) fn change(&mut self, number: u32, change: impl FnOnce(&mut Person, String)) {
        let fresh = self.fresh();
        if let Some(person) = self.people.get_mut(&number) {
            change(person, fresh);
            person.revision += 1;
        }
    }

    /// What the first source shows, ids in order: units among people, so that a list that is cut off lacks some of both.
    pub(crate) fn rows(&self) -> Vec<Change> {
        let people = self.people.iter().filter(|(_, person)| person.listed);
        let people = people.map(|(number, person)| (id(*number), upsert(&id(*number), &person_row(*number, person))));
        let units = self.units.iter().filter(|(_, unit)| unit.listed);
        let units = units.map(|(number, unit)| (unit_id(*number), unit_row(*number, unit)));
        let rows: BTreeMap<String, Change> = people.chain(units).collect();
        rows.into_values().collect()
    }

    /// What the second source shows.
    pub(crate) fn phones(&self) -> Vec<Change> {
        let mut rows = Vec::new();
        for (number, person) in &self.people {
            if let Some(mobile) = &person.mobile {
                let attributes = json!({"number": number.to_string(), "mobile": mobile, "nick": nick(*number)});
                rows.push(upsert(&format!("a{number:05}"), &attributes.to_string()));
            }
        }
        rows
    }

    /// The state as it is shown by `rows`, under a new version or under the last one.
    pub(crate) fn shown(&mut self, new_version: bool, rows: &[Change]) -> Shown {
        self.versions += u64::from(new_version);
        let rows: BTreeMap<String, Change> =
            rows.iter().filter_map(|row| Some((id_of(row)?.to_owned(), row.clone()))).collect();
        let listed = self.people.iter().filter(|(number, _)| rows.contains_key(&id(**number)));
        Shown {
            version: format!("v{}", self.versions),
            listed: listed.clone().map(|(number, person)| (*number, person.revision)).collect(),
            left: listed.filter(|(_, person)| person.left).map(|(number, _)| *number).collect(),
            rows,
        }
    }
}

/// What the second source calls a person.
pub(crate) fn nick(number: u32) -> String {
    format!("Nick {number}")
}

/// The id of a person at the first source.
pub(crate) fn id(number: u32) -> String {
    format!("h{number:05}")
}

/// The id of a unit at the first source.
pub(crate) fn unit_id(number: u32) -> String {
    format!("{}-unit", id(4 * number))
}

/// The id of the object that a row is about.
pub(crate) fn id_of(change: &Change) -> Option<&str> {
    match change {
        Change::Upsert(record) => Some(record.id.as_str()),
        Change::Gone { id, .. } => Some(id.as_str()),
        Change::Amend(_) | Change::Rejected(_) => None,
    }
}

fn unit_reference(number: u32) -> Value {
    json!({"ref": "org-unit", "id": unit_id(number)})
}

fn person_row(number: u32, person: &Person) -> String {
    let status = if person.left { "left" } else { "active" };
    let attributes = json!({"user": person.user, "name": person.name, "title": person.title, "status": status,
        "number": number.to_string(), "revision": person.revision.to_string(), "unit": unit_reference(person.unit)});
    attributes.to_string()
}

fn unit_row(number: u32, unit: &Unit) -> Change {
    let parent = unit.parent.map_or(Value::Null, unit_reference);
    let attributes = json!({"name": unit.name, "code": number.to_string(), "parent": parent}).to_string();
    let id = unit_id(number).as_str().into();
    Change::Upsert(Record { class: Class::OrgUnit, id, previous_id: None, version: None, attributes, partial: false })
}
