//! `settings`: what the operator wrote, checked and filled with defaults before the connector started.

use crate::contract::v0_1::bindings::rosterd::connector::settings::Host;
use crate::state::State;
use serde_json::Value;

impl Host for State {
    fn get(&mut self) -> wasmtime::Result<String> {
        self.count_call()?;
        self.cross("settings.get", Value::Null, |state| Ok(state.shared.settings.clone()))
    }
}
