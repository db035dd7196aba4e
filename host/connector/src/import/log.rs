//! `log`: words for the operator, without secrets and without floods.

use crate::contract::v0_1::bindings::rosterd::connector::log::{Host, Level};
use crate::state::State;

/// Longest message and longest fields of one event, in bytes.
pub(super) const LONGEST: usize = 8 << 10;

impl Host for State {
    fn write(&mut self, level: Level, message: String, fields: String) -> wasmtime::Result<()> {
        self.count_call()?;
        self.event(level, message, fields);
        Ok(())
    }
}

impl State {
    /// Writes one event, if the log of this call is not full.
    pub(super) fn event(&mut self, level: Level, message: String, fields: String) {
        let size = message.len() + fields.len();
        if !self.count_log(size) {
            // A full log is no reason to end a run; that it is full must be seen once.
            if self.log_just_filled(size) {
                let (shared, limits) = (&self.shared, &self.shared.limits);
                let (lines, bytes) = (limits.log_lines, limits.log_bytes);
                tracing::warn!(target: "connector", connection = %shared.connection, connector = %shared.identity.name,
                    "the rest of this call's log is dropped: more than {lines} events or {bytes} (limits log-lines, log-bytes)");
            }
            return;
        }
        let message = self.shared.redactor.string(clean(message));
        let fields = self.shared.redactor.string(clean(fields));
        let (connection, connector) = (self.shared.connection.as_str(), self.shared.identity.name.as_str());
        macro_rules! event {
            ($macro:ident) => {
                if matches!(fields.as_str(), "" | "{}") {
                    tracing::$macro!(target: "connector", connection, connector, "{message}");
                } else {
                    tracing::$macro!(target: "connector", connection, connector, fields, "{message}");
                }
            };
        }
        match level {
            Level::Trace => event!(trace),
            Level::Debug => event!(debug),
            Level::Info => event!(info),
            Level::Warn => event!(warn),
            Level::Error => event!(error),
        }
    }
}

/// One line, cut to a length, without what would steer a terminal.
pub(crate) fn clean(text: String) -> String {
    let plain = |c: char| {
        !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.len() <= LONGEST && text.chars().all(plain) {
        return text;
    }
    let end =
        text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST).last().unwrap_or(0);
    let mut out: String = text[..end].chars().map(|c| if plain(c) { c } else { ' ' }).collect();
    if end < text.len() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_removed_and_length_is_bounded() {
        assert_eq!(clean("a\x1b[31m\nb\u{202e}c".into()), "a [31m b c");
        let long = clean("é".repeat(LONGEST));
        assert!(long.len() <= LONGEST + 3 && long.ends_with('…'));
    }
}
