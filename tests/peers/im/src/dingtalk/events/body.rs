//! How an event is written: in one of two spellings, in the envelope of callbacks, or in a frame of a socket.

use super::Event;
use crate::clock::{Millis, SECOND};
use crate::crypto::Envelope;
use crate::dingtalk::state::{Callback, SignatureName, Spelling};
use crate::exchange::Push;
use crate::vendor::{random, random_text};
use serde_json::{Map, Value, json};

/// How long an address may take to answer.
const PATIENCE: Millis = 1_500;

/// What a callback says before it is sealed.
pub(in crate::dingtalk) fn plain(event: &Event, corp: &str, spelling: Spelling) -> String {
    let born = event.born.to_string();
    let mut body = Map::new();
    body.insert("EventType".into(), event.kind.clone().into());
    match spelling {
        Spelling::Current => {
            body.insert("EventTime".into(), event.born.into());
            body.insert("CorpId".into(), corp.into());
            body.insert("BizId".into(), born.into());
            body.insert("eventId".into(), event.id.clone().into());
            body.extend(about(event, "timeStamp", "userId", "deptId"));
        }
        Spelling::Legacy => {
            body.insert("CorpId".into(), corp.into());
            body.extend(about(event, "TimeStamp", "UserId", "DeptId"));
        }
    }
    Value::Object(body).to_string()
}

/// What an event is about, by the names of a spelling.
fn about(event: &Event, time: &str, users: &str, departments: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert(time.into(), event.born.to_string().into());
    if !event.users.is_empty() {
        body.insert(users.into(), json!(event.users));
    }
    if !event.departments.is_empty() {
        body.insert(departments.into(), json!(event.departments));
    }
    body.extend(event.more.clone());
    body
}

/// A message in the envelope, on its way to the address of a subscription.
pub(in crate::dingtalk) fn sealed(id: u64, callback: &Callback, keys: &Envelope, message: &str, now: Millis) -> Push {
    let sealed = keys.seal(message.as_bytes(), random());
    let (time, nonce) = (now.to_string(), random_text::<8>());
    let signature = keys.sign(&time, &nonce, &sealed);
    let names: &[&str] = match callback.signature {
        SignatureName::Both => &["signature", "msg_signature"],
        SignatureName::Signature => &["signature"],
        SignatureName::MsgSignature => &["msg_signature"],
    };
    let signed: String = names.iter().map(|name| format!("{name}={signature}&")).collect();
    let joint = if callback.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{joint}{signed}timestamp={time}&nonce={nonce}", callback.url);
    Push { id, url, body: json!({ "encrypt": sealed }).to_string(), patience: PATIENCE }
}

/// A frame of a socket. `data` is JSON in a string.
pub(in crate::dingtalk) fn frame(
    event: &Event,
    corp: &str,
    app: &str,
    connection: &str,
    message: &str,
    now: Millis,
) -> Value {
    let data = Value::Object(about(event, "timeStamp", "userId", "deptId")).to_string();
    let headers = json!({
        "appId": app, "connectionId": connection, "contentType": "application/json", "messageId": message,
        "time": now.to_string(), "topic": "*", "eventType": event.kind, "eventBornTime": event.born.to_string(),
        "eventId": event.id, "eventCorpId": corp, "eventUnifiedAppId": format!("unified-{app}"),
    });
    json!({ "specVersion": "1.0", "type": "EVENT", "headers": headers, "data": data })
}

/// When the next attempt follows, after so many that failed; none after the last.
pub(super) fn next_attempt(failed: u32) -> Option<Millis> {
    match failed {
        1 => Some(10 * SECOND),
        2 => Some(30 * SECOND),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dingtalk::events::event;

    #[test]
    fn an_event_has_two_spellings() {
        let mut event = event("user_add_org", 1_767_225_600_000, vec!["u1001".to_owned()], Vec::new());
        event.id = "c7c7120f2c07419".to_owned();
        assert_eq!(
            plain(&event, "dingcorp0001", Spelling::Legacy),
            r#"{"EventType":"user_add_org","CorpId":"dingcorp0001","TimeStamp":"1767225600000","UserId":["u1001"]}"#
        );
        assert_eq!(
            plain(&event, "dingcorp0001", Spelling::Current),
            r#"{"EventType":"user_add_org","EventTime":1767225600000,"CorpId":"dingcorp0001","BizId":"1767225600000","eventId":"c7c7120f2c07419","timeStamp":"1767225600000","userId":["u1001"]}"#
        );
    }
}
