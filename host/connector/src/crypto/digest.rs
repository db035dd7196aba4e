//! Digests and message authentication codes.

use super::unsupported;
use hmac::{Hmac, KeyInit, Mac};
use rosterd_model::Fault;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const DIGESTS: [&str; 2] = ["sha256", "sha1"];
const MACS: [&str; 2] = ["hmac-sha256", "hmac-sha1"];

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
        other => Err(unsupported("digest", other, &DIGESTS)),
    }
}

/// A MAC under a key of any length.
pub(crate) fn mac(algorithm: &str, key: &[u8], message: &[u8]) -> Result<Vec<u8>, Fault> {
    match algorithm {
        "hmac-sha256" => Ok(hmac_sha256(key, message).to_vec()),
        "hmac-sha1" => {
            let mac =
                Hmac::<Sha1>::new_from_slice(key).map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec());
            mac.map_err(|_| super::invalid("the key can not be used"))
        }
        other => Err(unsupported("MAC", other, &MACS)),
    }
}

/// HMAC takes keys of any length; an error of its constructor does not occur, and would give a MAC that fits nothing.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mac| mac.chain_update(message).finalize().into_bytes().into())
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
        assert!(digest("crc32", &mut [], false).unwrap_err().message.contains("it has sha256, sha1"));
    }
}
