//! The writing role of the ldap connector, given whatever a server or the hub may hand it.

use crate::input::{fields, text, texts};
use rosterd_plugin_ldap::destination::wish::Words;
use rosterd_plugin_ldap::destination::{change, codes, name};
use rosterd_plugin_ldap::message::Outcome;
use rosterd_plugin_ldap::settings::Settings;
use rosterd_plugin_ldap::{Ldap, values, writing};
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Action, Class, Destination, Edit, ObjectRef, Operation};
use serde_json::json;

const CLASSES: [Class; 3] = [Class::Account, Class::OrgUnit, Class::Group];

fn settings(ad: bool) -> serde_json::Value {
    let preset = if ad { "active-directory" } else { "openldap" };
    json!({ "server": "ldaps://dc", "base": "dc=x", "bind-dn": "cn=s", "preset": preset, "connections": 1 })
}

/// A world in which each message is answered by the next of these, the last one from then on.
fn world(answers: [&[u8]; 4], ad: bool) -> World {
    let answers = answers.map(<[u8]>::to_vec);
    let mut asked = 0;
    World::new().settings(settings(ad)).secret("bind-password", "p").stream("dc", 636, move |_| {
        asked += 1;
        match asked {
            1 => vec![0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0],
            _ => answers[(asked - 2).min(3)].clone(),
        }
    })
}

fn operation(class: Class, id: Option<&str>, action: Action, attempt: u32) -> Operation {
    Operation {
        key: "key".to_owned(),
        class,
        id: id.map(str::to_owned),
        action,
        desired: "{}".to_owned(),
        known: None,
        version: None,
        attempt,
    }
}

/// Any answers to everything that an operation asks, and to looking things up.
pub fn ldap_writing(bytes: &[u8]) {
    let answers: [&[u8]; 4] = fields(bytes);
    let _ = writing::entry_behind(bytes);
    let id = "00112233-4455-6677-8899-aabbccddeeff";
    let wish = |class| match class {
        Class::Account => r#"{"uid":"a","cn":"a","sn":"a","sAMAccountName":"a","manager":"m"}"#,
        Class::OrgUnit => r#"{"ou":"a","parent":{"ref":"org-unit","id":"p"}}"#,
        Class::Group => r#"{"cn":"a","member":["m","n"]}"#,
    };
    let edit = |name: &str, value: &str| Edit {
        attribute: name.to_owned(),
        replace: Some(value.to_owned()),
        add: None,
        remove: None,
    };
    for class in CLASSES {
        let update = Action::Update(vec![edit("cn", "[\"a\",\"b\"]"), edit("description", "\"d\"")]);
        let actions =
            [Action::Create(wish(class).to_owned()), update, Action::Disable, Action::MoveTo(None), Action::Delete];
        for (action, ad) in actions.into_iter().flat_map(|action| [(action.clone(), false), (action, true)]) {
            let _world = world(answers, ad).enter();
            let Ok(mut connector) = open::<Ldap>() else { panic!("the settings are good") };
            let made = matches!(action, Action::Create(_));
            let one = operation(class, (!made).then_some(id), action, 2);
            assert_eq!(connector.apply(vec![one]).len(), 1);
        }
        let _world = world(answers, false).enter();
        let Ok(mut connector) = open::<Ldap>() else { panic!("the settings are good") };
        let _ = connector.find(class, "cn", "a");
        assert_eq!(Destination::read(&mut connector, &[ObjectRef { class, id: id.to_owned() }]).len(), 1);
    }
}

/// Any attributes and edits of the hub.
pub fn ldap_wish(bytes: &[u8]) {
    let [attributes, attribute, add, remove] = texts(bytes);
    for (class, ad) in CLASSES.into_iter().flat_map(|class| [(class, false), (class, true)]) {
        let Ok(settings) = serde_json::from_value::<Settings>(settings(ad)) else { panic!("the settings are good") };
        let words = Words::new(&settings, class);
        if let Ok(wish) = words.create(&attributes) {
            assert!(wish.ids().all(|id| !id.is_empty()));
        }
        let edit = |replace: Option<&String>| Edit {
            attribute: attribute.clone(),
            replace: replace.cloned(),
            add: Some(add.clone()),
            remove: Some(remove.clone()),
        };
        for edit in [edit(None), edit(Some(&add))] {
            if let Err(trouble) = words.update(&[edit]) {
                assert!(!trouble.unknown);
            }
        }
    }
}

