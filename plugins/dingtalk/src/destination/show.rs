//! Objects as this destination shows them: in the words in which it is told, so that the two can be compared.
//!
//! Two words differ from those of the source. `active` says whether a dedicated account may be used, which is what the hub
//! takes it for; whether somebody ever logged in is not said here. `parent` is empty directly below the top.

use super::shown::Shown;
use crate::convert::{Person, unit};
use crate::settings::{NewAccounts, Settings};
use crate::wire::{self, Object, Wrong};
use rosterd_sdk::{Class, Object as Entry};
use serde_json::{Map, Value};

/// A person.
///
/// # Errors
/// A field has another shape than documented.
pub fn person(shown: &Shown, settings: &Settings) -> Result<Entry, Wrong> {
    let found = Value::Object(shown.object.clone());
    let person = Person::single(&found, &shown.userid).map_err(|who| who.wrong)?;
    let mut entry = person.entry(|_| true, true)?;
    let mut said: Map<String, Value> = serde_json::from_str(&entry.attributes).unwrap_or_default();
    said.shift_remove("active");
    if shown.account != NewAccounts::Ordinary
        && let Some(disabled) = shown.disabled()
    {
        said.insert("active".to_owned(), (!disabled).into());
    }
    if let Some(mobile) = &shown.mobile {
        said.insert("mobile".to_owned(), mobile.written(settings.overseas).into());
    }
    entry.attributes = Value::Object(said).to_string();
    Ok(entry)
}

/// A department.
///
/// # Errors
/// A field has another shape than documented, or it is another department.
pub fn department(id: i64, fields: &Object, settings: &Settings) -> Result<Entry, Wrong> {
    if wire::read(fields, "dept_id", "whole number", wire::whole)? != Some(id) {
        return Err("the answer is about another department".to_owned());
    }
    let parent = wire::read(fields, "parent_id", "whole number", wire::whole)?;
    if parent.is_none() && id != crate::tree::ROOT {
        return Err("it has no parent_id".to_owned());
    }
    unit(id, parent.filter(|parent| *parent != settings.top_department), fields, true)
}

/// The record of a class that is not there.
#[must_use]
pub fn no_groups() -> rosterd_sdk::Fault {
    rosterd_sdk::Fault::unsupported(format!(
        "DingTalk has no objects of the class {} that this connector writes",
        Class::Group.as_str()
    ))
}
