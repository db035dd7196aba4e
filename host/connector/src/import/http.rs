//! `http`: requests to granted hosts.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::http::{Host, Request, Response};
use crate::contract::v0_1::bindings::rosterd::connector::types::Fault as WitFault;
use crate::http::{Incoming, Outgoing};
use crate::state::State;
use crate::tape::words::Bytes;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Most requests in one `send-all`.
const MOST_TOGETHER: usize = 1000;

impl Host for State {
    fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, WitFault>> {
        let lost = || Err(Fault::new(FaultKind::Internal, "the request was lost in the host").into());
        Ok(self.send_all(vec![request])?.pop().unwrap_or_else(lost))
    }

    fn send_all(&mut self, requests: Vec<Request>) -> wasmtime::Result<Vec<Result<Response, WitFault>>> {
        self.count_call()?;
        if requests.len() > MOST_TOGETHER {
            return Err(wasmtime::Error::msg(format!(
                "it sent {} requests at once; at most {MOST_TOGETHER} go together",
                requests.len()
            )));
        }
        self.count_requests(requests.len())?;
        let with = self.asked(|| requests.iter().map(written).collect());
        type Carried = Vec<Result<(u16, Vec<(String, String)>, Bytes), Fault>>;
        let answers: Carried = self.cross("http.send-all", with, |state| {
            let answers = state.exchange(requests)?.into_iter();
            Ok(answers.map(|one| one.map(|own| (own.status, own.headers, Bytes(own.body)))).collect())
        })?;
        let response = |(status, headers, Bytes(body))| Response { status, headers, body };
        Ok(answers.into_iter().map(|one| answer(one.map(response))).collect())
    }
}

impl State {
    fn exchange(&mut self, requests: Vec<Request>) -> wasmtime::Result<Vec<Result<Incoming, Fault>>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).other();
        let most = self.shared.limits.request_bytes;
        let patience = self.control.remaining() * 3 / 4;
        let mut refused = Vec::with_capacity(requests.len());
        let mut outgoing = Vec::with_capacity(requests.len());
        for request in requests {
            let size = size(&request);
            let fits = size as u64 <= most.0;
            refused.push(!fits);
            if fits {
                self.count_out(size)?;
                outgoing.push(self.outgoing(request, patience));
            }
        }
        let mut answers = self.outside.exchange(outgoing).into_iter();
        let mut out = Vec::with_capacity(refused.len());
        for refused in refused {
            let outcome = if refused {
                Err(Fault::new(FaultKind::Invalid, format!("the request has more than {most} (limit request-bytes)")))
            } else {
                answers
                    .next()
                    .unwrap_or_else(|| Err(Fault::new(FaultKind::Internal, "the request was lost in the host")))
            };
            if let Ok(incoming) = &outcome {
                self.count_in(incoming.body.len())?;
            }
            out.push(outcome);
        }
        Ok(out)
    }

    fn outgoing(&self, request: Request, patience: Duration) -> Outgoing {
        Outgoing {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout: request.timeout_ms.map(|ms| Duration::from_millis(ms.into())),
            auth: request.auth,
            buckets: request.buckets,
            patience,
            placeholders: Arc::clone(&self.placeholders),
        }
    }
}

fn size(request: &Request) -> usize {
    let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    request.method.len() + request.url.len() + headers + request.body.as_ref().map_or(0, Vec::len)
}

/// A request as it stands on a tape: with placeholders, without secrets.
fn written(request: &Request) -> Value {
    json!({
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "body": request.body.as_deref().map(Bytes::json),
        "timeout-ms": request.timeout_ms,
        "auth": request.auth,
        "buckets": request.buckets,
    })
}
