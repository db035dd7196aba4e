//! What the hub wants of a person, read and checked: pure, nothing is sent here.

use super::mobile::Mobile;
use super::rules::{Form, RULES, Whose, number};
use super::trouble::Trouble;
use super::values::{self, Attributes, wrong};
use crate::settings::{NewAccounts, Settings};
use rosterd_sdk::Class;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The longest userid.
pub const LONGEST_ID: usize = 64;
/// Characters of all fields that the administrator added, as JSON.
const LONGEST_EXTENSION: usize = 2000;

/// Attributes of a person that no interface can set.
const READ_ONLY: [&str; 14] = [
    "unionid",
    "avatar",
    "state_code",
    "extension_i18n",
    "active",
    "admin",
    "boss",
    "exclusive_account_corp_id",
    "exclusive_account_corp_name",
    "disable_status",
    "real_authed",
    "role_list",
    "union_emp_ext",
    "dept_id_list",
];

/// What is wanted; what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Desired {
    /// Chosen when the person is made.
    pub userid: Option<String>,
    /// The number of an ordinary account; an inner none: it has none.
    pub mobile: Option<Option<Mobile>>,
    /// Whether it is a dedicated account.
    pub dedicated: Option<bool>,
    /// Which kind of dedicated account.
    pub kind: Option<NewAccounts>,
    /// Plain fields, as they are sent; an inner none: empty.
    pub fields: BTreeMap<&'static str, Option<Value>>,
    /// Departments; never empty.
    pub departments: Option<Vec<i64>>,
    /// Places in departments, large first.
    pub orders: Option<BTreeMap<i64, i64>>,
    /// The main department; an inner none: it does not matter which.
    pub main: Option<Option<i64>>,
    /// The manager; an inner none: nobody.
    pub manager: Option<Option<String>>,
    /// Fields of the administrator; null: that one is empty.
    pub extension: Option<Map<String, Value>>,
}

impl Desired {
    /// Reads attributes in the words of this destination.
    ///
    /// # Errors
    /// One of them does not fit, or can not be set.
    pub fn read(attributes: &Attributes, settings: &Settings) -> Result<Self, Trouble> {
        let mut all = Self::default();
        for (name, value) in attributes {
            all.take(name, value, settings)?;
        }
        Ok(all)
    }

    fn take(&mut self, name: &str, value: &Value, settings: &Settings) -> Result<(), Trouble> {
        match name {
            "userid" => self.userid = values::text(name, value, LONGEST_ID)?.map(|id| legal(&id)).transpose()?,
            "mobile" => {
                let text = values::text(name, value, 30)?;
                self.mobile = Some(text.map(|text| number(name, &text)).transpose()?);
            }
            "exclusive_account" => self.dedicated = values::flag(name, value)?,
            "exclusive_account_type" => {
                self.kind = match values::text(name, value, 20)?.as_deref() {
                    None => None,
                    Some("dingtalk") => Some(NewAccounts::Dingtalk),
                    Some("sso") => Some(NewAccounts::Sso),
                    Some(_) => return Err(wrong(name, "is neither dingtalk nor sso")),
                };
            }
            "departments" => {
                let ids = values::references(name, value, Class::OrgUnit)?;
                let mut ids = ids.iter().map(|id| values::department(name, id)).collect::<Result<Vec<_>, _>>()?;
                if ids.is_empty() {
                    // Everybody in DingTalk is in a department.
                    ids.push(settings.top_department);
                }
                self.departments = Some(ids);
            }
            "dept_orders" => self.orders = Some(orders(name, value)?),
            "main_department" => {
                let id = values::reference(name, value, Class::OrgUnit)?;
                self.main = Some(id.map(|id| values::department(name, &id)).transpose()?);
            }
            "manager" => self.manager = Some(values::reference(name, value, Class::Account)?),
            "extension" => self.extension = Some(extension(name, value)?),
            "leads" => return Err(wrong(name, "is set at the department: map managers of org units")),
            "active" => {
                let text = "says whether somebody ever logged in; the hub enables and disables by itself, so take it out of the mapping";
                return Err(wrong(name, text));
            }
            name if READ_ONLY.contains(&name) => return Err(wrong(name, "can not be set by an interface")),
            name => {
                let rule = RULES.iter().find(|rule| rule.name == name);
                let rule = rule.ok_or_else(|| wrong(name, "is no attribute of a person in DingTalk"))?;
                let read = rule.read(value)?;
                // A flag that nobody sets is down.
                let read = if rule.form == Form::Flag { read.or(Some(false.into())) } else { read };
                self.fields.insert(rule.name, read);
            }
        }
        Ok(())
    }

