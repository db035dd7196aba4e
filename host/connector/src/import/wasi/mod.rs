//! WASI with nothing in it.
//!
//! Some languages' standard libraries import WASI whether a program uses it or not. Such a component is linked with exactly the
//! functions that it imports: those that a library calls at its start answer that there is nothing there (no argument, no
//! variable, no folder), what is written to stdout and stderr goes to the log, and time and randomness are those of the
//! contract, so that a recorded run stays one. Everything else, sockets and files above all, ends the call with a sentence that
//! names the import.

mod io;
mod resources;

use crate::state::State;
use resources::{Descriptor, Seconds};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance, Resource};
use wasmtime::{Engine, Result, StoreContextMut};

pub(crate) use io::Stdio;

/// Most random bytes in one call, as in `random`.
const MOST_RANDOM: u64 = 65_536;

/// `wasi:cli/stderr@0.2.3` as `cli/stderr`. None for other packages and for versions of WASI that are not 0.2.
pub(crate) fn interface(name: &str) -> Option<&str> {
    let (interface, version) = name.strip_prefix("wasi:")?.split_once('@')?;
    version.starts_with("0.2.").then_some(interface)
}

/// Links what a component imports of WASI.
pub(crate) fn link(linker: &mut Linker<State>, engine: &Engine, component: &Component) -> Result<()> {
    for (name, item) in component.component_type().imports(engine) {
        let (Some(interface), ComponentItem::ComponentInstance(instance)) = (interface(name), item.ty) else {
            continue;
        };
        let mut linked = linker.instance(name)?;
        for (export, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::Resource(_) => resources::define(&mut linked, export)?,
                ComponentItem::ComponentFunc(_) => {
                    let served = io::serve(&mut linked, interface, export)? || serve(&mut linked, interface, export)?;
                    if !served {
                        refuse(&mut linked, interface, export)?;
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// A function that ends the call when it is called.
fn refuse(linked: &mut LinkerInstance<'_, State>, interface: &str, name: &str) -> Result<()> {
    let sentence = format!(
        "it called {} of wasi:{interface}, which connectors do not get; use the interfaces of the contract",
        name.rsplit_once(']').map_or(name, |(_, plain)| plain)
    );
    linked.func_new(name, move |_, _, _, _| Err(wasmtime::Error::msg(sentence.clone())))
}

/// What has an answer, beside streams. False: it is refused.
fn serve(linked: &mut LinkerInstance<'_, State>, interface: &str, name: &str) -> Result<bool> {
    type Context<'a> = StoreContextMut<'a, State>;
    /// A function of the state.
    macro_rules! answer {
        ($params:pat, $types:ty, $state:ident => $answer:expr) => {
            linked.func_wrap(name, |mut context: Context<'_>, $params: $types| {
                let $state = context.data_mut();
                $state.count_call()?;
                Ok(($answer,))
            })?
        };
    }
    match (interface, name) {
        ("cli/environment", "get-environment") => answer!((), (), _state => Vec::<(String, String)>::new()),
        ("cli/environment", "get-arguments") => answer!((), (), _state => Vec::<String>::new()),
        ("cli/environment", "initial-cwd") => answer!((), (), _state => None::<String>),
        ("cli/terminal-stdin", "get-terminal-stdin")
        | ("cli/terminal-stdout", "get-terminal-stdout")
        | ("cli/terminal-stderr", "get-terminal-stderr") => {
            answer!((), (), _state => None::<Resource<Descriptor>>);
        }
        ("filesystem/preopens", "get-directories") => {
            answer!((), (), _state => Vec::<(Resource<Descriptor>, String)>::new());
        }
        ("clocks/wall-clock", "now") => answer!((), (), state => Seconds::of_ms(state.now_ms()?)),
        ("clocks/wall-clock", "resolution") => answer!((), (), _state => Seconds::of_ms(1)),
        ("clocks/monotonic-clock", "now") => answer!((), (), state => state.monotonic_ns()?),
        ("clocks/monotonic-clock", "resolution") => answer!((), (), _state => 1_u64),
        ("random/random", "get-random-bytes") | ("random/insecure", "get-insecure-random-bytes") => {
            answer!((length,), (u64,), state => random(state, length)?);
        }
        ("random/random", "get-random-u64") | ("random/insecure", "get-insecure-random-u64") => {
            answer!((), (), state => random_u64(state)?);
        }
        ("random/insecure-seed", "insecure-seed") => {
            answer!((), (), state => (random_u64(state)?, random_u64(state)?));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn random(state: &mut State, length: u64) -> Result<Vec<u8>> {
    let length = usize::try_from(length.min(MOST_RANDOM + 1)).unwrap_or(usize::MAX);
    if length as u64 > MOST_RANDOM {
        return Err(wasmtime::Error::msg(format!("it asked for more than {MOST_RANDOM} random bytes at once")));
    }
    state.random_bytes(length)
}

fn random_u64(state: &mut State) -> Result<u64> {
    let mut eight = [0; 8];
    eight.copy_from_slice(&state.random_bytes(8)?);
    Ok(u64::from_le_bytes(eight))
}

#[cfg(test)]
pub(crate) mod tests;
