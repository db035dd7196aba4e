//! Secrets: how they are stored, written, put into requests and taken out of texts; keys, ciphers, cursors.

use crate::crypto::key::{Private, Public};
use crate::directory::{CursorKey, Query};
use crate::manifest::Decode;
use crate::redact::Redactor;
use crate::secret::form;
use crate::secret::reference::{SecretReference, resolve};
use crate::secret::vault::{Placeholders, SecretValue};
use crate::tls::read_pin;
use rosterd_model::{Class, Fault};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What the manifest's `decode` makes of a stored text.
#[must_use]
pub fn decode(how: Decode, stored: &[u8]) -> Option<Vec<u8>> {
    form::decode(how, stored).map(|bytes| bytes.to_vec())
}

/// Bytes in a form. None: there is no such form, or they do not fit it.
#[must_use]
pub fn write(name: &str, stored: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    form::write(name, stored, bytes).ok().map(|bytes| bytes.to_vec())
}

/// A request in which a secret stands between parts: with its placeholder, and with the secret put in.
pub fn splice(secret: &[u8], form: &str, parts: &[&[u8]]) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
    let bytes = Zeroizing::new(secret.to_vec());
    let (name, stored) = ("fuzz".to_owned(), bytes.clone());
    let (uses, forms, hosts) = (None, None, None);
    let secret = Arc::new(SecretValue { name, stored, bytes, uses, forms, hosts, reveal: false, passing: false });
    let mut placeholders = Placeholders::default();
    let token = placeholders.make(&secret, form, [7; 16])?;
    let request = parts.join(token.as_bytes());
    let spliced = placeholders.splice(&request, |_, _| Ok(()))?;
    Ok((request, spliced.map(|bytes| bytes.to_vec())))
}

fn redactor(secret: &[u8]) -> Redactor {
    let redactor = Redactor::default();
    redactor.learn(secret, secret);
    redactor
}

/// A text without a secret.
#[must_use]
pub fn redact(secret: &[u8], text: &str) -> String {
    redactor(secret).text(text).into_owned()
}

/// An answer without a secret.
pub fn blank(secret: &[u8], bytes: &mut [u8]) {
    redactor(secret).blank(bytes);
}

/// What a reference leads to.
pub fn secret(reference: &SecretReference, base: &Path) -> Result<Vec<u8>, String> {
    resolve(reference, base, None).map(|bytes| bytes.to_vec())
}

/// The public half of a private key, as JWK.
pub fn private_key(bytes: &[u8]) -> Result<String, Fault> {
    Private::read(bytes).map(|key| key.public().jwk())
}

/// A public key, as JWK.
pub fn public_key(text: &str) -> Result<String, Fault> {
    Public::read(text).map(|key| key.jwk())
}

/// Whether a signature fits, by a key that may be anything.
pub fn known_key(algorithm: &str, key: &str, message: &[u8], signature: &[u8]) -> Result<bool, Fault> {
    crate::crypto::sign::verify(algorithm, key, message, signature)
}

/// Bytes that were encrypted, or else are: `decrypt` or not.
pub fn cipher(algorithm: &str, key: &[u8], iv: Option<&[u8]>, data: &[u8], decrypt: bool) -> Result<Vec<u8>, Fault> {
    use crate::crypto::cipher;
    if decrypt {
        cipher::decrypt(algorithm, key, iv, b"fuzz", data)
    } else {
        cipher::encrypt(algorithm, key, iv, b"fuzz", data)
    }
}

/// Proof and expected signature of SCRAM for what a server sent.
pub fn scram(password: &[u8], salt: &[u8], iterations: u32, message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    crate::crypto::scram::scram("scram-sha-256", password, salt, iterations, message)
}

/// The digest of a pin.
pub fn pin(text: &str) -> Result<[u8; 32], String> {
    read_pin(text)
}

/// The key that seals cursors of one connection.
pub struct Cursors(CursorKey);

impl Cursors {
    /// A fresh key.
    pub fn fresh() -> Result<Self, String> {
        CursorKey::fresh().map(Self)
    }

    /// What a client gets for a cursor.
    pub fn seal(&self, class: Class, query: &Query, inner: &str) -> Result<String, Fault> {
        self.0.seal(class, query, inner)
    }

    /// The cursor that a client brings.
    pub fn open(&self, class: Class, query: &Query, sealed: &str) -> Result<String, Fault> {
        self.0.open(class, query, sealed)
    }
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors")
    }
}
