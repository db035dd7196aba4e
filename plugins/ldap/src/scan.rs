//! A scan: first who is where, in pages of names and ids; then everything, one class after the other.
//!
//! Entries name their managers and members by DN, and those may come later: so the ids come first. What is read is in pages
//! (RFC 2696) over one connection, on which alone the server knows where it was: there is no resume point.

use crate::control::Ask;
use crate::convert::{Index, Shape};
use crate::cursor::{Place, hex};
use crate::delta::sync;
use crate::ladder;
use crate::link::Link;
use crate::look::ORDER;
use crate::message::{Scope, Search};
use crate::preset::CHANGED;
use crate::ranges;
use crate::root::Root;
use crate::settings::{Ladder, Settings};
use crate::walk::Walk;
use rosterd_sdk::{Change, Class, Fault, FaultKind, Page, Reader, ScanEnd, clock};
use std::collections::VecDeque;

/// One call of the host lasts no longer than this, and one page more.
const LONGEST_NS: u64 = 20_000_000_000;
/// Attributes of one page given to the host, in bytes.
const LARGEST_PAGE: usize = 8 << 20;

#[derive(Debug)]
enum Stage {
    /// Nothing yet.
    Begin,
    /// Names and ids.
    Index(Walk),
    /// Names and ids, with the cookies of RFC 4533: the place of this one, and the number of the search.
    Sync(usize, Walk, i64),
    /// Everything.
    Read(Walk, Shape),
    Done,
}

/// A scan under way.
#[derive(Debug)]
pub struct Scan {
    settings: Settings,
    /// The one that is read.
    server: String,
    classes: Vec<Class>,
    link: Option<Link>,
    stage: Stage,
    index: Index,
    /// Rungs of deltas that were not tried yet.
    rungs: VecDeque<Ladder>,
    /// The one that is taken.
    rung: Ladder,
    /// Where the next delta begins.
    place: Option<Place>,
    /// Why there is no delta, where the setting names one.
    lacks: Option<String>,
    /// Searches still to be done in this stage.
    next: VecDeque<Walk>,
    waiting: VecDeque<Change>,
    referrals: (u64, String),
    outside: u64,
}

impl Scan {
    /// A scan of these classes that has not begun.
    #[must_use]
    pub fn new(settings: &Settings, classes: &[Class]) -> Self {
        Self {
            settings: settings.clone(),
            server: String::new(),
            classes: ORDER.into_iter().filter(|class| classes.contains(class)).collect(),
            link: None,
            stage: Stage::Begin,
            index: Index::default(),
            rungs: ladder::wanted(settings).iter().copied().collect(),
            rung: Ladder::None,
            place: None,
            lacks: None,
            next: VecDeque::new(),
            waiting: VecDeque::new(),
            referrals: (0, String::new()),
            outside: 0,
        }
    }

    /// Connects and binds. Only now, so that what fails here is a scan that is incomplete, like any other failure.
    fn begin(&mut self) -> Result<Stage, Fault> {
        let mut link = Link::open(&self.settings)?;
        self.server = link.name();
        if !self.rungs.is_empty() {
            let root = Root::read(&mut link)?;
            while let Some(rung) = self.rungs.pop_front() {
                match ladder::begin(&mut link, &self.settings, &root, rung)? {
                    Ok(place) => {
                        (self.rung, self.place) = (rung, place);
                        break;
                    }
                    Err(why) => self.lacks = Some(why),
                }
            }
        }
        self.link = Some(link);
        self.index()
    }

    fn link(&mut self) -> Result<&mut Link, Fault> {
        self.link.as_mut().ok_or_else(|| Fault::internal("the connection is closed already"))
    }

    /// Begins to read names and ids.
    fn index(&mut self) -> Result<Stage, Fault> {
        self.next = sync::walks(&self.settings)?.into();
        if self.rung == Ladder::Sync {
            self.place = Some(Place::Sync { cookies: vec![String::new(); self.next.len()] });
        }
        self.index_next()
    }

    /// What comes behind the index of a search.
    fn index_next(&mut self) -> Result<Stage, Fault> {
        let left = self.next.len();
        let Some(walk) = self.next.pop_front() else {
            if self.rung == Ladder::Timestamp && !self.index.latest.is_empty() {
                self.place = Some(Place::Timestamp { at: self.index.latest.clone() });
            }
            for class in self.classes.clone() {
                self.next.extend(Walk::all(&self.settings, class)?);
            }
            return self.read_next();
        };
        let Some(Place::Sync { cookies }) = &self.place else { return Ok(Stage::Index(walk)) };
        let at = cookies.len() - left;
        let attributes = Shape::new(&self.settings, walk.class).index();
        let id = self.link()?.begin(&Search {
            base: &walk.base,
            scope: Scope::Subtree,
            most: 0,
            filter: &walk.filter,
            attributes: &attributes,
            types_only: false,
            controls: &[Ask::Sync(None)],
        })?;
        Ok(Stage::Sync(at, walk, id))
    }

