//! The hub's cryptography for tests, and DingTalk's side of a callback, both written with other libraries than the
//! connector has.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use rosterd_sdk::Fault;
use rosterd_sdk::testkit::secrets::Call;
use sha1::{Digest, Sha1};

/// One subscription.
#[derive(Clone)]
pub(crate) struct Subscribed {
    pub(crate) token: String,
    pub(crate) key: Vec<u8>,
    pub(crate) owner: String,
}

impl Subscribed {
    pub(crate) fn new(token: &str, aes_key: &str, owner: &str) -> Self {
        let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let key = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient).decode(format!("{aes_key}=")).unwrap();
        Self { token: token.to_owned(), key, owner: owner.to_owned() }
    }

    pub(crate) fn sample() -> Self {
        Self::new("SyncTok2026", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingkey")
    }

    /// The bytes before the padding, as they are documented.
    pub(crate) fn plain(&self, message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [b"0123456789abcdef", &length[..], message, self.owner.as_bytes()].concat()
    }

    /// Sealed, padded to blocks of 32 bytes.
    pub(crate) fn seal(&self, message: &str) -> String {
        let mut plain = self.plain(message.as_bytes());
        let pad = 32 - plain.len() % 32;
        plain.resize(plain.len() + pad, pad as u8);
        STANDARD.encode(crypt(true, &self.key, &plain).unwrap())
    }

    pub(crate) fn sign(&self, time: &str, nonce: &str, sealed: &str) -> String {
        let mut parts = [self.token.as_str(), time, nonce, sealed];
        parts.sort_unstable();
        Sha1::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The message and the owner of a sealed text.
    pub(crate) fn open(&self, sealed: &str) -> (String, String) {
        let mut plain = crypt(false, &self.key, &STANDARD.decode(sealed).unwrap()).unwrap();
        let pad = usize::from(*plain.last().unwrap());
        assert!((1..=32).contains(&pad) && plain.len().is_multiple_of(32));
        plain.truncate(plain.len() - pad);
        let length = u32::from_be_bytes(plain[16..20].try_into().unwrap()) as usize;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&plain[20..20 + length]), text(&plain[20 + length..]))
    }
}

/// AES-256-CBC; the iv is the head of the key.
pub(crate) fn crypt(encrypts: bool, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Fault> {
    let (key, iv): ([u8; 32], [u8; 16]) = (key.try_into().unwrap(), key[..16].try_into().unwrap());
    let done = if encrypts {
        let cipher = cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into());
        data.len().is_multiple_of(16).then(|| cipher.encrypt_padded_vec::<NoPadding>(data))
    } else {
        cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into()).decrypt_padded_vec::<NoPadding>(data).ok()
    };
    done.ok_or_else(|| Fault::invalid("the ciphertext is not whole blocks"))
}

/// What the hub computes, for `World::crypto`.
pub(crate) fn hub(call: &Call) -> Result<Vec<u8>, Fault> {
    match (call.function, call.algorithm.as_str()) {
        ("digest", "sha1") => Ok(Sha1::digest(&call.inputs[0]).to_vec()),
        ("decrypt" | "encrypt", "aes-cbc") => {
            assert!(call.inputs[0].is_empty() && call.inputs[1].is_empty(), "the iv is the head of the key");
            crypt(call.function == "encrypt", &call.key, &call.inputs[2])
        }
        other => Err(Fault::unsupported(format!("{other:?}"))),
    }
}
