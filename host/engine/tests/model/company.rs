//! The reference: who works here and what the systems of personnel say of it. It knows nothing of plans and stores.

use crate::dice::Dice;
use rosterd_engine::testing::upsert;
use rosterd_model::record::Change;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) title: String,
    /// The source lists him.
    pub(crate) listed: bool,
    /// The source says in words that he left.
    pub(crate) left: bool,
    /// The mobile number that the second source has; none: it does not know him.
    pub(crate) mobile: Option<String>,
    /// Counts his changes, at the first source.
    pub(crate) revision: u64,
}

/// A scan of the first source, as it was shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) version: String,
    /// Who was listed, with the revision.
    pub(crate) listed: BTreeMap<u32, u64>,
    /// Who was listed as left.
    pub(crate) left: BTreeSet<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct Company {
    pub(crate) people: BTreeMap<u32, Person>,
    names: u64,
    versions: u64,
}

impl Company {
    pub(crate) fn hire(&mut self, dice: &mut Dice) -> u32 {
        let number = u32::try_from(self.people.len()).unwrap_or(u32::MAX) + 1;
        let person = Person {
            user: self.fresh(),
            name: format!("Person {number}"),
            title: "clerk".to_owned(),
            listed: true,
            left: false,
            mobile: dice.percent(50).then(|| format!("+49 {number}")),
            revision: 1,
        };
        self.people.insert(number, person);
        number
    }

    fn fresh(&mut self) -> String {
        self.names += 1;
        format!("user{}", self.names)
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

    /// What the first source shows, ids in order.
    pub(crate) fn rows(&self) -> Vec<Change> {
        let listed = self.people.iter().filter(|(_, person)| person.listed);
        let mut rows: Vec<(String, String)> = listed.map(|(number, person)| row(*number, person)).collect();
        rows.sort();
        rows.iter().map(|(id, attributes)| upsert(id, attributes)).collect()
    }

    /// What the second source shows.
    pub(crate) fn phones(&self) -> Vec<Change> {
        let mut rows = Vec::new();
        for (number, person) in &self.people {
            if let Some(mobile) = &person.mobile {
                rows.push((
                    format!("a{number:04}"),
                    json!({"number": number.to_string(), "mobile": mobile}).to_string(),
                ));
            }
        }
        rows.iter().map(|(id, attributes)| upsert(id, attributes)).collect()
    }

    /// The state as it is shown now, under a new version or under the last one.
    pub(crate) fn shown(&mut self, new_version: bool) -> Shown {
        self.versions += u64::from(new_version);
        let listed = self.people.iter().filter(|(_, person)| person.listed);
        Shown {
            version: format!("v{}", self.versions),
            listed: listed.clone().map(|(number, person)| (*number, person.revision)).collect(),
            left: listed.filter(|(_, person)| person.left).map(|(number, _)| *number).collect(),
        }
    }
}

/// The id of a person at the first source.
pub(crate) fn id(number: u32) -> String {
    format!("h{number:04}")
}

fn row(number: u32, person: &Person) -> (String, String) {
    let status = if person.left { "left" } else { "active" };
    let attributes = json!({"user": person.user, "name": person.name, "title": person.title, "status": status,
        "number": number.to_string(), "revision": person.revision.to_string()});
    (id(number), attributes.to_string())
}
