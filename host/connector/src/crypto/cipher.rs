//! AES in the two modes that remote systems use. No padding is added or removed: whose padding it is, he knows.

use super::invalid;
use super::words::CIPHER;
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, AeadCore, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm, KeyInit};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use rosterd_model::Fault;

/// The crate has a name for the other two lengths only.
type Aes192Gcm = AesGcm<Aes192, U12>;

/// Decrypts. iv none, for aes-cbc only: the first 16 bytes of the key.
pub(crate) fn decrypt(
    algorithm: &str,
    key: &[u8],
    iv: Option<&[u8]>,
    aad: &[u8],
    data: &[u8],
) -> Result<Vec<u8>, Fault> {
    match algorithm {
        "aes-cbc" => {
            let iv = cbc_iv(key, iv, data)?;
            let plain = match key.len() {
                32 => cbc::Decryptor::<Aes256>::new_from_slices(key, iv)
                    .map(|mode| mode.decrypt_padded_vec::<NoPadding>(data)),
                _ => cbc::Decryptor::<Aes128>::new_from_slices(key, iv)
                    .map(|mode| mode.decrypt_padded_vec::<NoPadding>(data)),
            };
            plain.map_err(|_| wrong_key(key))?.map_err(|_| invalid("the ciphertext is not whole blocks"))
        }
        "aes-gcm" => {
            let (nonce, payload) = (gcm_nonce(iv)?, Payload { msg: data, aad });
            let plain = match key.len() {
                32 => gcm::<Aes256Gcm>(key)?.decrypt(&nonce.into(), payload),
                24 => gcm::<Aes192Gcm>(key)?.decrypt(&nonce.into(), payload),
                _ => gcm::<Aes128Gcm>(key)?.decrypt(&nonce.into(), payload),
            };
            plain.map_err(|_| invalid("the tag does not fit: wrong key, or changed on the way"))
        }
        other => Err(CIPHER.unsupported(other)),
    }
}

/// Encrypts. aes-cbc wants padded text; aes-gcm appends the tag.
pub(crate) fn encrypt(
    algorithm: &str,
    key: &[u8],
    iv: Option<&[u8]>,
    aad: &[u8],
    data: &[u8],
) -> Result<Vec<u8>, Fault> {
    match algorithm {
        "aes-cbc" => {
            let iv = cbc_iv(key, iv, data)?;
            let cipher = match key.len() {
                32 => cbc::Encryptor::<Aes256>::new_from_slices(key, iv)
                    .map(|mode| mode.encrypt_padded_vec::<NoPadding>(data)),
                _ => cbc::Encryptor::<Aes128>::new_from_slices(key, iv)
                    .map(|mode| mode.encrypt_padded_vec::<NoPadding>(data)),
            };
            cipher.map_err(|_| wrong_key(key))
        }
        "aes-gcm" => {
            let (nonce, payload) = (gcm_nonce(iv)?, Payload { msg: data, aad });
            let cipher = match key.len() {
                32 => gcm::<Aes256Gcm>(key)?.encrypt(&nonce.into(), payload),
                24 => gcm::<Aes192Gcm>(key)?.encrypt(&nonce.into(), payload),
                _ => gcm::<Aes128Gcm>(key)?.encrypt(&nonce.into(), payload),
            };
            cipher.map_err(|_| invalid("the text is too long for aes-gcm"))
        }
        other => Err(CIPHER.unsupported(other)),
    }
}

fn cbc_iv<'a>(key: &'a [u8], iv: Option<&'a [u8]>, data: &[u8]) -> Result<&'a [u8], Fault> {
    if !data.len().is_multiple_of(16) {
        return Err(invalid(format!("aes-cbc wants whole blocks of 16 bytes, not {} bytes", data.len())));
    }
    // The first half of the longer key; of a shorter one it would be all of it.
    let half = || key.get(..16).filter(|_| key.len() == 32);
    let iv = iv.or_else(half).ok_or_else(|| invalid("aes-cbc without an iv wants a key of 32 bytes"))?;
    if iv.len() == 16 { Ok(iv) } else { Err(invalid(format!("aes-cbc wants an iv of 16 bytes, not {}", iv.len()))) }
}

