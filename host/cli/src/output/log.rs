//! The log, on stderr: warnings of the engine and of connectors, with `--verbose` more. A variable of the environment,
//! ROSTERD_LOG, chooses in detail (`rosterd_connector=trace`).

use super::talk::Talk;
use crate::args::{Format, Global};
use std::io::{self, Write};
use tracing_subscriber::EnvFilter;

/// Sends events to stderr from now on; `service`: how a service writes its log.
pub(super) fn install(global: &Global, talk: &Talk, service: Option<Format>) {
    // Libraries say much that only their authors understand.
    const OURS: [&str; 7] = [
        "rosterd",
        "rosterd_cli",
        "rosterd_connector",
        "rosterd_engine",
        "rosterd_reconcile",
        "rosterd_server",
        "rosterd_store",
    ];
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error".to_owned(),
        (false, false) if service.is_none() => "warn".to_owned(),
        (false, verbose) => {
            let own = if verbose { "debug" } else { "info" };
            OURS.iter().fold("warn".to_owned(), |text, name| format!("{text},{name}={own}"))
        }
    };
    let chosen = std::env::var("ROSTERD_LOG").ok().and_then(|text| EnvFilter::try_new(text).ok());
    let filter = chosen.unwrap_or_else(|| EnvFilter::new(level));
    let talk = talk.clone();
    let lines = move || Line { talk: talk.clone(), text: Vec::new() };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines).with_ansi(false);
    // A second subscriber would be a mistake of a test; the first one stays.
    let _ = match (service, global.format) {
        (Some(Format::Json), _) | (None, Format::Json) => log.json().try_init(),
        (Some(Format::Human), _) => log.with_target(false).try_init(),
        (None, Format::Human) => log.without_time().with_target(false).try_init(),
    };
}

/// One event. It is written whole when it is done, so that it does not tear a progress line apart.
struct Line {
    talk: Talk,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        if !text.trim().is_empty() {
            self.talk.say(text.trim_end());
        }
    }
}
