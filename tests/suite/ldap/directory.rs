//! People, org units and groups in one form, from the hub and from what `ldapsearch` prints.

use super::ldif;
use super::samba::Samba;
use super::slapd::Slapd;
use super::{domain, ldif::Printed};
use rosterd_model::{Attributes, Class, Lifecycle, Value};
use rosterd_store::Store;
use rosterd_store::prelude::*;
use rosterd_tests::hub::Hub;
use std::collections::{BTreeMap, BTreeSet};

/// Differences in a message.
const MOST: usize = 10;
const CLASSES: [Class; 3] = [Class::Account, Class::OrgUnit, Class::Group];
/// What is compared of each class.
const FIELDS: [&[&str]; 3] = [
    &["userName", "displayName", "employeeNumber", "title", "manager", "orgUnit", "active", "endDate"],
    &["displayName", "parent"],
    &["displayName", "members"],
];

/// By class and id: names and values of what is compared.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Directory(BTreeMap<(String, String), BTreeMap<String, String>>);

/// What a kind of server calls things: the id; for each class its filter, and attributes there and here. References are told
/// by ids.
struct Kind {
    id: &'static str,
    classes: [(&'static str, &'static [(&'static str, &'static str)]); 3],
}

const OPENLDAP: Kind = Kind {
    id: "entryUUID",
    classes: [
        (
            "(objectClass=inetOrgPerson)",
            &[
                ("uid", "userName"),
                ("displayName", "displayName"),
                ("employeeNumber", "employeeNumber"),
                ("title", "title"),
                ("manager", "manager"),
                ("..", "orgUnit"),
            ],
        ),
        ("(objectClass=organizationalUnit)", &[("ou", "displayName"), ("..", "parent")]),
        ("(objectClass=groupOfNames)", &[("cn", "displayName"), ("member", "members")]),
    ],
};

const ACTIVE_DIRECTORY: Kind = Kind {
    id: "objectGUID",
    classes: [
        (
            "(&(objectCategory=person)(objectClass=user))",
            &[
                ("sAMAccountName", "userName"),
                ("displayName", "displayName"),
                ("employeeNumber", "employeeNumber"),
                ("title", "title"),
                ("manager", "manager"),
                ("..", "orgUnit"),
                ("userAccountControl", "active"),
                ("accountExpires", "endDate"),
            ],
        ),
        ("(objectClass=organizationalUnit)", &[("ou", "displayName"), ("..", "parent")]),
        ("(objectClass=group)", &[("cn", "displayName"), ("member", "members")]),
    ],
};

impl Directory {
    /// What the hub keeps and has not removed.
    pub(super) fn of_hub(hub: &Hub) -> Self {
        let mut found = Self::default();
        // A run that failed may leave the store for the next command to repair, which a reader does not.
        drop(hub.rosterd(&["account", "list", "--limit", "1"]).code(0));
        let store = Store::open_read_only(&hub.path("data/hub.redb"), 16 << 20).expect("the store opens");
        let snapshot = store.snapshot().expect("the store can be read");
        let number = snapshot.connection_number(&"ldap".parse().expect("a name")).expect("readable").expect("known");
        for (class, names) in CLASSES.into_iter().zip(FIELDS) {
            for head in snapshot.shadow_heads(number, class).expect("readable") {
                let (id, head) = head.expect("readable");
                let link = snapshot.link(number, class, head.ordinal).expect("readable");
                let Some(link) = link.filter(|link| link.live) else { continue };
                let entity = snapshot.entity(class, link.entity).expect("readable").expect("linked");
                // Who left is disabled before he is removed.
                if entity.lifecycle.is_living() && !matches!(entity.lifecycle, Lifecycle::Disabled { .. }) {
                    let fields = names.iter().filter_map(|name| field(&entity.attributes, name)).collect();
                    found.0.insert((class.as_str().to_owned(), id.as_str().to_owned()), fields);
                }
            }
        }
        found.only_those_who_are_there();
        found
    }

    /// Leaves out references to whoever is gone: a server forgets them at once, without a word about those who referred to him.
    fn only_those_who_are_there(&mut self) {
        let ids: BTreeSet<String> = self.0.keys().map(|(_, id)| id.clone()).collect();
        for fields in self.0.values_mut() {
            for name in ["members", "manager"] {
                let Some(named) = fields.remove(name) else { continue };
                let there: Vec<&str> = named.split(' ').filter(|id| ids.contains(*id)).collect();
                if !there.is_empty() {
                    fields.insert(name.to_owned(), there.join(" "));
                }
            }
        }
    }

    /// What a slapd shows to somebody who may see everything.
    pub(super) fn of_ldapsearch(slapd: &Slapd) -> Self {
        Self::printed(&OPENLDAP, |filter, asked| slapd.ldapsearch(filter, asked))
    }

    /// What a domain controller shows to somebody who may see everything.
    pub(super) fn of_domain(samba: &Samba) -> Self {
        Self::printed(&ACTIVE_DIRECTORY, |filter, asked| samba.ldapsearch(domain::BASE, filter, asked))
    }

