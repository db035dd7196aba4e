//! `rosterd secret`: names and values in the encrypted secret store. Values come from standard input, so that they never
//! stand in a command line; a terminal does not show them while they are typed, and no command shows them.

use crate::args::SecretCommand;
use crate::context::{Context, secret_store};
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone};
use rosterd_connector::{SecretStore, secret_store as store};
use serde::Serialize;
use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

/// A longer text is no secret.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Serialize)]
struct Made {
    identity: PathBuf,
}

#[derive(Serialize)]
struct Kept {
    name: String,
    file: PathBuf,
}

#[derive(Serialize)]
struct List {
    file: PathBuf,
    secrets: Vec<String>,
}

/// Runs `rosterd secret`.
///
/// # Errors
/// The store can not be opened or written, or nothing comes from standard input.
pub(crate) fn run(context: &Context, command: &SecretCommand) -> Result<Output, CommandError> {
    let own = secret_store(context.config()?);
    match command {
        SecretCommand::Init => init(&own),
        SecretCommand::Set { name } => {
            let value = read(context, name)?;
            if let Some(dir) = own.file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
                crate::context::make_private(dir)?;
            }
            store::set(&own, name, &value).map_err(|error| failed(&error))?;
            Ok(Output::new("secret set", Kept { name: name.clone(), file: own.file }))
        }
        SecretCommand::List => {
            let secrets =
                if own.file.exists() { store::list(&own).map_err(|error| failed(&error))? } else { Vec::new() };
            Ok(Output::new("secret list", List { file: own.file, secrets }))
        }
    }
}

fn init(own: &SecretStore) -> Result<Output, CommandError> {
    let Some(identity) = own.identity.clone() else {
        return Err(CommandError::config("the secret store is opened by a passphrase and needs no identity")
            .hint("leave passphrase-env out of [secrets] to use an identity"));
    };
    if identity.exists() {
        return Err(CommandError::usage(format!("there is a key {} already", identity.display()))
            .hint("it was left as it is; keep it as long as a secret store was made with it"));
    }
    if let Some(dir) = identity.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        crate::context::make_private(dir)?;
    }
    store::create_identity(&identity).map_err(|error| failed(&error))?;
    Ok(Output::new("secret init", Made { identity }))
}

fn failed(error: &store::StoreError) -> CommandError {
    let failed = CommandError::config(error.to_string());
    match error {
        store::StoreError::Io { source, doing: "read", .. } if source.kind() == std::io::ErrorKind::NotFound => {
            failed.hint("make a key for the secret store: rosterd secret init")
        }
        _ => failed,
    }
}

/// Standard input up to its end, without a line break at the end; from a terminal one line, which is not shown.
fn read(context: &Context, name: &str) -> Result<String, CommandError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        context.talk().note(format!("type the secret {name} and press Enter; what you type is not shown"));
        let typed = rpassword::read_password().map_err(|error| {
            CommandError::usage("the terminal can not be read").because(&error).hint("rosterd secret set NAME < FILE")
        })?;
        return checked(typed);
    }
    let mut text = String::new();
    stdin.lock().take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|_| {
        // The error of the standard library names no value, and still nothing of the input should be near a message.
        CommandError::usage("standard input is no UTF-8 text").hint("encode a binary secret as base64 or hex")
    })?;
    checked(text)
}

fn checked(text: String) -> Result<String, CommandError> {
    if text.len() as u64 > MAX_BYTES {
        return Err(CommandError::usage("standard input is longer than 64 KiB: that is no secret"));
    }
    let value = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if value.is_empty() {
        return Err(CommandError::usage("standard input is empty").hint("rosterd secret set NAME < FILE"));
    }
    Ok(value.to_owned())
}

impl Human for Made {
    fn human(&self, page: &mut Page) {
        page.line(format!("{} {}", page.paint(Tone::Good, "made"), self.identity.display()));
        page.line("whoever has this file can open the secret store; keep a copy in a safe place");
    }
}

impl Human for Kept {
    fn human(&self, page: &mut Page) {
        page.line(format!("{} {} in {}", page.paint(Tone::Good, "stored"), self.name, self.file.display()));
        page.line(format!("use it: [connection.NAME.secrets] KEY = {{ store = \"{}\" }}", self.name));
    }
}

impl Human for List {
    fn human(&self, page: &mut Page) {
        if self.secrets.is_empty() {
            page.line(format!("there are no secrets in {}", self.file.display()));
        }
        self.secrets.iter().for_each(|name| page.line(name));
    }
}
