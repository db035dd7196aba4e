//! What follows from an answer, and from none.

use super::{answer, apply, create, in_idaas, world};
use rosterd_sdk::http::Response;
use rosterd_sdk::{Fault, FaultKind, Receipt};
use serde_json::{Value, json};

/// The receipt for one event that is answered so.
fn receipt(settings: &Value, answer: Result<Response, Fault>) -> Receipt {
    let _world = world(settings).http(move |_| answer.clone()).enter();
    apply(vec![create("k", &json!({ "id": "1" }))]).remove(0)
}

/// Which of the receipts, the kind of fault, and how long to wait in milliseconds.
fn told(receipt: Receipt) -> (&'static str, Option<FaultKind>, Option<u64>) {
    match receipt {
        Receipt::Applied(applied) => (if applied.id == "1" { "applied" } else { "applied to another" }, None, None),
        Receipt::Failed(fault) => ("failed", Some(fault.kind), fault.retry_after_ms),
        Receipt::Unknown(fault) => ("unknown", Some(fault.kind), fault.retry_after_ms),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_status_tells() {
    use FaultKind as Kind;
    let table = [
        (&[200, 201, 202, 204, 299][..], "applied", None),
        (&[300, 301, 302, 307, 308], "failed", Some(Kind::Settings)),
        (&[400, 404, 405, 409, 413, 415, 418, 422, 451], "failed", Some(Kind::Invalid)),
        (&[401], "failed", Some(Kind::Unauthorized)),
        (&[403], "failed", Some(Kind::Forbidden)),
        (&[408, 425], "failed", Some(Kind::Transient)),
        (&[410], "failed", Some(Kind::Settings)),
        (&[429], "failed", Some(Kind::RateLimited)),
        (&[500, 501, 502, 503, 504, 599], "unknown", Some(Kind::Transient)),
    ];
    for (statuses, word, kind) in table {
        for status in statuses {
            let receipt = receipt(&json!({}), Ok(answer(*status, "<html>no</html>")));
            assert_eq!(told(receipt), (word, kind, None), "{status}");
        }
    }
}

#[test]
fn retry_after_is_kept_within_bounds() {
    let asks = |status, value: &str| {
        let headers = vec![("retry-after".to_owned(), value.to_owned())];
        told(receipt(&json!({}), Ok(Response { status, headers, body: Vec::new() }))).2
    };
    assert_eq!((asks(429, "7"), asks(503, " 120 ")), (Some(7_000), Some(120_000)));
    assert_eq!(asks(429, "99999999"), Some(86_400_000), "a day at most");
    for odd in ["soon", "-1", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", ""] {
        assert_eq!(asks(429, odd), None, "{odd}");
    }
}

#[test]
fn no_answer_is_no_refusal() {
    let unsent = |fault: Fault| fault.detail(&json!({ "sent": false }));
    for (fault, word) in [
        (Fault::timeout("15 s"), "unknown"),
        (Fault::transient("the answer broke off"), "unknown"),
        (Fault::internal("lost"), "unknown"),
        (Fault::incomplete("33 MiB"), "unknown"),
        (Fault::cancelled("the run ends"), "unknown"),
        (unsent(Fault::transient("no connection")), "failed"),
        (unsent(Fault::timeout("no connection in 20 s")), "failed"),
        (Fault::denied("no grant"), "failed"),
        (Fault::rate_limited("the bucket is closed"), "failed"),
    ] {
        let (seen, kind, _) = told(receipt(&json!({}), Err(fault.clone())));
        let expected = if fault.kind == FaultKind::Incomplete { FaultKind::Transient } else { fault.kind };
        assert_eq!((seen, kind), (word, Some(expected)), "{fault:?}");
    }
}

#[test]
fn what_the_endpoint_says_is_bounded_and_harmless() {
    let text = format!("no such tenant\u{1b}[2J\n{}", "x".repeat(500));
    let said = json!({ "code": 7, "message": text }).to_string();
    let Receipt::Failed(fault) = receipt(&json!({}), Ok(answer(422, &said))) else { panic!("it was refused") };
    assert!(
        fault.message.contains("answers 422 (\"no such tenant [2J x") && fault.message.len() < 320,
        "{}",
        fault.message
    );
    assert!(!fault.message.contains("tenant=7"), "no url in a message");
}

#[test]
fn the_lists_of_the_idaas_form_tell() {
    use FaultKind as Kind;
    let list =
        |name: &str, id: &str| json!({ name: [{ "eventId": id, "eventCode": "c", "eventMessage": "m" }] }).to_string();
    let table = [
        (list("successEvents", "evnt_k"), "applied", None),
        (list("skippedEvents", "evnt_k"), "applied", None),
        (list("failedEvents", "evnt_k"), "failed", Some(Kind::Invalid)),
        (list("retriedEvents", "evnt_k"), "failed", Some(Kind::Transient)),
        (list("successEvents", "evnt_other"), "unknown", Some(Kind::Transient)),
        (json!({ "successEvents": [{ "eventId": 7 }, null, "evnt_k"] }).to_string(), "unknown", Some(Kind::Transient)),
        (json!({ "successEvents": { "eventId": "evnt_k" } }).to_string(), "unknown", Some(Kind::Transient)),
        ("[]".to_owned(), "unknown", Some(Kind::Transient)),
        (String::new(), "unknown", Some(Kind::Transient)),
        ("success".to_owned(), "unknown", Some(Kind::Transient)),
        (list("successEvents", "evnt_k") + &" ".repeat(70_000), "unknown", Some(Kind::Transient)),
    ];
    for (body, word, kind) in table {
        let (seen, fault, _) = told(receipt(&in_idaas(&json!({})), Ok(answer(200, &body))));
        assert_eq!((seen, fault), (word, kind), "{}", &body[..body.len().min(200)]);
    }
    let refused =
        receipt(&in_idaas(&json!({})), Ok(answer(400, r#"{"error":"bad_request","errorDescription":"skew"}"#)));
    assert!(matches!(&refused, Receipt::Failed(fault) if fault.message.contains("400 (\"skew\")")), "{refused:?}");
}
