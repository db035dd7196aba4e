//! The only place that knows Rust toolchains for WebAssembly. It searches and chooses; it downloads nothing.
//!
//! A toolchain serves in one of two ways: it has the standard library of `wasm32-unknown-unknown`, as those of rustup
//! can have, or it has the source of the standard library, which cargo then builds along, as Debian's packages do.

use crate::error::CommandError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of guests: no operating system, no interface but ours.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A toolchain that can build guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// The compiler.
    pub(crate) rustc: PathBuf,
    /// Its cargo.
    pub(crate) cargo: PathBuf,
    /// Its version, as `rustc --version` prints it.
    pub(crate) version: String,
    /// Where its libraries and their sources lie.
    pub(crate) sysroot: PathBuf,
    /// How it comes to a standard library.
    pub(crate) library: Library,
}

/// How a toolchain comes to a standard library for guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Library {
    /// It has one.
    Installed,
    /// Cargo builds it from source, and links with this linker (none: the toolchain's own).
    Source(Option<PathBuf>),
}

impl Toolchain {
    /// The choice as a sentence.
    pub(crate) fn describe(&self) -> String {
        let library = match &self.library {
            Library::Installed => format!("its {TARGET} library"),
            Library::Source(None) => "its library built from source".to_owned(),
            Library::Source(Some(linker)) => {
                format!("its library built from source, linked by {}", linker.display())
            }
        };
        format!("{} ({}), {library}", self.version, self.rustc.display())
    }
}

/// Finds a toolchain: the named one; else the current rustc; else Debian's.
///
/// # Errors
/// A sentence for each toolchain that was looked at and why it does not serve, and the commands for both ways.
pub(crate) fn find(named: Option<&Path>) -> Result<Toolchain, CommandError> {
    if let Some(path) = named {
        let (rustc, cargo) = (path.join("bin/rustc"), path.join("bin/cargo"));
        return probe(&rustc, &cargo).map_err(|why| {
            CommandError::usage(format!("the toolchain {} can not build plugins: {why}", path.display()))
                .hint("name the folder above bin/rustc and bin/cargo of a toolchain that can, or leave --toolchain out")
        });
    }
    let mut reasons = Vec::new();
    let candidates = [current(), (PathBuf::from("/usr/bin/rustc"), PathBuf::from("/usr/bin/cargo"))];
    for (rustc, cargo) in candidates {
        match probe(&rustc, &cargo) {
            Ok(toolchain) => return Ok(toolchain),
            Err(why) => reasons.push(format!("{}: {why}", rustc.display())),
        }
    }
    let mut error = CommandError::usage(format!("no Rust toolchain on this machine can build for {TARGET}"));
    error.causes = reasons;
    Err(error
        .hint(format!("with rustup: rustup target add {TARGET}"))
        .hint("on Debian: apt-get install rustc-web cargo-web rust-web-src lld")
        .hint("or name one: rosterd plugin build --toolchain PATH"))
}

/// The rustc that a shell would run, without what a cargo that runs us has set.
fn current() -> (PathBuf, PathBuf) {
    (PathBuf::from("rustc"), PathBuf::from("cargo"))
}

/// Whether and how this pair can build guests; else why not, as the end of a sentence.
fn probe(rustc: &Path, cargo: &Path) -> Result<Toolchain, String> {
    let sysroot = PathBuf::from(ask(rustc, &["--print", "sysroot"])?);
    let version = ask(rustc, &["--version"])?;
    ask(cargo, &["--version"])?;
    let toolchain = |library| Toolchain {
        rustc: rustc.into(),
        cargo: cargo.into(),
        version: version.clone(),
        sysroot: sysroot.clone(),
        library,
    };
    if sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(toolchain(Library::Installed));
    }
    let source = sysroot.join("lib/rustlib/src/rust");
    if !source.join("library/std").is_dir() {
        return Err(format!("it has neither a library for {TARGET} nor the source of one"));
    }
    if let Ok(of_source) = std::fs::read_to_string(source.join("src/version"))
        && !version.split(' ').any(|word| word == of_source.trim())
    {
        return Err(format!("it is {version}, but the library's source is of {}", of_source.trim()));
    }
    let own_linker = sysroot.join("lib/rustlib").read_dir().into_iter().flatten().flatten();
    if own_linker.into_iter().any(|dir| dir.path().join("bin/rust-lld").is_file()) {
        return Ok(toolchain(Library::Source(None)));
    }
    match linker() {
        Some(linker) => Ok(toolchain(Library::Source(Some(linker)))),
        None => Err("it could build its library from source, but there is no wasm-ld to link with".to_owned()),
    }
}

/// The newest `wasm-ld` or `wasm-ld-N` in PATH.
fn linker() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::env::split_paths(&path).filter_map(|dir| dir.read_dir().ok()).flatten().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix("wasm-ld")) else { continue };
        let number = if rest.is_empty() { Some(0) } else { rest.strip_prefix('-').and_then(|n| n.parse().ok()) };
        if let Some(number) = number {
            found.push((number, entry.path()));
        }
    }
    // Of equal ones the first in PATH, as a shell would take it.
    found.into_iter().rev().max_by_key(|(number, _)| *number).map(|(_, path)| path)
}

/// Runs a tool and returns what it prints.
fn ask(tool: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(tool);
    super::cargo::clean(&mut command);
    let output = command.args(arguments).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no {}", tool.display()),
        _ => format!("{} could not be run: {error}", tool.display()),
    })?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let line = text.lines().next().unwrap_or("no word").to_owned();
        return Err(format!("{} {} failed: {line}", tool.display(), arguments.join(" ")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
