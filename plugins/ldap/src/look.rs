//! Who is meant by names in single entries: few are looked up one by one, many by reading all names and ids once more.

use crate::convert::{Index, Shape};
use crate::dn::Dn;
use crate::filter;
use crate::link::{Found, Link};
use crate::message::{Entry, Scope, Search};
use crate::preset::PRIMARY;
use crate::ranges;
use crate::settings::Settings;
use crate::values;
use crate::walk::Walk;
use rosterd_sdk::{Class, Fault};
use std::collections::HashSet;

/// Org units first: people and groups refer to them. An entry of two classes is one of the first.
pub const ORDER: [Class; 3] = [Class::OrgUnit, Class::Account, Class::Group];
/// So many names are looked up one by one; for more, everything is read for its names and ids.
const SINGLE: usize = 1000;
/// Searches that are under way at the same time.
const AT_ONCE: usize = 60;
/// There is no such entry, or none that we may know of; another server has it; it is no name.
const NOT_HERE: [i64; 3] = [32, 10, 34];

/// A search for one entry.
#[derive(Debug)]
pub struct One {
    /// Where.
    pub base: String,
    /// How deep.
    pub scope: Scope,
    /// Which.
    pub filter: Vec<u8>,
    /// Attributes to be given.
    pub attributes: Vec<String>,
}

impl One {
    fn search(&self) -> Search<'_> {
        Search {
            base: &self.base,
            scope: self.scope,
            most: 0,
            filter: &self.filter,
            attributes: &self.attributes,
            types_only: false,
            controls: &[],
        }
    }
}

/// Does many small searches. An entry that is not there is no entry.
///
/// # Errors
/// Any other result that is none, and what keeps the connection from answering.
pub fn each(link: &mut Link, doing: &str, all: &[One]) -> Result<Vec<Found>, Fault> {
    let mut answers = Vec::with_capacity(all.len());
    for some in all.chunks(AT_ONCE) {
        let searches: Vec<Search<'_>> = some.iter().map(One::search).collect();
        for found in link.searches(&searches)? {
            let here = !NOT_HERE.contains(&found.code());
            answers.push(if here { found.good(doing)? } else { Found::default() });
        }
    }
    Ok(answers)
}

/// Names that were asked for, and what they stand for.
#[derive(Debug, Default)]
pub struct Names {
    /// What is known.
    pub index: Index,
    asked: HashSet<Dn>,
    whole: bool,
}

impl Names {
    /// Learns what these entries refer to, and fetches what is missing of their long attributes.
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub fn learn(&mut self, link: &mut Link, settings: &Settings, told: &mut [(Class, Entry)]) -> Result<(), Fault> {
        let mut names = Vec::new();
        for (class, entry) in told.iter_mut() {
            ranges::complete(link, entry)?;
            let shape = Shape::new(settings, *class);
            names.extend(shape.names(entry));
            if let Some(sid) = shape.sid(entry) {
                self.primary(link, settings, &sid)?;
            }
        }
        self.ask(link, settings, &names)
    }

    /// Learns who has these names.
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub fn ask(&mut self, link: &mut Link, settings: &Settings, names: &[String]) -> Result<(), Fault> {
        if self.whole {
            return Ok(());
        }
        let new = |text: &&String| Dn::parse(text).is_some_and(|dn| settings.holds(&dn) && self.asked.insert(dn));
        let new: Vec<&String> = names.iter().filter(new).collect();
        if self.asked.len() > SINGLE {
            self.whole = true;
            return self.all(link, settings);
        }
        let shapes = ORDER.map(|class| (class, Shape::new(settings, class)));
        let mut searches = Vec::new();
        for name in &new {
            for (class, shape) in &shapes {
                let filter = filter::parse(settings.filter(*class)).map_err(Fault::settings)?;
                searches.push(One { base: (*name).clone(), scope: Scope::Base, filter, attributes: shape.index() });
            }
        }
        let found = each(link, "looking up who is referred to", &searches)?;
        for (at, found) in found.iter().enumerate() {
            // Under the name that was asked for: a server may write the same one otherwise.
            let name = new.get(at / ORDER.len()).and_then(|text| Dn::parse(text));
            let (class, shape) = &shapes[at % ORDER.len()];
            if let (Some(dn), Some(Ok(id))) = (name, found.entries.first().map(|entry| shape.id_of(entry))) {
                self.index.add(dn, *class, id);
            }
        }
        Ok(())
    }

    /// Names and ids of everything, over a connection of its own: with the first page of another search OpenLDAP forgets where the one was
    /// that is under way on this one.
    fn all(&mut self, link: &Link, settings: &Settings) -> Result<(), Fault> {
        let mut own = Link::enter(link.place().clone(), settings)?;
        for class in ORDER {
            let shape = Shape::new(settings, class);
            for mut walk in Walk::all(settings, class)? {
                loop {
                    let (found, more) = walk.page(&mut own, settings.page_size, &shape.index())?;
                    let names = found.entries.iter().filter_map(|entry| {
                        let dn = str::from_utf8(&entry.dn).ok().and_then(Dn::parse)?;
                        Some((dn, shape.id_of(entry).ok()?))
                    });
                    for (dn, id) in names {
                        self.index.add(dn, class, id);
                    }
                    if !more {
                        break;
                    }
                }
            }
        }
        own.close();
        Ok(())
    }

    /// Active Directory: those whose primary group this is.
    fn primary(&mut self, link: &mut Link, settings: &Settings, sid: &[u8]) -> Result<(), Fault> {
        let Some(number) = values::number(sid) else { return Ok(()) };
        let shape = Shape::new(settings, Class::Account);
        for mut walk in Walk::all(settings, Class::Account)? {
            walk.filter = filter::and(&[walk.filter, filter::equal(PRIMARY, number.to_string())]);
            loop {
                let (found, more) = walk.page(link, settings.page_size, &shape.index())?;
                for entry in &found.entries {
                    self.index.take_primary(&shape, entry);
                }
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }
}
