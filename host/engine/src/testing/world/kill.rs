//! Death of the process at an effect: from then on nothing lasts any more.
//!
//! The process does not really die: at the chosen point, and at every point after it, the thread unwinds. A commit is
//! preceded by a point, so that nothing is stored afterwards; a test then throws the engine away and opens the store anew.

use rosterd_model::effect;
use std::sync::{Mutex, PoisonError};

/// Where the process dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Death {
    /// At this point of all, counted from 1.
    Nth(u64),
    /// At an effect of a name.
    At {
        /// The name of the effect.
        effect: String,
        /// When its point is passed so many times. A commit passes its point twice, right before and right after.
        pass: u64,
    },
}

#[derive(Debug, Default)]
struct State {
    armed: Option<Death>,
    /// Points passed, and of the effect that death waits for.
    passed: u64,
    of_effect: u64,
    dead: Option<&'static str>,
}

static STATE: Mutex<State> = Mutex::new(State { armed: None, passed: 0, of_effect: 0, dead: None });

/// The payload of the unwinding.
struct Dead;

/// A process that may die, until this is dropped. One at a time in a process: tests that kill share a lock.
#[derive(Debug)]
pub struct Kill(());

impl Kill {
    /// Arms a death, or only counts points.
    #[must_use]
    pub fn new(death: Option<Death>) -> Self {
        effect::install(point);
        *state() = State { armed: death, ..State::default() };
        Self(())
    }

    /// The effect at which the process died.
    #[must_use]
    pub fn died_at(&self) -> Option<&'static str> {
        state().dead
    }

    /// Points passed so far.
    #[must_use]
    pub fn points(&self) -> u64 {
        state().passed
    }
}

impl Drop for Kill {
    fn drop(&mut self) {
        *state() = State::default();
    }
}

fn state() -> std::sync::MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn point(name: &'static str) {
    if passes(name) {
        return;
    }
    std::panic::resume_unwind(Box::new(Dead));
}

/// Counts the point; false: the process dies here, or did before.
fn passes(name: &'static str) -> bool {
    let mut state = state();
    if state.dead.is_some() {
        return false;
    }
    state.passed += 1;
    let dies = match &state.armed {
        None => false,
        Some(Death::Nth(nth)) => *nth == state.passed,
        Some(Death::At { effect, pass }) if effect == name => state.of_effect + 1 == *pass,
        Some(Death::At { .. }) => false,
    };
    let waits_for = matches!(&state.armed, Some(Death::At { effect, .. }) if effect == name);
    state.of_effect += u64::from(waits_for);
    if dies {
        state.dead = Some(name);
    }
    !dies
}
