//! `rosterd connection`: what is connected, and what a remote system offers.

mod discover;

use crate::args::ConnectionCommand;
use crate::context::{Context, plugins};
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone, plain};
use serde::Serialize;

/// Runs `rosterd connection`.
///
/// # Errors
/// The configuration is wrong, or the connector failed.
pub(crate) fn run(context: &Context, command: ConnectionCommand) -> Result<Output, CommandError> {
    match command {
        ConnectionCommand::List => list(context),
        ConnectionCommand::Discover { name } => discover::run(context, &name),
    }
}

#[derive(Serialize)]
struct List {
    connections: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// None: only clients use it.
    plugin: Option<String>,
    version: Option<String>,
    roles: Vec<&'static str>,
    /// Jobs that read it.
    jobs: Vec<String>,
    /// True if a delivery writes to it.
    delivered: bool,
    problem: Option<String>,
}

fn list(context: &Context) -> Result<Output, CommandError> {
    let config = context.config()?;
    let mut connections = Vec::new();
    for (id, table) in &config.file.connection {
        let found =
            table.plugin.as_ref().map(|_| plugins::of(config, id, table).and_then(|path| plugins::inspect(&path)));
        let (found, problem) = match found {
            Some(Ok(found)) => (Some(found), None),
            Some(Err(error)) => (None, Some(error.message)),
            None => (None, None),
        };
        let jobs = config.file.job.iter().filter(|(_, job)| job.spec.source == *id).map(|(name, _)| name.clone());
        connections.push(Row {
            name: id.to_string(),
            plugin: table.plugin.clone(),
            jobs: jobs.collect(),
            delivered: config.file.deliver.contains_key(id),
            roles: found.iter().flat_map(|own| &own.roles).map(|role| role.as_str()).collect(),
            version: found.map(|own| own.version),
            problem,
        });
    }
    Ok(Output::new("connection list", List { connections }))
}

impl Human for List {
    fn human(&self, page: &mut Page) {
        if self.connections.is_empty() {
            page.line("there are no connections; add a [connection.NAME] table to rosterd.toml");
            return;
        }
        let mut rows = Vec::new();
        for row in &self.connections {
            let mut uses = row.jobs.iter().map(|job| format!("job {job}")).collect::<Vec<_>>();
            uses.extend(row.delivered.then(|| "delivery".to_owned()));
            let version = match &row.problem {
                Some(problem) => page.paint(Tone::Bad, &plain(problem)),
                None => plain(row.version.as_deref().unwrap_or_default()),
            };
            let plugin = row.plugin.as_deref().map_or_else(|| "clients only".to_owned(), plain);
            rows.push(vec![row.name.clone(), plugin, row.roles.join(", "), uses.join(", "), version]);
        }
        page.table(&["connection", "plugin", "roles", "used by", "version"], rows);
    }
}
