//! Requests of the hub itself to addresses that a remote system may have named: checked as a connector's are, but for grants
//! of hosts.

use crate::config::TlsSettings;
use crate::egress::{Network, vet};
use crate::tls::Trust;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The way out.
pub struct Outward {
    client: reqwest::Client,
    networks: Arc<[Network]>,
    most: usize,
}

impl Outward {
    /// To public addresses and to these networks; answers of at most `most` bytes. `base` is the folder of the authorities' file.
    ///
    /// # Errors
    /// A sentence: the authorities can not be read.
    pub fn new(networks: Vec<Network>, tls: &TlsSettings, base: &Path, most: usize) -> Result<Self, String> {
        let networks: Arc<[Network]> = networks.into();
        let trust = Trust::new(tls, base)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.http()?)
            .no_proxy()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Vetted(Arc::clone(&networks)))
            .user_agent(concat!("rosterd/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| format!("HTTP can not be set up: {error}"))?;
        Ok(Self { client, networks, most })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// A sentence without the url, which may hold secrets.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, String> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|error| format!("the url can not be read: {error}"))?;
        // A name is checked when it is resolved; an address never is.
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if let Ok(address) = host.parse::<IpAddr>() {
            allowed(host, &[address], &self.networks)?;
        }
        let request = self.client.request(head.method, url).headers(head.headers).body(body);
        let mut answer = request.send().await.map_err(|error| because(&error))?;
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| because(&error))? {
            if body.len() + chunk.len() > self.most {
                return Err(format!("the answer has more than {} bytes", self.most));
            }
            body.extend_from_slice(&chunk);
        }
        response.body(body).map_err(|error| error.to_string())
    }
}

struct Vetted(Arc<[Network]>);

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str();
            // The client puts the real port in; zero stands for that.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            let addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
            allowed(host, &addresses, &networks)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn allowed(host: &str, addresses: &[IpAddr], networks: &[Network]) -> Result<(), String> {
    vet(addresses, networks).map_err(|(address, reason)| {
        format!("{host} is {address}, which is {reason}; add its range to networks if it should be reached")
    })
}

/// The innermost reason, which names no url.
fn because(error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut reason = if error.is_timeout() { "no answer in time" } else { "no answer" }.to_owned();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    reason
}
