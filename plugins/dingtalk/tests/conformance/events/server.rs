//! A gateway for events: gives tickets, shakes hands, says what a test wants, and keeps what it hears.

use super::NOW;
use super::envelope::hub;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_plugin_dingtalk::listener::Events;
use rosterd_sdk::http::{Request, Response};
use rosterd_sdk::testkit::http::json as reply;
use rosterd_sdk::testkit::stream::Server;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Class, Fault, Listener, Subscription};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What it is made to do, and what it saw.
#[derive(Default)]
pub(crate) struct Inside {
    out: VecDeque<Vec<u8>>,
    heard: Vec<u8>,
    /// Opcode and payload of what the client said.
    said: Vec<(u8, String)>,
    /// The head of each hand-shake.
    pub(crate) heads: Vec<String>,
    pub(crate) tls: Vec<bool>,
    /// Answers of the gateway instead of the right one; a ticket for each.
    pub(crate) opened: Option<(u16, Value)>,
    /// How a head is answered instead of rightly; `{accept}` stands for the right value.
    pub(crate) answer: Option<String>,
    /// Bytes that come with the answer, in the same piece.
    pub(crate) beside: Vec<u8>,
    /// Writes fail from now on.
    pub(crate) broken: bool,
    shaken: bool,
    tickets: usize,
}

/// Both ends of it.
#[derive(Clone, Default)]
pub(crate) struct Gateway(pub(crate) Rc<RefCell<Inside>>);

pub(crate) const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nconnection: keep-alive\r\nConnection: Upgrade\r\nupgrade: WebSocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n";

impl Server for Gateway {
    fn connected(&mut self, tls: bool) -> Result<(), Fault> {
        let mut inside = self.0.borrow_mut();
        inside.tls.push(tls);
        (inside.shaken, inside.heard) = (false, Vec::new());
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let inside = &mut *self.0.borrow_mut();
        if inside.broken {
            return Err(Fault::transient("the connection broke"));
        }
        inside.heard.extend(bytes);
        if !inside.shaken {
            let head = String::from_utf8(inside.heard.clone()).unwrap();
            if !head.ends_with("\r\n\r\n") {
                return Ok(());
            }
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            assert_eq!(STANDARD.decode(key).unwrap().len(), 16);
            let accept = STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
            let mut answer = inside.answer.as_deref().unwrap_or(RIGHT).replace("{accept}", &accept).into_bytes();
            answer.extend(std::mem::take(&mut inside.beside));
            inside.out.push_back(answer);
            inside.heads.push(head);
            (inside.shaken, inside.heard) = (true, Vec::new());
            return Ok(());
        }
        while let Some((opcode, payload, end)) = client_frame(&inside.heard) {
            inside.heard.drain(..end);
            inside.said.push((opcode, payload));
        }
        Ok(())
    }

    fn give(&mut self) -> Option<Vec<u8>> {
        self.0.borrow_mut().out.pop_front()
    }
}

/// A frame of a client, which must be masked.
fn client_frame(bytes: &[u8]) -> Option<(u8, String, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    assert_eq!((first & 0xf0, second & 0x80), (0x80, 0x80), "whole and masked");
    let (from, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()) as usize),
        short => (2, usize::from(short)),
    };
    let mask = bytes.get(from..from + 4)?;
    let payload = bytes.get(from + 4..from + 4 + length)?;
    let plain: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((first & 0x0f, String::from_utf8_lossy(&plain).into_owned(), from + 4 + length))
}

