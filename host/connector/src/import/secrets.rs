//! `secrets`: handles, and what can be done with them without seeing the bytes.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::secrets::{Host, HostSecret, Segment};
use crate::contract::v0_1::bindings::rosterd::connector::types::Fault as WitFault;
use crate::crypto::{self, cipher, digest, key, scram, sign};
use crate::manifest::Use;
use crate::secret::vault::{Secret, SecretValue};
use crate::state::State;
use rosterd_model::fault::{Fault, FaultKind};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use wasmtime::component::Resource;
use zeroize::Zeroizing;

/// A secret in a guest's hands.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings name it publicly")]
pub struct SecretHandle(pub(crate) Secret);

/// What a password that the host made may be used for: to be sent, also inside of something signed.
const PASSWORD_USES: [Use; 7] =
    [Use::HttpUrl, Use::HttpHeader, Use::HttpBody, Use::Stream, Use::Derive, Use::Mac, Use::Sign];

type Parts = Vec<(Zeroizing<Vec<u8>>, Option<Secret>)>;
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
        if !self.operations.contains(operation) {
            return Err(Self::denied("a password is made only for an operation that is being applied"));
        }
        let none = || Fault::new(FaultKind::Unsupported, "this host has nobody to hand initial passwords over to");
        let maker = self.shared.passwords.as_ref().ok_or_else(none)?;
        let text = maker.password(operation).map_err(|error| Fault::new(FaultKind::Internal, error))?;
        let bytes = Zeroizing::new(text.as_bytes().to_vec());
        self.shared.redactor.learn(&bytes, &bytes);
        let uses: BTreeSet<Use> = PASSWORD_USES.into_iter().collect();
        let name = "initial password".to_owned();
        Ok(Arc::new(SecretValue {
            name,
            stored: bytes.clone(),
            bytes,
            uses: Some(uses),
            forms: None,
            hosts: None,
            reveal: false,
        }))
    }
}

impl HostSecret for State {
    fn placeholder(&mut self, secret: Resource<SecretHandle>, form: String) -> Answer<String> {
        let secret = self.secret(&secret)?;
        let mut random = [0; 16];
        let http = [Use::HttpUrl, Use::HttpHeader, Use::HttpBody];
        let allowed = http
            .into_iter()
            .find(|wanted| secret.allow(*wanted).is_ok())
            .map_or_else(|| secret.allow(Use::HttpBody), |_| Ok(()));
        let made = allowed.and_then(|()| self.outside.random(&mut random)).and_then(|()| {
            self.placeholders.lock().unwrap_or_else(PoisonError::into_inner).make(&secret, &form, random)
        });
        Ok(answer(made))
    }

    fn length(&mut self, secret: Resource<SecretHandle>, form: String) -> Answer<u32> {
        let secret = self.secret(&secret)?;
        Ok(answer(secret.written(&form).map(|written| u32::try_from(written.len()).unwrap_or(u32::MAX))))
    }

    fn matches(&mut self, secret: Resource<SecretHandle>, form: String, value: Vec<u8>) -> Answer<bool> {
        let secret = self.secret(&secret)?;
        Ok(answer(
            secret
                .allow(Use::Matches)
                .and_then(|()| secret.written(&form))
                .map(|written| crypto::equal(&written, &value)),
        ))
    }

    fn mac(&mut self, secret: Resource<SecretHandle>, algorithm: String, message: Vec<Segment>) -> Answer<Vec<u8>> {
        let secret = self.secret(&secret)?;
        let message = self.joined(&message, Use::Mac)?;
        let made =
            secret.allow(Use::Mac).and(message).and_then(|message| digest::mac(&algorithm, &secret.bytes, &message));
        Ok(answer(made))
    }

    fn decrypt(
        &mut self,
        secret: Resource<SecretHandle>,
        algorithm: String,
        iv: Option<Vec<u8>>,
        aad: Vec<u8>,
        ciphertext: Vec<u8>,
    ) -> Answer<Vec<u8>> {
        let secret = self.secret(&secret)?;
        let plain = || cipher::decrypt(&algorithm, &secret.bytes, iv.as_deref(), &aad, &ciphertext);
        Ok(answer(secret.allow(Use::Decrypt).and_then(|()| plain())))
    }

    fn encrypt(
        &mut self,
        secret: Resource<SecretHandle>,
        algorithm: String,
        iv: Option<Vec<u8>>,
        aad: Vec<u8>,
        plaintext: Vec<u8>,
    ) -> Answer<Vec<u8>> {
        let secret = self.secret(&secret)?;
        let cipher = || cipher::encrypt(&algorithm, &secret.bytes, iv.as_deref(), &aad, &plaintext);
        Ok(answer(secret.allow(Use::Encrypt).and_then(|()| cipher())))
    }

