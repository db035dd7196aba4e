//! One destination, until nothing is due or the connection must be left alone.

use super::pass::Pass;
use super::traits::Traits;
use super::turn::{self, Gate};
use super::{Delivered, batch, ring};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Delivery;
use rosterd_model::ConnectionId;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
use std::sync::Arc;

/// Passes over a destination whose receipts count only once it published everything: each may free what waited for the
/// one before.
const MOST_ROUNDS: usize = 64;

/// The way to one destination.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) engine: Engine,
    /// Place among the deliveries of the policy.
    pub(super) index: usize,
    pub(super) name: ConnectionId,
    pub(super) number: ConnectionNumber,
    pub(super) traits: Arc<Traits>,
}

impl Route {
    pub(super) fn delivery(&self) -> &Delivery {
        &self.engine.policy.deliveries[self.index]
    }
}

/// Drains the outbox of one destination.
pub(super) async fn drain(engine: Engine, index: usize) -> Result<Delivered, EngineError> {
    let name = engine.policy.deliveries[index].destination.clone();
    // One at a time: an object is never under way twice.
    let lock = engine.delivering.lock_of(&name);
    let _alone = lock.lock().await;
    let number = engine.number(&name)?;
    let mut delivered = Delivered::default();
    let view = engine.store.snapshot()?;
    if !view.has_outbox(number)? {
        return Ok(delivered);
    }
    let now = view.policy_now(engine.clock.now())?;
    let probe = match turn::gate(&view, &name, number, now)? {
        Gate::Shut(text) => {
            delivered.faults.push(text);
            return Ok(delivered);
        }
        gate => gate == Gate::Probe,
    };
    drop(view);
    let mut route = Route { engine, index, name, number, traits: Arc::default() };
    turn::recover(&route)?;
    ring::release(&route, now)?;
    let digest = route.engine.connections.digest(&route.name);
    if !batch::anything_due(&route.engine.store.snapshot()?, number, now, digest.as_deref())? {
        return Ok(delivered);
    }
    for _ in 0..MOST_ROUNDS {
        let more = Pass::new(route.clone(), probe).run(&mut delivered, &mut route).await?;
        if !more {
            break;
        }
    }
    delivered.tell_waiting(&route.engine.store.snapshot()?, number)?;
    Ok(delivered)
}
