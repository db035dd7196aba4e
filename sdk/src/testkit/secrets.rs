//! Secrets of the world. Placeholders and splicing work; what needs cryptography is answered by the test's script.

use super::with;
use crate::Fault;

/// What computes with secrets.
pub type Script = Box<dyn FnMut(&Call) -> Result<Vec<u8>, Fault>>;

/// A computation that the host would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Name of the function: `mac`, `sign`, `digest`, `derive`, `decrypt`, `encrypt`, `seal`, `verify`, `scram`, `public-key`.
    pub function: &'static str,
    /// The algorithm; empty where there is none.
    pub algorithm: String,
    /// The key; empty for functions without one.
    pub key: Vec<u8>,
    /// The other inputs in the order of the contract, secrets spliced.
    pub inputs: Vec<Vec<u8>>,
}

/// A secret: here, its bytes.
#[derive(Clone)]
pub struct Secret {
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// As in the contract.
#[derive(Debug, Clone)]
pub enum Segment<'a> {
    /// Bytes of the connector.
    Bytes(Vec<u8>),
    /// A secret in a form.
    Secret(Splice<'a>),
}

/// As in the contract.
#[derive(Debug, Clone)]
pub struct Splice<'a> {
    /// The secret.
    pub secret: &'a Secret,
    /// Its form.
    pub form: String,
}

/// A secret by name.
pub fn open(name: &str) -> Result<Secret, Fault> {
    let bytes = with(|world| world.secrets.get(name).cloned());
    bytes.map(|bytes| Secret { bytes }).ok_or_else(|| Fault::not_found(format!("the secret {name} is not set")))
}

/// Always the same password for the same operation.
pub fn initial_password(operation: &str) -> Result<Secret, Fault> {
    Ok(Secret { bytes: format!("password-of-{operation}").into_bytes() })
}

