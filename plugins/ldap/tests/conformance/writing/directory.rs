//! A directory in memory that is as strict as real ones: it refuses what OpenLDAP or Active Directory refuse.

use super::filter::matches;
use rosterd_plugin_ldap::dn::Dn;
use rosterd_plugin_ldap::writing::How;
use std::collections::BTreeMap;

/// Names and values.
pub(crate) type Attributes = Vec<(String, Vec<Vec<u8>>)>;
/// A result and its text.
pub(crate) type Said = (u8, String);

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) dn: String,
    pub(crate) attributes: Attributes,
}

/// The directory.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) entries: Vec<Stored>,
    pub(crate) ad: bool,
    /// Passwords that were set, by name of the entry.
    pub(crate) passwords: BTreeMap<String, Vec<u8>>,
    /// Changes that were carried out, in order.
    pub(crate) log: Vec<String>,
    pub(crate) last: u32,
    /// What it makes of a new entry by itself.
    pub(crate) own_mind: Option<fn(&mut Attributes)>,
}

/// Attributes that nobody may write.
const OPERATIONAL: [&str; 4] = ["entryUUID", "objectGUID", "memberOf", "adminCount"];

pub(crate) fn key(dn: &str) -> Dn {
    Dn::parse(dn).unwrap_or_else(|| panic!("{dn:?} is no DN"))
}

pub(crate) fn values<'a>(attributes: &'a Attributes, name: &str) -> &'a [Vec<u8>] {
    attributes.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map_or(&[], |(_, values)| values)
}

fn has(attributes: &Attributes, name: &str, value: &[u8]) -> bool {
    values(attributes, name).iter().any(|own| own.eq_ignore_ascii_case(value))
}

fn no(code: u8, text: impl Into<String>) -> Result<(), Said> {
    Err((code, text.into()))
}

impl Directory {
    pub(crate) fn put(&mut self, dn: &str, attributes: &[(&str, &[&str])]) -> String {
        let bytes = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect();
        let attributes = attributes.iter().map(|(name, values)| ((*name).to_owned(), bytes(values))).collect();
        self.insert(dn, attributes)
    }

    fn insert(&mut self, dn: &str, mut attributes: Attributes) -> String {
        self.last += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", self.last);
        if self.ad {
            let bytes = rosterd_plugin_ldap::values::guid_bytes(&id).unwrap();
            attributes.push(("objectGUID".to_owned(), vec![bytes.to_vec()]));
        } else {
            attributes.push(("entryUUID".to_owned(), vec![id.clone().into_bytes()]));
        }
        self.entries.push(Stored { dn: dn.to_owned(), attributes });
        id
    }

    pub(crate) fn at(&self, dn: &str) -> Option<&Stored> {
        let wanted = key(dn);
        self.entries.iter().find(|entry| key(&entry.dn) == wanted)
    }

