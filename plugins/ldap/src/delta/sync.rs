//! RFC 4533, once each time (refreshOnly): the server tells what is new and what is not in the content any more.
//!
//! Where it has no log of what was deleted it tells all that is there instead, and whoever keeps a copy finds out what is gone. The
//! host keeps it, and a full run is how it finds out: so that is asked for.

use super::{Desk, MOST, Step, Told, too_much};
use crate::control::{Ask, Info, State};
use crate::convert::Shape;
use crate::cursor::{Place, hex, unhex};
use crate::filter;
use crate::link::Link;
use crate::look::{ORDER, One, each};
use crate::message::{Scope, Search};
use crate::settings::Settings;
use crate::values;
use crate::walk::Walk;
use rosterd_sdk::{Class, DepartureCause, Fault};
use std::collections::{HashMap, HashSet, VecDeque};

/// The cookie is too old (RFC 4533, section 2.6).
const REFRESH: i64 = 4096;

/// A delta under way.
#[derive(Debug)]
pub struct Refresh {
    /// Searches still to be done, with the place of their cookie.
    walks: VecDeque<(usize, Walk)>,
    cookies: Vec<String>,
    told: HashSet<[u8; 16]>,
    /// Not in the content of a class any more, or never there: a change elsewhere looks the same.
    gone: Vec<(Class, [u8; 16])>,
}

/// One search for each class and base, in an order that stays; whatever the classes are that are asked for.
///
/// # Errors
/// `settings` if a filter is none.
pub fn walks(settings: &Settings) -> Result<Vec<Walk>, Fault> {
    let all: Result<Vec<Vec<Walk>>, Fault> = ORDER.into_iter().map(|class| Walk::all(settings, class)).collect();
    Ok(all?.into_iter().flatten().collect())
}

/// Why a synchronisation does not begin. Whether all may be read that way is known only when it is.
///
/// # Errors
/// What keeps the server from answering.
pub fn begins(link: &mut Link, settings: &Settings) -> Result<Option<String>, Fault> {
    let found = link.search(&Search {
        base: &settings.base,
        scope: Scope::Base,
        most: 0,
        filter: &filter::present("objectClass"),
        attributes: &["1.1".to_owned()],
        types_only: false,
        controls: &[Ask::Sync(None)],
    })?;
    Ok(match found.good("a synchronisation (RFC 4533)") {
        Err(fault) => Some(fault.message),
        Ok(found) => found.said.cookie.is_none().then(|| "the server gives no cookie".to_owned()),
    })
}

fn again(why: &str) -> Fault {
    Fault::cursor_invalid(format!("{why}; everything is read"))
}

impl Refresh {
    /// Goes on at these cookies.
    ///
    /// # Errors
    /// `cursor-invalid` if they are not those of these settings.
    pub fn new(desk: &Desk<'_>, cookies: &[String]) -> Result<Self, Fault> {
        let walks = walks(desk.settings)?;
        if walks.len() != cookies.len() {
            return Err(again("the cursor has other cookies than there are searches"));
        }
        let asked = walks.into_iter().enumerate().filter(|(_, walk)| desk.classes.contains(&walk.class));
        Ok(Self { walks: asked.collect(), cookies: cookies.to_vec(), told: HashSet::new(), gone: Vec::new() })
    }

    /// One search further.
    ///
    /// # Errors
    /// `cursor-invalid` if the server has forgotten what was deleted; what keeps it from answering.
    pub fn step(&mut self, desk: &mut Desk<'_>) -> Result<Step, Fault> {
        let Some((at, walk)) = self.walks.pop_front() else {
            let place = Some(Place::Sync { cookies: self.cookies.clone() });
            return Ok(Step { told: self.look_for(desk)?, place, over: true });
        };
        let cookie = unhex(&self.cookies[at])?;
        let attributes = Shape::new(desk.settings, walk.class).wanted();
        let cookie = [Ask::Sync(Some(&cookie))];
        let search = Search {
            base: &walk.base,
            scope: Scope::Subtree,
            most: 0,
            filter: &walk.filter,
            attributes: &attributes,
            types_only: false,
            controls: &cookie,
        };
        let found = desk.link.at_most(&search, MOST)?.ok_or_else(too_much)?;
        if found.code() == REFRESH {
            return Err(again("the server no longer knows what changed since the cursor"));
        }
        let found = found.good(&walk.doing())?;
        let (mut step, mut newest) = (Step::default(), None);
        let forgotten = || again("the server has no log of what was deleted since the cursor");
        for info in found.infos {
            match info {
                Info::Cookie(cookie) | Info::Deletes(Some(cookie)) => newest = Some(cookie),
                Info::Ids(cookie, true, ids) => {
                    newest = cookie.or(newest);
                    self.gone.extend(ids.into_iter().map(|id| (walk.class, id)));
                }
                Info::Ids(_, false, ids) if ids.is_empty() => {}
                Info::Ids(..) | Info::Presents(_) => return Err(forgotten()),
                Info::Deletes(None) | Info::Other => {}
            }
        }
        for entry in found.entries {
            match entry.state {
                Some((State::Told, id)) => {
                    self.told.insert(id);
                    step.told.push(Told::Entry(walk.class, entry));
                }
                Some((State::Deleted, id)) => self.gone.push((walk.class, id)),
                Some((State::Present, _)) => return Err(forgotten()),
                None => {
                    let text = "the server answers a synchronisation without saying what its entries are; its \
                                administrator looks up the overlay syncprov, or set delta to timestamp";
                    return Err(Fault::incomplete(text));
                }
            }
        }
        // Without it, what was not told of would be gone.
        if found.said.deletes_told != Some(true) {
            return Err(forgotten());
        }
        if let Some(cookie) = found.said.cookie.or(newest) {
            self.cookies[at] = hex(&cookie);
        }
        Ok(step)
    }

    /// What is not in the content any more is deleted, or was moved or changed: then it is found elsewhere.
    fn look_for(&self, desk: &mut Desk<'_>) -> Result<Vec<Told>, Fault> {
        let mut contexts: Vec<String> = Vec::new();
        for base in desk.settings.bases() {
            let context = desk.root.context_of(base).unwrap_or_else(|| base.to_owned());
            if !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        let mut unknown: Vec<[u8; 16]> =
            self.gone.iter().map(|(_, id)| *id).filter(|id| !self.told.contains(id)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        let search = |id: &[u8; 16], context: &String| One {
            base: context.clone(),
            scope: Scope::Subtree,
            filter: filter::equal("entryUUID", values::uuid(*id)),
            attributes: vec!["1.1".to_owned()],
        };
        let searches: Vec<One> =
            unknown.iter().flat_map(|id| contexts.iter().map(move |context| search(id, context))).collect();
        let found = each(desk.link, "looking for what is gone", &searches)?;
        let mut causes = HashMap::new();
        for (id, found) in unknown.iter().zip(found.chunks(contexts.len().max(1))) {
            let there = found.iter().any(|found| !found.entries.is_empty());
            // Where we may not look, nobody knows.
            let blind = found.iter().any(|found| found.outcome.is_none());
            causes.insert(
                *id,
                match (there, blind) {
                    (true, _) => DepartureCause::LeftScope,
                    (false, false) => DepartureCause::Deleted,
                    (false, true) => DepartureCause::Unknown,
                },
            );
        }
        let cause = |id| causes.get(id).copied().unwrap_or(DepartureCause::LeftScope);
        Ok(self.gone.iter().map(|(class, id)| Told::Gone(*class, values::uuid(*id), cause(id))).collect())
    }
}
