//! `rosterd account`: who is in the hub, what happened to them, and why values are as they are.

mod order;
mod password;

use crate::args::{AccountCommand, ListArgs};
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_engine::lineage::Why;
use rosterd_model::claim::HistoryRow;
use rosterd_model::{Attributes, Class, Entity, EntityId, Value};
use rosterd_reconcile::normalise::value_to_json;
use rosterd_store::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// Runs `rosterd account`.
pub(crate) fn run(context: &Context, command: AccountCommand) -> Result<Output, CommandError> {
    match command {
        AccountCommand::List(args) => list(context, &args),
        AccountCommand::Show { account } => show(context, &account),
        AccountCommand::History { account } => history(context, &account),
        AccountCommand::Override(args) => super::account_override::run(context, args),
        AccountCommand::Erase { account, force } => super::erase::run(context, &account, force),
        AccountCommand::Disable { account, now, reason } => order::disable(context, &account, &reason, now),
        AccountCommand::Enable { account, reason } => order::enable(context, &account, &reason),
        AccountCommand::Password { account, connection, forget } => {
            password::run(context, account.as_deref(), &connection, forget)
        }
        AccountCommand::Why { account, attribute } => {
            let subject = attribute.map_or_else(|| account.clone(), |attribute| format!("{account}.{attribute}"));
            why(context, &subject)
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct AccountView {
    id: String,
    lifecycle: &'static str,
    revision: u64,
    created_by_run: u64,
    changed_by_run: u64,
    attributes: Map<String, Json>,
}

impl AccountView {
    fn of(entity: &Entity) -> Self {
        Self {
            id: entity.id.to_string(),
            lifecycle: entity.lifecycle.as_str(),
            revision: entity.revision,
            created_by_run: entity.created.0,
            changed_by_run: entity.changed.0,
            attributes: json(&entity.attributes),
        }
    }

    fn text(&self, attribute: &str) -> String {
        match self.attributes.get(attribute) {
            Some(Json::String(text)) => plain(text),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

fn json(attributes: &Attributes) -> Map<String, Json> {
    attributes.iter().map(|(name, value)| (name.to_owned(), value_to_json(value))).collect()
}

#[derive(Serialize)]
struct Listed {
    accounts: Vec<AccountView>,
    next: Option<String>,
}

impl Human for Listed {
    fn human(&self, page: &mut Page) {
        let rows = self.accounts.iter().map(|account| {
            let name = |attribute| account.text(attribute);
            vec![name("userName"), name("displayName"), name("emails.work"), account.lifecycle.to_owned()]
        });
        page.table(&["userName", "displayName", "emails.work", "lifecycle"], rows.collect());
        if let Some(next) = &self.next {
            page.line(format!("more: rosterd account list --after {next}"));
        }
    }
}

fn list(context: &Context, args: &ListArgs) -> Result<Output, CommandError> {
    let store = context.reading_store()?;
    let view = store.snapshot()?;
    let after: Option<EntityId> = match &args.after {
        Some(text) => {
            Some(text.parse().map_err(|error: rosterd_model::id::InvalidId| CommandError::usage(error.to_string()))?)
        }
        None => None,
    };
    let mut accounts = Vec::new();
    let mut rows = view.entities(Class::Account, after)?;
    for row in rows.by_ref().take(args.limit) {
        accounts.push(AccountView::of(&row?));
    }
    let next = if rows.next().is_some() { accounts.last().map(|account| account.id.clone()) } else { None };
    Ok(Output::new("account list", Listed { accounts, next }))
}

#[derive(Serialize)]
struct Shown {
    account: AccountView,
}

impl Human for Shown {
    fn human(&self, page: &mut Page) {
        page.heading(&self.account.text("userName"));
        let mut fields: Vec<(&str, String)> = vec![
            ("id", self.account.id.clone()),
            ("lifecycle", self.account.lifecycle.to_owned()),
            ("revision", self.account.revision.to_string()),
        ];
        fields.extend(self.account.attributes.keys().map(|name| (name.as_str(), self.account.text(name))));
        page.fields(&fields);
    }
}

fn show(context: &Context, name: &str) -> Result<Output, CommandError> {
    let entity = engine(context, None)?.account(name)?;
    Ok(Output::new("account show", Shown { account: AccountView::of(&entity) }))
}

#[derive(Serialize)]
struct HistoryView {
    attribute: String,
    before: Option<Json>,
    after: Option<Json>,
    connection: Option<String>,
    run: u64,
}

impl HistoryView {
    fn of(row: &HistoryRow) -> Self {
        Self {
            attribute: row.attribute.to_string(),
            before: row.before.as_ref().map(value_to_json),
            after: row.after.as_ref().map(value_to_json),
            connection: row.connection.as_ref().map(ToString::to_string),
            run: row.run.0,
        }
    }
}

#[derive(Serialize)]
struct Historied {
    account: String,
    changes: Vec<HistoryView>,
    #[serde(skip)]
    rows: Vec<HistoryRow>,
}

fn side(value: Option<&Value>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| plain(&value.to_string()))
}

impl Human for Historied {
    fn human(&self, page: &mut Page) {
        if self.rows.is_empty() {
            page.line(format!("{} is as it was created", self.account));
            return;
        }
        let rows = self.rows.iter().map(|row| {
            let by = row.connection.as_ref().map(ToString::to_string).unwrap_or_default();
            vec![
                row.run.to_string(),
                row.attribute.to_string(),
                side(row.before.as_ref()),
                side(row.after.as_ref()),
                by,
            ]
        });
        page.table(&["run", "attribute", "before", "after", "connection"], rows.collect());
    }
}

fn history(context: &Context, name: &str) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let entity = engine.account(name)?;
    let view = engine.store.snapshot()?;
    let mut rows = Vec::new();
    for row in view.history(entity.id)? {
        rows.push(row?.1);
    }
    let changes = rows.iter().map(HistoryView::of).collect();
    Ok(Output::new("account history", Historied { account: name.to_owned(), changes, rows }))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StatementView {
    connection: String,
    external_id: String,
    value: Json,
    rule: Option<String>,
    connector: String,
    since_run: u64,
    effective: bool,
}

#[derive(Serialize)]
struct WhyView {
    account: String,
    attribute: String,
    value: Option<Json>,
    statements: Vec<StatementView>,
    history: Vec<HistoryView>,
    #[serde(skip)]
    why: Why,
}

impl Human for WhyView {
    fn human(&self, page: &mut Page) {
        let value = side(self.why.value.as_ref());
        page.line(format!("{}.{} = {}", self.account, self.attribute, page.paint(Tone::Good, &value)));
        for statement in self.why.statements.iter().filter(|statement| statement.connection.is_hub()) {
            let rule = statement.rule.as_deref().unwrap_or("a rule whose text is no longer kept");
            let name = plain(statement.external_id.as_str());
            page.line(format!("  {} by the rule {name}: {rule}", side(Some(&statement.value))));
        }
        for statement in self.why.statements.iter().filter(|statement| !statement.connection.is_hub()) {
            let rule = statement.rule.as_deref().unwrap_or("a rule whose text is no longer kept");
            let word = if statement.effective { "says so" } else { "says otherwise" };
            page.line(format!(
                "  {} {word}: {} of account {}, since run {}",
                statement.connection,
                side(Some(&statement.value)),
                plain(statement.external_id.as_str()),
                statement.since
            ));
            let digest = statement.connector.get(..12).unwrap_or(&statement.connector);
            page.line(format!("    by the rule {} = {rule} (connector {digest})", self.attribute));
        }
        for row in self.why.history.iter().take(5) {
            let by = row.connection.as_ref().map_or_else(String::new, |name| format!(" by {name}"));
            page.line(format!("  run {} changed it from {}{by}", row.run, side(row.before.as_ref())));
        }
    }
}

fn why(context: &Context, subject: &str) -> Result<Output, CommandError> {
    let why = engine(context, None)?.why(subject)?;
    let name = why.entity.attributes.get("userName").and_then(Value::as_text).unwrap_or_default();
    let view = WhyView {
        account: plain(name),
        attribute: why.attribute.clone(),
        value: why.value.as_ref().map(value_to_json),
        statements: why
            .statements
            .iter()
            .map(|statement| StatementView {
                connection: statement.connection.to_string(),
                external_id: statement.external_id.to_string(),
                value: value_to_json(&statement.value),
                rule: statement.rule.clone(),
                connector: statement.connector.clone(),
                since_run: statement.since.0,
                effective: statement.effective,
            })
            .collect(),
        history: why.history.iter().map(HistoryView::of).collect(),
        why,
    };
    Ok(Output::new("account why", view))
}
