//! DingTalk: a token by a recipe, a secret by its placeholder in a body, and callbacks that are signed and encrypted.

use crate::bytes::{base64, from_base64, hex, pad, unpad};
use rosterd_sdk::secrets::{self, Segment};
use rosterd_sdk::{Answer, Class, Fault, Hint, Request, http, random};
use serde_json::{Value, json};

/// Asks for a number under a token that the hub gets and places, and opens a stream with the app secret in the body.
pub(crate) fn count(api: &str) -> Result<String, Fault> {
    let counted: Value = http::get(format!("{api}/user/count")).auth("app").send()?.success()?.json()?;
    let secret = secrets::open("app-secret")?.placeholder("json")?;
    let body = json!({ "clientId": "app-1", "clientSecret": secret });
    let opened: Value = http::post(format!("{api}/gateway/open")).json(&body).send()?.success()?.json()?;
    Ok(format!("{} people, {}", counted["count"], opened["endpoint"]))
}

/// One event: checked, decrypted, answered with an encrypted and signed `success`.
pub(crate) fn callback(request: &Request) -> Result<Answer, Fault> {
    let wrong = || Fault::invalid("this is no callback");
    let query = |name: &str| {
        let mut pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value).ok_or_else(wrong)
    };
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| wrong())?;
    let encrypted = body["encrypt"].as_str().ok_or_else(wrong)?;
    let (timestamp, nonce) = (query("timestamp")?, query("nonce")?);
    if sign(timestamp, nonce, encrypted)? != query("signature")? {
        return Ok(Answer::status(401, "the signature does not fit"));
    }
    let key = secrets::open("callback-key")?;
    let mut plain = key.decrypt("aes-cbc", None, &[], &from_base64(encrypted)?)?;
    unpad(&mut plain, 32)?;
    // 16 random bytes, a length of 4 bytes, the event, the owner of the key.
    let length = plain.get(16..20).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes).ok_or_else(wrong)?;
    let event = plain.get(20..20 + length as usize).ok_or_else(wrong)?;
    let owner = &plain[20 + length as usize..];
    let event: Value = serde_json::from_slice(event).map_err(|_| wrong())?;

    let mut reply = random::bytes(16);
    reply.extend(7_u32.to_be_bytes());
    reply.extend(b"success");
    reply.extend(owner);
    pad(&mut reply, 32);
    let encrypt = base64(&key.encrypt("aes-cbc", None, &[], &reply)?);
    let signature = sign(timestamp, nonce, &encrypt)?;
    let reply = json!({ "msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypt });
    let people = event["UserId"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let hints = people.map(|id| Hint::object(Class::Account, id));
    Ok(hints.fold(Answer::json(200, reply.to_string()), Answer::hint))
}

/// The digest over the sorted parts, the token among them.
fn sign(timestamp: &str, nonce: &str, encrypted: &str) -> Result<String, Fault> {
    let token = secrets::open("callback-token")?;
    let texts = [timestamp, nonce, encrypted].map(|text| Segment::Bytes(text.as_bytes()));
    let parts = [&texts[..], &[Segment::Secret(&token, "raw")]].concat();
    Ok(hex(&secrets::digest("sha1", &parts, true)?))
}
