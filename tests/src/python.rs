//! Judges and peers that others wrote in Python, each in an environment of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The interpreter of an environment with exactly what a file of requirements says, kept in `folder` until that changes. Each
/// test is a process of its own, so whoever comes second waits for the first.
///
/// # Panics
/// It can not be made: a judge that is not there is not skipped.
#[must_use]
pub fn environment(folder: &Path, requirements: &Path) -> PathBuf {
    made(folder, requirements)
        .unwrap_or_else(|why| panic!("{} is not there, and is not skipped: {why}", requirements.display()))
}

fn made(folder: &Path, requirements: &Path) -> Result<PathBuf, String> {
    let (python, stamp) = (folder.join("bin/python"), folder.join("installed.txt"));
    let text = |error: std::io::Error| error.to_string();
    let wanted = std::fs::read_to_string(requirements).map_err(text)?;
    let lock = File::create(folder.with_extension("lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(&python).args(install).arg(requirements))?;
    std::fs::write(&stamp, wanted).map_err(text)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?} does not start: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let both = || format!("{command:?} failed:\n{}{}", text(&output.stdout), text(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(both()) }
}
