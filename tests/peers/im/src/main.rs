//! The program: reads a state file, listens, prints its ports as one line of JSON, and runs until it is ended.

use clap::{Parser, ValueEnum};
use rosterd_peer_im::dingtalk::DingTalk;
use rosterd_peer_im::program::Program;
use rosterd_peer_im::server::{Door, listen, serve};
use rosterd_peer_im::vendor::{Desk, Vendor};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Which vendor it is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Dingtalk,
}

/// A strict simulator of directories of messaging vendors.
#[derive(Debug, Parser)]
struct Arguments {
    /// The vendor
    #[arg(long, value_enum, default_value = "dingtalk")]
    vendor: Which,
    /// The state at the start, JSON; an empty organisation without it
    #[arg(long)]
    state: Option<PathBuf>,
    /// Port of the vendor's interface; 0 lets the system choose
    #[arg(long, default_value_t = 0)]
    api_port: u16,
    /// Port of the control verbs; 0 lets the system choose
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// Print the definitions of all calls as JSON and end
    #[arg(long)]
    describe: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // A lost message leaves the exit code.
            let _ = writeln!(io::stderr(), "rosterd-peer-im: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let mut vendor: Box<dyn Vendor> = match arguments.vendor {
        Which::Dingtalk => Box::new(DingTalk::default()),
    };
    if arguments.describe {
        return say(&vendor.describe());
    }
    let mut desk = Desk::default();
    let state = arguments.state.as_deref().map_or_else(|| Ok(json!({})), read)?;
    vendor.load(&mut desk, state, true).map_err(|error| format!("the state does not fit: {error}"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| format!("there is no runtime: {error}"))?;
    runtime.block_on(async {
        let no_port = |error: io::Error| format!("cannot listen: {error}");
        let (api, api_port) = listen(arguments.api_port).await.map_err(no_port)?;
        let (control, control_port) = listen(arguments.control_port).await.map_err(no_port)?;
        desk.port = api_port;
        let program = Program::new(desk, vendor);
        tokio::spawn(program.clone().tick());
        tokio::spawn(serve(control, program.clone(), Door::Control));
        say(&json!({ "api": api_port, "control": control_port }))?;
        serve(api, program, Door::Api).await;
        Ok(())
    })
}

fn read(file: &Path) -> Result<Value, String> {
    let text = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{} is no JSON: {error}", file.display()))
}

/// One line on standard output.
fn say(value: &Value) -> Result<(), String> {
    let mut out = io::stdout();
    writeln!(out, "{value}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}
