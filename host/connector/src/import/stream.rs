//! `byte-stream`: connections to granted hosts and ports.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::byte_stream::{Host, HostConnection};
use crate::contract::v0_1::bindings::rosterd::connector::secrets::Segment;
use crate::contract::v0_1::bindings::rosterd::connector::types::Fault as WitFault;
use crate::import::secrets::SecretHandle;
use crate::manifest::Use;
use crate::state::State;
use crate::tape;
use crate::tape::words::Bytes;
use crate::wire::Wire;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::json;
use std::net::IpAddr;
use std::sync::PoisonError;
use std::task::Poll;
use std::time::Duration;
use wasmtime::component::Resource;
use zeroize::Zeroizing;

/// Most bytes of one read.
const MOST_READ: u32 = 1 << 20;
/// Time for a write, and for a hand-shake.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// An open connection in a guest's hands.
#[expect(unreachable_pub, reason = "the generated bindings name it publicly")]
pub struct StreamHandle(pub(crate) Wire);

impl std::fmt::Debug for StreamHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamHandle")
    }
}

impl HostConnection for State {
    fn read(
        &mut self,
        stream: Resource<StreamHandle>,
        max: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, WitFault>> {
        self.count_call()?;
        let with = self.asked(|| json!([stream.rep(), max, timeout_ms]));
        let read: Result<Option<Bytes>, Fault> = self.cross("byte-stream.read", with, |state| {
            let wire = &mut state.table.get_mut(&stream)?.0;
            let (max, limit) = (max.clamp(1, MOST_READ) as usize, Duration::from_millis(timeout_ms.into()));
            let outcome = state.outside.wait(limit, wire.read(max));
            Ok(match outcome {
                Ok(Ok(bytes)) => {
                    state.count_in(bytes.len())?;
                    Ok(Some(Bytes(bytes)))
                }
                Ok(Err(fault)) => Err(fault),
                Err(fault) if fault.kind == FaultKind::Timeout => Ok(None),
                Err(fault) => Err(fault),
            })
        })?;
        Ok(answer(read.map(|bytes| bytes.map(|Bytes(bytes)| bytes))))
    }

    fn write(
        &mut self,
        stream: Resource<StreamHandle>,
        segments: Vec<Segment>,
    ) -> wasmtime::Result<Result<(), WitFault>> {
        self.count_call()?;
        let with = self.asked(|| json!([stream.rep(), tape::segments(&segments)]));
        let outcome: Result<(), Fault> = self.cross("byte-stream.write", with, |state| {
            let message = match state.message(&stream, &segments)? {
                Ok(message) => message,
                Err(fault) => return Ok(Err(fault)),
            };
            state.count_out(message.len())?;
            let wire = &mut state.table.get_mut(&stream)?.0;
            let outcome = state.outside.wait(WRITE_TIME, wire.write(&message));
            Ok(outcome.and_then(|written| written))
        })?;
        Ok(answer(outcome))
    }

    fn start_tls(
        &mut self,
        stream: Resource<StreamHandle>,
        server_name: String,
    ) -> wasmtime::Result<Result<(), WitFault>> {
        self.count_call()?;
        let with = self.asked(|| json!([stream.rep(), server_name]));
        let outcome: Result<(), Fault> = self.cross("byte-stream.start-tls", with, |state| {
            let wire = &mut state.table.get_mut(&stream)?.0;
            // The name decides whose certificate is accepted: another one than was connected to must be granted as well.
            if !server_name.eq_ignore_ascii_case(&wire.host)
                && let Err(fault) = state.shared.policy.stream(&server_name, wire.port)
            {
                return Ok(Err(fault));
            }
            let outcome = state.outside.wait(WRITE_TIME, wire.start_tls(&server_name));
            Ok(outcome.and_then(|done| done))
        })?;
        Ok(answer(outcome))
    }

    fn drop(&mut self, stream: Resource<StreamHandle>) -> wasmtime::Result<()> {
        let StreamHandle(wire) = self.table.delete(stream)?;
        self.used.streams = self.used.streams.saturating_sub(1);
        // Closing deregisters from the runtime, which must be entered for that.
        let _entered = self.shared.runtime.enter();
        drop(wire);
        Ok(())
    }
}

impl Host for State {
    fn connect(
        &mut self,
        host: String,
        port: u16,
        tls: bool,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Resource<StreamHandle>, WitFault>> {
        self.count_call()?;
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).other();
        let (with, mut made) = (self.asked(|| json!([host, port, tls, timeout_ms])), None);
        let opened: Result<(), Fault> = self.cross("byte-stream.connect", with, |state| {
            let outcome = state.open_stream(&host, port, tls, Duration::from_millis(timeout_ms.into()));
            Ok(outcome.map(|wire| made = Some(wire)))
        })?;
        if let Err(fault) = opened {
            return Ok(Err(fault.into()));
        }
        self.used.streams += 1;
        let wire = made.unwrap_or_else(|| Wire::on_tape(&host, port, &self.shared.tls));
        Ok(Ok(self.table.push(StreamHandle(wire))?))
    }

