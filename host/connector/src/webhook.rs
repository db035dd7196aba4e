//! Messages of the hub itself to a url of the operator, signed as [Standard Webhooks](https://www.standardwebhooks.com)
//! says, so that the receiver can tell that they are ours, new and whole.

use crate::config::TlsSettings;
use crate::secret::form::unbase64;
use crate::secret::reference::{SecretReference, resolve};
use crate::secret::store::SecretStore;
use crate::tls::Trust;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use sha2::Sha256;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Where messages go, and the key that signs them.
pub struct Webhook {
    client: reqwest::Client,
    url: String,
    key: Option<Zeroizing<Vec<u8>>>,
}

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// A sentence, without the url's query.
    pub because: String,
    /// True: it may arrive later.
    pub again: bool,
}

impl Webhook {
    /// Checks the url and reads the secret: `whsec_` and base64, or any text.
    ///
    /// # Errors
    /// A sentence.
    pub fn new(
        url: &str,
        secret: Option<&SecretReference>,
        base: &Path,
        store: Option<&SecretStore>,
    ) -> Result<Self, String> {
        check_url(url)?;
        let key = secret.map(|secret| resolve(secret, base, store).map(|text| key(&text))).transpose()?;
        let trust = Trust::new(&TlsSettings::default(), base)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.http()?)
            .no_proxy()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("rosterd/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| format!("HTTP can not be set up: {error}"))?;
        Ok(Self { client, url: url.to_owned(), key })
    }

    /// Sends one message: `id` is the same for each attempt, `at` is the time of the attempt in seconds since 1970.
    ///
    /// # Errors
    /// It was not accepted.
    pub async fn send(&self, id: &str, at: u64, body: &str) -> Result<(), NotSent> {
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.to_string());
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", signature(key, id, at, body));
        }
        match request.body(body.to_owned()).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => {
                let status = answer.status();
                let again = status.is_server_error()
                    || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
                Err(NotSent { because: format!("the receiver answered {status}"), again })
            }
            Err(error) => Err(NotSent { because: error.without_url().to_string(), again: true }),
        }
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

/// Checks a url to which messages may go: https, or http on this machine.
///
/// # Errors
/// A sentence.
pub fn check_url(url: &str) -> Result<(), String> {
    let read = reqwest::Url::parse(url).map_err(|error| format!("\"{url}\" is no url: {error}"))?;
    let local = matches!(read.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match read.scheme() {
        "https" => Ok(()),
        "http" if local => Ok(()),
        _ => Err("the url must begin with https://, or http:// for this machine".to_owned()),
    }
}

/// `whsec_` and base64 stand for the bytes; every other text for itself.
fn key(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let coded = text.strip_prefix(b"whsec_").and_then(unbase64);
    Zeroizing::new(coded.map_or_else(|| text.to_vec(), |bytes| bytes.to_vec()))
}

/// `v1,` and the base64 of the HMAC over id, time and body.
fn signature(key: &[u8], id: &str, at: u64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_message_is_signed_as_the_specification_shows() {
        let key = key(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = r#"{"test": 2432232314}"#;
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn only_urls_over_tls_or_of_this_machine_are_taken() {
        assert_eq!(check_url("https://hooks.example.com/x?y=z"), Ok(()));
        assert_eq!(check_url("http://127.0.0.1:9/x"), Ok(()));
        for wrong in ["http://hooks.example.com/", "ftp://x/", "hooks", ""] {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
    }
}
