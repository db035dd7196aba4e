//! What differs between accounts, org units and groups: names, checks, and how the directory keeps them.
//!
//! Attributes have the names that SCIM clients' have there, so that one map serves both: `name.givenName`, `emails.work`,
//! `organizationalUnit`. Attributes of the company's own keep theirs.

mod account;
mod group;
mod unit;

use super::pattern::{self, fits};
use super::problem::{Finding, escaped};
use super::shape::{LONGEST_OWN, MOST_OWN, MOST_TEXTS, Own, Owns};
use crate::Scope;
use rosterd_model::Class;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// When it was made.
pub(super) const CREATED: &str = "meta.created";
/// When it was changed.
pub(super) const MODIFIED: &str = "meta.lastModified";
/// True if a group has attributes that a short look at it does not show.
pub(super) const MORE: &str = "meta.more";
/// What a short look at a group shows: everything but the members.
pub(super) const SHORT: [&str; 6] = ["displayName", "externalId", "description", CREATED, MODIFIED, MORE];

/// As the directory keeps an object.
pub(super) type Kept = Map<String, Value>;

/// Accounts, org units or groups.
pub(super) trait Kind: DeserializeOwned + Serialize + ToSchema + Send + Sync + 'static {
    /// The class of the directory.
    const CLASS: Class;
    /// The part of an address: `accounts`.
    const PATH: &'static str;
    /// In names of operations: `Account`.
    const NAME: &'static str;
    /// The attribute that every object has.
    const NEEDED: &'static str;
    /// Parameters of a list, each with the attributes that it is compared with.
    const FILTERS: &'static [(&'static str, &'static [&'static str])];
    /// Names of attributes that are no company's own.
    const NAMES: &'static [&'static str];

    /// What can not be used.
    fn check(&self, found: &mut Vec<Finding>);

    /// As the directory keeps it.
    fn keep(&self) -> Kept;

    /// The text of what [`Kind::keep`] gives, and of when it was made.
    fn text(&self, made: &str) -> serde_json::Result<Vec<u8>> {
        let mut kept = self.keep();
        kept.insert(CREATED.to_owned(), made.into());
        kept.insert(MODIFIED.to_owned(), made.into());
        serde_json::to_vec(&kept)
    }

    /// From what the directory keeps.
    fn show(kept: &Kept) -> Self;

    /// The name that no other object may have.
    fn unique(&self) -> Option<&str> {
        None
    }

    /// What it takes to see them.
    fn reading() -> Scope {
        Scope::Read(Self::CLASS)
    }

    /// What it takes to change them.
    fn writing() -> Scope {
        Scope::Write(Self::CLASS)
    }
}

fn text(found: &mut Vec<Finding>, name: &str, value: Option<&str>, pattern: &str, most: usize) {
    let Some(value) = value else { return };
    let wrong = if value.chars().count() > most {
        format!("{name} is longer than {most} characters")
    } else if !fits(pattern, value) {
        format!("{name} does not look as it has to: {pattern}")
    } else {
        return;
    };
    found.push(Finding { pointer: format!("/{}", escaped(name)), detail: wrong });
}

fn own(found: &mut Vec<Finding>, names: &[&str], owns: Option<&Owns>) {
    let Some(owns) = owns else { return };
    let mut wrong = |name: &str, detail: String| {
        found.push(Finding { pointer: format!("/attributes/{}", escaped(name)), detail });
    };
    if owns.len() > MOST_OWN {
        wrong("", format!("there are more than {MOST_OWN} attributes of the company's own"));
    }
    for (name, value) in owns {
        let reads = |text: &str, pattern: &str| text.chars().count() <= LONGEST_OWN && fits(pattern, text);
        if !fits(pattern::OWN, name) {
            wrong(name, "a name has 1 to 64 letters, digits, hyphens and underscores, first a letter".to_owned());
        } else if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            wrong(name, format!("{name} is no attribute of the company's own; write it where it belongs"));
        } else {
            let good = match value {
                Own::Flag(_) | Own::Whole(_) => true,
                Own::Text(text) => reads(text, pattern::TEXT),
                Own::Texts(texts) => texts.len() <= MOST_TEXTS && texts.iter().all(|text| reads(text, pattern::WORDS)),
            };
            if !good {
                wrong(
                    name,
                    format!(
                        "it is no text of one line with at most {LONGEST_OWN} characters, or there are more than {MOST_TEXTS}"
                    ),
                );
            }
        }
    }
}

