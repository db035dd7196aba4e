//! Talking to cargo: which crate lies in a folder, and building it for guests.

use super::toolchain::{Library, TARGET, Toolchain};
use crate::error::CommandError;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A plugin's crate.
#[derive(Debug, Clone)]
pub(crate) struct Crate {
    /// Folder of its Cargo.toml.
    pub(crate) dir: PathBuf,
    /// Package name.
    pub(crate) package: String,
    /// Name of the core module that cargo makes.
    pub(crate) module: String,
    /// Root of its workspace.
    pub(crate) workspace: PathBuf,
    /// Where its workspace builds, if this is the workspace that rosterd itself is in.
    pub(crate) home_target: Option<PathBuf>,
}

/// What `cargo metadata` says, as far as we care.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// Variables that a cargo around us, or a shell, may have set for other builds.
const FOREIGN: [&str; 15] = [
    "CARGO",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_BOOTSTRAP",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
];

/// Takes away what belongs to other builds. A tool that a cargo runs inherits more than it should.
pub(crate) fn clean(command: &mut Command) {
    for name in FOREIGN {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_PROFILE_") || text.starts_with("CARGO_BIN_") {
            command.env_remove(&name);
        }
    }
    // Set by the cargo that runs us: its toolchain's libraries are not those of another compiler.
    if std::env::var_os("CARGO").is_some() {
        command.env_remove("LD_LIBRARY_PATH");
    }
}

/// A cargo of this toolchain that runs in `dir`.
fn cargo(toolchain: &Toolchain, dir: &Path) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    clean(&mut command);
    command.current_dir(dir);
    // An absolute compiler is not the one that cargo would choose by itself.
    if toolchain.rustc.is_absolute() {
        command.env_remove("RUSTUP_TOOLCHAIN").env("RUSTC", &toolchain.rustc);
    }
    command
}

/// Finds out which crate lies in `dir`.
///
/// # Errors
/// There is none, or it makes no `cdylib`.
pub(crate) fn describe(toolchain: &Toolchain, dir: &Path) -> Result<Crate, CommandError> {
    let dir = dir
        .canonicalize()
        .map_err(|error| CommandError::usage(format!("failed to open the folder {}", dir.display())).because(&error))?;
    let manifest = dir.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(CommandError::usage(format!("there is no Cargo.toml in {}", dir.display()))
            .hint("name the folder of a plugin's crate, or start one: rosterd plugin new NAME"));
    }
    let output = cargo(toolchain, &dir)
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(&manifest)
        .output()
        .map_err(|error| CommandError::internal("failed to run cargo").because(&error))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let mut error = CommandError::usage(format!("cargo can not read the crate in {}", dir.display()));
        error.causes.push(text);
        return Err(error);
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| CommandError::internal("failed to read what cargo metadata says").because(&error))?;
    let home = metadata.packages.iter().any(|package| package.name == "rosterd");
    let package = metadata.packages.into_iter().find(|package| package.manifest_path == manifest);
    let package = package.ok_or_else(|| CommandError::usage(format!("{} is no package", manifest.display())))?;
    let library = package.targets.iter().find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"));
    let library = library.ok_or_else(|| {
        CommandError::usage(format!("the crate {} makes no component", package.name))
            .hint("add to its Cargo.toml: [lib] crate-type = [\"cdylib\", \"rlib\"]")
    })?;
    Ok(Crate {
        module: library.name.replace('-', "_"),
        package: package.name,
        dir,
        workspace: metadata.workspace_root,
        home_target: home.then_some(metadata.target_directory),
    })
}

/// The target folder of guests, shared by all of them, so that the standard library is built once: ROSTERD_GUEST_TARGET;
/// for plugins of rosterd's own workspace its `target/guests`; else in the user's cache.
pub(crate) fn target_dir(one: &Crate) -> PathBuf {
    if let Some(dir) = std::env::var_os("ROSTERD_GUEST_TARGET").filter(|dir| !dir.is_empty()) {
        return PathBuf::from(dir);
    }
    match &one.home_target {
        Some(target) => target.join("guests"),
        None => crate::context::cache_home().unwrap_or_else(|| one.workspace.join("target")).join("guests"),
    }
}

