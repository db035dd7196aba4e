//! DirSync of Active Directory: the server tells which objects of a naming context changed, and of members who came and who left.
//!
//! It tells of an object what changed and nothing else, not even its class. So each is read by its id; of a group that was not made,
//! renamed or moved the members are left out there, because what changed of them is told.

use super::{Desk, MOST, Step, Told, too_much};
use crate::control::{Ask, INCREMENTAL_VALUES, OBJECT_SECURITY};
use crate::convert::{Shape, texts, values_of};
use crate::cursor::{Place, hex, unhex};
use crate::dn::Dn;
use crate::filter;
use crate::link::Link;
use crate::look::{One, each};
use crate::message::{Entry, Scope, Search};
use crate::ranges;
use crate::settings::Settings;
use crate::trouble;
use rosterd_sdk::{Change, Class, DepartureCause, Fault};

/// Objects that can be people, org units or groups. Tombstones keep their class.
const OBJECTS: &str = "(|(objectClass=user)(objectClass=group)(objectClass=organizationalUnit))";
/// Entries that are taken at once.
const PART: usize = 200;
/// The server is busy, or not available.
const PASSING: [i64; 2] = [51, 52];

/// Where a delta begins that follows from now on, or why there is none.
///
/// # Errors
/// What keeps the server from answering.
pub fn now(link: &mut Link, context: &str, flags: i64) -> Result<Result<Vec<u8>, String>, Fault> {
    let mut cookie = Vec::new();
    loop {
        let id = link.begin(&Search {
            base: context,
            scope: Scope::Subtree,
            most: 0,
            filter: &filter::parse(OBJECTS).map_err(Fault::internal)?,
            // Nothing of them is used; the name comes always.
            attributes: &["objectGUID".to_owned()],
            types_only: false,
            controls: &[Ask::DirSync(INCREMENTAL_VALUES | flags, &cookie)],
        })?;
        let end = loop {
            let part = link.part(id, PART)?;
            if part.outcome.is_some() {
                break part;
            }
        };
        if end.code() != 0 {
            let fault = end.good("DirSync").err().unwrap_or_else(|| Fault::internal("a result that is none is none"));
            let passing = fault.kind == rosterd_sdk::FaultKind::Transient;
            return if passing { Err(fault) } else { Ok(Err(fault.message)) };
        }
        match end.said.dirsync {
            Some((true, next)) if next != cookie => cookie = next,
            Some((false, next)) => return Ok(Ok(next)),
            _ => return Ok(Err("the server answers DirSync without a cookie that goes on".to_owned())),
        }
    }
}

/// A delta under way.
#[derive(Debug)]
pub struct Pull {
    cookie: Vec<u8>,
    own: bool,
    context: String,
    attributes: Vec<String>,
}

/// An object that changed.
struct Changed {
    id: String,
    guid: [u8; 16],
    /// True: it has to be read with its members.
    whole: bool,
    came: Vec<String>,
    left: Vec<String>,
}

