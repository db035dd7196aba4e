//! A first password inside of a JWE, and that inside of something derived, sent to a server which repeats what it gets. This
//! connector may decrypt under the very key, and looks for something to decrypt.

use crate::bytes::from_base64url;
use rosterd_sdk::secrets::{self, Secret, Segment};
use rosterd_sdk::{Applied, Fault, Operation, Receipt, http};
use serde_json::{Value, json};

/// Creates the account.
pub(crate) fn apply(api: &str, operation: &Operation) -> Receipt {
    match send(api, operation) {
        Ok(id) => Receipt::Applied(Applied::id(id)),
        Err(fault) => Receipt::Failed(fault),
    }
}

fn send(api: &str, operation: &Operation) -> Result<String, Fault> {
    let (key, password) = (secrets::open("content-key")?, secrets::initial_password(&operation.key)?);
    let said = [Segment::Bytes(b"{\"password\":\""), Segment::Secret(&password, "json"), Segment::Bytes(b"\"}")];
    let sealed = [key.seal("jwe-dir", &said)?, key.seal("jwe-dir", &said)?];
    let refused = refused(&key, &sealed[0]);
    let claims = [Segment::Bytes(b"{\"cipherData\":\""), Segment::Secret(&sealed[0], "raw"), Segment::Bytes(b"\"}")];
    let claims = secrets::derive("concat", &claims)?;
    let body = json!({
        "claims": claims.placeholder("base64url")?,
        "second": sealed[1].placeholder("json")?,
        "length": sealed[1].length("raw")?,
        "refused": refused,
    });
    let answer: Value = http::post(format!("{api}/users")).json(&body).send()?.success()?.json()?;
    if let Some(text) = texts(&answer).into_iter().find_map(|text| open(&key, &text)) {
        return Err(Fault::internal(format!("it could be opened: {text}")));
    }
    answer["id"].as_str().map(str::to_owned).ok_or_else(|| Fault::transient("the answer names no id"))
}

/// What was refused of all that would show what is sealed, or say something about it.
fn refused(key: &Secret, sealed: &Secret) -> Vec<&'static str> {
    let inside = [Segment::Secret(sealed, "raw")];
    let all = [
        ("reveal", sealed.reveal().err()),
        ("matches", sealed.matches("raw", b"e30").err()),
        ("digest", secrets::digest("sha256", &inside, false).err()),
        ("sorted", secrets::digest("sha256", &inside, true).err()),
        ("decrypt", sealed.decrypt("aes-cbc", None, &[], &[0; 16]).err()),
        ("encrypt", sealed.encrypt("aes-cbc", None, &[], &[0; 16]).err()),
        ("as a key", sealed.seal("jwe-dir", &inside).err()),
        ("scram", sealed.scram("scram-sha-256", b"salt", 4096, b"").err()),
        ("public-key", sealed.public_key().err()),
        // What the key itself may not be put into.
        ("key inside", key.seal("jwe-dir", &[Segment::Secret(key, "hex")]).err()),
    ];
    all.into_iter().filter(|(_, fault)| fault.is_some()).map(|(name, _)| name).collect()
}

/// All texts in an answer, and what base64url makes of them.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            let inner = from_base64url(text).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            std::iter::once(text.clone()).chain(inner.iter().flat_map(texts)).collect()
        }
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn open(key: &Secret, text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('.').collect();
    let [head, "", iv, body, tag] = parts[..] else { return None };
    let sealed = [from_base64url(body).ok()?, from_base64url(tag).ok()?].concat();
    let plain = key.decrypt("aes-gcm", Some(&from_base64url(iv).ok()?), head.as_bytes(), &sealed).ok()?;
    String::from_utf8(plain).ok()
}
