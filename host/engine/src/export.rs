//! All accounts to one destination at once, past the outbox: for people in a hurry, who want a file.

use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::outbox::{Action, Receipt, Request};
use rosterd_model::port::BoxFuture;
use rosterd_model::port::Destination;
use rosterd_model::{Attributes, Class, EntityId, Value};
use rosterd_reconcile::normalise::to_json;
use rosterd_store::prelude::*;

impl Engine {
    /// Gives every account to `destination` as a create, and finishes. Returns how many were written.
    ///
    /// # Errors
    /// The destination refuses an account or can not publish; then nothing is published.
    pub fn export<'a>(&'a self, destination: &'a mut dyn Destination) -> BoxFuture<'a, Result<u64, EngineError>> {
        Box::pin(async move {
            let mut after: Option<EntityId> = None;
            let mut written = 0;
            loop {
                let requests: Vec<Request> = {
                    let view = self.store.snapshot()?;
                    let portion: Vec<_> = view
                        .entities(Class::Account, after)?
                        .take(self.settings.deliver_batch.max(1))
                        .collect::<Result<_, _>>()?;
                    let Some(last) = portion.last() else { break };
                    after = Some(last.id);
                    portion
                        .iter()
                        .map(|entity| request(entity.id, &flat(&entity.attributes, entity.lifecycle.as_str())))
                        .collect()
                };
                for receipt in destination.apply(requests).await {
                    match receipt {
                        Receipt::Applied(_) | Receipt::Unchanged(_) => written += 1,
                        Receipt::Failed(fault) | Receipt::Unknown(fault) | Receipt::NotAttempted(fault) => {
                            return Err(EngineError::Refused(format!("the export was stopped: {fault}")));
                        }
                    }
                }
            }
            let finished = destination.finish().await;
            finished.map_err(|fault| EngineError::Refused(format!("the export was not published: {fault}")))?;
            Ok(written)
        })
    }
}

fn request(id: EntityId, attributes: &Attributes) -> Request {
    let desired = to_json(attributes);
    Request {
        key: id.to_string(),
        entity: Some(id),
        class: Class::Account,
        id: None,
        action: Action::Create(desired.clone()),
        desired,
        known: None,
        version: None,
        attempt: 1,
    }
}

/// Attributes and the lifecycle; references as the external ids that people know from their source.
fn flat(attributes: &Attributes, lifecycle: &str) -> Attributes {
    let mut flat: Attributes = attributes
        .iter()
        .map(|(name, value)| match value {
            Value::Reference { id, .. } => (name.to_owned(), Value::Text(id.0.clone())),
            other => (name.to_owned(), other.clone()),
        })
        .collect();
    flat.set("lifecycle", Value::from(lifecycle));
    flat
}
