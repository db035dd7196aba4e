//! The keys of a connection, as handles, and what is made with them: signatures of events.

use crate::jose;
use crate::settings::{Form, Settings};
use crate::standard;
use crate::text::Text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rosterd_sdk::secrets::{self, Secret};
use rosterd_sdk::{Fault, FaultKind};

/// The keys that the form needs.
#[derive(Debug)]
pub enum Keys {
    /// Of Standard Webhooks.
    Standard(Standard),
    /// Of the IDaaS form.
    Idaas(Jose),
}

/// Shared secrets and ed25519 keys, the present one of each before the previous one.
#[derive(Debug)]
pub struct Standard {
    secrets: Vec<Secret>,
    /// The ed25519 keys.
    pub keys: Vec<Secret>,
}

/// The key that signs messages, and the one that encrypts what they say.
#[derive(Debug)]
pub struct Jose {
    /// Signs.
    pub event_key: Secret,
    /// Its name in each message.
    pub key_id: String,
    /// Encrypts; none: nothing is encrypted.
    pub encrypt_key: Option<Secret>,
}

impl Keys {
    /// Opens them.
    ///
    /// # Errors
    /// `settings` where one is missing.
    pub fn open(settings: &Settings) -> Result<Self, Fault> {
        match settings.form {
            Form::StandardWebhooks => Standard::open().map(Self::Standard),
            Form::Idaas => {
                let idaas = settings.idaas()?;
                let event_key = optional("event-key")?.ok_or_else(|| missing("event-key"))?;
                let encrypt_key = match idaas.encrypt {
                    true => Some(optional("encrypt-key")?.ok_or_else(|| missing("encrypt-key"))?),
                    false => None,
                };
                encrypt_key.as_ref().map(jose::method).transpose()?;
                let key_id = match &idaas.key_id {
                    Some(id) => id.clone(),
                    None => jose::public(&event_key).and_then(|jwk| jose::thumbprint(&jwk)).map_err(unfit)?,
                };
                Ok(Self::Idaas(Jose { event_key, key_id, encrypt_key }))
            }
        }
    }
}

impl Standard {
    fn open() -> Result<Self, Fault> {
        let both = |names: [&str; 2]| -> Result<Vec<Secret>, Fault> {
            Ok([optional(names[0])?, optional(names[1])?].into_iter().flatten().collect())
        };
        let secrets = both(["signing-secret", "previous-signing-secret"])?;
        let keys = both(["signing-key", "previous-signing-key"])?;
        if secrets.is_empty() && keys.is_empty() {
            return Err(missing("signing-secret, or signing-key,"));
        }
        Ok(Self { secrets, keys })
    }

    /// The header `webhook-signature`: one signature for each secret and key.
    ///
    /// # Errors
    /// A key can not be used.
    pub fn signatures(&self, id: &str, seconds: u64, body: &Text, password: Option<&Secret>) -> Result<String, Fault> {
        let message = standard::signed(id, seconds, body.clone());
        let segments = message.segments(password);
        let mut all = Vec::with_capacity(self.secrets.len() + self.keys.len());
        for secret in &self.secrets {
            all.push(format!("v1,{}", STANDARD.encode(secret.mac("hmac-sha256", &segments).map_err(unfit)?)));
        }
        for key in &self.keys {
            all.push(format!("v1a,{}", STANDARD.encode(key.sign("ed25519", &segments).map_err(unfit)?)));
        }
        Ok(all.join(" "))
    }
}

/// A secret that need not be there.
///
/// # Errors
/// The host can not open it.
pub fn optional(name: &str) -> Result<Option<Secret>, Fault> {
    match secrets::open(name) {
        Ok(secret) => Ok(Some(secret)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A key that does not fit concerns every event, and is the operator's to mend.
#[must_use]
pub fn unfit(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::Invalid => Fault { kind: FaultKind::Settings, ..fault }.context("events can not be signed"),
        _ => fault,
    }
}

fn missing(name: &str) -> Fault {
    Fault::settings(format!(
        "the secret {name} is not set, and events go out signed only; set it in the secrets of this connection"
    ))
    .about(name.split(',').next().unwrap_or(name))
}
