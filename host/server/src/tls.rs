//! TLS at the address where remote systems call: one certificate with its key, from two files. They are read anew when they
//! change, so that whoever renews certificates needs not tell the hub; new connections then get the new one.

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// How often it is looked whether the files have changed.
pub(crate) const LOOK: Duration = Duration::from_secs(30);

/// A certificate with its key, as they stand in their files.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    /// The files as they were when they were last read, whatever came of it.
    seen: Mutex<[Option<Stamp>; 2]>,
}

/// By what a file is known to have changed.
type Stamp = (u64, Option<SystemTime>);

/// Why there is no TLS: what failed, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

impl Tls {
    /// Reads a certificate (PEM, its own first, then those that vouch for it) and its key (PEM).
    ///
    /// # Errors
    /// A file can not be read, or they do not fit each other.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        // Before the files are read: what changes meanwhile is seen as a change later.
        let seen = Mutex::new(stamps(certificate, key));
        let config = RwLock::new(Arc::new(read(certificate, key)?));
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), config, seen })
    }

    /// Reads the files again if they have changed; true if the new certificate counts now. What can not be read changes
    /// nothing: it is tried again with the next change.
    ///
    /// # Errors
    /// As [`Tls::load`].
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let now = stamps(&self.certificate, &self.key);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(false);
            }
            *seen = now;
        }
        let config = Arc::new(read(&self.certificate, &self.key)?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(true)
    }

    /// What counts for a new connection.
    pub(crate) fn present(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.certificate).field("key", &self.key).finish_non_exhaustive()
    }
}

fn stamps(certificate: &Path, key: &Path) -> [Option<Stamp>; 2] {
    [certificate, key].map(|path| {
        let file = fs::metadata(path).ok()?;
        Some((file.len(), file.modified().ok()))
    })
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    // The errors of the reader name no contents of the file.
    let failed = |what: &str, path: &Path, error: &dyn fmt::Display| {
        TlsError(format!("failed to read the {what} {}: {error}; [serve.tls] names it as a PEM file", path.display()))
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate)
        .map_err(|error| failed("certificate", certificate, &error))?
        .collect();
    let chain = chain.map_err(|error| failed("certificate", certificate, &error))?;
    if chain.is_empty() {
        return Err(failed("certificate", certificate, &"there is none in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| failed("key", key, &error))?;
    let fit = |error: rustls::Error| {
        TlsError(format!(
            "the certificate {} and the key {} can not be used together: {error}; give [serve.tls] a pair that was made \
             together",
            certificate.display(),
            key.display()
        ))
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(fit)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, private).map_err(fit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
