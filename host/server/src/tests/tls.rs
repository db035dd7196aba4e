//! TLS with a certificate that changes.

use super::{HASTY, Hub, PATIENT, blocking};
use crate::Tls;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Makes a certificate in the folder.
fn make(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["hub.example".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("hub.pem"), made.cert.pem()).expect("written");
    std::fs::write(folder.join("hub.key"), made.signing_key.serialize_pem()).expect("written");
    made.cert.der().clone()
}

fn load(folder: &Path) -> Result<Tls, crate::TlsError> {
    Tls::load(&folder.join("hub.pem"), &folder.join("hub.key"))
}

async fn ask(hub: &Hub, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(hub.address).await?;
    let name = ServerName::try_from("hub.example").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /receive/ding HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

#[test]
fn a_request_is_answered_over_tls_and_in_clear_text_it_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = make(folder.path());
    blocking(async move {
        let hub = Hub::with(PATIENT, Some(load(folder.path()).expect("a pair"))).await;
        assert!(ask(&hub, &trusted).await.expect("an answer").starts_with("HTTP/1.1 202 "));
        assert_ne!(hub.get("/receive/ding", &[]).await.status(), 202);
        assert_eq!(hub.seen.lock().expect("seen").len(), 1);
    });
}

#[test]
fn whoever_does_not_finish_his_handshake_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path());
    blocking(async move {
        let hub = Hub::with(HASTY, Some(load(folder.path()).expect("a pair"))).await;
        let mut stream = TcpStream::connect(hub.address).await.expect("a connection");
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        assert!(bytes.is_empty());
    });
}

#[test]
fn a_new_certificate_is_used_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = make(folder.path());
    let tls = load(folder.path()).expect("a pair");
    assert_eq!(tls.refresh(), Ok(false));
    let before = tls.present();
    std::fs::write(folder.path().join("hub.pem"), "nothing of the kind").expect("written");
    assert!(tls.refresh().is_err_and(|error| error.to_string().contains("[serve.tls]")));
    assert!(Arc::ptr_eq(&before, &tls.present()));
    assert_eq!(tls.refresh(), Ok(false), "it is said once");
    let second = make(folder.path());
    assert_eq!(tls.refresh(), Ok(true));
    blocking(async move {
        let hub = Hub::with(PATIENT, Some(tls)).await;
        assert!(ask(&hub, &second).await.is_ok());
        assert!(ask(&hub, &first).await.is_err());
    });
}

#[test]
fn what_does_not_fit_together_is_told_in_a_sentence() {
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    make(folder.path());
    make(other.path());
    let (pem, key) = (folder.path().join("hub.pem"), folder.path().join("hub.key"));
    for (certificate, key, expected) in [
        (&pem, &other.path().join("hub.key"), "can not be used together"),
        (&pem, &pem, "failed to read the key"),
        (&key, &key, "there is none in it"),
        (&folder.path().join("missing.pem"), &key, "failed to read the certificate"),
    ] {
        let error = Tls::load(certificate, key).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}
