//! What the operator grants, compared with what a connector imports and asks for.
//!
//! A connector has the intersection: what its code imports, what its manifest requests, and what `rosterd.toml` grants.
//! A refusal names the line to add, because the operator should decide and not have to find out.

use crate::endpoint::{Endpoint, Kind};
use crate::manifest::Role;
use crate::package::Inspection;
use crate::template::expand;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `[connection.NAME.grants]`: what one connection may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Grants {
    /// Hosts for HTTP: `api.example.com` (443), `host:8443`, `*.example.com`, `http://host:8080` for clear text.
    pub http: Vec<String>,
    /// Hosts and ports for byte streams: `dc1.corp.example:636`.
    pub stream: Vec<String>,
    /// Files, relative to the folder of the configuration, or absolute; `*` fits within one part of a path.
    pub files: Vec<String>,
    /// Address ranges that may be reached although they are private, loopback or otherwise not public: `10.2.0.0/16`.
    pub networks: Vec<String>,
    /// Secrets whose bytes the connector may see.
    pub reveal: Vec<String>,
    /// Streams over which secrets may go without TLS: `host:port`.
    pub clear_text: Vec<String>,
    /// The directory, as this connection's clients may see and change it.
    pub directory: bool,
}

/// Something that a connector asks for and the operator has not granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Refusal {
    /// What is asked for: "http to api.example.com".
    pub what: String,
    /// The line for `[connection.NAME.grants]`, or what else to add.
    pub line_to_add: String,
    /// A sentence for the operator.
    pub explanation: String,
    /// True: the connection does not open without it.
    pub blocking: bool,
}

/// What is missing, as far as it can be told without the settings of a connection.
#[must_use]
pub fn refusals(inspection: &Inspection, grants: &Grants) -> Vec<Refusal> {
    refusals_with_settings(inspection, grants, &Value::Null)
}

/// What is missing for a connection with these settings.
#[must_use]
pub fn refusals_with_settings(inspection: &Inspection, grants: &Grants, settings: &Value) -> Vec<Refusal> {
    let interfaces = inspection.interfaces();
    let requests = &inspection.requests;
    let expand_all = |list: &[String]| list.iter().flat_map(|text| expand(text, settings)).collect::<Vec<_>>();
    let files: Vec<String> = requests.files.read.iter().chain(&requests.files.write).cloned().collect();
    let mut found = Vec::new();
    let mut powers = |interface: &str, key: &str, raw: &[String], has: bool, covered: &dyn Fn(&str) -> bool| {
        if !interfaces.contains(interface) {
            return;
        }
        if raw.is_empty() {
            found.push(unasked(inspection, interface));
            return;
        }
        let wanted = expand_all(raw);
        let missing: Vec<String> =
            wanted.iter().filter(|want| !covered(want)).map(|want| as_grant(key, want)).collect();
        if !has && (!missing.is_empty() || wanted.is_empty() && settings.is_null()) {
            let list = if missing.is_empty() { raw.to_vec() } else { missing };
            found.push(refusal(inspection, interface, key, &list, true));
        } else {
            found.extend(missing.into_iter().map(|one| refusal(inspection, interface, key, &[one], false)));
        }
    };
    let endpoint = |list: &[String], want: &str, kind: Kind| {
        Endpoint::parse(want, kind)
            .is_ok_and(|want| list.iter().any(|own| Endpoint::parse(own, kind).is_ok_and(|own| own.covers(&want))))
    };
    powers("http", "http", &requests.http, !grants.http.is_empty(), &|want| endpoint(&grants.http, want, Kind::Http));
    powers("byte-stream", "stream", &requests.stream, !grants.stream.is_empty(), &|want| {
        endpoint(&grants.stream, want, Kind::Stream)
    });
    powers("files", "files", &files, !grants.files.is_empty(), &|want| {
        grants.files.iter().any(|own| path_fits(own, want))
    });
    if interfaces.contains("directory") {
        match (requests.directory, grants.directory) {
            (false, _) => found.push(unasked(inspection, "directory")),
            (true, false) => found.push(Refusal {
                what: "the directory".to_owned(),
                line_to_add: "directory = true".to_owned(),
                explanation: format!("{} wants to see and change the directory for its clients; add directory = true under grants if it should", inspection.name),
                // What only reads and writes remote systems needs none; whoever calls all the same is told so.
                blocking: !inspection.roles.iter().any(|role| matches!(role, Role::Source | Role::Destination)),
            }),
            (true, true) => {}
        }
    }
    for (name, _) in requests.secrets.iter().filter(|(name, secret)| secret.reveal && !grants.reveal.contains(name)) {
        let line_to_add = format!("reveal = [{name:?}]");
        found.push(Refusal {
            what: format!("to see the secret {name}"),
            explanation: format!(
                "{} wants to see the bytes of its secret {name}; add {line_to_add} under grants only if you trust it with them",
                inspection.name
            ),
            line_to_add,
            blocking: false,
        });
    }
    for (interface, asked) in [("scratch", requests.scratch), ("random", requests.random)] {
        if interfaces.contains(interface) && !asked {
            found.push(unasked(inspection, interface));
        }
    }
    found
}

/// The code uses what the manifest does not name: only its author can mend that.
fn unasked(inspection: &Inspection, interface: &str) -> Refusal {
    let key = if interface == "byte-stream" { "stream" } else { interface };
    Refusal {
        what: interface.to_owned(),
        line_to_add: String::new(),
        explanation: format!(
            "{} imports {interface}, and its manifest does not request it; its author must add `{key}` under [requests] in connector.toml",
            inspection.name
        ),
        blocking: true,
    }
}

