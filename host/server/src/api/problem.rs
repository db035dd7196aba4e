//! What went wrong, as RFC 9457 has it.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rosterd_model::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of all of them.
pub(super) const MEDIA: &str = "application/problem+json";
/// Seconds after which a client may come again, if nobody says a better time.
const LATER: u64 = 5;

/// One thing of a body that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct Finding {
    /// Where, as a JSON pointer (RFC 6901); empty for the whole body.
    #[schema(max_length = 1024)]
    pub(super) pointer: String,
    /// What is wrong with it, as a sentence.
    #[schema(max_length = 4096)]
    pub(super) detail: String,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Problem {
    /// The kind of problem, as a URN.
    #[serde(rename = "type")]
    #[schema(max_length = 128)]
    pub(super) kind: String,
    /// The status in words.
    #[schema(max_length = 128)]
    pub(super) title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub(super) status: u16,
    /// What happened and what to do, as sentences.
    #[schema(max_length = 8192)]
    pub(super) detail: String,
    /// What of the body is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub(super) errors: Vec<Finding>,
    /// The case that an operator of the hub has to decide first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) case: Option<u64>,
    /// Seconds after which the same request may be sent again.
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) retry_after: Option<u64>,
}

/// What handlers answer that can not do what they are asked.
pub(super) type Refused = Box<Problem>;

impl Problem {
    pub(super) fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Refused {
        Box::new(Self {
            kind: format!("urn:rosterd:problem:{kind}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            case: None,
            retry_after: None,
        })
    }

    /// The word for the kind, without what all have in front of it.
    pub(super) fn word(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    /// A body of which something is wrong.
    pub(super) fn invalid(errors: Vec<Finding>) -> Refused {
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            all => format!("{} things of the body can not be used; \"errors\" names them", all.len()),
        };
        Box::new(Self { errors, ..*Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail) })
    }

    /// One thing of a body that is wrong.
    pub(super) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Refused {
        Self::invalid(vec![Finding { pointer: pointer.into(), detail: detail.into() }])
    }

    /// A parameter that can not be used.
    pub(super) fn parameter(detail: impl Into<String>) -> Refused {
        Self::new(StatusCode::BAD_REQUEST, "parameter", detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Refused {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(super) fn internal() -> Refused {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the hub could not do this because of an error of its own; its log says more to the operator",
        )
    }
}

/// Faults of the directory and of the hub, each with the status that says who must act.
impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        use FaultKind as Kind;
        let status = match fault.kind {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unsupported => StatusCode::BAD_REQUEST,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::AlreadyExists | Kind::Conflict | Kind::Held => StatusCode::CONFLICT,
            Kind::CursorInvalid => StatusCode::GONE,
            Kind::Unauthorized | Kind::Forbidden | Kind::Denied => StatusCode::FORBIDDEN,
            Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Kind::Transient | Kind::Timeout | Kind::Incomplete | Kind::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Settings | Kind::Internal => return *Self::internal(),
        };
        let mut problem = *Self::new(status, fault.kind.as_str(), fault.message);
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            problem.retry_after = Some(fault.retry_after_ms.map_or(LATER, |ms| ms.div_ceil(1_000).max(1)));
        }
        let detail: Option<serde_json::Value> = serde_json::from_str(&fault.detail).ok();
        problem.case = detail.and_then(|detail| detail.get("case")?.as_u64());
        if fault.kind == Kind::Invalid {
            let pointer = fault.subject.map(|subject| format!("/{}", escaped(&subject))).unwrap_or_default();
            problem.errors.push(Finding { pointer, detail: problem.detail.clone() });
        }
        problem
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::new(fault.into())
    }
}

/// A name as a part of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (*self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(kind: FaultKind) -> u16 {
        Problem::from(Fault::new(kind, "because")).status
    }

    #[test]
    fn every_kind_of_fault_says_by_its_status_who_must_act() {
        let expected = [
            (FaultKind::Invalid, 422),
            (FaultKind::Unsupported, 400),
            (FaultKind::NotFound, 404),
            (FaultKind::AlreadyExists, 409),
            (FaultKind::Conflict, 409),
            (FaultKind::CursorInvalid, 410),
            (FaultKind::Denied, 403),
            (FaultKind::RateLimited, 429),
            (FaultKind::Transient, 503),
            (FaultKind::Internal, 500),
        ];
        for (kind, code) in expected {
            assert_eq!(status(kind), code, "{kind}");
        }
    }

    #[test]
    fn what_waits_for_an_operator_names_the_case_and_what_is_the_hubs_own_error_says_nothing_of_it() {
        let fault = Fault { detail: r#"{"case":7}"#.to_owned(), ..Fault::new(FaultKind::Conflict, "who is it") };
        assert_eq!(Problem::from(fault).case, Some(7));
        assert!(!Problem::from(Fault::new(FaultKind::Internal, "table x is broken")).detail.contains("table"));
        let later = Fault { retry_after_ms: Some(1_200), ..Fault::new(FaultKind::RateLimited, "too many") };
        assert_eq!(Problem::from(later).retry_after, Some(2));
    }
}
