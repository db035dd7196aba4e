//! Contract 0.1: what is linked, what a component exports, and the conversion to `rosterd_model::port`.

mod base;
pub(crate) mod bindings;
pub(crate) mod convert;
mod destination;
mod listener;
mod receiver;
mod source;

pub(crate) use base::Base;
pub(crate) use destination::Destination;
pub(crate) use listener::Listener;
pub(crate) use receiver::Receiver;
pub(crate) use source::Source;

use crate::manifest::Role;
use crate::state::{State, Way};
use bindings::exports::rosterd::connector as exported;
use bindings::rosterd::connector as imported;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

/// Links a component with exactly the interfaces that it imports, for calls of this kind; which these may be was decided before.
pub(crate) fn link(
    engine: &Engine,
    component: &Component,
    interfaces: &BTreeSet<&str>,
    way: Way,
) -> wasmtime::Result<InstancePre<State>> {
    let mut linker: Linker<State> = Linker::new(engine);
    macro_rules! add {
        ($($name:literal => $module:ident),+ $(,)?) => {
            $(if interfaces.contains($name) {
                imported::$module::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
            })+
        };
    }
    // Types are no power. The messages of a byte stream are made of the pieces of `secrets`, so they come together.
    imported::types::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    if interfaces.contains("byte-stream") && !interfaces.contains("secrets") {
        imported::secrets::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    }
    add! {
        "log" => log,
        "settings" => settings,
        "secrets" => secrets,
        "http" => http,
        "byte-stream" => byte_stream,
        "files" => files,
        "scratch" => scratch,
        "clock" => clock,
        "random" => random,
    }
    match way {
        Way::Thread => add!("directory" => directory),
        // Here nobody waits for long but for the directory.
        Way::Task if interfaces.contains("directory") => crate::import::directory::link_tasks(&mut linker)?,
        Way::Task => {}
    }
    crate::import::wasi::link(&mut linker, engine, component)?;
    linker.instantiate_pre(component)
}

/// Where the exports of a component are.
#[derive(Clone)]
pub(crate) struct Exports {
    connector: Arc<exported::connector::GuestIndices>,
    source: Option<Arc<exported::source::GuestIndices>>,
    destination: Option<Arc<exported::destination::GuestIndices>>,
    receiver: Option<Arc<exported::receiver::GuestIndices>>,
    listener: Option<Arc<exported::listener::GuestIndices>>,
}

impl Exports {
    /// Finds the exports of the roles that the component has.
    pub(crate) fn of(pre: &InstancePre<State>, roles: &[Role]) -> wasmtime::Result<Self> {
        let has = |role| roles.contains(&role);
        Ok(Self {
            connector: Arc::new(exported::connector::GuestIndices::new(pre)?),
            source: has(Role::Source).then(|| exported::source::GuestIndices::new(pre)).transpose()?.map(Arc::new),
            destination: has(Role::Destination)
                .then(|| exported::destination::GuestIndices::new(pre))
                .transpose()?
                .map(Arc::new),
            receiver: has(Role::Receiver)
                .then(|| exported::receiver::GuestIndices::new(pre))
                .transpose()?
                .map(Arc::new),
            listener: has(Role::Listener)
                .then(|| exported::listener::GuestIndices::new(pre))
                .transpose()?
                .map(Arc::new),
        })
    }
}
