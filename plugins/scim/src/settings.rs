//! The settings of a connection. Their schema for operators stands in `connector.toml`.

use crate::names;
use crate::place::Place;
use rosterd_sdk::Fault;
use serde::Deserialize;

/// What the operator wrote, defaults filled in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where `/Users` and `/Groups` are; empty: the connection only receives.
    #[serde(default)]
    pub url: String,
    /// How the hub shows who it is.
    #[serde(default)]
    pub auth: Auth,
    /// Of HTTP basic.
    pub username: Option<String>,
    /// Of OAuth.
    pub token_url: Option<String>,
    /// Of OAuth.
    pub client_id: Option<String>,
    /// Of OAuth; the host puts it into its request.
    #[serde(default)]
    pub scope: String,
    /// Attributes of users beside those of RFC 7643.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// How objects are changed.
    #[serde(default)]
    pub write: Write,
    /// New accounts get a password.
    #[serde(default)]
    pub passwords: bool,
    /// Requests under way at the same time.
    #[serde(default = "parallel")]
    pub parallel: usize,
    /// For one request.
    #[serde(default = "timeout")]
    pub timeout_seconds: u32,
    /// Objects that are asked for at once.
    #[serde(default = "page")]
    pub page_size: u64,
    /// Groups are read with their members.
    #[serde(default = "members")]
    pub members: bool,
    /// How changes are found.
    #[serde(default)]
    pub delta: Delta,
    /// How far a delta looks back.
    #[serde(default = "overlap")]
    pub overlap_seconds: u64,
    /// What PATCH does with a filter that finds nothing.
    #[serde(default)]
    pub no_target: NoTarget,
}

/// What PATCH does where a replace by a filter of equalities finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoTarget {
    /// The value is made, as Entra ID and Okta expect.
    #[default]
    Create,
    /// It is refused, as the RFC has it.
    Refuse,
}

/// How the hub shows who it is; each is a recipe of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// A token.
    #[default]
    Bearer,
    /// A name and a password.
    Basic,
    /// A token that the host gets for a client.
    Oauth,
}

/// How objects are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// As the service provider says.
    #[default]
    Auto,
    /// Always by PATCH.
    Patch,
    /// Always by PUT.
    Put,
}

/// How changes are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delta {
    /// By full scans.
    #[default]
    None,
    /// By a filter on `meta.lastModified`.
    LastModified,
}

const fn parallel() -> usize {
    4
}

const fn timeout() -> u32 {
    30
}

const fn page() -> u64 {
    100
}

const fn members() -> bool {
    true
}

const fn overlap() -> u64 {
    300
}

impl Settings {
    /// Settings that contradict each other.
    ///
    /// # Errors
    /// `settings`.
    pub fn check(&self) -> Result<(), Fault> {
        let missing = match self.auth {
            _ if self.url.is_empty() => None,
            Auth::Bearer => None,
            Auth::Basic => self.username.is_none().then_some("username"),
            Auth::Oauth if self.token_url.is_none() => Some("token-url"),
            Auth::Oauth => self.client_id.is_none().then_some("client-id"),
        };
        if let Some(name) = missing {
            let text = format!("this way of auth needs the setting {name}; set it, or another auth");
            return Err(Fault::settings(text).about(name));
        }
        for name in &self.attributes {
            if Place::of(name).is_none() || names::is_our_own(name) {
                let text = format!(
                    "attributes: \"{name}\" is no attribute that can be added; write it as in RFC 7644, with its urn"
                );
                return Err(Fault::settings(text).about("attributes"));
            }
        }
        Ok(())
    }

    /// What is read and written needs to be somewhere.
    ///
    /// # Errors
    /// `settings`.
    pub fn reaches(&self) -> Result<(), Fault> {
        if self.url.is_empty() {
            let text = "this connection only receives: to read or write a service provider it needs the setting url";
            return Err(Fault::settings(text).about("url"));
        }
        Ok(())
    }

    /// Whether PATCH makes values that a filter does not find.
    #[must_use]
    pub fn creates_values(&self) -> bool {
        self.no_target == NoTarget::Create
    }

    /// The recipe of the manifest.
    #[must_use]
    pub const fn recipe(&self) -> &'static str {
        match self.auth {
            Auth::Bearer => "bearer",
            Auth::Basic => "basic",
            Auth::Oauth => "oauth",
        }
    }
}
