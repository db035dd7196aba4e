//! How soon an installed component has described itself: `described COMPONENT CACHE`, the folder being that of a hub.
//!
//! One measurement a process, so that nothing is warm but the caches of the machine. The clock starts before anything of
//! the host exists and stops when `describe` has answered: in between are the runtime and the engine, the check of the
//! component and of its compiled code against what the cache noted when they were installed, the mapping of the code, the
//! linking, an instance with its memory, and the call. What is not in it is the start of the process itself.

use rosterd_connector::{ConnectorHost, HostSettings};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let outcome = match words.as_slice() {
        [component, cache] => described(component, cache),
        _ => Err("usage: described COMPONENT CACHE".to_owned()),
    };
    let printed = outcome.and_then(|line| writeln!(io::stdout(), "{line}").map_err(|error| error.to_string()));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // A lost message leaves the exit code.
            let _ = writeln!(io::stderr(), "described: {message}");
            ExitCode::from(2)
        }
    }
}

fn described(component: &Path, cache: &Path) -> Result<Value, String> {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("there is no runtime: {error}"))?;
    let settings = HostSettings { cache_dir: cache.to_owned(), runtime: runtime.handle().clone() };
    let host = ConnectorHost::new(settings).map_err(|error| error.to_string())?;
    let loaded = host.load(component).map_err(|error| error.to_string())?;
    let load = start.elapsed();
    let description = loaded.describe().map_err(|fault| fault.to_string())?;
    let all = start.elapsed();
    // An answer that is none would be measured for nothing.
    let description: Value = serde_json::from_str(&description).map_err(|error| error.to_string())?;
    if description.get("name").and_then(Value::as_str).is_none() {
        return Err(format!("it did not describe itself: {description}"));
    }
    Ok(json!({ "load-seconds": load.as_secs_f64(), "seconds": all.as_secs_f64() }))
}
