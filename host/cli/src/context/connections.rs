//! The engine's way to connectors: names of rosterd.toml become sandboxed instances.

use super::passwords::StoredPasswords;
use super::plugins;
use super::scratch::StoredScratch;
use crate::config::{Config, ConnectionTable, SecretReference};
use crate::error::CommandError;
use rosterd_connector::tape::Recording;
use rosterd_connector::{
    Connection, ConnectionConfig, ConnectorHost, Grants, InitialPasswords, Loaded, MemoryScratch, Scratch, SecretStore,
    TlsSettings,
};
use rosterd_model::directory::Directory;
use rosterd_model::port::{BoxFuture, Connections, Connector, Destination, Listener, Receiver, Source};
use rosterd_model::{ConnectionId, Fault, FaultKind};
use rosterd_store::Store;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// All connections of a configuration. Components are loaded on first use and kept.
pub(crate) struct HubConnections {
    host: ConnectorHost,
    store: Option<Arc<Store>>,
    /// Settled when the value is made, so that nothing here holds the configuration.
    entries: BTreeMap<ConnectionId, Entry>,
    loaded: Mutex<BTreeMap<PathBuf, Loaded>>,
    recording: Option<Recording>,
    /// Where connections get their part of the directory from; only the service has one.
    directories: OnceLock<Directories>,
}

/// The directory as the clients of a connection may see and change it.
pub(crate) type Directories = Arc<dyn Fn(&ConnectionId) -> Arc<dyn Directory> + Send + Sync>;

struct Entry {
    component: Result<PathBuf, String>,
    table: ConnectionTable,
    base: PathBuf,
    secrets: SecretStore,
}

impl HubConnections {
    /// The connections of `config`. With a store, scratch values are kept in it; else they are forgotten.
    pub(crate) fn new(config: &Config, host: ConnectorHost, store: Option<Arc<Store>>) -> Self {
        let entry = |(id, table): (&ConnectionId, &ConnectionTable)| {
            let entry = Entry {
                component: plugins::of(config, id, table).map_err(|error| in_one(&error)),
                table: table.clone(),
                base: config.dir.clone(),
                secrets: secret_store(config),
            };
            (id.clone(), entry)
        };
        let entries = config.file.connection.iter().map(entry).collect();
        let (loaded, directories) = (Mutex::default(), OnceLock::new());
        Self { host, store, entries, loaded, recording: None, directories }
    }

    /// The same, recorded.
    #[must_use]
    pub(crate) fn recorded(self, recording: Option<Recording>) -> Self {
        Self { recording, ..self }
    }

    /// From now on connections whose grant says so are given their part of the directory. Said once.
    pub(crate) fn serve_directories(&self, directories: Directories) {
        let _ = self.directories.set(directories);
    }

    /// Where connections get their part of the directory from.
    pub(crate) fn directories(&self) -> Option<Directories> {
        self.directories.get().cloned()
    }

    /// Opens a connection without a role, for `check` and `discover`.
    ///
    /// # Errors
    /// As those of the port.
    pub(crate) fn connector(&self, id: &ConnectionId) -> Result<Box<dyn Connector>, Fault> {
        self.connect(id)?.connector()
    }

    /// Loads the component of a connection and opens nothing.
    ///
    /// # Errors
    /// There is no such connection, or its component can not be loaded.
    pub(crate) fn preload(&self, id: &ConnectionId) -> Result<(), Fault> {
        let missing = || Fault::new(FaultKind::Settings, format!("there is no connection \"{id}\" in rosterd.toml"));
        let entry = self.entries.get(id).ok_or_else(missing)?;
        let component = entry.component.as_ref().map_err(|text| Fault::new(FaultKind::Settings, text.clone()))?;
        self.load(component).map(drop)
    }

