//! The envelope of callbacks: AES-256-CBC around a random head, a length, the message and the name of its owner, and a SHA-1
//! over four sorted texts. Token and key stay with the hub; here are the places of the bytes.
//!
//! Source: the vendor's page "encryption and decryption of callbacks". What ready-made code often gets wrong: the padding
//! counts in blocks of 32 bytes, and the initial vector is the head of the key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rosterd_sdk::secrets::{self, Secret, Segment};
use rosterd_sdk::{Fault, FaultKind};

/// The unit of the padding, which is not that of the cipher.
const BLOCK: usize = 32;
/// Random bytes at the head.
const HEAD: usize = 16;
/// The unit of the cipher.
const CIPHER: usize = 16;

/// What the hub holds for callbacks.
#[derive(Debug)]
pub struct Keys {
    token: Secret,
    key: Secret,
}

/// What was in an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The message.
    pub message: Vec<u8>,
    /// For whom it is.
    pub owner: Vec<u8>,
}

impl Keys {
    /// The secrets of this connection.
    ///
    /// # Errors
    /// `not-found` if the operator did not set one of them.
    pub fn of_connection() -> Result<Self, Fault> {
        Ok(Self { token: secrets::open("callback-token")?, key: secrets::open("aes-key")? })
    }

    /// The signature of a closed message.
    ///
    /// # Errors
    /// What the hub says.
    pub fn sign(&self, time: &str, nonce: &str, sealed: &str) -> Result<String, Fault> {
        let parts = [
            Segment::Secret(&self.token, "raw"),
            Segment::Bytes(time.as_bytes()),
            Segment::Bytes(nonce.as_bytes()),
            Segment::Bytes(sealed.as_bytes()),
        ];
        Ok(hexadecimal(&secrets::digest("sha1", &parts, true)?))
    }

    /// Opens what is signed well; none: another key, or damage.
    ///
    /// # Errors
    /// What the hub says, but for what it says about such a text.
    pub fn open(&self, sealed: &str) -> Result<Option<Opened>, Fault> {
        let Some(bytes) = STANDARD.decode(sealed).ok().filter(|bytes| whole(bytes.len())) else { return Ok(None) };
        match self.key.decrypt("aes-cbc", None, &[], &bytes) {
            Ok(plain) => Ok(unpack(&plain)),
            Err(fault) if fault.kind == FaultKind::Invalid => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Closes a message; `head` is random.
    ///
    /// # Errors
    /// What the hub says.
    pub fn seal(&self, message: &[u8], owner: &[u8], head: &[u8]) -> Result<String, Fault> {
        Ok(STANDARD.encode(self.key.encrypt("aes-cbc", None, &[], &pack(message, owner, head)?)?))
    }
}

/// Whole blocks of the cipher, enough for the smallest message.
const fn whole(length: usize) -> bool {
    length >= BLOCK && length.is_multiple_of(CIPHER)
}

/// Takes the plain text apart; none if it can not have been made as [`pack`] does.
#[must_use]
pub fn unpack(plain: &[u8]) -> Option<Opened> {
    let pad = usize::from(*plain.last()?);
    let (text, padding) = plain.split_at_checked(plain.len().checked_sub(pad)?)?;
    if !(1..=BLOCK).contains(&pad) || padding.iter().any(|byte| usize::from(*byte) != pad) {
        return None;
    }
    let (length, rest) = text.get(HEAD..)?.split_first_chunk::<4>()?;
    let (message, owner) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(Opened { message: message.to_vec(), owner: owner.to_vec() })
}

/// Puts the plain text together.
///
/// # Errors
/// A message of four gigabytes.
pub fn pack(message: &[u8], owner: &[u8], head: &[u8]) -> Result<Vec<u8>, Fault> {
    let length = u32::try_from(message.len()).map_err(|_| Fault::internal("an answer is too long to be sealed"))?;
    let mut plain = [head, &length.to_be_bytes(), message, owner].concat();
    let pad = BLOCK - plain.len() % BLOCK;
    plain.resize(plain.len() + pad, u8::try_from(pad).unwrap_or_default());
    Ok(plain)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two texts are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    one.len() == other.len() && differences == 0
}
