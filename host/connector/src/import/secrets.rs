//! `secrets`: handles, and what can be done with them without seeing the bytes.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::secrets::{Host, HostSecret, Segment};
use crate::contract::v0_1::bindings::rosterd::connector::types::Fault as WitFault;
use crate::crypto::{self, cipher, digest, key, scram, sign};
use crate::manifest::Use;
use crate::secret::vault::{Secret, SecretValue};
use crate::state::State;
use crate::tape;
use crate::tape::words::Bytes;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use wasmtime::component::Resource;
use zeroize::Zeroizing;

/// A secret in a guest's hands.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings name it publicly")]
pub struct SecretHandle(pub(crate) Secret);

/// What a password that the host made may be used for: to be sent, also inside of something signed or sealed.
pub(super) const SENT: [Use; 7] =
    [Use::HttpUrl, Use::HttpHeader, Use::HttpBody, Use::Stream, Use::Derive, Use::Mac, Use::Sign];

/// Pieces of a message, and the secrets that they are made of.
pub(super) type Parts = Vec<(Zeroizing<Vec<u8>>, Option<Secret>)>;
type Answer<T> = wasmtime::Result<Result<T, WitFault>>;

impl State {
    fn secret(&mut self, handle: &Resource<SecretHandle>) -> wasmtime::Result<Secret> {
        self.count_call()?;
        Ok(Arc::clone(&self.table.get(handle)?.0))
    }

    /// The bytes of each piece; every secret among them must have the use.
    fn parts(&mut self, segments: &[Segment], wanted: Use) -> wasmtime::Result<Result<Parts, Fault>> {
        let mut parts = Vec::with_capacity(segments.len());
        for segment in segments {
            match segment {
                Segment::Bytes(bytes) => parts.push((Zeroizing::new(bytes.clone()), None)),
                Segment::Secret(splice) => {
                    let secret = Arc::clone(&self.table.get(&splice.secret)?.0);
                    match secret.allow(wanted).and_then(|()| secret.written(&splice.form)) {
                        Ok(written) => parts.push((written, Some(secret))),
                        Err(fault) => return Ok(Err(fault)),
                    }
                }
            }
        }
        Ok(Ok(parts))
    }

    fn joined(&mut self, segments: &[Segment], wanted: Use) -> wasmtime::Result<Result<Zeroizing<Vec<u8>>, Fault>> {
        let parts = self.parts(segments, wanted)?;
        Ok(parts.map(|parts| {
            let mut all = Zeroizing::new(Vec::new());
            parts.iter().for_each(|(part, _)| all.extend_from_slice(part));
            all
        }))
    }

    fn push(&mut self, secret: Secret) -> wasmtime::Result<Resource<SecretHandle>> {
        Ok(self.table.push(SecretHandle(secret))?)
    }

    fn password(&self, operation: &str) -> Result<Secret, Fault> {
        if !self.shared.initial_passwords {
            return Err(Self::denied(
                "the manifest does not request initial-passwords; its author must add it to connector.toml",
            ));
        }
        let Some(account) = self.operations.get(operation) else {
            return Err(Self::denied("a password is made only for an operation that is being applied"));
        };
        let nobody = || Fault::new(FaultKind::Unsupported, "the hub makes passwords for accounts of its own only");
        let none = || {
            let text = format!(
                "it needs a first password, and nothing says how the hub keeps those that it makes; add under \
                 [connection.{0}.initial-passwords]: key = {{ store = \"NAME\" }}, then `rosterd outbox retry-all {0}`",
                self.shared.connection
            );
            Fault::new(FaultKind::Unsupported, text)
        };
        let maker = self.shared.passwords.as_ref().ok_or_else(none)?;
        let text = maker.password(account.ok_or_else(nobody)?, operation)?;
        let bytes = Zeroizing::new(text.as_bytes().to_vec());
        self.shared.redactor.learn(&bytes, &bytes);
        let uses: BTreeSet<Use> = SENT.into_iter().collect();
        let name = "initial password".to_owned();
        Ok(Arc::new(SecretValue {
            name,
            stored: bytes.clone(),
            bytes,
            uses: Some(uses),
            forms: None,
            hosts: None,
            reveal: false,
            passing: true,
        }))
    }
}

