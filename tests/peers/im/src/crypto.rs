//! The envelope of callbacks, as DingTalk and WeCom build it: AES-256-CBC around a random head, a length, the message and
//! the name of its owner, and a SHA-1 over four sorted strings.
//!
//! Three things differ from what libraries do by themselves: the padding counts in blocks of 32 bytes, the key's last
//! letter usually leaves bits that are not zero, and the initial vector is the head of the key.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};
use std::fmt::Write;

/// The padding's unit.
const BLOCK: usize = 32;
/// Random bytes at the head of the plain text.
const HEAD: usize = 16;

/// Keys of one subscription.
#[derive(Clone, Debug)]
pub struct Envelope {
    token: String,
    key: [u8; 32],
    owner: String,
}

/// Why a message is not opened, in the order in which a receiver finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The signature is another.
    Signature,
    /// It is no base64, or no whole number of blocks.
    Shape,
    /// Padding or length make no sense: another key.
    Key,
    /// It is for somebody else.
    Owner,
}

impl Envelope {
    /// Keys from what a subscription names; none if `aes_key` is not 43 letters of base64.
    #[must_use]
    pub fn new(token: &str, aes_key: &str, owner: &str) -> Option<Self> {
        let lenient = GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
        let bytes = lenient.decode(format!("{aes_key}=")).ok().filter(|_| aes_key.len() == 43)?;
        Some(Self { token: token.to_owned(), key: bytes.try_into().ok()?, owner: owner.to_owned() })
    }

    /// Closes a message. `head` is random, but for tests that compare.
    #[must_use]
    pub fn seal(&self, message: &[u8], head: [u8; HEAD]) -> String {
        let mut plain = head.to_vec();
        // A message of four gigabytes does not come here.
        plain.extend(u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        plain.extend(message);
        plain.extend(self.owner.as_bytes());
        let pad = BLOCK - plain.len() % BLOCK;
        plain.resize(plain.len() + pad, u8::try_from(pad).unwrap_or_default());
        let cipher = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.vector().into());
        STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
    }

    /// Opens a message and looks at its owner.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(&self, sealed: &str) -> Result<Vec<u8>, Refused> {
        let bytes = STANDARD.decode(sealed).map_err(|_| Refused::Shape)?;
        let cipher = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.vector().into());
        let plain = cipher.decrypt_padded_vec::<NoPadding>(&bytes).map_err(|_| Refused::Shape)?;
        let pad = usize::from(*plain.last().ok_or(Refused::Shape)?);
        let end = plain.len().checked_sub(pad).filter(|_| (1..=BLOCK).contains(&pad)).ok_or(Refused::Key)?;
        let rest = plain.get(HEAD..end).ok_or(Refused::Key)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(Refused::Key)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Refused::Key)?;
        let (message, owner) = rest.split_at_checked(length).ok_or(Refused::Key)?;
        if owner == self.owner.as_bytes() { Ok(message.to_vec()) } else { Err(Refused::Owner) }
    }

    /// Looks at the signature, then opens.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open_signed(&self, sealed: &str, time: &str, nonce: &str, signature: &str) -> Result<Vec<u8>, Refused> {
        if self.sign(time, nonce, sealed) != signature {
            return Err(Refused::Signature);
        }
        self.open(sealed)
    }

    /// The signature of a closed message.
    #[must_use]
    pub fn sign(&self, time: &str, nonce: &str, sealed: &str) -> String {
        let mut parts = [self.token.as_str(), time, nonce, sealed];
        parts.sort_unstable();
        let mut text = String::new();
        for byte in Sha1::digest(parts.concat()) {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn vector(&self) -> [u8; 16] {
        let mut vector = [0; 16];
        vector.copy_from_slice(&self.key[..16]);
        vector
    }
}

#[cfg(test)]
mod tests;
