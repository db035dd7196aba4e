//! People, org units and groups in one form, from the hub and from what `ldapsearch` prints.

use super::slapd::Slapd;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rosterd_model::{Attributes, Class, Lifecycle, Value};
use rosterd_store::Store;
use rosterd_store::prelude::*;
use rosterd_tests::hub::Hub;
use std::collections::BTreeMap;

/// Differences in a message.
const MOST: usize = 10;
const CLASSES: [Class; 3] = [Class::Account, Class::OrgUnit, Class::Group];

/// By class and id: names and values of what is compared.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Directory(BTreeMap<(String, String), BTreeMap<String, String>>);

/// What is compared: the class, its filter, attributes there and here; references are told by ids.
type Compared = (Class, &'static str, &'static [(&'static str, &'static str)]);

const COMPARED: [Compared; 3] = [
    (
        Class::Account,
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
    (Class::OrgUnit, "(objectClass=organizationalUnit)", &[("ou", "displayName"), ("..", "parent")]),
    (Class::Group, "(objectClass=groupOfNames)", &[("cn", "displayName"), ("member", "members")]),
];

/// An entry as `ldapsearch` prints it.
pub(super) type Printed = BTreeMap<String, Vec<String>>;

impl Directory {
    /// What the hub keeps and has not removed.
    pub(super) fn of_hub(hub: &Hub) -> Self {
        let mut found = Self::default();
        // A run that failed may leave the store for the next command to repair, which a reader does not.
        drop(hub.rosterd(&["account", "list", "--limit", "1"]).code(0));
        let store = Store::open_read_only(&hub.path("data/hub.redb"), 16 << 20).expect("the store opens");
        let snapshot = store.snapshot().expect("the store can be read");
        let number = snapshot.connection_number(&"ldap".parse().expect("a name")).expect("readable").expect("known");
        for (class, _, names) in COMPARED {
            for head in snapshot.shadow_heads(number, class).expect("readable") {
                let (id, head) = head.expect("readable");
                let Some(link) = snapshot.link(number, class, head.ordinal).expect("readable") else { continue };
                let entity = snapshot.entity(class, link.entity).expect("readable").expect("linked");
                if entity.lifecycle == Lifecycle::Active {
                    let fields = names.iter().filter_map(|(_, name)| field(&entity.attributes, name)).collect();
                    found.0.insert((class.as_str().to_owned(), id.as_str().to_owned()), fields);
                }
            }
        }
        found
    }

    /// What the server shows to somebody who may see everything.
    pub(super) fn of_ldapsearch(slapd: &Slapd) -> Self {
        let mut printed = Vec::new();
        for (class, filter, names) in COMPARED {
            let mut asked = vec!["entryUUID"];
            asked.extend(names.iter().map(|(there, _)| *there).filter(|there| *there != ".."));
            let entries = read(&slapd.ldapsearch(filter, &asked));
            printed.extend(entries.into_iter().map(|entry| (class, names, entry)));
        }
        let ids: BTreeMap<String, String> =
            printed.iter().map(|(_, _, entry)| (entry["dn"][0].clone(), entry["entryUUID"][0].clone())).collect();
        let mut found = Self::default();
        for (class, names, entry) in &printed {
            let mut fields = BTreeMap::new();
            for (there, here) in *names {
                let mut values = match *there {
                    ".." => vec![above(&entry["dn"][0]).to_owned()],
                    there => entry.get(there).cloned().unwrap_or_default(),
                };
                if ["..", "manager", "member"].contains(there) {
                    values = values.iter().filter_map(|dn| ids.get(&respelled(dn)).cloned()).collect();
                }
                values.sort_unstable();
                if !values.is_empty() {
                    fields.insert((*here).to_owned(), values.join(" "));
                }
            }
            found.0.insert((class.as_str().to_owned(), entry["entryUUID"][0].clone()), fields);
        }
        found
    }

    /// How many people, org units and groups there are.
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        let count = |class: Class| self.0.keys().filter(|(own, _)| own == class.as_str()).count();
        let [people, units, groups] = CLASSES.map(count);
        (people, units, groups)
    }

    /// Both know the same.
    #[track_caller]
    pub(super) fn assert_equals(&self, other: &Self) {
        let ids = self.0.keys().chain(other.0.keys().filter(|id| !self.0.contains_key(*id)));
        let different = ids.filter(|id| self.0.get(*id) != other.0.get(*id));
        let texts: Vec<String> =
            different.take(MOST).map(|id| format!("{id:?}: {:?}\n  {:?}", self.0.get(id), other.0.get(id))).collect();
        assert!(texts.is_empty(), "hub and server differ:\n{}", texts.join("\n"));
    }
}

fn field(said: &Attributes, name: &str) -> Option<(String, String)> {
    let one = |value: &Value| match value {
        Value::Reference { id, .. } => id.as_str().to_owned(),
        Value::Text(text) => text.to_string(),
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

/// A DN of the company as slapd spells names of entries: signs are escaped by their numbers. Values are shown as they came.
pub(super) fn respelled(dn: &str) -> String {
    let mut text = String::new();
    let mut rest = dn.chars();
    while let Some(c) = rest.next() {
        text.push(c);
        match rest.clone().next() {
            Some(sign) if c == '\\' && !sign.is_ascii_hexdigit() => {
                text.push_str(&format!("{:02X}", u32::from(sign)));
                let _ = rest.next();
            }
            _ => {}
        }
    }
    text
}

/// The DN above: behind the first comma that is not escaped.
pub(super) fn above(dn: &str) -> &str {
    let mut escaped = false;
    for (at, byte) in dn.bytes().enumerate() {
        match byte {
            b',' if !escaped => return &dn[at + 1..],
            b'\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    ""
}

/// Entries of LDIF.
pub(super) fn read(ldif: &str) -> Vec<Printed> {
    let entry = |text: &str| {
        let mut entry = Printed::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.split_once(':').expect("a line of LDIF");
            let value = match value.strip_prefix(':') {
                Some(coded) => String::from_utf8(STANDARD.decode(coded.trim()).expect("base64")).expect("UTF-8"),
                None => value.trim_start().to_owned(),
            };
            entry.entry(name.to_owned()).or_default().push(value);
        }
        entry
    };
    ldif.split("\n\n").filter(|text| !text.trim().is_empty()).map(entry).collect()
}
