//! People and departments as DingTalk shows them, made into records.

use crate::fields::{FIELDS, Told};
use crate::wire::{self, Object, Wrong};
use rosterd_sdk::{Attributes, Change, Class, Object as Entry, record};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest userid.
const LONGEST_ID: usize = 64;
/// The most departments that a person is read with; the interface lets a person be in 300.
const MOST_DEPARTMENTS: usize = 1000;

/// What a department says about one of its members; none: it was not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Place in the department's list, large first.
    pub order: Option<i64>,
    /// Whether the person leads the department.
    pub leader: Option<bool>,
}

/// A person, put together from one or several answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The external id: unique in the organisation, and it never changes.
    pub userid: String,
    /// All departments that the person is in, whether they are read or not, as DingTalk lists them.
    pub departments: Vec<i64>,
    /// What departments say.
    pub places: BTreeMap<i64, Place>,
    object: Object,
}

/// A person who can not be read: the id, if that could be, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The userid.
    pub userid: Option<String>,
    /// The end of a sentence.
    pub wrong: Wrong,
}

impl Person {
    /// One item of a department's listing.
    ///
    /// # Errors
    /// It has no id, or says nothing usable about departments.
    pub fn listed(item: &Value, department: i64) -> Result<Self, Unreadable> {
        let mut person = Self::read(item)?;
        let wrong = |wrong| Unreadable { userid: Some(person.userid.clone()), wrong };
        let order = wire::read(&person.object, "dept_order", "whole number", wire::whole).map_err(wrong)?;
        let leader = wire::read(&person.object, "leader", "truth value", wire::truth).map_err(wrong)?;
        person.places.insert(department, Place { order, leader });
        if !person.departments.contains(&department) {
            person.departments.push(department);
        }
        Ok(person)
    }

    /// The answer of the call for one person.
    ///
    /// # Errors
    /// As [`Person::listed`], or it is somebody else.
    pub fn single(item: &Value, asked: &str) -> Result<Self, Unreadable> {
        let mut person = Self::read(item)?;
        let wrong = |wrong: &str| Unreadable { userid: Some(asked.to_owned()), wrong: wrong.to_owned() };
        if person.userid != asked {
            return Err(wrong("the answer is about somebody else"));
        }
        let mut places = BTreeMap::<i64, Place>::new();
        let lists = [
            ("dept_order_list", "its dept_order_list is not as documented"),
            ("leader_in_dept", "its leader_in_dept is not as documented"),
        ];
        for (name, sentence) in lists {
            let Some(value) = wire::member(&person.object, name) else { continue };
            for item in wire::list(value).ok_or_else(|| wrong(sentence))? {
                let item = item.as_object().ok_or_else(|| wrong(sentence))?;
                let id = wire::member(item, "dept_id").and_then(wire::whole).ok_or_else(|| wrong(sentence))?;
                let place = places.entry(id).or_default();
                if name == "leader_in_dept" {
                    place.leader = wire::member(item, "leader").and_then(wire::truth);
                } else {
                    place.order = wire::member(item, "order").and_then(wire::whole);
                }
            }
        }
        person.places = places;
        Ok(person)
    }

    fn read(item: &Value) -> Result<Self, Unreadable> {
        let nobody = |wrong: &str| Unreadable { userid: None, wrong: wrong.to_owned() };
        let object = item.as_object().ok_or_else(|| nobody("it is no object"))?.clone();
        let userid = wire::member(&object, "userid").and_then(wire::words).ok_or_else(|| nobody("it has no userid"))?;
        let odd = |letter: char| letter.is_control() || letter.is_whitespace();
        if userid.is_empty() || userid.chars().count() > LONGEST_ID || userid.contains(odd) {
            return Err(nobody("its userid is none: 1 to 64 characters without space"));
        }
        let wrong = |wrong: &str| Unreadable { userid: Some(userid.clone()), wrong: wrong.to_owned() };
        let listed = wire::member(&object, "dept_id_list").ok_or_else(|| wrong("it has no dept_id_list"))?;
        let departments = wire::numbers(listed).ok_or_else(|| wrong("its dept_id_list is no list of numbers"))?;
        if departments.len() > MOST_DEPARTMENTS {
            return Err(wrong("its dept_id_list is longer than a person can have"));
        }
        Ok(Self { userid, departments, places: BTreeMap::new(), object })
    }

    /// Who this is, to tell two people of one id apart: a name may change between two calls, a unionid does not.
    #[must_use]
    pub fn identity(&self) -> String {
        let said = ["unionid", "name"].into_iter().find_map(|name| wire::member(&self.object, name));
        said.map(Value::to_string).unwrap_or_default()
    }

