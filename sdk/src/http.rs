//! HTTP requests to granted hosts. TLS, proxies, tokens and limits are the host's.

use crate::fault::Fault;
use serde::de::DeserializeOwned;

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::http as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::http as host;

#[doc(inline)]
pub use crate::bindings::imports::rosterd::connector::http::{Request, Response};

/// A GET of an absolute url.
pub fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

/// A POST to an absolute url.
pub fn post(url: impl Into<String>) -> Request {
    Request::new("POST", url)
}

/// Sends several requests together; answers in the order of the requests.
#[must_use]
pub fn send_all(requests: &[Request]) -> Vec<Result<Response, Fault>> {
    host::send_all(requests)
}

impl Request {
    /// A request of any method (upper case) to an absolute url.
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
            auth: None,
            buckets: Vec::new(),
        }
    }

    /// The same with one more query parameter, percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.push(if self.url.contains('?') { '&' } else { '?' });
        push_percent_encoded(&mut self.url, name);
        self.url.push('=');
        push_percent_encoded(&mut self.url, value);
        self
    }

    /// The same with one more header; the name in lower case.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(self, value: &serde_json::Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// The same with an auth recipe of the manifest.
    #[must_use]
    pub fn auth(mut self, recipe: &str) -> Self {
        self.auth = Some(recipe.to_owned());
        self
    }

    /// The same drawing from one more rate bucket of the manifest.
    #[must_use]
    pub fn bucket(mut self, name: &str) -> Self {
        self.buckets.push(name.to_owned());
        self
    }

    /// The same with a limit for the whole exchange.
    #[must_use]
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.timeout_ms = Some(milliseconds);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// There is no answer at all. An answer with any status is no error: see [`Response::success`].
    pub fn send(&self) -> Result<Response, Fault> {
        host::send(self)
    }
}

impl Response {
    /// The first header of this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as a type.
    ///
    /// # Errors
    /// `transient` if it is not the JSON that was expected: a proxy's page, a truncated answer.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Fault::transient(format!("the answer (status {}) is not the JSON that was expected: {error}", self.status))
        })
    }

    /// The response if its status is 2xx, else the fault that the status usually means.
    ///
    /// # Errors
    /// `unauthorized`, `forbidden`, `not-found`, `conflict`, `rate-limited` (with Retry-After in seconds),
    /// `timeout`, `invalid` for other 4xx, `transient` for the rest.
    pub fn success(self) -> Result<Self, Fault> {
        let fault: fn(String) -> Fault = match self.status {
            200..=299 => return Ok(self),
            401 => Fault::unauthorized,
            403 => Fault::forbidden,
            404 | 410 => Fault::not_found,
            409 | 412 => Fault::conflict,
            429 => Fault::rate_limited,
            408 | 504 => Fault::timeout,
            400..=499 => Fault::invalid,
            _ => Fault::transient,
        };
        let mut fault = fault(format!("the remote system answered with status {}", self.status));
        if let Some(seconds) = self.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok()) {
            fault = fault.retry_after(seconds.saturating_mul(1000));
        }
        Err(fault.detail(&serde_json::json!({ "status": self.status })))
    }
}

/// Appends text percent-encoded, so that it can stand in any place of a url: only letters, digits and `-._~` stay.
pub fn push_percent_encoded(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            url.push('%');
            url.push(char::from(HEX[usize::from(byte >> 4)]));
            url.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}
