//! People and departments in one form, from the hub and from the simulator.

use super::tree;
use rosterd_model::{Attributes, Class, Entity, Lifecycle, Value as Known};
use rosterd_store::prelude::*;
use rosterd_store::{Snapshot, Store};
use rosterd_tests::hub::Hub;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Differences in a message.
const MOST: usize = 20;

/// Names and values of what is compared.
type Fields = BTreeMap<&'static str, String>;

/// Who and what is there.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Directory {
    people: BTreeMap<String, Fields>,
    departments: BTreeMap<String, Fields>,
    /// Known to the hub, and not active.
    gone: BTreeSet<String>,
}

impl Directory {
    /// What a state file says.
    pub(crate) fn of_vendor(state: &Value) -> Self {
        let mut found = Self::default();
        for (userid, person) in state["users"].as_object().expect("users") {
            let text = |name: &'static str, value: &Value| Some((name, value.as_str()?.to_owned()));
            let texts = &person["texts"];
            let fields = [
                text("name", &person["name"]),
                text("number", &texts["job_number"]),
                text("mobile", &texts["mobile"]),
                text("title", &texts["title"]),
            ];
            let departments = tree::departments(person).iter().map(ToString::to_string).collect();
            found.person(userid.clone(), fields.into_iter().flatten().collect(), departments);
        }
        for (id, department) in state["departments"].as_object().expect("departments") {
            let parent = department["parent_id"].as_i64();
            let code = &department["more"]["source_identifier"];
            let mut fields: Fields = [("name", department["name"].as_str().unwrap_or_default().to_owned())].into();
            fields.extend(parent.map(|parent| ("parent", parent.to_string())));
            // The root has no siblings, and DingTalk tells no order of it.
            fields.extend(parent.and(department["order"].as_i64()).map(|order| ("order", order.to_string())));
            fields.extend(code.as_str().map(|code| ("code", code.to_owned())));
            found.departments.insert(id.clone(), fields);
        }
        found
    }

    /// What the hub keeps: people as an operator lists them, departments as they are stored.
    pub(crate) fn of_hub(hub: &Hub) -> Self {
        let mut found = Self::listed(hub);
        found.units(hub);
        found
    }

    /// People as an operator lists them, also while a service has the store.
    pub(crate) fn listed(hub: &Hub) -> Self {
        let mut found = Self::default();
        let list = hub.rosterd(&["account", "list", "--limit", "100000", "--format", "json"]).code(0).json();
        for account in list["accounts"].as_array().expect("accounts") {
            let said = &account["attributes"];
            let userid = said["userName"].as_str().expect("a userid").to_owned();
            if account["lifecycle"] != "active" {
                found.gone.insert(userid);
                continue;
            }
            let names =
                [("name", "displayName"), ("number", "employeeNumber"), ("mobile", "mobile"), ("title", "title")];
            let texts = names.iter().filter_map(|(own, name)| Some((*own, said[name].as_str()?.to_owned())));
            let units = said["orgUnits"].as_array().into_iter().flatten();
            let units = units.map(|unit| unit["id"].as_str().expect("an id").to_owned()).collect();
            found.person(userid, texts.collect(), units);
        }
        found
    }

    /// What differs among people, all but these.
    pub(crate) fn other_people(&self, vendor: &Self, but: &BTreeSet<String>) -> Vec<String> {
        let others = differing("person", &self.people, &vendor.people).filter(|(id, _)| !but.contains(*id));
        others.take(MOST).map(|(_, text)| text).collect()
    }

    /// What the vendor has, and the hub not or otherwise.
    pub(crate) fn missed(&self, vendor: &Self) -> Vec<String> {
        let people =
            differing("person", &self.people, &vendor.people).filter(|(id, _)| vendor.people.contains_key(*id));
        let units = differing("department", &self.departments, &vendor.departments);
        let units = units.filter(|(id, _)| vendor.departments.contains_key(*id));
        people.chain(units).take(MOST).map(|(_, text)| text).collect()
    }

