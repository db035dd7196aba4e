//! DingTalk: a token by a recipe, an app secret in a body, a callback that is signed and encrypted both ways.

use super::peer::{Answer, Peer};
use super::{call, hex, probe, receiver};
use crate::sandbox::desk::Desk;
use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use rosterd_model::ExternalId;
use rosterd_model::port::Answer as Answered;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::sync::{Arc, Mutex};

const APP_SECRET: &str = "Kanari+17/\"gelb\" & blau";
const TOKENS: [&str; 2] = ["token-kanarienvogel-1", "token-kanarienvogel-2"];

#[test]
fn token_and_secret_reach_the_server_and_nobody_else() {
    let paths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&paths);
    let peer = Peer::http(move |request| {
        let mut seen = seen.lock().expect("nobody panicked");
        seen.push(request.path.clone());
        let exchanges = seen.iter().filter(|path| path.starts_with("/gettoken")).count();
        match request.path.split('?').next() {
            Some("/gettoken") => {
                let token = TOKENS[(exchanges - 1).min(1)];
                Answer::json(&json!({ "errcode": 0, "access_token": token, "expires_in": 7200 }))
            }
            // The first token is no longer good, and the answer repeats it.
            Some("/user/count") if request.path.ends_with(TOKENS[0]) => {
                Answer::json(&json!({ "errcode": 40014, "errmsg": format!("bad token {}", TOKENS[0]) }))
            }
            Some("/user/count") => Answer::json(&json!({ "errcode": 0, "count": 42, "echo": request.path })),
            Some("/gateway/open") => {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let right = body["clientSecret"] == APP_SECRET;
                Answer::json(&json!({ "endpoint": if right { "wss://gateway" } else { "?" }, "echo": APP_SECRET }))
            }
            _ => Answer::text(404, "nothing here"),
        }
    });
    let desk = Desk::new();
    let mut config = probe(&desk, "dingtalk", &peer);
    desk.secret(&mut config, "app-secret", APP_SECRET);
    TOKENS.iter().for_each(|token| desk.canaries.plant("a token", token));
    let mut connector = desk.load("probe").connect(config).and_then(|it| it.connector()).expect("it opens");
    let found = desk.run(connector.check()).expect("the server is content");
    assert_eq!(found[0].message, "42 people, \"wss://gateway\"");

    let secret = "appsecret=Kanari%2B17%2F%22gelb%22%20%26%20blau";
    let exchange = format!("/gettoken?appkey=app-1&{secret}");
    let with = |token: &str| format!("/user/count?access_token={token}");
    let paths = paths.lock().expect("nobody panicked");
    let paths: Vec<String> = paths.iter().map(|path| path.replace('+', "%20")).collect();
    assert_eq!(paths, [exchange.clone(), with(TOKENS[0]), exchange, with(TOKENS[1]), "/gateway/open".to_owned()]);
    desk.assert_no_secret_was_seen(&format!("{found:?}"));
}

const TOKEN: &str = "Kanarienvogel0callback";
/// 43 characters, as they are issued: the last one has bits to spare.
const KEY: &str = "Kanarienvogel0123456789abcdefghijklmnopqrst";

/// The server's own key, by the alphabet and the padding that are its own business.
fn key() -> [u8; 32] {
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::general_purpose::NO_PAD.with_decode_allow_trailing_bits(true),
    );
    engine.decode(KEY).expect("base64").try_into().expect("32 bytes")
}

fn encrypt(event: &Value) -> String {
    let text = event.to_string();
    let length = u32::try_from(text.len()).expect("short").to_be_bytes();
    let mut plain = [b"0123456789abcdef", &length[..], text.as_bytes(), b"corp-1"].concat();
    let pad = 32 - plain.len() % 32;
    plain.resize(plain.len() + pad, u8::try_from(pad).expect("at most 32"));
    let cipher = cbc::Encryptor::<Aes256>::new(&key().into(), key()[..16].try_into().expect("16 bytes"));
    STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
}

fn decrypt(text: &str) -> Vec<u8> {
    let cipher = cbc::Decryptor::<Aes256>::new(&key().into(), key()[..16].try_into().expect("16 bytes"));
    cipher.decrypt_padded_vec::<NoPadding>(&STANDARD.decode(text).expect("base64")).expect("whole blocks")
}

fn sign(timestamp: &str, nonce: &str, encrypted: &str) -> String {
    let mut parts = [TOKEN, timestamp, nonce, encrypted];
    parts.sort_unstable();
    hex(&Sha1::digest(parts.concat()))
}

fn event(desk: &Desk, signature: Option<&str>) -> Answered {
    let mut config = receiver(desk, "dingtalk");
    desk.secret(&mut config, "callback-token", TOKEN);
    desk.secret(&mut config, "callback-key", KEY);
    desk.canaries.plant("the callback key", key());
    let mut receiver = desk.load("probe").connect(config).and_then(|it| it.receiver()).expect("it opens");
    let encrypted = encrypt(&json!({ "EventType": "user_add_org", "UserId": ["u1", "u2"] }));
    let signed = sign("1700000000", "n0nce", &encrypted);
    let query = format!("timestamp=1700000000&nonce=n0nce&signature={}", signature.unwrap_or(&signed));
    let request = call(&query, &[], json!({ "encrypt": encrypted }).to_string().as_bytes());
    desk.run(receiver.handle(request)).expect("it answers")
}

#[test]
fn a_signed_callback_is_read_and_answered_in_kind() {
    let desk = Desk::new();
    let answer = event(&desk, None);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let ids: Vec<_> = answer.hints.iter().map(|hint| hint.id.as_ref().map(ExternalId::as_str)).collect();
    assert_eq!(ids, [Some("u1"), Some("u2")]);
    let reply: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let text = |name: &str| reply[name].as_str().expect("a text").to_owned();
    assert_eq!(text("msg_signature"), sign(&text("timeStamp"), &text("nonce"), &text("encrypt")));
    let plain = decrypt(&text("encrypt"));
    assert_eq!(plain[16..33], *b"\0\0\0\x07successcorp-1");
    desk.assert_no_secret_was_seen(&format!("{answer:?}"));
}

#[test]
fn a_callback_that_somebody_else_signed_is_refused() {
    let desk = Desk::new();
    let answer = event(&desk, Some("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
    assert_eq!((answer.status, answer.hints), (401, vec![]));
    desk.canaries.assert_unseen();
    assert_eq!(STANDARD_NO_PAD.encode(key()).len(), 43);
}
