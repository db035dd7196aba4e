//! Events for the dingtalk connector: callbacks that anybody may send, and what a gateway says.

use crate::input::{fields, text};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_plugin_dingtalk::event::{Event, MOST, Told, told};
use rosterd_plugin_dingtalk::listener::gateway::place;
use rosterd_plugin_dingtalk::receiver::envelope::{pack, unpack};
use rosterd_sdk::http::Response;
use rosterd_sdk::receiver::Request;
use rosterd_sdk::testkit::secrets::Call;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Class, Fault, Hint, Listener, Receiver, Subscription};
use serde_json::{Map, Value, json};

/// Hints that the hub takes at once.
const HINTS: usize = 1000;

/// A hub whose digests are zeros, and to which every sealed text opens as `plain`.
fn world(plain: Vec<u8>) -> World {
    let crypto = move |call: &Call| match call.function {
        "digest" => Ok(vec![0; 20]),
        "decrypt" => Ok(plain.clone()),
        _ => Ok(vec![0; 32]),
    };
    let settings = json!({ "app-key": "k", "corp-id": "c", "details": "each", "gateways": ["ws://g"] });
    let world = World::new().settings(settings).crypto(crypto);
    world.secret("callback-token", "t").secret("aes-key", "k").secret("app-secret", "s")
}

/// What the hub stores: names are no control characters, and nobody unnamed is called deleted.
fn look_at(hints: &[Hint]) {
    assert!(hints.len() <= HINTS, "{}", hints.len());
    for hint in hints {
        assert!(hint.id.as_ref().is_none_or(|id| !id.is_empty() && !id.chars().any(char::is_control)));
        assert!(hint.id.is_some() || !hint.detail.contains("\"deleted\""));
        assert!(serde_json::from_str::<Map<String, Value>>(&hint.detail).is_ok());
    }
}

/// A callback: any query and body; and a signed one, whose envelope holds anything.
pub fn dingtalk_callback(bytes: &[u8]) {
    let [query, body, plain] = fields(bytes);
    if let Some(opened) = unpack(plain) {
        assert!(pack(&opened.message, &opened.owner, &plain[..16]).is_ok());
    }
    let _world = world(plain.to_vec()).enter();
    let Ok(mut connector) = open::<Dingtalk>() else { panic!("the settings are good") };
    let mut send = |query: String, body: Vec<u8>| {
        let (method, path, context) = ("POST".to_owned(), "/".to_owned(), "{}".to_owned());
        let answer = connector.handle(Request { method, path, query, headers: vec![], body, context });
        assert!(matches!(answer.response.status, 200 | 403 | 413), "{}", answer.response.status);
        assert!(answer.response.status == 200 || answer.hints.is_empty());
        look_at(&answer.hints);
    };
    send(text(query), body.to_vec());
    let signed = format!("signature={}&timestamp=1767225600000&nonce=n", "0".repeat(40));
    send(signed, format!("{{\"encrypt\":\"{}=\"}}", "A".repeat(43)).into_bytes());
}

/// An event of any type that says anything.
pub fn dingtalk_event(bytes: &[u8]) {
    let [kind, id, said] = fields(bytes);
    let (kind, id) = (text(kind), text(id));
    let fields: Map<String, Value> = serde_json::from_slice(said).unwrap_or_default();
    for each in [true, false] {
        if let Told::Look(hints) = told(&Event { kind: &kind, id: Some(&id), at_ms: None, fields: &fields }, each) {
            assert!((1..=MOST).contains(&hints.len()));
            look_at(&hints);
        }
    }
}

