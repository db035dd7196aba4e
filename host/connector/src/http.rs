//! HTTP for connectors: every request goes through policy, address check, rate buckets, placeholders and token recipes, in
//! this order, and its answer back through limits and blanking.

use crate::bucket::{BucketSet, Buckets, Draw};
use crate::config::ConnectionConfig;
use crate::limit::Limits;
use crate::manifest::{Manifest, Use};
use crate::policy::Policy;
use crate::recipe::Recipes;
use crate::redact::Redactor;
use crate::resolver::Resolver;
use crate::secret::vault::{Placeholders, Secret};
use crate::tls::Trust;
use reqwest::Url;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// A request, with placeholders still in it.
pub(crate) struct Outgoing {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) timeout: Option<Duration>,
    /// Name of a recipe.
    pub(crate) auth: Option<String>,
    /// Names of buckets.
    pub(crate) buckets: Vec<String>,
    /// How long it may wait for a bucket.
    pub(crate) patience: Duration,
    pub(crate) placeholders: Arc<Mutex<Placeholders>>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    /// The first header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// A request as it goes out. Holds secrets.
pub(crate) struct Ready {
    pub(crate) method: reqwest::Method,
    pub(crate) url: Zeroizing<String>,
    pub(crate) headers: Vec<(String, Zeroizing<Vec<u8>>)>,
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) clear: bool,
    pub(crate) path: String,
}

