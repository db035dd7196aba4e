//! The `rosterd` command: the composition root. It reads flags and the configuration, wires store, connector host and
//! engine together, runs one command and turns its result into text and an exit code. It decides nothing about people.
//!
//! Reading order: [`args`] (what can be typed), [`command`] (what then happens), [`context`] (what commands share),
//! [`config`] (rosterd.toml), [`output`] (the only folder that prints), [`error`] and [`exit`] (how commands end).

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
mod kill;
mod output;

use clap::Parser as _;
use std::process::ExitCode;

/// What one thread reads or decides another one stores and frees: the allocator of the C library contends there and costs
/// a run half of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kill::install();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(stop) => return output::usage(&stop).into(),
    };
    let printer = output::Printer::new(&cli.global);
    let context = context::Context::new(&cli.global, printer.talk());
    match command::dispatch(&context, cli.command) {
        Ok(output) => printer.print(&output).into(),
        Err(error) => printer.fail(&error).into(),
    }
}
