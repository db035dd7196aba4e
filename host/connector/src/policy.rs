//! What one connection may reach: the manifest's requests, with the settings filled in, and the operator's grants, both
//! compiled once. Every power that crosses the boundary is checked here at the time of the call.

use crate::config::ConnectionConfig;
use crate::egress::{Network, denied_because, vet};
use crate::endpoint::{Endpoint, Kind};
use crate::grant::path_fits;
use crate::manifest::Manifest;
use crate::template::expand;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::Value;
use std::fs;
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

/// The powers of one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    connection: String,
    http: Both,
    stream: Both,
    pub(crate) networks: Vec<Network>,
    clear_text: Vec<Endpoint>,
    files: Vec<String>,
    read: Vec<String>,
    write: Vec<String>,
    base: PathBuf,
}

/// What is requested and what is granted.
#[derive(Debug, Clone, Default)]
struct Both {
    requested: Vec<Endpoint>,
    granted: Vec<Endpoint>,
}

impl Policy {
    /// Compiles grants and requests. The error is a sentence about the entry that can not be read.
    pub(crate) fn new(manifest: &Manifest, settings: &Value, config: &ConnectionConfig) -> Result<Self, String> {
        let grants = &config.grants;
        let granted =
            |list: &[String], kind| list.iter().map(|text| Endpoint::parse(text, kind)).collect::<Result<Vec<_>, _>>();
        let requested = |list: &[String], kind| {
            list.iter()
                .flat_map(|text| expand(text, settings))
                .map(|text| Endpoint::parse(&text, kind))
                .collect::<Result<Vec<_>, _>>()
        };
        let names = |list: &[String]| list.iter().flat_map(|text| expand(text, settings)).collect::<Vec<_>>();
        let requests = &manifest.requests;
        if let Some(bad) = grants.files.iter().find(|name| name.split('/').any(|part| part == "..")) {
            return Err(format!("grants.files: \"{bad}\" climbs out of its folder; write the absolute path"));
        }
        Ok(Self {
            connection: config.name.to_string(),
            http: Both {
                requested: requested(&requests.http, Kind::Http)?,
                granted: granted(&grants.http, Kind::Http)?,
            },
            stream: Both {
                requested: requested(&requests.stream, Kind::Stream)?,
                granted: granted(&grants.stream, Kind::Stream)?,
            },
            networks: grants.networks.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            clear_text: granted(&grants.clear_text, Kind::Stream)?,
            files: grants.files.clone(),
            read: names(&requests.files.read),
            write: names(&requests.files.write),
            base: config.base_dir.clone(),
        })
    }

    /// Whether http may go there.
    pub(crate) fn http(&self, host: &str, port: u16, clear: bool) -> Result<(), Fault> {
        let wanted = Endpoint { host: host.to_ascii_lowercase(), port: Some(port), clear };
        if !self.http.granted.iter().any(|own| own.allows(host, port, clear)) {
            return Err(self.denied("http", &wanted.short(Kind::Http), &format!("http to {wanted}")));
        }
        if !self.http.requested.iter().any(|own| own.holds(host, port)) {
            return Err(unrequested("http", &wanted.to_string()));
        }
        Ok(())
    }

    /// Whether a byte stream may go there.
    pub(crate) fn stream(&self, host: &str, port: u16) -> Result<(), Fault> {
        let wanted = Endpoint { host: host.to_ascii_lowercase(), port: Some(port), clear: false };
        if !self.stream.granted.iter().any(|own| own.holds(host, port)) {
            return Err(self.denied("stream", &wanted.to_string(), &format!("a stream to {wanted}")));
        }
        if !self.stream.requested.iter().any(|own| own.holds(host, port)) {
            return Err(unrequested("stream", &wanted.to_string()));
        }
        Ok(())
    }

    /// Whether secrets may go there over a stream without TLS.
    pub(crate) fn clear_text(&self, host: &str, port: u16) -> Result<(), Fault> {
        if self.clear_text.iter().any(|own| own.holds(host, port)) {
            return Ok(());
        }
        let place = Endpoint { host: host.to_ascii_lowercase(), port: Some(port), clear: false }.to_string();
        Err(self.denied("clear-text", &place, &format!("a secret to {place} without TLS")))
    }

    /// Whether these addresses of a name may be reached.
    pub(crate) fn addresses(&self, host: &str, addresses: &[IpAddr]) -> Result<(), Fault> {
        vet(addresses, &self.networks).map_err(|(address, reason)| {
            debug_assert!(denied_because(address).is_some());
            let range = if address.is_ipv4() { format!("{address}/32") } else { format!("{address}/128") };
            self.denied("networks", &range, &what(host, address, reason))
        })
    }

    fn denied(&self, key: &str, value: &str, what: &str) -> Fault {
        let text = format!(
            "{what} is not granted; add {key} = [\"{value}\"] to [connection.{}.grants] if it should be",
            self.connection
        );
        Fault::new(FaultKind::Denied, text).about(value)
    }