impl HostSecret for State {
    fn placeholder(&mut self, secret: Resource<SecretHandle>, form: String) -> Answer<String> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!([handle, form]));
        let made = self.cross("secrets.placeholder", with, |state| Ok(state.placeholder_of(&secret, &form)));
        made.map(answer)
    }

    fn length(&mut self, secret: Resource<SecretHandle>, form: String) -> Answer<u32> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!([handle, form]));
        let length = || secret.written(&form).map(|written| u32::try_from(written.len()).unwrap_or(u32::MAX));
        self.cross("secrets.length", with, |_| Ok(length())).map(answer)
    }

    fn matches(&mut self, secret: Resource<SecretHandle>, form: String, value: Vec<u8>) -> Answer<bool> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!([handle, form, Bytes::json(&value)]));
        let equal = || {
            let written = secret.allow(Use::Matches).and_then(|()| secret.written(&form));
            written.map(|written| crypto::equal(&written, &value))
        };
        self.cross("secrets.matches", with, |_| Ok(equal())).map(answer)
    }

    fn mac(&mut self, secret: Resource<SecretHandle>, algorithm: String, message: Vec<Segment>) -> Answer<Vec<u8>> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!([handle, algorithm, tape::segments(&message)]));
        self.bytes("secrets.mac", with, |state| {
            let message = state.joined(&message, Use::Mac)?;
            Ok(secret.allow(Use::Mac).and(message).and_then(|message| digest::mac(&algorithm, &secret.bytes, &message)))
        })
    }

    fn decrypt(
        &mut self,
        secret: Resource<SecretHandle>,
        algorithm: String,
        iv: Option<Vec<u8>>,
        aad: Vec<u8>,
        ciphertext: Vec<u8>,
    ) -> Answer<Vec<u8>> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| {
            json!([handle, algorithm, iv.as_deref().map(Bytes::json), Bytes::json(&aad), Bytes::json(&ciphertext)])
        });
        let plain = || cipher::decrypt(&algorithm, &secret.bytes, iv.as_deref(), &aad, &ciphertext);
        self.bytes("secrets.decrypt", with, |_| Ok(secret.allow(Use::Decrypt).and_then(|()| plain())))
    }

    fn encrypt(
        &mut self,
        secret: Resource<SecretHandle>,
        algorithm: String,
        iv: Option<Vec<u8>>,
        aad: Vec<u8>,
        plaintext: Vec<u8>,
    ) -> Answer<Vec<u8>> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| {
            json!([handle, algorithm, iv.as_deref().map(Bytes::json), Bytes::json(&aad), Bytes::json(&plaintext)])
        });
        let cipher = || cipher::encrypt(&algorithm, &secret.bytes, iv.as_deref(), &aad, &plaintext);
        self.bytes("secrets.encrypt", with, |_| Ok(secret.allow(Use::Encrypt).and_then(|()| cipher())))
    }

    fn seal(
        &mut self,
        secret: Resource<SecretHandle>,
        algorithm: String,
        message: Vec<Segment>,
    ) -> Answer<Resource<SecretHandle>> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!([handle, algorithm, tape::segments(&message)]));
        self.handle("secrets.seal", with, |state| {
            let parts = state.parts(&message, Use::Derive)?;
            Ok(parts.and_then(|parts| state.sealed(&secret, &algorithm, parts)))
        })
    }

    fn sign(&mut self, secret: Resource<SecretHandle>, algorithm: String, message: Vec<Segment>) -> Answer<Vec<u8>> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!([handle, algorithm, tape::segments(&message)]));
        self.bytes("secrets.sign", with, |state| {
            let message = state.joined(&message, Use::Sign)?;
            Ok(secret.allow(Use::Sign).and(message).and_then(|message| sign::sign(&algorithm, &secret.bytes, &message)))
        })
    }

    fn public_key(&mut self, secret: Resource<SecretHandle>) -> Answer<String> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!(handle));
        let read = || key::Private::read(&secret.bytes).map(|key| key.public().jwk());
        self.cross("secrets.public-key", with, |_| Ok(secret.allow(Use::PublicKey).and_then(|()| read()))).map(answer)
    }

    fn scram(
        &mut self,
        secret: Resource<SecretHandle>,
        algorithm: String,
        salt: Vec<u8>,
        iterations: u32,
        message: Vec<u8>,
    ) -> Answer<(Vec<u8>, Vec<u8>)> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!([handle, algorithm, Bytes::json(&salt), iterations, Bytes::json(&message)]));
        let made = || scram::scram(&algorithm, &secret.bytes, &salt, iterations, &message);
        let proofs: Result<(Bytes, Bytes), Fault> = self.cross("secrets.scram", with, |_| {
            let made = secret.allow(Use::Scram).and_then(|()| made());
            Ok(made.map(|(proof, signature)| (Bytes(proof), Bytes(signature))))
        })?;
        Ok(answer(proofs.map(|(Bytes(proof), Bytes(signature))| (proof, signature))))
    }

    fn reveal(&mut self, secret: Resource<SecretHandle>) -> Answer<Vec<u8>> {
        let (handle, secret) = (secret.rep(), self.secret(&secret)?);
        let with = self.asked(|| json!(handle));
        let outcome = if secret.reveal {
            Ok(secret.bytes.to_vec())
        } else {
            Err(Self::denied(format!(
                "the connector may not see the secret \"{0}\"; where its manifest asks for that, add reveal = [\"{0}\"] to [connection.{1}.grants]",
                secret.name, self.shared.connection
            )))
        };
        // What a tape has of it is as long, and nothing else.
        let stand_in: Result<Bytes, Fault> = self.cross("secrets.reveal", with, |_| {
            Ok(outcome.as_ref().map(|bytes| Bytes(vec![b'*'; bytes.len()])).map_err(Fault::clone))
        })?;
        Ok(answer(if self.playing() { stand_in.map(|Bytes(bytes)| bytes) } else { outcome }))
    }

    fn drop(&mut self, secret: Resource<SecretHandle>) -> wasmtime::Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}

