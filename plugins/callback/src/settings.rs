//! The settings of a connection. Their schema for operators stands in `connector.toml`.

use rosterd_sdk::Fault;
use serde::Deserialize;

/// What the operator wrote, defaults filled in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where events are sent.
    pub url: String,
    /// What an event looks like.
    #[serde(default)]
    pub form: Form,
    /// The mapped attribute that is the id of an object.
    #[serde(default = "id")]
    pub id: String,
    /// How much of an object an event holds.
    #[serde(default)]
    pub content: Content,
    /// The event of a new account holds its first password.
    #[serde(default)]
    pub passwords: bool,
    /// `check` sends an event.
    #[serde(default)]
    pub ping: bool,
    /// Events under way at the same time.
    #[serde(default = "parallel")]
    pub parallel: usize,
    /// How long the endpoint may take.
    #[serde(default = "timeout")]
    pub timeout_seconds: u32,
    /// The largest event.
    #[serde(default = "maximum")]
    pub maximum_bytes: usize,
    /// What events of the IDaaS form say of their sender.
    pub idaas: Option<Idaas>,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Standard Webhooks 1.0.
    #[default]
    StandardWebhooks,
    /// The event callback of Alibaba Cloud IDaaS.
    Idaas,
}

/// How much of an object an event holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// All attributes, and what changed.
    #[default]
    Full,
    /// The id.
    Thin,
}

/// The sender, as the IDaaS form names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Idaas {
    /// The claim `sub`, and `instanceId`.
    pub instance_id: String,
    /// The claim `aud`.
    pub application_id: String,
    /// `aliUid`.
    #[serde(default)]
    pub ali_uid: String,
    /// `kid`; none: the thumbprint of the key.
    pub key_id: Option<String>,
    /// What an event says is encrypted.
    #[serde(default = "encrypt")]
    pub encrypt: bool,
}

fn id() -> String {
    "id".to_owned()
}

const fn parallel() -> usize {
    4
}

const fn timeout() -> u32 {
    15
}

const fn maximum() -> usize {
    262_144
}

const fn encrypt() -> bool {
    true
}

impl Settings {
    /// What the form needs is set.
    ///
    /// # Errors
    /// `settings`.
    pub fn check(&self) -> Result<(), Fault> {
        match self.form {
            Form::StandardWebhooks => Ok(()),
            Form::Idaas => self.idaas().map(|_| ()),
        }
    }

    /// What the IDaaS form needs.
    ///
    /// # Errors
    /// `settings` if it is not set.
    pub fn idaas(&self) -> Result<&Idaas, Fault> {
        let text = "form = \"idaas\" needs the table idaas with instance-id and application-id";
        self.idaas.as_ref().ok_or_else(|| Fault::settings(text).about("idaas"))
    }
}
