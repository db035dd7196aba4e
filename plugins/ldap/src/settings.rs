//! The settings of a connection. Their schema for operators stands in `connector.toml`.

use crate::dn::Dn;
use crate::filter;
use crate::preset::Preset;
use rosterd_sdk::{Class, Fault};
use serde::Deserialize;

/// Never asked for, whoever wants them.
pub(crate) const SECRET: [&str; 9] = [
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
    /// Others that have the same, asked in their order when those before do not answer.
    #[serde(default)]
    pub servers: Vec<String>,
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
    /// Writing: connections at once.
    #[serde(default = "connections")]
    pub connections: u32,
    /// Writing: where people without an org unit go.
    pub people_base: Option<String>,
    /// Writing: where org units without a parent go.
    pub units_base: Option<String>,
    /// Writing: where groups go.
    pub groups_base: Option<String>,
    /// Writing: the attribute in the name of a person.
    pub person_name: Option<String>,
    /// Writing: classes of a new person.
    pub person_classes: Option<Vec<String>>,
    /// Writing: classes of a new group.
    pub group_classes: Option<Vec<String>>,
    /// Writing: how accounts are stopped.
    pub disable: Option<String>,
    /// Writing: the member of a group that has none.
    pub group_placeholder: Option<String>,
    /// Writing: entries that are never written.
    #[serde(default)]
    pub protected: Vec<String>,
    /// Writing: administrators of Active Directory are written like others.
    #[serde(default)]
    pub write_administrators: bool,
    /// Writing: new accounts get a password of the hub.
    pub first_passwords: Option<bool>,
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
        let places = self.places()?;
        if (1..places.len()).any(|at| places[..at].contains(&places[at])) {
            return wrong("servers", "the settings server and servers name a server twice".to_owned());
        }
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
        self.check_writing()
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

    /// Where the servers are, in the order in which they are asked.
    ///
    /// # Errors
    /// `settings` if an address is none.
    pub fn places(&self) -> Result<Vec<Place>, Fault> {
        let named = std::iter::once(("server", &self.server)).chain(self.servers.iter().map(|text| ("servers", text)));
        named.map(|(setting, text)| Place::parse(setting, text)).collect()
    }
}

impl Place {
    fn parse(setting: &str, text: &str) -> Result<Self, Fault> {
        let wrong = || {
            let why =
                format!("the setting {setting} must be ldaps://host:port or ldap://host:port; \"{text}\" is neither");
            Fault::settings(why).about(setting)
        };
        let (rest, tls) = match (text.strip_prefix("ldaps://"), text.strip_prefix("ldap://")) {
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
        Ok(Self { host: host.to_owned(), port, tls })
    }

    /// Host and port.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// True for a name of an attribute without options; a number of dots could be a password's other name.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn page_size() -> u32 {
    500
}

fn connections() -> u32 {
    4
}
