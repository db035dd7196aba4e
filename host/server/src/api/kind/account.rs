//! Accounts.

use super::{Kept, Kind, kept_flag, kept_owns, kept_reference, kept_text, own, put, put_owns, reference, text};
use crate::api::pattern;
use crate::api::problem::Finding;
use crate::api::shape::{Account, MOST_UNITS};
use rosterd_model::Class;
use serde_json::{Value, json};

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
        let mut kept = Kept::with_capacity(24);
        put(&mut kept, "userName", Some(self.user_name.as_str()));
        for (name, value) in [
            ("externalId", &self.external_id),
            ("displayName", &self.display_name),
            ("name.givenName", &self.given_name),
            ("name.familyName", &self.family_name),
            ("title", &self.title),
            ("department", &self.department),
            ("employeeNumber", &self.employee_number),
            ("preferredLanguage", &self.preferred_language),
            ("description", &self.description),
        ] {
            put(&mut kept, name, value.as_deref());
        }
        if let Some(email) = &self.email {
            kept.insert("emails".to_owned(), json!([{ "value": email, "type": "work", "primary": true }]));
            kept.insert("emails.work".to_owned(), email.as_str().into());
        }
        if let Some(phone) = &self.phone_number {
            kept.insert("phoneNumbers".to_owned(), json!([{ "value": phone, "type": "mobile", "primary": true }]));
            kept.insert("phoneNumbers.mobile".to_owned(), phone.as_str().into());
        }
        put(&mut kept, "emailVerified", self.email_verified);
        put(&mut kept, "phoneNumberVerified", self.phone_number_verified);
        put(&mut kept, "active", Some(self.active.unwrap_or(true)));
        put(&mut kept, "organizationalUnit", self.org_unit.as_deref().map(|id| reference(Class::OrgUnit, id)));
        let further = self.org_units.as_ref().filter(|units| !units.is_empty());
        let further = further.map(|units| units.iter().map(|id| reference(Class::OrgUnit, id)).collect::<Vec<_>>());
        put(&mut kept, "organizationalUnits", further);
        put(&mut kept, "manager", self.manager.as_deref().map(|id| reference(Class::Account, id)));
        put_owns(&mut kept, self.attributes.as_ref());
        kept
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
