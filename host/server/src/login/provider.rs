//! What is known of a provider: where things are, and the keys with which it signs. Kept for some hours; asked for again
//! when a token names a key that is not among them, and not more often than once a minute.

use super::fetch::{Bounded, Fetch};
use super::refusal::{Refusal, Refused};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, DiscoveryError, IssuerUrl, JsonWebKeySet, ProviderMetadata};
use rosterd_model::Timestamp;
use rosterd_model::port::Clock;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Mutex;

/// What is known is asked for again after this time.
const LONGEST_KEPT_MS: u64 = 6 * 60 * 60 * 1000;
/// Keys are not asked for more often, whatever tokens name.
const BETWEEN_KEYS_MS: u64 = 60 * 1000;
/// After a failure nobody is asked for so long.
const AFTER_FAILURE_MS: u64 = 10 * 1000;

/// What RFC 9207 adds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Additional {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Additional {}

/// The document of discovery.
pub(super) type Metadata = ProviderMetadata<
    Additional,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What a provider said of itself.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) metadata: Arc<Metadata>,
    pub(super) keys: Arc<CoreJsonWebKeySet>,
}

impl Known {
    /// True if answers carry the name of the provider (RFC 9207).
    pub(super) fn names_itself(&self) -> bool {
        self.metadata.additional_metadata().authorization_response_iss_parameter_supported
    }
}

#[derive(Default)]
struct Cache {
    known: Option<(Known, Timestamp)>,
    keys_at: Timestamp,
    failed: Option<(Refused, Timestamp)>,
}

/// One provider.
pub(super) struct Provider {
    issuer: IssuerUrl,
    pub(super) client: Bounded,
    clock: Arc<dyn Clock>,
    /// Held while it is asked: whoever comes meanwhile is served by the same answer.
    cache: Mutex<Cache>,
}

impl Provider {
    pub(super) fn new(issuer: &str, fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| format!("issuer is no url: {error}"))?;
        let client = Bounded::new(fetch, issuer.url());
        Ok(Self { issuer, client, clock, cache: Mutex::default() })
    }

    /// What is known of it, asked for if it is not.
    pub(super) async fn known(&self) -> Result<Known, Refused> {
        let mut cache = self.cache.lock().await;
        let now = self.clock.now();
        if let Some((known, at)) = &cache.known
            && now.since_ms(*at) < LONGEST_KEPT_MS
        {
            return Ok(known.clone());
        }
        if let Some((refused, at)) = &cache.failed
            && now.since_ms(*at) < AFTER_FAILURE_MS
        {
            return Err(refused.clone());
        }
        match self.discover().await {
            Ok(known) => {
                *cache = Cache { known: Some((known.clone(), now)), keys_at: now, failed: None };
                Ok(known)
            }
            Err(refused) => {
                cache.failed = Some((refused.clone(), now));
                Err(refused)
            }
        }
    }

    /// Keys asked for anew, because none of `seen` fits; none: they were asked for too recently.
    pub(super) async fn newer_keys(&self, seen: &Known) -> Result<Option<Known>, Refused> {
        let mut cache = self.cache.lock().await;
        let now = self.clock.now();
        let Some((known, _)) = &cache.known else { return Ok(None) };
        if !Arc::ptr_eq(&known.keys, &seen.keys) {
            // Somebody else asked meanwhile.
            return Ok(Some(known.clone()));
        }
        if now.since_ms(cache.keys_at) < BETWEEN_KEYS_MS {
            return Ok(None);
        }
        let known = known.clone();
        cache.keys_at = now;
        let keys = JsonWebKeySet::fetch_async(known.metadata.jwks_uri(), &self.client).await.map_err(refused)?;
        let known = Known { keys: Arc::new(keys), ..known };
        if let Some((own, _)) = &mut cache.known {
            *own = known.clone();
        }
        Ok(Some(known))
    }

    async fn discover(&self) -> Result<Known, Refused> {
        let metadata = Metadata::discover_async(self.issuer.clone(), &self.client).await.map_err(refused)?;
        self.is_acceptable(&metadata)?;
        let keys = Arc::new(metadata.jwks().clone());
        Ok(Known { metadata: Arc::new(metadata), keys })
    }

    /// The browser goes nowhere without TLS, and a token endpoint there must be.
    fn is_acceptable(&self, metadata: &Metadata) -> Result<(), Refused> {
        let browser = metadata.authorization_endpoint().url();
        if !self.client.may_go(browser) {
            let host = browser.host_str().unwrap_or_default();
            return Err(Refused::new(
                Refusal::Answer,
                format!("the provider would have browsers go to {host} without https"),
            ));
        }
        match metadata.token_endpoint() {
            Some(_) => Ok(()),
            None => Err(Refused::new(Refusal::Answer, "the provider has no token endpoint")),
        }
    }
}

fn refused(error: DiscoveryError<super::fetch::NoAnswer>) -> Refused {
    match error {
        DiscoveryError::Request(no_answer) => no_answer.into(),
        DiscoveryError::Validation(text) => Refused::new(Refusal::Answer, text),
        DiscoveryError::Response(status, _, text) => Refused::new(Refusal::Answer, format!("{text} (status {status})")),
        DiscoveryError::Parse(error) => {
            Refused::new(Refusal::Answer, format!("a document of the provider can not be read at {}", error.path()))
        }
        _ => Refused::new(Refusal::Answer, "a document of the provider can not be read"),
    }
}
