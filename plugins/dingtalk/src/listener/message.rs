//! What is said over the socket: JSON texts with headers, and `data` that is JSON in a text once more.
//!
//! Sources: the vendor's client libraries for Stream mode (Python `frames.py` and `handlers.py`, Node `client.mjs`).

use crate::event;
use crate::wire::{self, Object};
use serde_json::{Value, json};

/// Ids of messages that are longer are none.
const LONGEST_ID: usize = 256;

/// A message of the gateway.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Somebody or something changed.
    Event(Told),
    /// Of a robot or a card: nothing that we asked for.
    Callback(Ack),
    /// It asks whether we are there, and wants its own words back.
    Ping(Ack, String),
    /// It is going away.
    Leave(Ack),
    /// Of the system, and nothing to do.
    System(Ack),
}

/// An event in its frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// How it is acknowledged.
    pub ack: Ack,
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: Option<String>,
    /// When it happened, in milliseconds.
    pub at_ms: Option<u64>,
    /// The organisation.
    pub corporation: Option<String>,
    /// What it says; empty if it can not be read.
    pub fields: Object,
}

/// The message that an answer belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    message: String,
}

impl Ack {
    /// It is done with.
    #[must_use]
    pub fn success(&self) -> String {
        self.answer(200, "OK", &json!({ "status": "SUCCESS" }).to_string())
    }

    /// It was not taken, and shall come again.
    #[must_use]
    pub fn later(&self) -> String {
        self.answer(200, "OK", &json!({ "status": "LATER" }).to_string())
    }

    /// What a callback wants.
    #[must_use]
    pub fn response(&self) -> String {
        self.answer(200, "OK", &json!({ "response": "OK" }).to_string())
    }

    /// The words of a question.
    #[must_use]
    pub fn echo(&self, data: &str) -> String {
        self.answer(200, "OK", data)
    }

    fn answer(&self, code: u16, message: &str, data: &str) -> String {
        let headers = json!({ "contentType": "application/json", "messageId": self.message });
        json!({ "code": code, "headers": headers, "message": message, "data": data }).to_string()
    }
}

/// Reads a message; none: it can not even be answered.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Message> {
    let message: Object = serde_json::from_slice(bytes).ok()?;
    let headers = message.get("headers")?.as_object()?;
    let text = |name: &str| wire::member(headers, name).and_then(wire::words);
    let ack = Ack { message: text("messageId").filter(|id| (1..=LONGEST_ID).contains(&id.len()))? };
    let data = message.get("data").and_then(Value::as_str).unwrap_or_default();
    match (message.get("type")?.as_str()?, text("topic").as_deref()) {
        ("EVENT", _) => Some(Message::Event(Told {
            ack,
            kind: text("eventType").unwrap_or_default(),
            id: text("eventId"),
            at_ms: event::time(headers, "eventborntime"),
            corporation: text("eventCorpId"),
            fields: serde_json::from_str(data).unwrap_or_default(),
        })),
        ("CALLBACK", _) => Some(Message::Callback(ack)),
        ("SYSTEM", Some("ping")) => Some(Message::Ping(ack, data.to_owned())),
        ("SYSTEM", Some("disconnect")) => Some(Message::Leave(ack)),
        ("SYSTEM", _) => Some(Message::System(ack)),
        _ => None,
    }
}