/// The way to the network of one connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    policy: Arc<Policy>,
    limits: Limits,
    redactor: Redactor,
    buckets: BucketSet,
    recipes: Recipes,
    trust: Trust,
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    #[expect(clippy::too_many_arguments, reason = "called from one place, which has just made all of these")]
    pub(crate) fn new(
        manifest: &Manifest,
        settings: &Value,
        policy: &Policy,
        trust: &Trust,
        limits: &Limits,
        secrets: &BTreeMap<String, Secret>,
        redactor: &Redactor,
        buckets: &Arc<Buckets>,
        config: &ConnectionConfig,
    ) -> Result<Self, String> {
        let name = config.name.as_str();
        let mut credential = blake3::Hasher::new();
        credential.update(manifest.name.as_bytes());
        for (name, secret) in secrets {
            credential.update(blake3::hash(name.as_bytes()).as_bytes()).update(blake3::hash(&secret.bytes).as_bytes());
        }
        let credential = credential.finalize().to_string();
        let buckets = BucketSet::new(buckets, &manifest.buckets, settings, name, &credential)?;
        let recipes = Recipes::new(&manifest.recipes, settings, secrets, redactor)?;
        let (policy, limits, redactor, trust) =
            (Arc::new(policy.clone()), limits.clone(), redactor.clone(), trust.clone());
        Ok(Self(Arc::new(Inner { policy, limits, redactor, buckets, recipes, trust, client: OnceLock::new() })))
    }

    /// Sends requests together, within the limit of parallel ones; answers in their order.
    pub(crate) async fn exchange(self, requests: Vec<Outgoing>) -> Vec<Result<Incoming, Fault>> {
        let lanes =
            Arc::new(tokio::sync::Semaphore::new(usize::try_from(self.0.limits.http_parallel.max(1)).unwrap_or(1)));
        let mut tasks = tokio::task::JoinSet::new();
        let count = requests.len();
        for (index, request) in requests.into_iter().enumerate() {
            let (client, lanes) = (self.clone(), Arc::clone(&lanes));
            tasks.spawn(async move {
                let _lane = lanes.acquire_owned().await;
                (index, client.send(request).await)
            });
        }
        let lost = || Err(Fault::new(FaultKind::Internal, "the request was lost in the host"));
        let mut answers: Vec<_> = (0..count).map(|_| lost()).collect();
        while let Some(done) = tasks.join_next().await {
            if let Ok((index, answer)) = done {
                answers[index] = answer.map_err(|fault| self.0.redactor.fault(fault));
            }
        }
        answers
    }

    async fn send(&self, request: Outgoing) -> Result<Incoming, Fault> {
        let target = self.target(&request.url).map_err(not_sent)?;
        let Outgoing { method, buckets, patience, .. } = &request;
        let draw = Draw { method, host: &target.host, port: target.port, path: &target.path, named: buckets };
        let admission = self.0.buckets.admit(&draw, *patience).await.map_err(not_sent)?;
        let most = self.0.limits.http_timeout.duration();
        let limit = request.timeout.unwrap_or(most).min(most);
        let work = async {
            let (mut incoming, token) = self.attempt(&request, &target, None).await?;
            if token.is_some() && request.auth.as_ref().is_some_and(|name| self.0.recipes.expired(name, &incoming)) {
                (incoming, _) = self.attempt(&request, &target, token).await?;
            }
            Ok::<_, Fault>(incoming)
        };
        let late =
            |_| Fault::new(FaultKind::Timeout, format!("{} gave no answer in {} ms", target.host, limit.as_millis()));
        let mut incoming = tokio::time::timeout(limit, work).await.map_err(late)??;
        admission.judge(&incoming);
        self.0.redactor.blank(&mut incoming.body);
        for (_, value) in &mut incoming.headers {
            *value = self.0.redactor.string(std::mem::take(value));
        }
        Ok(incoming)
    }

    /// One attempt, and the serial number of its token; a `stale` token is renewed first.
    async fn attempt(
        &self,
        request: &Outgoing,
        target: &Target,
        stale: Option<u64>,
    ) -> Result<(Incoming, Option<u64>), Fault> {
        let mut ready = self.prepare(request, target).map_err(not_sent)?;
        let token = match &request.auth {
            Some(name) => {
                let placed = self.0.recipes.place(self, name, target, &mut ready, stale).await;
                Some(placed.map_err(not_sent)?)
            }
            None => None,
        };
        Ok((self.transmit(ready).await?, token))
    }

    /// Where a url leads, if this connection may go there.
    pub(crate) fn target(&self, url: &str) -> Result<Target, Fault> {
        let target = Target::read(url)?;
        self.0.policy.http(&target.host, target.port, target.clear)?;
        // A name is checked when it is resolved; an address never is.
        if let Ok(address) = target.host.parse::<IpAddr>() {
            self.0.policy.addresses(&target.host, &[address])?;
        }
        Ok(target)
    }

    /// Puts the secrets in.
    fn prepare(&self, request: &Outgoing, target: &Target) -> Result<Ready, Fault> {
        let placeholders = request.placeholders.lock().unwrap_or_else(PoisonError::into_inner);
        let splice = |bytes: &[u8], wanted: Use| {
            let check = |secret: &Secret, _: &[u8]| {
                secret.allow(wanted)?;
                secret.may_go_to(&target.host, target.port)
            };
            placeholders.splice(bytes, check).map(|out| out.unwrap_or_else(|| Zeroizing::new(bytes.to_vec())))
        };
        let text = |bytes: Zeroizing<Vec<u8>>| {
            String::from_utf8(bytes.to_vec()).map(Zeroizing::new).map_err(|_| invalid("a secret in the url is no text"))
        };
        let url = text(splice(request.url.as_bytes(), Use::HttpUrl)?)?;
        if Target::read(&url)?.place() != target.place() {
            return Err(invalid("a secret would change where the request goes"));
        }
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| invalid("the method is no HTTP method"))?;
        let mut headers = Vec::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let lower = name.to_ascii_lowercase();
            // Framing and compression are the host's: it asks for none, so that the connector gets plain bytes.
            if matches!(
                lower.as_str(),
                "host" | "content-length" | "transfer-encoding" | "connection" | "accept-encoding"
            ) {
                continue;
            }
            headers.push((lower, splice(value.as_bytes(), Use::HttpHeader)?));
        }
        let body = request.body.as_ref().map(|body| splice(body, Use::HttpBody)).transpose()?;
        Ok(Ready { method, url, headers, body })
    }

    /// How long to wait, if an answer to a request that the host made by itself closes a bucket.
    pub(crate) fn penalty(&self, method: &str, target: &Target, incoming: &Incoming) -> Option<Duration> {
        let draw = Draw { method, host: &target.host, port: target.port, path: &target.path, named: &[] };
        self.0.buckets.judge(&draw, incoming)
    }

    /// Sends and reads the answer, within the limit of its size.
    pub(crate) async fn transmit(&self, ready: Ready) -> Result<Incoming, Fault> {
        let client = self.0.client.get_or_init(|| build(&self.0.policy, &self.0.trust)).as_ref();
        let client = client.map_err(|error| Fault::new(FaultKind::Settings, error.clone()))?;
        let mut request = client.request(ready.method, ready.url.as_str());
        for (name, value) in &ready.headers {
            let mut value = reqwest::header::HeaderValue::from_bytes(value)
                .map_err(|_| invalid(format!("the value of the header {name} can not be sent")))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if let Some(body) = &ready.body {
            request = request.body(body.to_vec());
        }
        let mut response = request.send().await.map_err(|error| describe(&error))?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let most = self.0.limits.response_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| describe(&error))? {
            if (body.len() + chunk.len()) as u64 > most.0 {
                let text = format!(
                    "the answer has more than {most} (limit response-bytes); ask for smaller pages, or raise the limit"
                );
                return Err(Fault::new(FaultKind::Incomplete, text));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Incoming { status, headers, body })
    }
}

fn invalid(text: impl Into<String>) -> Fault {
    not_sent(Fault::new(FaultKind::Invalid, text))
}

/// Says that the remote system certainly saw nothing of the request.
fn not_sent(mut fault: Fault) -> Fault {
    fault.detail = "{\"sent\":false}".to_owned();
    fault
}