    /// How many the hub took away.
    pub(crate) fn gone(&self) -> usize {
        self.gone.len()
    }

    fn person(&mut self, userid: String, mut fields: Fields, departments: BTreeSet<String>) {
        fields.insert("departments", departments.into_iter().collect::<Vec<_>>().join(" "));
        self.people.insert(userid, fields);
    }

    fn units(&mut self, hub: &Hub) {
        let path = hub.path("data/hub.redb");
        if !path.exists() {
            return;
        }
        let store = Store::open_read_only(&path, 16 << 20).expect("the store opens");
        let snapshot = store.snapshot().expect("the store can be read");
        for (id, unit) in stored_units(&snapshot) {
            if unit.lifecycle == Lifecycle::Active {
                self.departments.insert(id, unit_fields(&unit.attributes));
            } else {
                self.gone.insert(format!("department {id}"));
            }
        }
    }

    /// Whoever and whatever the hub took away is not there either.
    pub(crate) fn assert_nobody_wrongly_removed(&self, vendor: &Self, said: &str) {
        let departments = vendor.departments.keys().map(|id| format!("department {id}"));
        let there: BTreeSet<String> = vendor.people.keys().cloned().chain(departments).collect();
        let wrong: Vec<&String> = self.gone.intersection(&there).take(MOST).collect();
        assert!(wrong.is_empty(), "removed, and still there: {wrong:?}\n{said}");
    }

    /// What differs, as sentences; none: both are equal.
    pub(crate) fn differences(&self, vendor: &Self) -> Vec<String> {
        let people = differing("person", &self.people, &vendor.people);
        let units = differing("department", &self.departments, &vendor.departments);
        people.chain(units).take(MOST).map(|(_, text)| text).collect()
    }

    /// How many people and departments there are.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.people.len(), self.departments.len())
    }

    /// How many people have a value.
    pub(crate) fn with(&self, name: &str) -> usize {
        self.people.values().filter(|fields| fields.contains_key(name)).count()
    }
}

fn differing<'a>(
    what: &'a str,
    hub: &'a BTreeMap<String, Fields>,
    vendor: &'a BTreeMap<String, Fields>,
) -> impl Iterator<Item = (&'a String, String)> {
    let ids: BTreeSet<&String> = hub.keys().chain(vendor.keys()).collect();
    let different = ids.into_iter().filter(move |id| hub.get(*id) != vendor.get(*id));
    let text =
        move |id: &String| format!("{what} {id}: {:?} in the hub, {:?} at the vendor", hub.get(id), vendor.get(id));
    different.map(move |id| (id, text(id)))
}

/// Org units by their external id.
fn stored_units(snapshot: &Snapshot) -> Vec<(String, Entity)> {
    let connection = "ding".parse().expect("a name");
    let class = Class::OrgUnit;
    let Some(number) = snapshot.connection_number(&connection).expect("readable") else { return Vec::new() };
    let heads = snapshot.shadow_heads(number, class).expect("readable").map(|head| head.expect("readable"));
    let unit = |(id, head): (rosterd_model::ExternalId, rosterd_model::shadow::ShadowHead)| {
        let link = snapshot.link(number, class, head.ordinal).expect("readable")?;
        let unit = snapshot.entity(class, link.entity).expect("readable")?;
        Some((id.as_str().to_owned(), unit))
    };
    heads.filter_map(unit).collect()
}

fn unit_fields(said: &Attributes) -> Fields {
    let field = |(own, name): (&'static str, &str)| {
        let text = match said.get(name)? {
            Known::Text(text) => text.to_string(),
            Known::Integer(number) => number.to_string(),
            Known::Reference { id, .. } => id.as_str().to_owned(),
            _ => return None,
        };
        Some((own, text))
    };
    let names = [("name", "displayName"), ("parent", "parent"), ("order", "order"), ("code", "code")];
    names.into_iter().filter_map(field).collect()
}
