//! A command that finds the store taken by `rosterd serve` lets the service do it, and prints what it says.

use super::protocol::{LONGEST_REPLY, Reply, Request, VERSION, read_line, write_line};
use super::socket;
use crate::error::{CommandError, ErrorKind};
use crate::output::Printer;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

/// Sends the words of this process to the service at `path`, and prints its answer.
///
/// # Errors
/// The service can not be reached, or stopped in the middle of its answer.
pub(crate) fn forward(path: &Path, printer: &Printer) -> Result<ExitCode, CommandError> {
    let gone = |error: std::io::Error| {
        CommandError::new(ErrorKind::Store, "rosterd serve stopped before it had answered")
            .because(&error)
            .hint("what it had done is stored; look at its log, and try again")
    };
    let stream = socket::connect(path).map_err(gone)?;
    write_line(&mut &stream, &request(printer)?).map_err(gone)?;
    let mut reader = BufReader::new(&stream);
    let mut progress = None;
    loop {
        let ended = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "its answer has no end");
        let line = read_line(&mut reader, LONGEST_REPLY).map_err(gone)?.ok_or_else(ended).map_err(gone)?;
        let reply: Reply = serde_json::from_str(&line).map_err(|error| gone(error.into()))?;
        match reply {
            Reply::Note(text) => printer.talk().pass_on(&text),
            Reply::Progress(text) => progress.get_or_insert_with(|| printer.talk().progress("")).set(text),
            Reply::Out(text) => printer.pass_on(&text)?,
            Reply::Err(text) => printer.pass_on_error(&text),
            Reply::Done(code) => return Ok(ExitCode::from(code)),
        }
    }
}

fn request(printer: &Printer) -> Result<Request, CommandError> {
    let folder = std::env::current_dir()
        .map_err(|error| CommandError::internal("failed to find out the current folder").because(&error))?;
    let word = |word: std::ffi::OsString| {
        word.into_string().map_err(|word| {
            CommandError::usage(format!("\"{}\" is no text", word.to_string_lossy()))
                .hint("rosterd serve runs, and takes only words in Unicode")
        })
    };
    let words = std::env::args_os().skip(1).map(word).collect::<Result<_, _>>()?;
    let (colour, error_colour) = printer.colours();
    Ok(Request { version: VERSION, folder, words, colour, error_colour })
}
