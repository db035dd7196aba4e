//! `[login.NAME]`: where people log in, and what of it the hub takes.

use rosterd_model::ConnectionId;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Whose habits a provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Any provider of OpenID Connect.
    #[default]
    Generic,
    /// Okta.
    Okta,
    /// Microsoft Entra ID, one tenant.
    EntraId,
}

impl Preset {
    /// Scopes that are asked for if none are named.
    #[must_use]
    pub const fn scopes(self) -> &'static [&'static str] {
        &["openid", "profile", "email"]
    }

    /// True if what the provider says of a person at its userinfo endpoint is asked for, if nothing is said about it. Okta
    /// puts little into an id token that comes along with an access token.
    #[must_use]
    pub const fn asks_userinfo(self) -> bool {
        matches!(self, Self::Okta)
    }

    /// Which claim becomes which attribute, if nothing else is said. None of them is fit to tell people apart.
    #[must_use]
    pub const fn claims(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::EntraId => &[
                ("displayName", "name"),
                ("name.givenName", "given_name"),
                ("name.familyName", "family_name"),
                ("preferredUserName", "preferred_username"),
            ],
            Self::Generic | Self::Okta => &[
                ("displayName", "name"),
                ("name.givenName", "given_name"),
                ("name.familyName", "family_name"),
                ("preferredUserName", "preferred_username"),
                ("locale", "locale"),
                ("timezone", "zoneinfo"),
            ],
        }
    }
}

/// What becomes of a login whose e-mail address the provider does not vouch for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnverifiedEmail {
    /// The address is left out: nobody is found by it.
    #[default]
    LeaveOut,
    /// The login is refused.
    Refuse,
}

/// `[login.NAME]`. `S` is where the secret comes from, or the secret itself once it is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoginSettings<S> {
    /// The connection in whose name accounts are submitted; its job has `pushed = true`.
    #[schemars(with = "String")]
    pub connection: ConnectionId,
    /// The issuer, letter by letter as the provider writes it.
    pub issuer: String,
    /// The id of the application at the provider.
    pub client_id: String,
    /// Where the secret of the application comes from. Never the secret itself. Without one, PKCE alone protects the code.
    pub client_secret: Option<S>,
    /// Whose habits the provider has.
    #[serde(default)]
    pub preset: Preset,
    /// What is asked for; `openid` is always.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether the userinfo endpoint is asked, too.
    pub userinfo: Option<bool>,
    /// Attribute = claim, beside and before those of the preset; an empty claim takes one of the preset away.
    #[serde(default)]
    pub claims: BTreeMap<String, String>,
    /// Domains for whose e-mail addresses the provider is the authority. Of others no address is taken.
    #[serde(default)]
    pub email_domains: Vec<String>,
    /// What becomes of a login whose e-mail address the provider does not vouch for.
    #[serde(default)]
    pub unverified_email: UnverifiedEmail,
    /// Groups that a claim puts people in.
    pub groups: Option<GroupSettings>,
    /// The org unit that a claim puts people in.
    pub org_unit: Option<UnitSettings>,
    /// Where the browser goes afterwards; without it a short page is shown.
    pub after: Option<String>,
    /// Private, loopback or otherwise not public address ranges that may be reached: `10.2.0.0/16`.
    #[serde(default)]
    pub networks: Vec<String>,
    /// A PEM file of authorities to trust instead of those of the system.
    pub ca_file: Option<PathBuf>,
}

/// `[login.NAME.groups]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GroupSettings {
    /// The claim, a list of texts.
    #[serde(default = "usual_groups")]
    pub claim: String,
    /// Value of the claim = display name of the group. Values that are not named here are nothing to the hub.
    pub values: BTreeMap<String, String>,
    /// True: whoever is not in one of these groups by the claim is taken out of it. Without a claim nobody is.
    #[serde(default)]
    pub remove: bool,
}

/// `[login.NAME.org-unit]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UnitSettings {
    /// The claim, a text.
    pub claim: String,
    /// Value of the claim = display name of the org unit. Values that are not named here leave people where they are.
    pub values: BTreeMap<String, String>,
}

fn usual_groups() -> String {
    "groups".to_owned()
}

impl<S> LoginSettings<S> {
    /// The same with the secret itself, once somebody resolved it.
    pub fn with_secret<T>(self, client_secret: Option<T>) -> LoginSettings<T> {
        let Self {
            connection,
            issuer,
            client_id,
            client_secret: _,
            preset,
            scopes,
            userinfo,
            claims,
            email_domains,
            unverified_email,
            groups,
            org_unit,
            after,
            networks,
            ca_file,
        } = self;
        LoginSettings {
            connection,
            issuer,
            client_id,
            client_secret,
            preset,
            scopes,
            userinfo,
            claims,
            email_domains,
            unverified_email,
            groups,
            org_unit,
            after,
            networks,
            ca_file,
        }
    }

    /// The scopes that are asked for, beside `openid`.
    pub(super) fn asked_scopes(&self) -> Vec<String> {
        let usual = || self.preset.scopes().iter().map(|scope| (*scope).to_owned()).collect();
        let scopes: Vec<String> = if self.scopes.is_empty() { usual() } else { self.scopes.clone() };
        scopes.into_iter().filter(|scope| scope != "openid").collect()
    }

    /// Attribute and claim, those that were configured before those of the preset.
    pub(super) fn wanted_claims(&self) -> BTreeMap<&str, &str> {
        let mut wanted: BTreeMap<&str, &str> = self.preset.claims().iter().copied().collect();
        wanted.extend(self.claims.iter().map(|(attribute, claim)| (attribute.as_str(), claim.as_str())));
        wanted.retain(|_, claim| !claim.is_empty());
        wanted
    }
}
