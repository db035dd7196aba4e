//! `scratch`: small values of this connection. When they are stored is decided by whoever opened the connection.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::scratch::Host;
use crate::contract::v0_1::bindings::rosterd::connector::types::Fault as WitFault;
use crate::state::State;
use crate::tape::words::Bytes;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::json;

/// Longest key, in bytes.
const LONGEST_KEY: usize = 256;

impl Host for State {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.count_call()?;
        let with = self.asked(|| json!(key));
        let value = self.cross("scratch.get", with, |state| Ok(state.shared.scratch.get(&key).map(Bytes)))?;
        Ok(value.map(|Bytes(bytes)| bytes))
    }

    fn set(&mut self, key: String, value: Option<Vec<u8>>) -> wasmtime::Result<Result<(), WitFault>> {
        self.count_call()?;
        let with = self.asked(|| json!([key, value.as_deref().map(Bytes::json)]));
        self.cross("scratch.set", with, |state| Ok(state.keep(&key, value))).map(answer)
    }
}

impl State {
    fn keep(&self, key: &str, value: Option<Vec<u8>>) -> Result<(), Fault> {
        let most = self.shared.limits.scratch_value;
        let invalid = |text: String| Err(Fault::new(FaultKind::Invalid, text));
        let size = value.as_ref().map_or(0, Vec::len);
        if key.is_empty() || key.len() > LONGEST_KEY {
            invalid(format!("a key of scratch has 1 to {LONGEST_KEY} bytes"))
        } else if size as u64 > most.0 {
            invalid(format!("the value has {size} bytes; at most {most} are kept (limit scratch-value)"))
        } else {
            self.shared.scratch.set(key, value).map_err(|error| Fault::new(FaultKind::Invalid, error))
        }
    }
}
