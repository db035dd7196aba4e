//! Secrets inside of something encrypted: made in the host, and not shown.
//!
//! Whoever sees a ciphertext and may decrypt under its key, or encrypt with its iv, has the text. So the iv is the host's, and
//! what comes of it is a secret like the ones that are in it.

use super::secrets::{Parts, SENT};
use crate::crypto::jwe;
use crate::manifest::Use;
use crate::secret::vault::{Secret, SecretValue};
use crate::state::State;
use rosterd_model::fault::{Fault, FaultKind};
use zeroize::Zeroizing;

impl State {
    /// Encrypts pieces under a key.
    pub(super) fn sealed(&mut self, key: &Secret, algorithm: &str, parts: Parts) -> Result<Secret, Fault> {
        key.allow(Use::Encrypt)?;
        let most = self.shared.limits.request_bytes;
        let length: usize = parts.iter().map(|(part, _)| part.len()).sum();
        if length as u64 > most.0 {
            let text = format!("what is to be sealed has {length} bytes, more than {most} (limit request-bytes)");
            return Err(Fault::new(FaultKind::Invalid, text));
        }
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        parts.iter().for_each(|(part, _)| text.extend_from_slice(part));
        let mut iv = [0; jwe::IV];
        self.outside.random(&mut iv)?;
        let bytes = jwe::seal(algorithm, &key.bytes, iv, &text)?;
        let secrets: Vec<Secret> = parts.into_iter().filter_map(|(_, secret)| secret).collect();
        self.shared.redactor.learn(&bytes, &bytes);
        let names: Vec<&str> = secrets.iter().map(|secret| secret.name.as_str()).collect();
        Ok(SecretValue::sealed(format!("{algorithm} of {}", names.join(", ")), bytes, &secrets, &SENT))
    }
}
