//! What all instances of one connection share: identity, settings, powers, secrets, the way to the network.

use crate::config::{ConnectionConfig, InitialPasswords, Scratch};
use crate::directory::{CursorKey, Directory};
use crate::endpoint::{Endpoint, Kind};
use crate::error::Identity;
use crate::grant::refusals_with_settings;
use crate::host::Loaded;
use crate::http::Client;
use crate::limit::Limits;
use crate::manifest::{Manifest, SecretRequest};
use crate::policy::Policy;
use crate::redact::Redactor;
use crate::secret::reference;
use crate::secret::vault::{Secret, SecretValue, decoded};
use crate::tape::{Player, Recording, Seam};
use crate::template::expand;
use crate::{schema, tls};
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Shared by the instances of one connection.
pub(crate) struct Shared {
    pub(crate) identity: Identity,
    pub(crate) connection: String,
    pub(crate) limits: Limits,
    /// The settings with defaults, JSON.
    pub(crate) settings: String,
    pub(crate) policy: Policy,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) redactor: Redactor,
    pub(crate) scratch: Arc<dyn Scratch>,
    pub(crate) passwords: Option<Arc<dyn InitialPasswords>>,
    pub(crate) initial_passwords: bool,
    pub(crate) directory: Option<Arc<dyn Directory>>,
    pub(crate) cursor_key: CursorKey,
    pub(crate) tls: tls::Trust,
    pub(crate) client: Client,
    pub(crate) runtime: tokio::runtime::Handle,
    recording: Option<Recording>,
    player: Option<Player>,
    #[cfg(any(feature = "testing", debug_assertions))]
    pub(crate) after_call: Option<crate::config::MemoryHook>,
}

impl Shared {
    /// Checks a configuration and resolves its secrets.
    pub(crate) fn new(loaded: &Loaded, config: &ConnectionConfig) -> Result<Self, Fault> {
        let identity = loaded.inspection.identity();
        let manifest = &loaded.inspection.manifest;
        let wrong = |text: String| identity.fault(FaultKind::Settings, format!("[connection.{}]: {text}", config.name));
        let settings =
            schema::check(&manifest.settings, &config.settings).map_err(|problems| wrong(problems.join("; ")))?;
        let refused: Vec<_> = refusals_with_settings(&loaded.inspection, &config.grants, &settings);
        let blocking: Vec<&str> =
            refused.iter().filter(|one| one.blocking).map(|one| one.explanation.as_str()).collect();
        if !blocking.is_empty() {
            let text = format!("[connection.{}.grants] refuses what it needs: {}", config.name, blocking.join("; "));
            return Err(identity.fault(FaultKind::Denied, text));
        }
        let policy = Policy::new(manifest, &settings, config).map_err(&wrong)?;
        let runtime = loaded.host.handle().clone();
        let cursor_key = CursorKey::fresh().map_err(&wrong)?;
        let redactor = Redactor::default();
        let secrets = resolve(manifest, &settings, config).map_err(&wrong)?;
        secrets.values().for_each(|secret| redactor.learn(&secret.stored, &secret.bytes));
        let trust = tls::Trust::new(&config.tls, &config.base_dir).map_err(&wrong)?;
        let client = Client::new(
            manifest,
            &settings,
            &policy,
            &trust,
            &config.limits,
            &secrets,
            &redactor,
            loaded.host.buckets(),
            config,
        )
        .map_err(&wrong)?;
        Ok(Self {
            identity,
            connection: config.name.to_string(),
            limits: config.limits.clone(),
            settings: settings.to_string(),
            policy,
            secrets,
            redactor,
            scratch: Arc::clone(&config.scratch),
            passwords: config.passwords.clone(),
            initial_passwords: manifest.requests.initial_passwords,
            directory: config.directory.clone(),
            cursor_key,
            tls: trust,
            client,
            runtime,
            recording: config.recording.clone(),
            player: None,
            #[cfg(any(feature = "testing", debug_assertions))]
            after_call: config.after_call.clone(),
        })
    }

    /// What an instance of this connection crosses with.
    pub(crate) fn seam(&self) -> Seam {
        match (&self.player, &self.recording) {
            (Some(player), _) => Seam::Playing(player.clone()),
            (None, Some(recording)) => {
                Seam::Recording(recording.track(&self.connection, &self.identity, &self.redactor))
            }
            (None, None) => Seam::Off,
        }
    }

