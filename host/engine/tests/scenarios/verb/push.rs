//! Clients of a pushed source, and what they are answered.

use super::read;
use crate::rows::Records;
use crate::stage::{Stage, text};
use rosterd_model::directory::{Comparison, Filter, Query, Submission};
use rosterd_model::record::{Amendment, Change, DepartureCause, Edit};
use rosterd_model::{Class, ConnectionId, Fault, Record};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Table;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Submit {
    submit: ConnectionId,
    /// True: none of them may be there.
    #[serde(default)]
    create: bool,
    /// Attributes of accounts that are replaced.
    #[serde(default)]
    amend: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// Accounts that are removed.
    #[serde(default)]
    remove: Vec<String>,
    /// The name under which the version was kept that must be the present one.
    expect_version: Option<String>,
    #[serde(flatten)]
    records: Records,
}

/// `submit = "api"`: records are upserts, `create`, `amend`, `remove`. Everything is submitted in one call. The lines: what
/// each came to.
pub(super) async fn submit(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Submit { submit, create, amend, remove, expect_version, records } = read(step)?;
    // Cases of a connection are looked for by its name in the world.
    stage.world.with(submit.as_str(), |_| ());
    let expect = match expect_version {
        Some(name) => Some(stage.plans.get(&name).cloned().ok_or_else(|| format!("no version was kept as {name}"))?),
        None => None,
    };
    let mut changes = records.changes()?;
    changes.extend(amend.into_iter().map(|(id, attributes)| Change::Amend(amendment(&id, &attributes))));
    let gone =
        |id: String| Change::Gone { class: Class::Account, id: id.as_str().into(), cause: DepartureCause::Deleted };
    changes.extend(remove.into_iter().map(gone));
    let names: Vec<String> = changes.iter().map(name).collect();
    let one = |change| Submission { change, create, expect: expect.clone() };
    let directory = stage.engine.directory(&submit).map_err(text)?;
    let answers = directory.submit(changes.into_iter().map(one).collect()).await;
    stage.last.lines = names.iter().zip(&answers).map(|(name, answer)| format!("{name}: {}", said(answer))).collect();
    // It goes on by itself; the next step looks when it is done.
    stage.engine.deliver().await.map_err(text)?;
    Ok(())
}

fn amendment(id: &str, attributes: &serde_json::Map<String, serde_json::Value>) -> Amendment {
    let edit = |(name, value): (&String, &serde_json::Value)| Edit {
        attribute: name.clone(),
        replace: Some(value.to_string()),
        add: None,
        remove: None,
    };
    Amendment { class: Class::Account, id: id.into(), version: None, edits: attributes.iter().map(edit).collect() }
}

fn name(change: &Change) -> String {
    match change {
        Change::Upsert(record) => record.id.to_string(),
        Change::Amend(amendment) => amendment.id.to_string(),
        Change::Gone { id, .. } => id.to_string(),
        Change::Rejected(_) => String::new(),
    }
}

fn said(answer: &Result<Option<Record>, Fault>) -> String {
    match answer {
        Ok(Some(_)) => "stored".to_owned(),
        Ok(None) => "removed".to_owned(),
        Err(fault) => format!("{}: {}", fault.kind, fault.message),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Fetch {
    fetch: ConnectionId,
    /// Ids of accounts.
    #[serde(default)]
    about: Vec<String>,
    /// User names that are asked for.
    #[serde(default)]
    named: Vec<String>,
    /// The name under which the version of the first is kept.
    keep_version: Option<String>,
}

/// `fetch = "api"`: what clients see. The lines: `1: ann` and `2: nothing`; of `named`, `ann: 1` and `bob: nobody`.
pub(super) async fn fetch(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Fetch { fetch, about, named, keep_version } = read(step)?;
    let directory = stage.engine.directory(&fetch).map_err(text)?;
    let mut lines = Vec::new();
    for id in &about {
        let found = directory.get(Class::Account, id.as_str().into()).await.map_err(text)?;
        if let (Some(name), Some(version)) = (&keep_version, found.as_ref().and_then(|found| found.version.clone())) {
            stage.plans.insert(name.clone(), version);
        }
        lines.push(format!("{id}: {}", found.map_or_else(|| "nothing".to_owned(), |found| user_name(&found))));
    }
    for user in &named {
        let value = serde_json::Value::from(user.as_str());
        let filter = Filter::Compare { attribute: "userName".to_owned(), is: Comparison::Eq, value };
        let query = Query { filter: Some(filter), sort: Vec::new(), offset: 0, after: None, max: 10, attributes: None };
        let found = directory.query(Class::Account, query).await.map_err(text)?;
        let ids: Vec<&str> = found.objects.iter().map(|object| object.id.as_str()).collect();
        lines.push(format!("{user}: {}", if ids.is_empty() { "nobody".to_owned() } else { ids.join(", ") }));
    }
    stage.last.lines = lines;
    Ok(())
}

fn user_name(record: &Record) -> String {
    let attributes: serde_json::Value = serde_json::from_str(&record.attributes).unwrap_or_default();
    attributes.get("userName").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
