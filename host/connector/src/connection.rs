//! A connection: a loaded component, checked against its configuration. Each role runs in instances of its own.

use crate::config::ConnectionConfig;
use crate::contract::v0_1;
use crate::host::Loaded;
use crate::instance::{Actor, Blueprint, Restart};
use crate::manifest::Role;
use crate::shared::Shared;
use crate::state::Way;
use crate::version::Contract;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::port;
use std::sync::Arc;

/// A connection that can be asked for its roles.
#[derive(Clone)]
pub struct Connection {
    loaded: Loaded,
    exports: v0_1::Exports,
    blueprint: Blueprint,
}

impl Connection {
    pub(crate) fn open(loaded: &Loaded, config: &ConnectionConfig) -> Result<Self, Fault> {
        match &config.player {
            Some(_) => Self::with(loaded, Shared::played(loaded, config.clone())?),
            None => Self::with(loaded, Shared::new(loaded, config)?),
        }
    }

    fn with(loaded: &Loaded, shared: Shared) -> Result<Self, Fault> {
        let wrong = |error: wasmtime::Error| {
            let text = format!(
                "it does not fit the contract {}: {error:#}; its author must build it with the SDK of this contract",
                loaded.inspection.contract
            );
            loaded.inspection.identity().fault(FaultKind::Unsupported, text)
        };
        // The only contract so far; an older one will be a second arm with an adapter of its own.
        let version = loaded
            .inspection
            .contract
            .parse()
            .map_err(|_| loaded.inspection.identity().fault(FaultKind::Internal, "no contract"))?;
        let Contract::V0_1 = Contract::of(&version)
            .map_err(|error| loaded.inspection.identity().fault(FaultKind::Unsupported, error))?;
        let interfaces = loaded.inspection.interfaces();
        let link = |way| v0_1::link(&loaded.runtime.engine, &loaded.component, &interfaces, way).map_err(wrong);
        let pre = link(Way::Thread)?;
        let answers = loaded.inspection.roles.contains(&Role::Receiver);
        let pre_of_tasks = if answers { link(Way::Task)? } else { pre.clone() };
        let exports = v0_1::Exports::of(&pre, &loaded.inspection.roles).map_err(wrong)?;
        let blueprint = Blueprint { runtime: Arc::clone(&loaded.runtime), pre, pre_of_tasks, shared: Arc::new(shared) };
        Ok(Self { loaded: loaded.clone(), exports, blueprint })
    }

    /// What every connector answers.
    pub fn connector(&self) -> Result<Box<dyn port::Connector>, Fault> {
        Ok(Box::new(v0_1::Base::new(&self.exports, Actor::new(&self.blueprint, Restart::Fresh))))
    }

    /// The reading role, in an instance of its own; each scan gets a further one.
    pub fn source(&self) -> Result<Box<dyn port::Source>, Fault> {
        self.needs(Role::Source)?;
        let base = v0_1::Base::new(&self.exports, Actor::new(&self.blueprint, Restart::Fresh));
        Ok(Box::new(v0_1::Source::new(base, self.blueprint.clone())))
    }

    /// The writing role, in an instance of its own. Where receipts count only after `finish`, it does not survive a trap.
    pub fn destination(&self) -> Result<Box<dyn port::Destination>, Fault> {
        self.needs(Role::Destination)?;
        let description: serde_json::Value = serde_json::from_str(&self.loaded.describe()?).unwrap_or_default();
        let settles_after_finish =
            description.get("receipts").and_then(serde_json::Value::as_str) == Some("after-finish");
        let restart = if settles_after_finish { Restart::Never } else { Restart::Fresh };
        let base = v0_1::Base::new(&self.exports, Actor::new(&self.blueprint, restart));
        Ok(Box::new(v0_1::Destination::new(base, settles_after_finish)))
    }

    /// The answering role, in an instance of its own.
    pub fn receiver(&self) -> Result<Box<dyn port::Receiver>, Fault> {
        self.needs(Role::Receiver)?;
        Ok(Box::new(v0_1::Receiver::new(v0_1::Base::new(&self.exports, Actor::new(&self.blueprint, Restart::Fresh)))))
    }

    /// The listening role, in an instance of its own.
    pub fn listener(&self) -> Result<Box<dyn port::Listener>, Fault> {
        self.needs(Role::Listener)?;
        let base = v0_1::Base::new(&self.exports, Actor::new(&self.blueprint, Restart::Fresh));
        Ok(Box::new(v0_1::Listener::new(base, self.blueprint.clone())))
    }

    fn needs(&self, role: Role) -> Result<(), Fault> {
        if self.loaded.inspection.roles.contains(&role) { Ok(()) } else { Err(self.loaded.lacks(role)) }
    }
}

/// Asks a component for its description, without any connection.
pub(crate) fn describe(loaded: &Loaded) -> Result<String, Fault> {
    let connection = Connection::with(loaded, Shared::bare(loaded)?)?;
    let mut base = v0_1::Base::new(&connection.exports, Actor::new(&connection.blueprint, Restart::Fresh));
    // On a thread of its own: the caller may be inside of the runtime, which must not be blocked from within.
    let runtime = loaded.host.handle().clone();
    let work = std::thread::spawn(move || runtime.block_on(port::Connector::describe(&mut base)));
    work.join()
        .unwrap_or_else(|_| Err(loaded.inspection.identity().fault(FaultKind::Internal, "its description was lost")))
}
