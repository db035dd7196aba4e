//! Lark: an event whose key is the digest of the Encrypt Key, signed over its raw body.

use super::{call, hex, receiver};
use crate::sandbox::desk::Desk;
use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use rosterd_model::ExternalId;
use rosterd_model::port::Answer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const KEY: &str = "Kanarienvogel-encrypt-key";

fn deliver(desk: &Desk, event: &Value, tampered: bool) -> Answer {
    let mut config = receiver(desk, "lark");
    desk.secret(&mut config, "encrypt-key", KEY);
    let key = Sha256::digest(KEY);
    desk.canaries.plant("the key made of it", key);
    let iv = *b"an iv of 16 byte";
    let sealed =
        cbc::Encryptor::<Aes256>::new(&key, &iv.into()).encrypt_padded_vec::<Pkcs7>(event.to_string().as_bytes());
    let body = json!({ "encrypt": STANDARD.encode([&iv[..], &sealed].concat()) }).to_string();
    let signature = hex(&Sha256::digest(format!("1700000000n0nce{KEY}{body}")));
    let headers = [
        ("x-lark-request-timestamp", "1700000000"),
        ("x-lark-request-nonce", "n0nce"),
        ("x-lark-signature", signature.as_str()),
    ];
    // One space more is the same JSON and another body.
    let body = if tampered { format!("{body} ") } else { body };
    let mut receiver = desk.load("probe").connect(config).and_then(|it| it.receiver()).expect("it opens");
    desk.run(receiver.handle(call("", &headers, body.as_bytes()))).expect("it answers")
}

#[test]
fn an_event_is_decrypted_without_the_key_in_the_guest() {
    let desk = Desk::new();
    let event = json!({ "header": { "event_id": "e-1" }, "event": { "object": { "open_id": "ou_17" } } });
    let answer = deliver(&desk, &event, false);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let hint = &answer.hints[0];
    assert_eq!((hint.id.as_ref().map(ExternalId::as_str), hint.event_id.as_deref()), (Some("ou_17"), Some("e-1")));
    desk.assert_no_secret_was_seen(&format!("{answer:?}"));
}

#[test]
fn the_challenge_is_answered() {
    let desk = Desk::new();
    let answer = deliver(&desk, &json!({ "type": "url_verification", "challenge": "c-42" }), false);
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"challenge\":\"c-42\"}"[..]));
    desk.assert_no_secret_was_seen("");
}

#[test]
fn a_body_that_was_rewritten_on_the_way_is_refused() {
    let desk = Desk::new();
    let answer = deliver(&desk, &json!({ "type": "url_verification", "challenge": "c-43" }), true);
    assert_eq!(answer.status, 401);
    desk.canaries.assert_unseen();
}
