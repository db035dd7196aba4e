//! The ldap connector, given whatever a server or an operator may hand it.

use crate::input::{fields, text};
use rosterd_plugin_ldap::cursor::{self, Place};
use rosterd_plugin_ldap::dn::Dn;
use rosterd_plugin_ldap::schema::{Description, Schema};
use rosterd_plugin_ldap::{Ldap, ber, filter, message, ranges, settings::Settings, values};
use rosterd_reconcile::json_attributes;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Change, Class, Connector, ObjectRef, Reader, Source};
use serde_json::json;

/// A world in which each message is answered by the next of these, the last one from then on.
fn world(bytes: &[u8]) -> World {
    let answers: [&[u8]; 4] = fields(bytes);
    let answers = answers.map(<[u8]>::to_vec);
    let mut asked = 0;
    let settings = json!({ "server": "ldaps://dc", "base": "dc=x", "bind-dn": "cn=s", "attributes": ["x"] });
    World::new().settings(settings).secret("bind-password", "p").stream("dc", 636, move |_| {
        asked += 1;
        match asked {
            // The bind goes well: what comes behind it is of interest.
            1 => vec![0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0],
            _ => answers[(asked - 2).min(3)].clone(),
        }
    })
}

/// Any answers to the searches of a scan and of `check`, and bytes as one message.
pub fn ldap_answer(bytes: &[u8]) {
    if let Ok(Some(length)) = ber::length(bytes, 1 << 16) {
        assert!(length >= 2);
    }
    let _ = message::decode(bytes);
    let entered = world(bytes).enter();
    let Ok(mut connector) = open::<Ldap>() else { panic!("the settings are good") };
    if let Ok(mut reader) = connector.scan(&[Class::OrgUnit, Class::Account, Class::Group], None) {
        while let Ok(page) = reader.next(3) {
            for change in &page.changes {
                match change {
                    // The host refuses control characters and what is too long, with a reason.
                    Change::Upsert(object) => {
                        let _ = json_attributes(&object.attributes);
                        assert!(serde_json::from_str::<serde_json::Value>(&object.attributes).is_ok());
                        assert!(!object.id.is_empty());
                    }
                    Change::Rejected(rejection) => {
                        assert!(!rejection.message.is_empty() && rejection.raw.len() <= 4096);
                    }
                    Change::Amend(_) | Change::Gone(_) => panic!("a scan says neither"),
                }
            }
            if page.ended().is_some() {
                break;
            }
        }
    }
    drop(entered);
    let _world = world(bytes).enter();
    for probe in connector.check().unwrap_or_default() {
        assert!(probe.ok || probe.remedy.is_some());
    }
    if let Ok(found) = connector.discover() {
        assert!(serde_json::from_str::<serde_json::Value>(&found).is_ok());
    }
}

/// Descriptions of attributes and classes, one a line.
pub fn ldap_schema(bytes: &[u8]) {
    let given = text(bytes);
    let schema = Schema::new(given.lines(), given.lines(), given.lines());
    for (name, allowed) in schema.allowed(&["person", "top"]) {
        assert_eq!(name, allowed.name.to_ascii_lowercase());
    }
    for line in given.lines() {
        let read = Description::parse(line);
        // What is behind the last bracket counts for nothing, and without it there is no description.
        assert!(read.is_none() || line.contains(')'));
    }
}

/// A cursor, and any answers to what is asked from it on; the same for single objects and for groups in ranges.
pub fn ldap_changes(bytes: &[u8]) {
    let settings: Settings = serde_json::from_value(
        json!({ "server": "ldaps://dc", "base": "dc=x", "bind-dn": "cn=s", "attributes": ["x"] }),
    )
    .unwrap_or_else(|error| panic!("the settings are good: {error}"));
    let all = [Class::OrgUnit, Class::Account, Class::Group];
    let [given, ..]: [&[u8]; 4] = fields(bytes);
    if let Ok((place, server)) = Place::read(&text(given), &settings) {
        assert_eq!(Place::read(&place.write(&settings, &server), &settings).ok(), Some((place, server)));
    }
    let bare = [given, b"x"].map(cursor::hex);
    for place in [
        Place::Dirsync { cookie: bare[0].clone(), own: false },
        Place::Usn { usn: 0, server: String::new() },
        Place::Sync { cookies: vec![bare[0].clone(); 3] },
        Place::Timestamp { at: "20260101000000Z".to_owned() },
    ] {
        let _world = world(bytes).enter();
        let Ok(mut connector) = open::<Ldap>() else { panic!("the settings are good") };
        let Ok(mut reader) = connector.changes_since(&all, place.write(&settings, "dc:636")) else {
            panic!("the cursor is good")
        };
        while let Ok(page) = reader.next(3) {
            for change in &page.changes {
                if let Change::Upsert(object) = change {
                    assert!(serde_json::from_str::<serde_json::Value>(&object.attributes).is_ok());
                }
            }
            if let Some(end) = page.ended() {
                assert!(end.complete.is_empty(), "a delta says nothing about the rest");
                break;
            }
        }
    }
    let _world = world(bytes).enter();
    let Ok(mut connector) = open::<Ldap>() else { panic!("the settings are good") };
    let wanted = [ObjectRef { class: Class::Group, id: text(given) }];
    assert_eq!(connector.read(&wanted).len(), 1);
    let _ = ranges::range(&text(bytes));
    let _ = values::earlier(&text(bytes), 60);
    if let Some(guid) = values::guid_bytes(&text(bytes)) {
        assert_eq!(values::guid(&guid).as_deref(), Some(text(bytes).as_str()));
    }
}

