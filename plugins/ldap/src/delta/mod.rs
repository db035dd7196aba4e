//! What changed since the cursor: one reader for all rungs of the ladder. A rung says which entries are new and which are gone; who is
//! meant by the names in them is looked up here.

pub mod dirsync;
pub mod poll;
pub mod sync;

use crate::convert::Shape;
use crate::cursor::Place;
use crate::link::Link;
use crate::look::{Names, ORDER};
use crate::message::Entry;
use crate::root::Root;
use crate::settings::Settings;
use rosterd_sdk::{Amendment, Change, Class, DepartureCause, Fault, Page, Reader, ScanEnd, clock};
use std::collections::VecDeque;

/// One call of the host lasts no longer than this, and one step more.
const LONGEST_NS: u64 = 20_000_000_000;

/// More changes at once are not taken in: to read everything is quicker then.
const MOST: usize = 100_000;

fn too_much() -> Fault {
    Fault::cursor_invalid(format!("more than {MOST} entries changed since the cursor; everything is read"))
}

/// What a rung tells.
#[derive(Debug)]
pub enum Told {
    /// An entry as it is now.
    Entry(Class, Entry),
    /// A group of which the members are not read: what else it has, who came, who left.
    Members(Entry, Vec<String>, Vec<String>),
    /// An object that is no longer shown.
    Gone(Class, String, DepartureCause),
    /// Something that can not be read.
    Rejected(Change),
}

/// What a step of a rung came to.
#[derive(Debug, Default)]
pub struct Step {
    /// In the server's order.
    pub told: Vec<Told>,
    /// Where to go on if nothing more were read; only where the rung can.
    pub place: Option<Place>,
    /// True: there is no more.
    pub over: bool,
}

/// What every rung needs.
#[derive(Debug)]
pub struct Desk<'a> {
    /// The connection.
    pub link: &'a mut Link,
    /// The settings.
    pub settings: &'a Settings,
    /// The classes that are asked for.
    pub classes: &'a [Class],
    /// What the server said of itself when the delta began.
    pub root: &'a Root,
}

#[derive(Debug)]
enum Rung {
    Dirsync(dirsync::Pull),
    Poll(poll::Poll),
    Sync(sync::Refresh),
}

#[derive(Debug)]
enum Stage {
    Begin,
    Read(Box<(Link, Root, Rung)>),
    Done,
}

/// A delta under way.
#[derive(Debug)]
pub struct Delta {
    settings: Settings,
    /// The one to which the place belongs.
    server: String,
    classes: Vec<Class>,
    stage: Stage,
    place: Place,
    names: Names,
    waiting: VecDeque<Change>,
    /// What covers everything that was handed out once nothing waits.
    resume: Option<Place>,
    outside: u64,
}

impl Delta {
    /// A delta of these classes since this place of this server, which has not begun.
    #[must_use]
    pub fn new(settings: &Settings, classes: &[Class], place: Place, server: String) -> Self {
        Self {
            server,
            settings: settings.clone(),
            classes: ORDER.into_iter().filter(|class| classes.contains(class)).collect(),
            stage: Stage::Begin,
            place,
            names: Names::default(),
            waiting: VecDeque::new(),
            resume: None,
            outside: 0,
        }
    }

    fn begin(&mut self) -> Result<Stage, Fault> {
        let mut link = Link::open_near(&self.server, &self.settings)?;
        if link.name() != self.server {
            return Err(Fault::cursor_invalid(format!(
                "{} does not answer, and what {} calls changed is another matter; everything is read",
                self.server,
                link.name()
            )));
        }
        let root = Root::read(&mut link)?;
        let mut desk = Desk { link: &mut link, settings: &self.settings, classes: &self.classes, root: &root };
        let rung = match &self.place {
            Place::Dirsync { cookie, own } => Rung::Dirsync(dirsync::Pull::new(&desk, cookie, *own)?),
            Place::Usn { usn, server } => Rung::Poll(poll::Poll::usn(&mut desk, *usn, server)?),
            Place::Timestamp { at } => Rung::Poll(poll::Poll::timestamp(&desk, at)?),
            Place::Sync { cookies } => Rung::Sync(sync::Refresh::new(&desk, cookies)?),
        };
        Ok(Stage::Read(Box::new((link, root, rung))))
    }

