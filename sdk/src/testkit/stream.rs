//! Byte streams of the world: a server is a function from the bytes of a write to the bytes of the answer.

use super::{secrets, with};
use crate::Fault;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// A server.
pub type Script = Rc<RefCell<dyn FnMut(&[u8]) -> Vec<u8>>>;

/// An open connection to a scripted server.
pub struct Connection {
    server: Script,
    waiting: RefCell<VecDeque<u8>>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("waiting", &self.waiting.borrow().len()).finish_non_exhaustive()
    }
}

/// Opens a connection. TLS and time do not matter here.
pub fn connect(host: &str, port: u16, _tls: bool, _timeout_ms: u32) -> Result<Connection, Fault> {
    let server = with(|world| world.streams.get(&(host.to_owned(), port)).cloned());
    let server = server.ok_or_else(|| Fault::denied(format!("no script serves {host}:{port}: use World::stream")))?;
    Ok(Connection { server, waiting: RefCell::default() })
}

/// Those with bytes waiting.
#[must_use]
pub fn ready(connections: &[&Connection], _timeout_ms: u32) -> Vec<u32> {
    (0..).zip(connections).filter(|(_, connection)| !connection.waiting.borrow().is_empty()).map(|(at, _)| at).collect()
}

impl Connection {
    /// What the server answered; nothing in time if it has answered nothing more.
    pub fn read(&self, max: u32, _timeout_ms: u32) -> Result<Option<Vec<u8>>, Fault> {
        let mut waiting = self.waiting.borrow_mut();
        let count = waiting.len().min(max as usize);
        Ok((count > 0).then(|| waiting.drain(..count).collect()))
    }

    /// Gives the bytes to the server, secrets included.
    pub fn write(&self, segments: &[secrets::Segment<'_>]) -> Result<(), Fault> {
        let answer = (self.server.borrow_mut())(&secrets::join(segments)?);
        self.waiting.borrow_mut().extend(answer);
        Ok(())
    }

    /// Always agrees.
    pub fn start_tls(&self, _server_name: &str) -> Result<(), Fault> {
        Ok(())
    }
}
