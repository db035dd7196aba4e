//! A company as LDIF: people in nested org units with managers, groups; names of several scripts, and of signs that mean
//! something in a DN.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

const BASE: &str = "dc=example,dc=org";

/// One entry. All values go in base64, which every reader of LDIF takes.
pub(super) fn entry(ldif: &mut String, dn: &str, attributes: &[(&str, &str)]) {
    let line = |ldif: &mut String, name: &str, value: &str| {
        // Writing to a String can not fail.
        let _ = writeln!(ldif, "{name}:: {}", STANDARD.encode(value));
    };
    line(ldif, "dn", dn);
    for (name, value) in attributes {
        line(ldif, name, value);
    }
    ldif.push('\n');
}

/// A value as it stands in a DN.
pub(super) fn escaped(value: &str) -> String {
    let mut text = String::new();
    for (at, c) in value.chars().enumerate() {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') || (at == 0 && matches!(c, '#' | ' ')) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The DN of an org unit: each but the first is in one before it.
pub(super) fn unit(number: usize) -> String {
    let above = if number == 0 { format!("ou=people,{BASE}") } else { unit((number - 1) / 3) };
    format!("ou={},{above}", escaped(&unit_name(number)))
}

fn unit_name(number: usize) -> String {
    match number % 4 {
        0 => format!("研发 {number}"),
        1 => format!("R&D, East + West {number}"),
        2 => format!("Vertrieb Köln {number}"),
        _ => format!("#{number} \"Ops\""),
    }
}

/// The common name of a person.
fn name(number: usize) -> String {
    match number % 5 {
        0 => format!("李华 {number}"),
        1 => format!("Müller, Zoë {number}"),
        2 => format!("O'Brien + Söhne {number}"),
        3 => format!("#{number} \\ \"Quote\" <x>;"),
        _ => format!("王小明{number}"),
    }
}

pub(super) fn person(number: usize, units: usize) -> String {
    let (name, above) = (escaped(&name(number)), unit(number % units));
    match number % 3 {
        0 => format!("uid=u{number:05},{above}"),
        1 => format!("cn={name},{above}"),
        _ => format!("cn={name}+uid=u{number:05},{above}"),
    }
}

/// So many people in so many org units, a group for every fifty of them, and the account that reads.
pub(super) fn ldif(people: usize, units: usize) -> String {
    let mut ldif = String::new();
    let domain = [("objectClass", "dcObject"), ("objectClass", "organization"), ("dc", "example"), ("o", "Example")];
    entry(&mut ldif, BASE, &domain);
    let reader = [
        ("objectClass", "organizationalRole"),
        ("objectClass", "simpleSecurityObject"),
        ("cn", "sync"),
        ("userPassword", super::PASSWORD),
    ];
    entry(&mut ldif, &format!("cn=sync,{BASE}"), &reader);
    // The base, which is the first of the org units.
    entry(&mut ldif, &format!("ou=people,{BASE}"), &[("objectClass", "organizationalUnit"), ("ou", "people")]);
    for number in 0..units - 1 {
        entry(&mut ldif, &unit(number), &[("objectClass", "organizationalUnit"), ("ou", &unit_name(number))]);
    }
    let units = units - 1;
    for number in 0..people {
        let (uid, cn, no) = (format!("u{number:05}"), name(number), format!("{number:06}"));
        // One in ten has a manager who is nobody; all others somebody before or behind them.
        let manager =
            if number % 10 == 9 { format!("cn=nobody,{BASE}") } else { person((number * 7 + 3) % people, units) };
        let mail = [format!("{uid}@example.org"), format!("{uid}@example.com")];
        let mut all = vec![
            ("objectClass", "inetOrgPerson"),
            ("uid", &uid),
            ("cn", &cn),
            ("sn", &cn),
            ("displayName", &cn),
            ("employeeNumber", &no),
            ("mail", &mail[0]),
            ("manager", &manager),
            ("userPassword", "{SSHA}nobody-may-see-this"),
        ];
        if number % 4 == 0 {
            all.extend([("mail", mail[1].as_str()), ("title", "工程师")]);
        }
        entry(&mut ldif, &person(number, units), &all);
    }
    for group in 0..people / 50 {
        let (cn, dn) = (format!("组 {group}, all"), format!("cn=组 {group}\\, all,ou=people,{BASE}"));
        let members: Vec<String> = (0..25).map(|at| person((group * 50 + at * 3) % people, units)).collect();
        let mut all =
            vec![("objectClass", "groupOfNames"), ("cn", cn.as_str()), ("member", "cn=nobody,dc=example,dc=org")];
        all.extend(members.iter().map(|member| ("member", member.as_str())));
        entry(&mut ldif, &dn, &all);
    }
    ldif
}
