//! An account that is born with a password which the host makes: the server gets it, the connector does not.

use super::peer::{Answer, Peer};
use super::probe;
use crate::sandbox::desk::{Desk, masked};
use insta::assert_snapshot;
use rosterd_connector::InitialPasswords;
use rosterd_model::outbox::{Action, Receipt, Request};
use rosterd_model::port::Destination;
use rosterd_model::{Class, EntityId, Fault};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

fn li_hua() -> EntityId {
    EntityId::from_bytes([7; 16])
}

/// Passwords by operation key, with characters that JSON escapes.
pub(super) struct Maker;

impl InitialPasswords for Maker {
    fn password(&self, account: EntityId, operation: &str) -> Result<Zeroizing<String>, Fault> {
        assert_eq!(account, li_hua());
        Ok(Zeroizing::new(password(operation)))
    }
}

pub(super) fn password(operation: &str) -> String {
    format!("Kanari\"{operation}\\\u{fc}gelb")
}

/// What the server got: key, and the password as it was in the JSON body.
type Got = Arc<Mutex<Vec<(String, String)>>>;

/// A server that makes accounts, and repeats in its answers what it got.
fn server() -> (Peer, Got) {
    let got: Got = Arc::default();
    let own = Arc::clone(&got);
    let peer = Peer::http(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = body["password"].as_str().unwrap_or_default().to_owned();
        let key = request.header("idempotency-key").unwrap_or(&request.path).to_owned();
        own.lock().expect("nobody panicked").push((key, text));
        Answer::json(&json!({ "id": "u-17", "echo": body }))
    });
    (peer, got)
}

fn destination(desk: &Desk, peer: &Peer, maker: bool) -> Box<dyn Destination> {
    let mut config = probe(desk, "initial-password", peer);
    config.passwords = maker.then(|| Arc::new(Maker) as Arc<dyn InitialPasswords>);
    desk.load("probe").connect(config).and_then(|it| it.destination()).expect("it opens")
}

fn request(key: &str, id: Option<&str>, action: Action, attempt: u32) -> Request {
    let desired = "{\"name\":\"Li Hua\"}".to_owned();
    let id = id.map(Into::into);
    let (key, entity) = (key.to_owned(), Some(li_hua()));
    Request { key, entity, class: Class::Account, id, action, desired, known: None, version: None, attempt }
}

pub(super) fn create(key: &str, attempt: u32) -> Request {
    request(key, None, Action::Create("{\"name\":\"Li Hua\"}".to_owned()), attempt)
}

#[test]
fn the_server_gets_it_and_a_second_attempt_gives_the_same() {
    let (peer, got) = server();
    let desk = Desk::new();
    ["k1", "k2", "k3"].iter().for_each(|key| desk.canaries.plant("an initial password", password(key)));
    let mut first = destination(&desk, &peer, true);
    let receipts = desk.run(first.apply(vec![create("k1", 1), create("k2", 1)]));
    // Another instance, as after a crash.
    let mut second = destination(&desk, &peer, true);
    let again = desk.run(second.apply(vec![create("k2", 2), request("k3", Some("u-17"), Action::SetPassword, 1)]));
    let receipts = [receipts, again].concat();
    let ids = receipts.iter().map(|receipt| if let Receipt::Applied(done) = receipt { done.id.as_str() } else { "?" });
    assert_eq!(ids.collect::<Vec<_>>(), ["u-17"; 4], "{receipts:?}");

    let pair = |key: &str, made_for: &str| (key.to_owned(), password(made_for));
    let expected = [pair("k1", "k1"), pair("k2", "k2"), pair("k2", "k2"), pair("/users/u-17/password", "k3")];
    assert_eq!(*got.lock().expect("nobody panicked"), expected);
    desk.assert_no_secret_was_seen(&format!("{receipts:?}"));
}

#[test]
fn outside_of_an_operation_there_is_none() {
    let (peer, got) = server();
    let desk = Desk::new();
    let mut destination = destination(&desk, &peer, true);
    let fault = desk.run(destination.check()).expect_err("no operation is under way");
    assert_snapshot!(masked(&fault), @"denied: probe 0.1.0 (sha256 ...…): a password is made only for an operation that is being applied");
    assert!(got.lock().expect("nobody panicked").is_empty());
}

#[test]
fn without_somebody_to_hand_it_over_nothing_is_sent() {
    let (peer, got) = server();
    let desk = Desk::new();
    let mut destination = destination(&desk, &peer, false);
    let receipts = desk.run(destination.apply(vec![create("k1", 1)]));
    let [Receipt::Failed(fault)] = &receipts[..] else { panic!("{receipts:?}") };
    assert_snapshot!(masked(fault), @"unsupported: probe 0.1.0 (sha256 ...…): it needs a first password, and nothing says how the hub keeps those that it makes; add under [connection.initial-password.initial-passwords]: key = { store = \"NAME\" }, then `rosterd outbox retry-all initial-password`");
    assert!(got.lock().expect("nobody panicked").is_empty());
}
