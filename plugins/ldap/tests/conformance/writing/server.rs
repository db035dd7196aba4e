//! Connections to the directory: requests taken apart, answers, and what can go wrong on the way.

use super::directory::{Directory, Said, Stored, values};
use rosterd_plugin_ldap::ber::{Elements, element, integer, length};
use rosterd_plugin_ldap::writing::{How, PASSWORD, PERMISSIVE, POST_READ};
use rosterd_sdk::Fault;
use rosterd_sdk::testkit::stream;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What becomes of a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mishap {
    /// It is refused with this result.
    Refused(u8, &'static str),
    /// It is carried out, and the connection ends before the answer.
    LostAfter,
    /// The connection ends before it is carried out.
    LostBefore,
    /// It is carried out, and no answer ever comes.
    Silent,
}

/// The directory, and how its connections behave.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) directory: Directory,
    /// Controls that the root DSE names, and that work.
    pub(crate) controls: Vec<&'static str>,
    /// Controls that work, named or not.
    pub(crate) hidden: Vec<&'static str>,
    /// The next mishaps: tag of the request, and after how many of them.
    pub(crate) mishaps: Vec<(u8, usize, Mishap)>,
    /// Answers to what came together are given the other way round.
    pub(crate) reversed: bool,
    /// Connections so far, and the most requests that came in one write.
    pub(crate) connections: usize,
    pub(crate) together: usize,
    pub(crate) searches: usize,
    /// Everything that was received.
    pub(crate) received: Vec<u8>,
}

/// A handle.
pub(crate) type Shared = Rc<RefCell<World>>;

pub(crate) fn shared(directory: Directory) -> Shared {
    Rc::new(RefCell::new(World {
        directory,
        controls: vec![POST_READ, "1.3.6.1.4.1.42.2.27.8.5.1"],
        hidden: vec![PERMISSIVE],
        mishaps: Vec::new(),
        reversed: false,
        connections: 0,
        together: 0,
        searches: 0,
        received: Vec::new(),
    }))
}

/// One connection.
pub(crate) struct Connection {
    pub(crate) world: Shared,
    received: Vec<u8>,
    answers: VecDeque<u8>,
    ended: bool,
    bound: bool,
}

impl Connection {
    pub(crate) fn new(world: &Shared) -> Self {
        world.borrow_mut().connections += 1;
        Self { world: Rc::clone(world), received: Vec::new(), answers: VecDeque::new(), ended: false, bound: false }
    }
}

fn text(parts: &mut Elements<'_>, tag: u8) -> String {
    String::from_utf8(parts.take(tag).unwrap().to_vec()).unwrap()
}

fn all(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut all) = (Elements::of(bytes), Vec::new());
    while !parts.is_empty() {
        all.push(parts.take(4).unwrap().to_vec());
    }
    all
}

fn result(tag: u8, id: i64, (code, text): &Said, controls: &[u8]) -> Vec<u8> {
    let body = [integer(10, (*code).into()), element(4, ""), element(4, text)].concat();
    element(0x30, [&integer(2, id), &element(tag, body), controls].concat())
}

/// An entry with the attributes that were asked for.
fn shown(tag: u8, entry: &Stored, names: &[Vec<u8>]) -> Vec<u8> {
    let wanted = |own: &str| names.iter().any(|name| name.eq_ignore_ascii_case(own.as_bytes()));
    assert!(!wanted("userPassword") && !wanted("unicodePwd") && !wanted("member"), "nobody asks for these");
    let one = |(name, own): &(String, Vec<Vec<u8>>)| {
        let own: Vec<u8> = own.iter().flat_map(|value| element(4, value)).collect();
        element(0x30, [element(4, name), element(0x31, own)].concat())
    };
    let attributes: Vec<u8> = entry.attributes.iter().filter(|(name, _)| wanted(name)).flat_map(one).collect();
    element(tag, [element(4, &entry.dn), element(0x30, attributes)].concat())
}

impl World {
    fn search(&mut self, id: i64, mut request: Elements<'_>) -> Vec<u8> {
        self.searches += 1;
        let base = text(&mut request, 4);
        let subtree = request.integer(10).unwrap() == 2;
        for tag in [10, 2, 2] {
            request.integer(tag).unwrap();
        }
        request.take(1).unwrap();
        let (tag, filter) = request.any().unwrap();
        let filter = element(tag, filter);
        let names = all(request.take(0x30).unwrap());
        if base.is_empty() {
            let bytes = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect();
            let root = [
                ("supportedControl".to_owned(), bytes(&self.controls)),
                ("namingContexts".to_owned(), bytes(&["dc=x"])),
            ];
            let root = Stored { dn: String::new(), attributes: root.to_vec() };
            let entry = element(0x30, [integer(2, id), shown(0x64, &root, &names)].concat());
            return [entry, result(0x65, id, &(0, String::new()), &[])].concat();
        }
        match self.directory.search(&base, subtree, &filter) {
            Ok(found) => {
                let entries =
                    found.iter().flat_map(|entry| element(0x30, [integer(2, id), shown(0x64, entry, &names)].concat()));
                let entries: Vec<u8> = entries.collect();
                [entries, result(0x65, id, &(0, String::new()), &[])].concat()
            }
            Err(said) => result(0x65, id, &said, &[]),
        }
    }