fn refusal(inspection: &Inspection, interface: &str, key: &str, list: &[String], blocking: bool) -> Refusal {
    let quoted: Vec<String> = list.iter().map(|item| format!("{item:?}")).collect();
    let line_to_add = format!("{key} = [{}]", quoted.join(", "));
    let explanation = format!(
        "{} asks for {interface} to {}; add {line_to_add} under grants if it should have it",
        inspection.name,
        list.join(", ")
    );
    Refusal { what: format!("{interface} to {}", list.join(", ")), line_to_add, explanation, blocking }
}

/// A requested place as a grant would name it: a URL is cut to its host.
fn as_grant(key: &str, want: &str) -> String {
    let kind = if key == "http" { Kind::Http } else { Kind::Stream };
    match key {
        "http" | "stream" => {
            Endpoint::parse(want, kind).map_or_else(|_| want.to_owned(), |endpoint| endpoint.short(kind))
        }
        _ => want.to_owned(),
    }
}

/// True if a name is the path, or fits it with `*` for anything within one part.
pub(crate) fn path_fits(pattern: &str, name: &str) -> bool {
    let trim = |text: &str| text.strip_prefix("./").unwrap_or(text).to_owned();
    let (pattern, name) = (trim(pattern), trim(name));
    let parts: Vec<&str> = pattern.split('/').collect();
    let names: Vec<&str> = name.split('/').collect();
    parts.len() == names.len() && parts.iter().zip(&names).all(|(part, name)| part_fits(part, name))
}

fn part_fits(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut rest) = name.strip_prefix(head) else { return false };
    // An empty part is the beginning of an absolute path, which a relative grant must not open.
    if name.is_empty() {
        return false;
    }
    if rest.starts_with('.') && head.is_empty() {
        return false;
    }
    let mut pieces: Vec<&str> = tail.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use serde_json::json;

    fn inspection(imports: &[&str], requests: &str) -> Inspection {
        let text = format!(
            "name = \"probe\"\nversion = \"1.0.0\"\ntitle = \"P\"\ncontract = \"0.1\"\nroles = [\"source\"]\n[requests]\n{requests}"
        );
        let manifest = Manifest::parse(&text).unwrap();
        Inspection {
            name: "probe".into(),
            title: "P".into(),
            version: "1.0.0".into(),
            contract: "0.1.0".into(),
            roles: vec![],
            imports: imports.iter().map(|s| (*s).to_owned()).collect(),
            wasi: vec![],
            requests: manifest.requests.clone(),
            digest: "00".into(),
            size: 1,
            settings_schema: manifest.settings.clone(),
            manifest,
        }
    }

    #[test]
    fn an_imported_power_without_a_grant_is_refused_with_the_line_to_add() {
        let probe = inspection(&["http.send", "settings.get"], "http = [\"api.example.com\"]");
        let found = refusals(&probe, &Grants::default());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line_to_add.as_str(), found[0].blocking), ("http = [\"api.example.com\"]", true));
        let granted = Grants { http: vec!["*.example.com".into()], ..Grants::default() };
        assert_eq!(refusals(&probe, &granted), []);
    }

    #[test]
    fn a_setting_in_a_request_becomes_the_line_to_add() {
        let probe = inspection(
            &["http.send", "files.open"],
            "http = [\"{base-url}\"]\nfiles.read = [\"{file}\"]\nfiles.write = [\"{output}\"]",
        );
        let settings = json!({ "base-url": "http://127.0.0.1:8080/scim", "file": "people.csv" });
        let lines: Vec<String> =
            refusals_with_settings(&probe, &Grants::default(), &settings).into_iter().map(|r| r.line_to_add).collect();
        assert_eq!(lines, ["http = [\"http://127.0.0.1:8080\"]", "files = [\"people.csv\"]"]);
        let grants = Grants {
            files: vec!["people.csv".into()],
            http: vec!["http://127.0.0.1:8080".into()],
            ..Grants::default()
        };
        assert_eq!(refusals_with_settings(&probe, &grants, &settings), []);
    }

    #[test]
    fn the_directory_is_for_those_who_receive() {
        let mut probe = inspection(&["directory.get"], "directory = true");
        let blocks =
            |probe: &Inspection| refusals(probe, &Grants::default()).iter().map(|one| one.blocking).collect::<Vec<_>>();
        probe.roles = vec![Role::Receiver];
        assert_eq!(blocks(&probe), [true]);
        // It can read without: one that is asked for the directory all the same gets a fault.
        probe.roles = vec![Role::Source, Role::Receiver];
        assert_eq!(blocks(&probe), [false]);
        assert_eq!(refusals(&probe, &Grants { directory: true, ..Grants::default() }), []);
    }

    #[test]
    fn what_the_code_imports_and_the_manifest_hides_is_the_authors_matter() {
        let probe = inspection(&["random.bytes"], "http = []");
        let found = refusals(&probe, &Grants::default());
        assert!(found[0].blocking && found[0].explanation.contains("its author must add `random`"), "{found:?}");
    }

    #[test]
    fn a_star_stays_within_one_part_of_a_path() {
        assert!(path_fits("reports/*.csv", "reports/a.csv") && path_fits("./a.csv", "a.csv"));
        assert!(!path_fits("reports/*.csv", "reports/x/a.csv") && !path_fits("reports/*", "reports/.hidden"));
        assert!(
            !path_fits("*/*", "/shadow") && !path_fits("*/*/*", "/etc/shadow") && path_fits("/etc/*", "/etc/shadow")
        );
        assert!(!path_fits("*.csv", "a.csv.bak") && !path_fits("a*a", "a"));
    }

    #[test]
    fn unknown_grants_are_refused() {
        assert!(toml::from_str::<Grants>("https = []").unwrap_err().to_string().contains("https"));
    }
}
