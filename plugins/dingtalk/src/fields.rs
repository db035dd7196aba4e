//! The attributes of people: one table for reading them and for describing them.
//!
//! Names are those of the interface. A field that is absent is hidden by a missing permission, or empty, and nobody can
//! tell which: it says nothing, and the record is partial. Only an empty text says that there is no value.

use crate::wire::{self, Object, Wrong};
use rosterd_sdk::{Attribute, Attributes};
use serde_json::Value;

/// How a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// True or false.
    Flag,
    /// Milliseconds since 1970.
    Time,
    /// JSON inside of a text, or an object.
    Json,
    /// A list of objects.
    Objects,
}

/// Where a field can be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// For everybody, in listings too.
    Always,
    /// For everybody, but only by the call for one person.
    Each,
    /// In listings too, for dedicated accounts.
    Dedicated,
    /// Where the organisation uses it; its absence makes no record partial.
    Sometimes,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the interface, and that of the attribute.
    pub name: &'static str,
    /// How it is read.
    pub kind: Kind,
    /// Where it can be expected.
    pub told: Told,
    /// For the operator.
    pub description: &'static str,
}

const fn field(name: &'static str, kind: Kind, told: Told, description: &'static str) -> Field {
    Field { name, kind, told, description }
}

const MOBILE: &str = "needs the field permission for mobile numbers";
const PERSONAL: &str = "needs the field permission for e-mail and other personal information";
const OWN: &str = "dedicated accounts that belong to this organisation";
const CALL: &str = "only with details = \"each\"";

/// All of them, but for those that are made of several fields.
pub const FIELDS: &[Field] = &[
    field("unionid", Kind::Text, Told::Always, "the same person among all applications of one developer"),
    field("name", Kind::Text, Told::Always, ""),
    field("avatar", Kind::Text, Told::Sometimes, "a url; absent for the usual picture"),
    field("state_code", Kind::Text, Told::Always, MOBILE),
    field("mobile", Kind::Text, Told::Always, MOBILE),
    field("hide_mobile", Kind::Flag, Told::Always, "colleagues do not see the number"),
    field("telephone", Kind::Text, Told::Always, ""),
    field("job_number", Kind::Text, Told::Always, ""),
    field("title", Kind::Text, Told::Always, ""),
    field("email", Kind::Text, Told::Always, PERSONAL),
    field("org_email", Kind::Text, Told::Sometimes, "only with the mailbox of the organisation"),
    field("org_email_type", Kind::Word(&["profession", "base"]), Told::Sometimes, ""),
    field("login_email", Kind::Text, Told::Sometimes, "accounts that log in with an address"),
    field("work_place", Kind::Text, Told::Always, PERSONAL),
    field("remark", Kind::Text, Told::Always, PERSONAL),
    field("hired_date", Kind::Time, Told::Always, ""),
    field(
        "extension",
        Kind::Json,
        Told::Always,
        "fields that the administrator added; needs the field permission for e-mail and other personal information",
    ),
    field("extension_i18n", Kind::Json, Told::Sometimes, "names in other languages"),
    field("active", Kind::Flag, Told::Always, "has ever logged in; not whether the account is enabled"),
    field("admin", Kind::Flag, Told::Always, ""),
    field("boss", Kind::Flag, Told::Always, ""),
    field("exclusive_account", Kind::Flag, Told::Always, "a dedicated account"),
    field("exclusive_account_type", Kind::Word(&["dingtalk", "sso"]), Told::Dedicated, "who checks the password"),
    field("exclusive_account_corp_id", Kind::Text, Told::Dedicated, "the organisation that owns the account"),
    field("exclusive_account_corp_name", Kind::Text, Told::Dedicated, ""),
    field("login_id", Kind::Text, Told::Dedicated, OWN),
    field("nickname", Kind::Text, Told::Dedicated, OWN),
    field(
        "disable_status",
        Kind::Flag,
        Told::Dedicated,
        "true: suspended; dedicated accounts that belong to this organisation",
    ),
    field("real_authed", Kind::Flag, Told::Each, CALL),
    field("senior", Kind::Flag, Told::Each, CALL),
    field("role_list", Kind::Objects, Told::Each, CALL),
    field("dept_position_list", Kind::Objects, Told::Each, CALL),
    field("union_emp_ext", Kind::Json, Told::Sometimes, "linked organisations; only with details = \"each\""),
];

impl Field {
    /// True for what listings never tell.
    #[must_use]
    pub fn by_call(&self) -> bool {
        self.told == Told::Each || self.name == "union_emp_ext"
    }

    /// As `describe` says it.
    #[must_use]
    pub fn attribute(&self) -> Attribute {
        let attribute = match self.kind {
            Kind::Text | Kind::Word(_) => Attribute::text(self.name),
            Kind::Flag => Attribute::boolean(self.name),
            Kind::Time => Attribute::new(self.name, "time"),
            Kind::Json => Attribute::new(self.name, "object"),
            Kind::Objects => Attribute::new(self.name, "object").multi(),
        };
        let attribute = match self.name {
            "mobile" => attribute.unique().sensitive(),
            "unionid" => attribute.unique().case_exact(),
            "email" | "org_email" | "login_id" => attribute.unique(),
            _ => attribute,
        };
        let attribute = crate::destination::describe::person(self.name, attribute);
        if self.description.is_empty() { attribute } else { attribute.description(self.description) }
    }

    /// Writes what a person's object says; false if it says nothing.
    ///
    /// # Errors
    /// It says something of another shape than documented.
    pub fn write(&self, object: &Object, into: &mut Attributes) -> Result<bool, Wrong> {
        let Some(value) = wire::member(object, self.name) else { return Ok(false) };
        let wrong = |what: &str| format!("its {} is {what}", self.name);
        if value.as_str() == Some("") && self.kind != Kind::Flag {
            into.null(self.name);
            return Ok(true);
        }
        match self.kind {
            Kind::Text => into.text(self.name, &wire::words(value).ok_or_else(|| wrong("no text"))?),
            Kind::Word(known) => match value.as_str().filter(|word| known.contains(word)) {
                Some(word) => into.text(self.name, word),
                None => return Err(wrong(&format!("none of {}", known.join(", ")))),
            },
            Kind::Flag => into.boolean(self.name, wire::truth(value).ok_or_else(|| wrong("neither true nor false"))?),
            Kind::Time => {
                let time = wire::whole(value).and_then(rosterd_sdk::time::rfc3339);
                into.text(self.name, &time.ok_or_else(|| wrong("no number of milliseconds"))?);
            }
            Kind::Json => {
                let inside = match value {
                    Value::String(text) => serde_json::from_str::<Value>(text).ok(),
                    other => Some(other.clone()),
                };
                let inside = inside.filter(Value::is_object).ok_or_else(|| wrong("no JSON object"))?;
                into.json(self.name, &inside.to_string());
            }
            Kind::Objects => {
                let items = wire::list(value).filter(|items| items.iter().all(Value::is_object));
                let items = items.ok_or_else(|| wrong("no list of objects"))?;
                into.json(self.name, &Value::from(items).to_string());
            }
        }
        Ok(true)
    }
}
