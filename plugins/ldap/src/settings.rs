//! The settings of a connection. Their schema for operators stands in `connector.toml`.

use crate::dn::Dn;
use crate::filter;
use crate::preset::Preset;
use rosterd_sdk::{Class, Fault};
use serde::Deserialize;

/// Never asked for, whoever wants them.
const SECRET: [&str; 9] = [
    "userpassword",
    "unicodepwd",
    "dbcspwd",
    "supplementalcredentials",
    "authpassword",
    "sambantpassword",
    "sambalmpassword",
    "krbprincipalkey",
    "pwdhistory",
];

/// How changes are found. From the best to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ladder {
    /// The best that the server has.
    #[default]
    Auto,
    /// Active Directory's DirSync.
    Dirsync,
    /// Active Directory's numbers of changes.
    Usn,
    /// RFC 4533.
    Sync,
    /// The time of the last change of each entry.
    Timestamp,
    /// Not at all: each run reads everything.
    None,
}

impl Ladder {
    /// The word of the setting.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dirsync => "dirsync",
            Self::Usn => "usn",
            Self::Sync => "sync",
            Self::Timestamp => "timestamp",
            Self::None => "none",
        }
    }
}

/// What the operator wrote, defaults filled in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Address of the server.
    pub server: String,
    /// DN below which everything is read.
    pub base: String,
    /// More of them.
    #[serde(default)]
    pub bases: Vec<String>,
    /// Name of the account that reads.
    pub bind_dn: String,
    /// Kind of server.
    #[serde(default)]
    pub preset: Preset,
    /// The attribute that never changes.
    pub id_attribute: Option<String>,
    /// Which entries are people.
    pub user_filter: Option<String>,
    /// How changes are found.
    #[serde(default)]
    pub delta: Ladder,
    /// Attributes beside those of the preset.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Entries that the server is asked for at once.
    #[serde(default = "page_size")]
    pub page_size: u32,
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Host, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS from the first byte; else StartTLS.
    pub tls: bool,
}

impl Settings {
    /// Settings that no schema can check.
    ///
    /// # Errors
    /// `settings`, naming the one that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        let wrong = |name: &str, why: String| Err(Fault::settings(why).about(name));
        self.place()?;
        if self.base.trim().is_empty() || Dn::parse(&self.base).is_none() {
            let text = format!("the setting base must be a DN such as dc=example,dc=org; \"{}\" is none", self.base);
            return wrong("base", text);
        }
        let mut around: Vec<Dn> = Vec::new();
        for base in self.bases() {
            let Some(dn) = Dn::parse(base).filter(|_| !base.trim().is_empty()) else {
                return wrong("bases", format!("the setting bases names \"{base}\", which is no DN"));
            };
            // What is below two of them would be read twice.
            if around.iter().any(|other| dn.is_within(other) || other.is_within(&dn)) {
                return wrong("bases", format!("the setting bases names \"{base}\", of which another one is a part"));
            }
            around.push(dn);
        }
        // A bind without a name would be one that the server takes from anybody.
        if self.bind_dn.trim().is_empty() {
            return wrong("bind-dn", "the setting bind-dn must name the account that reads".to_owned());
        }
        if self.id().is_empty() {
            let text = "with preset = \"inetorgperson\" the setting id-attribute must name the attribute that never \
                        changes: entryUUID, nsUniqueId, ipaUniqueID";
            return wrong("id-attribute", text.to_owned());
        }
        for class in [Class::Account, Class::Group, Class::OrgUnit] {
            if let Err(why) = filter::parse(self.filter(class)) {
                return wrong("user-filter", format!("the setting user-filter is no LDAP filter: {why}"));
            }
        }
        for name in &self.attributes {
            let lower = name.to_ascii_lowercase();
            if !is_name(name) || SECRET.contains(&lower.as_str()) {
                let text = format!("the setting attributes names \"{name}\", which is never read");
                return wrong("attributes", text);
            }
        }
        if !is_name(self.id()) {
            return wrong("id-attribute", format!("\"{}\" is no name of an attribute", self.id()));
        }
        if !(1..=10_000).contains(&self.page_size) {
            return wrong("page-size", "the setting page-size is a number from 1 to 10000".to_owned());
        }
        Ok(())
    }

    /// Everything below which is read.
    pub fn bases(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.base.as_str()).chain(self.bases.iter().map(String::as_str))
    }

    /// True if an entry of this name is at or below one of the bases.
    #[must_use]
    pub fn holds(&self, dn: &Dn) -> bool {
        self.bases().any(|base| Dn::parse(base).is_some_and(|base| dn.is_within(&base)))
    }

    /// The attribute with the id; empty if none is named.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id_attribute.as_deref().or(self.preset.id()).unwrap_or_default()
    }

    /// The filter that finds a class.
    #[must_use]
    pub fn filter(&self, class: Class) -> &str {
        match (&self.user_filter, class) {
            (Some(filter), Class::Account) => filter,
            _ => self.preset.filter(class),
        }
    }

    /// Where the server is.
    ///
    /// # Errors
    /// `settings` if the address is none.
    pub fn place(&self) -> Result<Place, Fault> {
        let wrong = || {
            let text = format!(
                "the setting server must be ldaps://host:port or ldap://host:port; \"{}\" is neither",
                self.server
            );
            Fault::settings(text).about("server")
        };
        let (rest, tls) = match (self.server.strip_prefix("ldaps://"), self.server.strip_prefix("ldap://")) {
            (Some(rest), _) => (rest, true),
            (None, Some(rest)) => (rest, false),
            (None, None) => return Err(wrong()),
        };
        let usual = if tls { 636 } else { 389 };
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(wrong)?;
                (host, after.strip_prefix(':').or(after.is_empty().then_some("")).ok_or_else(wrong)?)
            }
            None => rest.split_once(':').unwrap_or((rest, "")),
        };
        let port = if port.is_empty() { usual } else { port.parse().map_err(|_| wrong())? };
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) || port == 0 {
            return Err(wrong());
        }
        Ok(Place { host: host.to_owned(), port, tls })
    }
}

/// True for a name of an attribute without options; a number of dots could be a password's other name.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn page_size() -> u32 {
    500
}
