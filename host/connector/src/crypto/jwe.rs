//! JWE (RFC 7516) under a key that both sides have (`dir`), in the compact form.

use super::words::SEAL;
use super::{cipher, invalid};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rosterd_model::Fault;
use zeroize::Zeroizing;

/// Bytes of an iv.
pub(crate) const IV: usize = 12;
const TAG: usize = 16;

/// Encrypts. `iv` is fresh: the same one twice under one key would give the text away.
///
/// No `zip`: how well a text can be compressed says what is in it.
pub(crate) fn seal(algorithm: &str, key: &[u8], iv: [u8; IV], text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    SEAL.check(algorithm)?;
    let method = match key.len() {
        32 => "A256GCM",
        24 => "A192GCM",
        16 => "A128GCM",
        other => return Err(invalid(format!("a key of jwe-dir has 16, 24 or 32 bytes; this secret has {other}"))),
    };
    let head = BASE64.encode(format!("{{\"alg\":\"dir\",\"enc\":\"{method}\"}}"));
    let sealed = cipher::encrypt("aes-gcm", key, Some(&iv), head.as_bytes(), text)?;
    let (body, tag) = sealed.split_at(sealed.len().saturating_sub(TAG));
    let [iv, body, tag] = [&iv, body, tag].map(|part| BASE64.encode(part));
    Ok(Zeroizing::new(format!("{head}..{iv}.{body}.{tag}").into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What RFC 7516 says about opening one.
    fn open(compact: &[u8], key: &[u8]) -> (String, Vec<u8>) {
        let text = std::str::from_utf8(compact).unwrap();
        let parts: Vec<&str> = text.split('.').collect();
        let [head, "", iv, body, tag] = parts[..] else { panic!("{text}") };
        let bytes = |part: &str| BASE64.decode(part).unwrap();
        let sealed = [bytes(body), bytes(tag)].concat();
        let plain = cipher::decrypt("aes-gcm", key, Some(&bytes(iv)), head.as_bytes(), &sealed).unwrap();
        (String::from_utf8(bytes(head)).unwrap(), plain)
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_under_its_key(text in any::<Vec<u8>>(), iv in any::<[u8; IV]>(), length in 0..3_usize) {
            let key = vec![9; [16, 24, 32][length]];
            let sealed = seal("jwe-dir", &key, iv, &text).unwrap();
            let head = format!("{{\"alg\":\"dir\",\"enc\":\"A{}GCM\"}}", key.len() * 8);
            prop_assert_eq!(open(&sealed, &key), (head, text));
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for length in [0, 15, 31, 33, 64] {
            assert!(seal("jwe-dir", &vec![0; length], [0; IV], b"").unwrap_err().message.contains("16, 24 or 32"));
        }
        assert!(seal("jwe", &[0; 32], [0; IV], b"").unwrap_err().message.contains("it has jwe-dir"));
    }
}