    fn ready(&mut self, connections: Vec<Resource<StreamHandle>>, timeout_ms: u32) -> wasmtime::Result<Vec<u32>> {
        self.count_call()?;
        for stream in &connections {
            self.table.get(stream)?;
        }
        let reps = || connections.iter().map(Resource::rep).collect::<Vec<_>>();
        let with = self.asked(|| json!([reps(), timeout_ms]));
        self.cross("byte-stream.ready", with, |state| Ok(state.which_are_ready(&connections, timeout_ms)))
    }
}

impl State {
    fn which_are_ready(&mut self, connections: &[Resource<StreamHandle>], timeout_ms: u32) -> Vec<u32> {
        let table = &mut self.table;
        let poll = std::future::poll_fn(|context| {
            let mut ready = Vec::new();
            for (index, stream) in connections.iter().enumerate() {
                if let Ok(StreamHandle(wire)) = table.get_mut(stream) {
                    // An error can be read too.
                    if wire.poll_fill(context).is_ready() {
                        ready.extend(u32::try_from(index));
                    }
                }
            }
            if ready.is_empty() { Poll::Pending } else { Poll::Ready(ready) }
        });
        let limit = Duration::from_millis(timeout_ms.into());
        self.outside.wait(limit, poll).unwrap_or_default()
    }

    fn open_stream(&mut self, host: &str, port: u16, tls: bool, timeout: Duration) -> Result<Wire, Fault> {
        self.shared.policy.stream(host, port)?;
        if let Ok(address) = host.parse::<IpAddr>() {
            self.shared.policy.addresses(host, &[address])?;
        }
        let most = self.shared.limits.streams;
        if self.used.streams >= most {
            return Err(Self::denied(format!("{most} streams are open (limit streams); close one first")));
        }
        let wire = self.outside.connect(host, port, tls, timeout);
        wire.map_err(|fault| self.shared.redactor.fault(fault))
    }

    /// Puts a message together, secrets included, if it may go out there.
    fn message(
        &mut self,
        stream: &Resource<StreamHandle>,
        segments: &[Segment],
    ) -> wasmtime::Result<Result<Zeroizing<Vec<u8>>, Fault>> {
        let wire = &self.table.get(stream)?.0;
        let mut message = Zeroizing::new(Vec::new());
        for segment in segments {
            match segment {
                Segment::Bytes(bytes) => message.extend_from_slice(bytes),
                Segment::Secret(splice) => {
                    let SecretHandle(secret) = self.table.get(&splice.secret)?;
                    let clear =
                        if wire.is_tls() { Ok(()) } else { self.shared.policy.clear_text(&wire.host, wire.port) };
                    let allowed = clear
                        .and_then(|()| secret.allow(Use::Stream))
                        .and_then(|()| secret.may_go_to(&wire.host, wire.port));
                    match allowed.and_then(|()| secret.written(&splice.form)) {
                        Ok(written) => message.extend_from_slice(&written),
                        Err(fault) => return Ok(Err(fault)),
                    }
                }
            }
        }
        Ok(Ok(message))
    }
}
