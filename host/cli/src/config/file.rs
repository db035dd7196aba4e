//! The tables of rosterd.toml as types. The part that decides plans is `rosterd_model::spec`; here stands the rest.

use super::document::Document;
use super::quantity::Bytes;
use super::schedule::Schedule;
use super::schema::{LimitsSchema, Name};
use super::serving::{LoginTable, NotifyTable, ServeTable};
use crate::error::Problem;
use rosterd_connector::Limits;
use rosterd_model::ConnectionId;
use rosterd_model::spec::{
    ApprovalSpec, AuthoritySpec, DeliverySpec, GroupSpec, GuardSpec, JobSpec, LifecycleSpec, PolicySpec, ProtectSpec,
    RetentionSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::de::{DeTable, DeValue};

/// The whole file.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields, title = "rosterd.toml")]
pub(crate) struct FileConfig {
    /// Where the hub keeps what it knows.
    #[schemars(default)]
    pub(crate) store: StoreTable,
    /// The encrypted secret store.
    #[schemars(default)]
    pub(crate) secrets: SecretsTable,
    /// Connections by name: configured instances of plugins.
    #[schemars(default, with = "BTreeMap<Name, ConnectionTable>")]
    pub(crate) connection: BTreeMap<ConnectionId, ConnectionTable>,
    /// Jobs by name; a job reads one source.
    #[schemars(default, with = "BTreeMap<Name, JobTable>")]
    pub(crate) job: BTreeMap<String, JobTable>,
    /// Which connection may decide an attribute, in what order. `default` is for all that are not named.
    #[schemars(default)]
    pub(crate) authority: AuthoritySpec,
    /// Deliveries by destination.
    #[schemars(default, with = "BTreeMap<Name, DeliverySpec>")]
    pub(crate) deliver: BTreeMap<ConnectionId, DeliverySpec>,
    /// Groups by name whose members follow a rule.
    #[schemars(default, with = "BTreeMap<Name, GroupSpec>")]
    pub(crate) group: BTreeMap<String, GroupSpec>,
    /// How much may change at once before a person is asked.
    #[schemars(default)]
    pub(crate) guard: GuardSpec,
    /// Who is never disabled, renamed, moved or deleted.
    #[schemars(default)]
    pub(crate) protect: ProtectSpec,
    /// Joining and leaving, as far as it is the same for all destinations.
    #[schemars(default)]
    pub(crate) lifecycle: LifecycleSpec,
    /// Who may release what the guard holds, and for how long.
    #[schemars(default)]
    pub(crate) approval: ApprovalSpec,
    /// How long what is over is kept.
    #[schemars(default)]
    pub(crate) retention: RetentionSpec,
    /// Sizes of the chunks in which the hub works.
    #[schemars(default)]
    pub(crate) limits: LimitsTable,
    /// How `rosterd serve` works.
    #[schemars(default)]
    pub(crate) serve: ServeTable,
    /// Logins by name: a provider of OpenID Connect, and what of a login the hub takes.
    #[schemars(default, with = "BTreeMap<Name, LoginTable>")]
    pub(crate) login: BTreeMap<String, LoginTable>,
    /// Where `rosterd serve` tells people what they must look at.
    pub(crate) notify: Option<NotifyTable>,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct StoreTable {
    /// The file; relative to the folder of rosterd.toml.
    pub(crate) path: PathBuf,
    /// Memory for cached pages.
    pub(crate) cache: Bytes,
}

impl Default for StoreTable {
    fn default() -> Self {
        Self { path: PathBuf::from("data/hub.redb"), cache: Bytes(128_000_000) }
    }
}

/// `[connection.NAME]`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ConnectionTable {
    /// An installed plugin, or a path to a component (it ends in .wasm; relative to the folder of rosterd.toml). Left out for
    /// a connection that only clients use, by a job with `pushed = true`.
    pub(crate) plugin: Option<String>,
    /// Settings of the connector; `rosterd plugin inspect` shows which there are.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub(crate) settings: toml::Table,
    /// Where the connector's secrets come from. Never the secrets themselves.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretReference>,
    /// What the connector may touch.
    #[serde(default)]
    pub(crate) grants: GrantsTable,
    /// How much it may use.
    #[serde(default)]
    #[schemars(with = "LimitsSchema")]
    pub(crate) limits: Limits,
    /// How TLS is done towards the remote system.
    #[serde(default)]
    pub(crate) tls: TlsTable,
    /// First passwords of the accounts that the hub makes there. Without it no account is made that needs one.
    pub(crate) initial_passwords: Option<PasswordsTable>,
    /// How `rosterd serve` learns of changes between two runs: `receive` (the remote system calls), `listen` (the connector
    /// keeps a stream open). Neither, if nothing is said.
    #[serde(default)]
    pub(crate) events: Vec<EventWay>,
    /// True: anybody may read the public keys with which the connection signs what it sends, at `/keys/CONNECTION` of
    /// `serve.receive`.
    #[serde(default)]
    pub(crate) publish_keys: bool,
}

/// `[connection.NAME.initial-passwords]`: they are kept, sealed, until a person fetches them with `rosterd account password`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct PasswordsTable {
    /// What seals them: a secret of at least 32 bytes. Never the secret itself.
    pub(crate) key: SecretReference,
    /// Characters of a password.
    #[serde(default = "usual_length")]
    #[schemars(range(min = 12, max = 64))]
    pub(crate) length: usize,
    /// Signs of which each password has one; empty: letters and digits only.
    #[serde(default = "usual_signs")]
    pub(crate) signs: String,
}

