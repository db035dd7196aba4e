//! AES-GCM under a secret: a body as Alibaba Cloud IDaaS sends it, and one back.

use super::{call, receiver};
use crate::sandbox::desk::Desk;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as WEB;
use rosterd_model::ExternalId;
use rosterd_model::port::Answer;

pub(super) const KEY: &str = "4b616e617269656e766f67656c2d3031323334353637383961626364656667d7";

pub(super) fn key() -> Vec<u8> {
    (0..32).map(|at| u8::from_str_radix(&KEY[2 * at..2 * at + 2], 16).expect("hex")).collect()
}

fn cipher() -> Aes256Gcm {
    Aes256Gcm::new_from_slice(&key()).expect("32 bytes")
}

fn seal(iv: [u8; 12], text: &str) -> String {
    let header = WEB.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    let payload = Payload { msg: text.as_bytes(), aad: header.as_bytes() };
    let sealed = cipher().encrypt(&Nonce::from(iv), payload).expect("it can be sealed");
    let (body, tag) = sealed.split_at(sealed.len() - 16);
    [header, String::new(), WEB.encode(iv), WEB.encode(body), WEB.encode(tag)].join(".")
}

pub(super) fn open(text: &str) -> (Vec<u8>, String) {
    let parts: Vec<&str> = text.split('.').collect();
    let bytes = |at: usize| WEB.decode(parts[at]).expect("base64url");
    let sealed = [bytes(3), bytes(4)].concat();
    let iv: [u8; 12] = bytes(2).try_into().expect("12 bytes");
    let payload = Payload { msg: &sealed, aad: parts[0].as_bytes() };
    let plain = cipher().decrypt(&Nonce::from(iv), payload).expect("the tag fits");
    (bytes(2), String::from_utf8(plain).expect("text"))
}

fn deliver(desk: &Desk, body: &str) -> Answer {
    let mut config = receiver(desk, "encrypted-body");
    desk.secret(&mut config, "content-key", KEY);
    desk.canaries.plant("the key itself", key());
    let mut receiver = desk.load("probe").connect(config).and_then(|it| it.receiver()).expect("it opens");
    desk.run(receiver.handle(call("", &[], body.as_bytes()))).expect("it answers")
}

#[test]
fn a_body_is_opened_and_another_one_sealed() {
    let desk = Desk::new();
    let body = seal(*b"unique nonce", r#"{"userId":"user_17"}"#);
    let answers = [deliver(&desk, &body), deliver(&desk, &body)].map(|answer| {
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.hints[0].id.as_ref().map(ExternalId::as_str), Some("user_17"));
        open(&String::from_utf8(answer.body).expect("text"))
    });
    assert_eq!(answers[0].1, r#"{"taken":"user_17"}"#);
    assert_ne!(answers[0].0, answers[1].0, "an iv was used twice");
    desk.assert_no_secret_was_seen("");
}

#[test]
fn a_body_that_was_changed_is_refused() {
    let desk = Desk::new();
    let body = seal(*b"unique nonce", r#"{"userId":"user_17"}"#);
    let changed = body.replacen("e30", "e31", 1).replace(&body[..4], &body[..4].to_ascii_lowercase());
    let answer = deliver(&desk, &changed);
    assert_eq!((answer.status, answer.hints), (400, vec![]));
    desk.canaries.assert_unseen();
}
