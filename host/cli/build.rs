//! Lists the SDK, the contract and the workspace's manifest, so that the binary carries them (`rosterd plugin new`).

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What is embedded, seen from the root of the repository.
const ROOTS: [&str; 4] = ["sdk", "wit", "Cargo.toml", "Cargo.lock"];

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(name.to_owned()));
    let root = variable("CARGO_MANIFEST_DIR")?.join("../..");
    let mut files = Vec::new();
    for name in ROOTS {
        let path = root.join(name);
        writeln!(io::stdout(), "cargo::rerun-if-changed={}", path.display())?;
        collect(&root, &path, &mut files)?;
    }
    files.sort();
    let mut text = String::from("/// Paths from the root of the repository, and contents.\n");
    text.push_str("pub(super) const FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in &files {
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())
            .map_err(io::Error::other)?;
    }
    text.push_str("];\n");
    fs::write(variable("OUT_DIR")?.join("embedded.rs"), text)
}

/// Files below `path`: what is built and hidden stays out.
fn collect(root: &Path, path: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) && path.parent() != Some(root) {
        return Ok(());
    }
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            let text = name.to_string_lossy();
            if text != "target" && text != "API.txt" && (!text.starts_with('.') || text.starts_with(".gitignore")) {
                collect(root, &path.join(name), files)?;
            }
        }
    } else if path.is_file() {
        let name = path.strip_prefix(root).map_err(io::Error::other)?;
        files.push((name.display().to_string(), path.canonicalize()?));
    }
    Ok(())
}
