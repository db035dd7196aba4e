//! The service's end of the control socket: each connection is one command, which runs as it would have run by itself, on
//! the store and the connections of the service and in the name of the caller.

use super::hub::Hub;
use super::protocol::{LONGEST_REQUEST, Reply, parse_request, pieces, read_line, write_line};
use crate::args::Cli;
use crate::command::dispatch;
use crate::context::{Context, principal};
use crate::exit::Exit;
use crate::output::{Printer, Sink};
use clap::Parser as _;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::Semaphore;

/// Commands that are answered at once; further ones wait for their turn.
const MOST_AT_ONCE: usize = 64;
/// Who connects must say what he wants within this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who does not take his answer for so long is left.
const PATIENCE_WITH_READERS: Duration = Duration::from_secs(60);

/// Answers commands until the future is dropped.
pub(crate) async fn serve(hub: Arc<Hub>, listener: UnixListener) {
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let (stream, uid) = match listener.accept().await {
            Ok((stream, _)) => match (stream.peer_cred(), stream.into_std()) {
                (Ok(peer), Ok(stream)) => (stream, peer.uid()),
                (Err(error), _) | (_, Err(error)) => {
                    tracing::warn!(%error, "a caller could not be identified and was refused");
                    continue;
                }
            },
            Err(error) => {
                tracing::warn!(%error, "no command could be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let hub = Arc::clone(&hub);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            if let Err(error) = one(&hub, stream, &principal::of(uid)) {
                tracing::debug!(%error, "a command was not answered to its end");
            }
        });
    }
}

fn one(hub: &Arc<Hub>, stream: UnixStream, caller: &str) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE_WITH_READERS))?;
    let line = read_line(&mut BufReader::new(&stream), LONGEST_REQUEST)?;
    let Some(line) = line else { return Ok(()) };
    let writer = Arc::new(Mutex::new(stream));
    let say = {
        let writer = Arc::clone(&writer);
        move |reply: &Reply| {
            let mut stream = writer.lock().unwrap_or_else(PoisonError::into_inner);
            write_line(&mut *stream, reply)
        }
    };
    let request = match parse_request(&line) {
        Ok(request) => request,
        Err(error) => {
            say(&Reply::Err(format!("error: {error}\n")))?;
            return say(&Reply::Done(Exit::Usage.code()));
        }
    };
    let words = std::iter::once("rosterd").chain(request.words.iter().map(String::as_str));
    let mut cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(stop) => {
            say(&Reply::Err(stop.to_string()))?;
            return say(&Reply::Done(Exit::Usage.code()));
        }
    };
    cli.command.resolve_paths(&request.folder);
    tracing::debug!(%caller, words = request.words.first().map_or("", String::as_str), "command");
    let sink: Sink = {
        let say = say.clone();
        // A caller who is gone does not stop the command.
        Arc::new(move |reply| drop(say(&reply)))
    };
    let printer = Printer::remote(&cli.global, request.colour, request.error_colour, sink);
    let context = Context::inside(hub, printer.talk(), caller.to_owned());
    let result = dispatch(&context, cli.command);
    let rendered = printer.render(&result);
    for piece in pieces(&rendered.out) {
        say(&Reply::Out(piece.to_owned()))?;
    }
    for piece in pieces(&rendered.err) {
        say(&Reply::Err(piece.to_owned()))?;
    }
    say(&Reply::Done(rendered.exit.code()))
}