/// Builds crates of one workspace, and returns the folder of their core modules.
///
/// # Errors
/// cargo failed; it has said why on stderr.
pub(crate) fn build(
    toolchain: &Toolchain,
    crates: &[Crate],
    packaged: bool,
    quiet: bool,
) -> Result<PathBuf, CommandError> {
    let Some(first) = crates.first() else { return Err(CommandError::internal("there is nothing to build")) };
    let target = target_dir(first);
    let mut command = cargo(toolchain, &first.workspace);
    let profile = if packaged { "guest-packaged" } else { "guest" };
    command.args(["build", "--profile", profile, "--target", TARGET, "--target-dir"]).arg(&target);
    command.args(crates.iter().flat_map(|one| ["--package", one.package.as_str()]));
    for setting in profile_settings(packaged) {
        command.arg("--config").arg(setting);
    }
    // Messages of panics hold paths of source files. Cargo hands these flags to every crate, those of the registry too.
    let flags = remap(&roots(toolchain, &target)).join("\x1f");
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    if let Library::Source(linker) = &toolchain.library {
        command.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
        if let Some(linker) = linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }
    if quiet {
        command.arg("--quiet");
    }
    // stdout is for results, and cargo talks on stderr anyway.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| CommandError::internal("failed to run cargo").because(&error))?;
    if !status.success() {
        let names = crates.iter().map(|one| one.package.as_str()).collect::<Vec<_>>().join(", ");
        return Err(CommandError::usage(format!("cargo could not build {names}")).hint("its messages stand above"));
    }
    Ok(target.join(TARGET).join(profile))
}

/// Folders whose place on this machine must not show in a component, and what stands there instead. The workspace is none of
/// them: cargo names its files relative to it, and flags that differ between workspaces would have the standard library, which
/// all guests share, built anew for each.
fn roots(toolchain: &Toolchain, target: &Path) -> Vec<(PathBuf, &'static str)> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut roots: Vec<(PathBuf, &str)> = vec![(target.to_owned(), "/target"), (toolchain.sysroot.clone(), "/rust")];
    roots.extend(cargo_home.map(|home| (home, "/cargo")));
    roots
}

/// The compiler's flags for that. Of several that fit a path the compiler takes the last, so the longest prefix comes last.
/// A root and what it really is, behind links, are both named: cargo uses either.
fn remap(roots: &[(PathBuf, &str)]) -> Vec<String> {
    let mut all: Vec<(PathBuf, &str)> = roots.to_vec();
    all.extend(roots.iter().filter_map(|(path, name)| Some((path.canonicalize().ok()?, *name))));
    all.retain(|(path, _)| path.components().count() > 1);
    all.sort_by_key(|(path, _)| path.as_os_str().len());
    all.dedup();
    all.iter().map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display())).collect()
}

/// The profile, given on the command line so that crates of every workspace are built alike.
fn profile_settings(packaged: bool) -> Vec<String> {
    let name = if packaged { "guest-packaged" } else { "guest" };
    let lto = if packaged { "lto=\"fat\"" } else { "lto=\"off\"" };
    let units = if packaged { "codegen-units=1" } else { "codegen-units=4" };
    ["inherits=\"release\"", "opt-level=3", "panic=\"abort\"", "strip=true", "debug=false", lto, units]
        .iter()
        .map(|setting| format!("profile.{name}.{setting}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_comes_last_and_the_root_folder_is_none() {
        let roots = [("/nowhere/home/target", "/target"), ("/nowhere/home", "/cargo"), ("/", "/rust")];
        let roots: Vec<(PathBuf, &str)> = roots.iter().map(|(path, name)| (PathBuf::from(path), *name)).collect();
        let flags = remap(&roots);
        let expected = ["--remap-path-prefix=/nowhere/home=/cargo", "--remap-path-prefix=/nowhere/home/target=/target"];
        assert_eq!(flags, expected);
    }
}
