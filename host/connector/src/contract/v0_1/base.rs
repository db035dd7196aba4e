//! The exports that every connector has.

use super::convert::cut;
use super::{Exports, exported};
use crate::import::log::clean;
use crate::instance::{Actor, Live};
use crate::tape::words::{Answer, Call};
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::port::{BoxFuture, Connector, Probe};
use std::sync::Arc;

/// A connector: an instance and where its exports are. The roles build on it.
pub(crate) struct Base {
    pub(super) exports: Exports,
    pub(super) actor: Actor,
}

impl Base {
    pub(crate) fn new(exports: &Exports, actor: Actor) -> Self {
        Self { exports: exports.clone(), actor }
    }

    /// A fault of the guest, without secrets, bounded, and with the connector's name in front.
    pub(super) fn fault(actor: &Actor, fault: impl Into<Fault>) -> Fault {
        let mut fault: Fault = fault.into();
        fault.message = clean(fault.message);
        fault.detail = clean(fault.detail);
        fault.subject = fault.subject.map(|subject| clean(cut(subject, 1024)));
        let shared = actor.shared();
        shared.identity.prefix(shared.redactor.fault(fault))
    }

    /// A fault of the host about the guest.
    pub(super) fn complain(actor: &Actor, text: impl std::fmt::Display) -> Fault {
        actor.shared().identity.fault(FaultKind::Internal, text)
    }

    /// Refuses an answer that is larger than the operator allows.
    pub(super) fn bounded(actor: &Actor, what: &str, bytes: usize) -> Result<(), Fault> {
        let shared = actor.shared();
        let most = shared.limits.page_bytes;
        if bytes as u64 <= most.0 {
            return Ok(());
        }
        let passed = crate::limit::LimitPassed::new("page-bytes", format!("more than {most} for {what}"));
        Err(shared.identity.fault(FaultKind::Internal, passed.sentence(&shared.limits, &shared.connection)))
    }

    async fn text(
        &mut self,
        what: &'static str,
        taped: Call,
        call: impl FnOnce(&exported::connector::Guest, &mut Live) -> wasmtime::Result<Result<String, Fault>>
        + Send
        + 'static,
    ) -> Result<String, Fault> {
        self.actor.begin(|| taped);
        let text = self.plain_text(what, call).await;
        self.actor.end(&text, |text| Answer::Text(text.clone()));
        text
    }

    async fn plain_text(
        &mut self,
        what: &'static str,
        call: impl FnOnce(&exported::connector::Guest, &mut Live) -> wasmtime::Result<Result<String, Fault>>
        + Send
        + 'static,
    ) -> Result<String, Fault> {
        let indices = Arc::clone(&self.exports.connector);
        let answer = self.actor.call(what, move |live| {
            let guest = indices.load(&mut live.store, &live.instance)?;
            call(&guest, live)
        });
        let text = answer.await?.map_err(|fault| Self::fault(&self.actor, fault))?;
        Self::bounded(&self.actor, what, text.len())?;
        Ok(text)
    }

    async fn probes(&mut self) -> Result<Vec<Probe>, Fault> {
        let indices = Arc::clone(&self.exports.connector);
        let answer = self
            .actor
            .call("check", move |live| indices.load(&mut live.store, &live.instance)?.call_check(&mut live.store));
        let probes = answer.await?.map_err(|fault| Self::fault(&self.actor, fault))?;
        let redactor = &self.actor.shared().redactor;
        let clean = |text: String| redactor.string(clean(text));
        let probe = |probe: exported::connector::Probe| Probe {
            name: clean(probe.name),
            ok: probe.ok,
            message: clean(probe.message),
            remedy: probe.remedy.map(clean),
        };
        Ok(probes.into_iter().take(1000).map(probe).collect())
    }
}

impl Connector for Base {
    fn identity(&self) -> String {
        let identity = &self.actor.shared().identity;
        format!("{} {}", identity.name, identity.version)
    }

    fn digest(&self) -> String {
        self.actor.shared().identity.digest.clone()
    }

    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(self.text("describe", Call::Describe, |guest, live| guest.call_describe(&mut live.store).map(Ok)))
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        Box::pin(async {
            self.actor.begin(|| Call::Check);
            let probes = self.probes().await;
            self.actor.end(&probes, |probes| Answer::Probes(probes.clone()));
            probes
        })
    }

    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(self.text("discover", Call::Discover, |guest, live| {
            Ok(guest.call_discover(&mut live.store)?.map_err(Fault::from))
        }))
    }
}

/// The roles are connectors too.
macro_rules! also_a_connector {
    ($type:ty) => {
        impl rosterd_model::port::Connector for $type {
            fn identity(&self) -> String {
                rosterd_model::port::Connector::identity(&self.base)
            }
            fn digest(&self) -> String {
                rosterd_model::port::Connector::digest(&self.base)
            }
            fn describe(&mut self) -> rosterd_model::port::BoxFuture<'_, Result<String, rosterd_model::Fault>> {
                self.base.describe()
            }
            fn check(
                &mut self,
            ) -> rosterd_model::port::BoxFuture<'_, Result<Vec<rosterd_model::port::Probe>, rosterd_model::Fault>> {
                self.base.check()
            }
            fn discover(&mut self) -> rosterd_model::port::BoxFuture<'_, Result<String, rosterd_model::Fault>> {
                self.base.discover()
            }
        }
    };
}
pub(super) use also_a_connector;
