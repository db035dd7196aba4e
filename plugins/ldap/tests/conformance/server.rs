//! A directory that answers over a stream, and can be made to answer otherwise.

use rosterd_plugin_ldap::ber::{Elements, element, integer};
use rosterd_plugin_ldap::control::{DIRSYNC, PAGED, SHOW_DELETED, SYNC};
use rosterd_plugin_ldap::dn::Dn;
use rosterd_sdk::Fault;
use rosterd_sdk::testkit::stream;
use std::collections::VecDeque;

/// An entry: its name, the class that finds it, attributes.
pub(crate) type Entry = (Vec<u8>, &'static str, Vec<(String, Vec<Vec<u8>>)>);

/// Changes the answer to the n-th search: gets its whole bytes, gives others.
type Twist = Box<dyn FnMut(usize, Vec<u8>) -> Vec<u8>>;

/// What DirSync answers to a cookie: entries, whether there is more, the next cookie; or a result code.
type Dirsync = Box<dyn FnMut(&[u8]) -> Result<(Vec<Entry>, bool, Vec<u8>), u8>>;

/// What a synchronisation answers: messages, from their number, the class and the cookie. The entries are those in its content.
type Sync = Box<dyn FnMut(i64, &[Entry], Option<&[u8]>) -> Vec<u8>>;

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
    /// The root DSE.
    pub(crate) root: Vec<(&'static str, Vec<String>)>,
    /// Most values of an attribute at once.
    pub(crate) most_values: usize,
    pub(crate) dirsync: Option<Dirsync>,
    pub(crate) sync: Option<Sync>,
    /// Bytes of answers that are given at once.
    pub(crate) piece: usize,
    /// Of the entries.
    names: Vec<Option<Dn>>,
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
            root: vec![
                ("supportedControl", vec!["1.1".to_owned(), PAGED.to_owned()]),
                ("namingContexts", vec!["dc=x".to_owned()]),
            ],
            most_values: usize::MAX,
            dirsync: None,
            sync: None,
            piece: 17,
            names: Vec::new(),
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
        let subtree = request.integer(10).unwrap() == 2;
        request.integer(10).unwrap();
        let most = usize::try_from(request.integer(2).unwrap()).unwrap();
        let most = if most == 0 { usize::MAX } else { most };
        request.integer(2).unwrap();
        let types_only = request.take(1).unwrap() == [0xff];
        let filter = request.any().unwrap();
        let mut wanted = Elements::of(request.take(0x30).unwrap());
        let mut names = Vec::new();
        while !wanted.is_empty() {
            names.push(String::from_utf8(wanted.take(4).unwrap().to_vec()).unwrap());
        }
        let secret = |name: &String| name.eq_ignore_ascii_case("userPassword") || (name == "*" && !types_only);
        assert!(!names.iter().any(secret), "{names:?}");
        let mut asked: Vec<(String, Vec<u8>)> = Vec::new();
        let mut controls = Elements::of(controls);
        while !controls.is_empty() {
            let mut control = Elements::of(controls.take(0x30).unwrap());
            let kind = String::from_utf8(control.take(4).unwrap().to_vec()).unwrap();
            assert_eq!(control.take(1).unwrap(), [0xff], "the control is critical");
            asked.push((kind, control.maybe(4).unwrap().unwrap_or_default().to_vec()));
        }
        let value = |kind: &str| asked.iter().find(|(own, _)| own == kind).map(|(_, value)| value.clone());
        if base.is_empty() {
            let values = |values: &Vec<String>| values.iter().map(|value| value.clone().into_bytes()).collect();
            let own = self.root.iter().map(|(name, all)| ((*name).to_owned(), values(all))).collect();
            return [message(id, &(Vec::new(), "", own), &names, usize::MAX, false, None), done(id, 0, None)].concat();
        }
        if let (Some(value), Some(dirsync)) = (value(DIRSYNC), &mut self.dirsync) {
            let mut value = Elements::of(Elements::of(&value).take(0x30).unwrap());
            value.integer(2).unwrap();
            value.integer(2).unwrap();
            return match dirsync(value.take(4).unwrap()) {
                Err(code) => done(id, code, None),
                Ok((entries, more, cookie)) => {
                    let told = entries.iter().flat_map(|entry| message(id, entry, &names, usize::MAX, false, None));
                    let value = [integer(2, more.into()), integer(2, 0), element(4, cookie)].concat();
                    let control = [element(4, DIRSYNC), element(4, element(0x30, value))].concat();
                    [told.collect(), done_with(id, 0, &element(0x30, control))].concat()
                }
            };
        }
        let at = Dn::parse(&base);
        if self.names.len() != self.entries.len() {
            self.names = self.entries.iter().map(|(dn, ..)| Dn::parse(&String::from_utf8_lossy(dn))).collect();
        }
        let here = |(dn, (_, _, attributes)): &(&Option<Dn>, &Entry)| {
            let guid = || {
                let value = &attributes.iter().find(|(name, _)| name == "objectGUID")?.1[0];
                Some(format!("<GUID={}>", rosterd_plugin_ldap::values::guid(value)?))
            };
            match (&at, dn) {
                (Some(at), Some(dn)) if subtree => dn.is_within(at),
                // A name that is none can be anywhere.
                (Some(_), None) => subtree,
                (Some(at), Some(dn)) => dn == at,
                (None, _) => guid().as_deref() == Some(&base),
            }
        };
        let shown = |(_, _, attributes): &&Entry| {
            value(SHOW_DELETED).is_some() || !attributes.iter().any(|(name, _)| name == "isDeleted")
        };
        let found: Vec<&Entry> = self
            .names
            .iter()
            .zip(&self.entries)
            .filter(here)
            .map(|(_, entry)| entry)
            .filter(shown)
            .filter(|entry| fits(filter, entry))
            .collect();
        let known = base == "dc=x" || self.names.iter().zip(&self.entries).any(|one| here(&one));
        if base == "dc=x" && !subtree && value(PAGED).is_none() && !fits(filter, &(Vec::new(), "", Vec::new())) {
            let found =
                if self.base == 0 { message(id, &entry(&base, "", &[]), &names, 9, false, None) } else { Vec::new() };
            return [found, done(id, self.base, None)].concat();
        }
        if !known {
            return done(id, 32, None);
        }
        if let (Some(value), Some(sync)) = (value(SYNC), &mut self.sync) {
            let mut value = Elements::of(Elements::of(&value).take(0x30).unwrap());
            assert_eq!(value.integer(10), Ok(1));
            let content: Vec<Entry> = found.into_iter().cloned().collect();
            return sync(id, &content, value.maybe(4).unwrap());
        }
        let give = |entry: &&Entry| message(id, entry, &names, self.most_values, types_only, None);
        let Some(page) = value(PAGED) else {
            let entries: Vec<u8> = found.iter().take(most).flat_map(give).collect();
            return [entries, done(id, if found.len() > most { 4 } else { 0 }, None)].concat();
        };
        let mut value = Elements::of(Elements::of(&page).take(0x30).unwrap());
        let size = usize::try_from(value.integer(2).unwrap()).unwrap();
        let from: Option<usize> = match value.take(4).unwrap() {
            [] => Some(0),
            cookie => str::from_utf8(cookie).ok().and_then(|cookie| cookie.parse().ok()),
        };
        // Whoever damages answers damages cookies, too: unwillingToPerform.
        let Some(from) = from else { return done(id, 53, None) };
        let page: Vec<u8> = found.iter().skip(from).take(size).flat_map(give).collect();
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

/// An entry of a search, with the attributes that were asked for, subtypes too, as servers do; of long ones a part.
pub(crate) fn message(
    id: i64,
    (dn, class, attributes): &Entry,
    names: &[String],
    most: usize,
    types_only: bool,
    state: Option<(u8, [u8; 16])>,
) -> Vec<u8> {
    let bare = |name: &str| name.split(';').next().unwrap_or_default().to_ascii_lowercase();
    let class = (!class.is_empty()).then(|| ("objectClass".to_owned(), vec![class.as_bytes().to_vec()]));
    let mut all = Vec::new();
    for (name, values) in attributes.iter().chain(class.as_ref()) {
        let Some(asked) = names.iter().find(|asked| *asked == "*" || bare(asked) == bare(name)) else { continue };
        let from: usize =
            asked.split_once("range=").map_or(0, |(_, range)| range.trim_end_matches("-*").parse().unwrap());
        let mut told = name.clone();
        let mut some = &values[..];
        if from > 0 && (from >= values.len() || name.contains(';')) {
            continue;
        }
        if from > 0 || values.len() > most {
            let end = (from + most).min(values.len());
            some = &values[from..end];
            told = if end == values.len() {
                format!("{name};range={from}-*")
            } else {
                format!("{name};range={from}-{}", end - 1)
            };
        }
        if types_only {
            some = &[];
        }
        let some: Vec<u8> = some.iter().flat_map(|value| element(4, value)).collect();
        all.extend(element(0x30, [element(4, told), element(0x31, some)].concat()));
    }
    let body = element(0x64, [element(4, dn), element(0x30, all)].concat());
    let state = state.map_or_else(Vec::new, |(state, uuid)| {
        let value = element(0x30, [integer(10, state.into()), element(4, uuid)].concat());
        element(0xa0, element(0x30, [element(4, "1.3.6.1.4.1.4203.1.9.1.2"), element(4, value)].concat()))
    });
    element(0x30, [integer(2, id), body, state].concat())
}

/// A result with a control.
pub(crate) fn done_with(id: i64, code: i64, control: &[u8]) -> Vec<u8> {
    let body = [integer(10, code), element(4, ""), element(4, "said by the server")].concat();
    element(0x30, [integer(2, id), element(0x65, body), element(0xa0, control)].concat())
}

/// True if an entry is one that the filter finds.
fn fits((tag, content): (u8, &[u8]), entry: &Entry) -> bool {
    let mut parts = Elements::of(content);
    let mut inner = || {
        let mut all = Vec::new();
        while !parts.is_empty() {
            all.push(parts.any().unwrap());
        }
        all
    };
    let values = |name: &[u8]| -> Vec<Vec<u8>> {
        let own = entry.2.iter().filter(|(own, _)| own.as_bytes().eq_ignore_ascii_case(name));
        let class = name.eq_ignore_ascii_case(b"objectClass").then(|| entry.1.as_bytes().to_vec());
        own.flat_map(|(_, values)| values.clone()).chain(class.filter(|class| !class.is_empty())).collect()
    };
    match tag {
        0xa0 => inner().into_iter().all(|one| fits(one, entry)),
        0xa1 => inner().into_iter().any(|one| fits(one, entry)),
        0xa2 => inner().into_iter().all(|one| !fits(one, entry)),
        0x87 => !values(content).is_empty(),
        _ => {
            let all = inner();
            let (name, wanted) = (all[0].1, all[1].1);
            let number = |bytes: &[u8]| str::from_utf8(bytes).ok().and_then(|text| text.parse::<i64>().ok());
            values(name).iter().any(|own| match (tag, number(own), number(wanted)) {
                (0xa3, ..) => own.eq_ignore_ascii_case(wanted),
                (_, Some(own), Some(wanted)) => own >= wanted,
                _ => own.as_slice() >= wanted,
            })
        }
    }
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
        let count = self.answers.len().min(left).min(self.piece);
        self.said += count;
        let some: Vec<u8> = self.answers.drain(..count).collect();
        (!some.is_empty()).then_some(some)
    }
}
