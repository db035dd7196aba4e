//! Stream mode: an application asks the gateway for a ticket, opens a socket with it, and gets events as JSON text.
//! Sources are the vendor's Python and Node libraries; there is no page about the wire.

use super::events::{Progress, body};
use super::refusal::{Refusal, new};
use super::table::Work;
use super::world::World;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::exchange::{Frame, Request};
use crate::vendor::{Desk, SocketId, random_text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The call that gives tickets.
pub(super) const OPEN: &str = "/v1.0/gateway/connections/open";
/// The path of sockets.
const CONNECT: &str = "/connect";
/// How long a ticket can be used, once. No source says it.
const TICKET: Millis = 90 * SECOND;
/// When a frame without acknowledgement comes again.
const AGAIN: Millis = MINUTE;

/// A ticket, and then the socket that was opened with it.
#[derive(Clone, Debug)]
struct Connection {
    app: String,
    id: String,
    events: bool,
    until: Millis,
    open: bool,
    /// Everything that the client said.
    said: Vec<Value>,
}

/// Tickets and sockets.
#[derive(Debug, Default)]
pub(super) struct Streams {
    tickets: BTreeMap<String, Connection>,
    sockets: BTreeMap<SocketId, Connection>,
    /// Numbers of deliveries by the message that carries them.
    messages: BTreeMap<String, u64>,
    turn: usize,
}

impl Streams {
    /// A socket is gone.
    pub(super) fn close(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
    }

    /// All sockets.
    pub(super) fn ids(&self) -> Vec<SocketId> {
        self.sockets.keys().copied().collect()
    }

    /// Sockets and what their clients said, for the control port.
    pub(super) fn shown(&self) -> Value {
        let shown = self.sockets.iter().map(|(socket, one)| {
            json!({ "socket": socket, "app": one.app, "connection": one.id, "open": one.open, "said": one.said })
        });
        shown.collect()
    }
}

/// `gateway/connections/open`.
pub(super) fn open(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (app, secret) = (work.required("clientId"), work.required("clientSecret"));
    let known = work.world.org.apps.get(&app).filter(|known| known.secret == secret);
    known.ok_or_else(|| new(400, "invalidClientIdOrSecret"))?;
    work.desk.caller = Some(app.clone());
    let subscriptions = work.fields.get("subscriptions").and_then(Value::as_array).cloned().unwrap_or_default();
    let events = subscriptions.iter().any(|one| one["type"] == "EVENT" && one["topic"] == "*");
    let ticket = random_text::<16>();
    let id = format!("cn-{}", random_text::<6>());
    let connection = Connection { app, id, events, until: work.now + TICKET, open: false, said: Vec::new() };
    work.world.streams.tickets.insert(ticket.clone(), connection);
    Ok(json!({ "endpoint": format!("ws://127.0.0.1:{}{CONNECT}", work.desk.port), "ticket": ticket }))
}

/// A ticket opens one socket.
pub(super) fn opens(world: &mut World, desk: &mut Desk, socket: SocketId, request: &Request) -> bool {
    let now = desk.clock.now();
    let ticket = request.query("ticket").filter(|_| request.path == CONNECT);
    let connection = ticket.and_then(|ticket| world.streams.tickets.remove(ticket)).filter(|one| one.until > now);
    connection.is_some_and(|one| world.streams.sockets.insert(socket, one).is_none())
}

/// The socket can be written.
pub(super) fn opened(world: &mut World, desk: &mut Desk, socket: SocketId) {
    if let Some(connection) = world.streams.sockets.get_mut(&socket) {
        connection.open = true;
    }
    let now = desk.clock.now();
    due(world, desk, now);
}

/// A frame that tells of no change: of the system (`ping`, `disconnect`, `CONNECTED`, `REGISTERED`, `KEEPALIVE`), or a callback.
pub(super) fn frame(desk: &mut Desk, socket: SocketId, kind: &str, topic: &str) -> String {
    let message = random_text::<8>();
    let time = desk.clock.now().to_string();
    let data = match topic {
        "ping" => json!({ "opaque": random_text::<8>() }),
        "disconnect" => json!({ "reason": "the server is going away" }),
        _ => json!({}),
    };
    let headers = json!({ "contentType": "application/json", "messageId": message, "time": time, "topic": topic });
    let frame = json!({ "specVersion": "1.0", "type": kind, "headers": headers, "data": data.to_string() });
    desk.send(socket, Frame::Text(frame.to_string()));
    message
}

/// Sends the frames that are due, each to one socket of its application, in turn.
pub(super) fn due(world: &mut World, desk: &mut Desk, now: Millis) {
    let World { org, deliveries, streams, .. } = world;
    for delivery in &mut deliveries.list {
        if !delivery.stream || delivery.progress != Progress::Waiting || delivery.due > now {
            continue;
        }
        let ready = |one: &Connection| one.open && one.events && one.app == delivery.app;
        let ready: Vec<_> = streams.sockets.iter().filter(|(_, one)| ready(one)).collect();
        let Some((socket, connection)) = ready.get(streams.turn % ready.len().max(1)) else { continue };
        let message = random_text::<8>();
        let frame = body::frame(&delivery.event, &org.corp_id, &delivery.app, &connection.id, &message, now);
        desk.send(**socket, Frame::Text(frame.to_string()));
        streams.turn = streams.turn.wrapping_add(1);
        streams.messages.insert(message, delivery.number);
        delivery.attempts += 1;
        delivery.due = now + AGAIN;
    }
}

/// An acknowledgement. Libraries differ: one says `{"status":"SUCCESS"}` or `LATER` in its data, one a code alone.
pub(super) fn received(world: &mut World, desk: &mut Desk, socket: SocketId, text: &str) {
    let frame: Value = serde_json::from_str(text).unwrap_or_else(|_| json!({ "unreadable": text }));
    let message = frame["headers"]["messageId"].as_str().unwrap_or_default().to_owned();
    let well_formed = frame["code"].is_i64() && frame["data"].is_string() && !message.is_empty();
    if !well_formed {
        desk.mistakes.push(format!("socket {socket}: no acknowledgement: {text}"));
    }
    let status = frame["data"].as_str().and_then(|data| serde_json::from_str::<Value>(data).ok());
    let later = status.is_some_and(|data| data["status"] == "LATER");
    let accepted = well_formed && frame["code"] == 200 && !later;
    if let Some(connection) = world.streams.sockets.get_mut(&socket) {
        connection.said.push(frame.clone());
    }
    let Some(number) = world.streams.messages.remove(&message) else { return };
    if let Some(delivery) = world.deliveries.get(number) {
        if accepted {
            delivery.progress = Progress::Done;
        } else {
            delivery.said = frame.to_string();
        }
    }
}
