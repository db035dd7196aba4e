//! `rosterd completions`: a script for a shell.

use crate::args::Cli;
use crate::output::Output;
use clap::CommandFactory as _;

/// Makes the script.
pub(crate) fn run(shell: clap_complete::Shell) -> Output {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rosterd", &mut script);
    Output::raw("completions", String::from_utf8_lossy(&script).into_owned())
}
