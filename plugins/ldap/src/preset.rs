//! What kinds of servers call things.

use rosterd_sdk::{Attribute, Class};
use serde::Deserialize;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// OpenLDAP with inetOrgPerson.
    #[default]
    Openldap,
    /// Active Directory, or Samba as one.
    ActiveDirectory,
    /// Another server with inetOrgPerson.
    Inetorgperson,
}

/// Texts of people in inetOrgPerson.
const PERSON: &[&str] = &[
    "uid",
    "cn",
    "sn",
    "givenName",
    "displayName",
    "initials",
    "title",
    "description",
    "mail",
    "telephoneNumber",
    "mobile",
    "homePhone",
    "facsimileTelephoneNumber",
    "employeeNumber",
    "employeeType",
    "departmentNumber",
    "o",
    "ou",
    "l",
    "st",
    "street",
    "postalCode",
    "postalAddress",
    "roomNumber",
    "preferredLanguage",
    "labeledURI",
];
/// Texts of people at Active Directory, beside those whose form is changed.
const USER: &[&str] = &[
    "sAMAccountName",
    "userPrincipalName",
    "cn",
    "sn",
    "givenName",
    "displayName",
    "initials",
    "title",
    "department",
    "company",
    "division",
    "description",
    "mail",
    "proxyAddresses",
    "telephoneNumber",
    "mobile",
    "homePhone",
    "facsimileTelephoneNumber",
    "employeeID",
    "employeeNumber",
    "employeeType",
    "physicalDeliveryOfficeName",
    "streetAddress",
    "l",
    "st",
    "postalCode",
    "co",
    "c",
];
const UNIT: &[&str] = &["ou", "description", "telephoneNumber", "street", "l", "postalAddress", "businessCategory"];
const GROUP: &[&str] = &["cn", "description", "o", "ou", "businessCategory"];
const GROUP_OF_AD: &[&str] = &["cn", "sAMAccountName", "description", "mail", "groupType"];

/// Active Directory: a mask, of which one bit says that the account is disabled.
pub const CONTROL: &str = "userAccountControl";
/// Active Directory: when the account ends.
pub const EXPIRES: &str = "accountExpires";

/// Active Directory: the id of an account or group for rights, of which the last four bytes are its number in the domain.
pub const SID: &str = "objectSid";
/// Active Directory: the number of the group of which an account is a member without standing in its list.
pub const PRIMARY: &str = "primaryGroupID";
/// When an entry was changed.
pub const CHANGED: &str = "modifyTimestamp";

/// Attributes that hold names of other entries.
const REFERENCES: &[(&str, Class, bool)] = &[
    ("manager", Class::Account, false),
    ("member", Class::Group, true),
    ("owner", Class::Group, true),
    ("managedBy", Class::OrgUnit, false),
    ("managedBy", Class::Group, false),
];

impl Preset {
    /// True for Active Directory.
    #[must_use]
    pub fn is_ad(self) -> bool {
        self == Self::ActiveDirectory
    }

    /// The attribute with the id that never changes; none: the operator must name it.
    #[must_use]
    pub fn id(self) -> Option<&'static str> {
        match self {
            Self::Openldap => Some("entryUUID"),
            Self::ActiveDirectory => Some("objectGUID"),
            Self::Inetorgperson => None,
        }
    }

    /// The filter that finds a class.
    #[must_use]
    pub fn filter(self, class: Class) -> &'static str {
        match (class, self.is_ad()) {
            (Class::OrgUnit, _) => "(objectClass=organizationalUnit)",
            (Class::Account, false) => "(objectClass=inetOrgPerson)",
            (Class::Account, true) => "(&(objectClass=user)(!(objectClass=computer)))",
            (Class::Group, false) => "(objectClass=groupOfNames)",
            (Class::Group, true) => "(objectClass=group)",
        }
    }

    /// Texts of a class.
    #[must_use]
    pub fn texts(self, class: Class) -> &'static [&'static str] {
        match (class, self.is_ad()) {
            (Class::OrgUnit, _) => UNIT,
            (Class::Account, false) => PERSON,
            (Class::Account, true) => USER,
            (Class::Group, false) => GROUP,
            (Class::Group, true) => GROUP_OF_AD,
        }
    }
}

/// Attributes of a class that refer to others, and whether to several.
pub fn references(class: Class) -> impl Iterator<Item = (&'static str, bool)> {
    REFERENCES.iter().filter(move |(_, own, _)| *own == class).map(|(name, _, several)| (*name, *several))
}

/// The name under which an entry refers to the org unit in which it is.
#[must_use]
pub fn above(class: Class) -> &'static str {
    if class == Class::OrgUnit { "parent" } else { "orgUnit" }
}

/// Everything that a class can have, whatever the kind of server.
#[must_use]
pub fn attributes(class: Class) -> Vec<Attribute> {
    let mut names: Vec<&str> = Vec::new();
    for name in [Preset::Openldap, Preset::ActiveDirectory].into_iter().flat_map(|preset| preset.texts(class)) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let mut all = vec![Attribute::text("dn").description("where the entry is; changes when it is moved")];
    all.extend(
        names.into_iter().map(|name| Attribute::text(name).description("a list where there are several values")),
    );
    let place = Attribute::reference(above(class), &[Class::OrgUnit]);
    all.push(place.description("the org unit in which the entry is; not there at the top of what is read"));
    for (name, several) in references(class) {
        let anybody = [Class::Account, Class::Group, Class::OrgUnit];
        let one = Attribute::reference(name, &anybody).description("of those, who are read");
        all.push(if several { one.multi() } else { one });
    }
    if class == Class::Account {
        all.push(Attribute::boolean("disabled").description("Active Directory only: bit 2 of userAccountControl"));
        all.push(Attribute::new(EXPIRES, "time").description("Active Directory only; not there: never"));
    }
    all
}
