//! Installing and loading components.

use crate::cache::{Cache, Stamp};
use crate::config::ConnectionConfig;
use crate::connection::Connection;
use crate::error::{HostError, PackageError};
use crate::package::{Inspection, MAX_COMPONENT, inspect, sha256_hex};
use crate::runtime::Runtime;
use rosterd_model::fault::{Fault, FaultKind};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use wasmtime::component::Component;

/// What the host of the connectors needs from its process.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// Folder for compiled components; made if it is missing, must belong to this user alone.
    pub cache_dir: PathBuf,
    /// Where network work is done; a multi-threaded runtime. Connectors themselves run on threads of their own, or on those
    /// that requests share.
    pub runtime: tokio::runtime::Handle,
}

/// The host of all connectors of this process. Cheap to clone and to make: the engine starts with the first component.
#[derive(Clone)]
pub struct ConnectorHost {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    settings: HostSettings,
    runtime: OnceLock<Arc<Runtime>>,
    pub(crate) buckets: Arc<crate::bucket::Buckets>,
}

/// What [`ConnectorHost::install`] did.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The component.
    pub inspection: Inspection,
    /// Its code.
    pub cached: PathBuf,
    /// How long compiling took, in milliseconds.
    pub compile_ms: u64,
}

/// A component that can be connected.
#[derive(Clone)]
pub struct Loaded {
    pub(crate) host: ConnectorHost,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) component: Component,
    pub(crate) inspection: Arc<Inspection>,
    pub(crate) description: Arc<OnceLock<Result<String, Fault>>>,
}

impl ConnectorHost {
    /// A host. Nothing is started and nothing is touched yet.
    pub fn new(settings: HostSettings) -> Result<Self, HostError> {
        let buckets = Arc::default();
        Ok(Self { inner: Arc::new(Inner { settings, runtime: OnceLock::new(), buckets }) })
    }

    /// Checks and compiles a component, so that loading it is fast.
    pub fn install(&self, component: &Path) -> Result<Installed, HostError> {
        let (path, stamp, bytes) = read(component)?;
        let inspection = inspect(&bytes).map_err(|error| HostError::Package { path: path.clone(), error })?;
        let (runtime, cache) = (self.runtime()?, Cache::open(&self.inner.settings.cache_dir)?);
        let start = Instant::now();
        let (_, cached) = cache.compile(&runtime, &path, &bytes, &inspection)?;
        let compile_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        cache.remember(&path, stamp, &inspection.digest);
        Ok(Installed { inspection, cached, compile_ms })
    }

    /// Loads a component: from the cache, or by compiling it if the cache does not fit.
    pub fn load(&self, component: &Path) -> Result<Loaded, HostError> {
        let (runtime, cache) = (self.runtime()?, Cache::open(&self.inner.settings.cache_dir)?);
        let path = canonical(component)?;
        if let Some((inspection, code)) = cache.digest(&path).and_then(|digest| cache.get(&runtime, &digest)) {
            return Ok(self.loaded(runtime, code, inspection));
        }
        let (path, stamp, bytes) = read(component)?;
        let digest = sha256_hex(&bytes);
        if let Some((inspection, code)) = cache.get(&runtime, &digest) {
            cache.remember(&path, stamp, &digest);
            return Ok(self.loaded(runtime, code, inspection));
        }
        let inspection = inspect(&bytes).map_err(|error| HostError::Package { path: path.clone(), error })?;
        let (code, _) = cache.compile(&runtime, &path, &bytes, &inspection)?;
        cache.remember(&path, stamp, &digest);
        Ok(self.loaded(runtime, code, inspection))
    }

    fn loaded(&self, runtime: Arc<Runtime>, component: Component, inspection: Inspection) -> Loaded {
        let (inspection, description) = (Arc::new(inspection), Arc::default());
        Loaded { host: self.clone(), runtime, component, inspection, description }
    }

    fn runtime(&self) -> Result<Arc<Runtime>, HostError> {
        if let Some(runtime) = self.inner.runtime.get() {
            return Ok(Arc::clone(runtime));
        }
        let made = Arc::new(Runtime::new()?);
        Ok(Arc::clone(self.inner.runtime.get_or_init(|| made)))
    }

    pub(crate) fn handle(&self) -> &tokio::runtime::Handle {
        &self.inner.settings.runtime
    }

    pub(crate) fn buckets(&self) -> &Arc<crate::bucket::Buckets> {
        &self.inner.buckets
    }
}

impl Loaded {
    /// What the component is.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// The static description, JSON (wit/v0.1/describe.schema.json). Needs no connection and no grants; asked once.
    pub fn describe(&self) -> Result<String, Fault> {
        self.description.get_or_init(|| crate::connection::describe(self)).clone()
    }

    /// Opens a connection: settings, secrets and grants are checked here; nothing runs before a role is asked for.
    #[expect(clippy::needless_pass_by_value, reason = "a connection takes its configuration over")]
    pub fn connect(&self, config: ConnectionConfig) -> Result<Connection, Fault> {
        Connection::open(self, &config)
    }

    /// Fault of a role that the component does not have.
    pub(crate) fn lacks(&self, role: crate::manifest::Role) -> Fault {
        let text = format!(
            "it is no {role}; it exports {}",
            self.inspection.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
        );
        self.inspection.identity().fault(FaultKind::Unsupported, text)
    }
}

fn canonical(path: &Path) -> Result<PathBuf, HostError> {
    fs::canonicalize(path).map_err(|source| HostError::Io { doing: "find", path: path.to_owned(), source })
}

/// Reads a component. Its stamp is taken before: a file that changes meanwhile has another one and is read again at the
/// next start.
fn read(path: &Path) -> Result<(PathBuf, Stamp, Vec<u8>), HostError> {
    let path = canonical(path)?;
    let failed = |source| HostError::Io { doing: "read", path: path.clone(), source };
    let size = fs::metadata(&path).map_err(failed)?.len();
    if size > MAX_COMPONENT {
        let error = PackageError::TooLarge { size, limit: MAX_COMPONENT };
        return Err(HostError::Package { path, error });
    }
    let stamp = Stamp::of(&path).map_err(failed)?;
    let bytes = fs::read(&path).map_err(failed)?;
    Ok((path, stamp, bytes))
}