/// Names, ids, times and refusals, as texts.
pub fn ldap_word(bytes: &[u8]) {
    let text = text(bytes);
    if let Some((first, above)) = name::parts(&text) {
        assert!(text.starts_with(first) && text.ends_with(above));
    }
    let made = name::below(&name::rdn("cn", &text), "dc=x");
    if text.is_empty() {
        return;
    }
    assert_eq!(name::parts(&made).map(|(_, above)| above), Some("dc=x"), "{made}");
    assert_eq!(change::naming(&made), Some(("cn".to_owned(), text.clone())), "{made}");
    let _ = (change::naming(&text), values::ticks(&text), name::same(&text, &made));
    if let Some(bytes) = values::guid_bytes(&text) {
        assert!(values::guid(&bytes).is_some_and(|same| same.eq_ignore_ascii_case(&text)));
    }
    for code in [19, 53, 65, 68] {
        assert!(!codes::refused("x", &Outcome { code, text: text.clone() }).unknown);
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;
    use rosterd_plugin_ldap::ber::{element, integer};

    const WISHES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"uid\"",
        "\"a\"",
        "\"orgUnit\"",
        "\"member\"",
        "\"ref\"",
        "\"id\"",
        "null",
        "1",
        "\"accountExpires\"",
        "\"2026-01-01T00:00:00Z\"",
        "true",
        "\"\"",
    ];
    const WORDS: &[&str] = &[
        "cn",
        "=",
        ",",
        "+",
        "\\",
        "\\2c",
        "\"",
        "#",
        " ",
        "李",
        "ß",
        "dc=x",
        "0000052D",
        ": ",
        "attribute '",
        "'",
        ", Att 3 (",
        ")",
        "00112233-4455-6677-8899-aabbccddeeff",
        "2026-01-01T00:00:00Z",
        "\u{0}",
        "\n",
    ];

    /// A message that may answer something: a result with or without an entry.
    fn answer(id: i64, tag: u8, code: u8, value: &[u8]) -> Vec<u8> {
        let attribute = |name: &str| element(0x30, [element(4, name), element(0x31, element(4, value))].concat());
        let all = [attribute("entryUUID"), attribute("objectGUID"), attribute("cn"), attribute("userAccountControl")]
            .concat();
        let entry = element(0x64, [element(4, b"cn=a,dc=x"), element(0x30, all)].concat());
        let result = element(0x30, [integer(2, id), element(tag, [10, 1, code, 4, 0, 4, 0])].concat());
        [element(0x30, [integer(2, id), entry].concat()), result].concat()
    }

    proptest! {
        #[test]
        fn writing(any in bytes(60), value in bytes(20), code in 0..80_u8, tag in proptest::sample::select(vec![0x65_u8, 0x69, 0x67, 0x6b, 0x6d])) {
            super::ldap_writing(&any);
            let found = answer(2, 0x65, 0, &value);
            super::ldap_writing(&join(&[found.clone(), answer(3, 0x65, 0, &value), answer(4, tag, code, &value), answer(5, tag, code, &value)]));
            super::ldap_writing(&join(&[found, answer(3, tag, code, &value), any.clone(), any]));
        }

        #[test]
        fn wishes(one in words(WISHES, 12), name in words(&["uid", "member", "orgUnit", "cn", "accountExpires"], 2), add in words(WISHES, 6), remove in words(WISHES, 6)) {
            super::ldap_wish(&join(&[one.as_str(), &name, &add, &remove]));
            super::ldap_wish(&join(&[format!("{{{one}}}").as_str(), &name, &format!("[{add}]"), &remove]));
        }

        #[test]
        fn word(text in words(WORDS, 10), any in bytes(20)) {
            super::ldap_word(text.as_bytes());
            super::ldap_word(&any);
        }
    }
}
