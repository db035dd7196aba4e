//! Schemas (RFC 4512, section 4.1): descriptions of attributes and classes as servers write them. Active Directory puts syntaxes into
//! quotes and has the auxiliary classes of a class in its content rule; both are read.

use std::collections::{BTreeMap, BTreeSet};

/// Words that stand alone.
const FLAGS: [&str; 8] = [
    "OBSOLETE",
    "SINGLE-VALUE",
    "COLLECTIVE",
    "NO-USER-MODIFICATION",
    "ABSTRACT",
    "STRUCTURAL",
    "AUXILIARY",
    "SYSTEM-ONLY",
];
/// Attributes that are each a kind of the next one: no more of them are followed.
const DEEPEST: usize = 16;
/// Syntaxes whose values are no text: those of RFC 4517 by their last number, and Active Directory's.
const BINARY: [&str; 11] = ["4", "5", "8", "9", "10", "19", "23", "28", "40", "49", "50"];
const SYNTAX: &str = "1.3.6.1.4.1.1466.115.121.1.";
const OF_WINDOWS: [&str; 3] = ["1.2.840.113556.1.4.903", "1.2.840.113556.1.4.907", "1.2.840.113556.1.4.1362"];

/// One description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    words: BTreeMap<String, Vec<String>>,
}

impl Description {
    /// Reads one; none if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut tokens = tokens(text);
        if tokens.next()? != "(" {
            return None;
        }
        let oid = tokens.next().filter(|oid| !matches!(*oid, "(" | ")" | "$"))?;
        let mut words = BTreeMap::from([("OID".to_owned(), vec![plain(oid).to_owned()])]);
        loop {
            let word = tokens.next()?;
            if word == ")" {
                return Some(Self { words });
            }
            let mut values = Vec::new();
            if !FLAGS.iter().any(|flag| flag.eq_ignore_ascii_case(word)) {
                match tokens.next()? {
                    "(" => loop {
                        match tokens.next()? {
                            ")" => break,
                            "$" => {}
                            value => values.push(plain(value).to_owned()),
                        }
                    },
                    value => values.push(plain(value).to_owned()),
                }
            }
            words.insert(word.to_ascii_uppercase(), values);
        }
    }

    /// What stands behind a word.
    pub fn values(&self, word: &str) -> impl Iterator<Item = &str> {
        self.words.get(word).into_iter().flatten().map(String::as_str)
    }

    /// True if a word is there.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.values("NAME").chain(self.values("OID")).map(str::to_ascii_lowercase)
    }
}

/// Brackets and `$` alone, texts in quotes whole, everything else up to a space.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let end = match rest.chars().next()? {
            '(' | ')' | '$' => 1,
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            _ => rest.find([' ', '(', ')', '$', '\'']).unwrap_or(rest.len()),
        };
        let (token, more) = rest.split_at(end);
        rest = more;
        Some(token)
    })
}

fn plain(token: &str) -> &str {
    token.strip_prefix('\'').map_or(token, |inner| inner.strip_suffix('\'').unwrap_or(inner))
}

/// Everything that a server describes, by name in small letters.
#[derive(Debug, Default)]
pub struct Schema {
    attributes: BTreeMap<String, Description>,
    classes: BTreeMap<String, Description>,
    rules: BTreeMap<String, Description>,
}

/// An attribute that entries of a class may have.
#[derive(Debug, PartialEq, Eq)]
pub struct Allowed {
    /// As the server calls it.
    pub name: String,
    /// Every entry has it.
    pub required: bool,
    /// It can have several values.
    pub multi: bool,
    /// It can be changed.
    pub writable: bool,
    /// Its values are no text.
    pub binary: bool,
}