    fn printed(kind: &Kind, search: impl Fn(&str, &[&str]) -> String) -> Self {
        let mut printed = Vec::new();
        for (class, (filter, names)) in CLASSES.into_iter().zip(kind.classes) {
            let mut asked = vec![kind.id];
            asked.extend(names.iter().map(|(there, _)| *there).filter(|there| *there != ".."));
            let entries = ldif::read(&search(filter, &asked));
            printed.extend(entries.into_iter().map(|entry| (class, names, entry)));
        }
        let id = |entry: &Printed| match kind.id {
            "objectGUID" => guid(&entry[kind.id][0]),
            name => text(&entry[name][0]),
        };
        let ids: BTreeMap<String, String> =
            printed.iter().map(|(_, _, entry)| (ldif::respelled(&text(&entry["dn"][0])), id(entry))).collect();
        let mut found = Self::default();
        for (class, names, entry) in &printed {
            let mut fields = BTreeMap::new();
            for (there, here) in *names {
                let said: Vec<String> =
                    entry.get(*there).map_or(Vec::new(), |values| values.iter().map(|value| text(value)).collect());
                let id_of = |dn: &String| ids.get(&ldif::respelled(dn)).cloned();
                let mut values: Vec<String> = match *there {
                    ".." => id_of(&ldif::above(&text(&entry["dn"][0])).to_owned()).into_iter().collect(),
                    "manager" | "member" => said.iter().filter_map(id_of).collect(),
                    "userAccountControl" => said.iter().map(|mask| enabled(mask)).collect(),
                    "accountExpires" => said.iter().filter_map(|ticks| end(ticks)).collect(),
                    _ => said,
                };
                values.sort_unstable();
                if !values.is_empty() {
                    fields.insert((*here).to_owned(), values.join(" "));
                }
            }
            found.0.insert((class.as_str().to_owned(), id(entry)), fields);
        }
        found
    }

    /// How many people, org units and groups there are.
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        let count = |class: Class| self.0.keys().filter(|(own, _)| own == class.as_str()).count();
        let [people, units, groups] = CLASSES.map(count);
        (people, units, groups)
    }

    /// The id of whom the server calls so.
    pub(super) fn id(&self, name: &str) -> String {
        let called = |fields: &BTreeMap<String, String>| {
            ["userName", "displayName"].iter().any(|field| fields.get(*field).is_some_and(|own| own == name))
        };
        let found = self.0.iter().find(|(_, fields)| called(fields));
        found.unwrap_or_else(|| panic!("nobody is called {name}")).0.1.clone()
    }

    /// The same without somebody.
    pub(super) fn without(mut self, id: &str) -> Self {
        self.0.retain(|(_, own), _| own != id);
        self.only_those_who_are_there();
        self
    }

    /// Both know the same.
    #[track_caller]
    pub(super) fn assert_equals(&self, other: &Self) {
        self.assert_equals_after("everything", other);
    }

    /// Both know the same after something.
    #[track_caller]
    pub(super) fn assert_equals_after(&self, what: &str, other: &Self) {
        let ids = self.0.keys().chain(other.0.keys().filter(|id| !self.0.contains_key(*id)));
        let different = ids.filter(|id| self.0.get(*id) != other.0.get(*id));
        let texts: Vec<String> =
            different.take(MOST).map(|id| format!("{id:?}: {:?}\n  {:?}", self.0.get(id), other.0.get(id))).collect();
        assert!(texts.is_empty(), "hub and server differ after {what}:\n{}", texts.join("\n"));
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8(value.to_vec()).expect("UTF-8")
}

/// An id of Active Directory as people write it: of its five parts the first three are written from behind.
fn guid(bytes: &[u8]) -> String {
    let part = |from: usize, to: usize, behind: bool| -> String {
        let mut bytes: Vec<u8> = bytes[from..to].to_vec();
        if behind {
            bytes.reverse();
        }
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    [part(0, 4, true), part(4, 6, true), part(6, 8, true), part(8, 10, false), part(10, 16, false)].join("-")
}

/// Whether an account is enabled, by its mask.
fn enabled(mask: &str) -> String {
    (mask.parse::<u32>().expect("a number") & 2 == 0).to_string()
}

/// The day on which an account ends.
fn end(ticks: &str) -> Option<String> {
    domain::ENDS.iter().find(|(own, _)| *own == ticks).map(|(_, day)| format!("{day}T00:00:00Z"))
}

fn field(said: &Attributes, name: &str) -> Option<(String, String)> {
    let one = |value: &Value| match value {
        Value::Reference { id, .. } => id.as_str().to_owned(),
        Value::Text(text) => text.to_string(),
        Value::Bool(yes) => yes.to_string(),
        other => format!("{other:?}"),
    };
    let text = match said.get(name)? {
        Value::List(values) if values.is_empty() => return None,
        Value::List(values) => {
            let mut texts: Vec<String> = values.iter().map(one).collect();
            texts.sort_unstable();
            texts.join(" ")
        }
        Value::Null => return None,
        value => one(value),
    };
    Some((name.to_owned(), text))
}
