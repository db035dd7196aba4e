//! `rosterd account password`: first passwords are handed over, each once.

use crate::context::{Context, password_key, password_owner};
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, plain};
use rosterd_engine::passwords::PasswordEnd;
use rosterd_model::{Entity, Timestamp, Value};
use serde::Serialize;

#[derive(Serialize)]
struct HandedOver {
    account: String,
    connection: String,
    password: String,
}

impl Human for HandedOver {
    fn human(&self, page: &mut Page) {
        // Alone on its line and as it is, so that it can be copied.
        page.line(&self.password);
        page.line(format!(
            "this was the first password of {} at {}; it is not kept any more",
            self.account, self.connection
        ));
    }
}

#[derive(Serialize)]
struct Forgotten {
    account: String,
    connection: String,
}

impl Human for Forgotten {
    fn human(&self, page: &mut Page) {
        page.line(format!("the first password of {} at {} is forgotten", self.account, self.connection));
    }
}

#[derive(Serialize)]
struct Waiting {
    connection: String,
    accounts: Vec<WaitingView>,
}

#[derive(Serialize)]
struct WaitingView {
    id: String,
    account: String,
    made: Timestamp,
    usable: bool,
}

impl Human for Waiting {
    fn human(&self, page: &mut Page) {
        if self.accounts.is_empty() {
            page.line(format!("no first password of {} waits", self.connection));
            return;
        }
        let rows = self.accounts.iter().map(|one| {
            let there = if one.usable { "there" } else { "not there yet" };
            vec![one.account.clone(), one.id.clone(), there.to_owned()]
        });
        page.table(&["userName", "id", "account"], rows.collect());
        page.line(format!("hand one over: rosterd account password ACCOUNT --connection {}", self.connection));
    }
}

/// Runs `rosterd account password`.
///
/// # Errors
/// There is no such account or connection, no password waits, or its key is not there.
pub(super) fn run(
    context: &Context,
    account: Option<&str>,
    connection: &str,
    forget: bool,
) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let config = context.config()?;
    let (id, table) = config.connection(connection)?;
    let Some(account) = account else {
        let accounts = engine.waiting_passwords(id)?.into_iter().map(|waiting| WaitingView {
            id: waiting.account.id.to_string(),
            account: name(&waiting.account),
            made: waiting.at,
            usable: waiting.usable,
        });
        return Ok(Output::new(
            "account password",
            Waiting { connection: id.to_string(), accounts: accounts.collect() },
        ));
    };
    let end = if forget { PasswordEnd::Forgotten } else { PasswordEnd::Shown };
    let (entity, sealed) = engine.waiting_password(account, id, end)?;
    let (account, connection) = (name(&entity), id.to_string());
    if forget {
        engine.end_password(&entity, id, &sealed, end)?;
        return Ok(Output::new("account password", Forgotten { account, connection }));
    }
    let wrong = |text: String| CommandError::config(format!("[connection.{id}.initial-passwords] key: {text}"));
    let Some(passwords) = &table.initial_passwords else {
        return Err(wrong("there is none; give the hub the key again with which passwords were sealed".to_owned()));
    };
    let key = password_key(config, passwords).map_err(wrong)?;
    let opened = key.open(&password_owner(id, entity.id, &sealed.operation), &sealed.sealed).map_err(wrong)?;
    // What is shown is in the audit, whatever happens to the output.
    engine.end_password(&entity, id, &sealed, end)?;
    Ok(Output::new("account password", HandedOver { account, connection, password: opened.to_string() }))
}

fn name(entity: &Entity) -> String {
    let name = entity.attributes.get("userName").and_then(Value::as_text);
    name.map_or_else(|| entity.id.to_string(), plain)
}
