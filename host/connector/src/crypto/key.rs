//! Private and public keys as operators and remote systems write them: PEM (PKCS#8, PKCS#1, SPKI), raw ed25519 seeds, JWK.

use super::invalid;
use crate::secret::form;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rosterd_model::Fault;
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PrivateKey as RsaPrivateKey, PublicKey as RsaPublicKey};
use serde_json::{Value, json};

/// A private key of a kind that this host can use.
pub(crate) enum Private {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// A public key likewise.
pub(crate) enum Public {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl Private {
    /// Reads PEM text, or the 32 bytes of an ed25519 seed.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN")) {
            let text = text.trim();
            let rsa =
                RsaPrivateKey::from_pkcs8_pem(text).or_else(|_| RsaPrivateKey::from_pkcs1_pem(text).map_err(|_| ()));
            if let Ok(key) = rsa {
                return Ok(Self::Rsa(Box::new(key)));
            }
            if let Ok(key) =
                p256::SecretKey::from_pkcs8_pem(text).or_else(|_| p256::SecretKey::from_sec1_pem(text).map_err(|_| ()))
            {
                return Ok(Self::P256(key.into()));
            }
            if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(text) {
                return Ok(Self::Ed25519(key));
            }
            return Err(invalid(
                "the private key is of a kind that this host does not know; it knows RSA, P-256 and ed25519",
            ));
        }
        // 64 bytes: seed and public key, as some tools write it.
        match bytes.len() {
            32 | 64 => {
                let seed = bytes[..32].try_into().map_err(|_| invalid("the seed has not 32 bytes"))?;
                Ok(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)))
            }
            _ => Err(invalid("the secret is no private key; store PEM text, or the base64 of an ed25519 seed")),
        }
    }

    /// The public half.
    pub(crate) fn public(&self) -> Public {
        match self {
            Self::Rsa(key) => Public::Rsa(key.to_public_key()),
            Self::P256(key) => Public::P256(*key.verifying_key()),
            Self::Ed25519(key) => Public::Ed25519(key.verifying_key()),
        }
    }
}

impl Public {
    /// Reads a JWK as JSON text, or PEM.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        if text.contains("-----BEGIN") {
            let text = text.trim();
            let rsa =
                RsaPublicKey::from_public_key_pem(text).or_else(|_| RsaPublicKey::from_pkcs1_pem(text).map_err(|_| ()));
            return rsa
                .map(Self::Rsa)
                .or_else(|()| p256::ecdsa::VerifyingKey::from_public_key_pem(text).map(Self::P256).map_err(|_| ()))
                .or_else(|()| ed25519_dalek::VerifyingKey::from_public_key_pem(text).map(Self::Ed25519).map_err(|_| ()))
                .map_err(|()| invalid("the public key is unreadable; RSA, P-256 and ed25519 are known"));
        }
        let jwk: Value = serde_json::from_str(text).map_err(|_| invalid("the public key is neither PEM nor JSON"))?;
        let member =
            |name: &str| jwk.get(name).and_then(Value::as_str).and_then(|text| form::unbase64(text.as_bytes()));
        let word = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let found = match (word("kty"), word("crv")) {
            ("RSA", _) => member("n").zip(member("e")).and_then(|(n, e)| {
                RsaPublicKey::new(BoxedUint::from_be_slice_vartime(&n), BoxedUint::from_be_slice_vartime(&e))
                    .ok()
                    .map(Self::Rsa)
            }),
            ("EC", "P-256") => member("x").zip(member("y")).and_then(|(x, y)| {
                let point = [&[4][..], &x, &y].concat();
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok().map(Self::P256)
            }),
            ("OKP", "Ed25519") => member("x").and_then(|x| {
                let bytes: [u8; 32] = x.as_slice().try_into().ok()?;
                ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok().map(Self::Ed25519)
            }),
            _ => None,
        };
        found.ok_or_else(|| invalid("the JWK is unreadable; RSA, EC with P-256 and OKP with Ed25519 are known"))
    }

    /// As JWK.
    pub(crate) fn jwk(&self) -> String {
        let text = |bytes: &[u8]| {
            form::write("base64url", &[], bytes)
                .ok()
                .and_then(|text| String::from_utf8(text.to_vec()).ok())
                .unwrap_or_default()
        };
        let jwk = match self {
            Self::Rsa(key) => {
                json!({ "kty": "RSA", "n": text(&key.n().to_be_bytes_trimmed_vartime()), "e": text(&key.e().to_be_bytes_trimmed_vartime()) })
            }
            Self::P256(key) => {
                let point = key.to_sec1_point(false);
                let half = |range: std::ops::Range<usize>| text(point.as_bytes().get(range).unwrap_or_default());
                json!({ "kty": "EC", "crv": "P-256", "x": half(1..33), "y": half(33..65) })
            }
            Self::Ed25519(key) => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(key.as_bytes()) }),
        };
        jwk.to_string()
    }
}
