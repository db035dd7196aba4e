//! What a connection is opened with.

use crate::directory::Directory;
use crate::grant::Grants;
use crate::limit::Limits;
use crate::secret::reference::SecretReference;
use crate::secret::store::SecretStore;
use crate::tape::{Player, Recording};
use rosterd_model::fault::Fault;
use rosterd_model::id::{ConnectionId, EntityId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

/// Sees the linear memory of guests.
#[cfg(any(feature = "testing", debug_assertions))]
pub type MemoryHook = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// One connection, as `rosterd.toml` has it. Made with [`ConnectionConfig::new`]; fields are set afterwards.
#[derive(Clone)]
#[non_exhaustive]
pub struct ConnectionConfig {
    /// Its name.
    pub name: ConnectionId,
    /// `[connection.NAME.settings]`; checked against the manifest's schema.
    pub settings: Value,
    /// `[connection.NAME.secrets]`.
    pub secrets: BTreeMap<String, SecretReference>,
    /// `[connection.NAME.grants]`.
    pub grants: Grants,
    /// `[connection.NAME.limits]`.
    pub limits: Limits,
    /// Folder that relative files are relative to.
    pub base_dir: PathBuf,
    /// `[connection.NAME.tls]`.
    pub tls: TlsSettings,
    /// The encrypted store that `{ store = "name" }` reads.
    pub secret_store: Option<SecretStore>,
    /// Small values of this connection.
    pub scratch: Arc<dyn Scratch>,
    /// `[connection.NAME.initial-passwords]`: makes and keeps them; none: whatever needs one is not supported.
    pub passwords: Option<Arc<dyn InitialPasswords>>,
    /// The directory as the clients of this connection may see and change it; none: a connector that asks gets `unsupported`.
    pub directory: Option<Arc<dyn Directory>>,
    /// What crosses this connection's boundary is recorded there.
    pub recording: Option<Recording>,
    /// What is asked is answered from a tape; nothing else is touched.
    pub(crate) player: Option<Player>,
    /// Called after each call of a guest with its linear memory, for tests that look for what must not be there. Neither
    /// the field nor the code behind it is in a release build.
    #[cfg(any(feature = "testing", debug_assertions))]
    pub after_call: Option<MemoryHook>,
}

impl ConnectionConfig {
    /// A connection without settings, secrets and grants.
    #[must_use]
    pub fn new(name: ConnectionId, base_dir: PathBuf) -> Self {
        Self {
            name,
            settings: Value::Object(serde_json::Map::new()),
            secrets: BTreeMap::new(),
            grants: Grants::default(),
            limits: Limits::default(),
            base_dir,
            tls: TlsSettings::default(),
            secret_store: None,
            scratch: Arc::new(MemoryScratch::default()),
            passwords: None,
            directory: None,
            recording: None,
            player: None,
            #[cfg(any(feature = "testing", debug_assertions))]
            after_call: None,
        }
    }
}

/// Whom this connection trusts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TlsSettings {
    /// PEM file with the authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// `sha256/BASE64` of public keys (SPKI), one of which the server's certificate must have, beside being valid.
    pub pins: Vec<String>,
}

/// Small values of one connection. The composition root decides when they are stored.
pub trait Scratch: Send + Sync {
    /// The value, as it was last set.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Sets it; none removes. The error is a sentence.
    fn set(&self, key: &str, value: Option<Vec<u8>>) -> Result<(), String>;
}

/// Makes passwords for new accounts and keeps them for hand-over.
pub trait InitialPasswords: Send + Sync {
    /// The password for an operation on an account; the same key gives the same password.
    fn password(&self, account: EntityId, operation: &str) -> Result<Zeroizing<String>, Fault>;
}

/// Scratch that lives as long as the process.
#[derive(Default)]
pub struct MemoryScratch(Mutex<BTreeMap<String, Vec<u8>>>);

impl Scratch for MemoryScratch {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(key).cloned()
    }

    fn set(&self, key: &str, value: Option<Vec<u8>>) -> Result<(), String> {
        let mut values = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match value {
            Some(value) => values.insert(key.to_owned(), value),
            None => values.remove(key),
        };
        Ok(())
    }
}