const fn usual_length() -> usize {
    16
}

fn usual_signs() -> String {
    rosterd_connector::PASSWORD_SIGNS.to_owned()
}

/// How the hub learns of changes between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EventWay {
    /// The remote system calls, at `serve.receive`.
    Receive,
    /// The connector keeps a stream to the remote system open.
    Listen,
}

impl ConnectionTable {
    /// True if events come to it this way.
    pub(crate) fn hears(&self, way: EventWay) -> bool {
        self.events.contains(&way)
    }

    /// Digest of the settings: another folder, base or filter is another scope. Grants, secrets and limits do not count.
    fn settings_digest(&self) -> String {
        let text = serde_json::to_string(&self.settings).unwrap_or_default();
        super::policy::hex(&<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes()))
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SecretReference {
    /// An environment variable.
    Env(String),
    /// A file; a newline at its end is left out.
    File(PathBuf),
    /// A command that prints it: program and arguments, without a shell.
    Command(Vec<String>),
    /// A name in the encrypted secret store (`rosterd secret set NAME`).
    Store(String),
}

/// `[connection.NAME.grants]`: what the connector may touch. What is not listed is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct GrantsTable {
    /// Hosts for HTTP: `api.example.com` (port 443), `host:8443`, `*.example.com`, `http://host:8080` for clear text.
    pub(crate) http: Vec<String>,
    /// Hosts and ports for byte streams: `dc1.corp.example:636`.
    pub(crate) stream: Vec<String>,
    /// Files, relative to the folder of rosterd.toml; `*` stands for anything within one part of a path.
    pub(crate) files: Vec<String>,
    /// Private, loopback or otherwise not public address ranges that may be reached: `10.2.0.0/16`.
    pub(crate) networks: Vec<String>,
    /// Secrets whose bytes the connector may see. Few connectors ever need this.
    pub(crate) reveal: Vec<String>,
    /// Streams over which secrets may go without TLS: `host:port`.
    pub(crate) clear_text: Vec<String>,
    /// The hub's directory, as the clients of this connection may see and change it.
    pub(crate) directory: bool,
}

/// `[connection.NAME.tls]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct TlsTable {
    /// A PEM file of authorities to trust beside those of the system.
    pub(crate) ca_file: Option<PathBuf>,
    /// Public keys of which the remote system must show one: `sha256/BASE64` of the key (SPKI).
    pub(crate) pins: Vec<String>,
}

/// `[secrets]`: the encrypted secret store, for secrets that are given as `{ store = "NAME" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct SecretsTable {
    /// The encrypted file; relative to the folder of rosterd.toml.
    pub(crate) file: PathBuf,
    /// The age identity that opens it; `rosterd secret init` makes one. Keep it out of backups of this folder.
    pub(crate) identity: PathBuf,
    /// Instead of an identity: an environment variable that holds a passphrase.
    pub(crate) passphrase_env: Option<String>,
}

impl Default for SecretsTable {
    fn default() -> Self {
        let (file, identity) = (PathBuf::from("secrets.age"), PathBuf::from(".rosterd/identity.txt"));
        Self { file, identity, passphrase_env: None }
    }
}

