//! What the sandbox costs: the csv connector as an installed component, and the same crate called natively, read the same
//! file; `bench` runs the two in turn and compares the seconds that are printed.
//!
//! Four words, each followed by `FILE FOLDER`, the folder being that of a hub in which the component is installed:
//!
//! - `read-sandboxed`, `read`: every page is pulled, every record decoded as the engine decodes it, and dropped;
//! - `observe-sandboxed`, `observe`: the engine observes the pages into a new store, and ends before it plans.
//!
//! And one more, of the ldap connector, which has nothing beside it here: `observe-ldap`, with a file whose name is the port
//! of the server.
//!
//! What makes the two sides equal: one file, one page size, the release build of one crate, the engine's own functions
//! behind the same traits, reads of 128 kB from a real file (the test kit gives one out of a folder, nothing of it is
//! kept). What only the sandboxed side does is part of its price: a thread for each instance, limits, checks of answers,
//! and the digest of the file by which the host tells versions of a source apart.
//!
//! The clock starts when the component is loaded and the store is open, and stops at the last record.

mod ldap;
mod native;
mod observe;
mod sandboxed;

use rosterd_engine::Settings;
use rosterd_model::port::Connections;
use rosterd_model::record::{Change, Page};
use rosterd_reconcile::normalise::normalise;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// The header of the column that identifies people in the file.
const ID: &str = "工号";

/// Where the hub and its file are.
struct Place {
    /// The file, and its name below `base`.
    name: String,
    base: PathBuf,
    hub: PathBuf,
}

impl Place {
    /// The settings of the connection, the same for both sides.
    fn settings(&self) -> Value {
        json!({ "file": self.name, "id": ID })
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = run(&words).and_then(|(records, seconds)| {
        let line = json!({ "records": records, "seconds": seconds });
        writeln!(io::stdout(), "{line}").map_err(|error| error.to_string())
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // A lost message leaves the exit code.
            let _ = writeln!(io::stderr(), "tax: {message}");
            ExitCode::from(2)
        }
    }
}

/// Does what the words say: how many records were read, and in how many seconds.
fn run(words: &[String]) -> Result<(u64, f64), String> {
    let [word, file, folder] = words else {
        return Err("usage: tax read|read-sandboxed|observe|observe-sandboxed|observe-ldap FILE FOLDER".to_owned());
    };
    let file = Path::new(file).canonicalize().map_err(|error| format!("can not find {file}: {error}"))?;
    let (Some(base), Some(name)) = (file.parent(), file.file_name()) else { return Err("FILE is no file".to_owned()) };
    let place = Place { name: name.to_string_lossy().into_owned(), base: base.to_owned(), hub: folder.into() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("there is no runtime: {error}"))?;
    match word.as_str() {
        "read" => timed(|| native::read(&place)),
        "read-sandboxed" => {
            let component = sandboxed::Component::load(&place, runtime.handle())?;
            timed(|| runtime.block_on(sandboxed::read(&component)))
        }
        "observe" => observed(&place, &runtime, std::sync::Arc::new(native::Native::new(&place))),
        "observe-sandboxed" => {
            let component = sandboxed::Component::load(&place, runtime.handle())?;
            observed(&place, &runtime, std::sync::Arc::new(component))
        }
        "observe-ldap" => {
            let component = ldap::component(&place, runtime.handle(), &place.name)?;
            observed(&place, &runtime, std::sync::Arc::new(component))
        }
        _ => Err(format!("\"{word}\" is not known")),
    }
}

fn observed(
    place: &Place,
    runtime: &tokio::runtime::Runtime,
    connections: std::sync::Arc<dyn Connections>,
) -> Result<(u64, f64), String> {
    let engine = observe::engine(place, connections)?;
    timed(|| runtime.block_on(observe::observe(&engine)))
}

fn timed(work: impl FnOnce() -> Result<u64, String>) -> Result<(u64, f64), String> {
    let start = Instant::now();
    let records = work()?;
    Ok((records, start.elapsed().as_secs_f64()))
}

/// How many records a connector is asked for at once: what a hub asks for that is not told otherwise.
fn page_size() -> u32 {
    Settings::default().page_size
}

/// Decodes what a page tells with the function that the engine decodes it with, and drops it.
fn decode(page: Page) -> Result<u64, String> {
    let mut records = 0;
    for change in page.changes {
        match change {
            Change::Upsert(record) => {
                let attributes = normalise(&record).map_err(|problem| problem.to_string())?;
                drop(std::hint::black_box(attributes));
                records += 1;
            }
            other => return Err(format!("the file was to be clean, and told {other:?}")),
        }
    }
    Ok(records)
}
