//! Alibaba Cloud IDaaS: a body that is a JWE under a shared key (`dir`, A256GCM), answered with another one.

use crate::bytes::{base64url, from_base64url};
use rosterd_sdk::{Answer, Class, Fault, Hint, Request, random, secrets};
use serde_json::{Value, json};

/// Decrypts the body, gives a hint about the person that it names, and answers with an encrypted body.
pub(crate) fn event(request: &Request) -> Result<Answer, Fault> {
    let wrong = || Fault::invalid("this is no encrypted body");
    let body = std::str::from_utf8(&request.body).map_err(|_| wrong())?;
    let parts: Vec<&str> = body.split('.').collect();
    let [header, "", iv, encrypted, tag] = parts[..] else { return Err(wrong()) };
    let key = secrets::open("content-key")?;
    let sealed = [from_base64url(encrypted)?, from_base64url(tag)?].concat();
    let plain = key.decrypt("aes-gcm", Some(&from_base64url(iv)?), header.as_bytes(), &sealed)?;
    let event: Value = serde_json::from_slice(&plain).map_err(|_| wrong())?;
    let id = event["userId"].as_str().ok_or_else(wrong)?;

    let header = base64url(br#"{"alg":"dir","enc":"A256GCM"}"#);
    let iv = random::bytes(12);
    let reply = json!({ "taken": id }).to_string();
    let sealed = key.encrypt("aes-gcm", Some(&iv), header.as_bytes(), reply.as_bytes())?;
    let (encrypted, tag) = sealed.split_at_checked(sealed.len().saturating_sub(16)).ok_or_else(wrong)?;
    let text = [header, String::new(), base64url(&iv), base64url(encrypted), base64url(tag)].join(".");
    Ok(Answer::status(200, text).header("content-type", "application/jose").hint(Hint::object(Class::Account, id)))
}