    /// The file behind a name, if it may be read, or written.
    pub(crate) fn file(&self, name: &str, writing: bool) -> Result<PathBuf, Fault> {
        let (requested, verb) = if writing { (&self.write, "write") } else { (&self.read, "read") };
        let odd = name.is_empty() || name.len() > 1024 || name.contains('\0');
        if odd || Path::new(name).components().any(|part| matches!(part, Component::ParentDir)) {
            let shown: String = name.chars().take(100).collect();
            return Err(Fault::new(FaultKind::Denied, format!("\"{shown}\" is no name of a file that can be granted")));
        }
        if !self.files.iter().any(|own| path_fits(own, name)) {
            return Err(self.denied("files", name, &format!("the file {name}")));
        }
        if !requested.iter().any(|own| path_fits(own, name)) {
            return Err(unrequested(&format!("files.{verb}"), name));
        }
        let path = self.base.join(name);
        if Path::new(name).is_absolute() {
            return Ok(path);
        }
        // A link below the folder must not lead out of it. A file that is still to be made has only its folder.
        let real = if writing { path.parent().unwrap_or(&self.base) } else { &path };
        let inside = |real: &Path| fs::canonicalize(&self.base).is_ok_and(|base| real.starts_with(base));
        match fs::canonicalize(real) {
            Ok(real) if !inside(&real) => {
                let text =
                    format!("{name} leads out of {}; grant the absolute path if that is meant", self.base.display());
                Err(Fault::new(FaultKind::Denied, text).about(name))
            }
            Ok(_) => Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Fault::new(FaultKind::NotFound, format!("there is no {}", real.display())).about(name))
            }
            Err(error) => {
                Err(Fault::new(FaultKind::Denied, format!("{} can not be opened: {error}", real.display())).about(name))
            }
        }
    }
}

fn what(host: &str, address: IpAddr, reason: &str) -> String {
    if host == address.to_string() {
        format!("{address} ({reason})")
    } else {
        format!("{host} at {address} ({reason})")
    }
}

fn unrequested(key: &str, value: &str) -> Fault {
    let text = format!(
        "{value} is granted, but the manifest does not request it under {key}; its author must add it to connector.toml"
    );
    Fault::new(FaultKind::Denied, text).about(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(base: &Path, requests: &str, grants: &str, settings: &Value) -> Policy {
        let text = format!(
            "name = \"p\"\nversion = \"1.0.0\"\ntitle = \"P\"\ncontract = \"0.1\"\nroles = [\"source\"]\n[requests]\n{requests}"
        );
        let mut config = ConnectionConfig::new("hr".parse().unwrap(), base.to_owned());
        config.grants = toml::from_str(grants).unwrap();
        Policy::new(&Manifest::parse(&text).unwrap(), settings, &config).unwrap()
    }

    #[test]
    fn a_connector_has_the_intersection_of_requests_and_grants() {
        let policy = policy(
            Path::new("/"),
            "http = [\"a.example\", \"b.example\"]",
            "http = [\"a.example\", \"c.example\"]",
            &json!({}),
        );
        assert!(policy.http("A.example", 443, false).is_ok());
        let denied = policy.http("b.example", 443, false).unwrap_err();
        assert!(denied.message.contains("add http = [\"b.example\"] to [connection.hr.grants]"), "{denied}");
        assert!(policy.http("c.example", 443, false).unwrap_err().message.contains("its author"));
        assert!(policy.http("a.example", 443, true).unwrap_err().message.contains("http://a.example:443"));
    }

    #[test]
    fn addresses_name_the_network_to_grant() {
        let policy = policy(Path::new("/"), "", "networks = [\"10.0.0.0/8\"]", &json!({}));
        assert!(policy.addresses("x", &["10.1.1.1".parse().unwrap()]).is_ok());
        let denied = policy.addresses("x", &["127.0.0.1".parse().unwrap()]).unwrap_err();
        assert!(
            denied.message.contains("loopback") && denied.message.contains("networks = [\"127.0.0.1/32\"]"),
            "{denied}"
        );
    }

    #[test]
    fn files_stay_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base");
        fs::create_dir(&base).unwrap();
        fs::write(folder.path().join("outside.csv"), "x").unwrap();
        fs::write(base.join("people.csv"), "x").unwrap();
        std::os::unix::fs::symlink(folder.path().join("outside.csv"), base.join("link.csv")).unwrap();
        std::os::unix::fs::symlink(folder.path(), base.join("sub")).unwrap();
        let requests =
            "files.read = [\"{file}\", \"*.csv\", \"sub/*.csv\"]\nfiles.write = [\"out.csv\", \"sub/out.csv\"]";
        let policy = policy(&base, requests, "files = [\"*.csv\", \"sub/*.csv\"]", &json!({ "file": "people.csv" }));
        assert_eq!(policy.file("people.csv", false).unwrap(), base.join("people.csv"));
        assert_eq!(policy.file("missing.csv", false).unwrap_err().kind, FaultKind::NotFound);
        assert!(policy.file("out.csv", true).is_ok());
        for (name, writing) in [
            ("link.csv", false),
            ("sub/outside.csv", false),
            ("sub/out.csv", true),
            ("../outside.csv", false),
            ("people.csv", true),
            ("/etc/passwd", false),
            ("people.csv\0", false),
            ("", false),
            ("other.txt", false),
        ] {
            assert_eq!(policy.file(name, writing).unwrap_err().kind, FaultKind::Denied, "{name}");
        }
    }

    #[test]
    fn an_absolute_name_needs_the_same_grant() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv").display().to_string();
        let settings = json!({ "file": file });
        let granted = policy(Path::new("/tmp"), "files.read = [\"{file}\"]", &format!("files = [{file:?}]"), &settings);
        assert!(granted.file(&file, false).is_ok());
        assert!(
            policy(Path::new("/tmp"), "files.read = [\"{file}\"]", "files = [\"*\"]", &settings)
                .file(&file, false)
                .is_err()
        );
    }
}
