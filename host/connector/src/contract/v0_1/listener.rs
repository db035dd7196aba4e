//! The listening role.

use super::base::{Base, also_a_connector};
use super::bindings::rosterd::connector::types as wit;
use super::convert::hint;
use super::exported::listener::GuestIndices;
use crate::instance::{Actor, Blueprint, Restart};
use crate::tape::words::{Answer, Call};
use rosterd_model::fault::Fault;
use rosterd_model::id::Class;
use rosterd_model::port::{self, BoxFuture, Hint};
use std::sync::Arc;
use wasmtime::component::ResourceAny;

/// A connection in its listening role.
pub(crate) struct Listener {
    base: Base,
    blueprint: Blueprint,
}

impl Listener {
    pub(crate) fn new(base: Base, blueprint: Blueprint) -> Self {
        Self { base, blueprint }
    }

    async fn open(&mut self, classes: Vec<wit::Class>) -> Result<Box<dyn port::Subscription>, Fault> {
        let missing = || Base::complain(&self.base.actor, "it is no listener");
        let indices = Arc::clone(self.base.exports.listener.as_ref().ok_or_else(missing)?);
        let own = Arc::clone(&indices);
        let mut actor = Actor::new(&self.blueprint, Restart::Never);
        let all = &classes;
        actor.begin(|| Call::Listen { classes: all.iter().map(|class| (*class).into()).collect() });
        let opened = actor.call("listen", move |live| {
            own.load(&mut live.store, &live.instance)?.call_listen(&mut live.store, &classes)
        });
        let subscription = opened.await.and_then(|opened| opened.map_err(|fault| Base::fault(&actor, fault)));
        actor.end(&subscription, |_| Answer::Done);
        let subscription = subscription?;
        Ok(Box::new(Subscription { actor, indices, subscription, ended: false }))
    }
}

also_a_connector!(Listener);

impl port::Listener for Listener {
    fn listen(&mut self, classes: &[Class]) -> BoxFuture<'_, Result<Box<dyn port::Subscription>, Fault>> {
        let classes = classes.iter().map(|class| wit::Class::from(*class)).collect();
        Box::pin(self.open(classes))
    }
}

/// A stream of hints: dropping it ends the instance, and with it the connection.
struct Subscription {
    actor: Actor,
    indices: Arc<GuestIndices>,
    subscription: ResourceAny,
    ended: bool,
}

impl Subscription {
    async fn wait(&mut self, timeout_ms: u32) -> Result<Vec<Hint>, Fault> {
        if self.ended {
            return Err(Base::complain(&self.actor, "the subscription has ended; listen again"));
        }
        // A longer wait than a call may take would end the instance.
        let wall = u32::try_from(self.actor.shared().limits.call_wall.0 / 2).unwrap_or(u32::MAX);
        let (indices, subscription) = (Arc::clone(&self.indices), self.subscription);
        let timeout_ms = timeout_ms.min(wall);
        self.ended = true;
        let answer = self.actor.call("next hints", move |live| {
            indices.load(&mut live.store, &live.instance)?.subscription().call_next(
                &mut live.store,
                subscription,
                timeout_ms,
            )
        });
        let hints = answer.await?.map_err(|fault| Base::fault(&self.actor, fault))?;
        let most = self.actor.shared().limits.hints;
        if hints.len() as u64 > most {
            return Err(Base::complain(
                &self.actor,
                format!("next hints: {} at once (limit hints = {most})", hints.len()),
            ));
        }
        self.ended = false;
        Ok(hints.into_iter().map(hint).collect())
    }
}

impl port::Subscription for Subscription {
    fn next(&mut self, timeout_ms: u32) -> BoxFuture<'_, Result<Vec<Hint>, Fault>> {
        Box::pin(async move {
            self.actor.begin(|| Call::Hints { timeout_ms });
            let hints = self.wait(timeout_ms).await;
            self.actor.end(&hints, |hints| Answer::Hints(hints.clone()));
            hints
        })
    }
}
