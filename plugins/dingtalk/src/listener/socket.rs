//! A WebSocket over a byte stream of the hub: the hand-shake of RFC 6455, section 4.1, then [frames](super::frame).

use super::frame::{self, Decoder, Kind, Received};
use super::gateway::Place;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rosterd_sdk::secrets::{self, Segment};
use rosterd_sdk::{Fault, clock, random, stream};

/// How long connection and hand-shake may take, each.
const PATIENCE_MS: u32 = 10_000;
/// A longer head of an answer is none.
const LONGEST_HEAD: usize = 16 * 1024;
/// Headers in it.
const MOST_HEADERS: usize = 64;
/// Bytes that one read takes.
const READ: u32 = 64 * 1024;
/// The text behind the key that the server must know (RFC 6455, section 1.3).
const KNOWN: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    connection: stream::Connection,
    decoder: Decoder,
}

impl Socket {
    /// Connects and shakes hands.
    ///
    /// # Errors
    /// What the hub says, or that the server does not want it.
    pub fn open(place: &Place) -> Result<Self, Fault> {
        let connection = stream::connect(&place.host, place.port, place.tls, PATIENCE_MS)?;
        let key = STANDARD.encode(random::bytes(16));
        let port =
            if place.port == if place.tls { 443 } else { 80 } { String::new() } else { format!(":{}", place.port) };
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {key}\r\n\r\n",
            place.path, place.host
        );
        connection.write(&[Segment::Bytes(request.as_bytes())])?;
        let expected = [Segment::Bytes(key.as_bytes()), Segment::Bytes(KNOWN)];
        let accept = STANDARD.encode(secrets::digest("sha1", &expected, false)?);
        let late = clock::monotonic_ns() + u64::from(PATIENCE_MS) * 1_000_000;
        let mut head = Vec::new();
        loop {
            let left = u32::try_from(late.saturating_sub(clock::monotonic_ns()) / 1_000_000).unwrap_or(PATIENCE_MS);
            match connection.read(READ, left)? {
                stream::Received::Bytes(bytes) => head.extend(bytes),
                stream::Received::Nothing => return Err(Fault::timeout("the gateway did not shake hands in time")),
                stream::Received::End => return Err(Fault::transient("the gateway closed before it shook hands")),
            }
            if let Some(end) = shaken(&head, &accept)? {
                let mut decoder = Decoder::default();
                decoder.feed(head.get(end..).unwrap_or_default());
                return Ok(Self { connection, decoder });
            }
        }
    }

    /// What is here and whole.
    ///
    /// # Errors
    /// The server breaks the protocol.
    pub fn take(&mut self) -> Result<Option<Received>, Fault> {
        self.decoder.whole().map_err(|wrong| Fault::transient(format!("the gateway breaks the protocol: {wrong}")))
    }

    /// Waits for bytes. False: nothing came in time.
    ///
    /// # Errors
    /// The connection broke, or was closed.
    pub fn receive(&mut self, timeout_ms: u32) -> Result<bool, Fault> {
        match self.connection.read(READ, timeout_ms)? {
            stream::Received::Bytes(bytes) => self.decoder.feed(&bytes),
            stream::Received::Nothing => return Ok(false),
            stream::Received::End => return Err(Fault::transient("the gateway closed the connection")),
        }
        Ok(true)
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// The connection broke.
    pub fn send(&self, kind: Kind, payload: &[u8]) -> Result<(), Fault> {
        let mask = random::bytes(4).try_into().map_err(|_| Fault::internal("the hub gave no random bytes"))?;
        self.connection.write(&[Segment::Bytes(&frame::encode(kind, payload, mask))])
    }
}

/// Where the answer to a hand-shake ends; none: it is not whole.
///
/// # Errors
/// It is no agreement.
pub fn shaken(head: &[u8], accept: &str) -> Result<Option<usize>, Fault> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let no = || Fault::transient("the gateway does not speak WebSocket; a proxy on the way is the first to look at");
    let end = match answer.parse(head).map_err(|_| no())? {
        httparse::Status::Complete(end) => end,
        httparse::Status::Partial if head.len() > LONGEST_HEAD => return Err(no()),
        httparse::Status::Partial => return Ok(None),
    };
    match answer.code {
        Some(101) => {}
        // A ticket that is spent or late; the next connection has another one.
        Some(401 | 403) => return Err(Fault::transient("the gateway does not take the ticket; nobody has to act")),
        other => {
            let status = other.unwrap_or_default();
            return Err(Fault::transient(format!("the gateway answers with status {status}; nobody has to act")));
        }
    }
    let values = |name: &'static str| answer.headers.iter().filter(move |one| one.name.eq_ignore_ascii_case(name));
    let is = |part: &[u8], word: &str| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes());
    let says = |name, word| values(name).any(|one| one.value.split(|byte| *byte == b',').any(|part| is(part, word)));
    let right = values("sec-websocket-accept").all(|one| one.value.trim_ascii() == accept.as_bytes())
        && values("sec-websocket-accept").count() == 1;
    // Neither was asked for; who uses one all the same will be misunderstood.
    let more =
        values("sec-websocket-extensions").chain(values("sec-websocket-protocol")).any(|one| !one.value.is_empty());
    if !right || more || !says("upgrade", "websocket") || !says("connection", "upgrade") {
        return Err(no());
    }
    Ok(Some(end))
}
