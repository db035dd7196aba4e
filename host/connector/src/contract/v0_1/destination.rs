//! The writing role.

use super::base::{Base, also_a_connector};
use super::convert::{bad_id, operation, receipt, record, references};
use super::exported::destination::{GuestIndices, Operation};
use super::source::answers;
use crate::tape::words::{Answer, Call};
use rosterd_model::fault::Fault;
use rosterd_model::id::{Class, ExternalId};
use rosterd_model::outbox::{Receipt, Request};
use rosterd_model::port::{self, BoxFuture};
use rosterd_model::record::Record;
use std::sync::Arc;

/// A connection in its writing role.
pub(crate) struct Destination {
    base: Base,
    settles_after_finish: bool,
}

impl Destination {
    pub(crate) fn new(base: Base, settles_after_finish: bool) -> Self {
        Self { base, settles_after_finish }
    }

    fn indices(&self) -> Result<Arc<GuestIndices>, Fault> {
        self.base.exports.destination.clone().ok_or_else(|| Base::complain(&self.base.actor, "it is no destination"))
    }

    /// One receipt each. Whatever leaves doubt about all of them leaves all of them unknown.
    async fn send(&mut self, requests: Vec<Request>) -> Vec<Receipt> {
        let count = requests.len();
        let unknown = |fault: Fault| (0..count).map(|_| Receipt::Unknown(fault.clone())).collect();
        let indices = match self.indices() {
            Ok(indices) => indices,
            Err(fault) => return (0..count).map(|_| Receipt::Failed(fault.clone())).collect(),
        };
        let account = |request: &Request| request.entity.filter(|_| request.class == Class::Account);
        let about = requests.iter().map(|request| (request.key.clone(), account(request))).collect();
        let operations: Vec<Operation> = requests.into_iter().map(operation).collect();
        let call = self.base.actor.call("apply", move |live| {
            live.store.data_mut().operations = about;
            let receipts = indices.load(&mut live.store, &live.instance)?.call_apply(&mut live.store, &operations);
            live.store.data_mut().end_operations();
            receipts
        });
        let receipts = match call.await {
            Ok(receipts) => receipts,
            Err(fault) => return unknown(fault),
        };
        if receipts.len() != count {
            let text = format!(
                "apply: {} receipts for {count} operations; report this to the author of the connector",
                receipts.len()
            );
            return unknown(Base::complain(&self.base.actor, text));
        }
        receipts.into_iter().map(|one| self.clean(receipt(one))).collect()
    }

    fn clean(&self, receipt: Receipt) -> Receipt {
        let fault = |fault| Base::fault(&self.base.actor, fault);
        let applied = |mut applied: rosterd_model::outbox::Applied| {
            applied.problems = applied.problems.into_iter().map(fault).collect();
            let redactor = &self.base.actor.shared().redactor;
            applied.observed = applied.observed.map(|observed| redactor.string(observed));
            applied
        };
        match receipt {
            Receipt::Applied(done) => Receipt::Applied(applied(done)),
            Receipt::Unchanged(done) => Receipt::Unchanged(applied(done)),
            Receipt::Failed(reason) => Receipt::Failed(fault(reason)),
            Receipt::Unknown(reason) => Receipt::Unknown(fault(reason)),
            Receipt::NotAttempted(reason) => Receipt::NotAttempted(fault(reason)),
        }
    }

    async fn publish(&mut self) -> Result<(), Fault> {
        let indices = self.indices()?;
        let call = self
            .base
            .actor
            .call("finish", move |live| indices.load(&mut live.store, &live.instance)?.call_finish(&mut live.store));
        call.await?.map_err(|fault| Base::fault(&self.base.actor, fault))
    }

    async fn look_up(&mut self, class: Class, attribute: String, value: String) -> Result<Vec<Record>, Fault> {
        let indices = self.indices()?;
        let call = self.base.actor.call("find", move |live| {
            indices.load(&mut live.store, &live.instance)?.call_find(&mut live.store, class.into(), &attribute, &value)
        });
        let found = call.await?.map_err(|fault| Base::fault(&self.base.actor, fault))?;
        if let Some(message) = found.iter().find_map(|object| bad_id(&object.id)) {
            return Err(Base::complain(&self.base.actor, message));
        }
        Base::bounded(&self.base.actor, "find", found.iter().map(|object| object.attributes.len()).sum())?;
        Ok(found.into_iter().map(record).collect())
    }
}

also_a_connector!(Destination);

impl port::Destination for Destination {
    fn apply(&mut self, requests: Vec<Request>) -> BoxFuture<'_, Vec<Receipt>> {
        Box::pin(async move {
            let all = &requests;
            self.base.actor.begin(|| Call::Apply { requests: all.clone() });
            let receipts = self.send(requests).await;
            self.base.actor.end_each(&receipts, |receipts: &Vec<_>| Answer::Receipts(receipts.clone()));
            receipts
        })
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async {
            self.base.actor.begin(|| Call::Finish);
            let finished = self.publish().await;
            self.base.actor.end(&finished, |()| Answer::Done);
            finished
        })
    }

    fn settles_after_finish(&self) -> bool {
        self.settles_after_finish
    }

    fn find(&mut self, class: Class, attribute: String, value: String) -> BoxFuture<'_, Result<Vec<Record>, Fault>> {
        Box::pin(async move {
            let (name, wanted) = (attribute.clone(), value.clone());
            self.base.actor.begin(|| Call::Find { class, attribute: name, value: wanted });
            let found = self.look_up(class, attribute, value).await;
            self.base.actor.end(&found, |found| Answer::Found(found.clone()));
            found
        })
    }

    fn read(&mut self, objects: Vec<(Class, ExternalId)>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            let count = objects.len();
            let wanted = references(&objects);
            self.base.actor.begin(|| Call::LookAt { objects });
            let outcome = match self.indices() {
                Ok(indices) => {
                    let call = self.base.actor.call("read", move |live| {
                        indices.load(&mut live.store, &live.instance)?.call_read(&mut live.store, &wanted)
                    });
                    call.await
                }
                Err(fault) => Err(fault),
            };
            let answers = answers(&self.base.actor, count, outcome);
            self.base.actor.end_each(&answers, |answers: &Vec<_>| Answer::Records(answers.clone()));
            answers
        })
    }
}