impl Schema {
    /// Of descriptions, those that can be read.
    #[must_use]
    pub fn new<'t>(
        attributes: impl Iterator<Item = &'t str>,
        classes: impl Iterator<Item = &'t str>,
        rules: impl Iterator<Item = &'t str>,
    ) -> Self {
        fn named<'t>(texts: impl Iterator<Item = &'t str>) -> BTreeMap<String, Description> {
            let all = texts.filter_map(Description::parse);
            all.flat_map(|one| one.names().map(|name| (name, one.clone())).collect::<Vec<_>>()).collect()
        }
        Self { attributes: named(attributes), classes: named(classes), rules: named(rules) }
    }

    /// True if it describes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty() || self.classes.is_empty()
    }

    /// What entries of these classes may have, by name in small letters.
    #[must_use]
    pub fn allowed(&self, classes: &[&str]) -> BTreeMap<String, Allowed> {
        let mut all = BTreeMap::new();
        let mut waiting: Vec<String> = classes.iter().map(|class| class.to_ascii_lowercase()).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let described = self.classes.get(&name).into_iter().chain(self.rules.get(&name));
            for one in described {
                for (word, required) in [("MUST", true), ("MAY", false)] {
                    for attribute in one.values(word) {
                        let allowed = all
                            .entry(attribute.to_ascii_lowercase())
                            .or_insert_with(|| self.attribute(attribute, required));
                        allowed.required |= required;
                    }
                }
                waiting.extend(one.values("SUP").chain(one.values("AUX")).map(str::to_ascii_lowercase));
            }
        }
        all
    }

    fn attribute(&self, name: &str, required: bool) -> Allowed {
        let own = self.attributes.get(&name.to_ascii_lowercase());
        let above = |one: &&Description| self.attributes.get(&one.values("SUP").next()?.to_ascii_lowercase());
        let mut around = std::iter::successors(own, above).take(DEEPEST);
        let syntax = around.find_map(|one| one.values("SYNTAX").next()).unwrap_or_default();
        // A length may stand behind it in braces.
        let syntax = syntax.split('{').next().unwrap_or_default();
        let of_rfc = syntax.strip_prefix(SYNTAX).is_some_and(|number| BINARY.contains(&number));
        Allowed {
            name: name.to_owned(),
            required,
            multi: own.is_some_and(|one| !one.has("SINGLE-VALUE")),
            writable: own.is_none_or(|one| !one.has("NO-USER-MODIFICATION") && !one.has("SYSTEM-ONLY")),
            binary: of_rfc || OF_WINDOWS.contains(&syntax),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_read_as_servers_write_them() {
        let text = "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'RFC4519: a (name) $' SUP name )";
        let found = Description::parse(text).unwrap();
        assert_eq!(found.values("NAME").collect::<Vec<_>>(), ["cn", "commonName"]);
        assert_eq!(found.values("DESC").collect::<Vec<_>>(), ["RFC4519: a (name) $"]);
        let text = "( 1.2.840.113556.1.5.8 NAME 'group' AUX ( mailRecipient $ posixGroup ) MUST (cn $ objectSid ) MAY (a $b) )";
        let found = Description::parse(text).unwrap();
        assert_eq!(found.values("MUST").collect::<Vec<_>>(), ["cn", "objectSid"]);
        assert_eq!(found.values("MAY").collect::<Vec<_>>(), ["a", "b"]);
        for wrong in ["", "(", "( )", "cn", "( 1.2", "( 1.2 NAME", "( 1.2 NAME ( 'a'", "( 1.2 NAME 'a", "( $ )"] {
            assert_eq!(Description::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_class_has_what_those_above_and_beside_it_have() {
        let attributes = [
            "( 1 NAME 'name' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
            "( 2 NAME ( 'cn' 'commonName' ) SUP name )",
            "( 3 NAME 'photo' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' )",
            "( 4 NAME 'made' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE NO-USER-MODIFICATION )",
            "( 5 NAME 'loop' SUP loop )",
        ];
        let classes = [
            "( 10 NAME 'top' ABSTRACT MAY made )",
            "( 11 NAME 'person' SUP top MUST cn MAY ( loop $ unknown ) )",
            "( 12 NAME 'helper' SUP helper AUXILIARY MAY photo )",
        ];
        let rules = ["( 11 NAME 'person' AUX helper )"];
        let schema = Schema::new(attributes.into_iter(), classes.into_iter(), rules.into_iter());
        let all = schema.allowed(&["Person"]);
        assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), ["cn", "loop", "made", "photo", "unknown"]);
        assert!(all["cn"].required && all["cn"].multi && all["cn"].writable && !all["cn"].binary);
        assert!(all["photo"].binary && !all["photo"].required);
        assert!(!all["made"].multi && !all["made"].writable);
    }
}
