//! What can be said about plugins and secrets without asking anybody.

use super::Finding;
use crate::config::{Config, ConnectionTable, SecretReference};
use crate::context::{grants, plugins, secret_store, settings};
use crate::exit::Exit;
use rosterd_connector::{Inspection, Role};
use rosterd_model::ConnectionId;
use rosterd_server::Tls;

/// Plugins that are not there, do not fit their roles, or ask for more than they are granted.
pub(super) fn plugins(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, table) in &config.file.connection {
        let place = |path: &[&str]| {
            let path: Vec<&str> = ["connection", id.as_str()].into_iter().chain(path.iter().copied()).collect();
            config.document.problem(config.document.locate(&path), "", Vec::new())
        };
        // One that only clients use has nothing to be looked at.
        if table.plugin.is_none() {
            continue;
        }
        let inspection = plugins::of(config, id, table).and_then(|path| plugins::inspect(&path));
        let inspection = match inspection {
            Ok(inspection) => inspection,
            Err(error) => {
                let mut found = Finding::new(id, error.kind.exit(), error.message).at(place(&["plugin"]));
                found.hints = error.causes.into_iter().chain(error.hints).collect();
                findings.push(found);
                continue;
            }
        };
        findings.extend(roles(config, id, &inspection));
        let own = settings(table);
        for problem in rosterd_connector::check_settings(&inspection, &own).err().unwrap_or_default() {
            // The sentence names the setting in quotes; where it stands in the file is its place.
            let setting = problem.split('"').nth(1).unwrap_or_default();
            let message = format!("[connection.{id}.settings]: {problem}");
            findings.push(Finding::new(id, Exit::Config, message).at(place(&["settings", setting])));
        }
        for refusal in rosterd_connector::refusals_with_settings(&inspection, &grants(table), &own) {
            let mut found = if refusal.line_to_add.is_empty() {
                Finding::new(id, Exit::Connector, format!("connection {id}: {}", refusal.explanation))
            } else {
                let message =
                    format!("connection {id}: {} asks for {}, and has no grant", inspection.name, refusal.what);
                let line = format!("write under [connection.{id}.grants]: {}", refusal.line_to_add);
                Finding::new(id, Exit::Connector, message).hint(line).hint("or leave it out if it should not have it")
            };
            found.blocking = refusal.blocking;
            findings.push(found.at(place(&["grants"])));
        }
        findings.extend(secret_names(id, table, &inspection));
    }
    findings
}

/// A certificate that can not be shown.
pub(super) fn certificate(config: &Config) -> Option<Finding> {
    let table = config.file.serve.tls.as_ref()?;
    let error = Tls::load(&config.resolve(&table.certificate), &config.resolve(&table.key)).err()?;
    let place = config.document.locate(&["serve", "tls"]);
    Some(Finding::from(config.document.problem(place, error.to_string(), Vec::new())))
}

/// Jobs read sources, deliveries write to destinations.
fn roles(config: &Config, id: &ConnectionId, inspection: &Inspection) -> Vec<Finding> {
    let jobs = config.file.job.iter().filter(|(_, job)| job.spec.source == *id).map(|(name, _)| ("job", name.as_str()));
    let deliveries = config.file.deliver.keys().filter(|own| *own == id).map(|own| ("deliver", own.as_str()));
    let wanted = jobs.map(|table| (table, Role::Source)).chain(deliveries.map(|table| (table, Role::Destination)));
    let lacking = wanted.filter(|(_, role)| !inspection.roles.contains(role));
    lacking
        .map(|((kind, name), role)| {
            let has = inspection.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
            let plugin = &inspection.name;
            let message = format!("[{kind}.{name}] needs a {role}, and the plugin {plugin} of {id} is: {has}");
            let place = config.document.problem(config.document.locate(&[kind, name]), "", Vec::new());
            Finding::new(id, Exit::Config, message).at(place)
        })
        .collect()
}

/// Secrets that the connector needs and nobody gives, and secrets that it does not know.
fn secret_names(id: &ConnectionId, table: &ConnectionTable, inspection: &Inspection) -> Vec<Finding> {
    let asked = &inspection.requests.secrets;
    let missing = asked.iter().filter(|(name, secret)| secret.required && !table.secrets.contains_key(*name));
    let missing = missing.map(|(name, secret)| {
        let message =
            format!("connection {id}: {} needs the secret \"{name}\": {}", inspection.name, secret.description);
        Finding::new(id, Exit::Config, message)
            .hint(format!("write under [connection.{id}.secrets]: {name} = {{ env = \"...\" }}"))
    });
    let unknown = table.secrets.keys().filter(|name| !asked.contains_key(*name)).map(|name| {
        let known = asked.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("connection {id}: {} does not know the secret \"{name}\"", inspection.name);
        let hint = if known.is_empty() { "it asks for no secrets".to_owned() } else { format!("it knows: {known}") };
        Finding { blocking: false, ..Finding::new(id, Exit::Config, message) }.hint(hint)
    });
    missing.chain(unknown).collect()
}

/// References to secrets that are not there. Commands are not run, and no value is kept.
pub(super) fn secrets(config: &Config) -> Vec<Finding> {
    let mut stored = Stored::default();
    let mut findings = Vec::new();
    let mut look = |id: &ConnectionId, path: [&str; 4], from: &SecretReference, what: String| {
        let Some((text, hint)) = stored.lack(config, from) else { return };
        let place = config.document.problem(config.document.locate(path.as_slice()), "", Vec::new());
        findings.push(Finding::new(id, Exit::Config, format!("{what}: {text}")).hint(hint).at(place));
    };
    for (id, table) in &config.file.connection {
        for (name, from) in &table.secrets {
            let what = format!("secret \"{name}\" of connection {id}");
            look(id, ["connection", id.as_str(), "secrets", name], from, what);
        }
        if let Some(passwords) = &table.initial_passwords {
            let what = format!("key of initial-passwords of connection {id}");
            look(id, ["connection", id.as_str(), "initial-passwords", "key"], &passwords.key, what);
        }
    }
    for (name, login) in &config.file.login {
        if let Some(from) = &login.client_secret {
            let what = format!("client-secret of login {name}");
            look(&login.connection, ["login", name, "client-secret", ""], from, what);
        }
    }
    findings
}

/// What is in the secret store, once somebody asked.
#[derive(Default)]
struct Stored(Option<Result<Vec<String>, String>>);

impl Stored {
    /// What is missing, and what to do.
    fn lack(&mut self, config: &Config, from: &SecretReference) -> Option<(String, &'static str)> {
        match from {
            SecretReference::Env(variable) if std::env::var_os(variable).is_none() => {
                Some((format!("the environment variable {variable} is not set"), "set it where rosterd runs"))
            }
            SecretReference::File(path) if !config.resolve(path).is_file() => {
                Some((format!("there is no file {}", config.resolve(path).display()), "correct the path"))
            }
            SecretReference::Command(words) if words.is_empty() => {
                Some(("its command is empty".to_owned(), "name a program and its arguments"))
            }
            SecretReference::Store(entry) => {
                let all = self.0.get_or_insert_with(|| {
                    let store = secret_store(config);
                    rosterd_connector::secret_store::list(&store).map_err(|error| error.to_string())
                });
                match all {
                    Ok(all) if all.contains(entry) => None,
                    Ok(_) => Some((format!("the secret store has no \"{entry}\""), "add it: rosterd secret set NAME")),
                    Err(error) => Some((error.clone(), "make the store: rosterd secret init")),
                }
            }
            _ => None,
        }
    }
}
