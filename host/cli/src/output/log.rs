//! The log, on stderr: warnings of the engine and of connectors, with `--verbose` more. A variable of the environment,
//! ROSTERD_LOG, chooses in detail (`rosterd_connector=trace`).

use super::talk::Talk;
use crate::args::{Format, Global};
use std::io::{self, Write};
use tracing_subscriber::EnvFilter;

/// Sends events to stderr from now on.
pub(super) fn install(global: &Global, talk: &Talk) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, false) => "warn",
        // Libraries say much that only their authors understand.
        (false, true) => "warn,rosterd=debug,rosterd_connector=debug,rosterd_engine=debug,rosterd_store=debug",
    };
    let chosen = std::env::var("ROSTERD_LOG").ok().and_then(|text| EnvFilter::try_new(text).ok());
    let filter = chosen.unwrap_or_else(|| EnvFilter::new(level));
    let talk = talk.clone();
    let lines = move || Line { talk: talk.clone(), text: Vec::new() };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines).with_ansi(false);
    // A second subscriber would be a mistake of a test; the first one stays.
    let _ = match global.format {
        Format::Human => log.without_time().with_target(false).try_init(),
        Format::Json => log.json().try_init(),
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