    fn connect(&self, id: &ConnectionId) -> Result<Connection, Fault> {
        let missing = || Fault::new(FaultKind::Settings, format!("there is no connection \"{id}\" in rosterd.toml"));
        let entry = self.entries.get(id).ok_or_else(missing)?;
        let component = entry.component.as_ref().map_err(|text| Fault::new(FaultKind::Settings, text.clone()))?;
        let loaded = self.load(component)?;
        let mut config = ConnectionConfig::new(id.clone(), entry.base.clone());
        config.settings = settings(&entry.table);
        config.secrets = entry.table.secrets.iter().map(|(name, from)| (name.clone(), reference(from))).collect();
        config.grants = grants(&entry.table);
        config.limits = entry.table.limits.clone();
        config.tls = TlsSettings { ca_file: entry.table.tls.ca_file.clone(), pins: entry.table.tls.pins.clone() };
        config.secret_store = Some(entry.secrets.clone());
        config.scratch = match &self.store {
            Some(store) => Arc::new(StoredScratch::new(Arc::clone(store), id.clone())) as Arc<dyn Scratch>,
            None => Arc::new(MemoryScratch::default()),
        };
        if let Some(table) = &entry.table.initial_passwords {
            let passwords =
                StoredPasswords::new((table, id), (entry.base.as_path(), &entry.secrets), self.store.clone())?;
            config.passwords = Some(Arc::new(passwords) as Arc<dyn InitialPasswords>);
        }
        // Without a hub that serves, whoever asks is told so.
        config.directory = self.directories.get().filter(|_| entry.table.grants.directory).map(|of| of(id));
        if let Some(recording) = &self.recording {
            put(recording, &loaded, component)?;
            config.recording = Some(recording.clone());
        }
        #[cfg(debug_assertions)]
        {
            config.after_call = crate::canary::watch(id);
        }
        loaded.connect(config)
    }

    fn load(&self, component: &Path) -> Result<Loaded, Fault> {
        let mut all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = all.get(component) {
            return Ok(loaded.clone());
        }
        let loaded = self.host.load(component).map_err(|error| {
            let message = format!("failed to load the component {}: {error}", component.display());
            Fault::new(FaultKind::Settings, message)
        })?;
        all.insert(component.to_path_buf(), loaded.clone());
        Ok(loaded)
    }
}

impl Connections for HubConnections {
    fn source<'a>(&'a self, connection: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Source>, Fault>> {
        Box::pin(async move { self.connect(connection)?.source() })
    }

    fn destination<'a>(&'a self, connection: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Destination>, Fault>> {
        Box::pin(async move { self.connect(connection)?.destination() })
    }

    fn receiver<'a>(&'a self, connection: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Receiver>, Fault>> {
        Box::pin(async move { self.connect(connection)?.receiver() })
    }

    fn listener<'a>(&'a self, connection: &'a ConnectionId) -> BoxFuture<'a, Result<Box<dyn Listener>, Fault>> {
        Box::pin(async move { self.connect(connection)?.listener() })
    }

    fn digest(&self, connection: &ConnectionId) -> Option<String> {
        let component = self.entries.get(connection)?.component.as_ref().ok()?;
        self.load(component).ok().map(|loaded| loaded.inspection().digest.clone())
    }
}

/// Puts a component onto a tape, if it still is the one that was loaded.
fn put(recording: &Recording, loaded: &Loaded, component: &Path) -> Result<(), Fault> {
    let digest = &loaded.inspection().digest;
    if recording.wants(digest) {
        let bytes = std::fs::read(component).map_err(|error| {
            let message = format!("the component {} can not be put onto the tape: {error}", component.display());
            Fault::new(FaultKind::Internal, message)
        })?;
        recording.component(digest, &bytes);
    }
    Ok(())
}

/// The settings as JSON. TOML's dates become text.
pub(crate) fn settings(table: &ConnectionTable) -> serde_json::Value {
    json(&toml::Value::Table(table.settings.clone()))
}

fn json(value: &toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(value) => (*value).into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(values) => values.iter().map(json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}

/// The grants of a connection in the connector host's words.
pub(crate) fn grants(table: &ConnectionTable) -> Grants {
    let own = table.grants.clone();
    Grants {
        http: own.http,
        stream: own.stream,
        files: own.files,
        networks: own.networks,
        reveal: own.reveal,
        clear_text: own.clear_text,
        directory: own.directory,
    }
}

/// Where a secret comes from, in the connector host's words.
pub(crate) fn reference(from: &SecretReference) -> rosterd_connector::SecretReference {
    match from.clone() {
        SecretReference::Env(name) => rosterd_connector::SecretReference::Env(name),
        SecretReference::File(path) => rosterd_connector::SecretReference::File(path),
        SecretReference::Command(words) => rosterd_connector::SecretReference::Command(words),
        SecretReference::Store(name) => rosterd_connector::SecretReference::Store(name),
    }
}

/// The encrypted secret store of a configuration.
pub(crate) fn secret_store(config: &Config) -> SecretStore {
    let table = &config.file.secrets;
    SecretStore {
        file: config.resolve(&table.file),
        identity: table.passphrase_env.is_none().then(|| config.resolve(&table.identity)),
        passphrase_env: table.passphrase_env.clone(),
    }
}

/// Message and hints in one sentence, for a fault.
fn in_one(error: &CommandError) -> String {
    std::iter::once(&error.message).chain(&error.hints).cloned().collect::<Vec<_>>().join("; ")
}
