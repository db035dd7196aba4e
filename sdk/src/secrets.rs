//! Secrets are handles: their bytes stay in the host, which splices, signs and decrypts with them.

use crate::fault::Fault;

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::secrets as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::secrets as host;

/// A secret of this connection. Dropping it ends nothing but the handle.
#[derive(Debug)]
pub struct Secret(pub(crate) host::Secret);

/// A piece of a message that is put together in the host; pieces follow each other without anything between them.
#[derive(Debug, Clone, Copy)]
pub enum Segment<'a> {
    /// Bytes of the connector.
    Bytes(&'a [u8]),
    /// A secret in a form (`raw`, `utf16le-quoted`, ...): bytes that only the host sees.
    Secret(&'a Secret, &'a str),
}

/// A secret by its name in the manifest.
///
/// # Errors
/// `not-found` for an optional one that the operator did not set.
pub fn open(name: &str) -> Result<Secret, Fault> {
    host::open(name).map(Secret)
}

/// The new password of the account that an operation makes or changes: the same key gives the same password.
///
/// # Errors
/// `denied` outside of `Destination::apply`.
pub fn initial_password(operation_key: &str) -> Result<Secret, Fault> {
    host::initial_password(operation_key).map(Secret)
}

/// A secret made of others, itself never shown: `concat`, `sha256`, `sha1`, `md5`, `md5-hex`, `sha256-hex`.
///
/// # Errors
/// `unsupported`, `denied`.
pub fn derive(algorithm: &str, parts: &[Segment<'_>]) -> Result<Secret, Fault> {
    host::derive(algorithm, &host_segments(parts)).map(Secret)
}

/// A digest over the parts joined, shown to the connector; `sorted` sorts the parts by their bytes first.
///
/// # Errors
/// `unsupported`, `denied`.
pub fn digest(algorithm: &str, parts: &[Segment<'_>], sorted: bool) -> Result<Vec<u8>, Fault> {
    host::digest(algorithm, &host_segments(parts), sorted)
}

/// Whether a signature fits a public key (JWK or PEM): rs256, ps256, es256, ed25519.
///
/// # Errors
/// `invalid` for an unreadable key.
pub fn verify(algorithm: &str, key: &str, message: &[u8], signature: &[u8]) -> Result<bool, Fault> {
    host::verify(algorithm, key, message, signature)
}

impl Secret {
    /// Text that stands for the secret in a url, header or body; the host replaces it on the way out.
    ///
    /// # Errors
    /// `unsupported` form, `denied` use.
    pub fn placeholder(&self, form: &str) -> Result<String, Fault> {
        self.0.placeholder(form)
    }

    /// Length in bytes in a form.
    ///
    /// # Errors
    /// `unsupported` form.
    pub fn length(&self, form: &str) -> Result<u32, Fault> {
        self.0.length(form)
    }

    /// Whether the secret is exactly this, compared in constant time.
    ///
    /// # Errors
    /// `unsupported` form, `denied` use.
    pub fn matches(&self, form: &str, value: &[u8]) -> Result<bool, Fault> {
        self.0.matches(form, value)
    }

    /// A MAC under this key: hmac-sha256, hmac-sha1.
    ///
    /// # Errors
    /// `unsupported` algorithm, `denied` use.
    pub fn mac(&self, algorithm: &str, message: &[Segment<'_>]) -> Result<Vec<u8>, Fault> {
        self.0.mac(algorithm, &host_segments(message))
    }

    /// A signature by this private key: rs256, ps256, es256, ed25519.
    ///
    /// # Errors
    /// `unsupported` algorithm, `denied` use.
    pub fn sign(&self, algorithm: &str, message: &[Segment<'_>]) -> Result<Vec<u8>, Fault> {
        self.0.sign(algorithm, &host_segments(message))
    }

    /// The public half of a private key as JWK, JSON text.
    ///
    /// # Errors
    /// `unsupported` if it is no private key.
    pub fn public_key(&self) -> Result<String, Fault> {
        self.0.public_key()
    }

    /// Decrypts: aes-cbc (padding stays), aes-gcm (tag appended). No iv: the first 16 bytes of the key.
    ///
    /// # Errors
    /// `invalid` for a wrong key or tag.
    pub fn decrypt(&self, algorithm: &str, iv: Option<&[u8]>, aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Fault> {
        self.0.decrypt(algorithm, iv, aad, ciphertext)
    }

    /// Encrypts: aes-cbc (padded by the connector), aes-gcm (an iv of 12 bytes, never the same twice).
    ///
    /// # Errors
    /// `unsupported` algorithm, `denied` use.
    pub fn encrypt(&self, algorithm: &str, iv: Option<&[u8]>, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Fault> {
        self.0.encrypt(algorithm, iv, aad, plaintext)
    }

    /// Encrypts a message that holds secrets, to a new secret that is never shown: jwe-dir (a compact JWE). The iv is the host's.
    ///
    /// # Errors
    /// `unsupported` algorithm, `denied` use, `invalid` for a key of another length.
    pub fn seal(&self, algorithm: &str, message: &[Segment<'_>]) -> Result<Self, Fault> {
        self.0.seal(algorithm, &host_segments(message)).map(Self)
    }

    /// SCRAM with this password: the client proof, and the server signature to expect.
    ///
    /// # Errors
    /// `unsupported` algorithm, `invalid` for fewer than 4096 iterations.
    pub fn scram(
        &self,
        algorithm: &str,
        salt: &[u8],
        iterations: u32,
        message: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        self.0.scram(algorithm, salt, iterations, message)
    }

    /// The bytes themselves. Needs a grant of its own; a connector should not want it.
    ///
    /// # Errors
    /// `denied`.
    pub fn reveal(&self) -> Result<Vec<u8>, Fault> {
        self.0.reveal()
    }
}

pub(crate) fn host_segments<'a>(segments: &[Segment<'a>]) -> Vec<host::Segment<'a>> {
    let one = |segment: &Segment<'a>| match *segment {
        Segment::Bytes(bytes) => host::Segment::Bytes(bytes.to_vec()),
        Segment::Secret(secret, form) => {
            host::Segment::Secret(host::Splice { secret: &secret.0, form: form.to_owned() })
        }
    };
    segments.iter().map(one).collect()
}
