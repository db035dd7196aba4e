//! Requests as a client writes them, byte by byte, and what comes back.

use serde_json::Value as Json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its head, as it came.
    pub head: String,
    /// Its body as JSON; null: it is none.
    pub body: Json,
    /// Its body as it came.
    pub text: String,
}

impl Reply {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Somebody who shows a token at an address.
#[derive(Debug, Clone)]
pub struct Client {
    /// Where the hub listens: `127.0.0.1:1234`.
    pub address: String,
    /// Before every target: `/receive/okta`.
    pub base: String,
    /// What is shown; empty: nothing.
    pub token: String,
    /// The kind of the bodies.
    pub kind: &'static str,
}

impl Client {
    /// One request over a connection of its own; a body of null is none.
    ///
    /// # Panics
    /// Nobody answers.
    #[must_use]
    pub fn ask(&self, method: &str, target: &str, body: &Json) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, target, &[("content-type", self.kind)], body.as_bytes())
    }

    /// One request with these headers beside those of any request.
    ///
    /// # Panics
    /// Nobody answers.
    #[must_use]
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let Self { address, base, token, kind: _ } = self;
        let mut head = format!(
            "{method} {base}{target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        if !token.is_empty() {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        raw(address, &[format!("{head}\r\n").as_bytes(), body].concat())
    }
}

/// Sends bytes, and reads until the other end closes.
///
/// # Panics
/// Nobody answers.
#[must_use]
pub fn raw(address: &str, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    // Who is refused early may not be read to the end.
    drop(stream.write_all(bytes));
    let mut all = Vec::new();
    drop(stream.read_to_end(&mut all));
    let text = String::from_utf8_lossy(&all);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        unchunked(body)
    } else {
        body.to_owned()
    };
    Reply { status, head: head.to_owned(), body: serde_json::from_str(&body).unwrap_or(Json::Null), text: body }
}

fn unchunked(mut rest: &str) -> String {
    let mut all = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || after.len() < size {
            break;
        }
        all.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    all
}