impl Target {
    /// Reads a url: absolute, http or https, without user and password.
    pub(crate) fn read(url: &str) -> Result<Self, Fault> {
        let read = Url::parse(url).map_err(|error| invalid(format!("the url can not be read: {error}")))?;
        if !matches!(read.scheme(), "http" | "https") {
            return Err(invalid("the url is neither http nor https"));
        }
        if !read.username().is_empty() || read.password().is_some() {
            return Err(invalid("the url holds a user name; use a recipe or a header"));
        }
        let host = read.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = read.port_or_known_default().unwrap_or(443);
        Ok(Self { host, port, clear: read.scheme() == "http", path: read.path().to_owned() })
    }

    /// Host, port and scheme.
    pub(crate) fn place(&self) -> (&str, u16, bool) {
        (&self.host, self.port, self.clear)
    }
}

fn build(policy: &Arc<Policy>, trust: &Trust) -> Result<reqwest::Client, String> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(trust.http()?)
        .no_proxy()
        .referer(false)
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Resolver::new(Arc::clone(policy)))
        .user_agent(concat!("rosterd/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(Duration::from_secs(60))
        .connect_timeout(Duration::from_secs(20))
        .build()
        .map_err(|error| format!("HTTP can not be set up: {error}"))
}

/// What went wrong, without the url, which may hold secrets.
fn describe(error: &reqwest::Error) -> Fault {
    let mut source: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    let mut reason = String::new();
    while let Some(inner) = source {
        if let Some(fault) = inner.downcast_ref::<Fault>() {
            return not_sent(fault.clone());
        }
        reason = inner.to_string();
        source = inner.source();
    }
    let kind = if error.is_timeout() { FaultKind::Timeout } else { FaultKind::Transient };
    let what = if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "no answer"
    };
    let fault = Fault::new(kind, format!("{what}: {reason}"));
    if error.is_connect() || error.is_builder() { not_sent(fault) } else { fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TlsSettings;
    use serde_json::json;
    use std::path::Path;

    fn client(grants: &str, requests: &str) -> Client {
        let text = format!(
            "name = \"p\"\nversion = \"1.0.0\"\ntitle = \"P\"\ncontract = \"0.1\"\nroles = [\"source\"]\n[requests]\n{requests}"
        );
        let manifest = Manifest::parse(&text).unwrap();
        let mut config = ConnectionConfig::new("hr".parse().unwrap(), "/".into());
        config.grants = toml::from_str(grants).unwrap();
        let (settings, secrets, redactor) = (json!({}), BTreeMap::new(), Redactor::default());
        let policy = Policy::new(&manifest, &settings, &config).unwrap();
        let trust = Trust::new(&TlsSettings::default(), Path::new("/")).unwrap();
        let limits = Limits::default();
        Client::new(&manifest, &settings, &policy, &trust, &limits, &secrets, &redactor, &Arc::default(), &config)
            .unwrap()
    }

    fn request(url: &str) -> Outgoing {
        let (method, url) = ("GET".to_owned(), url.to_owned());
        let (headers, buckets, patience) = (Vec::new(), Vec::new(), Duration::ZERO);
        Outgoing {
            method,
            url,
            headers,
            body: None,
            timeout: None,
            auth: None,
            buckets,
            patience,
            placeholders: Arc::default(),
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_with_the_network_to_grant() {
        let client = client("http = [\"http://localhost:9\"]", "http = [\"localhost:9\"]");
        let fault = client.exchange(vec![request("http://localhost:9/")]).await.remove(0).unwrap_err();
        assert_eq!((fault.kind, fault.detail.as_str()), (FaultKind::Denied, "{\"sent\":false}"), "{fault}");
        assert!(fault.message.contains("localhost at ") && fault.message.contains("networks = ["), "{fault}");
    }

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_requests() {
        let client = client("http = [\"http://*:9\"]", "http = [\"localhost:9\"]");
        let requests = ["ftp://localhost", "http://u:p@localhost:9", "http://other:9", "/relative"].map(request);
        let answers = client.exchange(requests.into()).await;
        let kinds: Vec<FaultKind> = answers.into_iter().map(|answer| answer.unwrap_err().kind).collect();
        assert_eq!(kinds, [FaultKind::Invalid, FaultKind::Invalid, FaultKind::Denied, FaultKind::Invalid]);
    }

    #[test]
    fn a_secret_can_not_change_where_a_request_goes() {
        let mut placeholders = Placeholders::default();
        let secret = crate::secret::vault::tests::secret("s", "@evil.example/", &[Use::HttpUrl], None);
        let token = placeholders.make(&secret, "raw", [1; 16]).unwrap();
        let mut outgoing = request(&format!("https://a.example{token}"));
        outgoing.placeholders = Arc::new(Mutex::new(placeholders));
        let client = client("http = [\"*\"]", "http = [\"*.example\"]");
        let target = Target { host: "a.example".into(), port: 443, clear: false, path: "/".into() };
        assert!(client.prepare(&outgoing, &target).is_err());
    }
}
