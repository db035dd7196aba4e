//! A person as DingTalk shows it, for comparing: pure.

use super::mobile::Mobile;
use crate::convert::{Person, Place};
use crate::settings::NewAccounts;
use crate::wire::{self, Object, Wrong};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A person.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The id.
    pub userid: String,
    /// All fields of the call for one person.
    pub object: Object,
    /// The departments.
    pub departments: Vec<i64>,
    /// Places in them.
    pub places: BTreeMap<i64, Place>,
    /// Which kind of account it is.
    pub account: NewAccounts,
    /// The number of an ordinary account, if it may be seen.
    pub mobile: Option<Mobile>,
}

impl Shown {
    /// Reads the answer of the call for one person. `asked` is the id that was asked for; none: whoever it is.
    ///
    /// # Errors
    /// It is no person, or somebody else.
    pub fn read(found: &Value, asked: Option<&str>) -> Result<Self, Wrong> {
        let said = found.get("userid").and_then(wire::words).ok_or_else(|| "it has no userid".to_owned())?;
        let person = Person::single(found, asked.unwrap_or(&said)).map_err(|who| who.wrong)?;
        let object = found.as_object().cloned().unwrap_or_default();
        let dedicated = wire::read(&object, "exclusive_account", "truth value", wire::truth)?.unwrap_or(false);
        let kind = wire::read(&object, "exclusive_account_type", "text", wire::words)?;
        let account = match (dedicated, kind.as_deref()) {
            (false, _) => NewAccounts::Ordinary,
            (true, Some("sso")) => NewAccounts::Sso,
            (true, _) => NewAccounts::Dingtalk,
        };
        let text = |name: &str| wire::member(&object, name).and_then(wire::words).filter(|text| !text.is_empty());
        let mobile = text("mobile").and_then(|number| {
            let prefix = text("state_code").unwrap_or_else(|| "86".to_owned());
            Mobile::of(prefix.trim_start_matches('+'), &number).or_else(|| Mobile::parse(&number))
        });
        Ok(Self {
            userid: person.userid,
            departments: person.departments,
            places: person.places,
            account,
            mobile,
            object,
        })
    }

    /// Whether a dedicated account is stopped; none: it does not say.
    #[must_use]
    pub fn disabled(&self) -> Option<bool> {
        wire::member(&self.object, "disable_status").and_then(wire::truth)
    }

    /// The manager.
    #[must_use]
    pub fn manager(&self) -> Option<String> {
        wire::member(&self.object, "manager_userid").and_then(wire::words).filter(|manager| !manager.is_empty())
    }

    /// The fields of the administrator; none: there are none, or they may not be seen.
    #[must_use]
    pub fn extension(&self) -> Option<Map<String, Value>> {
        match wire::member(&self.object, "extension")? {
            Value::String(text) => serde_json::from_str(text).ok(),
            Value::Object(fields) => Some(fields.clone()),
            _ => None,
        }
    }

    /// What stands for each department: title, work place, whether it is the main one.
    #[must_use]
    pub fn positions(&self) -> BTreeMap<i64, Object> {
        let list = wire::member(&self.object, "dept_position_list").and_then(wire::list).unwrap_or_default();
        let one = |item: &Value| {
            let item = item.as_object()?;
            Some((wire::member(item, "dept_id").and_then(wire::whole)?, item.clone()))
        };
        list.iter().filter_map(one).collect()
    }

    /// The main department.
    #[must_use]
    pub fn main(&self) -> Option<i64> {
        let is_main = |position: &Object| wire::member(position, "is_main").and_then(wire::truth) == Some(true);
        self.positions().into_iter().find(|(_, position)| is_main(position)).map(|(id, _)| id)
    }

    /// The departments as references, for edits that add and remove.
    #[must_use]
    pub fn references(&self) -> Vec<Value> {
        self.departments.iter().map(|id| json!({ "ref": "org-unit", "id": id.to_string() })).collect()
    }
}
