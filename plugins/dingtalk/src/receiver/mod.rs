//! The answering role: callbacks of event subscriptions over HTTP.
//!
//! A callback is believed once its signature fits, its time is near, its envelope opens, and it is for us. Whoever sends
//! something else learns that it is refused and not why; the operator's log has the reason. The hub sends the answer only
//! after the hints are stored, so DingTalk, which sends again twice what is not answered with `success`, loses none.
//!
//! Sources: the vendor's pages "HTTP push" and "encryption and decryption of callbacks".

pub mod envelope;
pub mod query;

use crate::Dingtalk;
use crate::event::{self, Event, Told};
use crate::settings::Settings;
use crate::wire::Object;
use envelope::{Keys, same};
use rosterd_sdk::receiver::Request;
use rosterd_sdk::{Answer, Fault, Hint, Probe, Receiver, clock, log, random, secrets};
use serde::Deserialize;
use serde_json::json;

/// A longer body is refused unread; an event that names two hundred people has 20 KiB.
pub const LARGEST: usize = 256 * 1024;
/// A callback that is older or younger is refused: what was recorded can not be sent again for ever, and clocks differ.
pub const WINDOW_MS: u64 = 600_000;

/// Why a request gets no answer.
#[derive(Debug, Clone, PartialEq)]
enum Refusal {
    /// A status that tells nothing about keys.
    Plain(u16, &'static str),
    /// Not told to the sender.
    Untrusted(&'static str),
    /// We can not tell; DingTalk shall come again.
    Broken(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

#[derive(Deserialize)]
struct Body {
    encrypt: String,
}

impl Receiver for Dingtalk {
    fn handle(&mut self, request: Request) -> Answer {
        match answer(&self.settings, &request) {
            Ok(answer) => answer,
            Err(Refusal::Plain(status, text)) => Answer::status(status, text),
            Err(Refusal::Untrusted(why)) => {
                log::warn(&format!("a callback was refused: {why}"));
                Answer::status(403, "refused")
            }
            Err(Refusal::Broken(fault)) => {
                log::error(&format!("a callback can not be read: {}", fault.message));
                Answer::status(503, "")
            }
        }
    }
}

fn answer(settings: &Settings, request: &Request) -> Result<Answer, Refusal> {
    use Refusal::{Plain, Untrusted};
    if request.method != "POST" {
        return Err(Plain(405, "callbacks are posted"));
    }
    if request.body.len() > LARGEST {
        return Err(Plain(413, "too large for a callback"));
    }
    let query = query::parse(&request.query).ok_or(Untrusted("its address lacks signature, timestamp or nonce"))?;
    let body: Body =
        serde_json::from_slice(&request.body).map_err(|_| Untrusted("its body is no JSON object with encrypt"))?;
    let keys = Keys::of_connection()?;
    let expected = keys.sign(&query.time, &query.nonce, &body.encrypt)?;
    if !query.signatures.iter().any(|signature| same(signature, &expected)) {
        return Err(Untrusted("its signature does not fit; is callback-token the token of the subscription?"));
    }
    let now = clock::now_ms();
    if query::milliseconds(&query.time).is_none_or(|time| time.abs_diff(now) > WINDOW_MS) {
        return Err(Untrusted("it was signed more than ten minutes ago, or one of the clocks is wrong"));
    }
    let opened = keys.open(&body.encrypt)?;
    let opened = opened.ok_or(Untrusted("it does not open; is aes-key the key of the subscription?"))?;
    let ours = [Some(&settings.app_key), settings.corp_id.as_ref()];
    if !ours.into_iter().flatten().any(|own| own.as_bytes() == opened.owner) {
        return Err(Untrusted("it is for somebody else than app-key and corp-id name"));
    }
    let fields: Object = serde_json::from_slice(&opened.message).map_err(|_| Untrusted("it holds no JSON object"))?;
    let corporation = event::text(&fields, "corpid");
    if settings.corp_id.as_deref().is_some_and(|own| corporation.is_some_and(|theirs| theirs != own)) {
        return Err(Untrusted("it is about another organisation than corp-id names"));
    }
    let hints = hints(settings, &fields);
    let answer = sealed(&keys, &opened.owner, now)?;
    Ok(hints.into_iter().fold(answer, Answer::hint))
}

/// What an event says to look at.
fn hints(settings: &Settings, fields: &Object) -> Vec<Hint> {
    let time = ["eventtime", "timestamp"].into_iter().find_map(|name| event::time(fields, name));
    let kind = event::text(fields, "eventtype").unwrap_or_default();
    let event = Event { kind, id: event::text(fields, "eventid"), at_ms: time, fields };
    match event::told(&event, settings.each()) {
        Told::Look(hints) => hints,
        Told::Test => {
            log::info("DingTalk tried the address for callbacks, and it answers");
            Vec::new()
        }
        Told::Nothing => Vec::new(),
        Told::Unknown => {
            log::write(log::Level::Info, "an event of a type that is not read was acknowledged", &named(kind));
            Vec::new()
        }
    }
}

/// A type of events for the log, cut.
pub(crate) fn named(kind: &str) -> serde_json::Value {
    json!({ "type": kind.chars().filter(|c| !c.is_control()).take(64).collect::<String>() })
}

/// `success`, in an envelope as it came.
fn sealed(keys: &Keys, owner: &[u8], now: u64) -> Result<Answer, Fault> {
    let time = now.to_string();
    let nonce: String = random::bytes(8).iter().map(|byte| format!("{byte:02x}")).collect();
    let encrypt = keys.seal(b"success", owner, &random::bytes(16))?;
    let signature = keys.sign(&time, &nonce, &encrypt)?;
    let body = json!({ "msg_signature": signature, "timeStamp": time, "nonce": nonce, "encrypt": encrypt });
    Ok(Answer::json(200, body.to_string()))
}

/// Callbacks need two secrets; one alone is a mistake of the operator.
#[must_use]
pub fn probe() -> Option<Probe> {
    let set = ["callback-token", "aes-key"].map(|name| secrets::open(name).is_ok());
    let missing = match set {
        [false, false] => return None,
        [true, true] => return Some(Probe::passed("callbacks", "both secrets are set")),
        [false, true] => "callback-token",
        [true, false] => "aes-key",
    };
    let remedy = format!("whoever runs the hub sets the secret {missing}, from the page \"event subscriptions\"");
    Some(Probe::failed("callbacks", format!("the secret {missing} is not set; no callback can be read"), remedy))
}
