//! The writing role: a batch of operations, sent as events and answered one by one.
//!
//! Events about different objects are under way together; those about one object one after the other, and none of them after
//! one that was not taken. What would meet every event ends the batch.

use crate::event::Event;
use crate::idaas;
use crate::jose;
use crate::keys::{self, Jose, Keys};
use crate::reply::{self, Verdict};
use crate::settings::{Idaas, Settings};
use crate::standard;
use crate::text::Text;
use rosterd_sdk::http::{self, Request};
use rosterd_sdk::secrets::{self, Secret};
use rosterd_sdk::{Applied, Fault, Operation, Receipt, clock, random};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// A batch that takes longer ends, and the rest is sent next: the host ends a call after two minutes.
const LONGEST_NS: u64 = 45_000_000_000;

/// Sends to one endpoint, for one run.
#[derive(Debug)]
pub struct Sender {
    settings: Settings,
    keys: Keys,
}

/// What keeps the operations of a batch from being sent.
#[derive(Debug, Default)]
struct Batch<'a> {
    /// It would meet every event.
    stopped: Option<Fault>,
    /// Objects of which an event was not taken, and why.
    undone: BTreeMap<(&'a str, &'a str), Fault>,
}

impl<'a> Batch<'a> {
    fn reason_to_leave(&self, operation: &'a Operation) -> Option<&Fault> {
        self.stopped.as_ref().or_else(|| self.undone.get(&object(operation)))
    }

    fn failed(&mut self, operation: &'a Operation, fault: &Fault) {
        self.undone.insert(object(operation), fault.clone());
        if self.stopped.is_none() && reply::stops(fault) {
            self.stopped = Some(fault.clone());
        }
    }
}

/// An event that is ready to be sent.
#[derive(Debug)]
pub struct Ready {
    /// The request.
    pub request: Request,
    /// Id of the object.
    pub id: String,
    /// Ids of which the answer must speak; none: its status says it all.
    pub events: Option<Vec<String>>,
}

