//! The way to the provider, and the bounds of what comes back.

use super::refusal::{Refusal, Refused};
use super::validate::{is_loopback, is_safe};
use openidconnect::url::Url;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rosterd_model::port::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A larger answer of a provider is not read.
pub const LARGEST_ANSWER: usize = 512 << 10;
/// A provider that does not answer in this time is not there.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a request to a provider. Whoever implements it checks where the request goes (private addresses are refused unless
/// they are granted), verifies TLS, follows no redirect, and reads no more than [`LARGEST_ANSWER`] bytes.
pub trait Fetch: Send + Sync {
    /// The answer, or why there is none, as a sentence without secrets.
    fn fetch(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, String>>;
}

/// The same within bounds of time and size, in the shape that openidconnect wants.
#[derive(Clone)]
pub(super) struct Bounded {
    fetch: Arc<dyn Fetch>,
    /// True: the provider is on this machine, and may be asked without TLS.
    local: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Nobody answered.
    Unreachable(String),
    /// What came is too large.
    TooLarge,
    /// The provider sent us to an address without TLS.
    ClearText(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => f.write_str(why),
            Self::ClearText(host) => write!(f, "the provider names an address at {host} that is not https"),
            Self::TooLarge => write!(f, "the answer has more than {LARGEST_ANSWER} bytes"),
        }
    }
}

impl std::error::Error for NoAnswer {}

impl From<NoAnswer> for Refused {
    fn from(no_answer: NoAnswer) -> Self {
        let refusal = match no_answer {
            NoAnswer::Unreachable(_) => Refusal::Unreachable,
            NoAnswer::TooLarge | NoAnswer::ClearText(_) => Refusal::Answer,
        };
        Self::new(refusal, no_answer.to_string())
    }
}

impl Bounded {
    pub(super) fn new(fetch: Arc<dyn Fetch>, issuer: &Url) -> Self {
        Self { fetch, local: is_loopback(issuer) && issuer.scheme() == "http" }
    }

    /// True if requests may go there, or the browser: over TLS, or on this machine if the provider is there.
    pub(super) fn may_go(&self, url: &Url) -> bool {
        is_safe(url) && (url.scheme() == "https" || self.local)
    }

    /// Sends one request.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        // Addresses come from documents of the provider.
        let url = Url::parse(&request.uri().to_string());
        if !url.is_ok_and(|url| self.may_go(&url)) {
            return Err(NoAnswer::ClearText(request.uri().host().unwrap_or_default().to_owned()));
        }
        let answer = tokio::time::timeout(PATIENCE, self.fetch.fetch(request)).await;
        let answer = answer.map_err(|_| NoAnswer::Unreachable("it did not answer in time".to_owned()))?;
        let answer = answer.map_err(NoAnswer::Unreachable)?;
        if answer.body().len() > LARGEST_ANSWER { Err(NoAnswer::TooLarge) } else { Ok(answer) }
    }
}

impl<'c> AsyncHttpClient<'c> for Bounded {
    type Error = NoAnswer;
    type Future = BoxFuture<'c, Result<HttpResponse, NoAnswer>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
