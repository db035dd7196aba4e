//! What the hub itself answers when it can not do what was asked: problems as RFC 9457 has them.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// An answer with a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// What is wrong and what to do, as a sentence for the author of the client.
    pub detail: String,
    /// Seconds after which it may go better.
    pub retry_after: Option<u64>,
    /// The challenge of RFC 6750, where a token is needed.
    pub challenge: Option<&'static str>,
}

impl Problem {
    /// A problem.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None, challenge: None }
    }

    /// 429.
    #[must_use]
    pub fn too_often(seconds: u64) -> Self {
        let detail = format!("too many requests; come again in {seconds} seconds");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// 503: nothing is wrong with the request.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "the hub can not answer at present; come again";
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }
}

/// How a problem is told at a path whose clients expect another form; none: as RFC 9457 has it.
pub type Tell = Arc<dyn Fn(&str, &Problem) -> Option<Response> + Send + Sync>;

impl Problem {
    /// The problem in the form of its path. When to come again and what is to be shown stand in it whatever the form is.
    pub(crate) fn told(self, tell: Option<&Tell>, path: &str) -> Response {
        match tell.and_then(|tell| tell(path, &self)) {
            Some(response) => self.headed(response),
            None => self.into_response(),
        }
    }

    fn headed(&self, mut response: Response) -> Response {
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = Response::new(Body::from(body.to_string()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        self.headed(response)
    }
}
