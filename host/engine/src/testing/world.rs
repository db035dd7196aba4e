//! A world of named systems around the engine: each shows its own pages, keeps its own objects, fails in its own way and
//! remembers what was asked of it.

mod destination;
mod gate;
mod kill;
mod object;
mod source;
mod system;
mod trouble;

pub use destination::Sent;
pub use gate::Gate;
pub use kill::{Death, Kill};
pub use object::{Json, Object};
pub use source::{Break, Delta, Shown};
pub use system::System;
pub use trouble::{Answer, Trouble};

use rosterd_model::port::{BoxFuture, Connections, Destination, Source};
use rosterd_model::{ConnectionId, Fault};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// All systems, by the names of their connections. Clones are the same world.
#[derive(Debug, Clone, Default)]
pub struct World(Arc<Mutex<BTreeMap<String, System>>>);

impl World {
    /// An empty world: a system is there when it is first spoken of.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at a system, or changes it.
    pub fn with<T>(&self, name: &str, work: impl FnOnce(&mut System) -> T) -> T {
        let mut systems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(systems.entry(name.to_owned()).or_insert_with(|| System::new(name)))
    }

    /// The names of the systems that there are.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Everything that was asked of destinations since the last call, in order of the asking.
    #[must_use]
    pub fn take_sent(&self) -> Vec<Sent> {
        let mut systems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sent: Vec<Sent> = systems.values_mut().flat_map(|system| std::mem::take(&mut system.sent)).collect();
        sent.sort_by_key(|sent| sent.order);
        sent
    }

    fn connect(&self, name: &ConnectionId) -> Result<Connected, Fault> {
        match self.with(name.as_str(), |system| system.unreachable.clone()) {
            Some(fault) => Err(fault),
            None => Ok(Connected { world: self.clone(), name: name.as_str().to_owned() }),
        }
    }
}

/// A connection to a system of the world.
#[derive(Debug, Clone)]
struct Connected {
    world: World,
    name: String,
}

impl Connected {
    fn with<T>(&self, work: impl FnOnce(&mut System) -> T) -> T {
        self.world.with(&self.name, work)
    }
}

impl Connections for World {
    fn source<'a>(&'a self, name: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async move { Ok(Box::new(self.connect(name)?) as Box<dyn Source>) })
    }
    fn destination<'a>(&'a self, name: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        Box::pin(async move { Ok(Box::new(self.connect(name)?) as Box<dyn Destination>) })
    }
    fn digest(&self, name: &ConnectionId) -> Option<String> {
        Some(self.with(name.as_str(), |system| system.digest.clone()))
    }
}
