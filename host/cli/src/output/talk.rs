//! What is said on the way, on stderr: notes, warnings, progress. Never a result.

use super::style::{Style, Tone};
use crate::args::{Format, Global};
use crate::serve::protocol::Reply;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where words go whose reader is elsewhere.
pub(crate) type Sink = Arc<dyn Fn(Reply) + Send + Sync>;

/// The way to stderr. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Talk {
    style: Style,
    quiet: bool,
    verbose: bool,
    /// Progress is drawn only on a terminal, and never beside JSON.
    drawn: bool,
    /// The bar that is on the screen; lines are printed above it.
    bar: Arc<Mutex<Option<ProgressBar>>>,
    /// Set: everything goes there, and nothing to stderr.
    sink: Option<Sink>,
}

impl Talk {
    pub(super) fn new(global: &Global, style: Style) -> Self {
        let drawn = std::io::stderr().is_terminal() && !global.quiet && global.format == Format::Human;
        Self { style, quiet: global.quiet, verbose: global.verbose, drawn, bar: Arc::default(), sink: None }
    }

    /// The way to somebody elsewhere.
    pub(super) fn remote(global: &Global, style: Style, sink: Sink) -> Self {
        let (quiet, verbose) = (global.quiet, global.verbose);
        Self { style, quiet, verbose, drawn: false, bar: Arc::default(), sink: Some(sink) }
    }

    /// Says what was said elsewhere, as it is.
    pub(crate) fn pass_on(&self, text: &str) {
        self.say(text);
    }

    /// Says what was done or chosen; silent with `--quiet`.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.say(text.as_ref());
        }
    }

    /// Says more; only with `--verbose`.
    pub(crate) fn detail(&self, text: impl AsRef<str>) {
        if self.verbose {
            self.say(&self.style.paint(Tone::Faint, text.as_ref()));
        }
    }

    /// True if stderr should stay silent but for errors.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Starts to show progress, in the place of what was shown before. Ends when the value is dropped.
    pub(crate) fn progress(&self, text: &str) -> Progress {
        let bar = if self.drawn {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            ProgressBar::hidden()
        };
        bar.set_message(text.to_owned());
        if let Some(before) = self.slot().replace(bar.clone()) {
            before.finish_and_clear();
        }
        Progress { bar, sink: self.sink.clone().filter(|_| !self.quiet) }
    }

    /// Takes progress off the screen.
    pub(super) fn end(&self) {
        if let Some(bar) = self.slot().take() {
            bar.finish_and_clear();
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn say(&self, text: &str) {
        if let Some(sink) = &self.sink {
            return sink(Reply::Note(text.to_owned()));
        }
        // In one piece: stderr keeps nothing back, and each piece is a call of the system.
        let line = format!("{text}\n");
        let write = || {
            // Nobody is left to be told when stderr is closed.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        };
        match &*self.slot() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// Progress on the screen; nothing elsewhere.
pub(crate) struct Progress {
    bar: ProgressBar,
    sink: Option<Sink>,
}

impl Progress {
    /// Says how far it is: "20,000 read".
    pub(crate) fn set(&self, text: impl Into<String>) {
        let text = text.into();
        if let Some(sink) = &self.sink {
            sink(Reply::Progress(text.clone()));
        }
        self.bar.set_message(text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
