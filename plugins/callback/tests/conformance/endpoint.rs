//! What the host computes, with the crates that it uses, too. Only RSA is played.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::Signer;
use hmac::{Hmac, Mac};
use rosterd_sdk::Fault;
use rosterd_sdk::testkit::secrets::Call;
use sha2::{Digest, Sha256};

/// Computes what a connector asks for.
pub(crate) fn crypto(call: &Call) -> Result<Vec<u8>, Fault> {
    let key = || -> [u8; 32] { call.key.as_slice().try_into().expect("a key of 32 bytes") };
    Ok(match (call.function, call.algorithm.as_str()) {
        ("mac", "hmac-sha256") => hmac(&call.key, &call.inputs[0]),
        ("sign", "ed25519") => ed25519_dalek::SigningKey::from_bytes(&key()).sign(&call.inputs[0]).to_vec(),
        ("sign", "rs256") if call.key == b"rsa" => rs256(&call.inputs[0]),
        ("public-key", _) if call.key == b"rsa" => br#"{"kty":"RSA","n":"bg","e":"AQAB"}"#.to_vec(),
        ("public-key", _) if call.key.len() == 32 => {
            br#"{"kty":"OKP","crv":"Ed25519","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}"#.to_vec()
        }
        ("digest", "sha256") => Sha256::digest(&call.inputs[0]).to_vec(),
        ("seal", "jwe-dir") => jwe(&call.key, [5; 12], &call.inputs[0]).into_bytes(),
        ("encrypt", "aes-gcm") => {
            let nonce: [u8; 12] = call.inputs[0].as_slice().try_into().expect("twelve bytes");
            let payload = Payload { msg: &call.inputs[2], aad: &call.inputs[1] };
            Aes256Gcm::new_from_slice(&call.key).unwrap().encrypt(&nonce.into(), payload).unwrap()
        }
        _ => return Err(Fault::invalid("the private key is not of the kind that this needs")),
    })
}

/// The compact form under a key of 32 bytes.
fn jwe(key: &[u8], iv: [u8; 12], plaintext: &[u8]) -> String {
    let head = BASE64.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    let payload = Payload { msg: plaintext, aad: head.as_bytes() };
    let sealed = Aes256Gcm::new_from_slice(key).unwrap().encrypt(&iv.into(), payload).unwrap();
    let (body, tag) = sealed.split_at(sealed.len() - 16);
    format!("{head}..{}.{}.{}", BASE64.encode(iv), BASE64.encode(body), BASE64.encode(tag))
}

/// Under a key.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// What stands in for a signature: it depends on every byte of the message.
pub(crate) fn rs256(message: &[u8]) -> Vec<u8> {
    [b"signed".as_slice(), &Sha256::digest(message)].concat()
}
