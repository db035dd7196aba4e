//! Streams and waiting: stdin is at its end, stdout and stderr are lines of the log.

use super::resources::{Input, Output, Pollable, StreamError, hand_out};
use crate::contract::v0_1::bindings::rosterd::connector::log::Level;
use crate::import::log::LONGEST;
use crate::state::State;
use std::time::Duration;
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime::{Result, StoreContextMut};

/// What was written and is no whole line yet.
#[derive(Default)]
pub(crate) struct Stdio {
    out: Vec<u8>,
    error: Vec<u8>,
    /// Handles of WASI that the instance holds.
    pub(super) handles: u32,
}

/// Bytes that a stream takes at once.
const ROOM: u64 = 64 << 10;

type Outcome<T> = std::result::Result<T, StreamError>;

/// What has an answer among streams and waiting. False: it is not one of these.
pub(super) fn serve(linked: &mut LinkerInstance<'_, State>, interface: &str, name: &str) -> Result<bool> {
    /// A function of the state.
    macro_rules! answer {
        ($params:pat, $types:ty, $state:ident => $answer:expr) => {
            linked.func_wrap(name, |mut context: StoreContextMut<'_, State>, $params: $types| {
                let $state = context.data_mut();
                $state.count_call()?;
                Ok(($answer,))
            })?
        };
    }
    type OfInput = (Resource<Input>, u64);
    type Written = (Resource<Output>, Vec<u8>);
    match (interface, name) {
        ("cli/stdin", "get-stdin") => answer!((), (), state => hand_out(state, Input)?),
        ("cli/stdout", "get-stdout") => answer!((), (), state => hand_out(state, Output { error: false })?),
        ("cli/stderr", "get-stderr") => answer!((), (), state => hand_out(state, Output { error: true })?),
        ("cli/exit", "exit") => linked.func_wrap(name, |_: StoreContextMut<'_, State>, _: (Outcomeless,)| {
            Err::<(), _>(wasmtime::Error::msg("it called exit of wasi:cli/exit; a connector answers, it does not end"))
        })?,
        ("io/streams", "[method]input-stream.read" | "[method]input-stream.blocking-read") => {
            answer!(_, OfInput, _state => Outcome::<Vec<u8>>::Err(StreamError::Closed));
        }
        ("io/streams", "[method]input-stream.skip" | "[method]input-stream.blocking-skip") => {
            answer!(_, OfInput, _state => Outcome::<u64>::Err(StreamError::Closed));
        }
        ("io/streams", "[method]input-stream.subscribe") => {
            answer!(_, (Resource<Input>,), state => hand_out(state, Pollable(0))?);
        }
        ("io/streams", "[method]output-stream.subscribe") => {
            answer!(_, (Resource<Output>,), state => hand_out(state, Pollable(0))?);
        }
        ("io/streams", "[method]output-stream.check-write") => {
            answer!(_, (Resource<Output>,), _state => Outcome::Ok(ROOM));
        }
        ("io/streams", "[method]output-stream.flush" | "[method]output-stream.blocking-flush") => {
            answer!(_, (Resource<Output>,), _state => Outcome::Ok(()));
        }
        ("io/streams", "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush") => {
            answer!((stream, bytes), Written, state => {
                let error = state.table.get(&stream)?.error;
                state.written(error, &bytes);
                Outcome::Ok(())
            });
        }
        ("io/poll", "[method]pollable.ready") => {
            answer!((one,), (Resource<Pollable>,), state => state.table.get(&one)?.0 <= state.monotonic_ns()?);
        }
        ("io/poll", "[method]pollable.block") => {
            linked.func_wrap(name, |mut context: StoreContextMut<'_, State>, (one,): (Resource<Pollable>,)| {
                context.data_mut().poll(&[one]).map(drop)
            })?;
        }
        ("io/poll", "poll") => answer!((list,), (Vec<Resource<Pollable>>,), state => state.poll(&list)?),
        ("clocks/monotonic-clock", "subscribe-instant") => {
            answer!((at,), (u64,), state => hand_out(state, Pollable(at))?);
        }
        ("clocks/monotonic-clock", "subscribe-duration") => answer!((wait,), (u64,), state => {
            let at = state.monotonic_ns()?.saturating_add(wait);
            hand_out(state, Pollable(at))?
        }),
        _ => return Ok(false),
    }
    Ok(true)
}

/// What `exit` is given: whether all went well.
type Outcomeless = std::result::Result<(), ()>;

impl State {
    /// Bytes for stdout or stderr: every whole line is an event of the log, under its limits.
    fn written(&mut self, error: bool, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            // A line that is longer than an event is cut into several.
            for part in piece.chunks(LONGEST) {
                let buffer = if error { &mut self.stdio.error } else { &mut self.stdio.out };
                buffer.extend_from_slice(part);
                if part.ends_with(b"\n") || buffer.len() >= LONGEST {
                    self.end_line(error);
                }
            }
        }
    }

    fn end_line(&mut self, error: bool) {
        let (buffer, level) =
            if error { (&mut self.stdio.error, Level::Warn) } else { (&mut self.stdio.out, Level::Info) };
        let bytes = std::mem::take(buffer);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        if !text.is_empty() {
            self.event(level, text.to_owned(), String::new());
        }
    }

    /// A call of the connector is over: what it wrote without an end of line is a line too.
    pub(crate) fn end_lines(&mut self) {
        [false, true].into_iter().for_each(|error| self.end_line(error));
    }

    /// Waits until one of these is ready, and says which are.
    fn poll(&mut self, list: &[Resource<Pollable>]) -> Result<Vec<u32>> {
        let times = list.iter().map(|one| Ok(self.table.get(one)?.0)).collect::<Result<Vec<u64>>>()?;
        let Some(first) = times.iter().min().copied() else {
            return Err(wasmtime::Error::msg("it waits for nothing (an empty list for poll of wasi:io/poll)"));
        };
        loop {
            // Each round counts and looks at the time of the call, so that no waiting outlasts it.
            self.count_call()?;
            let now = self.monotonic_ns()?;
            if first <= now {
                return Ok((0..).zip(&times).filter(|(_, at)| **at <= now).map(|(index, _)| index).collect());
            }
            self.pause(Duration::from_nanos(first - now))?;
        }
    }
}
