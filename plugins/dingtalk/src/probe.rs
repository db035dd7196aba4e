//! What `check` and `discover` find out: permissions, fields that are hidden, attributes that are there.

use crate::api::{self, Api, PAGE};
use crate::fields::FIELDS;
use crate::reply::{Refused, permission};
use crate::settings::Settings;
use crate::tree::Scope;
use crate::wire::{self, Object};
use rosterd_sdk::{Connector, Fault, Probe, clock};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Departments that are looked at for people.
const MOST_DEPARTMENTS: usize = 8;
/// People that show whether a field is hidden.
const ENOUGH_PEOPLE: usize = 30;
/// Fields that the administrator grants apart from the calls: a field that shows that it is granted, the words for it in
/// the developer console, and the name under which `auth/scopes` is thought to list it.
const GRANTED: [(&str, &[&str], &str, &str); 2] = [
    ("mobile", &["mobile"], "mobile number", "mobile"),
    ("email", &["email", "work_place", "remark", "extension"], "e-mail and other personal information", "email"),
];

/// Some people, as a listing shows them.
#[derive(Debug, Default)]
struct Sample {
    scope: Scope,
    people: Vec<Object>,
}

impl Sample {
    fn shows(&self, field: &str) -> bool {
        self.people.iter().any(|person| wire::member(person, field).is_some())
    }

    /// Fields of a grant that nobody shows and DingTalk does not list.
    fn lacks(&self, fields: &[&str], listed: &str) -> bool {
        !fields.iter().any(|field| self.shows(field)) && !self.scope.fields.iter().any(|field| field == listed)
    }
}

fn told(probe: &str, path: &str, answer: &Result<Object, Refused>) -> Probe {
    match answer {
        Ok(_) => Probe::passed(probe, format!("{path} answers")),
        Err(refused) => {
            let remedy = match permission(path) {
                Some(permission) if refused.fault.kind == rosterd_sdk::FaultKind::Forbidden => format!(
                    "developer console, the application, permission management: add {permission}, and look at the range of data; then publish"
                ),
                _ => "see the message; then check again".to_owned(),
            };
            Probe::failed(probe, &refused.fault.message, remedy)
        }
    }
}

/// One probe for each permission that this connection needs.
///
/// # Errors
/// DingTalk can not be reached, or gives no token.
pub fn probes(settings: &Settings) -> Result<Vec<Probe>, Fault> {
    let api = Api::new(settings);
    let scope = Scope::ask(&api)?;
    let seen =
        format!("{} departments with all below, {} people by themselves", scope.departments.len(), scope.people.len());
    let mut probes = vec![Probe::passed("data scope", seen)];
    let tops = if settings.departments.is_empty() { scope.departments.clone() } else { settings.departments.clone() };
    let mut departments: Vec<i64> = tops.iter().copied().take(MOST_DEPARTMENTS).collect();
    if let Some(top) = departments.first().copied() {
        let children = api::one(api.children(top));
        probes.push(told("read departments", "/topapi/v2/department/listsub", &children));
        if let Ok(children) = &children {
            departments.extend(below(children));
            departments.truncate(MOST_DEPARTMENTS);
        }
        probes.push(told("read one department", "/topapi/v2/department/get", &api::one(api.department(top))));
    }
    let (sample, listing) = sample(&api, scope, &departments);
    if let Some(listing) = &listing {
        probes.push(told("list people", "/topapi/v2/user/list", listing));
    }
    let first = sample.people.first().and_then(|person| wire::member(person, "userid")).and_then(wire::words);
    match first.or_else(|| sample.scope.people.first().cloned()) {
        Some(userid) => probes.push(told("read one person", "/topapi/v2/user/get", &api::one(api.person(&userid)))),
        None => probes.push(Probe::passed("read one person", "not tried: nobody was found to try it with")),
    }
    if settings.count {
        probes.push(told("count people", "/topapi/user/count", &api::one(api.count())));
    }
    if settings.check_writing {
        probes.extend(crate::destination::probe::probes(&api));
    }
    if settings.leavers {
        let since = clock::now_ms().saturating_sub(86_400_000);
        let since = i64::try_from(since).ok().and_then(rosterd_sdk::time::rfc3339).unwrap_or_default();
        probes.push(told("read leavers", "/v1.0/contact/empLeaveRecords", &api::one(api.leavers(&since, "0"))));
    }
    if listing.is_some_and(|listing| listing.is_ok()) {
        for (name, fields, permission, listed) in GRANTED {
            let looked = sample.people.len();
            let probe = format!("field {name}");
            if looked == 0 {
                probes.push(Probe::passed(probe, "not tried: nobody was found to look at"));
            } else if sample.lacks(fields, listed) {
                let message = format!(
                    "none of {looked} people shows {}: nobody has it, or the field permission is missing",
                    fields.join(", ")
                );
                let remedy = format!(
                    "developer console, the application, permission management: add the field permission for {permission}"
                );
                probes.push(Probe::failed(probe, message, remedy));
            } else {
                probes.push(Probe::passed(probe, format!("looked at {looked} people")));
            }
        }
    }
    Ok(probes)
}

