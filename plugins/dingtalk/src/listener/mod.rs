//! The listening role: events over a WebSocket that the connector opens (Stream mode), for hubs that nobody can call.
//!
//! An event is acknowledged in the call after the one that gave its hints, since only then they are stored. What is not
//! acknowledged comes again after about a minute. When the gateway goes away, or says nothing for two minutes, the
//! subscription ends with a fault, and the hub listens again: with another ticket, since a ticket opens one connection.

pub mod frame;
pub mod gateway;
pub mod message;
pub mod socket;

use crate::Dingtalk;
use crate::event::{self, Event};
use crate::receiver::named;
use frame::{Kind, Received};
use message::{Ack, Message, Told};
use rosterd_sdk::{Class, Fault, Hint, Listener, Subscription, clock, log};
use socket::Socket;

/// Hints in one answer, beyond which no further event is taken up; the hub takes 1000 unless the operator changed it.
const ENOUGH: usize = 500;
/// After so long a silence the gateway is asked whether it is there, and after twice the time it is not.
const SILENCE_NS: u64 = 60_000_000_000;
/// When to come again after the gateway went away; the vendor's libraries wait one to ten seconds.
const AGAIN_MS: u64 = 1_000;

/// A subscription: the socket, and what is owed to it.
#[derive(Debug)]
pub struct Events {
    socket: Socket,
    classes: Vec<Class>,
    /// The organisation that events must be about, where the operator named one.
    corporation: Option<String>,
    /// Whether people are read one by one.
    each: bool,
    /// Events whose hints were given out, and are not known to be stored.
    given: Vec<Ack>,
    /// What ends the subscription, once the hints before it are out.
    end: Option<Fault>,
    heard: u64,
    asked: bool,
}

impl Listener for Dingtalk {
    type Subscription = Events;

    fn listen(&mut self, classes: &[Class]) -> Result<Events, Fault> {
        let socket = Socket::open(&gateway::open(&self.settings)?)?;
        Ok(Events {
            socket,
            classes: classes.to_vec(),
            corporation: self.settings.corp_id.clone(),
            each: self.settings.each(),
            given: Vec::new(),
            end: None,
            heard: clock::monotonic_ns(),
            asked: false,
        })
    }
}

impl Subscription for Events {
    fn next(&mut self, timeout_ms: u32) -> Result<Vec<Hint>, Fault> {
        // That the hub asks again says that it stored what it was given.
        for ack in std::mem::take(&mut self.given) {
            self.socket.send(Kind::Text, ack.success().as_bytes())?;
        }
        let until = clock::monotonic_ns().saturating_add(u64::from(timeout_ms) * 1_000_000);
        let mut hints = Vec::new();
        loop {
            while self.end.is_none() && hints.len() < ENOUGH {
                match self.step(&mut hints) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(fault) => self.end = Some(fault),
                }
            }
            if !hints.is_empty() {
                return Ok(hints);
            }
            if let Some(fault) = self.end.take() {
                return Err(fault);
            }
            let now = clock::monotonic_ns();
            let came = self.socket.receive(wait(now, until, self.heard, self.asked))?;
            if came {
                (self.heard, self.asked) = (clock::monotonic_ns(), false);
                continue;
            }
            let now = clock::monotonic_ns();
            match silence(now.saturating_sub(self.heard), self.asked) {
                Silence::Short => {}
                Silence::Ask => {
                    self.socket.send(Kind::Ping, b"")?;
                    self.asked = true;
                }
                Silence::Gone => {
                    return Err(Fault::transient("the gateway has said nothing for two minutes").retry_after(AGAIN_MS));
                }
            }
            if now >= until {
                return Ok(hints);
            }
        }
    }
}

