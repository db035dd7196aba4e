//! Active Directory, by numbers of changes; and what every cursor is refused for.

use super::super::server::{Entry, entry};
use super::*;
use rosterd_plugin_ldap::values::guid_bytes;
use rosterd_sdk::{Change, DepartureCause};
use serde_json::{Value, json};

pub(super) const OF_GUID: &str = "00112233-4455-6677-8899-aabbccddee";

pub(super) fn id(last: u8) -> String {
    format!("{OF_GUID}{last:02x}")
}

pub(super) fn with_guid(mut entry: Entry, last: u8) -> Entry {
    entry.2.push(("objectGUID".to_owned(), vec![guid_bytes(&id(last)).unwrap().to_vec()]));
    entry
}

/// A domain: people, a group, one who was deleted.
pub(super) fn domain() -> Server {
    let user = |name: &str, usn: &str, last: u8| {
        let dn = format!("CN={name},OU=People,DC=x");
        with_guid(entry(&dn, "user", &[("sAMAccountName", &[name]), ("uSNChanged", &[usn])]), last)
    };
    let members: &[&str] = &["CN=one,OU=People,DC=x", "CN=two,OU=People,DC=x"];
    let mut server = Server::of(vec![
        with_guid(entry("OU=People,DC=x", "organizationalUnit", &[("ou", &["People"]), ("uSNChanged", &["10"])]), 1),
        user("one", "11", 2),
        user("two", "25", 3),
        with_guid(
            entry("CN=g,OU=People,DC=x", "group", &[("cn", &["g"]), ("member", members), ("uSNChanged", &["22"])]),
            4,
        ),
        with_guid(entry("CN=out,CN=Users,DC=x", "user", &[("uSNChanged", &["23"])]), 5),
        with_guid(
            entry(
                r"CN=old\0ADEL:6,CN=Deleted Objects,DC=x",
                "user",
                &[("isDeleted", &["TRUE"]), ("uSNChanged", &["24"])],
            ),
            6,
        ),
        with_guid(
            entry(
                r"CN=older\0ADEL:7,CN=Deleted Objects,DC=x",
                "user",
                &[("isDeleted", &["TRUE"]), ("uSNChanged", &["9"])],
            ),
            7,
        ),
        entry("CN=NTDS,DC=x", "nTDSDSA", &[("invocationId", &["life-1"])]),
    ]);
    server.root.push(("highestCommittedUSN", vec!["20".to_owned()]));
    server.root.push(("dsServiceName", vec!["CN=NTDS,DC=x".to_owned()]));
    server
}

#[expect(clippy::needless_pass_by_value, reason = "tests hand over what json! makes")]
pub(super) fn of_domain(server: Server, more: Value) -> World {
    let mut all = json!({ "preset": "active-directory", "base": "OU=People,DC=x", "delta": "auto" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world(server, all)
}

pub(super) fn set(server: &mut Server, name: &'static str, value: &str) {
    server.root.retain(|(own, _)| *own != name);
    server.root.push((name, vec![value.to_owned()]));
}

pub(super) fn gone(last: u8, cause: DepartureCause) -> Vec<Change> {
    ALL.map(|class| Change::gone(class, id(last), cause)).to_vec()
}

#[test]
fn numbers_of_changes() {
    let first = cursor(of_domain(domain(), json!({})));
    assert!(first.contains("\"usn\"") && first.contains("20"), "{first}");
    let mut server = domain();
    set(&mut server, "highestCommittedUSN", "30");
    let _world = of_domain(server, json!({})).enter();
    let (changes, end) = since(&first).unwrap();
    assert_eq!(end.complete, []);
    assert!(end.cursor.unwrap().contains("\"usn\":30"));
    let unit = refers("org-unit", &id(1));
    assert_eq!(
        object(&changes, Class::Account, &id(3)),
        json!({ "dn": "CN=two,OU=People,DC=x", "sAMAccountName": "two", "orgUnit": unit })
    );
    // The other one did not change; the list names him by his id nevertheless.
    let members = json!([refers("account", &id(2)), refers("account", &id(3))]);
    assert_eq!(object(&changes, Class::Group, &id(4))["member"], members);
    assert_eq!(changes[2..], [gone(5, DepartureCause::LeftScope), gone(6, DepartureCause::Deleted)].concat());
}

#[test]
fn a_cursor_of_numbers_is_for_one_life_of_one_server() {
    let first = cursor(of_domain(domain(), json!({})));
    let mut restored = domain();
    set(&mut restored, "highestCommittedUSN", "19");
    refused(of_domain(restored, json!({})), &first, "came back from a backup");
    let mut other = domain();
    let service = other.entries.pop().unwrap();
    other.entries.push((service.0, service.1, vec![("invocationId".to_owned(), vec![b"life-2".to_vec()])]));
    refused(of_domain(other, json!({})), &first, "another domain controller");
    let mut silent = domain();
    silent.entries.pop();
    refused(of_domain(silent, json!({})), &first, "does not say");
}

#[test]
fn a_cursor_of_other_settings_is_refused() {
    let first = cursor(of_domain(domain(), json!({})));
    for more in [
        json!({ "base": "DC=x" }),
        json!({ "bases": ["CN=Users,DC=x"] }),
        json!({ "user-filter": "(objectClass=user)" }),
        json!({ "attributes": ["pager"] }),
        json!({ "delta": "none" }),
        json!({ "delta": "dirsync" }),
        json!({ "preset": "openldap", "id-attribute": "objectGUID" }),
    ] {
        refused(of_domain(domain(), more), &first, "settings were changed");
    }
    for text in ["", "{}", "4711", r#"{"of":"x","at":{"rung":"usn"}}"#] {
        refused(of_domain(domain(), json!({})), text, "none of this connector");
    }
    let damaged =
        cursor(of_domain(super::dirsync::dirsync(vec![]), json!({}))).replace(r#""cookie":""#, r#""cookie":"x"#);
    refused(of_domain(super::dirsync::dirsync(vec![]), json!({})), &damaged, "damaged");
}
