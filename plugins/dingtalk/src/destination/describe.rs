//! What `describe` says of writing, added to what the source says of each attribute.

use super::rules::RULES;
use rosterd_sdk::{Attribute, ClassDescription};

/// Attributes of people that are made of several fields, or decide which account it is.
const PEOPLE: [&str; 9] = [
    "userid",
    "mobile",
    "exclusive_account",
    "exclusive_account_type",
    "departments",
    "dept_orders",
    "main_department",
    "manager",
    "extension",
];
/// Of these and of the plain fields, those that are chosen when a person is made.
const AT_BIRTH: [&str; 5] = ["userid", "mobile", "exclusive_account", "exclusive_account_type", "login_email"];
/// What people are looked up by.
const PEOPLE_KEYS: [&str; 6] = ["userid", "mobile", "unionid", "login_id", "exclusive_mobile", "name"];
/// Attributes of departments that can be written.
const UNITS: [&str; 13] = [
    "name",
    "parent",
    "order",
    "managers",
    "owner",
    "source_identifier",
    "code",
    "brief",
    "telephone",
    "hide_dept",
    "outer_dept",
    "create_dept_group",
    "auto_add_user",
];
/// What departments are looked up by.
const UNIT_KEYS: [&str; 2] = ["source_identifier", "name"];

/// The same attribute of a person, with what can be done with it.
#[must_use]
pub fn person(name: &str, attribute: Attribute) -> Attribute {
    let writable = PEOPLE.contains(&name) || RULES.iter().any(|rule| rule.name == name);
    let attribute = traits(attribute, writable, PEOPLE_KEYS.contains(&name), name == "name");
    if AT_BIRTH.contains(&name) { attribute.with("immutable", true) } else { attribute }
}

/// The same attribute of a department, with what can be done with it.
#[must_use]
pub fn unit(name: &str, attribute: Attribute) -> Attribute {
    traits(attribute, UNITS.contains(&name), UNIT_KEYS.contains(&name), name == "name")
}

/// What can be written and is never shown.
#[must_use]
pub fn unseen(class: ClassDescription) -> ClassDescription {
    let text = "number of a dedicated account, with its prefix; it can be written and looked up, and is never shown";
    class.attribute(person("exclusive_mobile", Attribute::text("exclusive_mobile").sensitive().description(text)))
}

fn traits(attribute: Attribute, writable: bool, lookup: bool, required: bool) -> Attribute {
    let attribute = if writable { attribute.writable() } else { attribute };
    let attribute = if lookup { attribute.lookup() } else { attribute };
    if required { attribute.required() } else { attribute }
}
