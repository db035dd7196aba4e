//! Where plugins are: `plugins/NAME.wasm` beside rosterd.toml, or wherever a path to a component points.

use crate::config::{Config, ConnectionTable, nearest, tidy};
use crate::error::{CommandError, ErrorKind};
use rosterd_connector::Inspection;
use rosterd_model::ConnectionId;
use std::path::{Path, PathBuf};

/// Folder of installed plugins, beside rosterd.toml.
const FOLDER: &str = "plugins";

/// A larger file is not read: the connector host would refuse it too.
const MAX_BYTES: u64 = 128 << 20;

/// Folder of installed plugins of a configuration in `dir`.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    tidy(&dir.join(FOLDER))
}

/// Names of installed plugins, sorted.
///
/// # Errors
/// The folder is there and can not be read.
pub(crate) fn installed(dir: &Path) -> Result<Vec<String>, CommandError> {
    let folder = folder(dir);
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let message = format!("failed to list the plugins in {}", folder.display());
            return Err(CommandError::internal(message).because(&error));
        }
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".wasm").map(str::to_owned))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    Ok(names)
}

/// True if `plugin` is written as a path and not as the name of an installed plugin.
pub(crate) fn is_path(plugin: &str) -> bool {
    Path::new(plugin).extension().is_some_and(|ending| ending == "wasm") || plugin.contains('/')
}

/// The component of a connection.
///
/// # Errors
/// As [`component`], or it has none.
pub(crate) fn of(config: &Config, id: &ConnectionId, table: &ConnectionTable) -> Result<PathBuf, CommandError> {
    match &table.plugin {
        Some(plugin) => component(config, plugin),
        None => Err(CommandError::config(format!("connection {id} has no plugin: only clients use it"))
            .hint(format!("add plugin = ... to [connection.{id}] if there is a remote system behind it"))),
    }
}

/// The component that `plugin` of a connection means.
///
/// # Errors
/// It is not there: a configuration error that names what is.
pub(crate) fn component(config: &Config, plugin: &str) -> Result<PathBuf, CommandError> {
    if is_path(plugin) {
        let path = config.resolve(Path::new(plugin));
        return match path.is_file() {
            true => Ok(path),
            false => Err(CommandError::config(format!("there is no component {}", path.display()))
                .hint("build it (rosterd plugin build DIR), or correct the path")),
        };
    }
    let path = folder(&config.dir).join(format!("{plugin}.wasm"));
    if path.is_file() {
        return Ok(path);
    }
    let names = installed(&config.dir)?;
    let error = CommandError::config(format!("there is no installed plugin \"{plugin}\""));
    let error = match nearest(plugin, names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None if names.is_empty() => error,
        None => error.hint(format!("installed are: {}", names.join(", "))),
    };
    Err(error.hint("install it: rosterd plugin install FILE; or write the path of a component"))
}

/// Reads what a component says about itself, without compiling it.
///
/// # Errors
/// It can not be read, or is no component of the contract.
pub(crate) fn inspect(path: &Path) -> Result<Inspection, CommandError> {
    let unreadable = |error: &dyn std::error::Error| {
        CommandError::usage(format!("failed to read the component {}", path.display())).because(error)
    };
    let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if size > MAX_BYTES {
        return Err(CommandError::new(ErrorKind::Connector, format!("{} is larger than 128 MiB", path.display())));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    rosterd_connector::inspect(&bytes).map_err(|error| {
        CommandError::new(ErrorKind::Connector, format!("{} can not be used as a plugin", path.display()))
            .because(&error)
    })
}
