//! Where the operator keeps a secret: never in `rosterd.toml` itself.

use super::store::{self, SecretStore};
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use zeroize::Zeroizing;

/// `{ env = "X" }`, `{ file = "path" }`, `{ command = ["pass", "show", "x"] }` or `{ store = "name" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretReference {
    /// A variable of the host's environment.
    Env(String),
    /// A file; one newline at its end is not part of the secret.
    File(PathBuf),
    /// A program and its arguments, run without a shell; what it prints, less one newline at the end.
    Command(Vec<String>),
    /// An entry of the encrypted secret store.
    Store(String),
}

const LONGEST: u64 = 64 << 10;
const COMMAND_TIME: Duration = Duration::from_secs(20);

/// Reads a secret. `base` is the folder of the configuration.
///
/// # Errors
/// A sentence without the secret's name, which the caller puts in front.
pub fn resolve(
    reference: &SecretReference,
    base: &Path,
    store: Option<&SecretStore>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let bytes = match reference {
        SecretReference::Env(name) => {
            std::env::var_os(name).map(|value| Zeroizing::new(value.into_encoded_bytes())).ok_or_else(|| {
                format!("the environment variable {name} is not set; set it for the process that runs rosterd")
            })?
        }
        SecretReference::File(path) => file(&base.join(path))?,
        SecretReference::Command(arguments) => command(arguments, base)?,
        SecretReference::Store(name) => {
            let store = store.ok_or("no secret store is configured; add one, or use env, file or command")?;
            store::get(store, name).map_err(|error| error.to_string())?
        }
    };
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(bytes)
}

fn trim(mut bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    bytes
}

fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("{} can not be read: {error}", path.display()))?.len();
    if size > LONGEST {
        return Err(format!("{} has {size} bytes; a secret has at most {LONGEST}", path.display()));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("{} can not be read: {error}", path.display()))?;
    Ok(trim(Zeroizing::new(bytes)))
}

/// Without the async runtime: a connection may be opened from inside of it, where nothing may wait for it.
fn command(arguments: &[String], base: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let (program, rest) = arguments.split_first().ok_or("the command is empty; write a program and its arguments")?;
    let failed = |what: &str| format!("the command {program} {what}");
    let mut command = Command::new(program);
    command.args(rest).current_dir(base).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| failed(&format!("can not be started: {error}")))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut out = Zeroizing::new(Vec::new());
            let read = stdout.take(LONGEST + 1).read_to_end(&mut out);
            let _ = sender.send(read.map(|_| out));
        });
    }
    let Ok(read) = receiver.recv_timeout(COMMAND_TIME) else {
        let _ = child.kill().and_then(|()| child.wait());
        return Err(failed(&format!("gave no answer in {} s", COMMAND_TIME.as_secs())));
    };
    let out = read.map_err(|error| failed(&format!("can not be read: {error}")))?;
    if out.len() as u64 > LONGEST {
        let _ = child.kill().and_then(|()| child.wait());
        return Err(failed(&format!("printed more than {LONGEST} bytes")));
    }
    // It has closed its output; if it does not end as well, it is waited for: that is the operator's own program.
    let status = child.wait().map_err(|error| failed(&format!("can not be waited for: {error}")))?;
    if status.success() { Ok(trim(out)) } else { Err(failed(&format!("failed ({status})"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reference: &SecretReference, base: &Path) -> Result<Vec<u8>, String> {
        resolve(reference, base, None).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn references_are_read_as_they_are_written() {
        #[derive(Deserialize)]
        struct Table {
            a: SecretReference,
            b: SecretReference,
        }
        let table: Table = toml::from_str("a = { env = \"X\" }\nb = { command = [\"pass\", \"x\"] }").unwrap();
        assert_eq!(table.a, SecretReference::Env("X".into()));
        assert_eq!(table.b, SecretReference::Command(vec!["pass".into(), "x".into()]));
        assert!(toml::from_str::<Table>("a = \"secret\"\nb = { env = \"X\" }").is_err());
    }

    #[test]
    fn files_and_commands_lose_one_newline() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("s"), "top secret\n\n").unwrap();
        assert_eq!(read(&SecretReference::File("s".into()), folder.path()).unwrap(), b"top secret\n");
        let echo = SecretReference::Command(vec!["printf".into(), "abc\\r\\n".into()]);
        assert_eq!(read(&echo, folder.path()).unwrap(), b"abc");
    }

    #[test]
    fn what_is_missing_is_named() {
        let base = Path::new(".");
        let missing = read(&SecretReference::Env("ROSTERD_NOT_SET_ANYWHERE".into()), base).unwrap_err();
        assert!(missing.contains("ROSTERD_NOT_SET_ANYWHERE"));
        let failed = read(&SecretReference::Command(vec!["false".into()]), base).unwrap_err();
        assert!(failed.contains("the command false failed"), "{failed}");
        assert!(read(&SecretReference::Store("x".into()), base).unwrap_err().contains("no secret store"));
    }
}