impl Pull {
    /// Goes on at a cookie.
    ///
    /// # Errors
    /// `cursor-invalid` if it is none, or the naming context is not there any more.
    pub fn new(desk: &Desk<'_>, cookie: &str, own: bool) -> Result<Self, Fault> {
        let context = desk.root.context_of(&desk.settings.base).ok_or_else(|| {
            Fault::cursor_invalid(
                "the server does not name the naming context of the base any more; everything is read",
            )
        })?;
        let mut attributes: Vec<String> = ["objectClass", "name", "isDeleted", "parentGUID"].map(str::to_owned).into();
        for class in desk.classes {
            for name in Shape::new(desk.settings, *class).wanted() {
                if !attributes.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
                    attributes.push(name);
                }
            }
        }
        Ok(Self { cookie: unhex(cookie)?, own, context, attributes })
    }

    /// Some objects further.
    ///
    /// # Errors
    /// `cursor-invalid` if the server does not take the cookie; what keeps it from answering.
    pub fn step(&mut self, desk: &mut Desk<'_>) -> Result<Step, Fault> {
        let flags = INCREMENTAL_VALUES | if self.own { OBJECT_SECURITY } else { 0 };
        let filter = filter::parse(OBJECTS).map_err(Fault::internal)?;
        let search = Search {
            base: &self.context,
            scope: Scope::Subtree,
            most: 0,
            filter: &filter,
            attributes: &self.attributes,
            types_only: false,
            controls: &[Ask::DirSync(flags, &self.cookie)],
        };
        // The answer is read to its end before anything else is asked.
        let part = desk.link.at_most(&search, MOST)?.ok_or_else(too_much)?;
        let (mut step, mut changed) = (Step::default(), Vec::new());
        if let Some(outcome) = part.outcome.as_ref().filter(|outcome| outcome.code != 0) {
            if PASSING.contains(&outcome.code) {
                return Err(trouble::fault("DirSync", outcome));
            }
            let text = format!("{}; everything is read", trouble::fault("DirSync with the cursor", outcome).message);
            return Err(Fault::cursor_invalid(text));
        }
        let Some((more, cookie)) = part.said.dirsync else {
            return Err(Fault::incomplete(
                "the server answers DirSync without its control; its administrator looks at it",
            ));
        };
        if more && cookie == self.cookie {
            return Err(Fault::incomplete("the server answers DirSync with the cookie that it was asked with"));
        }
        for entry in &part.entries {
            self.sort(desk, entry, &mut step.told, &mut changed);
        }
        read(desk, changed, &mut step.told)?;
        self.cookie = cookie;
        step.place = Some(Place::Dirsync { cookie: hex(&self.cookie), own: self.own });
        step.over = !more;
        Ok(step)
    }

    /// Tells what is gone from what changed.
    fn sort(&self, desk: &Desk<'_>, entry: &Entry, told: &mut Vec<Told>, changed: &mut Vec<Changed>) {
        let shape = Shape::new(desk.settings, Class::Group);
        let guid = values_of(entry, "objectGUID").ok().and_then(|values| values.first().copied()?.try_into().ok());
        let (Ok(id), Some(guid)) = (shape.id_of(entry), guid) else {
            let dn = String::from_utf8_lossy(&entry.dn);
            let text = "a changed entry can not be read: it shows no objectGUID";
            told.push(Told::Rejected(Change::rejected(None, None, dn.clone(), text, &dn)));
            return;
        };
        if texts(entry, "isDeleted").is_ok_and(|values| values.iter().any(|value| value.eq_ignore_ascii_case("TRUE"))) {
            told.extend(desk.classes.iter().map(|class| Told::Gone(*class, id.clone(), DepartureCause::Deleted)));
            return;
        }
        let mut one = Changed { id, guid, whole: false, came: Vec::new(), left: Vec::new() };
        for (name, values) in &entry.attributes {
            let name = String::from_utf8_lossy(name);
            let (bare, options) = name.split_once(';').unwrap_or((&name, ""));
            if ["objectClass", "name", "parentGUID"].iter().any(|own| own.eq_ignore_ascii_case(bare)) {
                one.whole = true;
            }
            if !bare.eq_ignore_ascii_case("member") {
                continue;
            }
            let names = values.iter().map(|value| String::from_utf8_lossy(value).into_owned());
            match ranges::range(options) {
                Some((1, Some(1))) => one.came.extend(names),
                Some((0, Some(0))) => one.left.extend(names),
                // Neither who came nor who left: it is told as a list.
                _ => one.whole = true,
            }
        }
        changed.push(one);
    }
}

/// Reads objects as they are now, in the classes that are asked for. What is in none of them has left what is read.
fn read(desk: &mut Desk<'_>, changed: Vec<Changed>, told: &mut Vec<Told>) -> Result<(), Fault> {
    let mut searches = Vec::new();
    for one in &changed {
        for class in desk.classes {
            let mut attributes = Shape::new(desk.settings, *class).wanted();
            if !one.whole {
                attributes.retain(|name| *class != Class::Group || name != "member");
            }
            let filter = filter::parse(desk.settings.filter(*class)).map_err(Fault::settings)?;
            searches.push(One { base: format!("<GUID={}>", one.id), scope: Scope::Base, filter, attributes });
        }
    }
    let mut found = each(desk.link, "reading what changed", &searches)?.into_iter();
    for one in changed {
        let mut there = false;
        for class in desk.classes {
            let entry = found.next().and_then(|mut found| found.entries.pop());
            let Some(entry) = entry.filter(|entry| !there && within(desk.settings, entry, one.guid)) else { continue };
            there = true;
            told.push(if *class == Class::Group && !one.whole {
                Told::Members(entry, one.came.clone(), one.left.clone())
            } else {
                Told::Entry(*class, entry)
            });
        }
        if !there {
            let gone = |class: &Class| Told::Gone(*class, one.id.clone(), DepartureCause::LeftScope);
            told.extend(desk.classes.iter().map(gone));
        }
    }
    Ok(())
}

/// True if the entry is the one that was asked for, and where we read. A name that can not be read is told as such.
fn within(settings: &Settings, entry: &Entry, guid: [u8; 16]) -> bool {
    let dn = str::from_utf8(&entry.dn).ok().and_then(Dn::parse);
    let own = values_of(entry, "objectGUID").is_ok_and(|values| values == [&guid[..]]);
    own && dn.is_none_or(|dn| settings.holds(&dn))
}

/// A group once more, with all of its members; none: it is gone meanwhile.
///
/// # Errors
/// What keeps the server from answering.
pub fn whole(link: &mut Link, settings: &Settings, entry: &Entry, shape: &Shape) -> Result<Option<Entry>, Fault> {
    let Ok(id) = shape.id_of(entry) else { return Ok(None) };
    let filter = filter::parse(settings.filter(Class::Group)).map_err(Fault::settings)?;
    let one = One { base: format!("<GUID={id}>"), scope: Scope::Base, filter, attributes: shape.wanted() };
    Ok(each(link, "reading what changed", &[one])?.pop().and_then(|mut found| found.entries.pop()))
}
