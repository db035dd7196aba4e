//! The attributes that are known by name: those of RFC 7643 for users and groups, and those that the operator adds.

use crate::settings::Settings;
use rosterd_sdk::{Attribute, Class};

/// Texts of a user.
const TEXTS: [&str; 42] = [
    "userName",
    "externalId",
    "displayName",
    "nickName",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "profileUrl",
    "name.formatted",
    "name.familyName",
    "name.givenName",
    "name.middleName",
    "name.honorificPrefix",
    "name.honorificSuffix",
    "emails.work",
    "emails.home",
    "emails.other",
    "phoneNumbers.work",
    "phoneNumbers.home",
    "phoneNumbers.mobile",
    "phoneNumbers.fax",
    "phoneNumbers.pager",
    "phoneNumbers.other",
    "addresses.work",
    "addresses.work.streetAddress",
    "addresses.work.locality",
    "addresses.work.region",
    "addresses.work.postalCode",
    "addresses.work.country",
    "addresses.home",
    "addresses.home.streetAddress",
    "addresses.home.locality",
    "addresses.home.region",
    "addresses.home.postalCode",
    "addresses.home.country",
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
];
/// Texts of a group.
const OF_GROUP: [&str; 2] = ["displayName", "externalId"];
/// May the account be used?
pub const ACTIVE: &str = "active";
/// Another user.
pub const MANAGER: &str = "manager";
/// Users and groups.
pub const MEMBERS: &str = "members";

/// The attribute that names an object to people, and is looked for.
#[must_use]
pub const fn naming(class: Class) -> &'static str {
    match class {
        Class::Account => "userName",
        Class::OrgUnit | Class::Group => "displayName",
    }
}

/// The texts of a class.
pub fn texts(class: Class, settings: &Settings) -> impl Iterator<Item = &str> {
    let (own, more): (&[&str], &[String]) = match class {
        Class::Account => (&TEXTS, &settings.attributes),
        Class::OrgUnit => (&[], &[]),
        Class::Group => (&OF_GROUP, &[]),
    };
    own.iter().copied().chain(more.iter().map(String::as_str).filter(|name| !own.contains(name)))
}

/// True for what is read and written otherwise than by its name.
#[must_use]
pub fn is_our_own(name: &str) -> bool {
    [ACTIVE, MANAGER, MEMBERS, "id", "meta", "schemas", "groups", "password"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

/// What the operator added.
pub fn added(settings: &Settings) -> impl Iterator<Item = Attribute> {
    texts(Class::Account, settings).skip(TEXTS.len()).map(|name| text(name, Class::Account))
}

/// What `describe` says of a class.
#[must_use]
pub fn attributes(class: Class) -> Vec<Attribute> {
    let own: &[&str] = if class == Class::Account { &TEXTS } else { &OF_GROUP };
    let mut all: Vec<Attribute> = own.iter().map(|name| text(name, class)).collect();
    if class == Class::Account {
        let active = "whether the account may be used; the hub enables and disables";
        all.push(Attribute::boolean(ACTIVE).description(active));
        all.push(Attribute::reference(MANAGER, &[Class::Account]).writable());
    } else {
        all.push(Attribute::reference(MEMBERS, &[Class::Account, Class::Group]).multi().writable());
    }
    all
}

/// One text.
#[must_use]
pub fn text(name: &str, class: Class) -> Attribute {
    let attribute = Attribute::text(name).writable().lookup();
    match name {
        "externalId" => {
            attribute.case_exact().description("our own id of the object, which the service provider only keeps")
        }
        "userName" => attribute.unique().required(),
        "displayName" if class == Class::Group => attribute.required(),
        _ => attribute,
    }
}
