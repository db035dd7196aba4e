//! Names of entries as they are written (RFC 4514): parts that are made, and names that are taken apart.

use crate::dn::{Dn, split};

/// A type and a value as the first part of a name. Whatever could mean something else is escaped.
#[must_use]
pub fn rdn(attribute: &str, value: &str) -> String {
    let mut text = format!("{attribute}=");
    let last = value.chars().count().saturating_sub(1);
    for (at, sign) in value.chars().enumerate() {
        match sign {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => text.extend(['\\', sign]),
            '#' if at == 0 => text.push_str("\\#"),
            ' ' if at == 0 || at == last => text.push_str("\\ "),
            // Control characters as bytes, so that a name can be read wherever it is shown.
            sign if sign.is_control() => {
                text.extend(sign.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:02X}")));
            }
            sign => text.push(sign),
        }
    }
    text
}

/// An entry below another one.
#[must_use]
pub fn below(rdn: &str, parent: &str) -> String {
    if parent.is_empty() { rdn.to_owned() } else { format!("{rdn},{parent}") }
}

/// The first part of a name, and the name of the entry above; none if it is no name, or that of the root.
#[must_use]
pub fn parts(dn: &str) -> Option<(&str, &str)> {
    let all = split(dn, b',')?;
    let first = all.first().filter(|first| !first.trim().is_empty())?;
    Some((first, dn.get(first.len() + 1..).unwrap_or_default()))
}

/// True for two spellings of one name.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one == other || matches!((Dn::parse(one), Dn::parse(other)), (Some(one), Some(other)) if one == other)
}

/// True if an entry is this one or one below it.
#[must_use]
pub fn is_within(dn: &str, other: &str) -> bool {
    matches!((Dn::parse(dn), Dn::parse(other)), (Some(dn), Some(other)) if dn.is_within(&other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn special_characters_are_escaped() {
        for (value, text) in [
            ("Li Hua", "cn=Li Hua"),
            ("R, D+x", "cn=R\\, D\\+x"),
            (" a ", "cn=\\ a\\ "),
            (" ", "cn=\\ "),
            ("#1#", "cn=\\#1#"),
            ("a\"b;c<d>e\\f=g", "cn=a\\\"b\\;c\\<d\\>e\\\\f\\=g"),
            ("a\u{0}b\n", "cn=a\\00b\\0A"),
            ("李华 ß", "cn=李华 ß"),
        ] {
            assert_eq!(rdn("cn", value), text);
        }
        assert_eq!(parts("cn=R\\, D,ou=a,dc=x"), Some(("cn=R\\, D", "ou=a,dc=x")));
        assert_eq!(parts("dc=x"), Some(("dc=x", "")));
        assert_eq!((parts(""), parts("cn=a\\")), (None, None));
    }

    proptest! {
        /// One value gives one name, another value another one, and a name is as deep as it was made.
        #[test]
        fn any_value_stands_in_a_name(value in "\\PC{1,20}", other in "\\PC{1,20}", odd in any::<String>()) {
            for value in [&value, &odd] {
                let made = rdn("cn", value);
                let dn = below(&made, "ou=b\\,c,dc=x");
                prop_assert_eq!(parts(&dn), Some((made.as_str(), "ou=b\\,c,dc=x")));
                let key = Dn::parse(&dn).unwrap();
                prop_assert_eq!(key.parent(), Dn::parse("ou=b\\,c,dc=x"));
            }
            let folded = |text: &str| text.to_lowercase().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            let same = same(&rdn("cn", &value), &rdn("cn", &other));
            prop_assert_eq!(same, folded(&value) == folded(&other));
        }
    }
}
