//! `rosterd plugin install` and `list`: the plugins beside rosterd.toml.

use super::component;
use crate::context::{Context, plugins};
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone, plain};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Installed {
    plugin: Component,
    /// Version that was replaced.
    replaced: Option<String>,
}

#[derive(Serialize)]
struct Component {
    name: String,
    version: String,
    path: PathBuf,
    digest: String,
}

/// Runs `rosterd plugin install`: checks the component, copies it, and compiles it into the cache.
///
/// # Errors
/// It is no component of the contract, or one of this name is installed and `replace` is not set.
pub(crate) fn install(context: &Context, file: &Path, replace: bool) -> Result<Output, CommandError> {
    let inspection = plugins::inspect(file)?;
    let folder = plugins::folder(&context.home()?);
    let path = folder.join(format!("{}.wasm", inspection.name));
    let before = if path.is_file() { Some(plugins::inspect(&path)) } else { None };
    let same = matches!(&before, Some(Ok(before)) if before.digest == inspection.digest);
    if before.is_some() && !replace && !same {
        let version = before.and_then(Result::ok).map_or_else(String::new, |before| format!(" {}", before.version));
        return Err(CommandError::usage(format!("the plugin {}{version} is already installed", inspection.name))
            .hint("replace it: rosterd plugin install --replace FILE")
            .hint("plans that were made with the old one are refused; plan again after replacing it"));
    }
    if !same {
        let bytes = std::fs::read(file)
            .map_err(|error| CommandError::usage(format!("failed to read {}", file.display())).because(&error))?;
        component::publish(&path, &bytes)?;
    }
    let progress = context.talk().progress(&format!("compiling {}", inspection.name));
    context.connector_host()?.install(&path).map_err(|error| {
        CommandError::new(crate::error::ErrorKind::Connector, format!("{} can not be compiled", path.display()))
            .because(&error)
    })?;
    drop(progress);
    let replaced = before.and_then(Result::ok).map(|before| before.version);
    let plugin = Component { name: inspection.name, version: inspection.version, path, digest: inspection.digest };
    Ok(Output::new("plugin install", Installed { plugin, replaced }))
}

impl Human for Installed {
    fn human(&self, page: &mut Page) {
        let Component { name, version, path, .. } = &self.plugin;
        let verb = page.paint(Tone::Good, "installed");
        page.line(format!("{verb} {} {} as {}", plain(name), plain(version), path.display()));
        if let Some(before) = self.replaced.as_ref().filter(|before| *before != version) {
            page.line(format!("it replaces version {}", plain(before)));
        }
        page.line(format!("use it: [connection.NAME] plugin = \"{}\"", plain(name)));
        page.line(format!("see what it asks for: rosterd plugin inspect {}", plain(name)));
    }
}

#[derive(Serialize)]
struct List {
    plugins: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    version: Option<String>,
    roles: Vec<&'static str>,
    digest: Option<String>,
    /// Connections that use it.
    connections: Vec<String>,
    /// Why it can not be used.
    problem: Option<String>,
}

/// Runs `rosterd plugin list`.
///
/// # Errors
/// The folder of plugins can not be read.
pub(crate) fn list(context: &Context) -> Result<Output, CommandError> {
    let home = context.home()?;
    // The list is of use without a configuration, and with one that has mistakes.
    let config = context.config().ok();
    let users = |name: &str| {
        let all = config.iter().flat_map(|config| &config.file.connection);
        all.filter(|(_, table)| table.plugin.as_deref() == Some(name)).map(|(id, _)| id.to_string()).collect()
    };
    let row = |name: String| {
        let connections = users(&name);
        match plugins::inspect(&plugins::folder(&home).join(format!("{name}.wasm"))) {
            Ok(own) => Row {
                roles: own.roles.iter().map(|role| role.as_str()).collect(),
                version: Some(own.version),
                digest: Some(own.digest),
                problem: None,
                name,
                connections,
            },
            Err(error) => {
                let problem = Some(error.causes.first().unwrap_or(&error.message).clone());
                Row { name, version: None, roles: Vec::new(), digest: None, connections, problem }
            }
        }
    };
    Ok(Output::new("plugin list", List { plugins: plugins::installed(&home)?.into_iter().map(row).collect() }))
}

impl Human for List {
    fn human(&self, page: &mut Page) {
        if self.plugins.is_empty() {
            page.line("no plugins are installed; install one: rosterd plugin install FILE");
            return;
        }
        let rows = self.plugins.iter().map(|row| {
            let state = match (&row.problem, &row.digest) {
                (Some(problem), _) => page.paint(Tone::Bad, &plain(problem)),
                (None, digest) => digest.as_deref().unwrap_or_default().chars().take(16).collect(),
            };
            let version = plain(row.version.as_deref().unwrap_or("-"));
            vec![plain(&row.name), version, row.roles.join(", "), row.connections.join(", "), state]
        });
        let rows = rows.collect();
        page.table(&["plugin", "version", "roles", "connections", "digest"], rows);
    }
}
