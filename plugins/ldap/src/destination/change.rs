//! What must be sent so that an entry becomes what is wanted.

use super::name;
use super::session::values_of;
use super::trouble::{Trouble, wrong};
use super::wish::{Delta, Wish};
use crate::message::Entry;
use crate::preset::EXPIRES;
use crate::values;
use crate::writing::{How, Modification};
use bytes::Bytes;

/// The attribute and the value in the first part of a name; none: there are several, or it is no text.
#[must_use]
pub fn naming(dn: &str) -> Option<(String, String)> {
    let (first, _) = name::parts(dn)?;
    if crate::dn::split(first, b'+')?.len() != 1 {
        return None;
    }
    let (attribute, value) = first.split_once('=')?;
    let value = String::from_utf8(crate::dn::unescape(value)?).ok()?;
    Some((attribute.trim().to_owned(), value))
}

/// The value that the name of an entry is to have; none: the one that it has, or the attribute is not mentioned.
///
/// # Errors
/// None would be left.
pub fn renamed(entry: &Entry, wish: &Wish, naming: &(String, String)) -> Result<Option<String>, Trouble> {
    let (attribute, value) = naming;
    let Some((own, delta)) = wish.texts.iter().find(|(own, _)| own.eq_ignore_ascii_case(attribute)) else {
        return Ok(None);
    };
    let wanted: Vec<String> = match delta {
        Delta::Replace(values) => values.clone(),
        Delta::Edit { add, remove } => {
            let there =
                values_of(entry, attribute).into_iter().map(|value| String::from_utf8_lossy(value).into_owned());
            there.chain(add.iter().cloned()).filter(|value| !remove.contains(value)).collect()
        }
    };
    match wanted.first() {
        None => Err(wrong(own, "stands in the name of the entry, and can not be empty")),
        Some(_) if wanted.contains(value) => Ok(None),
        Some(first) => Ok(Some(first.clone())),
    }
}

/// The entry as a rename leaves it.
#[must_use]
pub fn after_rename(mut entry: Entry, dn: &str, attribute: &str, old: &str, new: &str) -> Entry {
    entry.dn = Bytes::copy_from_slice(dn.as_bytes());
    for (own, values) in &mut entry.attributes {
        if own.eq_ignore_ascii_case(attribute.as_bytes()) {
            values.retain(|value| *value != old.as_bytes() && *value != new.as_bytes());
            values.push(Bytes::copy_from_slice(new.as_bytes()));
        }
    }
    entry
}

/// The changes of texts. `fixed` is the attribute in the entry's name, and the value that must stay; `read_only`: it can be
/// changed by a rename only.
#[must_use]
pub fn texts(entry: &Entry, wish: &Wish, fixed: Option<&(String, String)>, read_only: bool) -> Vec<Modification> {
    let mut all = Vec::new();
    for (attribute, delta) in &wish.texts {
        let fixed = fixed.filter(|(own, _)| own.eq_ignore_ascii_case(attribute)).map(|(_, value)| value.as_bytes());
        if fixed.is_some() && read_only {
            continue;
        }
        let there = values_of(entry, attribute);
        let (mut come, mut go): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
        match delta {
            Delta::Replace(wanted) => {
                let wanted: Vec<&[u8]> = wanted.iter().map(String::as_bytes).collect();
                if attribute == EXPIRES && ends_alike(&there, &wanted) {
                    continue;
                }
                come.extend(wanted.iter().filter(|value| !there.contains(value)).map(|value| value.to_vec()));
                go.extend(there.iter().filter(|value| !wanted.contains(value)).map(|value| value.to_vec()));
                go.retain(|value| Some(value.as_slice()) != fixed);
                let few = there.len() <= 1 && wanted.len() <= 1;
                if (few || wanted.is_empty()) && fixed.is_none() && !(come.is_empty() && go.is_empty()) {
                    all.push(Modification::new(How::Replace, attribute, come));
                    continue;
                }
            }
            Delta::Edit { add, remove } => {
                let bytes =
                    |values: &[String]| values.iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>();
                come = bytes(add);
                come.retain(|value| {
                    !there.contains(&value.as_slice()) && !remove.iter().any(|gone| gone.as_bytes() == value)
                });
                go = bytes(remove);
                go.retain(|value| there.contains(&value.as_slice()) && Some(value.as_slice()) != fixed);
            }
        }
        // What goes goes first: the server may take an old and a new value for one.
        for (how, values) in [(How::Delete, go), (How::Add, come)] {
            if !values.is_empty() {
                all.push(Modification::new(how, attribute, values));
            }
        }
    }
    all
}

