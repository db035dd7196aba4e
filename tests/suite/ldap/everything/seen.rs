//! What a system holds of somebody, told by what each of them prints.

use super::super::tree::{Printed, first};
use base64::Engine as _;
use rosterd_tests::http::Client;
use serde_json::Value;

/// What a system holds of somebody, in words that all share: name, title, the last part of his place, name of his manager,
/// whether he may come in, and the groups that he is in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) manager: String,
    pub(super) active: bool,
    pub(super) groups: Vec<String>,
}

/// Systems that take groups; the others have none.
const GROUPED: [&str; 5] = ["Active Directory", "OpenLDAP", "SCIM", "callback", "fetch API"];

impl Seen {
    /// What one of the systems should hold.
    pub(super) fn at(&self, system: &str) -> Self {
        let groups = if GROUPED.contains(&system) { self.groups.clone() } else { Vec::new() };
        Self { groups, ..self.clone() }
    }

    /// In these groups.
    pub(super) fn inside(self, groups: &[&str]) -> Self {
        Self { groups: groups.iter().map(|name| (*name).to_owned()).collect(), ..self }
    }
}

/// Names of the groups that have somebody, sorted.
pub(super) fn groups_of(groups: &[Printed], dn: &str) -> Vec<String> {
    let has = |group: &&Printed| {
        group.get("member").is_some_and(|members| members.iter().any(|member| member.eq_ignore_ascii_case(dn)))
    };
    sorted(groups.iter().filter(has).map(|group| first(group, "cn")))
}

pub(super) fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

pub(super) fn seen(name: &str, title: &str, unit: &str, manager: &str) -> Seen {
    let text = str::to_owned;
    let (name, title, unit, manager) = (text(name), text(title), text(unit), text(manager));
    Seen { name, title, unit, manager, active: true, groups: Vec::new() }
}

/// Managers, by their numbers.
pub(super) const MANAGERS: [(&str, &str); 2] = [("1001", "Li Lei"), ("1002", "Han Meimei")];

/// A line of a file that has no quotes within its cells.
pub(super) fn cells(line: &str) -> Vec<String> {
    let (mut all, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut cell)),
            sign => cell.push(sign),
        }
    }
    all.push(cell);
    all
}

/// A password as the domain takes it, in base64.
pub(super) fn unicode(password: &str) -> String {
    let bytes: Vec<u8> = format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The name of a manager, by his number.
pub(super) fn name_of(number: &str) -> String {
    let found = MANAGERS.iter().find(|(own, _)| *own == number);
    found.map_or(number, |(_, name)| name).to_owned()
}

pub(super) fn last_part(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

pub(super) fn find<'a>(people: &'a [Printed], number: &str) -> Option<&'a Printed> {
    people.iter().find(|one| first(one, "employeeNumber") == number)
}

pub(super) fn of_directory(people: &[Printed], number: &str) -> Option<Seen> {
    let one = find(people, number)?;
    let manager = people.iter().find(|other| first(other, "dn").eq_ignore_ascii_case(&first(one, "manager")));
    let above = super::super::ldif::above(one["dn"][0].as_str());
    // The name of an org unit, as it is written in a DN.
    let unit = above.split_once('=').map_or("", |(_, rest)| rest);
    let unit = unit.replace("\\2C", ",").replace("\\,", ",");
    let unit = unit.split(",ou=").next().and_then(|unit| unit.split(",OU=").next()).unwrap_or_default().to_owned();
    Some(Seen {
        name: first(one, "displayName"),
        title: first(one, "title"),
        unit,
        manager: manager.map(|manager| first(manager, "displayName")).unwrap_or_default(),
        active: true,
        groups: Vec::new(),
    })
}

/// What an application fetches of somebody.
pub(super) fn of_hub(client: &Client, number: &str) -> Option<Seen> {
    let page = |class: &str| {
        let page = client.ask("GET", &format!("/hub/{class}?limit=500"), &Value::Null);
        assert_eq!(page.status, 200, "{page:?}");
        page.body["items"].as_array().cloned().unwrap_or_default()
    };
    let (people, units) = (page("accounts"), page("org-units"));
    let one = people.iter().find(|one| one["attributes"]["employeeNumber"] == number)?;
    let own = |name: &str| one["attributes"][name].as_str().unwrap_or_default().to_owned();
    let named = |all: &[Value], reference: &str| {
        let id = &one["attributes"][reference]["id"];
        let found = all.iter().find(|other| !id.is_null() && other["id"] == *id);
        found.and_then(|other| other["attributes"]["displayName"].as_str()).unwrap_or_default().to_owned()
    };
    let members = |group: &Value| {
        let id = group["id"].as_str().unwrap_or_default();
        let whole = client.ask("GET", &format!("/hub/groups/{id}"), &Value::Null);
        assert_eq!(whole.status, 200, "{whole:?}");
        whole.body["attributes"]["members"].as_array().cloned().unwrap_or_default()
    };
    let groups = page("groups");
    let inside = groups.iter().filter(|group| members(group).iter().any(|member| member["id"] == one["id"]));
    let called = |group: &Value| group["attributes"]["displayName"].as_str().unwrap_or_default().to_owned();
    Some(Seen {
        groups: sorted(inside.map(called)),
        name: own("displayName"),
        title: own("title"),
        unit: named(&units, "orgUnit"),
        manager: named(&people, "manager"),
        active: one["lifecycle"] == "active",
    })
}
