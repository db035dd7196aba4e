//! `connector.toml`, as it lies in the component: what a connector is, and what it asks for.
//!
//! It asks only. The shapes are those of `wit/v0.1/manifest.schema.json`; unknown keys are refused, so that a misspelt
//! request is found by its author and not by an operator.

use crate::manifest_parts::{Bucket, Recipe};
use crate::schema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A role that a component can have: the interface that it exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads the remote system.
    Source,
    /// Writes to it.
    Destination,
    /// Answers its requests.
    Receiver,
    /// Keeps a stream to it open.
    Listener,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Source, Self::Destination, Self::Receiver, Self::Listener];

    /// The word for the role, which is the name of its interface too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Receiver => "receiver",
            Self::Listener => "listener",
        }
    }
}
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The whole manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// Name of the connector: lower-case words joined with hyphens.
    pub name: String,
    /// Its own version.
    pub version: semver::Version,
    /// Name for people.
    pub title: String,
    /// What it reads or writes.
    #[serde(default)]
    pub description: String,
    /// The contract that it was built with: `0.1` means any 0.1.x.
    pub contract: String,
    /// Range of host versions.
    pub requires_host: Option<semver::VersionReq>,
    /// SPDX expression.
    pub license: Option<String>,
    /// What it exports, beside `connector`.
    pub roles: BTreeSet<Role>,
    /// What it asks for.
    #[serde(default)]
    pub requests: Requests,
    /// JSON schema of its settings.
    #[serde(default = "no_settings")]
    pub settings: Value,
    /// How the host gets tokens.
    #[serde(default)]
    pub recipes: BTreeMap<String, Recipe>,
    /// Rate limits that the host keeps.
    #[serde(default)]
    pub buckets: BTreeMap<String, Bucket>,
}

fn no_settings() -> Value {
    serde_json::json!({ "type": "object", "additionalProperties": false })
}

/// What a connector asks for. What is not named is denied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Requests {
    /// Hosts for `http`: names, or settings in braces.
    pub http: Vec<String>,
    /// Hosts and ports for `byte-stream`.
    pub stream: Vec<String>,
    /// Files.
    pub files: FileRequests,
    /// Secrets that the operator may give, by name.
    pub secrets: BTreeMap<String, SecretRequest>,
    /// It sets passwords that the host makes.
    pub initial_passwords: bool,
    /// It keeps small values with the cursor.
    pub scratch: bool,
    /// It needs randomness.
    pub random: bool,
    /// It sees and changes the directory, as its clients may.
    pub directory: bool,
}

/// Files that a connector asks for, by the names that it opens them with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FileRequests {
    /// To be read.
    pub read: Vec<String>,
    /// To be replaced.
    pub write: Vec<String>,
}

/// One secret that the operator may give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SecretRequest {
    /// Where the operator finds it and what it opens.
    pub description: String,
    /// What is made of the stored text.
    #[serde(default)]
    pub decode: Decode,
    /// Whether the connection works only with it.
    #[serde(default = "yes")]
    pub required: bool,
    /// What it may be used for.
    pub uses: BTreeSet<Use>,
    /// Forms in which it may be spliced; none: any.
    pub forms: Option<BTreeSet<String>>,
    /// Hosts that it may be sent to; none: all that are requested.
    pub hosts: Option<Vec<String>>,
    /// Whether the connector must see the bytes.
    #[serde(default)]
    pub reveal: bool,
}

fn yes() -> bool {
    true
}

/// What is made of the stored text of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// Its bytes.
    #[default]
    Utf8,
    /// Decoded, either alphabet, padding may lack.
    Base64,
    /// Decoded.
    Hex,
    /// Its digest.
    Sha256,
    /// The base64 behind `whsec_` or `whsk_`.
    Whsec,
    /// A private key.
    Pem,
}

/// What a secret may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of manifest.schema.json, named after the functions of `secrets`")]
pub enum Use {
    Recipe,
    HttpUrl,
    HttpHeader,
    HttpBody,
    Stream,
    Mac,
    Sign,
    PublicKey,
    Digest,
    DigestSorted,
    Derive,
    Matches,
    Scram,
    Encrypt,
    Decrypt,
}

