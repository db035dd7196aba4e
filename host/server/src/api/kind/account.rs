//! Accounts.

use super::{CREATED, Kept, Kind, MODIFIED, kept_flag, kept_owns, kept_reference, kept_text, own, text};
use crate::api::pattern;
use crate::api::problem::Finding;
use crate::api::shape::{Account, MOST_UNITS};
use rosterd_model::Class;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

/// An account as the directory keeps it; with when it was made, or without.
struct Keeping<'a> {
    account: &'a Account,
    made: Option<&'a str>,
}

/// One of several values, as SCIM clients have them.
#[derive(Serialize)]
struct Typed<'a> {
    value: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    primary: bool,
}

#[derive(Serialize)]
struct Reference<'a> {
    #[serde(rename = "ref")]
    class: &'static str,
    id: &'a str,
}

const fn unit(id: &str) -> Reference<'_> {
    Reference { class: Class::OrgUnit.as_str(), id }
}

impl Serialize for Keeping<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let account = self.account;
        let mut kept = to.serialize_map(None)?;
        kept.serialize_entry("userName", &account.user_name)?;
        for (name, value) in [
            ("externalId", &account.external_id),
            ("displayName", &account.display_name),
            ("name.givenName", &account.given_name),
            ("name.familyName", &account.family_name),
            ("title", &account.title),
            ("department", &account.department),
            ("employeeNumber", &account.employee_number),
            ("preferredLanguage", &account.preferred_language),
            ("description", &account.description),
        ] {
            entry(&mut kept, name, value.as_ref())?;
        }
        if let Some(email) = &account.email {
            kept.serialize_entry("emails", &[Typed { value: email, kind: "work", primary: true }])?;
            kept.serialize_entry("emails.work", email)?;
        }
        if let Some(phone) = &account.phone_number {
            kept.serialize_entry("phoneNumbers", &[Typed { value: phone, kind: "mobile", primary: true }])?;
            kept.serialize_entry("phoneNumbers.mobile", phone)?;
        }
        entry(&mut kept, "emailVerified", account.email_verified)?;
        entry(&mut kept, "phoneNumberVerified", account.phone_number_verified)?;
        kept.serialize_entry("active", &account.active.unwrap_or(true))?;
        entry(&mut kept, "organizationalUnit", account.org_unit.as_deref().map(unit))?;
        let further = account.org_units.as_ref().filter(|units| !units.is_empty());
        let further = further.map(|units| units.iter().map(|id| unit(id)).collect::<Vec<_>>());
        entry(&mut kept, "organizationalUnits", further)?;
        let manager = account.manager.as_deref();
        entry(&mut kept, "manager", manager.map(|id| Reference { class: Class::Account.as_str(), id }))?;
        for (name, value) in account.attributes.iter().flatten() {
            kept.serialize_entry(name, value)?;
        }
        entry(&mut kept, CREATED, self.made)?;
        entry(&mut kept, MODIFIED, self.made)?;
        kept.end()
    }
}

fn entry<M: SerializeMap>(kept: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| kept.serialize_entry(name, &value))
}

