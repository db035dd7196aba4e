//! `ROSTERD_KILL_AT=n`: the process ends itself with SIGKILL at its n-th effect, for the test that goes on after each of
//! them. With `ROSTERD_KILL_AT=count` the number of effects is written to the file in `ROSTERD_KILL_COUNT` instead.

use rosterd_model::effect;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static PASSED: AtomicU64 = AtomicU64::new(0);
static AT: OnceLock<u64> = OnceLock::new();

/// Installs the hook if the variable is set.
pub(crate) fn install() {
    let Ok(text) = std::env::var("ROSTERD_KILL_AT") else { return };
    let Ok(at) = text.parse::<u64>() else { return };
    // Set once, before anything has an effect.
    let _ = AT.set(at);
    effect::install(passed);
}

fn passed(_name: &'static str) {
    let number = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if AT.get() == Some(&number) {
        // Nothing can be done if this fails; the process goes on, and the test sees that it was not killed.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// How many effects there were: printed by `--verbose` runs, so that a test knows how far to count.
pub(crate) fn effects() -> Option<u64> {
    AT.get().map(|_| PASSED.load(Ordering::SeqCst))
}
