//! `rosterd plugin inspect`: what a component is and asks for, before anything of it runs.

use crate::args::InspectArgs;
use crate::context::{Context, grants, plugins, settings};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_connector::{Grants, Inspection, Refusal};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Inspected {
    path: PathBuf,
    plugin: Inspection,
    /// The connection that it was compared with.
    connection: Option<String>,
    /// What it asks for and does not get: from that connection, or from one without grants.
    refused: Vec<Refusal>,
    /// What is wrong with the settings of that connection.
    settings_problems: Vec<String>,
}

/// Runs `rosterd plugin inspect`. Exit code 5 if the connection refuses something.
///
/// # Errors
/// The component can not be read, or there is no such connection.
pub(crate) fn run(context: &Context, args: &InspectArgs) -> Result<Output, CommandError> {
    let path = find(context, &args.file)?;
    let inspection = plugins::inspect(&path)?;
    let (refused, settings_problems) = match &args.connection {
        None => (rosterd_connector::refusals(&inspection, &Grants::default()), Vec::new()),
        Some(name) => {
            let (_, table) = context.config()?.connection(name)?;
            let settings = settings(table);
            let problems = rosterd_connector::check_settings(&inspection, &settings).err().unwrap_or_default();
            (rosterd_connector::refusals_with_settings(&inspection, &grants(table), &settings), problems)
        }
    };
    let exit = match &args.connection {
        Some(_) if !refused.is_empty() => Exit::Connector,
        Some(_) if !settings_problems.is_empty() => Exit::Config,
        _ => Exit::Ok,
    };
    let body = Inspected { path, plugin: inspection, connection: args.connection.clone(), refused, settings_problems };
    Ok(Output::new("plugin inspect", body).exit(exit))
}

/// A path to a component, or the name of an installed plugin.
pub(super) fn find(context: &Context, file: &str) -> Result<PathBuf, CommandError> {
    let path = Path::new(file);
    if plugins::is_path(file) || path.is_file() {
        return Ok(path.to_path_buf());
    }
    let installed = plugins::folder(&context.home()?).join(format!("{file}.wasm"));
    if installed.is_file() {
        return Ok(installed);
    }
    Err(CommandError::usage(format!("there is neither a file nor an installed plugin \"{file}\""))
        .hint("list the installed ones: rosterd plugin list"))
}

impl Human for Inspected {
    fn human(&self, page: &mut Page) {
        let own = &self.plugin;
        page.heading(&plain(&format!("{} {}: {}", own.name, own.version, own.title)));
        let roles = own.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
        page.fields(&[
            ("contract", own.contract.clone()),
            ("roles", roles),
            ("size", format!("{} KiB", own.size.div_ceil(1024))),
            ("digest", own.digest.clone()),
            ("license", plain(own.manifest.license.as_deref().unwrap_or("not stated"))),
        ]);
        page.gap();
        page.heading("uses of the host");
        if own.imports.is_empty() {
            page.line("  nothing");
        }
        for (interface, functions) in by_interface(&own.imports) {
            page.line(plain(&format!("  {interface}: {}", functions.join(", "))));
        }
        if !own.wasi.is_empty() {
            page.gap();
            page.heading("uses of WASI (there is nothing in it)");
            for (interface, functions) in by_interface(&own.wasi) {
                page.line(plain(&format!("  {interface}: {}", functions.join(", "))));
            }
        }
        page.gap();
        page.heading("asks for");
        let asked = asked(own);
        if asked.is_empty() {
            page.line("  nothing");
        }
        let asked: Vec<(&str, String)> = asked.iter().map(|(name, value)| (*name, plain(value))).collect();
        page.fields(&asked);
        self.refusals(page);
    }
}

impl Inspected {
    fn refusals(&self, page: &mut Page) {
        let table = self.connection.as_deref().unwrap_or("NAME");
        if self.refused.is_empty() {
            if let Some(name) = &self.connection {
                page.gap();
                page.line(format!(
                    "{} [connection.{name}.grants] covers all of it",
                    page.paint(Tone::Good, "granted:")
                ));
            }
        } else {
            page.gap();
            page.heading(&match &self.connection {
                Some(name) => format!("refused to connection {name}"),
                None => "refused without grants".to_owned(),
            });
            for refusal in &self.refused {
                // Where a line can be added, it stands below; where none can, only the explanation helps.
                let text = if refusal.line_to_add.is_empty() { &refusal.explanation } else { &refusal.what };
                page.line(format!("  {} {}", page.paint(Tone::Warn, "-"), plain(text)));
            }
            let lines: Vec<&str> = self.refused.iter().map(|refusal| refusal.line_to_add.as_str()).collect();
            let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
            if !lines.is_empty() {
                page.gap();
                page.line("to grant it, write into rosterd.toml:");
                page.line(format!("[connection.{table}.grants]"));
                merged(&lines).iter().for_each(|line| page.line(plain(line)));
            }
        }
        if !self.settings_problems.is_empty() {
            page.gap();
            page.heading(&format!("wrong in [connection.{table}.settings]"));
            for problem in &self.settings_problems {
                page.line(format!("  {} {}", page.paint(Tone::Bad, "-"), plain(problem)));
            }
        }
    }
}

/// `http.send`, `http.send-all` become `http: send, send-all`.
fn by_interface(imports: &[String]) -> Vec<(&str, Vec<&str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for import in imports {
        let (interface, function) = import.split_once('.').unwrap_or((import, ""));
        match groups.last_mut() {
            Some((last, functions)) if *last == interface => functions.push(function),
            _ => groups.push((interface, vec![function])),
        }
    }
    groups
}

/// The requests of the manifest that ask for something.
fn asked(inspection: &Inspection) -> Vec<(&'static str, String)> {
    let requests = &inspection.requests;
    let secrets: Vec<String> = requests
        .secrets
        .iter()
        .map(|(name, secret)| {
            let reveal = if secret.reveal { " (sees its bytes)" } else { "" };
            let required = if secret.required { "" } else { " (optional)" };
            format!("{name}{required}{reveal}")
        })
        .collect();
    let yes = |asked: bool, text: &str| if asked { text.to_owned() } else { String::new() };
    let all = [
        ("http", requests.http.join(", ")),
        ("stream", requests.stream.join(", ")),
        ("files to read", requests.files.read.join(", ")),
        ("files to write", requests.files.write.join(", ")),
        ("secrets", secrets.join(", ")),
        ("passwords", yes(requests.initial_passwords, "sets passwords that the host makes")),
        ("directory", yes(requests.directory, "sees and changes the directory for its clients")),
        ("scratch", yes(requests.scratch, "keeps small values with its cursor")),
        ("random", yes(requests.random, "draws random numbers")),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
/// Lines for one table of TOML: a key may stand there once, so lists of one key become one list.
fn merged(lines: &[&str]) -> Vec<String> {
    let mut entries: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest = Vec::new();
    for line in lines {
        let list = line.split_once(" = [").and_then(|(key, list)| Some((key, list.strip_suffix(']')?)));
        let Some((key, items)) = list else {
            rest.push((*line).to_owned());
            continue;
        };
        match entries.iter_mut().find(|(known, _)| known == key) {
            Some((_, all)) => all.push(items.to_owned()),
            None => entries.push((key.to_owned(), vec![items.to_owned()])),
        }
    }
    let lists = entries.into_iter().map(|(key, items)| format!("{key} = [{}]", items.join(", ")));
    lists.chain(rest).collect()
}
