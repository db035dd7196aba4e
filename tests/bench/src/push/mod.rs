//! What clients push: SCIM through the sandboxed receiver beside scimmy, an import over HTTP beside that of a file, and how soon
//! an application is called back. The load comes from this process, by connections that are kept ([`http`]).

mod callbacks;
mod http;
mod import;
mod receiver;
mod scim;

use crate::hub::Hub;
use crate::report::Report;
use crate::served::Service;
use crate::settings::Settings;
use serde_json::Value;
use std::time::Duration;

/// The configuration of every hub of this module.
const CONFIGURATION: &str = include_str!("rosterd.toml");
/// Nobody waits longer for the service to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures what is wanted.
pub(crate) fn all(settings: &Settings, report: &mut Report) -> Result<(), String> {
    if settings.wants("scim") {
        scim::measure(settings, report)?;
    }
    // Not with `--only import`, though that is a part of the word.
    if settings.wants("import-http") && settings.only.as_deref() != Some("import") {
        import::measure(settings, report)?;
    }
    if settings.wants("callbacks") {
        callbacks::measure(settings, report)?;
    }
    Ok(())
}

/// A hub that serves, and what its clients need.
struct Serving<'a> {
    hub: Hub<'a>,
    service: Service,
    port: u16,
}

impl<'a> Serving<'a> {
    /// An empty hub with these components beside that of SCIM, and more at the end of its configuration.
    fn start(settings: &'a Settings, name: &str, more: &str, components: &[&str]) -> Result<Self, String> {
        let configuration = CONFIGURATION.replace("CALLBACK", more);
        let hub = Hub::with(settings, name, &configuration, &settings.plugin.with_file_name("scim.wasm"))?;
        for component in components {
            let file = settings.plugin.with_file_name(component).canonicalize();
            let file = file.map_err(|error| format!("can not find the component {component}: {error}"))?;
            hub.rosterd(&["plugin", "install", &file.to_string_lossy()])?;
        }
        if !more.is_empty() {
            crate::dingtalk::secret(hub.folder(), "signing-secret", callbacks::SECRET)?;
        }
        let service = Service::start(&settings.binary("rosterd"), &["serve", "--log-format", "json"], hub.folder())?;
        let line = service.wait_for("remote systems can call", PATIENCE)?;
        let address = line.pointer("/fields/address").and_then(Value::as_str).ok_or("the log names no address")?;
        let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| format!("{address} has no port"))?;
        Ok(Self { hub, service, port })
    }

    /// The token of a new client of a connection.
    fn token(&self, connection: &str, number: u64) -> Result<String, String> {
        let name = format!("{connection}-{number}");
        let words = ["client", "create", &name, "--connection", connection, "--format", "json", "--scope"];
        let words: Vec<&str> =
            words.into_iter().chain(["accounts:read", "accounts:write", "org-units:read", "org-units:write"]).collect();
        let made = self.hub.rosterd(&words)?.json()?;
        let secret = made.get("secret").and_then(Value::as_str);
        secret.map(str::to_owned).ok_or_else(|| "a new client has no secret".to_owned())
    }
}
