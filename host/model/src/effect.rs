//! Points at which the process may be killed, for the test that kills it at each of them.
//!
//! An effect is something that outlives the process: a committed transaction, a published file, a call that makes a
//! destination act. Code that performs one calls [`point`] right before and right after it.

use std::sync::OnceLock;

static HOOK: OnceLock<fn(&'static str)> = OnceLock::new();

/// Installs what [`point`] calls. Only the first call of a process counts.
pub fn install(hook: fn(&'static str)) {
    // A second hook is a mistake of a test; the first one stays.
    let _ = HOOK.set(hook);
}

/// Passes a point named `name`. Does nothing unless a hook is installed.
pub fn point(name: &'static str) {
    if let Some(hook) = HOOK.get() {
        hook(name);
    }
}