/// `[job.NAME]`: a job reads one source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobTable {
    /// What decides its plans.
    pub(crate) spec: JobSpec,
    /// When it runs by itself, if it does.
    pub(crate) schedule: Option<Schedule>,
}

/// `[limits]`: sizes of the chunks in which the hub works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct LimitsTable {
    /// Changes that are asked of a source at once.
    #[schemars(range(min = 1, max = 10_000))]
    pub(crate) page_size: u32,
    /// Records that are observed in one transaction.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) observe_batch: usize,
    /// Steps that are applied in one transaction.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) apply_batch: usize,
    /// Operations that are handed to a destination at once.
    #[schemars(range(min = 1, max = 10_000))]
    pub(crate) deliver_batch: usize,
}

impl Default for LimitsTable {
    fn default() -> Self {
        Self { page_size: 500, observe_batch: 10_000, apply_batch: 10_000, deliver_batch: 2_000 }
    }
}

/// The file as serde reads it, once the schedules were taken out: they stand beside the keys of [`JobSpec`], which
/// knows no calendars.
#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct RawFile {
    store: StoreTable,
    secrets: SecretsTable,
    connection: BTreeMap<ConnectionId, ConnectionTable>,
    job: BTreeMap<String, JobSpec>,
    authority: AuthoritySpec,
    deliver: BTreeMap<ConnectionId, DeliverySpec>,
    group: BTreeMap<String, GroupSpec>,
    guard: GuardSpec,
    protect: ProtectSpec,
    lifecycle: LifecycleSpec,
    approval: ApprovalSpec,
    retention: RetentionSpec,
    limits: LimitsTable,
    serve: ServeTable,
    login: BTreeMap<String, LoginTable>,
    notify: Option<NotifyTable>,
}

/// Removes `schedule` from every job's table.
fn take_schedules(root: &mut DeTable<'_>) -> Result<BTreeMap<String, Schedule>, toml::de::Error> {
    let mut schedules = BTreeMap::new();
    let Some(DeValue::Table(jobs)) = root.get_mut("job").map(toml::Spanned::get_mut) else { return Ok(schedules) };
    for (name, job) in jobs.iter_mut() {
        let DeValue::Table(job) = job.get_mut() else { continue };
        if let Some(schedule) = job.remove("schedule") {
            let schedule = Schedule::deserialize(toml::de::ValueDeserializer::from(schedule))?;
            schedules.insert(name.get_ref().to_string(), schedule);
        }
    }
    Ok(schedules)
}

impl FileConfig {
    /// Turns a document that fits the schema into types.
    ///
    /// # Errors
    /// What the schema cannot say and the types do.
    pub(crate) fn read(document: &Document) -> Result<Self, Problem> {
        let problem = |error: &toml::de::Error| {
            document.problem(error.span().unwrap_or(0..0), error.message().replace('`', "\""), Vec::new())
        };
        let mut root = DeTable::parse(document.text()).map_err(|error| problem(&error))?;
        let mut schedules = take_schedules(root.get_mut()).map_err(|error| problem(&error))?;
        let file = RawFile::deserialize(toml::Deserializer::from(root)).map_err(|error| problem(&error))?;
        let with_schedule = |(name, spec): (String, JobSpec)| {
            let schedule = schedules.remove(&name);
            (name, JobTable { spec, schedule })
        };
        Ok(Self {
            store: file.store,
            secrets: file.secrets,
            connection: file.connection,
            job: file.job.into_iter().map(with_schedule).collect(),
            authority: file.authority,
            deliver: file.deliver,
            group: file.group,
            guard: file.guard,
            protect: file.protect,
            lifecycle: file.lifecycle,
            approval: file.approval,
            retention: file.retention,
            limits: file.limits,
            serve: file.serve,
            login: file.login,
            notify: file.notify,
        })
    }

    /// The part of the file that decides plans.
    pub(crate) fn policy(&self) -> PolicySpec {
        PolicySpec {
            jobs: self.job.iter().map(|(name, job)| (name.clone(), job.spec.clone())).collect(),
            deliver: self.deliver.clone(),
            group: self.group.clone(),
            authority: self.authority.clone(),
            guard: self.guard.clone(),
            protect: self.protect.clone(),
            lifecycle: self.lifecycle.clone(),
            approval: self.approval.clone(),
            retention: self.retention.clone(),
            settings: self.connection.iter().map(|(name, table)| (name.clone(), table.settings_digest())).collect(),
        }
    }
}
