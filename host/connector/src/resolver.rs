//! Names to addresses, and every address compared with the policy before anybody connects to it.

use crate::policy::Policy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rosterd_model::fault::{Fault, FaultKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The resolver of a connection's HTTP client: the client connects to what this gives out, and to nothing else.
pub(crate) struct Resolver {
    policy: Arc<Policy>,
}

impl Resolver {
    pub(crate) fn new(policy: Arc<Policy>) -> Self {
        Self { policy }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        Box::pin(async move {
            // The client puts the real port in; zero stands for that.
            let addresses = look_up(&policy, name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a host, all of them allowed.
pub(crate) async fn look_up(policy: &Policy, host: &str, port: u16) -> Result<Vec<SocketAddr>, Fault> {
    let unknown = |error: std::io::Error| {
        Fault::new(FaultKind::Transient, format!("the name {host} can not be resolved: {error}"))
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await.map_err(unknown)?.collect();
    let addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
    policy.addresses(host, &addresses)?;
    if found.is_empty() {
        return Err(Fault::new(FaultKind::Transient, format!("the name {host} has no address")));
    }
    Ok(found)
}
