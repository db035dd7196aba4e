//! A hub whose source shows units, groups and accounts, and whose destination has ids of its own.

use crate::hub::Hub;
use rosterd_model::Class;
use rosterd_model::outbox::{Action, DeliveryState, OutboxEntry, Request};
use rosterd_model::record::{Change, Page, Record, ScanEnd};
use rosterd_store::prelude::*;

/// The configuration; LOOSE stands for a threshold that nothing reaches, LEAVE for what happens to leavers.
const POLICY: &str = r#"{
  "jobs": {"hr": {"source": "hr",
    "account": {"correlate": [{"tier": 1, "match": ["employeeNumber"]}],
      "map": {"userName": "source.user", "employeeNumber": "source.number", "manager": "source.manager",
              "orgUnit": "source.unit", "lifecycle": "source.status"}},
    "org-unit": {"map": {"displayName": "source.name", "parent": "source.parent", "lifecycle": "source.status"}},
    "group": {"map": {"displayName": "source.name", "members": "source.members", "lifecycle": "source.status"}}}},
  "deliver": {"app": {"scope": null, "first-delivery": "allow", "on-leave": "LEAVE", "on-missing": "MISSING",
    "account": {"map": {"login": "account.userName", "boss": "account.manager", "unit": "account.orgUnit"},
                "match": ["login"]},
    "org-unit": {"map": {"name": "orgUnit.displayName", "parent": "orgUnit.parent"}},
    "group": {"map": {"name": "group.displayName", "members": "group.members"}}}},
  "authority": {"default": ["hr"]},
  "guard": {"on-trip": "apply-safe",
    "update": LOOSE, "rename": LOOSE, "create": LOOSE, "clear": LOOSE, "move": LOOSE,
    "disable": LOOSE, "delete": LOOSE, "delete-org-unit": LOOSE},
  "protect": {}
}"#;

pub(crate) fn record(class: Class, id: &str, attributes: String) -> Change {
    Change::Upsert(Record { class, id: id.into(), previous_id: None, version: None, attributes, partial: false })
}

pub(crate) fn reference(class: &str, id: &str) -> String {
    if id.is_empty() { "null".to_owned() } else { format!(r#"{{"ref":"{class}","id":"{id}"}}"#) }
}

pub(crate) fn account(id: &str, user: &str, boss: &str, unit: &str) -> Change {
    let (boss, unit) = (reference("account", boss), reference("org-unit", unit));
    record(Class::Account, id, format!(r#"{{"number":"{id}","user":"{user}","manager":{boss},"unit":{unit}}}"#))
}

pub(crate) fn unit(id: &str, parent: &str) -> Change {
    let parent = reference("org-unit", parent);
    record(Class::OrgUnit, id, format!(r#"{{"name":"Unit {id}","parent":{parent}}}"#))
}

pub(crate) fn group(id: &str, members: &[(&str, &str)]) -> Change {
    let members: Vec<String> = members.iter().map(|(class, id)| reference(class, id)).collect();
    record(Class::Group, id, format!(r#"{{"name":"Group {id}","members":[{}]}}"#, members.join(",")))
}

pub(crate) fn show(hub: &Hub, version: &str, changes: Vec<Change>) {
    let complete = vec![Class::Account, Class::OrgUnit, Class::Group];
    let end = Some(ScanEnd { complete, declared_totals: Vec::new(), cursor: None, note: None });
    let mut script = hub.remote.script();
    script.pages = vec![Page { changes, resume: None, end }];
    script.version = Some(version.to_owned());
}

pub(crate) fn sent(hub: &Hub) -> Vec<Request> {
    std::mem::take(&mut hub.remote.script().sent)
}

/// The name of what a request is about, and its action.
pub(crate) fn said(request: &Request) -> String {
    let object: serde_json::Value = serde_json::from_str(&request.desired).unwrap_or_default();
    let name = object["login"].as_str().or(object["name"].as_str()).unwrap_or("?").to_owned();
    let word = match &request.action {
        Action::Create(_) => "create".to_owned(),
        Action::Update(edits) => edits
            .iter()
            .map(|edit| {
                let part = |sign: &str, text: &Option<String>| text.as_ref().map(|text| format!("{sign}{text}"));
                let parts = [part("=", &edit.replace), part("+", &edit.add), part("-", &edit.remove)];
                format!("{}{}", edit.attribute, parts.into_iter().flatten().collect::<String>())
            })
            .collect::<Vec<_>>()
            .join(" "),
        other => format!("{other:?}").to_lowercase(),
    };
    format!("{name}: {word}")
}


/// The entries of the outbox.
pub(crate) fn entries(hub: &Hub) -> Vec<OutboxEntry> {
    let view = hub.engine.store.snapshot().unwrap();
    let Some(number) = view.connection_number(&"app".parse().unwrap()).unwrap() else { return Vec::new() };
    view.outbox(number).unwrap().map(Result::unwrap).collect()
}

/// Where the entries of the outbox stand.
pub(crate) fn states(hub: &Hub) -> Vec<DeliveryState> {
    entries(hub).into_iter().map(|entry| entry.state).collect()
}

/// A hub with this world.
pub(crate) fn world(leave: &str, missing: &str) -> Hub {
    let loose = r#"{"floor": 1000, "percent": 100, "cap": null}"#;
    Hub::with(&POLICY.replace("LOOSE", loose).replace("LEAVE", leave).replace("MISSING", missing))
}
