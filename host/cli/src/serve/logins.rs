//! Logins at providers of OpenID Connect, as the configuration has them; made again whenever it changes.

use super::hub::{Generation, Hub};
use crate::clock::SystemClock;
use crate::context::{reference, secret_store};
use crate::error::CommandError;
use rosterd_connector::TlsSettings;
use rosterd_connector::outward::Outward;
use rosterd_model::port::BoxFuture;
use rosterd_server::login::{Configured, Fetch, Hub as Behind, LARGEST_ANSWER, Logins, Surroundings};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// The guarded way to one provider.
struct Guarded(Outward);

impl Fetch for Guarded {
    fn fetch(&self, request: http::Request<Vec<u8>>) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, String>> {
        Box::pin(self.0.send(request))
    }
}

/// The logins of the present configuration.
///
/// # Errors
/// A secret can not be read, or a login can not be as it is configured.
pub(super) fn start(hub: &Arc<Hub>) -> Result<Logins, CommandError> {
    let (own, generation) = (Arc::downgrade(hub), hub.generation());
    let (logins, around) =
        configured(&own, &generation).map_err(|problems| CommandError::config(problems.join("; ")))?;
    Logins::new(logins, around).map_err(|problems| CommandError::config(problems.join("; ")))
}

/// Makes them again with each new configuration. One that can not be leaves them as they are.
pub(super) async fn keep(hub: Weak<Hub>, logins: Logins) {
    let Some(mut changed) = hub.upgrade().map(|hub| hub.changed.subscribe()) else { return };
    // Whoever has the sender is the hub: without it we are done.
    while changed.changed().await.is_ok() {
        let Some(generation) = hub.upgrade().map(|hub| hub.generation()) else { return };
        let made = configured(&hub, &generation).and_then(|(all, around)| logins.renew(all, around));
        if let Err(problems) = made {
            tracing::error!(
                problems = problems.join("; "),
                "logins stay as they were before the configuration changed"
            );
        }
    }
}

type All = BTreeMap<String, Configured>;

fn configured(hub: &Weak<Hub>, generation: &Generation) -> Result<(All, Surroundings), Vec<String>> {
    let own = hub.clone();
    let behind = Behind::new(Arc::new(move |principal| own.upgrade().map(|hub| hub.engine(principal))));
    let (mut all, mut problems) = (All::new(), Vec::new());
    for name in generation.config.file.login.keys() {
        match one(name, &behind, generation) {
            Ok(login) => drop(all.insert(name.clone(), login)),
            Err(problem) => problems.push(format!("[login.{name}]: {problem}")),
        }
    }
    let public_url = generation.config.file.serve.public_url.as_deref().unwrap_or_default();
    let around = Surroundings {
        clock: Arc::new(SystemClock),
        audit: Arc::new(behind.clone()),
        people: Arc::new(behind),
        public_url: public_url.trim_end_matches('/').to_owned(),
    };
    if problems.is_empty() { Ok((all, around)) } else { Err(problems) }
}

fn one(name: &str, behind: &Behind, generation: &Generation) -> Result<Configured, String> {
    let config = &generation.config;
    let Some(settings) = config.file.login.get(name).cloned() else { return Err("it is not configured".to_owned()) };
    let secret = settings.client_secret.as_ref().map(|from| {
        let bytes = rosterd_connector::resolve_secret(&reference(from), &config.dir, Some(&secret_store(config)))
            .map_err(|why| format!("client-secret: {why}"))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| "client-secret is no text".to_owned())?;
        Ok::<_, String>(SecretString::from(text))
    });
    let secret = secret.transpose()?;
    let networks = settings.networks.iter().map(|text| text.parse()).collect::<Result<Vec<_>, String>>();
    let networks = networks.map_err(|why| format!("networks: {why}"))?;
    let tls = TlsSettings { ca_file: settings.ca_file.clone(), ..TlsSettings::default() };
    let outward = Outward::new(networks, &tls, &config.dir, LARGEST_ANSWER)?;
    let directory = behind.directory(name, settings.connection.clone());
    Ok(Configured { settings: settings.with_secret(secret), directory, fetch: Arc::new(Guarded(outward)) })
}
