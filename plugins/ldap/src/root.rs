//! What a server says of itself (RFC 4512, section 5.1): what it can do, and what it holds.

use crate::control::{DIRSYNC, PAGED, SYNC};
use crate::dn::Dn;
use crate::filter;
use crate::link::Link;
use crate::message::{Entry, Scope, Search};
use rosterd_sdk::Fault;

/// What is asked for.
const WANTED: [&str; 9] = [
    "supportedControl",
    "namingContexts",
    "defaultNamingContext",
    "highestCommittedUSN",
    "dsServiceName",
    "dnsHostName",
    "subschemaSubentry",
    "vendorName",
    "vendorVersion",
];

/// The root DSE, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    entry: Entry,
}

impl Root {
    /// Asks for it.
    ///
    /// # Errors
    /// The server does not show it.
    pub fn read(link: &mut Link) -> Result<Self, Fault> {
        let attributes: Vec<String> = WANTED.iter().map(|name| (*name).to_owned()).collect();
        let found = link.search(&Search {
            base: "",
            scope: Scope::Base,
            most: 0,
            filter: &filter::present("objectClass"),
            attributes: &attributes,
            types_only: false,
            controls: &[],
        })?;
        let mut found = found.good("reading the root DSE")?;
        Ok(Self { entry: found.entries.pop().unwrap_or_default() })
    }

    /// Values of an attribute that are text.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.entry.attributes.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name.as_bytes()));
        own.flat_map(|(_, values)| values).filter_map(|value| str::from_utf8(value).ok())
    }

    /// True if it can give results in pages.
    #[must_use]
    pub fn pages(&self) -> bool {
        self.values("supportedControl").any(|one| one == PAGED)
    }

    /// True if it has DirSync.
    #[must_use]
    pub fn dirsync(&self) -> bool {
        self.values("supportedControl").any(|one| one == DIRSYNC)
    }

    /// True if it has RFC 4533.
    #[must_use]
    pub fn sync(&self) -> bool {
        self.values("supportedControl").any(|one| one == SYNC)
    }

    /// The number of the last change that this domain controller has stored.
    #[must_use]
    pub fn highest_usn(&self) -> Option<i64> {
        self.values("highestCommittedUSN").find_map(|text| text.parse().ok())
    }

    /// The naming context in which a base is; none if the server names none.
    #[must_use]
    pub fn context_of(&self, base: &str) -> Option<String> {
        let base = Dn::parse(base)?;
        let all = self.values("defaultNamingContext").chain(self.values("namingContexts"));
        let around = all.filter(|text| !text.is_empty() && Dn::parse(text).is_some_and(|dn| base.is_within(&dn)));
        around.max_by_key(|text| text.len()).map(str::to_owned)
    }
}
