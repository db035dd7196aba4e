//! Changes by a mark that grows with each change of an entry: the number that a domain controller gave it, or its time.
//!
//! First what is in a class and has the mark, then everything with the mark, of which nobody was told yet: that has left base or filter.
//! Numbers have a third search, for what was deleted; a time has none, and deletions are found by full runs.

use super::{Desk, Step, Told};
use crate::convert::{Shape, texts};
use crate::cursor::Place;
use crate::dn::Dn;
use crate::filter;
use crate::ladder;
use crate::look::ORDER;
use crate::preset::CHANGED;
use crate::values;
use crate::walk::Walk;
use rosterd_sdk::{Class, DepartureCause, Fault};
use std::collections::{HashSet, VecDeque};

/// Times are of a second, and a change may be seen later than others of its time: so many seconds are read again.
const OVERLAP: i64 = 10;
/// What can be read at Active Directory.
const OBJECTS: &str = "(|(objectClass=user)(objectClass=group)(objectClass=organizationalUnit))";
/// Where there is nothing, or nothing that we may see.
const NOT_HERE: [i64; 2] = [32, 50];

/// What a search of it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finds {
    /// Entries of a class.
    Told,
    /// Whatever changed.
    Anything,
    /// What was deleted.
    Deleted,
}

/// A delta under way.
#[derive(Debug)]
pub struct Poll {
    walks: VecDeque<(Finds, Walk)>,
    told: HashSet<String>,
    place: Place,
}

impl Poll {
    /// Goes on behind a number of a domain controller.
    ///
    /// # Errors
    /// `cursor-invalid` if another domain controller answers, or the same one from a backup.
    pub fn usn(desk: &mut Desk<'_>, usn: i64, server: &str) -> Result<Self, Fault> {
        let own = ladder::server(desk.link, desk.root)?;
        // Read before anything else: what changes from now on has a greater number.
        let (Some(own), Some(highest)) = (own, desk.root.highest_usn()) else {
            return Err(Fault::cursor_invalid(
                "the server does not say which number of changes it has; everything is read",
            ));
        };
        if own != server || highest < usn {
            return Err(Fault::cursor_invalid(
                "another domain controller answers, or this one came back from a backup: its numbers are others; \
                 everything is read",
            ));
        }
        let next = usn.saturating_add(1).to_string();
        let mark = filter::at_least("uSNChanged", &next);
        let objects = filter::parse(OBJECTS).map_err(Fault::internal)?;
        let anything = filter::both(&objects, &mark);
        let gone = filter::both(&filter::equal("isDeleted", "TRUE"), &anything);
        let mut poll = Self::new(desk, &mark, &anything, Place::Usn { usn: highest, server: own })?;
        for context in contexts(desk) {
            let mut walk = Walk::new(Class::Account, &context, gone.clone());
            walk.deleted = true;
            poll.walks.push_back((Finds::Deleted, walk));
        }
        Ok(poll)
    }

    /// Goes on at a time.
    ///
    /// # Errors
    /// `cursor-invalid` if it is none.
    pub fn timestamp(desk: &Desk<'_>, at: &str) -> Result<Self, Fault> {
        let from = values::earlier(at, OVERLAP);
        let from = from.ok_or_else(|| Fault::cursor_invalid("the cursor has no time; everything is read"))?;
        let mark = filter::at_least(CHANGED, &from);
        Self::new(desk, &mark, &mark, Place::Timestamp { at: at.to_owned() })
    }

    fn new(desk: &Desk<'_>, mark: &[u8], anything: &[u8], place: Place) -> Result<Self, Fault> {
        let mut walks = VecDeque::new();
        for class in ORDER.into_iter().filter(|class| desk.classes.contains(class)) {
            for mut walk in Walk::all(desk.settings, class)? {
                walk.filter = filter::both(&walk.filter, mark);
                walks.push_back((Finds::Told, walk));
            }
        }
        for context in contexts(desk) {
            walks.push_back((Finds::Anything, Walk::new(Class::Account, &context, anything.to_vec())));
        }
        Ok(Self { walks, told: HashSet::new(), place })
    }

    /// One page further.
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub fn step(&mut self, desk: &mut Desk<'_>) -> Result<Step, Fault> {
        let Some((finds, mut walk)) = self.walks.pop_front() else {
            return Ok(Step { place: Some(self.place.clone()), over: true, ..Step::default() });
        };
        let shape = Shape::new(desk.settings, walk.class);
        let mut attributes = if finds == Finds::Told { shape.wanted() } else { shape.index() };
        attributes.push(CHANGED.to_owned());
        let size = desk.settings.page_size;
        let found = walk.ask(desk.link, size, &attributes)?;
        let outside = finds == Finds::Anything && !desk.settings.bases().any(|base| base == walk.base);
        if NOT_HERE.contains(&found.code()) && outside {
            // What is around the base is not for us: then only what lost its filter is told, and not what was moved away.
            for base in desk.settings.bases() {
                let around = Dn::parse(&walk.base).zip(Dn::parse(base)).is_some_and(|(all, one)| one.is_within(&all));
                if around {
                    self.walks.push_front((finds, Walk::new(walk.class, base, walk.filter.clone())));
                }
            }
            return Ok(Step::default());
        }
        let (found, more) = walk.take(found.good(&walk.doing())?)?;
        let mut step = Step::default();
        for entry in found.entries {
            if let (Place::Timestamp { at }, Ok([time])) = (&mut self.place, texts(&entry, CHANGED).as_deref())
                && **time > **at
            {
                (*time).clone_into(at);
            }
            let id = shape.id_of(&entry);
            match (finds, id) {
                (Finds::Told, id) => {
                    self.told.extend(id);
                    step.told.push(Told::Entry(walk.class, entry));
                }
                (Finds::Anything, Ok(id)) if !self.told.contains(&id) => {
                    let gone = |class: &Class| Told::Gone(*class, id.clone(), DepartureCause::LeftScope);
                    step.told.extend(desk.classes.iter().map(gone));
                }
                (Finds::Deleted, Ok(id)) => {
                    let gone = |class: &Class| Told::Gone(*class, id.clone(), DepartureCause::Deleted);
                    step.told.extend(desk.classes.iter().map(gone));
                }
                _ => {}
            }
        }
        if more {
            self.walks.push_front((finds, walk));
        }
        Ok(step)
    }
}

/// The naming contexts of the bases, or these where the server names none.
fn contexts(desk: &Desk<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for base in desk.settings.bases() {
        let context = desk.root.context_of(base).unwrap_or_else(|| base.to_owned());
        if !all.contains(&context) {
            all.push(context);
        }
    }
    all
}