fn gcm<C: KeyInit + AeadCore<NonceSize = U12>>(key: &[u8]) -> Result<C, Fault> {
    let wrong = |_| invalid(format!("a key of aes-gcm has 16, 24 or 32 bytes; this secret has {}", key.len()));
    C::new_from_slice(key).map_err(wrong)
}

fn gcm_nonce(iv: Option<&[u8]>) -> Result<[u8; 12], Fault> {
    iv.and_then(|iv| iv.try_into().ok()).ok_or_else(|| invalid("aes-gcm wants an iv of 12 bytes"))
}

fn wrong_key(key: &[u8]) -> Fault {
    invalid(format!("a key of aes-cbc has 16 or 32 bytes; this secret has {}", key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::form::{hex, unhex};

    fn bytes(text: &str) -> Vec<u8> {
        unhex(text.as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn nist_sp_800_38a_cbc() {
        let key = bytes("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
        let iv = bytes("000102030405060708090a0b0c0d0e0f");
        let plain = bytes("6bc1bee22e409f96e93d7e117393172a");
        let cipher = encrypt("aes-cbc", &key, Some(&iv), b"", &plain).unwrap();
        assert_eq!(hex(&cipher), "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
        assert_eq!(decrypt("aes-cbc", &key, Some(&iv), b"", &cipher).unwrap(), plain);
        let key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
        assert_eq!(hex(&encrypt("aes-cbc", &key, Some(&iv), b"", &plain).unwrap()), "7649abac8119b246cee98e9b12e9197d");
    }

    #[test]
    fn the_iv_may_be_the_beginning_of_the_key() {
        let key = [5; 32];
        let cipher = encrypt("aes-cbc", &key, None, b"", &[1; 32]).unwrap();
        assert_eq!(cipher, encrypt("aes-cbc", &key, Some(&[5; 16]), b"", &[1; 32]).unwrap());
        // Of a shorter key it would be all of it, and whoever decrypts could work it out.
        for refused in
            [encrypt("aes-cbc", &[5; 16], None, b"", &[1; 32]), decrypt("aes-cbc", &[5; 16], None, b"", &[1; 32])]
        {
            assert!(refused.unwrap_err().message.contains("key of 32 bytes"));
        }
    }

    #[test]
    fn gcm_vector_and_a_wrong_tag() {
        // Test case 16 of the GCM specification.
        let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let iv = bytes("cafebabefacedbaddecaf888");
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let mut cipher = encrypt("aes-gcm", &key, Some(&iv), &aad, &plain).unwrap();
        assert!(hex(&cipher).ends_with("76fc6ece0f4e1768cddf8853bb2d551b"));
        assert_eq!(decrypt("aes-gcm", &key, Some(&iv), &aad, &cipher).unwrap(), plain);
        cipher[0] ^= 1;
        assert!(decrypt("aes-gcm", &key, Some(&iv), &aad, &cipher).unwrap_err().message.contains("tag"));
    }

    #[test]
    fn gcm_with_192_bits() {
        // Test case 10 of the GCM specification.
        let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c");
        let iv = bytes("cafebabefacedbaddecaf888");
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let cipher = encrypt("aes-gcm", &key, Some(&iv), &aad, &plain).unwrap();
        assert!(hex(&cipher).ends_with("2519498e80f1478f37ba55bd6d27618c"), "{}", hex(&cipher));
        assert_eq!(decrypt("aes-gcm", &key, Some(&iv), &aad, &cipher).unwrap(), plain);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        assert!(encrypt("aes-gcm", &[0; 20], Some(&[1; 12]), b"", b"").unwrap_err().message.contains("16, 24 or 32"));
        assert!(encrypt("aes-cbc", &[0; 32], None, b"", &[0; 5]).unwrap_err().message.contains("whole blocks"));
        assert!(encrypt("aes-cbc", &[0; 24], Some(&[0; 16]), b"", &[0; 16]).unwrap_err().message.contains("16 or 32"));
        assert!(encrypt("aes-gcm", &[0; 32], None, b"", b"").unwrap_err().message.contains("12 bytes"));
        assert!(decrypt("rot13", &[0; 32], None, b"", b"").unwrap_err().message.contains("aes-cbc, aes-gcm"));
    }
}