impl Host for State {
    fn open(&mut self, name: String) -> Answer<Resource<SecretHandle>> {
        self.count_call()?;
        let with = self.asked(|| json!(name));
        self.handle("secrets.open", with, |state| {
            Ok(match state.shared.secrets.get(&name) {
                Some(secret) => Ok(Arc::clone(secret)),
                None => {
                    let shown: String = name.chars().take(100).collect();
                    let text = format!("the secret \"{shown}\" is not set for this connection");
                    Err(Fault::new(FaultKind::NotFound, text).about(shown))
                }
            })
        })
    }

    fn initial_password(&mut self, operation: String) -> Answer<Resource<SecretHandle>> {
        self.count_call()?;
        let with = self.asked(|| json!(operation));
        self.handle("secrets.initial-password", with, |state| Ok(state.password(&operation)))
    }

    fn derive(&mut self, algorithm: String, parts: Vec<Segment>) -> Answer<Resource<SecretHandle>> {
        self.count_call()?;
        let with = self.asked(|| json!([algorithm, tape::segments(&parts)]));
        self.handle("secrets.derive", with, |state| {
            let parts = match state.parts(&parts, Use::Derive)? {
                Ok(parts) => parts,
                Err(fault) => return Ok(Err(fault)),
            };
            let (pieces, secrets): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
            let bytes = match digest::derive(&algorithm, &pieces) {
                Ok(bytes) => bytes,
                Err(fault) => return Ok(Err(fault)),
            };
            let secrets: Vec<Secret> = secrets.into_iter().flatten().collect();
            if !secrets.is_empty() {
                state.shared.redactor.learn(&bytes, &bytes);
            }
            let names: Vec<&str> = secrets.iter().map(|secret| secret.name.as_str()).collect();
            Ok(Ok(SecretValue::derived(format!("{algorithm} of {}", names.join(", ")), bytes, &secrets)))
        })
    }

    fn digest(&mut self, algorithm: String, parts: Vec<Segment>, sorted: bool) -> Answer<Vec<u8>> {
        self.count_call()?;
        let with = self.asked(|| json!([algorithm, tape::segments(&parts), sorted]));
        self.bytes("secrets.digest", with, |state| {
            let wanted = if sorted { Use::DigestSorted } else { Use::Digest };
            let made = state.parts(&parts, wanted)?.and_then(|parts| {
                let mut parts: Vec<_> = parts.into_iter().map(|(part, _)| part).collect();
                digest::digest(&algorithm, &mut parts, sorted)
            });
            Ok(made.map(|digest| digest.to_vec()))
        })
    }

    fn verify(&mut self, algorithm: String, key: String, message: Vec<u8>, signature: Vec<u8>) -> Answer<bool> {
        self.count_call()?;
        let with = self.asked(|| json!([algorithm, key, Bytes::json(&message), Bytes::json(&signature)]));
        let verified = || sign::verify(&algorithm, &key, &message, &signature);
        self.cross("secrets.verify", with, |_| Ok(verified())).map(answer)
    }
}

impl State {
    /// Crosses with bytes as the answer.
    fn bytes(
        &mut self,
        call: &'static str,
        with: Value,
        real: impl FnOnce(&mut Self) -> wasmtime::Result<Result<Vec<u8>, Fault>>,
    ) -> Answer<Vec<u8>> {
        let bytes: Result<Bytes, Fault> = self.cross(call, with, |state| Ok(real(state)?.map(Bytes)))?;
        Ok(answer(bytes.map(|Bytes(bytes)| bytes)))
    }

    /// Crosses with a secret as the answer, of which only the handle crosses.
    fn handle(
        &mut self,
        call: &'static str,
        with: Value,
        real: impl FnOnce(&mut Self) -> wasmtime::Result<Result<Secret, Fault>>,
    ) -> Answer<Resource<SecretHandle>> {
        let mut made = None;
        let opened: Result<(), Fault> =
            self.cross(call, with, |state| Ok(real(state)?.map(|secret| made = Some(secret))))?;
        match opened {
            Ok(()) => {
                let secret = made.unwrap_or_else(|| Arc::new(SecretValue::on_tape()));
                Ok(Ok(self.push(secret)?))
            }
            Err(fault) => Ok(Err(fault.into())),
        }
    }

    fn placeholder_of(&mut self, secret: &Secret, form: &str) -> Result<String, Fault> {
        let mut random = [0; 16];
        let http = [Use::HttpUrl, Use::HttpHeader, Use::HttpBody];
        let allowed = http
            .into_iter()
            .find(|wanted| secret.allow(*wanted).is_ok())
            .map_or_else(|| secret.allow(Use::HttpBody), |_| Ok(()));
        allowed
            .and_then(|()| self.outside.random(&mut random))
            .and_then(|()| self.placeholders.lock().unwrap_or_else(PoisonError::into_inner).make(secret, form, random))
    }
}
