//! Messages of JOSE (RFC 7515, 7516, 7638), made of what the host computes: keys stay there.

use crate::text::Text;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rosterd_sdk::secrets::{self, Secret, Segment};
use rosterd_sdk::{Fault, random};
use serde_json::{Map, Value, json};

/// Bytes of an initialisation vector, and of a tag, of AES-GCM.
const IV: u32 = 12;
const TAG: usize = 16;

/// base64url without padding.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A compact JWS with RS256, as it is sent, and its length: where claims hold a secret, a placeholder stands for all of them.
///
/// # Errors
/// The key is no RSA key, or may not be used.
pub fn signed(key: &Secret, key_id: &str, claims: &Text, secret: Option<&Secret>) -> Result<(String, usize), Fault> {
    let head = format!("{}.", encode(json!({ "kid": key_id, "typ": "JWT", "alg": "RS256" }).to_string()));
    let (payload, length, signature) = if claims.has_gap() {
        // base64url does not keep its bytes apart, so the claims are one secret of their own.
        let whole = secrets::derive("concat", &claims.segments(secret))?;
        let message = [Segment::Bytes(head.as_bytes()), Segment::Secret(&whole, "base64url")];
        let length = usize::try_from(whole.length("base64url")?).unwrap_or(usize::MAX);
        (whole.placeholder("base64url")?, length, key.sign("rs256", &message)?)
    } else {
        let payload = encode(claims.sent(None)?);
        let message = [Segment::Bytes(head.as_bytes()), Segment::Bytes(payload.as_bytes())];
        let signature = key.sign("rs256", &message)?;
        let length = payload.len();
        (payload, length, signature)
    };
    let signature = encode(signature);
    let length = head.len().saturating_add(length).saturating_add(1 + signature.len());
    Ok((format!("{head}{payload}.{signature}"), length))
}

/// How a shared key encrypts, by its length.
///
/// # Errors
/// `settings` if it is no key of AES.
pub fn method(key: &Secret) -> Result<&'static str, Fault> {
    match key.length("raw")? {
        32 => Ok("A256GCM"),
        24 => Ok("A192GCM"),
        16 => Ok("A128GCM"),
        other => {
            let text = format!("the secret encrypt-key has {other} bytes; store 64 hexadecimal digits, or 48, or 32");
            Err(Fault::settings(text).about("encrypt-key"))
        }
    }
}

/// A compact JWE of a shared key (`dir`), with AES-GCM of the key's length.
///
/// # Errors
/// The key does not fit, or may not be used.
pub fn encrypted(key: &Secret, plaintext: &[u8]) -> Result<String, Fault> {
    let head = encode(json!({ "alg": "dir", "enc": method(key)? }).to_string());
    let iv = random::bytes(IV);
    let sealed = key.encrypt("aes-gcm", Some(&iv), head.as_bytes(), plaintext)?;
    let Some((ciphertext, tag)) = sealed.split_at_checked(sealed.len().saturating_sub(TAG)) else {
        return Err(Fault::internal("the ciphertext has no tag"));
    };
    Ok(format!("{head}..{}.{}.{}", encode(iv), encode(ciphertext), encode(tag)))
}

/// The public half of a key as JWK.
///
/// # Errors
/// The secret is no private key.
pub fn public(key: &Secret) -> Result<Map<String, Value>, Fault> {
    let text = key.public_key()?;
    serde_json::from_str(&text).map_err(|_| Fault::internal("the host's JWK is no JSON object"))
}

/// The thumbprint of an RSA key (RFC 7638).
///
/// # Errors
/// `settings` if the key is another one.
pub fn thumbprint(jwk: &Map<String, Value>) -> Result<String, Fault> {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    let (Some("RSA"), Some(e), Some(n)) = (member("kty"), member("e"), member("n")) else {
        return Err(Fault::settings("the secret event-key is no RSA key; store one as PEM").about("event-key"));
    };
    let canonical = format!("{{\"e\":\"{e}\",\"kty\":\"RSA\",\"n\":\"{n}\"}}");
    Ok(encode(secrets::digest("sha256", &[Segment::Bytes(canonical.as_bytes())], false)?))
}

/// The public half of an ed25519 key as Standard Webhooks writes it.
#[must_use]
pub fn whpk(jwk: &Map<String, Value>) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(jwk.get("x").and_then(Value::as_str)?).ok()?;
    Some(format!("whpk_{}", STANDARD.encode(bytes)))
}
