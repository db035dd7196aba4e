//! Doors for `tests/fuzz/targets`: what reads the operator's files and words. In no release build.
#![expect(clippy::missing_errors_doc, reason = "each function answers as the one that it stands for")]

use crate::command::transfer::{Way, document};
use crate::config::{Config, FILE_NAME, lint};
use crate::error::{CommandError, Problem};
use crate::serve::protocol::{Request, VERSION, parse_request};
use rosterd_model::spec::PolicySpec;
use std::path::{Path, PathBuf};

/// What is wrong at one place of a configuration.
#[derive(Debug)]
pub struct Found {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Everything that is said about it: the sentence, the hints, and the line itself where it may be shown.
    pub text: String,
}

fn found(problem: Problem) -> Found {
    let Problem { line, column, message, hints, excerpt, .. } = problem;
    let text = [vec![message], hints, excerpt.into_iter().collect()].concat().join("\n");
    Found { line, column, text }
}

fn parse(text: String) -> Result<Config, CommandError> {
    Config::parse(PathBuf::from("."), FILE_NAME.to_owned(), text)
}

/// A configuration: what decides its plans, the digest of that, and what is wrong although its form is right. Or else
/// everything that is wrong with its form.
pub fn configuration(text: &str) -> Result<(PolicySpec, String, Vec<Found>), Vec<Found>> {
    let config = parse(text.to_owned()).map_err(|error| error.problems.into_iter().map(found).collect::<Vec<_>>())?;
    let problems = lint(&config).into_iter().map(found).collect();
    Ok((config.policy, config.digest, problems))
}

/// The file that the connection of `rosterd import FILE` reads, and the column that tells people apart.
#[must_use]
pub fn import(file: &str, id: &str) -> Option<(String, String)> {
    let config = parse(document(file, Way::In { id }).ok()?).ok()?;
    let [(_, table)] = config.file.connection.iter().collect::<Vec<_>>()[..] else { return None };
    let setting = |key: &str| table.settings.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    (table.grants.files.as_slice() == [file]).then(|| setting("file").zip(setting("id"))).flatten()
}

/// A size, a duration in milliseconds, the sets of a cron expression, and a time zone, each if the text is one.
#[must_use]
pub fn words(text: &str) -> (Option<u64>, Option<u128>, Option<[u64; 5]>, Option<String>) {
    let span = crate::config::parse_span(text).ok().map(|span| span.0.as_millis());
    let cron = crate::config::parse_cron(text).ok().map(|cron| cron.fields);
    let zone = crate::config::parse_zone(text).ok().map(|zone| zone.0);
    (crate::config::parse_bytes(text).ok().map(|bytes| bytes.0), span, cron, zone)
}

/// Name and number in a line of the system's list of users.
#[must_use]
pub fn user(line: &str) -> Option<(String, u32)> {
    crate::context::principal::entry(line)
}

/// A line over the control socket: the folder and the words of the command, or why it is refused.
pub fn control_request(line: &str) -> Result<(PathBuf, Vec<String>), String> {
    parse_request(line).map(|request| (request.folder, request.words))
}

/// The line that asks for a command.
#[must_use]
pub fn control_line(folder: &Path, words: &[String]) -> String {
    let (folder, words) = (folder.to_owned(), words.to_vec());
    let request = Request { version: VERSION, folder, words, colour: false, error_colour: false };
    serde_json::to_string(&request).unwrap_or_default()
}
