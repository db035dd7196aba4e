//! Events about the directory: which objects each of them says to look at. An event never says what changed, so whatever
//! it names is read again.
//!
//! Sources: the vendor's pages "user_add_org" and its neighbours, "org_dept_create" and its neighbours, and
//! "label_user_change" under "event subscriptions". Two spellings are about (`UserId`, `userId`), so case does not count.

use crate::wire::{self, Object};
use rosterd_sdk::{Class, Hint};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Objects that one event may name; one that names more makes everything of the class be looked at.
pub const MOST: usize = 200;
/// The longest id of a person, by the page "create a user".
const LONGEST_USERID: usize = 64;
/// An id of an event that is longer is none.
const LONGEST_EVENT: usize = 128;

/// An event, by whichever way it came.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Its id, if it has one; the older spelling has none.
    pub id: Option<&'a str>,
    /// When it happened, milliseconds since 1970.
    pub at_ms: Option<u64>,
    /// What it says.
    pub fields: &'a Object,
}

/// What an event comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// These are to be looked at.
    Look(Vec<Hint>),
    /// It only asks whether anybody is there.
    Test,
    /// It is known and is about nothing that is read.
    Nothing,
    /// Nobody here knows it.
    Unknown,
}

/// What a type of events is about.
enum About {
    /// People; true: they left.
    People(bool),
    /// People, if it names any.
    PeopleNamed,
    /// Departments; true: they were removed.
    Departments(bool),
    /// The organisation itself, which is the department at the top.
    Organisation,
    /// Everything.
    Everything,
    /// What a role is called: its holders show that, where each person is read alone.
    Role,
    Test,
    Nothing,
}

fn about(kind: &str) -> Option<About> {
    Some(match kind {
        "user_add_org" | "user_modify_org" | "user_active_org" | "org_admin_add" | "org_admin_remove"
        | "label_user_change" => About::People(false),
        "user_leave_org" => About::People(true),
        "hrm_user_record_change" => About::PeopleNamed,
        "org_dept_create" | "org_dept_modify" => About::Departments(false),
        "org_dept_remove" => About::Departments(true),
        "org_change" => About::Organisation,
        "org_remove" => About::Everything,
        "label_conf_del" | "label_conf_modify" => About::Role,
        // A new role has nobody yet.
        "label_conf_add" => About::Nothing,
        "check_url" => About::Test,
        _ => return None,
    })
}

/// What an event says to look at; `each`: people are read one by one, and show their roles.
#[must_use]
pub fn told(event: &Event<'_>, each: bool) -> Told {
    let Some(about) = about(event.kind) else { return Told::Unknown };
    let look = |class: Class, ids: Option<Vec<String>>, gone: bool| match ids {
        Some(ids) => Told::Look(ids.into_iter().map(|id| hint(event, Some(class), Some(id), gone)).collect()),
        // It names nobody, or somebody who can not be read: nobody is left out.
        None => Told::Look(vec![hint(event, Some(class), None, false)]),
    };
    match about {
        About::People(left) => look(Class::Account, people(event.fields), left),
        About::PeopleNamed if named(event.fields, &["userid", "useridlist"]).is_none() => Told::Nothing,
        About::PeopleNamed => look(Class::Account, people(event.fields), false),
        About::Departments(removed) => look(Class::OrgUnit, departments(event.fields), removed),
        About::Organisation => look(Class::OrgUnit, Some(vec![crate::tree::ROOT.to_string()]), false),
        About::Everything => Told::Look(vec![hint(event, None, None, false)]),
        About::Role if each => look(Class::Account, None, false),
        About::Role | About::Nothing => Told::Nothing,
        About::Test => Told::Test,
    }
}

fn hint(event: &Event<'_>, class: Option<Class>, id: Option<String>, gone: bool) -> Hint {
    let mut hint = Hint { class, ..Hint::anything() };
    if let Some(event_id) = event.id.filter(|id| !id.is_empty() && id.chars().count() <= LONGEST_EVENT) {
        // The hub takes the id of an event once. One event may name many, so each of them has an id of its own.
        hint = hint.event(id.as_ref().map_or_else(|| event_id.to_owned(), |id| format!("{event_id}#{id}")));
    }
    hint.id = id;
    hint.occurred_at_ms = event.at_ms;
    let detail = if gone { json!({ "event": event.kind, "deleted": true }) } else { json!({ "event": event.kind }) };
    hint.detail(detail.to_string())
}

/// The first member of one of these names that says something, whatever the case of its letters.
fn named<'a>(fields: &'a Object, names: &[&str]) -> Option<&'a Value> {
    let is = |name: &str| names.iter().any(|own| own.eq_ignore_ascii_case(name));
    fields.iter().find(|(name, value)| is(name) && !value.is_null()).map(|(_, value)| value)
}

/// One or several texts or numbers.
fn several(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(wire::words).collect(),
        one => wire::words(one).map(|one| vec![one]),
    }
}

/// Ids without repetition; none if there is no id, too many, or one that can be none.
fn ids(fields: &Object, names: &[&str], good: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let mut known = BTreeSet::new();
    let mut all = several(named(fields, names)?)?;
    all.retain(|id| known.insert(id.clone()));
    ((1..=MOST).contains(&all.len()) && all.iter().all(|id| good(id))).then_some(all)
}

fn people(fields: &Object) -> Option<Vec<String>> {
    let good = |id: &str| {
        !id.is_empty()
            && id.chars().count() <= LONGEST_USERID
            && !id.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    ids(fields, &["userid", "useridlist"], good)
}

fn departments(fields: &Object) -> Option<Vec<String>> {
    let good = |id: &str| id.parse::<i64>().is_ok_and(|number| number >= crate::tree::ROOT && number.to_string() == id);
    ids(fields, &["deptid", "deptidlist"], good)
}

/// A member that is a text, whatever the case of its name.
#[must_use]
pub fn text<'a>(fields: &'a Object, name: &str) -> Option<&'a str> {
    named(fields, &[name]).and_then(Value::as_str)
}

/// A member that is a time in milliseconds, as a number or as text.
#[must_use]
pub fn time(fields: &Object, name: &str) -> Option<u64> {
    named(fields, &[name]).and_then(wire::whole).and_then(|time| u64::try_from(time).ok())
}