    fn sign(&mut self, secret: Resource<SecretHandle>, algorithm: String, message: Vec<Segment>) -> Answer<Vec<u8>> {
        let secret = self.secret(&secret)?;
        let message = self.joined(&message, Use::Sign)?;
        let made =
            secret.allow(Use::Sign).and(message).and_then(|message| sign::sign(&algorithm, &secret.bytes, &message));
        Ok(answer(made))
    }

    fn public_key(&mut self, secret: Resource<SecretHandle>) -> Answer<String> {
        let secret = self.secret(&secret)?;
        let read = || key::Private::read(&secret.bytes).map(|key| key.public().jwk());
        Ok(answer(secret.allow(Use::PublicKey).and_then(|()| read())))
    }

    fn scram(
        &mut self,
        secret: Resource<SecretHandle>,
        algorithm: String,
        salt: Vec<u8>,
        iterations: u32,
        message: Vec<u8>,
    ) -> Answer<(Vec<u8>, Vec<u8>)> {
        let secret = self.secret(&secret)?;
        let made = || scram::scram(&algorithm, &secret.bytes, &salt, iterations, &message);
        Ok(answer(secret.allow(Use::Scram).and_then(|()| made())))
    }

    fn reveal(&mut self, secret: Resource<SecretHandle>) -> Answer<Vec<u8>> {
        let secret = self.secret(&secret)?;
        if secret.reveal {
            return Ok(Ok(secret.bytes.to_vec()));
        }
        let text = format!(
            "the connector may not see the secret \"{0}\"; where its manifest asks for that, add reveal = [\"{0}\"] to [connection.{1}.grants]",
            secret.name, self.shared.connection
        );
        Ok(Err(Self::denied(text).into()))
    }

    fn drop(&mut self, secret: Resource<SecretHandle>) -> wasmtime::Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}

impl Host for State {
    fn open(&mut self, name: String) -> Answer<Resource<SecretHandle>> {
        self.count_call()?;
        match self.shared.secrets.get(&name) {
            Some(secret) => {
                let secret = Arc::clone(secret);
                Ok(Ok(self.push(secret)?))
            }
            None => {
                let shown: String = name.chars().take(100).collect();
                let text = format!("the secret \"{shown}\" is not set for this connection");
                Ok(Err(Fault::new(FaultKind::NotFound, text).about(shown).into()))
            }
        }
    }

    fn initial_password(&mut self, operation: String) -> Answer<Resource<SecretHandle>> {
        self.count_call()?;
        match self.password(&operation) {
            Ok(secret) => Ok(Ok(self.push(secret)?)),
            Err(fault) => Ok(Err(fault.into())),
        }
    }

    fn derive(&mut self, algorithm: String, parts: Vec<Segment>) -> Answer<Resource<SecretHandle>> {
        self.count_call()?;
        let parts = match self.parts(&parts, Use::Derive)? {
            Ok(parts) => parts,
            Err(fault) => return Ok(Err(fault.into())),
        };
        let (pieces, secrets): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let bytes = match digest::derive(&algorithm, &pieces) {
            Ok(bytes) => bytes,
            Err(fault) => return Ok(Err(fault.into())),
        };
        let secrets: Vec<Secret> = secrets.into_iter().flatten().collect();
        if !secrets.is_empty() {
            self.shared.redactor.learn(&bytes, &bytes);
        }
        let names: Vec<&str> = secrets.iter().map(|secret| secret.name.as_str()).collect();
        let made = SecretValue::derived(format!("{algorithm} of {}", names.join(", ")), bytes, &secrets);
        Ok(Ok(self.push(made)?))
    }

    fn digest(&mut self, algorithm: String, parts: Vec<Segment>, sorted: bool) -> Answer<Vec<u8>> {
        self.count_call()?;
        let wanted = if sorted { Use::DigestSorted } else { Use::Digest };
        let made = self.parts(&parts, wanted)?.and_then(|parts| {
            let mut parts: Vec<_> = parts.into_iter().map(|(part, _)| part).collect();
            digest::digest(&algorithm, &mut parts, sorted)
        });
        Ok(answer(made.map(|digest| digest.to_vec())))
    }

    fn verify(&mut self, algorithm: String, key: String, message: Vec<u8>, signature: Vec<u8>) -> Answer<bool> {
        self.count_call()?;
        Ok(answer(sign::verify(&algorithm, &key, &message, &signature)))
    }
}
