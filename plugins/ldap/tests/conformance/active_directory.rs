//! What Active Directory does otherwise.

use super::server::{Entry, entry};
use super::{Server, object, refers, rejected, scan, whole, world};
use rosterd_sdk::Class;
use serde_json::{Value, json};

fn with_guid(mut entry: Entry, last: u8) -> Entry {
    let guid = [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, last];
    entry.2.push(("objectGUID".to_owned(), vec![guid.to_vec()]));
    entry
}

fn server() -> Server {
    let user = |name: &str, control: &str, expires: &str| {
        let dn = format!("CN={name},OU=People,DC=x");
        entry(
            &dn,
            "user",
            &[("sAMAccountName", &[name]), ("userAccountControl", &[control]), ("accountExpires", &[expires])],
        )
    };
    Server::of(vec![
        with_guid(entry("OU=People,DC=x", "organizationalUnit", &[("ou", &["People"])]), 1),
        with_guid(user("on", "512", "9223372036854775807"), 2),
        with_guid(user("off", "514", "133536825600000000"), 3),
        with_guid(user("odd", "many", "0"), 4),
        with_guid(entry("CN=g,DC=x", "group", &[("member", &["CN=on,OU=People,DC=x"])]), 5),
        with_guid(
            entry("CN=big,DC=x", "group", &[("member", &[]), ("member;range=0-1", &["CN=on,OU=People,DC=x"])]),
            6,
        ),
        with_guid(entry("CN=all,DC=x", "group", &[("member;Range=0-*", &["CN=on,OU=People,DC=x"])]), 7),
    ])
}

#[test]
fn ids_flags_and_times_are_translated() {
    let _world = world(server(), json!({ "preset": "active-directory" })).enter();
    let (changes, _) = scan().unwrap();
    let id = |last: u8| format!("00112233-4455-6677-8899-aabbccddee{last:02x}");
    let unit = refers("org-unit", &id(1));
    let on = json!({ "dn": "CN=on,OU=People,DC=x", "sAMAccountName": "on", "orgUnit": unit, "disabled": false });
    assert_eq!(object(&changes, Class::Account, &id(2)), on);
    // What has no value says so: it may have had one.
    let empty = whole(&changes, Class::Account, &id(2));
    for name in ["accountExpires", "title", "manager"] {
        assert_eq!(empty.get(name), Some(&Value::Null), "{name}");
    }
    let off = object(&changes, Class::Account, &id(3));
    assert_eq!((&off["disabled"], &off["accountExpires"]), (&json!(true), &json!("2024-02-29T12:16:00Z")));
    let members = json!([refers("account", &id(2))]);
    assert_eq!(object(&changes, Class::Group, &id(5))["member"], members);
    assert_eq!(object(&changes, Class::Group, &id(7))["member"], members);
    // A part of the members is never taken for all of them.
    let [odd, big] = &rejected(&changes)[..] else { panic!("{changes:?}") };
    assert!(odd.1 == Some(id(4)) && odd.2.contains("userAccountControl is no number"), "{odd:?}");
    assert!(big.1 == Some(id(6)) && big.2.contains("a part of the values of member"), "{big:?}");
}
