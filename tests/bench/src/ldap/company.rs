//! A company as LDIF, of so many entries: people in org units, with managers who may come later, and groups.

use super::slapd::{PASSWORD, ROOT, SYNC};
use std::fmt::Write as _;

/// Where they are.
pub(super) const PEOPLE: &str = "ou=people,dc=example,dc=org";

/// What is above all entries that are counted: the root, and the account that reads.
pub(super) fn head() -> String {
    format!(
        "dn: {ROOT}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n\
         dn: {SYNC}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: sync\n\
         userPassword: {PASSWORD}\n\n"
    )
}

/// An org unit.
pub(super) fn unit(dn: &str, name: &str) -> String {
    format!("dn: {dn}\nobjectClass: organizationalUnit\nou: {name}\n\n")
}

/// How many org units and groups there are among so many entries.
fn parts(entries: usize) -> (usize, usize) {
    ((entries / 125).max(2), (entries / 500).max(1))
}

/// How many people there are among so many entries.
pub(super) fn people(entries: usize) -> usize {
    let (units, groups) = parts(entries);
    entries.saturating_sub(units + groups)
}

/// The name of a person's entry.
pub(super) fn person(number: usize, entries: usize) -> String {
    let (units, _) = parts(entries);
    format!("uid=u{number:06},{}", place(number % units))
}

/// The first is the base, and each other one is in one before it.
fn place(unit: usize) -> String {
    if unit == 0 { PEOPLE.to_owned() } else { format!("ou=unit {unit},{}", place((unit - 1) / 5)) }
}

/// Everything, with so many entries at and below the base.
pub(super) fn ldif(entries: usize) -> String {
    let (units, groups) = parts(entries);
    let people = people(entries);
    let mut ldif = head() + &unit(PEOPLE, "people");
    for number in 1..units {
        ldif += &unit(&place(number), &format!("unit {number}"));
    }
    for number in 0..people {
        let manager = person((number * 7 + 3) % people, entries);
        // Writing to a String can not fail.
        let _ = write!(
            ldif,
            "dn: {}\nobjectClass: inetOrgPerson\nuid: u{number:06}\ncn: Given{number} Family{number}\nsn: Family{number}\n\
             givenName: Given{number}\ndisplayName: Given{number} Family{number}\ntitle: Engineer {}\n\
             mail: u{number:06}@example.org\ntelephoneNumber: +49 30 {number:07}\nemployeeNumber: {number:07}\n\
             departmentNumber: {}\nmanager: {manager}\n\n",
            person(number, entries),
            number % 7,
            number % units,
        );
    }
    for group in 0..groups {
        let _ = write!(ldif, "dn: cn=group {group},{PEOPLE}\nobjectClass: groupOfNames\ncn: group {group}\n");
        for at in 0..25 {
            let _ = writeln!(ldif, "member: {}", person((group * 500 + at * 3) % people, entries));
        }
        ldif.push('\n');
    }
    ldif
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_entries_as_asked_for() {
        for entries in [100, 10_000] {
            let ldif = ldif(entries);
            let names = ldif.lines().filter(|line| line.starts_with("dn: ") && line.ends_with(PEOPLE)).count();
            assert_eq!(names, entries);
        }
    }
}
