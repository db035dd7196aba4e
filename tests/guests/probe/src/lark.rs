//! Lark: the digest of the Encrypt Key is the key of an event, and its text a part of the signature.

use crate::bytes::{from_base64, hex, unpad};
use rosterd_sdk::secrets::{self, Segment};
use rosterd_sdk::{Answer, Class, Fault, Hint, Request};
use serde_json::{Value, json};

/// One event: checked, decrypted, turned into a hint.
pub(crate) fn event(request: &Request) -> Result<Answer, Fault> {
    let wrong = || Fault::invalid("this is no event");
    let header = |name: &str| request.header(name).ok_or_else(wrong);
    let key = secrets::open("encrypt-key")?;
    let salt = format!("{}{}", header("x-lark-request-timestamp")?, header("x-lark-request-nonce")?);
    let parts = [Segment::Bytes(salt.as_bytes()), Segment::Secret(&key, "text"), Segment::Bytes(&request.body)];
    if hex(&secrets::digest("sha256", &parts, false)?) != header("x-lark-signature")? {
        return Ok(Answer::status(401, "the signature does not fit"));
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| wrong())?;
    let bytes = from_base64(body["encrypt"].as_str().ok_or_else(wrong)?)?;
    let (iv, encrypted) = bytes.split_at_checked(16).ok_or_else(wrong)?;
    let mut plain = key.decrypt("aes-cbc", Some(iv), &[], encrypted)?;
    unpad(&mut plain, 16)?;
    let event: Value = serde_json::from_slice(&plain).map_err(|_| wrong())?;
    if event["type"] == "url_verification" {
        return Ok(Answer::json(200, json!({ "challenge": event["challenge"] }).to_string()));
    }
    let id = event["event"]["object"]["open_id"].as_str().ok_or_else(wrong)?;
    let event_id = event["header"]["event_id"].as_str().ok_or_else(wrong)?;
    Ok(Answer::json(200, "{}").hint(Hint::object(Class::Account, id).event(event_id)))
}
