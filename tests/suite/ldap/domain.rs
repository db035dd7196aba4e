//! A domain of Active Directory as LDIF: people in nested org units with managers, groups in groups; names of several scripts,
//! and of signs that mean something in a DN.

use super::company::escaped;
use super::samba::DOMAIN;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// Where everybody is of whom the hub is told.
pub(super) const BASE: &str = "OU=Firma,DC=ad,DC=test";
/// When accounts end: as the server writes it, and the day.
pub(super) const ENDS: [(&str, &str); 2] = [("157469184000000000", "2100-01-01"), ("149580864000000000", "2075-01-02")];
/// What the server writes for accounts that do not end.
const NEVER: [&str; 2] = ["0", "9223372036854775807"];

/// One entry or one change. All values go in base64, which every reader of LDIF takes.
fn lines(ldif: &mut String, dn: &str, lines: &[(&str, &str)]) {
    // Writing to a String can not fail.
    let _ = writeln!(ldif, "dn:: {}", STANDARD.encode(dn));
    for (name, value) in lines {
        let _ = match *name {
            // These are words of LDIF, and no attributes.
            "changetype" | "add" | "replace" => writeln!(ldif, "{name}: {value}"),
            name => writeln!(ldif, "{name}:: {}", STANDARD.encode(value)),
        };
    }
    ldif.push('\n');
}

/// The DN of an org unit: each but the first three is in one before it.
pub(super) fn unit(number: usize) -> String {
    let above = if number == 0 { BASE.to_owned() } else { unit((number - 1) / 3) };
    format!("OU={},{above}", escaped(&unit_name(number)))
}

fn unit_name(number: usize) -> String {
    match number % 4 {
        0 => format!("研发 {number}"),
        1 => format!("R&D, East + West {number}"),
        2 => format!("Vertrieb Köln {number}"),
        _ => format!("#{number} \"Ops\""),
    }
}

fn name(number: usize) -> String {
    match number % 5 {
        0 => format!("李华 {number}"),
        1 => format!("Müller, Zoë {number}"),
        2 => format!("O'Brien + Söhne {number}"),
        3 => format!("#{number} \\ \"Quote\" <x>;"),
        _ => format!("王小明{number}"),
    }
}

/// The DN of a person.
pub(super) fn person(number: usize, units: usize) -> String {
    format!("CN={},{}", escaped(&name(number)), unit(number % units))
}

/// The DN of a group.
pub(super) fn group(number: usize) -> String {
    format!("CN={},{BASE}", escaped(&group_name(number)))
}

fn group_name(number: usize) -> String {
    format!("组 {number}, all")
}

/// The account that reads.
pub(super) fn account() -> String {
    let password = STANDARD
        .encode(format!("\"{}\"", super::PASSWORD).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    format!(
        "dn: CN=sync,CN=Users,{DOMAIN}\nobjectClass: user\nsAMAccountName: sync\nuserPrincipalName: \
         sync@ad.test\nuserAccountControl: 512\nunicodePwd:: {password}\n\n"
    )
}

/// So many people in so many org units (the base is one), a group for every fifty of them, and the account that reads.
pub(super) fn ldif(people: usize, units: usize) -> String {
    let mut ldif = account();
    lines(&mut ldif, BASE, &[("objectClass", "organizationalUnit"), ("ou", "Firma")]);
    let units = units - 1;
    for number in 0..units {
        lines(&mut ldif, &unit(number), &[("objectClass", "organizationalUnit")]);
    }
    for number in 0..people {
        let (sam, display, no) = (format!("u{number:05}"), name(number), format!("{number:06}"));
        let mail = format!("{sam}@example.org");
        let ends = match number % 7 {
            3 => Some(ENDS[number % 2].0),
            5 => Some(NEVER[number % 2]),
            _ => None,
        };
        // One in six is disabled.
        let control = if number % 6 == 1 { "514" } else { "512" };
        let mut all = vec![
            ("objectClass", "user"),
            ("sAMAccountName", sam.as_str()),
            ("displayName", display.as_str()),
            ("sn", display.as_str()),
            ("employeeNumber", no.as_str()),
            ("mail", mail.as_str()),
            ("userAccountControl", control),
        ];
        all.extend(ends.map(|ends| ("accountExpires", ends)));
        if number % 4 == 0 {
            all.extend([("title", "工程师"), ("otherTelephone", "+49 1"), ("otherTelephone", "+86 2")]);
        }
        lines(&mut ldif, &person(number, units), &all);
    }
    // The server refuses references to nobody. One in ten has a manager who is not read.
    for number in 0..people {
        let outside = format!("CN=Administrator,CN=Users,{DOMAIN}");
        let manager = if number % 10 == 9 { outside } else { person((number * 7 + 3) % people, units) };
        let change = [("changetype", "modify"), ("replace", "manager"), ("manager", manager.as_str())];
        lines(&mut ldif, &person(number, units), &change);
    }
    for number in 0..people / 50 {
        let sam = format!("g{number:03}");
        let mut members: Vec<String> = (0..25).map(|at| person((number * 50 + at * 2) % people, units)).collect();
        // Groups in groups, and a member who is not read.
        members.extend((number > 0).then(|| group(number - 1)));
        members.push(format!("CN=Guest,CN=Users,{DOMAIN}"));
        let mut all = vec![("objectClass", "group"), ("sAMAccountName", sam.as_str())];
        all.extend(members.iter().map(|member| ("member", member.as_str())));
        lines(&mut ldif, &group(number), &all);
    }
    ldif
}