/// A DN of an entry: its key is a name with itself as its key, and is within all that are above it.
pub fn ldap_name(bytes: &[u8]) {
    let Some(dn) = Dn::parse(&text(bytes)) else { return };
    assert_eq!(Dn::parse(dn.as_str()).as_ref(), Some(&dn));
    assert!(std::iter::successors(Some(dn.clone()), Dn::parent).all(|above| dn.is_within(&above)));
}

/// A filter of an operator.
pub fn ldap_filter(bytes: &[u8]) {
    if let Ok(filter) = filter::parse(&text(bytes)) {
        assert_eq!(ber::length(&filter, usize::MAX), Ok(Some(filter.len())), "one element");
    }
}

/// Settings of a connection, in which texts stand that no schema can check.
pub fn ldap_settings(bytes: &[u8]) {
    let [server, base, name, more] = crate::input::texts(bytes);
    let all = json!({ "server": server, "base": base, "bind-dn": name, "id-attribute": more, "attributes": [more], "user-filter": more });
    let Ok(settings) = serde_json::from_value::<Settings>(all) else { panic!("the shape is good") };
    match settings.check() {
        Ok(()) => {
            assert!(
                settings.places().is_ok_and(|all| all.iter().all(|place| place.port > 0 && !place.host.is_empty()))
            );
        }
        Err(fault) => assert!(fault.subject.is_some(), "{fault:?}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;
    use rosterd_plugin_ldap::ber::{element, integer};

    const NAMES: &[&str] = &[
        "cn", "=", ",", "+", "\\", "\\2c", "\"", "#", "04", " ", "李", "ß", "\\e6", "dc=x", "uid=a", ";", "é", "\u{0}",
    ];
    const FILTERS: &[&str] =
        &["(", ")", "&", "|", "!", "cn", "=", "*", "\\2a", "\\", ":", "dn", ":=", ">=", "~=", "(a=b)", "李"];
    const SCHEMAS: &[&str] = &[
        "(",
        ")",
        " ",
        "( ",
        " )",
        "$",
        "'",
        "\n",
        "( 1 NAME 'person' ",
        "NAME ",
        "'person' ",
        "'top' ",
        "SUP ",
        "person ",
        "top ",
        "MUST ",
        "MAY ",
        "AUX ",
        "SYNTAX ",
        "1.3.6.1.4.1.1466.115.121.1.40",
        "{",
        "SINGLE-VALUE ",
        "DESC ",
        "é",
    ];
    const SETTINGS: &[&str] =
        &["ldaps://", "ldap://", "dc", ":", "636", "[::1]", "/", "@", "99999", "dc=x", "(cn=a)", "cn", "userPassword"];

    /// Messages of a search that may be its answer.
    fn answer(id: i64, value: &[u8], cookie: &str) -> Vec<u8> {
        let attribute =
            |name: &str, value: &[u8]| element(0x30, [element(4, name), element(0x31, element(4, value))].concat());
        let all = [attribute("entryUUID", value), attribute("member", value), attribute("cn", value)].concat();
        let entry = element(0x64, [element(4, [b"cn=", value].concat()), element(0x30, all)].concat());
        let paged = element(4, element(0x30, [integer(2, 0), element(4, cookie)].concat()));
        let control = element(0xa0, element(0x30, [element(4, rosterd_plugin_ldap::control::PAGED), paged].concat()));
        let done = [integer(2, id), element(0x65, [10, 1, 0, 4, 0, 4, 0]), control].concat();
        [element(0x30, [integer(2, id), entry].concat()), element(0x30, done)].concat()
    }

    proptest! {
        #[test]
        fn answers(any in bytes(60), value in bytes(8), cookie in "[ab]?") {
            super::ldap_answer(&any);
            let answers: Vec<Vec<u8>> = (2..6).map(|id| answer(id, &value, if id == 2 { &cookie } else { "" })).collect();
            super::ldap_answer(&join(&answers));
            super::ldap_answer(&answers[0]);
        }

        #[test]
        fn changes(any in bytes(60), value in bytes(8), cookie in "[ab]?") {
            super::ldap_changes(&any);
            let answers: Vec<Vec<u8>> = (2..6).map(|id| answer(id, &value, if id == 2 { &cookie } else { "" })).collect();
            super::ldap_changes(&join(&answers));
            super::ldap_changes(&answers[0]);
        }

        #[test]
        fn names(text in words(NAMES, 12), any in bytes(20)) {
            super::ldap_name(text.as_bytes());
            super::ldap_name(&any);
        }

        #[test]
        fn filters(text in words(FILTERS, 14), any in bytes(20)) {
            super::ldap_filter(text.as_bytes());
            super::ldap_filter(format!("({text})").as_bytes());
            super::ldap_filter(&any);
        }

        #[test]
        fn schemas(lines in words(SCHEMAS, 24), any in bytes(20)) {
            super::ldap_schema(lines.as_bytes());
            super::ldap_schema(format!("( 1 NAME 'person' {lines})").as_bytes());
            super::ldap_schema(&any);
        }

        #[test]
        fn settings(server in words(SETTINGS, 4), base in words(SETTINGS, 2), name in words(SETTINGS, 2), more in words(SETTINGS, 2)) {
            super::ldap_settings(&join(&[&server, &base, &name, &more]));
            super::ldap_settings(&join(&[&format!("ldaps://{server}"), "dc=x", "cn=a", &more]));
        }
    }
}