fn below(answer: &Object) -> Vec<i64> {
    let children = wire::member(answer, "result").and_then(wire::list).unwrap_or_default();
    children.iter().filter_map(|child| wire::whole(child.get("dept_id")?)).collect()
}

/// Some people of the first departments, and the answer that decides whether listing works.
fn sample(api: &Api, scope: Scope, departments: &[i64]) -> (Sample, Option<Result<Object, Refused>>) {
    let mut sample = Sample { scope, people: Vec::new() };
    let mut last = None;
    for department in departments {
        let answer = api::one(api.members(*department, 0, PAGE));
        let list = answer.as_ref().ok().and_then(|answer| wire::list(answer.get("result")?.get("list")?));
        sample.people.extend(list.unwrap_or_default().iter().filter_map(|item| item.as_object().cloned()));
        let enough = answer.is_err() || sample.people.len() >= ENOUGH_PEOPLE;
        last = Some(answer);
        if enough {
            break;
        }
    }
    (sample, last)
}

/// What this connection has: the attributes of `describe`, with what a few people show.
///
/// # Errors
/// What DingTalk answered.
pub fn discovery(settings: &Settings) -> Result<String, Fault> {
    let api = Api::new(settings);
    let scope = Scope::ask(&api)?;
    let tops = if settings.departments.is_empty() { scope.departments.clone() } else { settings.departments.clone() };
    let mut departments: Vec<i64> = tops.iter().copied().take(MOST_DEPARTMENTS).collect();
    if let Some(top) = departments.first().copied() {
        let children = api::one(api.children(top)).map_err(|refused| refused.fault)?;
        departments.extend(below(&children));
        departments.truncate(MOST_DEPARTMENTS);
    }
    let (sample, listing) = sample(&api, scope, &departments);
    if let Some(Err(refused)) = listing {
        return Err(refused.fault);
    }
    let mut all: Value = serde_json::from_str(&crate::Dingtalk::describe().discovery()).unwrap_or_default();
    let account = &mut all["classes"]["account"];
    account["looked-at"] = sample.people.len().into();
    if !settings.each() {
        let by_call = |name: &Value| {
            let by_call = FIELDS.iter().filter(|field| field.by_call()).map(|field| field.name);
            by_call.chain(["manager", "main_department"]).any(|own| name == own)
        };
        if let Some(attributes) = account["attributes"].as_array_mut() {
            attributes.retain(|attribute| !by_call(&attribute["name"]));
        }
    }
    let keys: BTreeSet<String> = sample.people.iter().flat_map(extension_keys).collect();
    let mut notes = Vec::new();
    if !keys.is_empty() {
        let keys = keys.into_iter().take(50).collect::<Vec<_>>().join(", ");
        notes.push(json!({ "class": "account", "attribute": "extension", "message": format!("has the keys {keys}") }));
    }
    let mut warnings = Vec::new();
    for (name, fields, permission, listed) in GRANTED {
        if !sample.people.is_empty() && sample.lacks(fields, listed) {
            let message = format!("none of {} people shows {}", sample.people.len(), fields.join(", "));
            let remedy = format!("add the field permission for {permission} to the application");
            warnings.push(json!({ "class": "account", "attribute": name, "message": message, "remedy": remedy }));
        }
    }
    all["notes"] = notes.into();
    all["warnings"] = warnings.into();
    Ok(all.to_string())
}

fn extension_keys(person: &Object) -> Vec<String> {
    let Some(value) = wire::member(person, "extension") else { return Vec::new() };
    let inside = match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    };
    inside.as_object().map(|keys| keys.keys().cloned().collect()).unwrap_or_default()
}
