//! Whom a connection trusts: the system's authorities or the operator's, and public keys that must be among the server's.

use crate::config::TlsSettings;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where systems keep their bundle of authorities.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Configuration of TLS clients. Cheap to clone; made when it is first used, because reading the bundle takes time.
#[derive(Clone)]
pub(crate) struct Trust(Arc<Lazy>);

struct Lazy {
    file: Option<PathBuf>,
    pins: Vec<[u8; 32]>,
    made: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Trust {
    /// Checks the settings. The error is a sentence.
    pub(crate) fn new(settings: &TlsSettings, base: &Path) -> Result<Self, String> {
        let file = settings.ca_file.as_ref().map(|file| base.join(file));
        let pins = settings.pins.iter().map(|pin| read_pin(pin)).collect::<Result<_, _>>()?;
        let trust = Self(Arc::new(Lazy { file, pins, made: OnceLock::new() }));
        if trust.0.file.is_some() {
            trust.config()?;
        }
        Ok(trust)
    }

    /// The configuration for byte streams.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, String> {
        self.0.made.get_or_init(|| make(&self.0).map(Arc::new)).clone()
    }

    /// The configuration for HTTP.
    pub(crate) fn http(&self) -> Result<ClientConfig, String> {
        let mut config = ClientConfig::clone(&*self.config()?);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

pub(crate) fn read_pin(text: &str) -> Result<[u8; 32], String> {
    let digest = text.strip_prefix("sha256/").and_then(|rest| crate::secret::form::unbase64(rest.as_bytes()));
    digest.and_then(|digest| digest.as_slice().try_into().ok()).ok_or_else(|| {
        format!(
            "tls.pins: \"{text}\" is no pin; write \"sha256/\" and the base64 of the SHA-256 of the server's public key"
        )
    })
}

fn make(lazy: &Lazy) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = Arc::new(roots(lazy.file.as_deref())?);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("TLS can not be set up: {error}"))?;
    if lazy.pins.is_empty() {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
    let inner = inner.map_err(|error| format!("TLS can not be set up: {error}"))?;
    let verifier = Arc::new(Pinned { inner, pins: lazy.pins.clone(), provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let from_environment = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let found = file
        .map(Path::to_owned)
        .or(from_environment)
        .or_else(|| BUNDLES.iter().map(PathBuf::from).find(|path| path.exists()));
    let mut roots = RootCertStore::empty();
    // Without any bundle every certificate is refused, with the reason that no authority is known.
    let Some(path) = found else { return Ok(roots) };
    let unreadable =
        |error: &dyn std::fmt::Display| format!("the authorities in {} can not be read: {error}", path.display());
    let certificates = CertificateDer::pem_file_iter(&path).map_err(|error| unreadable(&error))?;
    roots.add_parsable_certificates(certificates.filter_map(Result::ok));
    if roots.is_empty() {
        return Err(unreadable(&"there is no certificate in it"));
    }
    Ok(roots)
}

/// Checks as usual, and that the server's key is one of those that the operator named.
#[derive(Debug)]
struct Pinned {
    inner: Arc<WebPkiServerVerifier>,
    pins: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp, now)?;
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let digest: [u8; 32] = Sha256::digest(key.as_ref()).into();
        if self.pins.contains(&digest) {
            Ok(verified)
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_are_sentences() {
        let pins = TlsSettings { ca_file: None, pins: vec!["sha1/abc".into()] };
        assert!(Trust::new(&pins, Path::new("/")).err().unwrap().contains("is no pin"));
        let file = TlsSettings { ca_file: Some("/nowhere/ca.pem".into()), pins: vec![] };
        assert!(Trust::new(&file, Path::new("/")).err().unwrap().contains("/nowhere/ca.pem"));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), "nothing").unwrap();
        let empty = TlsSettings { ca_file: Some("ca.pem".into()), pins: vec![] };
        assert!(Trust::new(&empty, folder.path()).err().unwrap().contains("no certificate"));
    }
}
