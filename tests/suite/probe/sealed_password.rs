//! A first password that goes out inside of a JWE: the server opens it, and the connector, which has the key's use, can not.

use super::encrypted_body::{KEY, key, open};
use super::initial_password::{Maker, create, password};
use super::peer::{Answer, Peer};
use super::probe;
use crate::sandbox::desk::Desk;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as WEB;
use rosterd_connector::InitialPasswords;
use rosterd_model::outbox::Receipt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// A server that makes accounts, and repeats what it got in whatever way it can.
fn server() -> (Peer, Arc<Mutex<Vec<Value>>>) {
    let got: Arc<Mutex<Vec<Value>>> = Arc::default();
    let own = Arc::clone(&got);
    let peer = Peer::http(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let claims = WEB.decode(body["claims"].as_str().unwrap_or_default()).unwrap_or_default();
        let claims: Value = serde_json::from_slice(&claims).unwrap_or_default();
        own.lock().expect("nobody panicked").push(json!({ "body": body, "claims": claims }));
        Answer::json(&json!({ "id": "u-17", "echo": body, "inner": claims["cipherData"] }))
    });
    (peer, got)
}

#[test]
fn the_server_opens_it_and_the_connector_does_not() {
    let (peer, got) = server();
    let desk = Desk::new();
    ["k1", "k2"].iter().for_each(|key| desk.canaries.plant("an initial password", password(key)));
    desk.canaries.plant("the key itself", key());
    let mut config = probe(&desk, "sealed-password", &peer);
    desk.secret(&mut config, "content-key", KEY);
    config.passwords = Some(Arc::new(Maker) as Arc<dyn InitialPasswords>);
    let mut destination = desk.load("probe").connect(config).and_then(|it| it.destination()).expect("it opens");
    let receipts = desk.run(destination.apply(vec![create("k1", 1), create("k2", 1)]));
    let applied = |receipt: &Receipt| matches!(receipt, Receipt::Applied(done) if done.id.as_str() == "u-17");
    assert!(receipts.len() == 2 && receipts.iter().all(applied), "{receipts:?}");

    let got = got.lock().expect("nobody panicked");
    let mut ivs = BTreeSet::new();
    for (one, operation) in got.iter().zip(["k1", "k2"]) {
        let second = one["body"]["second"].as_str().expect("a text");
        assert_eq!(one["body"]["length"], second.len());
        for sealed in [second, one["claims"]["cipherData"].as_str().expect("a text")] {
            let (iv, text) = open(sealed);
            assert!(ivs.insert(iv), "an iv was used twice");
            let said: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(said, json!({ "password": password(operation) }));
        }
        let refused = [
            "reveal",
            "matches",
            "digest",
            "sorted",
            "decrypt",
            "encrypt",
            "as a key",
            "scram",
            "public-key",
            "key inside",
        ];
        assert_eq!(one["body"]["refused"], json!(refused));
    }
    assert_eq!(ivs.len(), 4);
    desk.assert_no_secret_was_seen(&format!("{receipts:?}"));
}