impl Events {
    /// Takes up one message that is here. False: there is none.
    fn step(&mut self, hints: &mut Vec<Hint>) -> Result<bool, Fault> {
        match self.socket.take()? {
            None => return Ok(false),
            Some(Received::Message(bytes)) => self.message(&bytes, hints)?,
            Some(Received::Ping(bytes)) => self.socket.send(Kind::Pong, &bytes)?,
            Some(Received::Pong) => {}
            Some(Received::Close(code)) => {
                let code = code.map_or_else(String::new, |code| format!(" with code {code}"));
                return Err(Fault::transient(format!("the gateway ends the connection{code}")).retry_after(AGAIN_MS));
            }
        }
        Ok(true)
    }

    fn message(&mut self, bytes: &[u8], hints: &mut Vec<Hint>) -> Result<(), Fault> {
        match message::parse(bytes) {
            // Nobody can acknowledge it, so it comes again; by then an operator may have read this.
            None => log::warn("the gateway sent a message that can not be read; it was left out"),
            Some(Message::Event(told)) => {
                let new = self.look(&told);
                if new.is_empty() {
                    self.socket.send(Kind::Text, told.ack.success().as_bytes())?;
                } else {
                    self.given.push(told.ack);
                    hints.extend(new);
                }
            }
            Some(Message::Callback(ack)) => self.socket.send(Kind::Text, ack.response().as_bytes())?,
            Some(Message::Ping(ack, data)) => self.socket.send(Kind::Text, ack.echo(&data).as_bytes())?,
            Some(Message::System(ack)) => self.socket.send(Kind::Text, ack.success().as_bytes())?,
            Some(Message::Leave(ack)) => {
                self.socket.send(Kind::Text, ack.success().as_bytes())?;
                return Err(Fault::transient("the gateway goes away and wants us to come again").retry_after(AGAIN_MS));
            }
        }
        Ok(())
    }

    /// What an event says to look at, as far as the hub asked for it.
    fn look(&self, told: &Told) -> Vec<Hint> {
        let theirs = told.corporation.as_deref();
        if self.corporation.as_deref().is_some_and(|own| theirs.is_some_and(|theirs| theirs != own)) {
            log::warn("an event was left out: it is about another organisation than corp-id names");
            return Vec::new();
        }
        let event = Event { kind: &told.kind, id: told.id.as_deref(), at_ms: told.at_ms, fields: &told.fields };
        match event::told(&event, self.each) {
            event::Told::Look(mut hints) => {
                hints.retain(|hint| hint.class.is_none_or(|class| self.classes.contains(&class)));
                hints
            }
            event::Told::Unknown => {
                log::write(
                    log::Level::Info,
                    "an event of a type that is not read was acknowledged",
                    &named(&told.kind),
                );
                Vec::new()
            }
            event::Told::Test | event::Told::Nothing => Vec::new(),
        }
    }
}

impl Drop for Events {
    /// Whose hints may not be stored shall come again. The other side may be gone, and then it sends them again anyway.
    fn drop(&mut self) {
        for ack in std::mem::take(&mut self.given) {
            let _ = self.socket.send(Kind::Text, ack.later().as_bytes());
        }
        let _ = self.socket.send(Kind::Close, &1000_u16.to_be_bytes());
    }
}

/// What a silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    Short,
    Ask,
    Gone,
}

const fn silence(length: u64, asked: bool) -> Silence {
    match (length, asked) {
        (0..SILENCE_NS, _) => Silence::Short,
        (_, false) => Silence::Ask,
        (length, true) if length >= 2 * SILENCE_NS => Silence::Gone,
        _ => Silence::Short,
    }
}

/// Milliseconds to wait for: no longer than the hub, and no longer than till something is due.
fn wait(now: u64, until: u64, heard: u64, asked: bool) -> u32 {
    let due = heard.saturating_add(if asked { 2 * SILENCE_NS } else { SILENCE_NS });
    let left = until.min(due).saturating_sub(now).div_ceil(1_000_000);
    u32::try_from(left).unwrap_or(u32::MAX)
}
