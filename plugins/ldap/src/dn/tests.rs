use super::*;
use proptest::prelude::*;

fn key(text: &str) -> String {
    Dn::parse(text).map_or_else(|| "none".to_owned(), |dn| dn.as_str().to_owned())
}

#[test]
fn spellings_of_one_name_are_one_key() {
    for (one, other) in [
        ("CN=Li Hua,OU=People,DC=Example", "cn=li hua, ou=people , dc=example"),
        (r"cn=Smith\, John,dc=x", r"CN=Smith\2c John,DC=X"),
        (r"cn=a\+b+uid=7,dc=x", r"UID=7+cn=a\2Bb,dc=x"),
        ("cn=李华,dc=x", r"cn=\e6\9d\8e\E5\8d\8e,dc=x"),
        ("cn=Zoë  Müller,dc=x", "cn=ZOË MÜLLER,dc=x"),
        (r"cn=\#17,dc=x", r"cn=\2317,dc=x"),
        ("cn=#04024c69,dc=x", "cn=Li,dc=x"),
        (r"cn=ends\ ,dc=x", "cn=ends,dc=x"),
    ] {
        assert_ne!(key(one), "none", "{one}");
        assert_eq!(key(one), key(other));
    }
}

#[test]
fn other_names_are_other_keys() {
    for (one, other) in [
        (r"cn=a\,dc\=x", "cn=a,dc=x"),
        ("cn=a,cn=b", "cn=a+cn=b"),
        ("cn=a", "uid=a"),
        ("cn=ab", "cn=a b"),
        ("ou=a,ou=b", "ou=b,ou=a"),
        (r"cn=\e6\9d", "cn=#e69d1"),
    ] {
        assert_ne!(key(one), key(other));
    }
}

#[test]
fn what_is_no_name_is_none() {
    for text in
        ["cn", "=a", "cn=a,", ",cn=a", "cn=\"a,b\",dc=x", r"cn=a\", r"cn=a\4", "c n=a", "cn=#4", "cn=#", "+cn=a"]
    {
        assert_eq!(key(text), "none", "{text}");
    }
}

#[test]
fn a_name_is_below_its_parent() {
    let dn = Dn::parse(r"cn=a\,b,ou=c,dc=d").unwrap();
    let parents: Vec<String> =
        std::iter::successors(dn.parent(), Dn::parent).map(|dn| dn.as_str().to_owned()).collect();
    assert_eq!(parents, ["ou=c,dc=d", "dc=d", ""]);
    let within = |other: &str| dn.is_within(&Dn::parse(other).unwrap());
    assert!(within("DC=D") && within("ou=C, dc=d") && within("") && within(r"CN=a\2cb,ou=c,dc=d"));
    assert!(!within("u=c,dc=d") && !within("dc=e"));
}

proptest! {
    /// However a value is escaped, it is the same value; and a key is a name with itself as its key.
    #[test]
    fn escapes_change_nothing(value in "[a-zA-Z ,+=\\\\#;<>\"李ßİ\u{0}]{1,12}", above in "[a-z]{1,5}") {
        let all: String = value.bytes().map(|byte| format!("\\{byte:02X}")).collect();
        let some: String = value.chars().map(|c| match c {
            ' ' | ',' | '+' | '=' | '\\' | '#' | ';' | '<' | '>' | '"' => format!("\\{c}"),
            c => c.to_string(),
        }).collect();
        let (one, other) = (key(&format!("cn={all},dc={above}")), key(&format!("CN={some}, DC={above}")));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(key(&one), one.clone());
        let parent = Dn::parse(&one).unwrap().parent().unwrap();
        prop_assert_eq!(parent.as_str(), format!("dc={above}"));
    }

    #[test]
    fn any_text_is_a_name_or_none(text in ".{0,40}") {
        if let Some(dn) = Dn::parse(&text) {
            prop_assert_eq!(Dn::parse(dn.as_str()), Some(dn));
        }
    }
}

proptest! {
    /// The short way gives the same key as the long one, wherever it gives one.
    #[test]
    fn the_short_way_is_the_long_one(text in "[a-zC ]{0,4}(=[a-zA-Z0-9 <;=#é+\\\\\"-]{0,8}(,[A-Za-z .]{0,3}=[ a-zA-Z0-9']{0,8}){0,3})?") {
        if let Some(key) = plain(&text) {
            prop_assert_eq!(Some(Dn(key)), Dn::parse_any(&text));
        }
    }

    #[test]
    fn plain_names_go_the_short_way(text in " ?[a-zA-Z-]{1,4} ?= ?[a-zA-Z0-9'<;é]{0,8}(, ?ou=[a-z0-9]( [a-z0-9]){0,3} ?){0,3}") {
        let key = plain(&text);
        prop_assert_eq!(key.is_some(), text.is_ascii());
        prop_assert_eq!(key.map(Dn).or_else(|| Dn::parse_any(&text)), Dn::parse_any(&text));
    }
}
