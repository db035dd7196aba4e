//! `rosterd plugin build`: crates to components. Our own build uses it on our own plugins.

use super::cargo::{self, Crate};
use super::component;
use super::toolchain;
use crate::args::BuildArgs;
use crate::config::hex;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Human, Output, Page};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Serialize)]
struct Built {
    toolchain: String,
    seconds: f64,
    plugins: Vec<Plugin>,
}

#[derive(Serialize)]
struct Plugin {
    name: String,
    path: PathBuf,
    size: usize,
    digest: String,
}

/// Runs `rosterd plugin build`.
///
/// # Errors
/// No toolchain, a crate that does not build, a manifest that is wrong.
pub(crate) fn run(context: &Context, args: &BuildArgs) -> Result<Output, CommandError> {
    let start = Instant::now();
    let toolchain = toolchain::find(args.toolchain.as_deref())?;
    context.talk().note(format!("toolchain: {}", toolchain.describe()));
    let crates = args.dirs.iter().map(|dir| cargo::describe(&toolchain, dir)).collect::<Result<Vec<_>, _>>()?;
    // A manifest is checked before minutes are spent on its crate.
    let manifests = crates.iter().map(|one| manifest(&one.dir)).collect::<Result<Vec<_>, _>>()?;
    let mut modules: Vec<Option<PathBuf>> = vec![None; crates.len()];
    for group in by_workspace(&crates) {
        let members: Vec<Crate> = group.iter().map(|index| crates[*index].clone()).collect();
        let dir = cargo::build(&toolchain, &members, args.packaged, context.talk().is_quiet())?;
        for index in group {
            modules[index] = Some(dir.join(format!("{}.wasm", crates[index].module)));
        }
    }
    let mut plugins = Vec::new();
    for ((one, (name, manifest)), module) in crates.iter().zip(&manifests).zip(modules.into_iter().flatten()) {
        let bytes = std::fs::read(&module).map_err(|error| {
            CommandError::internal(format!("cargo left no module {}", module.display())).because(&error)
        })?;
        let component = component::encode(&bytes, manifest)
            .map_err(|error| CommandError { message: format!("{}: {}", one.package, error.message), ..error })?;
        rosterd_connector::inspect(&component).map_err(|error| {
            CommandError::usage(format!("{} builds, and can not be used as a plugin", one.package)).because(&error)
        })?;
        let path = args.out.as_ref().unwrap_or(&one.dir).join(format!("{name}.wasm"));
        component::publish(&path, &component)?;
        let digest = hex(&Sha256::digest(&component));
        plugins.push(Plugin { name: name.clone(), path, size: component.len(), digest });
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Output::new("plugin build", Built { toolchain: toolchain.version, seconds, plugins }))
}

/// Indexes of crates, grouped by workspace and target folder, in the order of the command line.
fn by_workspace(crates: &[Crate]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, one) in crates.iter().enumerate() {
        match groups.iter_mut().find(|group| crates[group[0]].workspace == one.workspace) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// Name and text of the manifest in a crate's folder.
fn manifest(dir: &Path) -> Result<(String, String), CommandError> {
    let path = dir.join("connector.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        CommandError::usage(format!("failed to read the manifest {}", path.display()))
            .because(&error)
            .hint("a plugin says in connector.toml what it is and what it asks for; see the one of plugins/csv")
    })?;
    // Only the name is needed now; the whole manifest is judged together with the component.
    let name = toml::from_str::<Named>(&text)
        .map_err(|error| CommandError::usage(format!("the manifest {} is wrong", path.display())).because(&error))?;
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.name.is_empty() || !name.name.chars().all(word) {
        return Err(CommandError::usage(format!("\"{}\" in {} is no name", name.name, path.display()))
            .hint("use lower-case words joined with hyphens"));
    }
    Ok((name.name, text))
}

/// The part of a manifest that decides the name of the file.
#[derive(serde::Deserialize)]
struct Named {
    name: String,
}

impl Human for Built {
    fn human(&self, page: &mut Page) {
        let rows = self.plugins.iter().map(|plugin| {
            let path = plugin.path.display().to_string();
            vec![plugin.name.clone(), path, kibibytes(plugin.size), plugin.digest[..16].to_owned()]
        });
        page.table(&["plugin", "component", "size", "digest"], rows.collect());
        page.line(format!("built in {:.1} s", self.seconds));
    }
}

fn kibibytes(size: usize) -> String {
    format!("{} KiB", size.div_ceil(1024))
}
