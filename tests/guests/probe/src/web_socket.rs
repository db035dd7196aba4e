//! A WebSocket that is kept open over a byte stream: events become hints, and are acknowledged once they are stored.

use crate::bytes::base64;
use rosterd_sdk::secrets::{self, Segment};
use rosterd_sdk::{Class, Fault, Hint, Subscription, random, stream};
use serde_json::{Value, json};

/// The connection, what was read and not yet understood, and the events that the hub does not have stored yet.
#[derive(Debug)]
pub struct Events {
    connection: stream::Connection,
    buffer: Vec<u8>,
    given: Vec<String>,
}

/// Shakes hands.
pub(crate) fn open(connection: stream::Connection, host: &str) -> Result<Events, Fault> {
    let key = base64(&random::bytes(16));
    let request = format!(
        "GET /events HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    );
    connection.write(&[Segment::Bytes(request.as_bytes())])?;
    let mut events = Events { connection, buffer: Vec::new(), given: Vec::new() };
    let end = loop {
        if let Some(at) = events.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if events.buffer.len() > 16_384 || !events.receive(5000)? {
            return Err(Fault::transient("the server did not shake hands"));
        }
    };
    let head: Vec<u8> = events.buffer.drain(..end).collect();
    let expected = [Segment::Bytes(key.as_bytes()), Segment::Bytes(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")];
    let accept =
        format!("sec-websocket-accept: {}\r\n", base64(&secrets::digest("sha1", &expected, false)?)).to_lowercase();
    let head = String::from_utf8_lossy(&head).to_lowercase();
    if !head.starts_with("http/1.1 101 ") || !head.contains(&accept) {
        return Err(Fault::transient("the server does not speak WebSocket"));
    }
    Ok(events)
}

impl Subscription for Events {
    fn next(&mut self, timeout_ms: u32) -> Result<Vec<Hint>, Fault> {
        for id in std::mem::take(&mut self.given) {
            self.send(1, json!({ "ack": id }).to_string().as_bytes())?;
        }
        loop {
            while let Some((kind, payload)) = self.frame() {
                match kind {
                    1 => {
                        let event: Value =
                            serde_json::from_slice(&payload).map_err(|_| Fault::transient("no event"))?;
                        let id = event["id"].as_str().unwrap_or_default().to_owned();
                        let person = event["user"].as_str().unwrap_or_default();
                        self.given.push(id.clone());
                        return Ok(vec![Hint::object(Class::Account, person).event(id)]);
                    }
                    8 => return Err(Fault::transient("the server ends the subscription")),
                    9 => self.send(10, &payload)?,
                    _ => {}
                }
            }
            if !self.receive(timeout_ms)? {
                return Ok(Vec::new());
            }
        }
    }
}

impl Events {
    /// Reads what there is. False: nothing came in time.
    fn receive(&mut self, timeout_ms: u32) -> Result<bool, Fault> {
        match self.connection.read(65_536, timeout_ms)? {
            stream::Received::Bytes(bytes) => self.buffer.extend(bytes),
            stream::Received::Nothing => return Ok(false),
            stream::Received::End => return Err(Fault::transient("the server closed the connection")),
        }
        Ok(true)
    }

    /// The next whole frame of at most 64 KiB; servers do not mask.
    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.buffer.first()?, *self.buffer.get(1)?);
        let (from, length) = match second & 0x7f {
            126 => (4, usize::from(u16::from_be_bytes([*self.buffer.get(2)?, *self.buffer.get(3)?]))),
            short => (2, usize::from(short)),
        };
        let payload = self.buffer.get(from..from + length)?.to_vec();
        self.buffer.drain(..from + length);
        Some((first & 0x0f, payload))
    }

    /// Sends a short frame, masked as clients must.
    fn send(&self, kind: u8, payload: &[u8]) -> Result<(), Fault> {
        let mask = random::bytes(4);
        let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126);
        let length = length.ok_or_else(|| Fault::unsupported("only short frames are sent"))?;
        let masked: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        self.connection.write(&[
            Segment::Bytes(&[0x80 | kind, 0x80 | length]),
            Segment::Bytes(&mask),
            Segment::Bytes(&masked),
        ])
    }
}
