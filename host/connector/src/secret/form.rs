//! How bytes are written: the forms of `secrets`, chained with `+`, and the ways in which a stored text is decoded.

use crate::manifest::Decode;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Either alphabet, padding or none, left-over bits ignored: remote systems issue keys in all of these.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// Bytes of hexadecimal text.
pub(crate) fn unhex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect::<Option<Vec<u8>>>()
        .map(Zeroizing::new)
}

/// Bytes of base64 text in either alphabet.
pub(crate) fn unbase64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let url = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let alphabet = if url { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, LENIENT).decode(text).ok().map(Zeroizing::new)
}

/// What the manifest's `decode` makes of a stored text; none if it is not in that form.
pub(crate) fn decode(how: Decode, stored: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    match how {
        Decode::Utf8 | Decode::Pem => Some(Zeroizing::new(stored.to_vec())),
        Decode::Base64 => unbase64(stored),
        Decode::Hex => unhex(stored),
        Decode::Sha256 => Some(Zeroizing::new(Sha256::digest(stored).to_vec())),
        Decode::Whsec => {
            let text = stored.strip_prefix(b"whsec_").or_else(|| stored.strip_prefix(b"whsk_"))?;
            unbase64(text)
        }
    }
}

/// Why bytes can not be written in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FormError {
    /// There is no such form.
    Unknown(String),
    /// The form is one of texts, and the bytes are none.
    NotText(String),
}

/// Writes a secret in a form. `stored` is its text before decoding, which only `text` (first in a chain) gives out.
pub(crate) fn write(form: &str, stored: &[u8], bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, FormError> {
    let mut steps = form.split('+');
    let first = steps.next().unwrap_or_default();
    let mut out = if first == "text" { Zeroizing::new(stored.to_vec()) } else { step(first, bytes)? };
    for next in steps {
        out = step(next, &out)?;
    }
    Ok(out)
}

fn step(form: &str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, FormError> {
    let text = || std::str::from_utf8(bytes).map_err(|_| FormError::NotText(form.to_owned()));
    Ok(Zeroizing::new(match form {
        "raw" => bytes.to_vec(),
        "hex" => hex(bytes).into_bytes(),
        "base64" => base64::engine::general_purpose::STANDARD.encode(bytes).into_bytes(),
        "base64url" => base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
        "url" => percent(bytes).into_bytes(),
        "json" => {
            let quoted = Zeroizing::new(serde_json::to_string(text()?).unwrap_or_default());
            quoted.as_bytes().get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_vec()
        }
        "xml" => xml(text()?).into_bytes(),
        "utf16le" => text()?.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf16le-quoted" => {
            let inner = text()?.encode_utf16();
            let quote = std::iter::once(u16::from(b'"'));
            quote.clone().chain(inner).chain(quote).flat_map(u16::to_le_bytes).collect()
        }
        other => return Err(FormError::Unknown(other.to_owned())),
    }))
}

/// Percent-encoding that keeps only the unreserved characters of RFC 3986.
pub(crate) fn percent(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(name: &str, bytes: &[u8]) -> String {
        String::from_utf8(write(name, b"stored", bytes).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn each_form_is_as_the_contract_says() {
        assert_eq!(form("raw", b"a"), "a");
        assert_eq!(form("text", b"decoded"), "stored");
        assert_eq!(form("json", b"a\"b\\\n"), "a\\\"b\\\\\\n");
        assert_eq!(form("json+json", b"\""), "\\\\\\\"");
        assert_eq!(form("url", "a b&ü".as_bytes()), "a%20b%26%C3%BC");
        assert_eq!(form("xml", b"<a&'\">"), "&lt;a&amp;&apos;&quot;&gt;");
        assert_eq!(form("hex", b"\x00\xff"), "00ff");
        assert_eq!((form("base64", b"\xfb\xff"), form("base64url", b"\xfb\xff")), ("+/8=".into(), "-_8".into()));
        assert_eq!(&**write("utf16le-quoted", b"", b"P").unwrap(), b"\"\0P\0\"\0");
        assert_eq!(write("rot13", b"", b""), Err(FormError::Unknown("rot13".into())));
        assert_eq!(write("json", b"", b"\xff"), Err(FormError::NotText("json".into())));
    }

    #[test]
    fn stored_texts_are_decoded_leniently_where_systems_are_lax() {
        assert_eq!(decode(Decode::Base64, b"-_8").as_deref(), Some(&vec![0xfb, 0xff]));
        assert_eq!(decode(Decode::Base64, b"+/8=").as_deref(), Some(&vec![0xfb, 0xff]));
        // 43 characters, as DingTalk and WeCom issue them: the last one has left-over bits.
        assert_eq!(decode(Decode::Base64, &[b'x'; 43]).map(|key| key.len()), Some(32));
        assert_eq!(decode(Decode::Whsec, b"whsec_AAEC").as_deref(), Some(&vec![0, 1, 2]));
        assert_eq!(decode(Decode::Whsec, b"AAEC"), None);
        assert_eq!(decode(Decode::Hex, b"0fF").is_none(), decode(Decode::Hex, b"zz").is_none());
    }

    proptest! {
        #[test]
        fn encodings_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(&*unhex(hex(&bytes).as_bytes()).unwrap(), &bytes);
            for name in ["base64", "base64url"] {
                prop_assert_eq!(&*unbase64(&write(name, b"", &bytes).unwrap()).unwrap(), &bytes);
            }
        }
    }
}
