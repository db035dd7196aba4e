//! A directory that answers over a stream, and can be made to answer otherwise.

use rosterd_plugin_ldap::ber::{Elements, element, integer};
use rosterd_plugin_ldap::control::PAGED;
use rosterd_sdk::Fault;
use rosterd_sdk::testkit::stream;
use std::collections::VecDeque;

/// An entry: its name, the class that finds it, attributes.
pub(crate) type Entry = (Vec<u8>, &'static str, Vec<(String, Vec<Vec<u8>>)>);

/// Changes the answer to the n-th search: gets its whole bytes, gives others.
type Twist = Box<dyn FnMut(usize, Vec<u8>) -> Vec<u8>>;

/// What is asked for, by an element of its filter.
const KINDS: [&str; 5] = ["organizationalUnit", "inetOrgPerson", "groupOfNames", "computer", "group"];

/// A directory.
pub(crate) struct Server {
    pub(crate) entries: Vec<Entry>,
    /// Result of a bind.
    pub(crate) bind: u8,
    /// Result of a search of the base.
    pub(crate) base: u8,
    /// Closes after so many bytes of answers.
    pub(crate) cut: Option<usize>,
    pub(crate) twist: Twist,
    answers: VecDeque<u8>,
    received: Vec<u8>,
    searches: usize,
    said: usize,
}

/// Text attributes of an entry.
pub(crate) fn entry(dn: &str, class: &'static str, attributes: &[(&str, &[&str])]) -> Entry {
    let value = |value: &&str| value.as_bytes().to_vec();
    let all = attributes.iter().map(|(name, values)| ((*name).to_owned(), values.iter().map(value).collect()));
    (dn.as_bytes().to_vec(), class, all.collect())
}

/// A result, with a cookie if it is one of a page.
pub(crate) fn done(id: i64, code: u8, cookie: Option<&[u8]>) -> Vec<u8> {
    let body = [integer(10, code.into()), element(4, ""), element(4, "said by the server")].concat();
    let control = cookie.map_or_else(Vec::new, |cookie| {
        let value = element(0x30, [integer(2, 0), element(4, cookie)].concat());
        element(0xa0, element(0x30, [element(4, PAGED), element(4, value)].concat()))
    });
    element(0x30, [integer(2, id), element(0x65, body), control].concat())
}

/// A referral among what a search finds.
pub(crate) fn referral(id: i64) -> Vec<u8> {
    element(0x30, [integer(2, id), element(0x73, element(4, "ldap://other/dc=y"))].concat())
}

impl Server {
    /// Two levels of org units, three people, two groups; a name with special characters, a manager who is not there.
    pub(crate) fn small() -> Self {
        let entries = vec![
            entry("ou=Sales,dc=x", "organizationalUnit", &[("entryUUID", &["u1"]), ("ou", &["Sales"])]),
            entry(
                r"uid=li,ou=R\2C D,OU=sales,dc=x",
                "inetOrgPerson",
                &[
                    ("entryUUID", &["p1"]),
                    ("uid", &["li"]),
                    ("cn", &["李华"]),
                    ("mail", &["z@x", "a@x"]),
                    ("manager", &[r"CN=Boss\, The,ou=sales,dc=x"]),
                    ("userPassword", &["{SSHA}never"]),
                    ("cn;lang-en", &["Li Hua"]),
                ],
            ),
            entry(r"ou=R\, D,ou=Sales,dc=x", "organizationalUnit", &[("entryUUID", &["u2"]), ("ou", &["R, D"])]),
            entry(
                r"cn=Boss\2c The,ou=Sales,dc=x",
                "inetOrgPerson",
                &[("entryUUID", &["p2"]), ("cn", &["Boss, The"]), ("manager", &["cn=owner,dc=elsewhere"])],
            ),
            entry("cn=alone,dc=x", "inetOrgPerson", &[("entryUUID", &["p3"]), ("CN", &["alone"])]),
            entry(
                "cn=g1,dc=x",
                "groupOfNames",
                &[
                    ("entryUUID", &["g1"]),
                    ("cn", &["g1"]),
                    ("member", &["cn=ALONE, dc=x", r"uid=li,ou=R\, D,ou=Sales,dc=x", "cn=g2,dc=x", "cn=nobody"]),
                ],
            ),
            entry("cn=g2,dc=x", "groupOfNames", &[("entryUUID", &["g2"]), ("member", &["cn=nobody"])]),
        ];
        Self::of(entries)
    }

    /// A directory with these entries.
    pub(crate) fn of(entries: Vec<Entry>) -> Self {
        Self {
            entries,
            bind: 0,
            base: 0,
            cut: None,
            twist: Box::new(|_, bytes| bytes),
            answers: VecDeque::new(),
            received: Vec::new(),
            searches: 0,
            said: 0,
        }
    }

    /// The same with other answers to searches. The bytes are those of all messages of one answer.
    pub(crate) fn twisted(mut self, twist: impl FnMut(usize, Vec<u8>) -> Vec<u8> + 'static) -> Self {
        self.twist = Box::new(twist);
        self
    }

    fn search(&mut self, id: i64, mut request: Elements<'_>, controls: &[u8]) -> Vec<u8> {
        let base = String::from_utf8(request.take(4).unwrap().to_vec()).unwrap();
        let scope = request.integer(10).unwrap();
        request.integer(10).unwrap();
        let most = usize::try_from(request.integer(2).unwrap()).unwrap();
        request.integer(2).unwrap();
        request.take(1).unwrap();
        let (_, filter) = request.any().unwrap();
        let mut wanted = Elements::of(request.take(0x30).unwrap());
        let mut names = Vec::new();
        while !wanted.is_empty() {
            names.push(String::from_utf8(wanted.take(4).unwrap().to_vec()).unwrap());
        }
        assert!(names.iter().all(|name| !name.eq_ignore_ascii_case("userPassword") && name != "*"), "{names:?}");
        if scope == 0 {
            let found = match base.as_str() {
                "" => Some(entry("", "", &[("supportedControl", &["1.1", PAGED])])),
                _ => (self.base == 0).then(|| entry(&base, "", &[])),
            };
            let code = if base.is_empty() { 0 } else { self.base };
            let entries: Vec<u8> =
                found.iter().flat_map(|entry| message(id, entry, &["supportedControl".into()])).collect();
            return [entries, done(id, code, None)].concat();
        }
        let text = String::from_utf8_lossy(filter);
        let kind = KINDS.into_iter().find(|kind| text.contains(kind)).unwrap_or("inetOrgPerson");
        let found: Vec<&Entry> = self.entries.iter().filter(|(_, class, _)| *class == kind).collect();
        if controls.is_empty() {
            let entries: Vec<u8> = found.iter().take(most).flat_map(|entry| message(id, entry, &names)).collect();
            return [entries, done(id, if found.len() > most { 4 } else { 0 }, None)].concat();
        }
        let mut control = Elements::of(Elements::of(controls).take(0x30).unwrap());
        assert_eq!(control.take(4).unwrap(), PAGED.as_bytes());
        assert_eq!(control.take(1).unwrap(), [0xff], "the control is critical");
        let mut value = Elements::of(Elements::of(control.take(4).unwrap()).take(0x30).unwrap());
        let size = usize::try_from(value.integer(2).unwrap()).unwrap();
        let from: Option<usize> = match value.take(4).unwrap() {
            [] => Some(0),
            cookie => str::from_utf8(cookie).ok().and_then(|cookie| cookie.parse().ok()),
        };
        // Whoever damages answers damages cookies, too: unwillingToPerform.
        let Some(from) = from else { return done(id, 53, None) };
        let page: Vec<u8> = found.iter().skip(from).take(size).flat_map(|entry| message(id, entry, &names)).collect();
        let next = if from + size < found.len() { (from + size).to_string() } else { String::new() };
        [page, done(id, 0, Some(next.as_bytes()))].concat()
    }

    fn answer(&mut self, message: &[u8]) -> Vec<u8> {
        let mut parts = Elements::of(Elements::of(message).take(0x30).unwrap());
        let id = parts.integer(2).unwrap();
        let (operation, content) = parts.any().unwrap();
        match operation {
            0x60 => {
                assert!(content.ends_with(b"\x80\x09Kanari-17"), "the password is in its place");
                element(0x30, [integer(2, id), element(0x61, [10, 1, self.bind, 4, 0, 4, 0])].concat())
            }
            0x63 => {
                let controls = parts.maybe(0xa0).unwrap().unwrap_or_default();
                let answer = self.search(id, Elements::of(content), controls);
                self.searches += 1;
                (self.twist)(self.searches, answer)
            }
            0x77 => element(0x30, [integer(2, id), element(0x78, [10, 1, 0, 4, 0, 4, 0])].concat()),
            _ => Vec::new(),
        }
    }
}

/// An entry of a search, with the attributes that were asked for, subtypes too, as servers do.
fn message(id: i64, (dn, _, attributes): &Entry, names: &[String]) -> Vec<u8> {
    let wanted = |own: &str| {
        let own = own.split(';').next().unwrap_or_default();
        names.iter().any(|name| name.eq_ignore_ascii_case(own))
    };
    let one = |(name, values): &(String, Vec<Vec<u8>>)| {
        let values: Vec<u8> = values.iter().flat_map(|value| element(4, value)).collect();
        element(0x30, [element(4, name), element(0x31, values)].concat())
    };
    let all: Vec<u8> = attributes.iter().filter(|(name, _)| wanted(name)).flat_map(one).collect();
    let body = element(0x64, [element(4, dn), element(0x30, all)].concat());
    element(0x30, [integer(2, id), body].concat())
}

impl stream::Server for Server {
    fn connected(&mut self, _tls: bool) -> Result<(), Fault> {
        self.answers.clear();
        self.received.clear();
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.received.extend(bytes);
        while let Ok(Some(length)) = rosterd_plugin_ldap::ber::length(&self.received, 1 << 20)
            && length <= self.received.len()
        {
            let message: Vec<u8> = self.received.drain(..length).collect();
            let answer = self.answer(&message);
            self.answers.extend(answer);
        }
        Ok(())
    }

    fn give(&mut self) -> Option<Vec<u8>> {
        let left = self.cut.map_or(usize::MAX, |cut| cut.saturating_sub(self.said));
        if left == 0 {
            return Some(Vec::new());
        }
        // In pieces that are no whole messages.
        let count = self.answers.len().min(left).min(17);
        self.said += count;
        let some: Vec<u8> = self.answers.drain(..count).collect();
        (!some.is_empty()).then_some(some)
    }
}
