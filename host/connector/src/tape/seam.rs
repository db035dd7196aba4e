//! The seam: every import of the contract crosses here, and nothing else does. Off, it is the import itself; recording, it writes
//! down what was asked and answered; playing, it answers from a tape, and nothing behind it is touched.

use super::player::Player;
use super::record::Track;
use super::words::{Bytes, Import};
use crate::contract::v0_1::bindings::rosterd::connector::secrets::Segment;
use crate::state::State;
use rosterd_model::fault::{Fault, FaultKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Which side of a tape an instance is on.
#[derive(Clone, Default)]
pub(crate) enum Seam {
    /// No tape.
    #[default]
    Off,
    /// It is recorded.
    Recording(Track),
    /// It is replayed.
    Playing(Player),
}

impl State {
    /// What is asked, if anybody wants to know.
    pub(crate) fn asked(&self, with: impl FnOnce() -> Value) -> Value {
        if matches!(self.seam, Seam::Off) { Value::Null } else { with() }
    }

    /// True in a replay.
    pub(crate) fn playing(&self) -> bool {
        matches!(self.seam, Seam::Playing(_))
    }

    /// Crosses the boundary. `real` does what the import is there for, and is not called in a replay.
    pub(crate) fn cross<T: Serialize + DeserializeOwned>(
        &mut self,
        call: &'static str,
        with: Value,
        real: impl FnOnce(&mut Self) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        match &self.seam {
            Seam::Off => real(self),
            Seam::Recording(track) => {
                let track = track.clone();
                let answer = real(self)?;
                let written = serde_json::to_value(&answer).map_err(wasmtime::Error::new)?;
                track.import(&Import { call: call.to_owned(), with, answer: written });
                Ok(answer)
            }
            Seam::Playing(player) => player.import(call, &with).map_err(wasmtime::Error::new),
        }
    }

    /// As [`State::cross`], for an import that waits without a thread.
    pub(crate) async fn cross_here<T: Serialize + DeserializeOwned + Send>(
        &mut self,
        call: &'static str,
        with: Value,
        real: impl Future<Output = wasmtime::Result<T>> + Send,
    ) -> wasmtime::Result<T> {
        match &self.seam {
            Seam::Playing(player) => player.import(call, &with).map_err(wasmtime::Error::new),
            Seam::Off | Seam::Recording(_) => {
                let answer = real.await?;
                self.cross(call, with, |_| Ok(answer))
            }
        }
    }

    /// Time as the run sees it, milliseconds since 1970.
    pub(crate) fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.cross("clock.now-ms", Value::Null, |state| Ok(state.outside.now_ms()))
    }

    /// Nanoseconds from some beginning.
    pub(crate) fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        self.cross("clock.monotonic-ns", Value::Null, |state| Ok(state.outside.monotonic_ns()))
    }

    /// Waits; a replay does not.
    pub(crate) fn pause(&mut self, duration: Duration) -> wasmtime::Result<()> {
        // How long depends on the clock, which need not be asked for twice.
        self.cross("clock.sleep-ms", Value::Null, |state| {
            state.outside.sleep(duration);
            Ok(())
        })
    }

    /// Random bytes.
    pub(crate) fn random_bytes(&mut self, length: usize) -> wasmtime::Result<Vec<u8>> {
        let Bytes(bytes) = self.cross("random.bytes", self.asked(|| json!(length)), |state| {
            let mut bytes = vec![0; length];
            state.outside.random(&mut bytes).map_err(wasmtime::Error::new)?;
            Ok(Bytes(bytes))
        })?;
        // A tape may hold anything, and nobody checks afterwards.
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(wasmtime::Error::msg("the tape has another number of random bytes"))
        }
    }
}

/// The pieces of a message: a secret is named by its handle, its bytes are nowhere.
pub(crate) fn segments(segments: &[Segment]) -> Value {
    let one = |segment: &Segment| match segment {
        Segment::Bytes(bytes) => Bytes::json(bytes),
        Segment::Secret(splice) => json!({ "secret": splice.secret.rep(), "form": splice.form }),
    };
    segments.iter().map(one).collect()
}

/// What was never made, because a replay has no use for it.
pub(crate) fn played() -> Fault {
    Fault::new(FaultKind::Internal, "this exists on the tape only; report this to the authors of rosterd")
}