impl Use {
    /// The word of the manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recipe => "recipe",
            Self::HttpUrl => "http-url",
            Self::HttpHeader => "http-header",
            Self::HttpBody => "http-body",
            Self::Stream => "stream",
            Self::Mac => "mac",
            Self::Sign => "sign",
            Self::PublicKey => "public-key",
            Self::Digest => "digest",
            Self::DigestSorted => "digest-sorted",
            Self::Derive => "derive",
            Self::Matches => "matches",
            Self::Scram => "scram",
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
        }
    }
}

/// Largest manifest that is read.
pub const MAX_BYTES: usize = 256 << 10;

impl Manifest {
    /// Reads a manifest: TOML, or the same as JSON. The error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("the manifest has {} bytes; at most {MAX_BYTES} are read", text.len()));
        }
        let manifest: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| error.to_string())?
        } else {
            toml::from_str(text).map_err(|error| error.to_string().trim().to_owned())?
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// What types alone do not say.
    fn check(&self) -> Result<(), String> {
        let names = std::iter::once(("name", &self.name))
            .chain(self.requests.secrets.keys().map(|key| ("requests.secrets", key)))
            .chain(self.recipes.keys().map(|key| ("recipes", key)))
            .chain(self.buckets.keys().map(|key| ("buckets", key)));
        for (place, name) in names {
            if !is_name(name) {
                return Err(format!("{place}: \"{name}\" is no name; use lower-case words joined with hyphens"));
            }
        }
        if self.title.is_empty() || self.title.chars().count() > 80 {
            return Err("title: write 1 to 80 characters".to_owned());
        }
        if self.roles.is_empty() {
            return Err("roles: name at least one of source, destination, receiver, listener".to_owned());
        }
        let endpoints = self.requests.http.iter().chain(&self.requests.stream);
        for entry in endpoints.chain(self.requests.secrets.values().flat_map(|secret| secret.hosts.iter().flatten())) {
            if !crate::template::is_setting(entry) && (entry.contains("://") || entry.contains('/') || entry == "*") {
                return Err(format!("\"{entry}\" is no host; write a name, name:port, *.name or a setting in braces"));
            }
        }
        for path in self.requests.files.read.iter().chain(&self.requests.files.write) {
            let windows = path.chars().nth(1) == Some(':');
            if path.is_empty()
                || path.starts_with('/')
                || windows
                || path.contains(['\\', '\0'])
                || path.split('/').any(|p| p == "..")
            {
                return Err(format!(
                    "requests.files: \"{path}\" must be relative and stay below the operator's folder"
                ));
            }
        }
        for (name, secret) in &self.requests.secrets {
            if secret.uses.is_empty() {
                return Err(format!("requests.secrets.{name}: say in `uses` what it is for"));
            }
        }
        for (name, recipe) in &self.recipes {
            recipe.check().map_err(|error| format!("recipes.{name}: {error}"))?;
        }
        for (name, bucket) in &self.buckets {
            bucket.check().map_err(|error| format!("buckets.{name}: {error}"))?;
        }
        if self.settings.get("type").and_then(Value::as_str) != Some("object") {
            return Err("settings: the schema's type must be \"object\"".to_owned());
        }
        schema::check_schema(&self.settings).map_err(|error| format!("settings: {error}"))
    }
}

fn is_name(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fixtures of the contract decide what a manifest is; this reader must agree with each of them.
    #[test]
    fn the_fixtures_of_the_contract_are_judged_as_they_are_named() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v0.1/fixtures");
        let mut seen = [0, 0];
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(kind) = name.strip_prefix("manifest.") else { continue };
            let good = kind.starts_with("good.");
            let answer = Manifest::parse(&std::fs::read_to_string(&path).unwrap());
            assert_eq!(answer.is_ok(), good, "{name}: {answer:?}");
            seen[usize::from(good)] += 1;
        }
        assert!(seen[0] > 5 && seen[1] > 2, "{seen:?}");
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = Manifest::parse(
            "name = \"a\"\nversion = \"1.0.0\"\ntitle = \"A\"\ncontract = \"0.1\"\nroles = [\"source\"]\nrequest = {}\n",
        );
        assert!(error.unwrap_err().contains("request"));
    }
}
