//! The driver of `make bench`: measures the released binary as an operator runs it, against a fixed baseline.
//!
//! Every figure is a ratio of two measurements of this one run, because machines differ and are noisy: absolute
//! numbers are printed for orientation. Short measurements are medians. The result is a table on stdout and
//! `bench.json` in the folder given with `--out`.
//!
//! Reading order: [`settings`], [`process`] (running and watching a command), [`hub`] (a hub in a folder of its own),
//! [`scenario`] (what is measured), [`service`] (work that nobody watches), [`dingtalk`] (a vendor of 50,000 people), [`ldap`] (a directory that nobody here wrote), [`push`] (what clients push),
//! [`served`] (`rosterd serve` and its log), [`heavy`] (a component of 18 MB), [`report`] (figures, limits, table). The other side of the sandbox tax is a program of its own, `tax`, and so are what times a
//! component from within, `described`, and the engine with systems that cost nothing, `unattended`.

mod dingtalk;
mod heavy;
mod hub;
mod ldap;
mod process;
mod push;
mod report;
mod scenario;
mod served;
mod service;
mod settings;

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = settings::Settings::from_words(std::env::args().skip(1)).and_then(|settings| {
        let report = scenario::all(&settings)?;
        report.save(&settings.out)?;
        Ok(report)
    });
    match outcome {
        Ok(report) => {
            let printed = write!(io::stdout(), "{report}");
            if printed.is_ok() && report.met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(message) => {
            // A lost message leaves the exit code.
            let _ = writeln!(io::stderr(), "bench: {message}");
            ExitCode::from(2)
        }
    }
}
