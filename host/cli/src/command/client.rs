//! `rosterd client`: who may call the hub in the name of a connection. A secret is printed where it is made, and nowhere else.

use crate::args::{ClientCommand, CreateArgs};
use crate::clock::SystemClock;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_model::port::Clock as _;
use rosterd_model::{ExternalId, Timestamp};
use rosterd_server::Secret;
use rosterd_server::clients::{self, By, ClientError, NewClient};
use rosterd_store::ClientRow;
use rosterd_store::prelude::*;
use serde::Serialize;

/// Runs `rosterd client`.
///
/// # Errors
/// There is no such client or connection, the name is taken, or the store can not be opened.
pub(crate) fn run(context: &Context, command: ClientCommand) -> Result<Output, CommandError> {
    match command {
        ClientCommand::Create(args) => create(context, args),
        ClientCommand::List => list(context),
        ClientCommand::Show { name } => show(context, &name),
        ClientCommand::Rotate { name, overlap } => {
            let overlap = overlap.map_or(0, |span| u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX));
            let made = clients::rotate(context.store()?, &name, overlap, &by(context));
            let (row, secret) = made.map_err(failed)?;
            Ok(Output::new("client rotate", Given::new(name, &row, &secret)))
        }
        ClientCommand::Revoke { name } => {
            let row = clients::revoke(context.store()?, &name, &by(context)).map_err(failed)?;
            Ok(Output::new("client revoke", Revoked { client: View::of(name, &row) }))
        }
    }
}

fn by(context: &Context) -> By {
    By { principal: context.principal().to_owned(), at: SystemClock.now() }
}

fn failed(error: ClientError) -> CommandError {
    match error {
        ClientError::Store(error) => error.into(),
        ClientError::Random(_) => CommandError::internal(error.to_string()),
        ClientError::Missing(_) => CommandError::usage(error.to_string()).hint("list them: rosterd client list"),
        _ => CommandError::usage(error.to_string()),
    }
}

fn create(context: &Context, args: CreateArgs) -> Result<Output, CommandError> {
    let CreateArgs { name, connection, scopes, org_units } = args;
    // A service that runs may know another configuration than the one on the disk.
    let store = context.store()?;
    let config = context.config()?;
    let (connection, _) = config.connection(&connection)?;
    let org_units = org_units.iter().map(|unit| ExternalId::from(unit.as_str())).collect();
    let new = NewClient { connection: connection.clone(), scopes, org_units };
    let (row, secret) = clients::create(store, &name, new, &by(context)).map_err(failed)?;
    if config.file.serve.receive.is_none() {
        context.talk().note("nobody can call yet: [serve] has no address for it (receive = \"127.0.0.1:8080\")");
    }
    Ok(Output::new("client create", Given::new(name, &row, &secret)))
}

fn list(context: &Context) -> Result<Output, CommandError> {
    let view = context.reading_store()?.snapshot()?;
    let mut clients = Vec::new();
    for row in view.clients()? {
        let (name, row) = row?;
        clients.push(View::of(name, &row));
    }
    Ok(Output::new("client list", Listed { clients }))
}

fn show(context: &Context, name: &str) -> Result<Output, CommandError> {
    let view = context.reading_store()?.snapshot()?;
    let Some(row) = view.client(name)? else { return Err(failed(ClientError::Missing(plain(name)))) };
    Ok(Output::new("client show", Shown { client: View::of(name.to_owned(), &row) }))
}

/// A client without anything of its secrets.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct View {
    name: String,
    connection: String,
    scopes: Vec<String>,
    org_units: Vec<String>,
    created: Timestamp,
    rotated: Option<Timestamp>,
    /// Until then the secret before counts, too.
    overlaps_until: Option<Timestamp>,
    revoked: Option<Timestamp>,
    changed_by: String,
}

impl View {
    fn of(name: String, row: &ClientRow) -> Self {
        let now = SystemClock.now();
        Self {
            name,
            connection: row.connection.to_string(),
            scopes: row.scopes.clone(),
            org_units: row.org_units.iter().map(ToString::to_string).collect(),
            created: row.created,
            rotated: row.rotated,
            overlaps_until: row.former.map(|former| former.until).filter(|until| now < *until),
            revoked: row.revoked,
            changed_by: row.by.clone(),
        }
    }

    fn state(&self) -> &'static str {
        match (self.revoked, self.overlaps_until) {
            (Some(_), _) => "revoked",
            (None, Some(_)) => "two secrets count",
            (None, None) => "active",
        }
    }
}

/// A client with the secret that was made for it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Given {
    client: View,
    secret: String,
}

impl Given {
    fn new(name: String, row: &ClientRow, secret: &Secret) -> Self {
        Self { client: View::of(name, row), secret: secret.reveal().to_owned() }
    }
}

impl Human for Given {
    fn human(&self, page: &mut Page) {
        // Alone on its line and as it is, so that it can be copied.
        page.line(&self.secret);
        page.line(format!("this is the secret of client {}; it is not kept, and not shown again", self.client.name));
        if self.client.overlaps_until.is_some() {
            page.line("the secret before still counts for the overlap");
        }
    }
}

#[derive(Serialize)]
struct Revoked {
    client: View,
}

impl Human for Revoked {
    fn human(&self, page: &mut Page) {
        page.line(format!("client {} is revoked: its secrets and tokens count no more", self.client.name));
    }
}

#[derive(Serialize)]
struct Listed {
    clients: Vec<View>,
}

impl Human for Listed {
    fn human(&self, page: &mut Page) {
        if self.clients.is_empty() {
            page.line(
                "there are no clients; make one: rosterd client create NAME --connection CONNECTION --scope SCOPE",
            );
            return;
        }
        let rows = self.clients.iter().map(|client| {
            let state = match client.revoked {
                Some(_) => page.paint(Tone::Bad, client.state()),
                None => client.state().to_owned(),
            };
            vec![client.name.clone(), client.connection.clone(), client.scopes.join(" "), state]
        });
        let rows = rows.collect();
        page.table(&["client", "connection", "scopes", "state"], rows);
    }
}

#[derive(Serialize)]
struct Shown {
    client: View,
}

impl Human for Shown {
    fn human(&self, page: &mut Page) {
        let client = &self.client;
        page.heading(&client.name);
        let units = match client.org_units.as_slice() {
            [] => "everywhere".to_owned(),
            units => plain(&units.join(", ")),
        };
        page.fields(&[
            ("connection", client.connection.clone()),
            ("scopes", client.scopes.join(" ")),
            ("org units", units),
            ("state", client.state().to_owned()),
            ("changed by", plain(&client.changed_by)),
        ]);
    }
}