    /// What comes behind the reading of a search.
    fn read_next(&mut self) -> Result<Stage, Fault> {
        let Some(walk) = self.next.pop_front() else {
            if let Some(link) = self.link.take() {
                link.close();
            }
            return Ok(Stage::Done);
        };
        let shape = Shape::new(&self.settings, walk.class);
        Ok(Stage::Read(walk, shape))
    }

    /// One page further.
    fn step(&mut self) -> Result<(), Fault> {
        let size = self.settings.page_size;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Begin => self.begin()?,
            Stage::Index(mut walk) => {
                let shape = Shape::new(&self.settings, walk.class);
                let mut attributes = shape.index();
                if self.rung == Ladder::Timestamp {
                    attributes.push(CHANGED.to_owned());
                }
                let (found, more) = walk.page(self.link()?, size, &attributes)?;
                if more {
                    walk.ahead(self.link()?, size, &attributes)?;
                }
                for entry in &found.entries {
                    self.index.take(&shape, entry);
                }
                if more { Stage::Index(walk) } else { self.index_next()? }
            }
            Stage::Sync(at, walk, id) => self.sync(at, walk, id)?,
            Stage::Read(mut walk, mut shape) => {
                let (mut found, more) = walk.page(self.link()?, size, &shape.wanted())?;
                self.referrals.0 += found.referrals.0;
                if self.referrals.1.is_empty() {
                    self.referrals.1 = found.referrals.1;
                }
                for entry in &mut found.entries {
                    ranges::complete(self.link()?, entry)?;
                }
                if more {
                    walk.ahead(self.link()?, size, &shape.wanted())?;
                }
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

    /// Some names further, of a synchronisation.
    fn sync(&mut self, at: usize, walk: Walk, id: i64) -> Result<Stage, Fault> {
        let size = self.settings.page_size as usize;
        let found = self.link()?.part(id, size)?;
        let shape = Shape::new(&self.settings, walk.class);
        for entry in &found.entries {
            self.index.take(&shape, entry);
        }
        if found.outcome.is_none() {
            return Ok(Stage::Sync(at, walk, id));
        }
        let cookie = found.said.cookie.clone();
        let why = match found.good("the synchronisation (RFC 4533)") {
            Err(fault) if fault.kind == FaultKind::Transient => return Err(fault),
            Err(fault) => fault.message,
            Ok(_) => match (cookie, &mut self.place) {
                (Some(cookie), Some(Place::Sync { cookies })) => {
                    cookies[at] = hex(&cookie);
                    return self.index_next();
                }
                _ => "the server gives no cookie".to_owned(),
            },
        };
        // The next rung, from the beginning: what is known of names stays right.
        self.lacks = Some(why);
        self.rung = self.rungs.pop_front().unwrap_or(Ladder::None);
        self.place = None;
        self.index()
    }

    fn end(&self) -> ScanEnd {
        let mut end = ScanEnd::complete(self.classes.clone());
        let mut notes = Vec::new();
        match (&self.place, &self.lacks) {
            (Some(place), _) => end = end.cursor(place.write(&self.settings, &self.server)),
            (None, Some(why)) => notes.push(format!("each run reads everything: {why}")),
            (None, None) => {}
        }
        if self.referrals.0 > 0 {
            let (count, first) = &self.referrals;
            notes.push(format!("{count} referrals to other servers were not followed, the first to {first}"));
        }
        if self.outside > 0 {
            notes.push(format!("{} references lead to entries that are not read, and were left out", self.outside));
        }
        if notes.is_empty() { end } else { end.note(notes.join("; ")) }
    }
}

/// The next changes for the host: at most so many, and not much more than its page may have.
pub(crate) fn hand_out(waiting: &mut VecDeque<Change>, max: usize) -> Vec<Change> {
    let (mut changes, mut bytes) = (Vec::new(), 0);
    while changes.len() < max && bytes < LARGEST_PAGE {
        let Some(change) = waiting.pop_front() else { break };
        bytes += match &change {
            Change::Upsert(object) => object.attributes.len(),
            Change::Amend(amendment) => {
                let texts = amendment.edits.iter().flat_map(|edit| [&edit.replace, &edit.add, &edit.remove]);
                texts.flatten().map(String::len).sum()
            }
            _ => 0,
        };
        changes.push(change);
    }
    changes
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
        let changes = hand_out(&mut self.waiting, max);
        if self.waiting.is_empty() && matches!(self.stage, Stage::Done) {
            return Ok(Page::end(changes, self.end()));
        }
        Ok(Page::more(changes, None))
    }
}
