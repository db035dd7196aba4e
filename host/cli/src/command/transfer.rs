//! `import FILE` and `export FILE`: a CSV file in or out at once, through the csv connector in its sandbox.

use super::sync;
use crate::config::Config;
use crate::context::{Context, HubConnections, plugins};
use crate::engine::with_policy;
use crate::error::CommandError;
use crate::output::{Human, Output, Page};
use rosterd_engine::Policy;
use rosterd_model::port::Connections;
use rosterd_model::spec::PolicySpec;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Name of the connection and of the job of these commands.
const NAME: &str = "file";

/// Which way people go.
#[derive(Clone, Copy)]
pub(crate) enum Way<'a> {
    /// Into the hub, told apart by this column.
    In { id: &'a str },
    /// Out of it, with or without protection from formulas.
    Out { raw: bool },
}

/// What stands in rosterd.toml for an import without a job of its own: common columns to attributes of the hub.
pub(crate) fn document(file: &str, way: Way<'_>) -> Result<String, CommandError> {
    let mut settings = toml::Table::new();
    settings.insert("file".to_owned(), file.into());
    match way {
        Way::In { id } => {
            settings.insert("id".to_owned(), id.into());
        }
        Way::Out { raw } => {
            settings.insert("replace".to_owned(), true.into());
            settings.insert("id".to_owned(), "userName".into());
            settings.insert("raw".to_owned(), raw.into());
        }
    }
    let mut grants = toml::Table::new();
    grants.insert("files".to_owned(), vec![file].into());
    let mut connection = toml::Table::new();
    connection.insert("plugin".to_owned(), "csv".into());
    connection.insert("settings".to_owned(), settings.into());
    connection.insert("grants".to_owned(), grants.into());
    let mut named = toml::Table::new();
    named.insert(NAME.to_owned(), connection.into());
    let mut root = toml::Table::new();
    root.insert("connection".to_owned(), named.into());
    let text = toml::to_string(&root)
        .map_err(|error| CommandError::internal("failed to write the configuration of a file").because(&error))?;
    Ok(match way {
        Way::In { .. } => text + IMPORT_JOB,
        Way::Out { .. } => text,
    })
}

const IMPORT_JOB: &str = r#"
[job.file]
source = "file"
[job.file.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }, { tier = 2, match = ["userName"], mode = "review" }]
[job.file.account.map]
userName = 'Coalesce(source.username, source.employee_number)'
displayName = 'source.display_name'
"emails.work" = 'ToLower(source.email)'
"phoneNumbers.mobile" = 'source.mobile'
employeeNumber = 'source.employee_number'
title = 'source.title'
department = 'source.department'
orgUnit = 'source.orgUnit'
manager = 'source.manager'
active = 'source.status != "停用"'
"#;

/// The configuration of the hub, with one connection to `file` and nothing else.
fn configuration(context: &Context, file: &Path, way: Way<'_>) -> Result<Config, CommandError> {
    let base = context.config()?;
    let absolute = std::path::absolute(file)
        .map_err(|error| CommandError::usage(format!("{} is no path", file.display())).because(&error))?;
    let name = absolute
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| CommandError::usage(format!("{} does not name a file in Unicode", file.display())))?;
    let dir: PathBuf = absolute.parent().map_or_else(|| base.dir.clone(), Path::to_path_buf);
    let text = document(name, way)?;
    let mut config = Config::parse(dir, "the import".to_owned(), text)?;
    // Plugins are those of the hub; files are relative to the folder of the file.
    for table in config.file.connection.values_mut() {
        let component = plugins::component(base, "csv")?;
        let component = std::path::absolute(&component)
            .map_err(|error| CommandError::internal("failed to find the csv connector").because(&error))?;
        table.plugin = Some(component.to_string_lossy().into_owned());
    }
    Ok(config)
}

/// Runs `rosterd import`.
pub(crate) fn import(context: &Context, file: &Path, id: &str) -> Result<Output, CommandError> {
    let config = configuration(context, file, Way::In { id })?;
    let hub = context.config()?;
    // Deliveries, the guard and protected accounts are those of the hub.
    let spec = PolicySpec { jobs: config.policy.jobs.clone(), ..hub.policy.clone() };
    let digest = crate::config::policy_digest(&spec)?;
    let mut engine = with_policy(context, Policy::compile(&spec, digest)?, Some("import"))?;
    engine.connections = std::sync::Arc::new(Both {
        file: HubConnections::new(&config, context.connector_host()?.clone(), None),
        hub: engine.connections.clone(),
    });
    sync::run_with(context, &engine, "import", NAME)
}

/// The file, and the connections of the hub for its deliveries.
struct Both {
    file: HubConnections,
    hub: std::sync::Arc<dyn Connections>,
}

impl Connections for Both {
    fn source<'a>(
        &'a self,
        id: &'a rosterd_model::ConnectionId,
    ) -> rosterd_model::port::BoxFuture<'a, Result<Box<dyn rosterd_model::port::Source>, rosterd_model::Fault>> {
        if id.as_str() == NAME { self.file.source(id) } else { self.hub.source(id) }
    }
    fn destination<'a>(
        &'a self,
        id: &'a rosterd_model::ConnectionId,
    ) -> rosterd_model::port::BoxFuture<'a, Result<Box<dyn rosterd_model::port::Destination>, rosterd_model::Fault>>
    {
        self.hub.destination(id)
    }
    fn digest(&self, id: &rosterd_model::ConnectionId) -> Option<String> {
        self.hub.digest(id)
    }
}

#[derive(Serialize)]
struct Exported {
    file: PathBuf,
    accounts: u64,
}

impl Human for Exported {
    fn human(&self, page: &mut Page) {
        page.line(format!("wrote {} accounts to {}", self.accounts, self.file.display()));
    }
}

/// Runs `rosterd export`.
pub(crate) fn export(context: &Context, file: &Path, raw: bool) -> Result<Output, CommandError> {
    let config = configuration(context, file, Way::Out { raw })?;
    let connections = HubConnections::new(&config, context.connector_host()?.clone(), None);
    let engine = with_policy(context, Policy::compile(&PolicySpec::default(), String::new())?, Some("export"))?;
    let id = NAME.parse().map_err(|error: rosterd_model::id::InvalidId| CommandError::internal(error.to_string()))?;
    let accounts = context.block_on(async {
        let mut destination = connections.destination(&id).await?;
        // Whatever stopped it: a file is written as a whole or not at all.
        let done = engine.export(destination.as_mut()).await;
        done.map_err(|error| {
            CommandError::from(error).hint("nothing was written; mend what is named, and export again")
        })
    })?;
    Ok(Output::new("export", Exported { file: file.to_path_buf(), accounts }))
}
