//! The answering role.

use super::base::{Base, also_a_connector};
use super::convert::hint;
use super::exported::receiver::Request;
use crate::tape::words::{self, Bytes};
use rosterd_model::fault::Fault;
use rosterd_model::port::{self, Answer, BoxFuture, Call};
use std::sync::Arc;

/// Headers that a connector never sees: the host checks credentials itself.
const HIDDEN: [&str; 2] = ["authorization", "cookie"];

/// A connection in its answering role.
pub(crate) struct Receiver {
    base: Base,
}

impl Receiver {
    pub(crate) fn new(base: Base) -> Self {
        Self { base }
    }

    async fn answer(&mut self, call: Call) -> Result<Answer, Fault> {
        let missing = || Base::complain(&self.base.actor, "it is no receiver");
        let indices = Arc::clone(self.base.exports.receiver.as_ref().ok_or_else(missing)?);
        let headers = call.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let request = Request {
            method: call.method,
            path: call.path,
            query: call.query,
            headers: headers.filter(|(name, _)| !HIDDEN.contains(&name.as_str())).collect(),
            body: call.body,
            context: call.context,
        };
        let work = self.base.actor.call_here("handle", move |live| {
            Box::pin(async move {
                let receiver = indices.load(&mut live.store, &live.instance)?;
                receiver.call_handle(&mut live.store, &request).await
            })
        });
        let answer = work.await?;
        let (response, hints) = (answer.response, answer.hints);
        if !(200..=599).contains(&response.status) {
            return Err(Base::complain(
                &self.base.actor,
                format!("handle: {} is no status to answer with", response.status),
            ));
        }
        let most = self.base.actor.shared().limits.hints;
        if hints.len() as u64 > most {
            return Err(Base::complain(
                &self.base.actor,
                format!("handle: {} hints in one answer (limit hints = {most})", hints.len()),
            ));
        }
        Base::bounded(&self.base.actor, "one answer", response.body.len())?;
        let framing = ["content-length", "transfer-encoding", "connection"];
        let headers =
            response.headers.into_iter().filter(|(name, _)| !framing.contains(&name.to_ascii_lowercase().as_str()));
        Ok(Answer {
            status: response.status,
            headers: headers.collect(),
            body: response.body,
            hints: hints.into_iter().map(hint).collect(),
        })
    }
}

also_a_connector!(Receiver);

fn taped(call: &Call) -> words::Call {
    words::Call::Handle {
        method: call.method.clone(),
        path: call.path.clone(),
        query: call.query.clone(),
        headers: call
            .headers
            .iter()
            .filter(|(name, _)| !HIDDEN.contains(&name.to_ascii_lowercase().as_str()))
            .cloned()
            .collect(),
        body: Bytes(call.body.clone()),
        context: call.context.clone(),
    }
}

impl port::Receiver for Receiver {
    fn handle(&mut self, call: Call) -> BoxFuture<'_, Result<Answer, Fault>> {
        Box::pin(async move {
            let asked = &call;
            self.base.actor.begin(|| taped(asked));
            let answer = self.answer(call).await;
            self.base.actor.end(&answer, words::Answer::response);
            answer
        })
    }
}
