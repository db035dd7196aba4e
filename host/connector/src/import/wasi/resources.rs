//! The resources of WASI, as far as there is anything behind them.

use crate::state::State;
use wasmtime::Result;
use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, ResourceType};

/// Handles that one instance may hold; a library holds a dozen.
const MOST_HANDLES: u32 = 10_000;

/// An input stream: at its end from the beginning.
pub(super) struct Input;
/// An output stream: the log.
pub(super) struct Output {
    /// True for stderr.
    pub(super) error: bool,
}
/// Something to wait for: ready from a time on, in nanoseconds of the monotonic clock.
pub(super) struct Pollable(pub(super) u64);
/// An error of a stream; there never is one.
pub(super) struct IoError;
/// A file, a socket, a terminal: there never is one.
pub(super) struct Descriptor;

/// Why a stream gives nothing. The shape of `wasi:io/streams.stream-error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
pub(super) enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "the shape has it, and the log does not fail")]
    Failed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

/// The shape of `wasi:clocks/wall-clock.datetime`.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Seconds {
    seconds: u64,
    nanoseconds: u32,
}

impl Seconds {
    pub(super) fn of_ms(ms: u64) -> Self {
        Self { seconds: ms / 1000, nanoseconds: u32::try_from(ms % 1000).unwrap_or(0) * 1_000_000 }
    }
}

/// Defines a resource by its name in WASI.
pub(super) fn define(linked: &mut LinkerInstance<'_, State>, name: &str) -> Result<()> {
    fn of<T: Send + 'static>(linked: &mut LinkerInstance<'_, State>, name: &str) -> Result<()> {
        linked.resource(name, ResourceType::host::<T>(), |mut context, rep| {
            let state = context.data_mut();
            state.table.delete(Resource::<T>::new_own(rep))?;
            state.stdio.handles = state.stdio.handles.saturating_sub(1);
            Ok(())
        })
    }
    match name {
        "input-stream" => of::<Input>(linked, name),
        "output-stream" => of::<Output>(linked, name),
        "pollable" => of::<Pollable>(linked, name),
        "error" => of::<IoError>(linked, name),
        _ => of::<Descriptor>(linked, name),
    }
}

/// Gives a handle out.
pub(super) fn hand_out<T: Send + 'static>(state: &mut State, value: T) -> Result<Resource<T>> {
    state.stdio.handles += 1;
    if state.stdio.handles > MOST_HANDLES {
        return Err(wasmtime::Error::msg(format!("it holds more than {MOST_HANDLES} handles of WASI")));
    }
    Ok(state.table.push(value)?)
}