impl Sender {
    /// For a connection.
    ///
    /// # Errors
    /// `settings` where a key is missing.
    pub fn open(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { settings: settings.clone(), keys: Keys::open(settings)? })
    }

    /// Sends a batch.
    #[must_use]
    pub fn apply(&self, operations: &[Operation]) -> Vec<Receipt> {
        let begun = clock::monotonic_ns();
        let mut receipts = Vec::with_capacity(operations.len());
        let mut batch = Batch::default();
        let mut rest = operations.iter().peekable();
        while rest.peek().is_some() {
            if batch.stopped.is_none() && clock::monotonic_ns().saturating_sub(begun) > LONGEST_NS {
                let text = "the endpoint is slow: this batch took too long, and the rest is sent with the next";
                batch.stopped = Some(Fault::transient(text));
            }
            let mut about = BTreeSet::new();
            let mut together = Vec::new();
            while together.len() < self.settings.parallel.max(1) {
                let Some(operation) = rest.next_if(|next| !about.contains(&object(next))) else { break };
                about.insert(object(operation));
                let ready = match batch.reason_to_leave(operation) {
                    Some(fault) => Err(Receipt::NotAttempted(fault.clone())),
                    None => self.ready(operation).map_err(Receipt::Failed),
                };
                if let Err(Receipt::Failed(fault)) = &ready {
                    batch.failed(operation, fault);
                }
                together.push((operation, ready));
            }
            receipts.extend(exchange(together, &mut batch));
        }
        receipts
    }

    /// Sends the event that tries an endpoint.
    #[must_use]
    pub fn ping(&self) -> Verdict {
        let now = clock::now_ms();
        let key = format!("ping_{}", hex(&random::bytes(12)));
        let ready = match &self.keys {
            Keys::Standard(_) => self.standard(&key, now, &standard::ping(now), None),
            Keys::Idaas(keys) => self
                .settings
                .idaas()
                .and_then(|idaas| self.idaas(keys, idaas, vec![idaas::test(&key, idaas)], now, None)),
        };
        match ready {
            Err(fault) => Verdict::Refused(fault),
            Ok((request, events)) => reply::verdict(request.send(), events.as_deref()),
        }
    }

    /// The keys.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// An operation as a request.
    ///
    /// # Errors
    /// It is no event, or can not be signed.
    pub fn ready(&self, operation: &Operation) -> Result<Ready, Fault> {
        let event = Event::of(operation, &self.settings)?;
        let now = clock::now_ms();
        let password = match event.password {
            true => Some(secrets::initial_password(&operation.key)?),
            false => None,
        };
        let password = password.as_ref();
        let (request, events) = match &self.keys {
            Keys::Standard(_) => {
                let body = standard::body(&event, now, &self.settings)?;
                self.standard(&event.key, now, &body, password)?
            }
            Keys::Idaas(keys) => {
                let idaas = self.settings.idaas()?;
                self.idaas(keys, idaas, idaas::items(&event, &self.settings)?, now, password)?
            }
        };
        Ok(Ready { request, id: event.id, events })
    }

    fn standard(&self, key: &str, now: u64, body: &Text, password: Option<&Secret>) -> Prepared {
        let Keys::Standard(keys) = &self.keys else { return Err(Fault::internal("these keys are of another form")) };
        let (id, seconds) = (format!("msg_{key}"), now / 1000);
        let signatures = keys.signatures(&id, seconds, body, password)?;
        let request = self
            .post(body.sent(password)?, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signatures);
        Ok((request, None))
    }

    fn idaas(
        &self,
        keys: &Jose,
        settings: &Idaas,
        items: Vec<idaas::Item>,
        now: u64,
        password: Option<&Secret>,
    ) -> Prepared {
        let events = items.iter().map(|item| item.event_id.clone()).collect();
        let payload = idaas::payload(items, now, settings);
        let (cipher, sealed) = match &keys.encrypt_key {
            Some(key) if payload.has_gap() => {
                let sealed = key.seal("jwe-dir", &payload.segments(password)).map_err(keys::unfit)?;
                (Some(Text::gap("raw")), Some(sealed))
            }
            Some(key) => {
                let cipher = jose::encrypted(key, payload.sent(None)?.as_bytes()).map_err(keys::unfit)?;
                (Some(Text::plain(cipher)), None)
            }
            None => (None, None),
        };
        let claims = idaas::claims(payload, cipher, now, &hex(&random::bytes(16)), settings);
        let hidden = sealed.as_ref().or(password);
        let (message, length) = jose::signed(&keys.event_key, &keys.key_id, &claims, hidden).map_err(keys::unfit)?;
        if length > self.settings.maximum_bytes {
            return Err(standard::too_large(length, &self.settings));
        }
        let body = json!({ "event": message }).to_string();
        Ok((self.post(body, "application/json;charset=utf-8"), Some(events)))
    }

    fn post(&self, body: String, content_type: &str) -> Request {
        let milliseconds = self.settings.timeout_seconds.saturating_mul(1000);
        http::post(&self.settings.url).body(content_type, body).timeout_ms(milliseconds)
    }
}

/// Sends what is ready, together, and gives each operation its receipt.
fn exchange<'a>(together: Vec<(&'a Operation, Result<Ready, Receipt>)>, batch: &mut Batch<'a>) -> Vec<Receipt> {
    let ready = together.iter().filter_map(|(_, ready)| ready.as_ref().ok());
    let requests: Vec<Request> = ready.map(|ready| ready.request.clone()).collect();
    let mut answers = http::send_all(&requests).into_iter();
    let one = |(operation, ready): (&'a Operation, Result<Ready, Receipt>)| {
        let ready = match ready {
            Ok(ready) => ready,
            Err(receipt) => return receipt,
        };
        let lost = || Err(Fault::internal("the host gave fewer answers than it had requests"));
        let verdict = reply::verdict(answers.next().unwrap_or_else(lost), ready.events.as_deref());
        if let Verdict::Refused(fault) | Verdict::Doubtful(fault) = &verdict {
            batch.failed(operation, fault);
        }
        match verdict {
            Verdict::Done => Receipt::Applied(Applied::id(ready.id)),
            Verdict::Refused(fault) => Receipt::Failed(fault),
            Verdict::Doubtful(fault) => Receipt::Unknown(fault),
        }
    };
    together.into_iter().map(one).collect()
}

/// A request, and the ids of which its answer must speak.
type Prepared = Result<(Request, Option<Vec<String>>), Fault>;

/// What an operation is about; what is being made is known by the operation alone.
fn object(operation: &Operation) -> (&str, &str) {
    (operation.class.as_str(), operation.id.as_deref().unwrap_or(&operation.key))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
