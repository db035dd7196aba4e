//! What may be written of people, and how: one table for describing, checking and sending.
//!
//! Limits are those of DingTalk's pages "create user" and "update user information", and of its Java library
//! (`OapiV2UserCreateRequest`), which checks the same.

use super::trouble::Trouble;
use super::values::{self, wrong};
use serde_json::Value;

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text of at most so many characters.
    Text(usize),
    /// An address of at most so many characters.
    Email(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// True or false.
    Flag,
    /// Milliseconds since 1970.
    Time,
    /// A mobile number with its prefix.
    Number,
}

/// Which accounts have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All.
    Everybody,
    /// Dedicated accounts.
    Dedicated,
    /// Dedicated accounts that log in with a password kept by DingTalk.
    Password,
}

/// How a field is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// By an empty text.
    Text,
    /// Never.
    Never,
    /// By naming it in `force_update_fields`, for dedicated accounts.
    Forced,
}

/// A field that can be written.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Name of the attribute.
    pub name: &'static str,
    /// Its name when a person is made.
    pub create: &'static str,
    /// Its name when a person is changed; empty: it can not be changed.
    pub update: &'static str,
    /// Its form.
    pub form: Form,
    /// Who has it.
    pub whose: Whose,
    /// How it is emptied.
    pub empty: Empty,
}

const fn rule(name: &'static str, form: Form, whose: Whose, empty: Empty) -> Rule {
    Rule { name, create: name, update: name, form, whose, empty }
}

/// All that are plain; what is made of several fields, or decides which account it is, stands in `person.rs`.
pub const RULES: &[Rule] = &[
    rule("name", Form::Text(80), Whose::Everybody, Empty::Never),
    rule("telephone", Form::Text(50), Whose::Everybody, Empty::Text),
    rule("job_number", Form::Text(50), Whose::Everybody, Empty::Text),
    rule("title", Form::Text(200), Whose::Everybody, Empty::Text),
    rule("email", Form::Email(50), Whose::Everybody, Empty::Text),
    rule("org_email", Form::Email(100), Whose::Everybody, Empty::Forced),
    rule("org_email_type", Form::Word(&["profession", "base"]), Whose::Everybody, Empty::Never),
    Rule { update: "", ..rule("login_email", Form::Email(64), Whose::Everybody, Empty::Never) },
    rule("work_place", Form::Text(100), Whose::Everybody, Empty::Text),
    rule("remark", Form::Text(2000), Whose::Everybody, Empty::Text),
    rule("hired_date", Form::Time, Whose::Everybody, Empty::Never),
    rule("hide_mobile", Form::Flag, Whose::Everybody, Empty::Never),
    Rule { create: "senior_mode", update: "senior_mode", ..rule("senior", Form::Flag, Whose::Everybody, Empty::Never) },
    rule("nickname", Form::Text(200), Whose::Dedicated, Empty::Text),
    rule("exclusive_mobile", Form::Number, Whose::Dedicated, Empty::Text),
    // Camel case when it is changed, and only then.
    Rule { update: "loginId", ..rule("login_id", Form::Text(64), Whose::Password, Empty::Never) },
];

impl Rule {
    /// The value as it is sent; none: it is empty.
    ///
    /// # Errors
    /// It does not fit.
    pub fn read(&self, value: &Value) -> Result<Option<Value>, Trouble> {
        let name = self.name;
        let value = match self.form {
            Form::Text(most) => values::text(name, value, most)?.map(Value::from),
            Form::Email(most) => match values::text(name, value, most)? {
                Some(text) if !is_email(&text) => return Err(wrong(name, "is no mail address")),
                text => text.map(Value::from),
            },
            Form::Word(words) => match values::text(name, value, 50)? {
                Some(text) if !words.contains(&text.as_str()) => {
                    return Err(wrong(name, &format!("is none of {}", words.join(", "))));
                }
                text => text.map(Value::from),
            },
            Form::Flag => values::flag(name, value)?.map(Value::from),
            Form::Time => values::time(name, value)?.map(Value::from),
            Form::Number => match values::text(name, value, 30)? {
                Some(text) => Some(number(name, &text)?.with_prefix().into()),
                None => None,
            },
        };
        Ok(value)
    }

    /// What DingTalk shows of it, in the same form; none: nothing, which is empty or hidden.
    #[must_use]
    pub fn shown(&self, person: &crate::wire::Object) -> Option<Value> {
        let value = crate::wire::member(person, self.name)?;
        match self.form {
            Form::Flag => crate::wire::truth(value).map(Value::from),
            Form::Time => crate::wire::whole(value).map(Value::from),
            _ => crate::wire::words(value).filter(|text| !text.is_empty()).map(Value::from),
        }
    }
}

/// A mobile number.
///
/// # Errors
/// It is none.
pub fn number(name: &str, text: &str) -> Result<super::mobile::Mobile, Trouble> {
    let form = "is no mobile number: eleven digits of the mainland, or + with a country code";
    super::mobile::Mobile::parse(text).ok_or_else(|| wrong(name, form))
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    let plain = !text.contains(char::is_whitespace);
    plain && parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}