/// A gateway that names any place, and then says anything behind its hand-shake, or in place of it.
pub fn dingtalk_socket(bytes: &[u8]) {
    let [endpoint, ticket, said] = fields(bytes);
    let (endpoint, ticket) = (text(endpoint), text(ticket));
    if let Some(place) = place(&endpoint, &ticket) {
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(plain(&place.host) && plain(&place.path) && place.path.starts_with('/') && place.port > 0);
    }
    let head = "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    for head in [head, ""] {
        let mut first = Some([head.as_bytes(), said].concat());
        let opened = json!({ "endpoint": "ws://g/", "ticket": "t" }).to_string().into_bytes();
        let world =
            world(Vec::new()).http(move |_| Ok(Response { status: 200, headers: vec![], body: opened.clone() }));
        let _world = world.stream("g", 80, move |_| first.take().unwrap_or_default()).enter();
        let Ok(mut connector) = open::<Dingtalk>() else { panic!("the settings are good") };
        let mut listened: Result<_, Fault> = connector.listen(&[Class::Account, Class::OrgUnit]);
        let Ok(subscription) = &mut listened else { continue };
        // Each answer with hints takes a frame of at least two bytes.
        for _ in 0..=bytes.len() {
            match subscription.next(1) {
                Ok(hints) if hints.is_empty() => break,
                Ok(hints) => look_at(&hints),
                Err(fault) => {
                    assert!(!fault.message.is_empty());
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const QUERY: &[&str] =
        &["&", "=", "signature", "msg_signature", "timestamp", "nonce", "%", "%41", "+", "1767225600000", "%ff", "x"];
    const SAID: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"EventType\":\"user_add_org\"",
        "\"userId\":",
        "\"DeptId\":",
        "\"u1\"",
        "7",
        "null",
        "\"CorpId\":\"c\"",
        "\"eventId\":\"e\"",
        "\"type\":\"EVENT\"",
        "\"headers\":",
        "\"messageId\":\"m\"",
        "\"data\":\"{}\"",
        "\"eventType\":\"org_dept_remove\"",
        "\u{20bb7}",
        "\\u0000",
    ];
    const KINDS: &[&str] =
        &["user_leave_org", "org_dept_remove", "org_change", "org_remove", "label_conf_del", "check_url", "x"];

    /// A frame with its length right, so that what is in it is reached.
    fn frame(first: u8, said: &str) -> Vec<u8> {
        let length = u16::try_from(said.len()).unwrap_or(0).to_be_bytes();
        [&[first, 126, length[0], length[1]], said.as_bytes()].concat()
    }

    /// The plain text of an envelope around a message.
    fn enveloped(said: &str) -> Vec<u8> {
        super::pack(said.as_bytes(), b"k", &[7; 16]).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn callbacks(query in words(QUERY, 12), said in words(SAID, 12), any in bytes(80)) {
            super::dingtalk_callback(&any);
            super::dingtalk_callback(&join(&[query.as_bytes(), said.as_bytes(), &any[..]]));
            super::dingtalk_callback(&join(&[query.as_bytes(), said.as_bytes(), &enveloped(&said)[..]]));
            let whole = format!("{{\"EventType\":\"user_leave_org\",\"userId\":[{said}]}}");
            super::dingtalk_callback(&join(&[query.as_bytes(), b"", &enveloped(&whole)[..]]));
        }

        #[test]
        fn events(kind in proptest::sample::select(KINDS), id in ".{0,140}", said in words(SAID, 8)) {
            super::dingtalk_event(&join(&[kind.as_bytes(), id.as_bytes(), said.as_bytes()]));
            let whole = format!("{{\"userId\":[{said}],\"DeptId\":[{said}]}}");
            super::dingtalk_event(&join(&[kind.as_bytes(), id.as_bytes(), whole.as_bytes()]));
        }

        #[test]
        fn sockets(place in ".{0,30}", first in any::<u8>(), said in words(SAID, 12), any in bytes(80)) {
            super::dingtalk_socket(&any);
            let (bare, whole) = (frame(first, &said), frame(0x81, &format!("{{\"type\":\"EVENT\",\"headers\":{{\"messageId\":\"m\",{said}}}}}")));
            for said in [bare, whole, any] {
                super::dingtalk_socket(&join(&[place.as_bytes(), place.as_bytes(), &said[..]]));
                super::dingtalk_socket(&join(&[format!("wss://{place}").as_bytes(), place.as_bytes(), &said[..]]));
            }
        }
    }
}
