//! Signatures: made with a secret key, checked with a public one.

use super::invalid;
use super::key::{Private, Public};
use super::words::SIGNATURE;
use rosterd_model::Fault;
use rsa::signature::{SignatureEncoding, Signer, Verifier};
use sha2::Sha256;

/// Signs a message; es256 gives the 64 bytes of JOSE.
pub(crate) fn sign(algorithm: &str, key: &[u8], message: &[u8]) -> Result<Vec<u8>, Fault> {
    SIGNATURE.check(algorithm)?;
    let failed = |_| invalid("the private key is too small for this signature");
    match (algorithm, Private::read(key)?) {
        ("rs256", Private::Rsa(key)) => {
            let key = rsa::pkcs1v15::SigningKey::<Sha256>::new(*key);
            key.try_sign(message).map(|signature| signature.to_vec()).map_err(failed)
        }
        ("ps256", Private::Rsa(key)) => {
            let key = rsa::pss::SigningKey::<Sha256>::new(*key);
            key.try_sign(message).map(|signature| signature.to_vec()).map_err(failed)
        }
        ("es256", Private::P256(key)) => {
            let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(failed)?;
            Ok(signature.to_vec())
        }
        ("ed25519", Private::Ed25519(key)) => key.try_sign(message).map(|signature| signature.to_vec()).map_err(failed),
        _ => Err(invalid(format!("the private key is not of the kind that {algorithm} needs"))),
    }
}

/// Whether a signature fits. A key of another kind, or an unreadable one, is `invalid`; a wrong signature is not.
pub(crate) fn verify(algorithm: &str, key: &str, message: &[u8], signature: &[u8]) -> Result<bool, Fault> {
    SIGNATURE.check(algorithm)?;
    Ok(match (algorithm, Public::read(key)?) {
        ("rs256", Public::Rsa(key)) => rsa::pkcs1v15::Signature::try_from(signature)
            .is_ok_and(|signature| rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok()),
        ("ps256", Public::Rsa(key)) => rsa::pss::Signature::try_from(signature)
            .is_ok_and(|signature| rsa::pss::VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok()),
        ("es256", Public::P256(key)) => {
            p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        ("ed25519", Public::Ed25519(key)) => ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        _ => return Err(invalid(format!("the public key is not of the kind that {algorithm} needs"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::form::{unbase64, unhex};

    #[test]
    fn rfc_8032_ed25519() {
        let seed = unhex(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let signature = sign("ed25519", &seed, b"").unwrap();
        assert!(
            crate::secret::form::hex(&signature)
                .starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")
        );
        let jwk = Private::read(&seed).unwrap().public().jwk();
        assert!(jwk.contains("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), "{jwk}");
        assert_eq!(verify("ed25519", &jwk, b"", &signature), Ok(true));
        assert_eq!(verify("ed25519", &jwk, b"x", &signature), Ok(false));
    }

    #[test]
    fn the_ed25519_vector_of_standard_webhooks() {
        let key: Vec<u8> = (0..32).collect();
        let message =
            r#"msg_test_0001.1795392000.{"type":"user.created","timestamp":"2026-11-23T00:00:00Z","data":{"id":"u1"}}"#;
        let expected =
            unbase64(b"53JdHx/jCbNRJsKG3pH8azyukwaValrUoKuqAw7yFuFmcze0GQI1CddEBXfKb9CtkszoEzxjPH32jj0tJTBgDw==")
                .unwrap();
        assert_eq!(sign("ed25519", &key, message.as_bytes()).unwrap(), *expected);
    }

    #[test]
    fn rfc_7515_es256_key_signs_and_verifies() {
        // The key of RFC 7515, appendix A.3, as SEC1 DER in PEM would need its own encoder; a JWK's public half suffices.
        let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        let message = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature =
            unbase64(b"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
                .unwrap();
        assert_eq!(verify("es256", jwk, message, &signature), Ok(true));
        assert_eq!(verify("es256", jwk, b"other", &signature), Ok(false));
        assert!(verify("rs256", jwk, b"", &signature).is_err());
    }

    #[test]
    fn rs256_is_what_openssl_makes() {
        let pem = include_str!("../../testdata/rsa2048.pem");
        let expected = unbase64(b"cLnPSWDSQYfng5WotfiX/DNShysM6/c84LU5B0Namg+c220aQkBDw9jftMwU7fSs6ugRsBi/NuWDO1OWhUdvfUmaXzBCgFUyLfA7PUPJjW8A+2mGPV3OKN5eyzJp2LuCrFMxgpdu2gQvKoSyWwrjK8CcidQJSGCj1rB18xyAJKuW6JmwNEqdu4jnAOqR3SM00UAF84nhYAEkRB0v/sQ09JPV9ffBuogmM9boFbmRRkocAUK2Iu33Hl2qFSx4dPdJafaZXubwDg2jtGeKy901imjJ80pqHhf8LHFFskXm41KUkWtcrkCYTr7ma1t4C5/SVvPR4M3yRDnFwOvQL2t+XA==");
        assert_eq!(sign("rs256", pem.as_bytes(), b"message").ok(), expected.map(|bytes| bytes.to_vec()));
    }

    #[test]
    fn pem_keys_sign_and_jwk_verifies() {
        let pem = include_str!("../../testdata/rsa2048.pem");
        let jwk = Private::read(pem.as_bytes()).unwrap().public().jwk();
        for algorithm in ["rs256", "ps256"] {
            let signature = sign(algorithm, pem.as_bytes(), b"message").unwrap();
            assert_eq!(verify(algorithm, &jwk, b"message", &signature), Ok(true), "{algorithm}");
        }
        let pem = include_str!("../../testdata/p256.pem");
        let jwk = Private::read(pem.as_bytes()).unwrap().public().jwk();
        let signature = sign("es256", pem.as_bytes(), b"message").unwrap();
        assert_eq!((signature.len(), verify("es256", &jwk, b"message", &signature)), (64, Ok(true)));
        assert!(sign("rs256", pem.as_bytes(), b"").unwrap_err().message.contains("not of the kind"));
        assert!(sign("none", pem.as_bytes(), b"").is_err() && Private::read(b"x").is_err());
    }
}
