//! A scan: first who is where, in pages of names and ids; then everything, one class after the other.
//!
//! Entries name their managers and members by DN, and those may come later: so the ids come first. What is read is in pages
//! (RFC 2696) over one connection, on which alone the server knows where it was: there is no resume point.

use crate::control::Ask;
use crate::convert::{Index, Shape};
use crate::dn::Dn;
use crate::filter;
use crate::link::{Found, Link};
use crate::message::{Scope, Search};
use crate::settings::Settings;
use rosterd_sdk::{Change, Class, Fault, Page, Reader, ScanEnd, clock};
use std::collections::VecDeque;

/// One call of the host lasts no longer than this, and one page more.
const LONGEST_NS: u64 = 20_000_000_000;
/// Pages without an entry in a row, after which a search does not go on.
const MOST_EMPTY: u32 = 1000;
/// Attributes of one page given to the host, in bytes.
const LARGEST_PAGE: usize = 8 << 20;
/// Org units first: people and groups refer to them.
const ORDER: [Class; 3] = [Class::OrgUnit, Class::Account, Class::Group];

/// A search under way.
#[derive(Debug)]
struct Walk {
    class: Class,
    filter: Vec<u8>,
    cookie: Vec<u8>,
    empty: u32,
}

#[derive(Debug)]
enum Stage {
    /// Nothing yet.
    Begin,
    /// Names and ids.
    Index(Walk),
    /// Everything.
    Read(Walk, Shape),
    Done,
}

/// A scan under way.
#[derive(Debug)]
pub struct Scan {
    settings: Settings,
    classes: Vec<Class>,
    link: Option<Link>,
    stage: Stage,
    index: Index,
    /// Classes still to be looked at in this stage.
    next: VecDeque<Class>,
    waiting: VecDeque<Change>,
    referrals: u64,
    outside: u64,
}

impl Scan {
    /// A scan of these classes that has not begun.
    #[must_use]
    pub fn new(settings: &Settings, classes: &[Class]) -> Self {
        Self {
            settings: settings.clone(),
            classes: ORDER.into_iter().filter(|class| classes.contains(class)).collect(),
            link: None,
            stage: Stage::Begin,
            index: Index::default(),
            next: ORDER.into(),
            waiting: VecDeque::new(),
            referrals: 0,
            outside: 0,
        }
    }

    /// Connects and binds. Only now, so that what fails here is a scan that is incomplete, like any other failure.
    fn begin(&mut self) -> Result<Stage, Fault> {
        let mut link = Link::connect(&self.settings)?;
        link.bind(&self.settings)?;
        self.link = Some(link);
        self.index_next()
    }

    fn walk(&self, class: Class) -> Result<Walk, Fault> {
        let filter = filter::parse(self.settings.filter(class)).map_err(Fault::settings)?;
        Ok(Walk { class, filter, cookie: Vec::new(), empty: 0 })
    }

    /// What comes behind the index of a class.
    fn index_next(&mut self) -> Result<Stage, Fault> {
        match self.next.pop_front() {
            Some(class) => Ok(Stage::Index(self.walk(class)?)),
            None => {
                self.next = self.classes.clone().into();
                self.read_next()
            }
        }
    }

    /// What comes behind the reading of a class.
    fn read_next(&mut self) -> Result<Stage, Fault> {
        let Some(class) = self.next.pop_front() else {
            if let Some(link) = self.link.take() {
                link.close();
            }
            return Ok(Stage::Done);
        };
        Ok(Stage::Read(self.walk(class)?, Shape::new(&self.settings, class)))
    }

    /// One page further.
    fn step(&mut self) -> Result<(), Fault> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Begin => self.begin()?,
            Stage::Index(mut walk) => {
                let shape = Shape::new(&self.settings, walk.class);
                let (found, more) = self.page(&mut walk, &[self.settings.id().to_owned()])?;
                for entry in &found.entries {
                    let dn = str::from_utf8(&entry.dn).ok().and_then(Dn::parse);
                    if let (Some(dn), Ok(id)) = (dn, shape.id_of(entry)) {
                        self.index.add(dn, walk.class, id);
                    }
                }
                if more { Stage::Index(walk) } else { self.index_next()? }
            }
            Stage::Read(mut walk, mut shape) => {
                let (found, more) = self.page(&mut walk, &shape.wanted())?;
                self.referrals += found.referrals.0;
                let index = &self.index;
                self.waiting.extend(found.entries.iter().map(|entry| shape.read(entry, index)));
                if more {
                    Stage::Read(walk, shape)
                } else {
                    self.outside += shape.outside;
                    self.read_next()?
                }
            }
            Stage::Done => Stage::Done,
        };
        Ok(())
    }

    /// The next page of a search, and whether there is another one.
    fn page(&mut self, walk: &mut Walk, attributes: &[String]) -> Result<(Found, bool), Fault> {
        let doing = format!("reading {} below \"{}\"", walk.class.as_str(), self.settings.base);
        let search = Search {
            base: &self.settings.base,
            scope: Scope::Subtree,
            most: 0,
            filter: &walk.filter,
            attributes,
            types_only: false,
            controls: &[Ask::Paged(self.settings.page_size, &walk.cookie)],
        };
        let link = self.link.as_mut().ok_or_else(|| Fault::internal("the connection is closed already"))?;
        let found = link.search(&search)?.good(&doing)?;
        let stopped = |why: &str| {
            let text = format!("{doing} stopped: {why}; the server's administrator looks up paged results");
            Fault::incomplete(text)
        };
        // Without the control nobody knows whether this was all.
        let Some(cookie) = &found.said.page else { return Err(stopped("the server gave no pages")) };
        if found.entries.is_empty() && !cookie.is_empty() {
            walk.empty += 1;
            if *cookie == walk.cookie || walk.empty > MOST_EMPTY {
                return Err(stopped("the server gives the same page again, without an entry"));
            }
        } else {
            walk.empty = 0;
        }
        walk.cookie.clone_from(cookie);
        let more = !cookie.is_empty();
        Ok((found, more))
    }

    fn end(&self) -> ScanEnd {
        let end = ScanEnd::complete(self.classes.clone());
        let mut notes = Vec::new();
        if self.referrals > 0 {
            notes.push(format!("{} referrals to other servers were not followed", self.referrals));
        }
        if self.outside > 0 {
            notes.push(format!("{} references lead to entries that are not read, and were left out", self.outside));
        }
        if notes.is_empty() { end } else { end.note(notes.join("; ")) }
    }
}

impl Reader for Scan {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        let max = (max as usize).max(1);
        let begun = clock::monotonic_ns();
        while self.waiting.len() < max && !matches!(self.stage, Stage::Done) {
            self.step()?;
            if clock::monotonic_ns().saturating_sub(begun) > LONGEST_NS {
                break;
            }
        }
        let (mut changes, mut bytes) = (Vec::new(), 0);
        while changes.len() < max && bytes < LARGEST_PAGE {
            let Some(change) = self.waiting.pop_front() else { break };
            if let Change::Upsert(object) = &change {
                bytes += object.attributes.len();
            }
            changes.push(change);
        }
        if self.waiting.is_empty() && matches!(self.stage, Stage::Done) {
            return Ok(Page::end(changes, self.end()));
        }
        Ok(Page::more(changes, None))
    }
}
