//! What the service provider answered, and what follows. Nothing of an answer is trusted: it is bounded, and read leniently.

use crate::convert::Resource;
use crate::place::get;
use rosterd_sdk::http::Response;
use rosterd_sdk::{Fault, FaultKind};
use serde_json::{Map, Value, json};

/// Letters of an answer that are told.
const TOLD: usize = 200;
/// A wait that is longer is none.
const LONGEST_WAIT_S: u64 = 86_400;

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It was done; the resource if the answer has one.
    Done(Option<Resource>),
    /// It certainly was not.
    Refused(Fault),
    /// Nobody knows.
    Doubtful(Fault),
}

/// The verdict on an exchange. `writes`: the request changes something if it arrives.
#[must_use]
pub fn verdict(answer: Result<Response, Fault>, writes: bool) -> Verdict {
    let response = match answer {
        Ok(response) => response,
        Err(fault) => return silent(fault, writes),
    };
    match response.status {
        204 | 205 => Verdict::Done(None),
        200..=299 => match serde_json::from_slice(&response.body) {
            Ok(Value::Object(mut resource)) => {
                let tagged = get(&resource, "meta")
                    .and_then(Value::as_object)
                    .is_some_and(|meta| get(meta, "version").is_some());
                // A proxy may add an ETag of its own to what has none.
                if let (false, Some(tag), Some(meta)) =
                    (tagged, response.header("etag"), resource.get_mut("meta").and_then(Value::as_object_mut))
                {
                    meta.insert("version".to_owned(), tag.into());
                }
                Verdict::Done(Some(resource))
            }
            // Some answer a write with nothing at all.
            _ if writes && response.body.iter().all(u8::is_ascii_whitespace) => Verdict::Done(None),
            _ => {
                let text = "what it says is no JSON object; is url the address of a SCIM service, and not of a page?";
                doubtful(told(&response, Fault::transient, text), writes)
            }
        },
        408 | 425 | 500 | 502..=599 => {
            doubtful(told(&response, Fault::transient, "its own failure; the next run tries again"), writes)
        }
        _ => Verdict::Refused(refused(&response)),
    }
}

/// True for what would meet every other object, too.
#[must_use]
pub const fn stops(fault: &Fault) -> bool {
    use FaultKind as Kind;
    matches!(
        fault.kind,
        Kind::Settings | Kind::Unauthorized | Kind::Denied | Kind::RateLimited | Kind::Cancelled | Kind::Timeout
    )
}

fn doubtful(fault: Fault, writes: bool) -> Verdict {
    if writes { Verdict::Doubtful(fault) } else { Verdict::Refused(fault) }
}

/// No answer: whether the service provider has done it is known only if nothing went out.
fn silent(fault: Fault, writes: bool) -> Verdict {
    let known = fault.certainly_not_sent() || matches!(fault.kind, FaultKind::RateLimited | FaultKind::Unauthorized);
    doubtful(fault, writes && !known)
}

fn refused(response: &Response) -> Fault {
    let error: Map<String, Value> = serde_json::from_slice(&response.body).unwrap_or_default();
    let kind = get(&error, "scimType").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    match (response.status, kind.as_str()) {
        (300..=399, _) => {
            told(response, Fault::settings, "a redirect, which is not followed; set url to where the service is")
        }
        (400 | 409, "uniqueness") | (409, "") => {
            told(response, Fault::already_exists, "another object is in the way; link it, or change the value")
        }
        (400, "mutability") => {
            told(response, Fault::invalid, "an attribute that can not be changed; take it out of the map")
        }
        (400, "expiredcursor" | "invalidcursor") => {
            told(response, Fault::incomplete, "the listing ended early; run again")
        }
        (400, "toomany") => told(response, Fault::incomplete, "too many objects fit; lower page-size"),
        (400, "invalidfilter") => told(response, Fault::unsupported, "it does not filter by this attribute"),
        (401, _) => told(
            response,
            Fault::unauthorized,
            "it does not accept the credentials; set the secrets of this connection",
        ),
        (403, _) => told(response, Fault::forbidden, "the credentials lack a right; give it to them there"),
        (404 | 410, _) => told(response, Fault::not_found, "it is not there"),
        (405 | 501, _) => told(response, Fault::unsupported, "it can not do this; see the setting write"),
        (409 | 412 | 428, _) => told(response, Fault::conflict, "somebody else changed it meanwhile; it is read again"),
        (413, _) => told(response, Fault::invalid, "the request is too large for it"),
        (429, _) => told(response, Fault::rate_limited, "too many requests"),
        _ => told(response, Fault::invalid, "it refuses these values"),
    }
}

/// A fault that says what the service provider answered, and what it says itself about it.
fn told(response: &Response, kind: fn(String) -> Fault, meaning: &str) -> Fault {
    let status = response.status;
    let reason = reason(&response.body).map(|reason| format!(" (\"{reason}\")")).unwrap_or_default();
    let fault =
        kind(format!("the service provider answers {status}{reason}: {meaning}")).detail(&json!({ "status": status }));
    // A date is the host's business, which has a bucket for it.
    let seconds = response.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok());
    match seconds {
        Some(seconds) => fault.retry_after(seconds.min(LONGEST_WAIT_S) * 1000),
        None => fault,
    }
}

/// A sentence of the service provider's, made harmless.
fn reason(body: &[u8]) -> Option<String> {
    let error: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let text = |name| get(&error, name).and_then(Value::as_str);
    let all = [text("scimType"), text("detail")].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    (!all.is_empty()).then(|| all.chars().take(TOLD).map(plain).collect())
}
