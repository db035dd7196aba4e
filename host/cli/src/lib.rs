//! The `rosterd` command: the composition root. It reads flags and the configuration, wires store, connector host and
//! engine together, runs one command and turns its result into text and an exit code. It decides nothing about people.
//! A library, so that its readers can be called by fuzz targets; the binary calls `run`.
//!
//! Reading order: `args` (what can be typed), `command` (what then happens), `context` (what commands share),
//! `config` (rosterd.toml), `serve` (the service), `output` (the only folder that prints), `error` and `exit` (how commands end).

mod args;
#[cfg(debug_assertions)]
mod canary;
mod clock;
mod command;
mod config;
mod context;
mod engine;
mod error;
mod exit;
#[cfg(feature = "testing")]
pub mod fuzzing;
mod kill;
mod output;
mod serve;

use clap::Parser as _;
use std::process::ExitCode;

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    kill::install();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(stop) => return output::usage(&stop).into(),
    };
    let printer = output::Printer::new(&cli.global, cli.command.log_format());
    let context = context::Context::new(&cli.global, printer.talk());
    let result = command::dispatch(&context, cli.command);
    match &result {
        // The service has the store: it does the command.
        Err(error) if error.forward => match context.forward(&printer) {
            Ok(code) => code,
            Err(error) => printer.fail(&error).into(),
        },
        result => printer.print(result).into(),
    }
}
