//! What is said on the way, on stderr: notes, warnings, progress. Never a result.

use super::style::{Style, Tone};
use crate::args::{Format, Global};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
}

impl Talk {
    pub(super) fn new(global: &Global, style: Style) -> Self {
        let drawn = std::io::stderr().is_terminal() && !global.quiet && global.format == Format::Human;
        Self { style, quiet: global.quiet, verbose: global.verbose, drawn, bar: Arc::default() }
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
        Progress { bar }
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
        let write = || {
            // Nobody is left to be told when stderr is closed.
            let _ = writeln!(std::io::stderr().lock(), "{text}");
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
}

impl Progress {
    /// Says how far it is: "20,000 read".
    pub(crate) fn set(&self, text: impl Into<String>) {
        self.bar.set_message(text.into());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
