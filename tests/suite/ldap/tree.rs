//! What is below an entry, in one form for all kinds of servers: people by their numbers, org units and groups by their names,
//! and whom they refer to by the same. So what went from one server into another one can be compared, as `ldapsearch` shows it.

use super::ldif::{self, above};
use super::samba::Samba;
use super::slapd::Slapd;
use std::collections::{BTreeMap, BTreeSet};

/// Names and values of what is compared, by number of the person or name of the unit or group.
pub(super) type Tree = BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>>;

/// An entry, whose values are all texts.
pub(super) type Printed = BTreeMap<String, Vec<String>>;

/// What a kind of server calls things.
pub(super) struct Kind {
    people: &'static str,
    groups: &'static str,
    login: &'static str,
}

pub(super) const OPENLDAP: Kind =
    Kind { people: "(objectClass=inetOrgPerson)", groups: "(objectClass=groupOfNames)", login: "uid" };
pub(super) const ACTIVE_DIRECTORY: Kind = Kind {
    people: "(&(objectCategory=person)(objectClass=user))",
    groups: "(objectClass=group)",
    login: "sAMAccountName",
};

/// Entries of LDIF whose values are all texts.
pub(super) fn read(text: &str) -> Vec<Printed> {
    let texts =
        |values: Vec<Vec<u8>>| values.into_iter().map(|value| String::from_utf8(value).expect("UTF-8")).collect();
    let entry = |(name, values)| (name, texts(values));
    ldif::read(text).into_iter().map(|found| found.into_iter().map(entry).collect()).collect()
}

/// The first value; empty if there is none.
pub(super) fn first(entry: &Printed, name: &str) -> String {
    entry.get(name).map(|values| values[0].clone()).unwrap_or_default()
}

/// What is below an entry of a slapd.
pub(super) fn of_slapd(slapd: &Slapd, base: &str) -> Tree {
    of(base, &OPENLDAP, |filter, names| slapd.ldapsearch_below(base, filter, names))
}

/// What is below an entry of a domain.
pub(super) fn of_domain(samba: &Samba, base: &str) -> Tree {
    of(base, &ACTIVE_DIRECTORY, |filter, names| samba.ldapsearch(base, filter, names))
}

fn of(base: &str, kind: &Kind, search: impl Fn(&str, &[&str]) -> String) -> Tree {
    let search = |filter: &str, names: &[&str]| read(&search(filter, names));
    let dn = |entry: &Printed| ldif::respelled(&first(entry, "dn"));
    let mut units = search("(objectClass=organizationalUnit)", &["ou"]);
    // The top of a tree has a name of its own, and so has that of the company, which goes out like all others.
    units.retain(|unit| first(unit, "dn") != base && first(unit, "ou") != "people");
    let names: BTreeMap<String, String> = units.iter().map(|unit| (dn(unit), first(unit, "ou"))).collect();
    let place = |dn: &str| {
        let around = std::iter::successors(Some(above(dn)), |dn| Some(above(dn)));
        around.map_while(|dn| names.get(dn)).map(String::as_str).collect::<Vec<_>>().join(" < ")
    };
    let people = search(kind.people, &[kind.login, "displayName", "employeeNumber", "title", "manager"]);
    let groups = search(kind.groups, &["cn", "member"]);
    let numbered = people.iter().map(|one| (dn(one), first(one, "employeeNumber")));
    let numbers: BTreeMap<String, String> =
        numbered.chain(groups.iter().map(|one| (dn(one), first(one, "cn")))).collect();
    let referred = |entry: &Printed, name: &str| -> BTreeSet<String> {
        let values = entry.get(name).into_iter().flatten().map(|value| ldif::respelled(value));
        values.filter(|value| *value != dn(entry)).filter_map(|value| numbers.get(&value).cloned()).collect()
    };
    let one = |value: String| BTreeSet::from([value]);
    let mut tree = Tree::new();
    for unit in &units {
        tree.insert(format!("unit {}", first(unit, "ou")), BTreeMap::from([("in", one(place(&dn(unit))))]));
    }
    for person in &people {
        let own = BTreeMap::from([
            ("in", one(place(&dn(person)))),
            ("manager", referred(person, "manager")),
            ("login", one(first(person, kind.login))),
            ("displayName", one(first(person, "displayName"))),
            ("title", one(first(person, "title"))),
        ]);
        tree.insert(format!("person {}", first(person, "employeeNumber")), own);
    }
    for group in &groups {
        tree.insert(format!("group {}", first(group, "cn")), BTreeMap::from([("member", referred(group, "member"))]));
    }
    tree
}

/// Both are the same; `waiting` says what was not done yet.
#[track_caller]
pub(super) fn assert_same(there: &Tree, wanted: &Tree, waiting: &str) {
    for name in wanted.keys().chain(there.keys()) {
        assert_eq!(there.get(name), wanted.get(name), "{name}; {waiting}");
    }
}

/// One change as `ldapmodify` reads it.
pub(super) fn change(dn: &str, what: &str) -> String {
    format!("dn:: {}\n{what}\n\n", coded(dn))
}

/// A value in base64.
pub(super) fn coded(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
