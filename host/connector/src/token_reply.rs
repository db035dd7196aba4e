//! What the answer to an exchange says: a token, or why there is none and who must act.
//!
//! Only a refusal of the credentials is `unauthorized`: that opens the breaker of a connection at once, and an operator
//! renews a secret. A limit, a page of a gate or of a proxy, and half an answer say nothing about the credentials.

use crate::bucket::retry_after;
use crate::condition::Answer;
use crate::http::Incoming;
use crate::manifest_parts::Reply;
use crate::template::plain;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::Value;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Longer codes are none, and may be anything.
const LONGEST_CODE: usize = 32;

pub(crate) struct Token {
    pub(crate) text: Zeroizing<String>,
    pub(crate) until: Option<Instant>,
    /// Counts up with each new one, so that of many requests that find a token expired only the first renews it.
    pub(crate) serial: u64,
}

/// The token in the answer of an exchange. `penalty`: the answer closes a bucket for so long.
pub(crate) fn read(reply: &Reply, incoming: &Incoming, penalty: Option<Duration>) -> Result<Token, Fault> {
    let answer = Answer::new(incoming);
    let good = reply.success.as_ref().map_or((200..300).contains(&incoming.status), |condition| answer.fits(condition));
    if !good {
        return Err(refused(reply, incoming, &answer, penalty));
    }
    let what = |kind, what: &str| Fault::new(kind, format!("{what} (status {})", incoming.status));
    let json = answer.json().ok_or_else(|| what(FaultKind::Transient, "the reply is no JSON"))?;
    let token = json.pointer(&reply.token).and_then(Value::as_str).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| what(FaultKind::Unauthorized, "the reply holds no token"))?;
    let stated = reply
        .expires_in
        .as_ref()
        .and_then(|pointer| json.pointer(pointer))
        .and_then(plain)
        .and_then(|text| text.parse::<u64>().ok());
    let life = stated
        .map(Duration::from_secs)
        .or(reply.lifetime.map(crate::units::Span::duration))
        .unwrap_or(Duration::from_secs(300));
    // A token that lives shorter than the margin is still used once.
    let until = Instant::now() + life.min(Duration::from_secs(86_400 * 30)).saturating_sub(reply.margin.duration());
    Ok(Token { text: Zeroizing::new(token.to_owned()), until: Some(until), serial: 0 })
}

fn refused(reply: &Reply, incoming: &Incoming, answer: &Answer<'_>, penalty: Option<Duration>) -> Fault {
    let status = incoming.status;
    let throttled = penalty.is_some() || status == 429;
    let busy = status >= 500 || reply.busy.iter().any(|condition| answer.fits(condition));
    // Who refuses credentials says so, with a status or with a code.
    let nothing_said = answer.json().is_none() && (status < 400 || is_page(incoming));
    let (kind, what) = if throttled {
        (FaultKind::RateLimited, "the remote system takes no calls for now")
    } else if busy {
        (FaultKind::Transient, "the remote system is busy")
    } else if nothing_said && status != 401 {
        (FaultKind::Transient, "the answer is none of the remote system, but a page or a part of one")
    } else {
        (FaultKind::Unauthorized, "the remote system refused the exchange")
    };
    let pointer = reply.success.as_ref().and_then(|condition| condition.pointer.as_ref());
    let code = pointer.and_then(|pointer| answer.json()?.pointer(pointer)).and_then(plain);
    let code = code.filter(|code| code.len() <= LONGEST_CODE).map(|code| format!(", code {code}"));
    let mut fault = Fault::new(kind, format!("{what} (status {status}{})", code.unwrap_or_default()));
    if throttled {
        let wait = penalty.or_else(|| incoming.header("retry-after").and_then(retry_after));
        fault.retry_after_ms = wait.and_then(|wait| u64::try_from(wait.as_millis()).ok());
    }
    fault
}

fn is_page(incoming: &Incoming) -> bool {
    incoming.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
        || incoming.body.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(status: u16, kind: &str, body: &str, penalty: Option<u64>) -> Fault {
        let reply = json!({
            "success": { "pointer": "/errcode", "values": [0] }, "busy": [{ "pointer": "/errcode", "values": [-1] }],
            "token": "/access_token", "expires-in": "/expires_in",
        });
        let reply: Reply = serde_json::from_value(reply).unwrap();
        let headers = vec![("content-type".to_owned(), kind.to_owned()), ("retry-after".to_owned(), "7".to_owned())];
        let incoming = Incoming { status, headers, body: body.as_bytes().to_vec() };
        read(&reply, &incoming, penalty.map(Duration::from_secs)).err().unwrap()
    }

    #[test]
    fn only_refused_credentials_are_unauthorized() {
        let json = "application/json";
        for (status, kind, body, wanted) in [
            (200, json, r#"{"errcode":40089}"#, FaultKind::Unauthorized),
            (401, json, "", FaultKind::Unauthorized),
            (401, "text/html", "<html>", FaultKind::Unauthorized),
            (400, json, r#"{"error":"invalid_client"}"#, FaultKind::Unauthorized),
            (403, json, r#"{"error":"access_denied"}"#, FaultKind::Unauthorized),
            (200, json, r#"{"errcode":0}"#, FaultKind::Unauthorized),
            (200, json, r#"{"errcode":-1}"#, FaultKind::Transient),
            (503, json, "", FaultKind::Transient),
            (403, "text/html; charset=utf-8", "<html>", FaultKind::Transient),
            (200, json, r#"{"errcode":0,"access_tok"#, FaultKind::Transient),
            (302, "text/plain", "", FaultKind::Transient),
            (200, "text/plain", "  <!doctype html>", FaultKind::Transient),
            (429, json, r#"{"errcode":40089}"#, FaultKind::RateLimited),
        ] {
            let fault = fault(status, kind, body, None);
            assert_eq!(fault.kind, wanted, "{status} {body}: {fault}");
            assert_eq!(fault.retry_after_ms, (status == 429).then_some(7_000), "{fault}");
        }
    }

    #[test]
    fn what_closes_a_bucket_is_a_limit_and_says_for_how_long() {
        let page = fault(403, "text/html", "<html>", Some(300));
        assert_eq!((page.kind, page.retry_after_ms), (FaultKind::RateLimited, Some(300_000)));
        let code = fault(200, "application/json", r#"{"errcode":90018}"#, Some(1));
        assert_eq!((code.kind, code.retry_after_ms), (FaultKind::RateLimited, Some(1_000)));
        assert!(code.message.ends_with("(status 200, code 90018)"), "{code}");
    }
}
