//! What the engine needs for work that nobody watches, with systems that cost nothing: a source made of arithmetic, a
//! destination that answers at once. One scenario a process, which times itself and prints one JSON object.
//!
//! - `replan ACCOUNTS FILE`: a plan after a mapping changed that concerns everybody, beside the mapping alone;
//! - `deliver ACCOUNTS FILE`: operations with durable receipts, beside redb alone writing the same rows;
//! - `deliver-beside ACCOUNTS FILE`: the same while a second destination fails at once;
//! - `flat ACCOUNTS RUNS FILE`: runs in each of which one account in a hundred changed.
//!
//! FILE is the store; it is replaced.

mod deliver;
mod flat;
mod replan;
mod world;

use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// The allocator of the measured binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = run(&words).and_then(|line| writeln!(io::stdout(), "{line}").map_err(|error| error.to_string()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // A lost message leaves the exit code.
            let _ = writeln!(io::stderr(), "unattended: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[String]) -> Result<Value, String> {
    let number = |word: &str| word.parse::<u64>().map_err(|_| format!("\"{word}\" is no number"));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("there is no runtime: {error}"))?;
    runtime.block_on(async {
        match words.as_slice() {
            ["replan", accounts, file] => replan::measure(number(accounts)?, Path::new(file)).await,
            ["deliver", accounts, file] => deliver::measure(number(accounts)?, Path::new(file), false).await,
            ["deliver-beside", accounts, file] => deliver::measure(number(accounts)?, Path::new(file), true).await,
            ["flat", accounts, runs, file] => flat::measure(number(accounts)?, number(runs)?, Path::new(file)).await,
            _ => {
                Err("usage: unattended replan|deliver|deliver-beside ACCOUNTS FILE, or flat ACCOUNTS RUNS FILE"
                    .to_owned())
            }
        }
    })
}
