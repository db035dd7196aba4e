//! What an endpoint answered, and what follows. Nothing of an answer is trusted: it is bounded, and read leniently.

use rosterd_sdk::http::Response;
use rosterd_sdk::{Fault, FaultKind};
use serde_json::{Map, Value, json};

/// Bytes of an answer that are looked at.
const MOST: usize = 65_536;
/// Letters of an answer that are told.
const TOLD: usize = 200;
/// Where endpoints say what is wrong.
const REASONS: [&str; 5] = ["errorDescription", "error", "message", "detail", "description"];

/// What came of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The endpoint took it.
    Done,
    /// It certainly did not.
    Refused(Fault),
    /// Nobody knows.
    Doubtful(Fault),
}

/// The verdict on an exchange. `events`: the ids of which the answer must speak one by one; none: the status says it all.
#[must_use]
pub fn verdict(answer: Result<Response, Fault>, events: Option<&[String]>) -> Verdict {
    let response = match answer {
        Ok(response) => response,
        Err(fault) => return silent(fault),
    };
    match (response.status, events) {
        (200..=299, None) => Verdict::Done,
        (200..=299, Some(events)) => lists(&response.body, events),
        (500..=599, _) => {
            Verdict::Doubtful(told(&response, Fault::transient, "its own failure; the event is sent again"))
        }
        _ => Verdict::Refused(refused(&response)),
    }
}

/// True for what would meet every other event, too.
#[must_use]
pub const fn stops(fault: &Fault) -> bool {
    use FaultKind as Kind;
    match fault.kind {
        Kind::Settings | Kind::Unauthorized | Kind::Forbidden | Kind::Denied | Kind::RateLimited => true,
        Kind::Cancelled | Kind::Timeout => true,
        Kind::Transient => fault.retry_after_ms.is_some(),
        _ => false,
    }
}

/// No answer: whether the endpoint has the event is known only if nothing went out.
fn silent(fault: Fault) -> Verdict {
    let known = fault.certainly_not_sent() || matches!(fault.kind, FaultKind::RateLimited | FaultKind::Unauthorized);
    // An answer that is too long is no defect of this connector.
    let fault = match fault.kind {
        FaultKind::Incomplete => Fault { kind: FaultKind::Transient, ..fault },
        _ => fault,
    };
    if known { Verdict::Refused(fault) } else { Verdict::Doubtful(fault) }
}

fn refused(response: &Response) -> Fault {
    match response.status {
        300..=399 => {
            told(response, Fault::settings, "a redirect, which is not followed; set url to where the endpoint is")
        }
        401 => {
            told(response, Fault::unauthorized, "it does not accept the signature; compare the secrets and the clocks")
        }
        403 => told(response, Fault::forbidden, "it does not let us in"),
        408 | 425 => told(response, Fault::transient, "the event is sent again"),
        410 => told(
            response,
            Fault::settings,
            "it is gone for good; take this connection out of the configuration, or set its new url",
        ),
        429 => told(response, Fault::rate_limited, "too many events"),
        _ => told(response, Fault::invalid, "it refuses this event"),
    }
}

/// A fault that says what the endpoint answered, and what it says itself about it.
fn told(response: &Response, kind: fn(String) -> Fault, meaning: &str) -> Fault {
    let status = response.status;
    let reason = reason(&response.body).map(|reason| format!(" (\"{reason}\")")).unwrap_or_default();
    let fault = kind(format!("the endpoint answers {status}{reason}: {meaning}")).detail(&json!({ "status": status }));
    // A date is the host's business, which has a bucket for it.
    let seconds = response.header("retry-after").and_then(|text| text.trim().parse::<u32>().ok());
    match seconds {
        Some(seconds) => fault.retry_after(u64::from(seconds.min(86_400)) * 1000),
        None => fault,
    }
}

/// A sentence of the endpoint's, made harmless.
fn reason(body: &[u8]) -> Option<String> {
    let all: Map<String, Value> = serde_json::from_slice(body.get(..MOST.min(body.len()))?).ok()?;
    let text = REASONS.iter().find_map(|name| all.get(*name)?.as_str())?;
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    Some(text.chars().take(TOLD).map(plain).collect())
}

/// The answer of the IDaaS form: what became of each event.
fn lists(body: &[u8], events: &[String]) -> Verdict {
    let doubtful = |text: &str| Verdict::Doubtful(Fault::transient(format!("the endpoint answers 200, and {text}")));
    if body.len() > MOST {
        return doubtful("its answer has more than 64 KiB");
    }
    let Ok(all) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return doubtful(
            "its answer is no JSON object with successEvents, skippedEvents, failedEvents and retriedEvents",
        );
    };
    let mut worst = Verdict::Done;
    for event in events {
        let in_list = |list: &str| {
            let items = all.get(list).and_then(Value::as_array);
            items.into_iter().flatten().find(|item| item.get("eventId").and_then(Value::as_str) == Some(event.as_str()))
        };
        let said = |item: &Value| {
            let text = item.get("eventMessage").and_then(Value::as_str).unwrap_or_default();
            text.chars().take(TOLD).map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>()
        };
        // What is to come again counts more than what is final: all of a message goes out together.
        if let Some(item) = in_list("retriedEvents") {
            let text = format!("the endpoint wants {event} again later (\"{}\")", said(item));
            return Verdict::Refused(Fault::transient(text));
        }
        if let Some(item) = in_list("failedEvents") {
            let text = format!("the endpoint refuses {event} (\"{}\")", said(item));
            worst = Verdict::Refused(Fault::invalid(text));
        } else if in_list("successEvents").or_else(|| in_list("skippedEvents")).is_none() && worst == Verdict::Done {
            worst = doubtful(&format!("its answer does not name {event}"));
        }
    }
    worst
}
