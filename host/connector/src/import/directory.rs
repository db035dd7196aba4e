//! `directory`: the directory as a receiver's clients may see and change it, if the hub serves it to this connection.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::directory::{Host, Listing, Submission};
use crate::contract::v0_1::bindings::rosterd::connector::types::{Class as WitClass, Fault as WitFault, Object};
use crate::contract::v0_1::convert;
use crate::directory::{self, Desk};
use crate::limit::LimitPassed;
use crate::state::State;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::Class;
use rosterd_model::record::Record;
use serde_json::{Value, json};
use std::time::Duration;

fn not_served() -> Fault {
    Fault::new(FaultKind::Unsupported, "this hub does not serve the directory to this connection")
}

impl State {
    /// Asks the directory, within the time of the call. The outer error ends the call.
    fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&Desk<'_>) -> Result<Result<T, Fault>, LimitPassed>,
    ) -> wasmtime::Result<Result<T, Fault>> {
        let shared = &self.shared;
        let Some(directory) = &shared.directory else { return Ok(Err(not_served())) };
        let (rows, bytes) = (shared.limits.directory_rows, shared.limits.page_bytes);
        let desk = Desk { directory: &**directory, key: &shared.cursor_key, rows, bytes };
        match self.control.wait(&shared.runtime, Duration::MAX, work(&desk)) {
            Ok(outcome) => Ok(outcome?.map_err(|fault| shared.redactor.fault(fault))),
            Err(fault) => Ok(Err(fault)),
        }
    }
}

impl Host for State {
    fn submit(&mut self, submissions: Vec<Submission>) -> wasmtime::Result<Vec<Result<Option<Object>, WitFault>>> {
        self.count_call()?;
        let count = submissions.len();
        let with = self.asked(|| submissions.iter().map(written).collect());
        let submissions: Vec<directory::Submission> = submissions
            .into_iter()
            .map(|one| directory::Submission {
                change: convert::change(one.change),
                create: one.create,
                expect: one.expect,
            })
            .collect();
        let answers: Vec<Result<Option<Record>, Fault>> = self.cross("directory.submit", with, |state| {
            let answers = state.ask(async |desk| {
                desk.bounds(&submissions)?;
                desk.submit(submissions).await.map(Ok)
            })?;
            let redactor = &state.shared.redactor;
            Ok(match answers {
                Ok(answers) => answers.into_iter().map(|one| one.map_err(|fault| redactor.fault(fault))).collect(),
                Err(fault) => (0..count).map(|_| Err(fault.clone())).collect(),
            })
        })?;
        Ok(answers.into_iter().map(|one| answer(one.map(object))).collect())
    }

    fn get(&mut self, class: WitClass, id: String) -> wasmtime::Result<Result<Option<Object>, WitFault>> {
        self.count_call()?;
        let class = Class::from(class);
        let with = self.asked(|| json!([class, id]));
        let found: Result<Option<Record>, Fault> =
            self.cross("directory.get", with, |state| state.ask(async |desk| desk.get(class, id).await))?;
        Ok(answer(found.map(object)))
    }

    fn query(&mut self, class: WitClass, query: String) -> wasmtime::Result<Result<Listing, WitFault>> {
        self.count_call()?;
        let class = Class::from(class);
        let with = self.asked(|| json!([class, query]));
        let found: Result<directory::Listing, Fault> =
            self.cross("directory.query", with, |state| state.ask(async |desk| desk.query(class, &query).await))?;
        Ok(answer(found.map(|listing| Listing {
            objects: listing.objects.into_iter().map(convert::object).collect(),
            next: listing.next,
            total: listing.total,
        })))
    }
}

fn written(submission: &Submission) -> Value {
    json!({
        "change": convert::change(submission.change.clone()),
        "create": submission.create,
        "expect": submission.expect,
    })
}

fn object(record: Option<Record>) -> Option<Object> {
    record.map(convert::object)
}
