//! Peers that others wrote for Node, installed as their lock files say.

use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Makes `folder` what the lock file in `sources` says, with these of its files, and keeps it until that changes. Each test is
/// a process of its own, so whoever comes second waits for the first.
///
/// # Panics
/// It can not be made: a peer that is not there is not skipped.
pub fn install(folder: &Path, sources: &Path, files: &[&str]) {
    made(folder, sources, files)
        .unwrap_or_else(|why| panic!("{} is not there, and is not skipped: {why}", sources.display()));
}

fn made(folder: &Path, sources: &Path, files: &[&str]) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(folder).map_err(text)?;
    let lock = File::create(folder.with_extension("lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    for name in files.iter().chain(&["package.json", ".npmrc"]) {
        std::fs::copy(sources.join(name), folder.join(name)).map_err(text)?;
    }
    let wanted = std::fs::read_to_string(sources.join("package-lock.json")).map_err(text)?;
    let stamp = folder.join("installed.json");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    std::fs::write(folder.join("package-lock.json"), &wanted).map_err(text)?;
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let output = Command::new("npm").args(install).current_dir(folder).output();
    let output = output.map_err(|error| format!("npm does not start: {error}; install Node 20 or later"))?;
    if !output.status.success() {
        return Err(format!("npm failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    std::fs::write(&stamp, wanted).map_err(text)
}