/// A frame of a server.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ ..126 => bytes.push(short as u8),
        longer @ ..65_536 => {
            bytes.push(126);
            bytes.extend((longer as u16).to_be_bytes());
        }
        long => {
            bytes.push(127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

/// An event as the gateway writes it.
pub(crate) fn event(message: &str, kind: &str, data: Value) -> String {
    let headers = json!({
        "appId": "app-0001", "connectionId": "cn-1", "contentType": "application/json", "messageId": message, "time": "1",
        "topic": "*", "eventType": kind, "eventBornTime": "1767225600000", "eventId": format!("event-{message}"),
        "eventCorpId": "dingcorp1", "eventUnifiedAppId": "bbb381b6-f011",
    });
    json!({ "specVersion": "1.0", "type": "EVENT", "headers": headers, "data": data.to_string() }).to_string()
}

/// A message of the system.
pub(crate) fn system(kind: &str, topic: &str, message: &str, data: &str) -> String {
    let headers = json!({ "contentType": "application/json", "messageId": message, "time": "1", "topic": topic });
    json!({ "specVersion": "1.0", "type": kind, "headers": headers, "data": data }).to_string()
}

impl Gateway {
    /// A world in which the gateway is reached.
    pub(crate) fn world(&self, more: Value) -> World {
        let mut settings = json!({ "app-key": "dingkey", "gateways": ["*.dingtalk.com:443"] });
        if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
            settings.extend(more);
        }
        let own = self.clone();
        let http = move |request: &Request| own.ticket(request);
        let world = World::new().settings(settings).at_ms(NOW).crypto(hub).secret("app-secret", "Kanari \"gelb\"");
        world.http(http).server("gw.dingtalk.com", 443, self.clone()).server("gw.dingtalk.com", 8443, self.clone())
    }

    fn ticket(&self, request: &Request) -> Result<Response, Fault> {
        let inside = &mut *self.0.borrow_mut();
        assert_eq!(
            (request.method.as_str(), request.url.as_str()),
            ("POST", "https://api.dingtalk.com/v1.0/gateway/connections/open")
        );
        assert_eq!(request.auth, None, "this call has no token");
        assert!(request.headers.contains(&("accept".to_owned(), "application/json".to_owned())), "else XML comes back");
        let body: Value = serde_json::from_slice(request.body.as_deref().unwrap()).unwrap();
        assert_eq!(body["clientId"], "dingkey");
        assert_eq!(body["clientSecret"], "{secret:json:Kanari \"gelb\"}", "the hub puts it in");
        assert_eq!(body["subscriptions"], json!([{ "type": "EVENT", "topic": "*" }]));
        assert_eq!(body.as_object().unwrap().len(), 4);
        inside.tickets += 1;
        let right =
            json!({ "endpoint": "wss://gw.dingtalk.com:443/connect", "ticket": format!("tk {}", inside.tickets) });
        let (status, answer) = inside.opened.clone().unwrap_or((200, right));
        Ok(reply(status, &answer.to_string()))
    }

    /// Says a text.
    pub(crate) fn say(&self, text: &str) {
        self.raw(frame(0x81, text.as_bytes()));
    }

    /// Says bytes, in one piece; none are the end.
    pub(crate) fn raw(&self, bytes: Vec<u8>) {
        self.0.borrow_mut().out.push_back(bytes);
    }

    /// What the client said since.
    pub(crate) fn said(&self) -> Vec<(u8, String)> {
        std::mem::take(&mut self.0.borrow_mut().said)
    }

    /// Messages that the client acknowledged since: id, and the data of the answer.
    #[track_caller]
    pub(crate) fn acknowledged(&self) -> Vec<(String, String)> {
        let one = |(opcode, text): (u8, String)| {
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((opcode, &answer["code"], &answer["message"]), (1, &json!(200), &json!("OK")));
            assert_eq!(answer["headers"]["contentType"], "application/json");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&answer["headers"]["messageId"]), text(&answer["data"]))
        };
        self.said().into_iter().map(one).collect()
    }
}

/// Listens for both classes.
pub(crate) fn listen() -> Result<Events, Fault> {
    open::<Dingtalk>()?.listen(&[Class::Account, Class::OrgUnit])
}

/// The next hints, as lines.
pub(crate) fn next(events: &mut Events) -> Result<Vec<String>, Fault> {
    events.next(1000).map(|hints| hints.iter().map(super::shown).collect())
}