    /// Which kind of account is to be made.
    #[must_use]
    pub fn account(&self, settings: &Settings) -> NewAccounts {
        match (self.dedicated, self.kind, settings.new_accounts) {
            (Some(false), ..) => NewAccounts::Ordinary,
            (_, Some(kind), _) => kind,
            (Some(true), None, NewAccounts::Ordinary) => NewAccounts::Dingtalk,
            (_, None, configured) => configured,
        }
    }

    /// Refuses fields that an account of this kind does not have.
    ///
    /// # Errors
    /// It wants one of them.
    pub fn fits(&self, account: NewAccounts) -> Result<(), Trouble> {
        for rule in RULES {
            let wanted = self.fields.get(rule.name).is_some_and(Option::is_some);
            let has = match rule.whose {
                Whose::Everybody => true,
                Whose::Dedicated => account != NewAccounts::Ordinary,
                Whose::Password => account == NewAccounts::Dingtalk,
            };
            if wanted && !has {
                let who = match account {
                    NewAccounts::Ordinary => "an ordinary account",
                    NewAccounts::Dingtalk => "a dedicated account",
                    NewAccounts::Sso => "a dedicated account that logs in at the organisation",
                };
                return Err(wrong(rule.name, &format!("is nothing that {who} has")));
            }
        }
        if account != NewAccounts::Ordinary && matches!(self.mobile, Some(Some(_))) {
            return Err(wrong("mobile", "is nothing that a dedicated account has; map exclusive_mobile instead"));
        }
        if self.fields.get("name").is_some_and(|name| name.as_ref().is_none_or(is_blank)) {
            return Err(wrong("name", "is empty; everybody in DingTalk has a name"));
        }
        Ok(())
    }

    /// Refuses places and a main department that are not among the person's departments.
    ///
    /// # Errors
    /// One of them is not.
    pub fn placed(&self, departments: &[i64], most: usize) -> Result<(), Trouble> {
        if departments.len() > most {
            let text = format!("has {} departments; DingTalk takes at most {most}", departments.len());
            return Err(wrong("departments", &text));
        }
        let stranger = self.orders.iter().flatten().map(|(id, _)| id).find(|id| !departments.contains(id));
        if let Some(id) = stranger {
            return Err(wrong("dept_orders", &format!("names department {id}, in which the person is not")));
        }
        match self.main.flatten().filter(|id| !departments.contains(id)) {
            Some(id) => Err(wrong("main_department", &format!("is {id}, in which the person is not"))),
            None => Ok(()),
        }
    }
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn legal(id: &str) -> Result<String, Trouble> {
    if is_userid(id) {
        Ok(id.to_owned())
    } else {
        Err(wrong("userid", "has spaces; DingTalk takes 1 to 64 characters without any"))
    }
}

/// True if this can be the id of a person.
#[must_use]
pub fn is_userid(id: &str) -> bool {
    let odd = |letter: char| letter.is_control() || letter.is_whitespace();
    !id.is_empty() && id.chars().count() <= LONGEST_ID && !id.contains(odd)
}

fn orders(name: &str, value: &Value) -> Result<BTreeMap<i64, i64>, Trouble> {
    let places = match value {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(places) => places,
        _ => return Err(wrong(name, "is no object of a number for each department")),
    };
    let mut all = BTreeMap::new();
    for (id, place) in places {
        let id = values::department(name, id)?;
        if let Some(place) = values::integer(name, place)? {
            all.insert(id, place);
        }
    }
    Ok(all)
}

fn extension(name: &str, value: &Value) -> Result<Map<String, Value>, Trouble> {
    let fields = match value {
        Value::Null => Map::new(),
        Value::Object(fields) => fields.clone(),
        _ => return Err(wrong(name, "is no object; map it as a whole, one member for each field of the console")),
    };
    checked_extension(name, fields)
}

/// The fields, if they are not too long.
///
/// # Errors
/// They are.
pub fn checked_extension(name: &str, fields: Map<String, Value>) -> Result<Map<String, Value>, Trouble> {
    let length = Value::Object(fields.clone()).to_string().chars().count();
    if length > LONGEST_EXTENSION {
        let text = format!("has {length} characters as JSON; DingTalk takes at most {LONGEST_EXTENSION}");
        return Err(wrong(name, &text));
    }
    Ok(fields)
}
