//! Digests and message authentication codes.

use super::words::{DERIVE, DIGEST, MAC};
use crate::secret::form;
use hmac::digest::block_api::EagerHash;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use rosterd_model::Fault;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A digest over the parts joined; `sorted` sorts them by their bytes first.
pub(crate) fn digest(
    algorithm: &str,
    parts: &mut [Zeroizing<Vec<u8>>],
    sorted: bool,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    if sorted {
        parts.sort_by(|a, b| a.as_slice().cmp(b.as_slice()));
    }
    fn over<D: Digest>(parts: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
        let mut digest = D::new();
        parts.iter().for_each(|part| digest.update(part));
        Zeroizing::new(digest.finalize().to_vec())
    }
    match algorithm {
        "sha256" => Ok(over::<Sha256>(parts)),
        "sha1" => Ok(over::<Sha1>(parts)),
        "md5" => Ok(over::<Md5>(parts)),
        other => Err(DIGEST.unsupported(other)),
    }
}

/// The bytes of a secret that is made of others: the parts joined, or a digest over them, as bytes or as text.
pub(crate) fn derive(algorithm: &str, parts: &[Zeroizing<Vec<u8>>]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    DERIVE.check(algorithm)?;
    let mut joined = Zeroizing::new(Vec::new());
    parts.iter().for_each(|part| joined.extend_from_slice(part));
    if algorithm == "concat" {
        return Ok(joined);
    }
    match algorithm.strip_suffix("-hex") {
        Some(plain) => digest(plain, &mut [joined], false).map(|bytes| Zeroizing::new(form::hex(&bytes).into_bytes())),
        None => digest(algorithm, &mut [joined], false),
    }
}

/// A MAC under a key of any length.
pub(crate) fn mac(algorithm: &str, key: &[u8], message: &[u8]) -> Result<Vec<u8>, Fault> {
    match algorithm {
        "hmac-sha256" => hmac::<Sha256>(key, message),
        "hmac-sha1" => hmac::<Sha1>(key, message),
        other => Err(MAC.unsupported(other)),
    }
}

/// HMAC (RFC 2104) with a digest. Keys of any length are taken, so the error does not occur.
pub(super) fn hmac<D: EagerHash>(key: &[u8], message: &[u8]) -> Result<Vec<u8>, Fault> {
    let mac = Hmac::<D>::new_from_slice(key).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec());
    mac.map_err(|_| super::invalid("the key can not be used"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::form::{decode, hex, unbase64, unhex};

    #[test]
    fn rfc_4231_and_rfc_2202() {
        let key = [0x0b; 20];
        assert_eq!(
            hex(&mac("hmac-sha256", &key, b"Hi There").unwrap()),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(hex(&mac("hmac-sha1", &key, b"Hi There").unwrap()), "b617318655057264e28bc0b6fb378c8ef146be00");
        assert_eq!(
            hex(&mac("hmac-sha256", b"Jefe", b"what do ya want for nothing?").unwrap()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_vector_of_standard_webhooks() {
        let stored = b"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let key = decode(crate::manifest::Decode::Whsec, stored).unwrap();
        let body = r#"{"type":"user.created","timestamp":"2026-11-23T00:00:00Z","data":{"id":"u1"}}"#;
        let message = format!("msg_test_0001.1795392000.{body}");
        let expected = unbase64(b"AeL8JlZ3jpmaeGPnkFHkq1DIeDZ2/ca/yfluKeuMbq8=").unwrap();
        assert_eq!(mac("hmac-sha256", &key, message.as_bytes()).unwrap(), *expected);
    }

    #[test]
    fn parts_are_joined_as_given_or_sorted_by_bytes() {
        let parts =
            |list: &[&str]| list.iter().map(|part| Zeroizing::new(part.as_bytes().to_vec())).collect::<Vec<_>>();
        let abc = unhex(b"a9993e364706816aba3e25717850c26c9cd0d89d").unwrap();
        assert_eq!(digest("sha1", &mut parts(&["a", "bc"]), false).unwrap(), abc);
        assert_eq!(digest("sha1", &mut parts(&["c", "a", "b"]), true).unwrap(), abc);
        assert_ne!(digest("sha1", &mut parts(&["c", "a", "b"]), false).unwrap(), abc);
        assert!(digest("crc32", &mut [], false).unwrap_err().message.contains("it has sha256, sha1, md5"));
    }

    #[test]
    fn rfc_1321_md5() {
        let md5 = |text: &str| digest("md5", &mut [Zeroizing::new(text.as_bytes().to_vec())], false).map(|d| hex(&d));
        for (text, expected) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
            (&"1234567890".repeat(8), "57edf4a22be3c955ac49da2e2107b67a"),
        ] {
            assert_eq!(md5(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn derived_digests_are_bytes_or_lower_case_text() {
        let parts = ["pass", "user"].map(|part| Zeroizing::new(part.as_bytes().to_vec()));
        let derived = |algorithm: &str| derive(algorithm, &parts).unwrap().to_vec();
        assert_eq!(derived("concat"), b"passuser");
        // By md5sum, sha1sum and sha256sum over "passuser".
        assert_eq!(derived("md5-hex"), b"7f409a7c046daea1c2c60502d7e2becc");
        assert_eq!(hex(&derived("md5")), "7f409a7c046daea1c2c60502d7e2becc");
        assert_eq!(hex(&derived("sha1")), "13cb4cea6125125d9cc687a3e9e62e4bcdc99ef3");
        assert_eq!(derived("sha256-hex"), b"562491275b6806ef82b2cf5db6a4433053811b3e2050f40725d34461c9ee5df7");
        assert_eq!(hex(&derived("sha256")).as_bytes(), derived("sha256-hex"));
        assert!(derive("sha1-hex", &parts).unwrap_err().message.contains("it has concat, sha256"));
    }
}