/// A secret made of others.
pub fn derive(algorithm: &str, parts: &[Segment<'_>]) -> Result<Secret, Fault> {
    let bytes = join(parts)?;
    let bytes = if algorithm == "concat" { bytes } else { compute("derive", algorithm, &[], vec![bytes])? };
    Ok(Secret { bytes })
}

/// A digest over parts.
pub fn digest(algorithm: &str, parts: &[Segment<'_>], sorted: bool) -> Result<Vec<u8>, Fault> {
    let mut parts = parts.iter().map(|part| join(std::slice::from_ref(part))).collect::<Result<Vec<_>, _>>()?;
    if sorted {
        parts.sort();
    }
    compute("digest", algorithm, &[], vec![parts.concat()])
}

/// Whether a signature fits: the script answers with one byte, 1 for yes.
pub fn verify(algorithm: &str, key: &str, message: &[u8], signature: &[u8]) -> Result<bool, Fault> {
    compute("verify", algorithm, key.as_bytes(), vec![message.to_vec(), signature.to_vec()]).map(|answer| answer == [1])
}

impl Secret {
    /// Readable text, so that a scripted server can tell which secret stands where: `{secret:FORM:BYTES}`.
    pub fn placeholder(&self, form: &str) -> Result<String, Fault> {
        Ok(format!("{{secret:{form}:{}}}", String::from_utf8_lossy(&self.bytes)))
    }

    /// Length in a form.
    pub fn length(&self, form: &str) -> Result<u32, Fault> {
        Ok(u32::try_from(self.form(form)?.len()).unwrap_or(u32::MAX))
    }

    /// Whether it is this.
    pub fn matches(&self, form: &str, value: &[u8]) -> Result<bool, Fault> {
        Ok(self.form(form)? == value)
    }

    /// By the script.
    pub fn mac(&self, algorithm: &str, message: &[Segment<'_>]) -> Result<Vec<u8>, Fault> {
        compute("mac", algorithm, &self.bytes, vec![join(message)?])
    }

    /// By the script.
    pub fn sign(&self, algorithm: &str, message: &[Segment<'_>]) -> Result<Vec<u8>, Fault> {
        compute("sign", algorithm, &self.bytes, vec![join(message)?])
    }

    /// By the script.
    pub fn public_key(&self) -> Result<String, Fault> {
        compute("public-key", "", &self.bytes, Vec::new()).map(|text| String::from_utf8_lossy(&text).into_owned())
    }

    /// By the script.
    pub fn decrypt(&self, algorithm: &str, iv: Option<&[u8]>, aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Fault> {
        let inputs = vec![iv.unwrap_or_default().to_vec(), aad.to_vec(), ciphertext.to_vec()];
        compute("decrypt", algorithm, &self.bytes, inputs)
    }

    /// By the script.
    pub fn encrypt(&self, algorithm: &str, iv: Option<&[u8]>, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Fault> {
        let inputs = vec![iv.unwrap_or_default().to_vec(), aad.to_vec(), plaintext.to_vec()];
        compute("encrypt", algorithm, &self.bytes, inputs)
    }

    /// By the script.
    pub fn seal(&self, algorithm: &str, message: &[Segment<'_>]) -> Result<Self, Fault> {
        compute("seal", algorithm, &self.bytes, vec![join(message)?]).map(|bytes| Self { bytes })
    }

    /// By the script, which answers with both halves joined, equally long.
    pub fn scram(
        &self,
        algorithm: &str,
        salt: &[u8],
        iterations: u32,
        message: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let inputs = vec![salt.to_vec(), iterations.to_string().into_bytes(), message.to_vec()];
        let both = compute("scram", algorithm, &self.bytes, inputs)?;
        let (proof, signature) = both.split_at(both.len() / 2);
        Ok((proof.to_vec(), signature.to_vec()))
    }

    /// The bytes.
    pub fn reveal(&self) -> Result<Vec<u8>, Fault> {
        Ok(self.bytes.clone())
    }

    fn form(&self, form: &str) -> Result<Vec<u8>, Fault> {
        form.split('+').try_fold(self.bytes.clone(), |bytes, step| written(&bytes, step))
    }
}

/// Bytes in one form of the contract.
fn written(bytes: &[u8], form: &str) -> Result<Vec<u8>, Fault> {
    let utf16 = |text: String| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = || String::from_utf8_lossy(bytes).into_owned();
    match form {
        "raw" | "text" => Ok(bytes.to_vec()),
        "json" => {
            let mut quoted = String::new();
            crate::attributes::push_text(&mut quoted, &text());
            Ok(quoted.as_bytes().get(1..quoted.len() - 1).unwrap_or_default().to_vec())
        }
        "base64url" => Ok(base64url(bytes).into_bytes()),
        "utf16le" => Ok(utf16(text())),
        "utf16le-quoted" => Ok(utf16(format!("\"{}\"", text()))),
        _ => Err(Fault::unsupported(format!("the test kit does not know the form {form}"))),
    }
}

/// Without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let three = |part: &[u8]| {
        let all = (0..3).fold(0_usize, |all, at| all << 8 | part.get(at).map_or(0, |byte| usize::from(*byte)));
        (0..=part.len()).map(move |at| char::from(LETTERS[all >> (18 - 6 * at) & 63]))
    };
    bytes.chunks(3).flat_map(three).collect()
}

/// The bytes of a message, secrets spliced.
pub(super) fn join(segments: &[Segment<'_>]) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    for segment in segments {
        match segment {
            Segment::Bytes(bytes) => all.extend_from_slice(bytes),
            Segment::Secret(splice) => all.extend(splice.secret.form(&splice.form)?),
        }
    }
    Ok(all)
}

fn compute(function: &'static str, algorithm: &str, key: &[u8], inputs: Vec<Vec<u8>>) -> Result<Vec<u8>, Fault> {
    let Some(mut script) = with(|world| world.crypto.take()) else {
        return Err(Fault::unsupported(format!("no script computes {function} {algorithm}: use World::crypto")));
    };
    let answer = script(&Call { function, algorithm: algorithm.to_owned(), key: key.to_vec(), inputs });
    with(|world| world.crypto = Some(script));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_chained() {
        let secret = Secret { bytes: "a\"ü".into() };
        assert_eq!(secret.form("json+json").unwrap(), "a\\\\\\\"ü".as_bytes());
        assert_eq!(secret.form("utf16le").unwrap(), b"a\0\"\0\xfc\0");
        assert!(secret.form("json+rot13").is_err());
        // RFC 4648, section 10.
        for (text, encoded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
            assert_eq!(base64url(text.as_bytes()), encoded);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