fn put(kept: &mut Kept, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        kept.insert(name.to_owned(), value.into());
    }
}

fn put_owns(kept: &mut Kept, owns: Option<&Owns>) {
    for (name, value) in owns.into_iter().flatten() {
        kept.insert(name.clone(), json!(value));
    }
}

/// A reference as the directory has it.
pub(super) fn reference(class: Class, id: &str) -> Value {
    json!({ "ref": class.as_str(), "id": id })
}

/// Text that is kept there.
pub(super) fn kept_text(kept: &Kept, name: &str) -> Option<String> {
    kept.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The id of a reference that is kept there.
pub(super) fn kept_reference(kept: &Kept, name: &str) -> Option<String> {
    kept.get(name)?.get("id")?.as_str().map(str::to_owned)
}

fn kept_flag(kept: &Kept, name: &str) -> Option<bool> {
    kept.get(name).and_then(Value::as_bool)
}

fn kept_owns(kept: &Kept, names: &[&str]) -> Option<Owns> {
    let own = |name: &str| !name.contains(['.', ':']) && !names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let all = kept.iter().filter(|(name, _)| own(name));
    // What other clients of the connection said in a shape that has no place here stays where it is, and is not shown.
    let owns: Owns =
        all.filter_map(|(name, value)| Some((name.clone(), serde_json::from_value(value.clone()).ok()?))).collect();
    (!owns.is_empty()).then_some(owns)
}

/// What can not be used of an object.
pub(super) fn checked<K: Kind>(object: &K) -> Result<(), super::problem::Refused> {
    let mut found = Vec::new();
    object.check(&mut found);
    found.truncate(100);
    if found.is_empty() { Ok(()) } else { Err(super::problem::Problem::invalid(found)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::shape::Account;
    use proptest::prelude::*;

    fn account() -> impl Strategy<Value = Account> {
        let text = || proptest::option::of("[a-z]{1,8}");
        (("[a-z]{1,9}", text(), text(), text()), (text(), proptest::option::of(any::<bool>()), text(), text()))
            .prop_map(|((user_name, external_id, display_name, given_name), (org_unit, active, manager, badge))| {
                Account {
                    user_name,
                    external_id,
                    display_name,
                    given_name: given_name.clone(),
                    family_name: given_name,
                    email: badge.as_ref().map(|name| format!("{name}@x.example")),
                    email_verified: active,
                    phone_number: badge.as_ref().map(|_| "+8613800000000".to_owned()),
                    phone_number_verified: active,
                    title: None,
                    department: None,
                    employee_number: manager.clone(),
                    preferred_language: None,
                    description: None,
                    active: Some(active.unwrap_or(true)),
                    org_units: org_unit.clone().map(|id| vec![id]),
                    org_unit,
                    manager,
                    attributes: badge.map(|badge| Owns::from([("badge".to_owned(), Own::Text(badge))])),
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_kept_is_shown_as_it_was_said(account in account()) {
            prop_assert_eq!(Account::show(&account.keep()), account);
        }
    }

    #[test]
    fn what_can_not_be_used_is_named_by_its_place() {
        let text = r#"{"userName":"a b","email":"no","orgUnits":["../x"],"attributes":{"userName":"x","1":"y"}}"#;
        let account: Account = serde_json::from_str(text).expect("it has the shape");
        let problem = checked(&account).expect_err("nothing of it can be used");
        let places: Vec<_> = problem.errors.iter().map(|one| one.pointer.as_str()).collect();
        assert_eq!(places, ["/userName", "/email", "/orgUnits/0", "/attributes/1", "/attributes/userName"]);
    }
}
