//! The settings of writing: where entries go, what they are called, how accounts are stopped, who is never written.

use super::name;
use crate::dn::Dn;
use crate::settings::{Settings, is_name};
use rosterd_sdk::{Class, Fault};

/// The attribute that locks an account of OpenLDAP (draft-behera-ldap-password-policy).
pub const LOCKED: &str = "pwdAccountLockedTime";
/// Its value for good.
pub const FOR_GOOD: &str = "000001010000Z";

/// How an account is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disable {
    /// Active Directory: bit 2 of its mask.
    Control,
    /// An attribute has this value.
    Attribute(String, String),
    /// Not at all.
    Never,
}

impl Settings {
    /// Settings of writing that no schema can check.
    ///
    /// # Errors
    /// `settings`, naming the one that is wrong.
    pub fn check_writing(&self) -> Result<(), Fault> {
        let wrong = |name: &str, why: String| Err(Fault::settings(why).about(name));
        let bases =
            [("people-base", &self.people_base), ("units-base", &self.units_base), ("groups-base", &self.groups_base)];
        for (setting, base) in bases {
            if let Some(base) = base
                && !name::is_within(base, &self.base)
            {
                return wrong(setting, format!("the setting {setting} must be a DN within base; \"{base}\" is none"));
            }
        }
        for dn in self.protected.iter().chain(&self.group_placeholder) {
            if dn.trim().is_empty() || Dn::parse(dn).is_none() {
                let text = format!("the settings protected and group-placeholder are DNs; \"{dn}\" is none");
                return wrong("protected", text);
            }
        }
        let names = self.person_classes.iter().chain(&self.group_classes).flatten();
        if let Some(odd) = names.chain(&self.person_name).find(|name| !is_name(name)) {
            return wrong("person-classes", format!("\"{odd}\" is no name of a class or of an attribute"));
        }
        if let Some(text) = &self.disable
            && self.disabling().is_none()
        {
            let text =
                format!("the setting disable is \"{text}\"; it must be pwdAccountLockedTime, none, or ATTRIBUTE=VALUE");
            return wrong("disable", text);
        }
        if !(1..=16).contains(&self.connections) {
            return wrong("connections", "the setting connections is a number from 1 to 16".to_owned());
        }
        Ok(())
    }

    /// How accounts are stopped; none: the setting is none.
    fn disabling(&self) -> Option<Disable> {
        let lock = || Disable::Attribute(LOCKED.to_owned(), FOR_GOOD.to_owned());
        match (self.disable.as_deref(), self.preset) {
            (None | Some("userAccountControl"), preset) if preset.is_ad() => Some(Disable::Control),
            (None, crate::preset::Preset::Openldap) => Some(lock()),
            (Some(text), _) if text.eq_ignore_ascii_case(LOCKED) => Some(lock()),
            (None | Some("none"), _) => Some(Disable::Never),
            (Some(text), _) => {
                let (name, value) = text.split_once('=')?;
                let plain = is_name(name) && !value.is_empty() && !value.contains('\u{0}');
                plain.then(|| Disable::Attribute(name.to_owned(), value.to_owned()))
            }
        }
    }

    /// How accounts are stopped.
    #[must_use]
    pub fn how_to_disable(&self) -> Disable {
        self.disabling().unwrap_or(Disable::Never)
    }

    /// Where entries of a class go that stand in no org unit.
    #[must_use]
    pub fn base_of(&self, class: Class) -> &str {
        self.base_setting(class).1
    }

    /// The same, with the setting that says it.
    #[must_use]
    pub fn base_setting(&self, class: Class) -> (&'static str, &str) {
        let (setting, own) = match class {
            Class::Account => ("people-base", &self.people_base),
            Class::OrgUnit => ("units-base", &self.units_base),
            Class::Group => ("groups-base", &self.groups_base),
        };
        own.as_deref().map_or(("base", &self.base), |own| (setting, own))
    }

    /// The attribute that stands in the name of an entry.
    #[must_use]
    pub fn naming(&self, class: Class) -> &str {
        match class {
            Class::OrgUnit => "ou",
            Class::Group => "cn",
            Class::Account => self.person_name.as_deref().unwrap_or(if self.preset.is_ad() { "cn" } else { "uid" }),
        }
    }

    /// The classes of new entries.
    #[must_use]
    pub fn classes(&self, class: Class) -> Vec<&str> {
        let (own, usual): (_, &[&str]) = match (class, self.preset.is_ad()) {
            (Class::OrgUnit, _) => (&None, &["top", "organizationalUnit"]),
            (Class::Account, false) => {
                (&self.person_classes, &["top", "person", "organizationalPerson", "inetOrgPerson"])
            }
            (Class::Account, true) => (&self.person_classes, &["top", "person", "organizationalPerson", "user"]),
            (Class::Group, false) => (&self.group_classes, &["top", "groupOfNames"]),
            (Class::Group, true) => (&self.group_classes, &["top", "group"]),
        };
        own.as_ref().map_or_else(|| usual.to_vec(), |own| own.iter().map(String::as_str).collect())
    }

    /// Whether new accounts get a password of the hub.
    #[must_use]
    pub fn gives_passwords(&self) -> bool {
        self.first_passwords.unwrap_or(self.preset.is_ad())
    }
}