impl Kind for Account {
    const CLASS: Class = Class::Account;
    const PATH: &'static str = "accounts";
    const NAME: &'static str = "Account";
    const NEEDED: &'static str = "userName";
    const FILTERS: &'static [(&'static str, &'static [&'static str])] = &[
        ("userName", &["userName"]),
        ("email", &["emails.value"]),
        ("externalId", &["externalId"]),
        ("displayName", &["displayName"]),
        ("phoneNumber", &["phoneNumbers.value"]),
        ("employeeNumber", &["employeeNumber"]),
        ("orgUnit", &["organizationalUnit.value", "organizationalUnits.value"]),
    ];
    const NAMES: &'static [&'static str] = &[
        "id",
        "schemas",
        "meta",
        "userName",
        "externalId",
        "displayName",
        "name",
        "givenName",
        "familyName",
        "email",
        "emails",
        "emailVerified",
        "phoneNumber",
        "phoneNumbers",
        "phoneNumberVerified",
        "phoneRegion",
        "title",
        "department",
        "employeeNumber",
        "preferredLanguage",
        "description",
        "active",
        "orgUnit",
        "orgUnits",
        "organizationalUnit",
        "organizationalUnits",
        "manager",
        "attributes",
        "password",
        "groups",
    ];

    fn check(&self, found: &mut Vec<Finding>) {
        text(found, "userName", Some(&self.user_name), pattern::NAME, 256);
        for (name, value, most) in [
            ("externalId", &self.external_id, 256),
            ("displayName", &self.display_name, 256),
            ("givenName", &self.given_name, 256),
            ("familyName", &self.family_name, 256),
            ("title", &self.title, 256),
            ("department", &self.department, 256),
            ("employeeNumber", &self.employee_number, 256),
            ("preferredLanguage", &self.preferred_language, 64),
            ("description", &self.description, 1024),
        ] {
            text(found, name, value.as_deref(), pattern::TEXT, most);
        }
        text(found, "email", self.email.as_deref(), pattern::EMAIL, 254);
        text(found, "phoneNumber", self.phone_number.as_deref(), pattern::PHONE, 22);
        text(found, "orgUnit", self.org_unit.as_deref(), pattern::ID, 256);
        text(found, "manager", self.manager.as_deref(), pattern::ID, 256);
        let units = self.org_units.as_deref().unwrap_or_default();
        if units.len() > MOST_UNITS {
            let detail = format!("an account is in at most {MOST_UNITS} further org units");
            found.push(Finding { pointer: "/orgUnits".to_owned(), detail });
        }
        for (index, unit) in units.iter().enumerate() {
            let before = found.len();
            text(found, "orgUnits", Some(unit), pattern::ID, 256);
            found[before..].iter_mut().for_each(|one| one.pointer = format!("/orgUnits/{index}"));
        }
        own(found, Self::NAMES, self.attributes.as_ref());
    }

    fn keep(&self) -> Kept {
        match serde_json::to_value(Keeping { account: self, made: None }) {
            Ok(Value::Object(kept)) => kept,
            // What has names for its members is an object.
            _ => Kept::new(),
        }
    }

    /// Without a map in between: an import makes very many.
    fn text(&self, made: &str) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Keeping { account: self, made: Some(made) })
    }

    fn show(kept: &Kept) -> Self {
        let text = |name: &str| kept_text(kept, name);
        // A SCIM client may have named no type.
        let first = |list: &str| {
            let all = kept.get(list)?.as_array()?;
            let primary = all.iter().find(|one| one["primary"] == true).or_else(|| all.first())?;
            primary.get("value")?.as_str().map(str::to_owned)
        };
        let units = kept.get("organizationalUnits").and_then(Value::as_array);
        let units: Option<Vec<String>> =
            units.map(|all| all.iter().filter_map(|one| one.get("id")?.as_str().map(str::to_owned)).collect());
        Self {
            user_name: text("userName").unwrap_or_default(),
            external_id: text("externalId"),
            display_name: text("displayName"),
            given_name: text("name.givenName"),
            family_name: text("name.familyName"),
            email: text("emails.work").or_else(|| first("emails")),
            email_verified: kept_flag(kept, "emailVerified"),
            phone_number: text("phoneNumbers.mobile").or_else(|| first("phoneNumbers")),
            phone_number_verified: kept_flag(kept, "phoneNumberVerified"),
            title: text("title"),
            department: text("department"),
            employee_number: text("employeeNumber"),
            preferred_language: text("preferredLanguage"),
            description: text("description"),
            active: Some(kept_flag(kept, "active").unwrap_or(true)),
            org_unit: kept_reference(kept, "organizationalUnit"),
            org_units: units.filter(|units| !units.is_empty()),
            manager: kept_reference(kept, "manager"),
            attributes: kept_owns(kept, Self::NAMES),
        }
    }

    fn unique(&self) -> Option<&str> {
        Some(&self.user_name)
    }
}
