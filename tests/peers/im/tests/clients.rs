//! The vendors' own client libraries against the program. They need Python 3.11 or later and, the first time, PyPI; what is
//! missing fails the test with its reason.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a command and returns what it said, or both of its streams if it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?} does not start: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let both = format!("{}{}", text(&output.stdout), text(&output.stderr));
    if output.status.success() { Ok(both) } else { Err(format!("{command:?} failed:\n{both}")) }
}

/// An environment with exactly what `requirements.txt` says, kept until that changes.
fn environment(requirements: &Path) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("im-clients");
    let python = folder.join("bin/python");
    let stamp = folder.join("installed.txt");
    let wanted = std::fs::read_to_string(requirements).map_err(|error| error.to_string())?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(&python).args(install).arg(requirements))?;
    std::fs::write(&stamp, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}

#[test]
fn the_vendors_clients_agree_with_the_simulator() {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    let python = environment(&clients.join("requirements.txt"))
        .unwrap_or_else(|why| panic!("the client libraries are not there, and are not skipped: {why}"));
    let said = run(Command::new(python)
        .args(["-W", "ignore", "-m", "unittest", "discover", "--verbose"])
        .current_dir(&clients)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PEER_IM", env!("CARGO_BIN_EXE_rosterd-peer-im")));
    match said {
        Ok(said) => println!("{said}"),
        Err(said) => panic!("{said}"),
    }
}