    /// Values of an attribute of an entry, as texts, sorted.
    pub(crate) fn texts(&self, dn: &str, name: &str) -> Vec<String> {
        let entry = self.at(dn).unwrap_or_else(|| panic!("{dn} is not there: {:?}", self.names()));
        let mut all: Vec<String> =
            values(&entry.attributes, name).iter().map(|value| String::from_utf8(value.clone()).unwrap()).collect();
        all.sort();
        all
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.dn.as_str()).collect()
    }

    pub(crate) fn add(&mut self, dn: &str, mut attributes: Attributes) -> Result<(), Said> {
        let Some(name) = Dn::parse(dn) else { return no(34, "invalid DN") };
        if self.entries.iter().any(|entry| key(&entry.dn) == name) {
            return no(68, if self.ad { "00002071: UpdErr: DSID-0" } else { "" });
        }
        let parent = name.parent().unwrap();
        if !self.entries.iter().any(|entry| key(&entry.dn) == parent) {
            return no(32, "");
        }
        if self.ad {
            self.add_ad(dn, &mut attributes)?;
        }
        self.fits(dn, &attributes)?;
        if let Some(change) = self.own_mind {
            change(&mut attributes);
        }
        self.insert(dn, attributes);
        self.log.push(format!("add {dn}"));
        Ok(())
    }

    fn add_ad(&mut self, dn: &str, attributes: &mut Attributes) -> Result<(), Said> {
        let name = values(attributes, "sAMAccountName").first().cloned().unwrap_or_default();
        if self.entries.iter().any(|entry| !name.is_empty() && has(&entry.attributes, "sAMAccountName", &name)) {
            return no(68, "00002071: samldb: account name in use");
        }
        let at = attributes.iter().position(|(name, _)| name == "unicodePwd");
        let password = at.map(|at| attributes.remove(at).1.remove(0));
        if values(attributes, "userAccountControl") == [b"512"] && password.is_none() {
            return no(53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0");
        }
        if let Some(password) = password {
            self.passwords.insert(dn.to_owned(), quoted(&password)?);
        }
        Ok(())
    }

    /// Refuses an entry that its classes and its name do not allow.
    fn fits(&self, dn: &str, attributes: &Attributes) -> Result<(), Said> {
        for (at, (name, all)) in attributes.iter().enumerate() {
            if name.starts_with("unknown") {
                return no(17, format!("{name}: attribute type undefined"));
            }
            if attributes[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) || all.is_empty() {
                return no(20, format!("{name}: no values, or given twice"));
            }
            for (at, value) in all.iter().enumerate() {
                if value.is_empty() {
                    return no(21, format!("{name}: value #{at} invalid per syntax"));
                }
                if all[..at].iter().any(|other| other.eq_ignore_ascii_case(value)) {
                    return no(20, format!("{name}: value #{at} provided more than once"));
                }
            }
        }
        let needs = |class: &str, name: &str| {
            let lacks = has(attributes, "objectClass", class.as_bytes()) && values(attributes, name).is_empty();
            if lacks { no(65, format!("object class '{class}' requires attribute '{name}'")) } else { Ok(()) }
        };
        if values(attributes, "objectClass").is_empty() {
            return no(65, "no objectClass attribute");
        }
        for (class, name) in
            [("inetOrgPerson", "cn"), ("inetOrgPerson", "sn"), ("groupOfNames", "member"), ("organizationalUnit", "ou")]
        {
            needs(class, name)?;
        }
        let (attribute, _) = dn.split_once('=').unwrap();
        // A server puts the value of the name into an entry; OpenLDAP wants it there.
        let named = values(attributes, attribute).iter().any(|value| {
            let rdn = rosterd_plugin_ldap::destination::name::rdn(attribute, &String::from_utf8_lossy(value));
            key(&rdn) == key(dn.get(..first(dn)).unwrap())
        });
        if named || self.ad {
            Ok(())
        } else {
            no(64, format!("value of naming attribute '{attribute}' is not present in entry"))
        }
    }

    pub(crate) fn modify(
        &mut self,
        dn: &str,
        changes: &[(How, String, Vec<Vec<u8>>)],
        permissive: bool,
    ) -> Result<(), Said> {
        let wanted = key(dn);
        let Some(at) = self.entries.iter().position(|entry| key(&entry.dn) == wanted) else { return no(32, "") };
        let mut entry = self.entries[at].clone();
        for (how, name, new) in changes {
            if OPERATIONAL.contains(&name.as_str()) {
                return no(19, format!("{name}: no user modification allowed"));
            }
            if self.ad && name == "unicodePwd" {
                self.passwords.insert(entry.dn.clone(), quoted(&new[0])?);
                continue;
            }
            let named = entry.dn.split_once('=').is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
            if self.ad && named {
                return no(67, "00002016: NOT_ALLOWED_ON_RDN");
            }
            if !entry.attributes.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                entry.attributes.push((name.clone(), Vec::new()));
            }
            let own = entry.attributes.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)).unwrap();
            match how {
                How::Replace => own.1.clone_from(new),
                How::Add => {
                    for value in new {
                        let there = own.1.iter().any(|own| own.eq_ignore_ascii_case(value));
                        if there && !permissive {
                            return if self.ad {
                                no(68, "00000562: UpdErr: DSID-1")
                            } else {
                                no(20, format!("modify/add: {name}: value #0 already exists"))
                            };
                        }
                        if !there {
                            own.1.push(value.clone());
                        }
                    }
                }
                How::Delete => {
                    for value in new {
                        let at = own.1.iter().position(|own| own.eq_ignore_ascii_case(value));
                        match at {
                            Some(at) => _ = own.1.remove(at),
                            // OpenLDAP takes this from nobody, whatever the control says.
                            None if permissive && self.ad => {}
                            None if self.ad => return no(53, "00000561: SvcErr: DSID-2"),
                            None => return no(16, format!("modify/delete: {name}: no such value")),
                        }
                    }
                }
            }
            entry.attributes.retain(|(_, values)| !values.is_empty());
        }
        self.fits(&entry.dn, &entry.attributes)?;
        self.entries[at] = entry;
        let names: Vec<String> =
            changes.iter().map(|(how, name, values)| format!("{how:?} {name} {}", values.len())).collect();
        self.log.push(format!("modify {dn}: {}", names.join(", ")));
        Ok(())
    }

    pub(crate) fn rename(&mut self, dn: &str, rdn: &str, superior: Option<&str>) -> Result<(), Said> {
        let wanted = key(dn);
        let Some(at) = self.entries.iter().position(|entry| key(&entry.dn) == wanted) else { return no(32, "") };
        let old = self.entries[at].dn.clone();
        let above = superior.map_or_else(|| old[first(&old) + 1..].to_owned(), str::to_owned);
        if self.at(&above).is_none() {
            return no(32, "new superior");
        }
        let new = format!("{rdn},{above}");
        if self.entries.iter().enumerate().any(|(other, entry)| other != at && key(&entry.dn) == key(&new)) {
            return no(68, "");
        }
        assert!(!key(&above).is_within(&wanted), "an entry below itself");
        let naming = rosterd_plugin_ldap::destination::change::naming;
        let ((attribute, gone), (_, value)) = (naming(&old).unwrap(), naming(&new).unwrap());
        let entry = &mut self.entries[at];
        let own = entry.attributes.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(&attribute)).unwrap();
        own.1.retain(|value| !value.eq_ignore_ascii_case(gone.as_bytes()));
        if !own.1.contains(&value.clone().into_bytes()) {
            own.1.push(value.into_bytes());
        }
        for entry in &mut self.entries {
            if key(&entry.dn).is_within(&wanted) {
                let head = entry.dn.len() - old.len();
                entry.dn = format!("{}{new}", &entry.dn[..head]);
            }
        }
        self.log.push(format!("rename {dn} to {new}"));
        Ok(())
    }

    pub(crate) fn delete(&mut self, dn: &str) -> Result<(), Said> {
        let wanted = key(dn);
        let Some(at) = self.entries.iter().position(|entry| key(&entry.dn) == wanted) else { return no(32, "") };
        if self.entries.iter().any(|entry| key(&entry.dn).parent().as_ref() == Some(&wanted)) {
            return no(66, "subordinate objects must be deleted first");
        }
        self.entries.remove(at);
        self.log.push(format!("delete {dn}"));
        Ok(())
    }

    pub(crate) fn password(&mut self, dn: &str, password: &[u8]) -> Result<(), Said> {
        if self.at(dn).is_none() {
            return no(32, "");
        }
        self.passwords.insert(dn.to_owned(), password.to_vec());
        self.log.push(format!("password {dn}"));
        Ok(())
    }

    pub(crate) fn search(&self, base: &str, subtree: bool, filter: &[u8]) -> Result<Vec<&Stored>, Said> {
        let top = match base.strip_prefix("<GUID=").and_then(|id| id.strip_suffix('>')) {
            Some(id) => {
                let bytes = rosterd_plugin_ldap::values::guid_bytes(id).map(Vec::from);
                let same = |entry: &&Stored| Some(&values(&entry.attributes, "objectGUID")[0]) == bytes.as_ref();
                self.entries.iter().find(same)
            }
            None => self.at(base),
        };
        let Some(top) = top else { return Err((32, String::new())) };
        let top = key(&top.dn);
        let within = |entry: &&Stored| if subtree { key(&entry.dn).is_within(&top) } else { key(&entry.dn) == top };
        Ok(self.entries.iter().filter(within).filter(|entry| matches(filter, &entry.attributes)).collect())
    }
}

/// Where the first part of a name ends.
fn first(dn: &str) -> usize {
    rosterd_plugin_ldap::destination::name::parts(dn).map_or(dn.len(), |(first, _)| first.len())
}

/// The password in the form that Active Directory wants.
fn quoted(bytes: &[u8]) -> Result<Vec<u8>, Said> {
    let units: Vec<u16> = bytes.chunks(2).map(|two| u16::from_le_bytes([two[0], *two.get(1).unwrap_or(&0)])).collect();
    let text = String::from_utf16(&units).unwrap_or_default();
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.map(|text| text.as_bytes().to_vec()).ok_or((53, "0000001F: SvcErr: DSID-3".to_owned()))
}