/// Never is written in two ways.
fn ends_alike(there: &[&[u8]], wanted: &[&[u8]]) -> bool {
    let end = |values: &[&[u8]]| match values {
        [value] => str::from_utf8(value).ok().and_then(|text| values::expires(text).ok()),
        _ => Some(None),
    };
    end(there) == end(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn entry(dn: &str, attribute: &str, values: &[String]) -> Entry {
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let values = values.iter().map(|value| bytes(value)).collect();
        Entry { dn: bytes(dn), attributes: vec![(bytes(attribute), values)], state: None }
    }

    /// What a server makes of it, which refuses to remove what is not there and to add what is.
    fn applied(entry: &Entry, changes: &[Modification]) -> BTreeSet<Vec<u8>> {
        let mut there: BTreeSet<Vec<u8>> = values_of(entry, "mail").into_iter().map(<[u8]>::to_vec).collect();
        for change in changes {
            let values = change.values.iter().map(|value| {
                let one = |segment| match segment {
                    rosterd_sdk::secrets::Segment::Bytes(bytes) => bytes,
                    rosterd_sdk::secrets::Segment::Secret(..) => panic!("a secret"),
                };
                value.segments().map(one).collect::<Vec<_>>().concat()
            });
            match change.how {
                How::Replace => there = values.collect(),
                How::Add => values.for_each(|value| assert!(there.insert(value))),
                How::Delete => values.for_each(|value| assert!(there.remove(&value))),
            }
        }
        there
    }

    fn some() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::btree_set("[ab]{1,2}", 0..4).prop_map(|values| values.into_iter().collect())
    }

    proptest! {
        #[test]
        fn changes_come_to_what_is_wanted(there in some(), add in some(), remove in some(), whole: bool) {
            let entry = entry("cn=x", "mail", &there);
            let set = |values: &[String]| values.iter().map(|value| value.as_bytes().to_vec()).collect::<BTreeSet<_>>();
            let (delta, wanted) = if whole {
                (Delta::Replace(add.clone()), set(&add))
            } else {
                // What is named twice goes.
                let both: BTreeSet<_> = set(&there).union(&set(&add)).cloned().collect();
                let left = both.difference(&set(&remove)).cloned().collect();
                (Delta::Edit { add: add.clone(), remove }, left)
            };
            let wish = Wish { texts: vec![("mail".to_owned(), delta)], ..Wish::default() };
            let changes = texts(&entry, &wish, None, false);
            prop_assert_eq!(applied(&entry, &changes), wanted.clone());
            prop_assert_eq!(changes.is_empty(), wanted == set(&there));
        }
    }

    #[test]
    fn the_value_in_the_name_stays() {
        let fixed = ("cn".to_owned(), "a".to_owned());
        let there = entry("cn=a,dc=x", "cn", &["a".to_owned(), "b".to_owned()]);
        let wish = |delta| Wish { texts: vec![("cn".to_owned(), delta)], ..Wish::default() };
        let edit = |add: &[&str], remove: &[&str]| {
            let all = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
            wish(Delta::Edit { add: all(add), remove: all(remove) })
        };
        assert_eq!(renamed(&there, &edit(&["c"], &["b"]), &fixed), Ok(None));
        assert_eq!(renamed(&there, &edit(&["c"], &["a"]), &fixed), Ok(Some("b".to_owned())));
        assert_eq!(renamed(&there, &wish(Delta::Replace(vec!["c".to_owned()])), &fixed), Ok(Some("c".to_owned())));
        assert!(renamed(&there, &wish(Delta::Replace(Vec::new())), &fixed).is_err());
        let moved = after_rename(there, "cn=c,dc=x", "cn", "a", "c");
        assert_eq!(values_of(&moved, "cn"), [b"b", b"c"]);
        assert_eq!(naming("cn=a\\, b+sn=c,dc=x"), None);
        assert_eq!(naming("CN=a\\2c b,dc=x"), Some(("CN".to_owned(), "a, b".to_owned())));
    }

    #[test]
    fn never_is_never() {
        let wish = Wish { texts: vec![(EXPIRES.to_owned(), Delta::Replace(vec!["0".to_owned()]))], ..Wish::default() };
        for (there, changes) in [("9223372036854775807", 0), ("0", 0), ("133000000000000000", 1)] {
            assert_eq!(texts(&entry("cn=a", EXPIRES, &[there.to_owned()]), &wish, None, true).len(), changes);
        }
    }
}
