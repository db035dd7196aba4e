//! A request and its answer, as a vendor's module sees them: plain values, no web framework.

use crate::clock::Millis;
use serde_json::Value;
use std::net::IpAddr;

/// A request, read whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Names and values of the query, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whom it came from.
    pub source: IpAddr,
}

impl Request {
    /// A verb of the control port that nobody sent.
    #[must_use]
    pub fn verb(method: &str, path: &str, body: &Value) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: crate::server::pairs(query),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            source: IpAddr::from([127, 0, 0, 1]),
        }
    }

    /// The first value of a name in the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The media type of the body, in lower case and without its parameters.
    #[must_use]
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// What becomes of an answer on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// It arrives.
    #[default]
    Whole,
    /// Head and half of the body arrive, then the connection ends.
    Half,
    /// The connection ends without an answer.
    Nothing,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// How long it is kept back, in real time.
    pub delay: Millis,
    /// What becomes of it on its way.
    pub cut: Cut,
}

impl Reply {
    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        let body = value.to_string().into_bytes();
        Self { status, media_type: "application/json;charset=utf-8", body, delay: 0, cut: Cut::Whole }
    }

    /// An answer of another type.
    #[must_use]
    pub fn other(status: u16, media_type: &'static str, body: &str) -> Self {
        Self { media_type, body: body.as_bytes().to_vec(), ..Self::json(status, &Value::Null) }
    }
}

/// A request of the simulator to its client: a callback.
#[derive(Clone, Debug)]
pub struct Push {
    /// The number by which its outcome is reported.
    pub id: u64,
    /// Where to; `http` only.
    pub url: String,
    /// The body, JSON.
    pub body: String,
    /// How long its answer may take, in real time.
    pub patience: Millis,
}

/// Status and body, or why there is none.
pub type Outcome = Result<(u16, Vec<u8>), String>;

/// What a vendor answers a request with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// At once.
    Now(Reply),
    /// After the client has been asked something; [`crate::vendor::Vendor::pushed`] then answers.
    After(Push),
}

/// A frame for an open socket.
#[derive(Clone, Debug)]
pub enum Frame {
    /// Text.
    Text(String),
    /// The closing frame, then the end.
    Close,
    /// The end without a word.
    Drop,
}