    /// The record. `within` says which departments are read: only these are referred to. With `each`, the person comes
    /// from the call for one person.
    ///
    /// # Errors
    /// A field has another shape than documented.
    pub fn entry(&self, within: impl Fn(i64) -> bool, each: bool) -> Result<Entry, Wrong> {
        let mut said = Attributes::with_capacity(1024);
        // Listings never name the manager, main department and roles.
        let mut whole = each;
        said.text("userid", &self.userid);
        let dedicated = wire::member(&self.object, "exclusive_account").and_then(wire::truth) == Some(true);
        for field in FIELDS.iter().filter(|field| each || !field.by_call()) {
            let expected = match field.told {
                Told::Always | Told::Each => true,
                Told::Dedicated => dedicated,
                Told::Sometimes => false,
            };
            whole &= field.write(&self.object, &mut said)? || !expected;
        }
        said.list("dept_id_list", self.departments.iter().map(ToString::to_string));
        let own: Vec<i64> = self.departments.iter().copied().filter(|id| within(*id)).collect();
        let units = |ids: &[i64]| ids.iter().map(|id| (Class::OrgUnit, id.to_string())).collect::<Vec<_>>();
        said.references("departments", units(&own));
        let places: Vec<(i64, Place)> =
            own.iter().map(|id| (*id, self.places.get(id).copied().unwrap_or_default())).collect();
        let leads: Option<Vec<Option<i64>>> =
            places.iter().map(|(id, place)| place.leader.map(|leader| leader.then_some(*id))).collect();
        let leads: Option<Vec<i64>> = leads.map(|leads| leads.into_iter().flatten().collect());
        match &leads {
            Some(leads) => said.references("leads", units(leads)),
            None => whole = false,
        }
        let orders: Option<Object> =
            places.iter().map(|(id, place)| Some((id.to_string(), place.order?.into()))).collect();
        match orders {
            Some(orders) => said.json("dept_orders", &Value::Object(orders).to_string()),
            None => whole = false,
        }
        if each {
            whole &= self.write_manager(&mut said)?;
            let main = self.main_department()?.filter(|id| within(*id));
            if let Some(main) = main {
                said.reference("main_department", Class::OrgUnit, &main.to_string());
            }
            whole &= main.is_some() || own.is_empty();
        }
        let record = record(Class::Account, self.userid.as_str()).attributes(said);
        Ok(if whole { record.build() } else { record.partial().build() })
    }

    fn write_manager(&self, said: &mut Attributes) -> Result<bool, Wrong> {
        let manager = wire::read(&self.object, "manager_userid", "text", wire::words)?;
        match manager.as_deref() {
            None => return Ok(false),
            Some("") => said.null("manager"),
            Some(manager) => said.reference("manager", Class::Account, manager),
        }
        Ok(true)
    }

    fn main_department(&self) -> Result<Option<i64>, Wrong> {
        let wrong = || "its dept_position_list is no list of objects".to_owned();
        let Some(value) = wire::member(&self.object, "dept_position_list") else { return Ok(None) };
        for position in wire::list(value).ok_or_else(wrong)? {
            let position = position.as_object().ok_or_else(wrong)?;
            if wire::member(position, "is_main").and_then(wire::truth) == Some(true) {
                return Ok(wire::member(position, "dept_id").and_then(wire::whole));
            }
        }
        Ok(None)
    }
}

/// The record of a department below `parent` (none: it stands at the top of what is read).
///
/// # Errors
/// A field has another shape than documented.
pub fn unit(id: i64, parent: Option<i64>, object: &Object, details: bool) -> Result<Entry, Wrong> {
    let mut said = Attributes::with_capacity(512);
    let mut whole = details;
    let texts = ["name", "source_identifier", "code", "brief", "telephone", "tags", "dept_group_chat_id"];
    for name in texts {
        match wire::read(object, name, "text", wire::words)? {
            Some(text) if text.is_empty() => said.null(name),
            Some(text) => said.text(name, &text),
            None => whole &= name != "name",
        }
    }
    match parent {
        Some(parent) => said.reference("parent", Class::OrgUnit, &parent.to_string()),
        None => said.null("parent"),
    }
    match wire::read(object, "order", "whole number", wire::whole)? {
        Some(order) => said.integer("order", order),
        // The root has no siblings.
        None => whole &= parent.is_none(),
    }
    match wire::read(object, "dept_manager_userid_list", "list of texts", wire::texts)? {
        Some(managers) => said.references("managers", managers.into_iter().map(|userid| (Class::Account, userid))),
        None => whole = false,
    }
    match wire::read(object, "org_dept_owner", "text", wire::words)?.as_deref() {
        Some("") => said.null("owner"),
        Some(owner) => said.reference("owner", Class::Account, owner),
        None => {}
    }
    for name in ["from_union_org", "outer_dept", "hide_dept", "create_dept_group", "auto_add_user"] {
        if let Some(flag) = wire::read(object, name, "truth value", wire::truth)? {
            said.boolean(name, flag);
        }
    }
    let record = record(Class::OrgUnit, id.to_string()).attributes(said);
    Ok(if whole { record.build() } else { record.partial().build() })
}

/// The statement that a person can not be read.
#[must_use]
pub fn unreadable(who: Unreadable, position: &str, raw: &Value) -> Change {
    let Unreadable { userid, wrong } = who;
    let name = userid.as_deref().unwrap_or("somebody");
    let message = format!("{name} can not be read: {wrong}; an administrator of DingTalk looks at this person");
    // Who reads quarantine need not see everybody's telephone number: names of fields are enough to find the fault.
    let names = raw.as_object().map(|object| object.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
    Change::rejected(Some(Class::Account), userid, position, message, &names.unwrap_or_else(|| raw.to_string()))
}