    /// Carries a change out; the name of the entry afterwards.
    fn change(&mut self, tag: u8, content: &[u8], permissive: bool) -> (Result<(), Said>, String) {
        let mut parts = Elements::of(content);
        let directory = &mut self.directory;
        match tag {
            0x68 => {
                let dn = text(&mut parts, 4);
                let mut list = Elements::of(parts.take(0x30).unwrap());
                let mut attributes = Vec::new();
                while !list.is_empty() {
                    let mut one = Elements::of(list.take(0x30).unwrap());
                    attributes.push((text(&mut one, 4), all(one.take(0x31).unwrap())));
                }
                assert!(values(&attributes, "userPassword").is_empty(), "a password in clear text");
                (directory.add(&dn, attributes), dn)
            }
            0x66 => {
                let dn = text(&mut parts, 4);
                let mut list = Elements::of(parts.take(0x30).unwrap());
                let mut changes = Vec::new();
                while !list.is_empty() {
                    let mut one = Elements::of(list.take(0x30).unwrap());
                    let how = [How::Add, How::Delete, How::Replace][usize::try_from(one.integer(10).unwrap()).unwrap()];
                    let mut one = Elements::of(one.take(0x30).unwrap());
                    changes.push((how, text(&mut one, 4), all(one.take(0x31).unwrap())));
                }
                (directory.modify(&dn, &changes, permissive), dn)
            }
            0x6c => {
                let (dn, rdn) = (text(&mut parts, 4), text(&mut parts, 4));
                assert_eq!(parts.take(1).unwrap(), [0xff], "the old name goes");
                let superior = parts.maybe(0x80).unwrap().map(|dn| String::from_utf8(dn.to_vec()).unwrap());
                (directory.rename(&dn, &rdn, superior.as_deref()), dn)
            }
            0x4a => {
                let dn = String::from_utf8(content.to_vec()).unwrap();
                (directory.delete(&dn), dn)
            }
            0x77 => {
                assert_eq!(text(&mut parts, 0x80), PASSWORD);
                let mut value = Elements::of(Elements::of(parts.take(0x81).unwrap()).take(0x30).unwrap());
                let dn = text(&mut value, 0x80);
                (directory.password(&dn, value.take(0x82).unwrap()), dn)
            }
            other => panic!("a request {other:x}"),
        }
    }

    fn mishap(&mut self, tag: u8) -> Option<Mishap> {
        let at = self.mishaps.iter().position(|(own, ..)| *own == tag)?;
        if self.mishaps[at].1 > 0 {
            self.mishaps[at].1 -= 1;
            return None;
        }
        Some(self.mishaps.remove(at).2)
    }
}

impl Connection {
    /// The answer; none: there is none.
    fn answer(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let world = &mut *self.world.borrow_mut();
        let mut parts = Elements::of(Elements::of(message).take(0x30).unwrap());
        let id = parts.integer(2).unwrap();
        let (tag, content) = parts.any().unwrap();
        let (mut permissive, mut post_read) = (false, None);
        let mut controls = Elements::of(parts.maybe(0xa0).unwrap().unwrap_or_default());
        while !controls.is_empty() {
            let mut control = Elements::of(controls.take(0x30).unwrap());
            let name = text(&mut control, 4);
            let works = world.controls.iter().chain(&world.hidden).any(|known| *known == name);
            permissive |= works && name == PERMISSIVE;
            if let Some(value) = control.maybe(4).unwrap().filter(|_| works && name == POST_READ) {
                post_read = Some(all(Elements::of(value).take(0x30).unwrap()));
            }
        }
        match tag {
            0x60 => {
                assert!(content.ends_with(b"\x80\x09Kanari-17"), "the password is in its place");
                self.bound = true;
                return Some(result(0x61, id, &(0, String::new()), &[]));
            }
            0x42 => return None,
            _ => assert!(self.bound, "somebody who is not bound"),
        }
        if tag == 0x63 {
            return Some(world.search(id, Elements::of(content)));
        }
        let mishap = world.mishap(tag);
        let reply = if tag == 0x4a { 0x6b } else { tag + 1 };
        match mishap {
            Some(Mishap::Refused(code, text)) => return Some(result(reply, id, &(code, text.to_owned()), &[])),
            Some(Mishap::LostBefore) => {
                self.ended = true;
                return None;
            }
            _ => {}
        }
        let (said, dn) = world.change(tag, content, permissive);
        match mishap {
            Some(Mishap::LostAfter) => {
                self.ended = true;
                return None;
            }
            Some(Mishap::Silent) => return None,
            _ => {}
        }
        let entry = world.directory.at(&dn).filter(|_| said.is_ok());
        let control = post_read.zip(entry).map(|(names, entry)| {
            let value = element(4, shown(0x64, entry, &names));
            element(0xa0, element(0x30, [element(4, POST_READ), value].concat()))
        });
        let said = said.err().unwrap_or_default();
        Some(result(reply, id, &said, &control.unwrap_or_default()))
    }
}

impl stream::Server for Connection {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.received.extend(bytes);
        self.world.borrow_mut().received.extend(bytes);
        let mut answers = Vec::new();
        while let Ok(Some(length)) = length(&self.received, 1 << 24)
            && length <= self.received.len()
            && !self.ended
        {
            let message: Vec<u8> = self.received.drain(..length).collect();
            answers.push(self.answer(&message).unwrap_or_default());
        }
        let world = &mut *self.world.borrow_mut();
        world.together = world.together.max(answers.len());
        if world.reversed {
            answers.reverse();
        }
        self.answers.extend(answers.concat());
        Ok(())
    }

    fn give(&mut self) -> Option<Vec<u8>> {
        if self.answers.is_empty() {
            return self.ended.then(Vec::new);
        }
        // In pieces that are no whole messages.
        let count = self.answers.len().min(97);
        Some(self.answers.drain(..count).collect())
    }
}
