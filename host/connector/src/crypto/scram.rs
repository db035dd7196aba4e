//! The client's half of SCRAM (RFC 5802, RFC 7677), with the password prepared as RFC 4013 says.

use super::digest::hmac;
use super::invalid;
use super::words::SCRAM;
use hmac::digest::block_api::EagerHash;
use rosterd_model::Fault;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewer iterations would let a false server guess cheaply; more would let it keep this host busy.
const ITERATIONS: std::ops::RangeInclusive<u32> = 4096..=10_000_000;

/// Client proof and expected server signature for an AuthMessage.
pub(crate) fn scram(
    algorithm: &str,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    message: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    SCRAM.check(algorithm)?;
    if !ITERATIONS.contains(&iterations) {
        return Err(invalid(format!(
            "the server asks for {iterations} iterations; between 4096 and 10,000,000 are accepted"
        )));
    }
    let password = prepare(password)?;
    match algorithm {
        "scram-sha-256" => proof::<Sha256>(&password, salt, iterations, message),
        "scram-sha-1" => proof::<Sha1>(&password, salt, iterations, message),
        other => Err(SCRAM.unsupported(other)),
    }
}

/// RFC 5802, section 3: `ClientProof` and `ServerSignature` with one digest.
fn proof<D: EagerHash>(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    message: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let mut salted = Zeroizing::new(vec![0; <D as Digest>::output_size()]);
    pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations, &mut salted);
    let client_key = Zeroizing::new(hmac::<D>(&salted, b"Client Key")?);
    let stored_key = D::digest(&*client_key);
    let signature = hmac::<D>(&stored_key, message)?;
    let proof = client_key.iter().zip(signature).map(|(key, byte)| key ^ byte).collect();
    let server_key = Zeroizing::new(hmac::<D>(&salted, b"Server Key")?);
    Ok((proof, hmac::<D>(&server_key, message)?))
}

/// SASLprep: spaces become plain, what shows nothing goes, NFKC; control characters are refused.
fn prepare(password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let text = std::str::from_utf8(password).map_err(|_| invalid("the password is no text"))?;
    if text.is_ascii() && !text.contains(|c: char| c.is_ascii_control()) {
        return Ok(Zeroizing::new(password.to_vec()));
    }
    let shown = |c: &char| {
        !matches!(c, '\u{ad}' | '\u{34f}' | '\u{1806}' | '\u{180b}'..='\u{180d}' | '\u{200b}'..='\u{200d}'
        | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    let plain = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
    let prepared: Zeroizing<String> = Zeroizing::new(text.chars().filter(shown).map(plain).nfkc().collect());
    if prepared.chars().any(char::is_control) {
        return Err(invalid("the password holds control characters"));
    }
    Ok(Zeroizing::new(prepared.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::form::unbase64;

    #[test]
    fn rfc_7677() {
        let salt = unbase64(b"W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                       s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let (proof, server) = scram("scram-sha-256", b"pencil", &salt, 4096, message.as_bytes()).unwrap();
        assert_eq!(proof, *unbase64(b"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap());
        assert_eq!(server, *unbase64(b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").unwrap());
    }

    #[test]
    fn rfc_5802() {
        let salt = unbase64(b"QSXCR+Q6sek8bf92").unwrap();
        let message = "n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,\
                       s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
        let (proof, server) = scram("scram-sha-1", b"pencil", &salt, 4096, message.as_bytes()).unwrap();
        assert_eq!(proof, *unbase64(b"v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=").unwrap());
        assert_eq!(server, *unbase64(b"rmF9pqV8S7suAoZWja4dJRkFsKQ=").unwrap());
        assert!(scram("scram-sha-1", b"p", b"s", 4095, b"").is_err());
        assert!(scram("scram-sha-1-plus", b"p", b"s", 4096, b"").unwrap_err().message.contains("scram-sha-1"));
    }

    #[test]
    fn cheap_guessing_is_refused_and_passwords_are_prepared() {
        assert!(scram("scram-sha-256", b"p", b"s", 4095, b"").unwrap_err().message.contains("4096"));
        // The examples of RFC 4013.
        assert_eq!(&**prepare("I\u{ad}X".as_bytes()).unwrap(), b"IX");
        assert_eq!(&**prepare("\u{aa}\u{2168}".as_bytes()).unwrap(), b"aIX");
        assert_eq!(&**prepare("a\u{a0}b".as_bytes()).unwrap(), b"a b");
        assert!(prepare(b"a\x07").is_err());
    }
}
