//! What of rosterd.toml is about the service: who can call it, who logs in, whom it tells.

use super::file::SecretReference;
use super::quantity::Span;
use rosterd_server::login::LoginSettings;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// `[login.NAME]`, as it stands in the file.
pub(crate) type LoginTable = LoginSettings<SecretReference>;

/// `[serve]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct ServeTable {
    /// Address and port at which Prometheus finds `/metrics`, and others `/healthz` and `/readyz`: `127.0.0.1:9464`.
    pub(crate) metrics: Option<String>,
    /// Address and port at which remote systems and clients call: `127.0.0.1:8080`, behind a proxy that speaks TLS. Below
    /// `/receive/CONNECTION` connections with `events = ["receive"]` answer.
    pub(crate) receive: Option<String>,
    /// What remote systems call that place: `https://hub.example.com`.
    pub(crate) public_url: Option<String>,
    /// A certificate for that place. Without one it speaks clear text.
    pub(crate) tls: Option<CertificateTable>,
    /// Jobs that may run at once, each on its own connection.
    #[schemars(range(min = 1, max = 64))]
    pub(crate) at_once: usize,
    /// How long a run may take to reach a place from which it can go on, once the process was asked to end.
    pub(crate) grace: Span,
}

impl Default for ServeTable {
    fn default() -> Self {
        Self {
            metrics: None,
            receive: None,
            public_url: None,
            tls: None,
            at_once: 4,
            grace: Span(std::time::Duration::from_secs(30)),
        }
    }
}

/// `[serve.tls]`. The files are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct CertificateTable {
    /// PEM file of the certificate, and of those that vouch for it; relative to the folder of rosterd.toml.
    pub(crate) certificate: PathBuf,
    /// PEM file of its private key, which only the user of rosterd should be able to read.
    pub(crate) key: PathBuf,
}

/// `[notify]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct NotifyTable {
    /// The url; `https://`, or `http://` on this machine.
    pub(crate) url: String,
    /// The key that signs messages, as Standard Webhooks says. Never the key itself.
    pub(crate) secret: Option<SecretReference>,
}