    fn step(&mut self) -> Result<(), Fault> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Begin => self.begin()?,
            Stage::Read(mut all) => {
                let (link, root, rung) = &mut *all;
                let mut desk = Desk { link, settings: &self.settings, classes: &self.classes, root };
                let step = match rung {
                    Rung::Dirsync(pull) => pull.step(&mut desk)?,
                    Rung::Poll(poll) => poll.step(&mut desk)?,
                    Rung::Sync(refresh) => refresh.step(&mut desk)?,
                };
                self.tell(link, step.told)?;
                self.resume = step.place.or(self.resume.take());
                if step.over {
                    all.0.close();
                    Stage::Done
                } else {
                    Stage::Read(all)
                }
            }
            Stage::Done => Stage::Done,
        };
        Ok(())
    }

    /// Makes changes of what a rung told.
    fn tell(&mut self, link: &mut Link, told: Vec<Told>) -> Result<(), Fault> {
        let (mut entries, mut names) = (Vec::new(), Vec::new());
        let mut rest = Vec::new();
        for one in told {
            match one {
                Told::Entry(class, entry) => entries.push((class, entry)),
                Told::Members(entry, came, left) => {
                    names.extend(Shape::new(&self.settings, Class::Group).names(&entry));
                    names.extend(came.iter().chain(&left).cloned());
                    rest.push(Told::Members(entry, came, left));
                }
                other => rest.push(other),
            }
        }
        self.names.learn(link, &self.settings, &mut entries)?;
        self.names.ask(link, &self.settings, &names)?;
        for (class, entry) in &entries {
            let mut shape = Shape::new(&self.settings, *class);
            self.waiting.push_back(shape.read(entry, &self.names.index));
            self.outside += shape.outside;
        }
        for one in rest {
            match one {
                Told::Gone(class, id, cause) => self.waiting.push_back(Change::gone(class, id, cause)),
                Told::Rejected(change) => self.waiting.push_back(change),
                Told::Members(entry, came, left) => self.amend(link, &entry, &came, &left)?,
                Told::Entry(..) => {}
            }
        }
        Ok(())
    }

    /// A group with those who came and left; whole where one who left can not be told by a name that is no more.
    fn amend(&mut self, link: &mut Link, entry: &Entry, came: &[String], left: &[String]) -> Result<(), Fault> {
        let mut shape = Shape::new(&self.settings, Class::Group);
        let index = &self.names.index;
        let gone = shape.refer(left, index);
        if gone.len() == left.len() {
            let new = shape.refer(came, index);
            self.outside += (came.len() - new.len()) as u64;
            let edits = shape.edits(entry, index, &new, &gone);
            self.waiting.push_back(match (edits, shape.id_of(entry)) {
                (Ok(edits), Ok(id)) => Change::Amend(Amendment { class: Class::Group, id, version: None, edits }),
                _ => shape.read(entry, index),
            });
            return Ok(());
        }
        let found = dirsync::whole(link, &self.settings, entry, &shape)?;
        let mut told = found.map(|entry| (Class::Group, entry)).into_iter().collect::<Vec<_>>();
        self.names.learn(link, &self.settings, &mut told)?;
        self.waiting.extend(told.iter().map(|(_, entry)| shape.read(entry, &self.names.index)));
        self.outside += shape.outside;
        Ok(())
    }

    fn end(&self) -> ScanEnd {
        let cursor = self.resume.as_ref().unwrap_or(&self.place).write(&self.settings, &self.server);
        let end = ScanEnd::partial().cursor(cursor);
        if self.outside == 0 {
            return end;
        }
        end.note(format!("{} references lead to entries that are not read, and were left out", self.outside))
    }
}

impl Reader for Delta {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        let max = (max as usize).max(1);
        let begun = clock::monotonic_ns();
        while self.waiting.len() < max && !matches!(self.stage, Stage::Done) {
            self.step()?;
            if clock::monotonic_ns().saturating_sub(begun) > LONGEST_NS {
                break;
            }
        }
        let changes = crate::scan::hand_out(&mut self.waiting, max);
        if !self.waiting.is_empty() {
            return Ok(Page::more(changes, None));
        }
        if matches!(self.stage, Stage::Done) {
            return Ok(Page::end(changes, self.end()));
        }
        Ok(Page::more(changes, self.resume.as_ref().map(|place| place.write(&self.settings, &self.server))))
    }
}
