//! `directory`: the directory as a receiver's clients may see and change it, if the hub serves it to this connection.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::directory::{Host, Listing, Submission};
use crate::contract::v0_1::bindings::rosterd::connector::types::{Class as WitClass, Fault as WitFault, Object};
use crate::contract::v0_1::convert;
use crate::directory::{self, Desk};
use crate::limit::LimitPassed;
use crate::shared::Shared;
use crate::state::{Control, Drives as _, State};
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::Class;
use rosterd_model::record::Record;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

fn not_served() -> Fault {
    Fault::new(FaultKind::Unsupported, "this hub does not serve the directory to this connection")
}

/// Asks the directory, within the time of the call. The outer error ends the call.
async fn ask<T>(
    shared: &Shared,
    control: &Control,
    work: impl AsyncFnOnce(&Desk<'_>) -> Result<Result<T, Fault>, LimitPassed>,
) -> wasmtime::Result<Result<T, Fault>> {
    let Some(directory) = &shared.directory else { return Ok(Err(not_served())) };
    let (rows, bytes) = (shared.limits.directory_rows, shared.limits.page_bytes);
    let desk = Desk { directory: &**directory, key: &shared.cursor_key, rows, bytes };
    match control.wait_here(&shared.runtime, Duration::MAX, work(&desk)).await {
        Ok(outcome) => Ok(outcome?.map_err(|fault| shared.redactor.fault(fault))),
        Err(fault) => Ok(Err(fault)),
    }
}

type Submitted = Vec<Result<Option<Object>, WitFault>>;

impl State {
    async fn submitted(&mut self, submissions: Vec<Submission>) -> wasmtime::Result<Submitted> {
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
        let (shared, control) = (Arc::clone(&self.shared), Arc::clone(&self.control));
        let work = async {
            let answers = ask(&shared, &control, async |desk| {
                desk.bounds(&submissions)?;
                desk.submit(submissions).await.map(Ok)
            });
            Ok(match answers.await? {
                Ok(answers) => {
                    answers.into_iter().map(|one| one.map_err(|fault| shared.redactor.fault(fault))).collect()
                }
                Err(fault) => (0..count).map(|_| Err(fault.clone())).collect(),
            })
        };
        let answers: Vec<Result<Option<Record>, Fault>> = self.cross_here("directory.submit", with, work).await?;
        Ok(answers.into_iter().map(|one| answer(one.map(object))).collect())
    }

    async fn got(&mut self, class: WitClass, id: String) -> wasmtime::Result<Result<Option<Object>, WitFault>> {
        self.count_call()?;
        let class = Class::from(class);
        let with = self.asked(|| json!([class, id]));
        let (shared, control) = (Arc::clone(&self.shared), Arc::clone(&self.control));
        let work = ask(&shared, &control, async |desk| desk.get(class, id).await);
        let found: Result<Option<Record>, Fault> = self.cross_here("directory.get", with, work).await?;
        Ok(answer(found.map(object)))
    }

    async fn listed(&mut self, class: WitClass, query: String) -> wasmtime::Result<Result<Listing, WitFault>> {
        self.count_call()?;
        let class = Class::from(class);
        let with = self.asked(|| json!([class, query]));
        let (shared, control) = (Arc::clone(&self.shared), Arc::clone(&self.control));
        let work = ask(&shared, &control, async |desk| desk.query(class, &query).await);
        let found: Result<directory::Listing, Fault> = self.cross_here("directory.query", with, work).await?;
        Ok(answer(found.map(|listing| Listing {
            objects: listing.objects.into_iter().map(convert::object).collect(),
            next: listing.next,
            total: listing.total,
        })))
    }
}

impl Host for State {
    fn submit(&mut self, submissions: Vec<Submission>) -> wasmtime::Result<Submitted> {
        let runtime = self.shared.runtime.clone();
        runtime.drive(self.submitted(submissions))
    }

    fn get(&mut self, class: WitClass, id: String) -> wasmtime::Result<Result<Option<Object>, WitFault>> {
        let runtime = self.shared.runtime.clone();
        runtime.drive(self.got(class, id))
    }

    fn query(&mut self, class: WitClass, query: String) -> wasmtime::Result<Result<Listing, WitFault>> {
        let runtime = self.shared.runtime.clone();
        runtime.drive(self.listed(class, query))
    }
}

/// Links the directory for calls that are tasks: whoever waits for it holds no thread.
pub(crate) fn link_tasks(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut directory = linker.instance("rosterd:connector/directory@0.1.0")?;
    directory.func_wrap_async(
        "submit",
        |mut store: StoreContextMut<'_, State>, (submissions,): (Vec<Submission>,)| {
            Box::new(async move {
                let answers = store.data_mut().submitted(submissions).await;
                resumed(&mut store);
                Ok((answers?,))
            })
        },
    )?;
    directory.func_wrap_async("get", |mut store: StoreContextMut<'_, State>, (class, id): (WitClass, String)| {
        Box::new(async move {
            let found = store.data_mut().got(class, id).await;
            resumed(&mut store);
            Ok((found?,))
        })
    })?;
    directory.func_wrap_async("query", |mut store: StoreContextMut<'_, State>, (class, query): (WitClass, String)| {
        Box::new(async move {
            let found = store.data_mut().listed(class, query).await;
            resumed(&mut store);
            Ok((found?,))
        })
    })
}

/// Epochs that passed meanwhile were not those of the guest.
fn resumed(store: &mut StoreContextMut<'_, State>) {
    store.set_epoch_deadline(1);
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
