//! The fields with which a person is made: pure.

use super::person::Desired;
use super::rules::RULES;
use super::trouble::Trouble;
use super::values::wrong;
use crate::settings::{NewAccounts, Settings};
use serde_json::{Map, Value, json};

/// Departments of one person when it is made, by the page "create user".
const MOST_DEPARTMENTS: usize = 100;

/// How a person that may be there already is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// By the id that we chose.
    Userid(String),
    /// By the number of an ordinary account, as it is written.
    Mobile(String),
    /// By the name with which a dedicated account logs in.
    Login(String),
}

/// What an account of this kind can be found by, best first.
///
/// # Errors
/// It has nothing of the kind, and could be made twice.
pub fn marks(desired: &Desired, account: NewAccounts, settings: &Settings) -> Result<Vec<Mark>, Trouble> {
    let mut marks: Vec<Mark> = desired.userid.iter().cloned().map(Mark::Userid).collect();
    match account {
        NewAccounts::Ordinary => {
            let mobile = desired.mobile.clone().flatten();
            let mobile = mobile.ok_or_else(|| {
                wrong(
                    "mobile",
                    "is empty; an ordinary account is made by its mobile number (dedicated accounts need none)",
                )
            })?;
            marks.push(Mark::Mobile(mobile.written(settings.overseas)));
        }
        NewAccounts::Dingtalk => match desired.fields.get("login_id").and_then(|login| login.as_ref()?.as_str()) {
            Some(login) => marks.push(Mark::Login(login.to_owned())),
            None => return Err(wrong("login_id", "is empty; a dedicated account logs in with it")),
        },
        // No call finds such an account by anything else.
        NewAccounts::Sso if marks.is_empty() => {
            return Err(wrong(
                "userid",
                "is empty; map it, because an account that logs in elsewhere is found by nothing else",
            ));
        }
        NewAccounts::Sso => {}
    }
    Ok(marks)
}

/// The fields; the password of a dedicated account is not among them.
///
/// # Errors
/// One that is needed is empty, or one is there that such an account does not have.
pub fn fields(desired: &Desired, account: NewAccounts, settings: &Settings) -> Result<Map<String, Value>, Trouble> {
    desired.fits(account)?;
    if !desired.fields.contains_key("name") {
        return Err(wrong("name", "is not mapped; everybody in DingTalk has a name"));
    }
    let mut body = Map::new();
    if let Some(userid) = &desired.userid {
        body.insert("userid".to_owned(), userid.clone().into());
    }
    match account {
        NewAccounts::Ordinary => {
            if let Some(Some(mobile)) = &desired.mobile {
                body.insert("mobile".to_owned(), mobile.written(settings.overseas).into());
            }
        }
        dedicated => {
            let kind = if dedicated == NewAccounts::Sso { "sso" } else { "dingtalk" };
            body.insert("exclusive_account".to_owned(), true.into());
            body.insert("exclusive_account_type".to_owned(), kind.into());
        }
    }
    for rule in RULES {
        if let Some(Some(value)) = desired.fields.get(rule.name) {
            body.insert(rule.create.to_owned(), value.clone());
        }
    }
    let departments = desired.departments.clone().unwrap_or_else(|| vec![settings.top_department]);
    desired.placed(&departments, MOST_DEPARTMENTS)?;
    let list = departments.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    body.insert("dept_id_list".to_owned(), list.into());
    let orders: Vec<Value> =
        desired.orders.iter().flatten().map(|(id, order)| json!({ "dept_id": id, "order": order })).collect();
    if !orders.is_empty() {
        body.insert("dept_order_list".to_owned(), orders.into());
    }
    if let Some(main) = desired.main.flatten() {
        body.insert("dept_position_list".to_owned(), json!([{ "dept_id": main, "is_main": true }]));
    }
    if let Some(Some(manager)) = &desired.manager {
        body.insert("manager_userid".to_owned(), manager.clone().into());
    }
    let extension = desired.extension.iter().flatten().filter(|(_, value)| !value.is_null());
    let extension: Map<String, Value> = extension.map(|(key, value)| (key.clone(), value.clone())).collect();
    if !extension.is_empty() {
        body.insert("extension".to_owned(), Value::Object(extension).to_string().into());
    }
    Ok(body)
}
