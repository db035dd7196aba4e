//! `settings`: what the operator wrote, checked and filled with defaults before the connector started.

use crate::contract::v0_1::bindings::rosterd::connector::settings::Host;
use crate::state::State;

impl Host for State {
    fn get(&mut self) -> wasmtime::Result<String> {
        self.count_call()?;
        Ok(self.shared.settings.clone())
    }
}
