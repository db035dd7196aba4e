//! The role that answers HTTP requests which the remote system sends to the hub.

use crate::connector::Connector;
use crate::record::Hint;

#[doc(inline)]
pub use crate::bindings::receiver_part::exports::rosterd::connector::receiver::{Answer, Request, Response};

/// Answers callbacks and SCIM clients.
pub trait Receiver: Connector {
    /// Answers one request. Must be quick: some remote systems wait no longer than a second.
    fn handle(&mut self, request: Request) -> Answer;
}

impl Request {
    /// The first header of this name (lower case), if there is one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    /// An answer with a status and a body, and no hints.
    pub fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { response: Response { status, headers: Vec::new(), body: body.into() }, hints: Vec::new() }
    }

    /// An answer of JSON text.
    pub fn json(status: u16, text: impl Into<String>) -> Self {
        Self::status(status, text.into()).header("content-type", "application/json")
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.response.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: Hint) -> Self {
        self.hints.push(hint);
        self
    }
}