    /// A connection that may do nothing, for `describe`, which calls no import.
    pub(crate) fn bare(loaded: &Loaded) -> Result<Self, Fault> {
        let identity = loaded.inspection.identity();
        let name = "describe".parse().map_err(|_| identity.fault(FaultKind::Internal, "no name"))?;
        Self::played(loaded, ConnectionConfig::new(name, std::env::temp_dir()))
    }

    /// A connection that may do nothing but what a tape answers.
    pub(crate) fn played(loaded: &Loaded, config: ConnectionConfig) -> Result<Self, Fault> {
        let identity = loaded.inspection.identity();
        let wrong = |text: String| identity.fault(FaultKind::Internal, text);
        let trust = tls::Trust::new(&config.tls, &config.base_dir).map_err(&wrong)?;
        let cursor_key = CursorKey::fresh().map_err(&wrong)?;
        let (policy, secrets, redactor) = (Policy::default(), BTreeMap::new(), Redactor::default());
        let manifest =
            Manifest { recipes: BTreeMap::new(), buckets: BTreeMap::new(), ..loaded.inspection.manifest.clone() };
        let client = Client::new(
            &manifest,
            &Value::Null,
            &policy,
            &trust,
            &config.limits,
            &secrets,
            &redactor,
            loaded.host.buckets(),
            &config,
        )
        .map_err(&wrong)?;
        Ok(Self {
            connection: config.name.to_string(),
            limits: config.limits.clone(),
            settings: "{}".to_owned(),
            policy,
            secrets,
            redactor,
            scratch: config.scratch,
            passwords: None,
            initial_passwords: false,
            directory: None,
            cursor_key,
            tls: trust,
            client,
            runtime: loaded.host.handle().clone(),
            recording: None,
            player: config.player,
            #[cfg(any(feature = "testing", debug_assertions))]
            after_call: config.after_call,
            identity,
        })
    }
}

/// Reads the secrets that the manifest asks for. The error is a sentence.
fn resolve(
    manifest: &Manifest,
    settings: &Value,
    config: &ConnectionConfig,
) -> Result<BTreeMap<String, Secret>, String> {
    let asked = &manifest.requests.secrets;
    if let Some(unknown) = config.secrets.keys().find(|name| !asked.contains_key(*name)) {
        let names: Vec<&str> = asked.keys().map(String::as_str).collect();
        let there_is =
            if names.is_empty() { "it asks for none".to_owned() } else { format!("there is {}", names.join(", ")) };
        return Err(format!("secret \"{unknown}\" is unknown to the connector; {there_is}"));
    }
    let mut secrets = BTreeMap::new();
    for (name, request) in asked {
        let Some(reference) = config.secrets.get(name) else {
            if request.required {
                return Err(format!(
                    "secret \"{name}\" is missing ({}); add {name} = {{ env = \"VARIABLE\" }} to [connection.{}.secrets], or file, command or store",
                    request.description, config.name
                ));
            }
            continue;
        };
        let stored = reference::resolve(reference, &config.base_dir, config.secret_store.as_ref())
            .map_err(|error| format!("secret \"{name}\": {error}"))?;
        let bytes = decoded(name, request.decode, &stored)?;
        let hosts = hosts(request, settings).map_err(|error| format!("secret \"{name}\": {error}"))?;
        let reveal = request.reveal && config.grants.reveal.contains(name);
        let (uses, forms) = (Some(request.uses.clone()), request.forms.clone());
        secrets.insert(
            name.clone(),
            Arc::new(SecretValue { name: name.clone(), stored, bytes, uses, forms, hosts, reveal, passing: false }),
        );
    }
    Ok(secrets)
}

fn hosts(request: &SecretRequest, settings: &Value) -> Result<Option<Vec<Endpoint>>, String> {
    let Some(list) = &request.hosts else { return Ok(None) };
    let all = list.iter().flat_map(|text| expand(text, settings));
    // A place without a port is one of http; a stream's setting has its own.
    all.map(|text| Endpoint::parse(&text, Kind::Http)).collect::<Result<_, _>>().map(Some)
}
