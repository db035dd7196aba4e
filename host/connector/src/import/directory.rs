//! `directory`: the directory as a receiver's clients may see and change it.
//!
//! The hub does not serve it to connectors yet; every call says so. The interface is linked, so that a connector that offers
//! it beside other things can be used for those.

use crate::contract::v0_1::bindings::rosterd::connector::directory::{Host, Listing, Submission};
use crate::contract::v0_1::bindings::rosterd::connector::types::{Class, Fault as WitFault, Object};
use crate::state::State;
use rosterd_model::fault::{Fault, FaultKind};

fn not_yet() -> WitFault {
    Fault::new(FaultKind::Unsupported, "this host does not serve the directory to connectors").into()
}

impl Host for State {
    fn submit(&mut self, submissions: Vec<Submission>) -> wasmtime::Result<Vec<Result<Option<Object>, WitFault>>> {
        self.count_call()?;
        Ok(submissions.iter().map(|_| Err(not_yet())).collect())
    }

    fn get(&mut self, _: Class, _: String) -> wasmtime::Result<Result<Option<Object>, WitFault>> {
        self.count_call()?;
        Ok(Err(not_yet()))
    }

    fn query(&mut self, _: Class, _: String) -> wasmtime::Result<Result<Listing, WitFault>> {
        self.count_call()?;
        Ok(Err(not_yet()))
    }
}
