//! What a request says: who calls, what he asks by parameters, and what stands in its body.

use super::problem::{Finding, Problem, Refused, escaped};
use crate::{Caller, Scope};
use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;
use std::time::Duration;

/// A larger body is not read; imports have no such end, but each of their lines has.
pub(super) const LARGEST_BODY: usize = 1 << 20;
/// Whoever does not send a body in this time is left.
const PATIENCE: Duration = Duration::from_secs(30);

/// The client, if it may do this.
pub(super) fn allowed(parts: &Parts, scope: Scope) -> Result<Caller, Refused> {
    let caller = caller(parts)?;
    if caller.may(scope) {
        return Ok(caller);
    }
    let text = format!("the client \"{}\" lacks the scope {scope}; the operator of the hub can give it", caller.client);
    Err(Problem::new(StatusCode::FORBIDDEN, "scope", text))
}

/// The client.
pub(super) fn caller(parts: &Parts) -> Result<Caller, Refused> {
    parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
        let text =
            "nobody is known by this request; ask for a token at /oauth2/token and send it as Authorization: Bearer";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", text)
    })
}

/// What the parameters behind the question mark say. Unknown ones are refused: a filter that is spelled wrong would else
/// answer everything.
pub(super) fn parameters<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refused> {
    axum::extract::Query::try_from_uri(uri).map(|axum::extract::Query(all)| all).map_err(|error| {
        Problem::parameter(format!("the parameters of the address can not be used: {}", error.body_text()))
    })
}

/// True if the body is called by one of these names.
fn is_called(headers: &HeaderMap, media: &[&str]) -> bool {
    let name = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = name.split(';').next().unwrap_or_default().trim();
    media.iter().any(|one| essence.eq_ignore_ascii_case(one))
}

/// Refuses a body of another kind.
pub(super) fn must_be(headers: &HeaderMap, media: &[&str]) -> Result<(), Refused> {
    if is_called(headers, media) {
        return Ok(());
    }
    let text = format!("the body has to be {}, and Content-Type has to say so", media.join(" or "));
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", text))
}

/// The bytes of a body.
pub(super) async fn bytes(body: Body) -> Result<axum::body::Bytes, Refused> {
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST_BODY)).await;
    match read {
        Ok(Ok(bytes)) => Ok(bytes),
        Err(_) => {
            let text = format!("the body did not arrive within {} seconds", PATIENCE.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", text))
        }
        Ok(Err(error)) => {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(one) = cause {
                if one.is::<http_body_util::LengthLimitError>() {
                    let text = format!("the body has more than {LARGEST_BODY} bytes; send less at once");
                    return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", text));
                }
                cause = one.source();
            }
            Err(Problem::new(StatusCode::BAD_REQUEST, "body", "the body ended before it was complete"))
        }
    }
}

/// The JSON of a body.
pub(super) async fn json<T: DeserializeOwned>(parts: &Parts, body: Body) -> Result<T, Refused> {
    // By way of an object: a list would be taken for the fields in their order.
    fitted(Value::Object(object(parts, body, &["application/json"]).await?))
}

/// A JSON object, its members not looked at.
pub(super) async fn object(parts: &Parts, body: Body, media: &[&str]) -> Result<Map<String, Value>, Refused> {
    must_be(&parts.headers, media)?;
    parsed(&bytes(body).await?)
}

/// JSON from bytes: what is no JSON is a bad request, what does not fit is named by its place.
pub(super) fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let text = format!("the body is no UTF-8 from byte {} on", error.valid_up_to());
        Problem::new(StatusCode::BAD_REQUEST, "json", text)
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| placed(&error))?;
    reader.end().map_err(|error| no_json(&error))?;
    Ok(value)
}

/// A value as the type that it has to have.
pub(super) fn fitted<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_path_to_error::deserialize(value).map_err(|error| placed(&error))
}

fn no_json(error: &serde_json::Error) -> Refused {
    Problem::new(StatusCode::BAD_REQUEST, "json", format!("the body is no JSON: {error}"))
}

fn placed(error: &serde_path_to_error::Error<serde_json::Error>) -> Refused {
    if !error.inner().is_data() {
        return no_json(error.inner());
    }
    let pointer = error.path().iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    });
    let detail = error.inner().to_string();
    // What it says of lines and columns is about another text than the client's.
    let detail = detail.split(" at line ").next().unwrap_or_default().to_owned();
    Problem::invalid(vec![Finding { pointer: pointer.collect(), detail }])
}

/// What the client expects of the version: the header If-Match.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get(axum::http::header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let tag = |one: &str| {
        // Some clients leave out the marks.
        let bare = one.strip_prefix("W/").unwrap_or(one);
        let inner = bare.strip_prefix('"').and_then(|bare| bare.strip_suffix('"')).unwrap_or(bare);
        one == "*"
            || ((1..=16).contains(&inner.len()) && inner.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
    };
    if text.split(',').map(str::trim).all(tag) {
        return Ok(Some(text.to_owned()));
    }
    Err(Problem::parameter("If-Match is * or versions as ETag has them: \"1f\""))
}

/// True if If-Match names a version.
pub(super) fn names_version(header: &str, version: &str) -> bool {
    header
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one).trim_matches('"') == version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[allow(dead_code, reason = "only its type matters")]
        list: Vec<u8>,
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place() {
        let problem = parsed::<Shape>(br#"{"list":[1,"x"]}"#).expect_err("it is no number");
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, "/list/1"));
        let problem = parsed::<Shape>(br#"{"lists":[]}"#).expect_err("nobody knows this name");
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, "/lists"));
    }

    #[test]
    fn what_is_no_json_is_a_bad_request_however_deep_it_is() {
        for text in [&b"{"[..], b"", b"{} {}", b"{\"list\":[\xff]}"] {
            assert_eq!(parsed::<Map<String, Value>>(text).expect_err("no JSON").status, 400);
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(parsed::<Value>(deep.as_bytes()).expect_err("too deep").status, 400);
    }

    #[test]
    fn what_can_be_no_version_is_no_expectation() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(axum::http::header::IF_MATCH, text.parse().expect("it can stand in a head"));
            if_match(&headers)
        };
        for text in ["\"1f\"", "*", "1f", "W/\"1f\"", "\"a\", \"b\""] {
            assert!(of(text).is_ok(), "{text}");
        }
        for text in ["", "\"1f", "\"x\"", "\"00112233445566778\"", "1F"] {
            assert_eq!(of(text).expect_err("nobody gave it out").status, 400, "{text}");
        }
    }

    #[test]
    fn a_version_is_named_with_or_without_its_marks() {
        assert!(
            names_version("\"1f\"", "1f") && names_version("W/\"1f\"", "1f") && names_version("\"a\", \"1f\"", "1f")
        );
        assert!(names_version("*", "1f") && !names_version("\"2\"", "1f") && !names_version("", "1f"));
    }
}
