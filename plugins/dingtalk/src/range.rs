//! What the application could see at the last scan.
//!
//! Somebody who is out of its range now is still in DingTalk, and no listing tells him from somebody who left the
//! organisation. So a range that became smaller stops the scan before anything is read: nobody leaves, and nobody loses a
//! department, because somebody changed a setting in the developer console.

use crate::api::{self, Api};
use crate::reply::Refused;
use crate::settings::Settings;
use crate::tree::Scope;
use rosterd_sdk::{Fault, scratch};
use serde_json::{Value, json};

/// Where it is kept.
const KEY: &str = "range";
/// So many people by themselves are remembered; the range of an application is made of departments.
const MOST_PEOPLE: usize = 500;
/// Names in a message.
const MOST_NAMES: usize = 5;

/// Compares a range with that of the last scan, and remembers it. What the operator chose is no range of DingTalk's.
///
/// # Errors
/// `forbidden` if something is out of it that DingTalk still has; else what DingTalk answered.
pub fn check(api: &Api, settings: &Settings, scope: &Scope) -> Result<(), Fault> {
    let stored = scratch::get(KEY);
    if !settings.departments.is_empty() {
        return if stored.is_some() { scratch::set(KEY, None) } else { Ok(()) };
    }
    let before: Value = stored.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
    let mut lost = Vec::new();
    for id in before["departments"].as_array().into_iter().flatten().filter_map(Value::as_i64) {
        if !scope.is_whole() && !scope.departments.contains(&id) && is_hidden(api::one(api.department(id)).err())? {
            lost.push(format!("department {id}"));
        }
    }
    for userid in before["people"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let named = scope.people.iter().any(|own| own == userid);
        if !scope.is_whole() && !named && is_hidden(api::one(api.person(userid)).err())? {
            lost.push(format!("person {userid}"));
        }
    }
    if !lost.is_empty() {
        let more = lost.len().saturating_sub(MOST_NAMES);
        lost.truncate(MOST_NAMES);
        let and = if more > 0 { format!(" and {more} more") } else { String::new() };
        return Err(Fault::forbidden(format!(
            "/auth/scopes: the application no longer sees {}{and}, which DingTalk still has; nothing is read, because whoever \
             left its range would look like somebody who left; the administrator of the application widens what data it may \
             see, or whoever runs the hub names what is to be read in the setting departments",
            lost.join(", ")
        )));
    }
    let people: Vec<&String> = scope.people.iter().take(MOST_PEOPLE).collect();
    let now = json!({ "departments": scope.departments, "people": people }).to_string();
    if stored.as_deref() == Some(now.as_bytes()) { Ok(()) } else { scratch::set(KEY, Some(now.as_bytes())) }
}

/// True if DingTalk has it and does not show it. What is gone is no loss of range, and what another department brings in
/// is seen.
fn is_hidden(refused: Option<Refused>) -> Result<bool, Fault> {
    match refused {
        None => Ok(false),
        Some(refused) if refused.not_found() => Ok(false),
        Some(refused) if ["50002", "50004"].contains(&refused.code.as_str()) => Ok(true),
        Some(refused) => Err(refused.fault),
    }
}
