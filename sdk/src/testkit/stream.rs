//! Byte streams of the world: a server that answers what is written, or one that speaks when it likes.

use super::{secrets, small, with};
use crate::Fault;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A server behind a host and port. All connections to it are one to it; where several at once matter, each gets a server
/// of its own by `World::servers`.
pub trait Server {
    /// Somebody connects, with TLS or without.
    fn connected(&mut self, _tls: bool) -> Result<(), Fault> {
        Ok(())
    }

    /// Takes the bytes of a write.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// What the next read finds; none: nothing in time, an empty list: the end.
    fn give(&mut self) -> Option<Vec<u8>>;
}

/// A server that only answers.
pub(super) struct Answering<F> {
    answer: F,
    waiting: Vec<u8>,
}

impl<F> Answering<F> {
    pub(super) fn new(answer: F) -> Self {
        Self { answer, waiting: Vec::new() }
    }
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Server for Answering<F> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.waiting.extend((self.answer)(bytes));
        Ok(())
    }

    fn give(&mut self) -> Option<Vec<u8>> {
        let waiting = std::mem::take(&mut self.waiting);
        (!waiting.is_empty()).then_some(waiting)
    }
}

/// A server of the world.
pub(super) type Script = Rc<RefCell<dyn Server>>;

/// The server that the next connection to a place meets.
pub(super) type Place = Rc<dyn Fn() -> Script>;

/// An open connection to a server.
pub struct Connection {
    server: Script,
    waiting: RefCell<VecDeque<u8>>,
    /// The server has closed, and that was seen by [`ready`].
    ended: Cell<bool>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("waiting", &self.waiting.borrow().len()).finish_non_exhaustive()
    }
}

/// Opens a connection. Certificates and time do not matter here.
pub fn connect(host: &str, port: u16, tls: bool, _timeout_ms: u32) -> Result<Connection, Fault> {
    let place = with(|world| world.streams.get(&(host.to_owned(), port)).cloned());
    let place = place.ok_or_else(|| Fault::denied(format!("nobody serves {host}:{port}: use World::stream")))?;
    let server = place();
    server.borrow_mut().connected(tls)?;
    Ok(Connection { server, waiting: RefCell::default(), ended: Cell::default() })
}

/// Those with bytes waiting, and those that have ended.
#[must_use]
pub fn ready(connections: &[&Connection], _timeout_ms: u32) -> Vec<u32> {
    for connection in connections {
        if connection.is_ready() {
            continue;
        }
        match connection.server.borrow_mut().give() {
            Some(bytes) if bytes.is_empty() => connection.ended.set(true),
            more => connection.waiting.borrow_mut().extend(more.into_iter().flatten()),
        }
    }
    (0..).zip(connections).filter(|(_, connection)| connection.is_ready()).map(|(at, _)| at).collect()
}

impl Connection {
    fn is_ready(&self) -> bool {
        self.ended.get() || !self.waiting.borrow().is_empty()
    }

    /// What the server says. If it says nothing, the time passes on the world's clock.
    pub fn read(&self, max: u32, timeout_ms: u32) -> Result<Option<Vec<u8>>, Fault> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() && self.ended.get() {
            return Ok(Some(Vec::new()));
        }
        if waiting.is_empty() {
            match self.server.borrow_mut().give() {
                Some(bytes) if bytes.is_empty() => return Ok(Some(bytes)),
                Some(bytes) => waiting.extend(bytes),
                None => {
                    small::clock::sleep_ms(timeout_ms);
                    return Ok(None);
                }
            }
        }
        let count = waiting.len().min(max as usize);
        Ok(Some(waiting.drain(..count).collect()))
    }

    /// Gives the bytes to the server, secrets included.
    pub fn write(&self, segments: &[secrets::Segment<'_>]) -> Result<(), Fault> {
        self.server.borrow_mut().take(&secrets::join(segments)?)
    }

    /// Always agrees.
    pub fn start_tls(&self, _server_name: &str) -> Result<(), Fault> {
        Ok(())
    }
}
