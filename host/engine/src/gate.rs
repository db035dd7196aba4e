//! Who may work on a connection now, and whether everybody should stop: shared by all engines of one process.
//!
//! Two runs of one connection side by side would read its cursor twice and write shadows of two times. Whoever comes second
//! waits here for the first.

use crate::push::Pushes;
use rosterd_model::{ConnectionId, Rule};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// Turns on connections, by name. Cheap to clone; clones share the turns.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    turns: Mutex<BTreeMap<ConnectionId, Arc<Turn<()>>>>,
    stopping: AtomicBool,
    /// What clients of pushed sources submitted and waits for the turn on its connection.
    pushes: Pushes,
}

/// The turn on a connection; the next one gets it when this is dropped.
#[derive(Debug)]
pub struct Pass {
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Gate {
    /// Waits until nobody else runs a job of the connection.
    pub async fn run(&self, connection: &ConnectionId) -> Pass {
        if !Rule::OneRunPerConnection.on() {
            return Pass { _turn: None };
        }
        Pass { _turn: Some(self.turn(connection).lock_owned().await) }
    }

    /// True while a job of the connection runs.
    #[must_use]
    pub fn is_running(&self, connection: &ConnectionId) -> bool {
        self.turn(connection).try_lock().is_err()
    }

    /// What waits for the next run of a pushed source.
    pub(crate) fn pushes(&self) -> &Pushes {
        &self.0.pushes
    }

    /// From now on whoever works stops at the next place from which a later run can go on.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }

    /// True: stop at the next safe place.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    fn turn(&self, connection: &ConnectionId) -> Arc<Turn<()>> {
        let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(connection.clone()).or_default())
    }
}
