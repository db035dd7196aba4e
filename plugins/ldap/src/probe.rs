//! What `check` finds out: connection, bind, the server itself, the bases, how changes are found, people with their ids.

use crate::control::{Ask, PAGED};
use crate::convert::Shape;
use crate::cursor::Place;
use crate::delta::sync;
use crate::filter;
use crate::ladder;
use crate::link::{Found, Link};
use crate::message::{Scope, Search};
use crate::preset::CHANGED;
use crate::root::Root;
use crate::settings::{Ladder, Settings};
use crate::trouble;
use rosterd_sdk::{Class, Fault, FaultKind, Probe};

/// The code of a search that found more than it was to give.
const SIZE_LIMIT: i64 = 4;

/// One probe for each thing that reading needs; the first that fails for all is the last.
#[must_use]
pub fn probes(settings: &Settings) -> Vec<Probe> {
    let mut probes = Vec::new();
    // What fails here fails everything behind it.
    if let Err((name, fault)) = look(settings, &mut probes) {
        probes.push(failed(name, &fault));
    }
    probes
}

fn failed(name: &str, fault: &Fault) -> Probe {
    Probe::failed(name, &fault.message, trouble::remedy(fault))
}

fn look(settings: &Settings, probes: &mut Vec<Probe>) -> Result<(), (&'static str, Fault)> {
    let mut link = enter(settings, probes)?;
    let root = Root::read(&mut link).map_err(|fault| ("root DSE", fault))?;
    probes.push(pages(&root));
    for base in settings.bases() {
        let found = search(&mut link, base, Scope::Base, 0, &filter::present("objectClass"), &["1.1"]);
        let found = found.and_then(|found| good("reading the base", found, false)).map_err(|fault| ("base", fault))?;
        if found.entries.is_empty() {
            let text = format!(
                "reading the base gave no entry; the server's administrator lets the account of bind-dn read \"{base}\""
            );
            return Err(("base", Fault::forbidden(text)));
        }
        probes.push(Probe::passed("base", format!("{base} is there")));
    }
    probes.push(changes(settings, &mut link, &root).map_err(|fault| ("changes", fault))?);
    probes.push(people(settings, &mut link).map_err(|fault| ("people", fault))?);
    link.close();
    Ok(())
}

/// Every server is tried; the first that lets us in is asked for all the rest.
fn enter(settings: &Settings, probes: &mut Vec<Probe>) -> Result<Link, (&'static str, Fault)> {
    let (mut entered, mut first): (Option<Link>, Option<(&'static str, Fault)>) = (None, None);
    for place in settings.places().map_err(|fault| ("connection", fault))? {
        let name = place.name();
        let tried = Link::connect(place).map_err(|fault| ("connection", fault)).and_then(|mut link| {
            probes.push(Probe::passed("connection", format!("{name} answers, with TLS")));
            link.bind(settings).map_err(|fault| ("bind", fault))?;
            probes.push(Probe::passed("bind", format!("bound as {}", settings.bind_dn)));
            Ok(link)
        });
        match tried {
            Ok(link) if entered.is_none() => entered = Some(link),
            Ok(link) => link.close(),
            // A password that is wrong here is not tried at the others: they would lock the account.
            Err((step, fault)) if fault.kind == FaultKind::Unauthorized => return Err((step, fault)),
            Err((step, fault)) => {
                if let Some((step, fault)) = first.replace((step, fault)) {
                    probes.push(failed(step, &fault));
                }
            }
        }
    }
    match (entered, first) {
        (Some(link), first) => {
            probes.extend(first.map(|(step, fault)| failed(step, &fault)));
            Ok(link)
        }
        (None, Some(first)) => Err(first),
        (None, None) => Err(("connection", Fault::settings("no server is named"))),
    }
}

fn search(
    link: &mut Link,
    base: &str,
    scope: Scope,
    most: u32,
    filter: &[u8],
    attributes: &[&str],
) -> Result<Found, Fault> {
    let attributes: Vec<String> = attributes.iter().map(|name| (*name).to_owned()).collect();
    link.search(&Search { base, scope, most, filter, attributes: &attributes, types_only: false, controls: &[] })
}

/// What a search found, if it went well.
fn good(doing: &str, found: Found, limited: bool) -> Result<Found, Fault> {
    let enough = limited && found.code() == SIZE_LIMIT && !found.entries.is_empty();
    if enough { Ok(found) } else { found.good(doing) }
}

/// Whether the server says that it can give pages.
fn pages(root: &Root) -> Probe {
    if root.pages() {
        return Probe::passed("root DSE", "the server gives results in pages");
    }
    let text = "the server does not say that it gives results in pages";
    Probe::failed("root DSE", text, format!("the server's administrator allows the control {PAGED}"))
}

/// How changes are found, and why not in a better way.
fn changes(settings: &Settings, link: &mut Link, root: &Root) -> Result<Probe, Fault> {
    let mut reasons = Vec::new();
    for rung in ladder::wanted(settings) {
        let why = match ladder::begin(link, settings, root, *rung)? {
            Err(why) => Some(why),
            Ok(_) if *rung == Ladder::Sync => sync::begins(link, settings)?,
            Ok(_) if *rung == Ladder::Timestamp => times(link, settings)?,
            Ok(Some(Place::Dirsync { own: true, .. })) => {
                let text = "with what the account may see alone: it lacks the right \"Replicating Directory Changes\"";
                reasons.push(text.to_owned());
                reasons.push(deletions(settings, link, root)?.to_owned());
                None
            }
            Ok(Some(Place::Usn { .. })) => {
                reasons.push(deletions(settings, link, root)?.to_owned());
                None
            }
            Ok(_) => None,
        };
        let Some(why) = why else {
            let rest = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
            return Ok(Probe::passed("changes", format!("changes are found by {}{rest}", rung.as_str())));
        };
        reasons.push(format!("not by {}: {why}", rung.as_str()));
    }
    if settings.delta == Ladder::None {
        return Ok(Probe::passed("changes", "each run reads everything, as the setting delta says"));
    }
    let remedy = "set delta to another way or to none, or the server's administrator allows this one";
    Ok(Probe::failed("changes", reasons.join("; "), remedy))
}

/// Whether the account is shown what was deleted; ordinary accounts of Active Directory are not.
fn deletions(settings: &Settings, link: &mut Link, root: &Root) -> Result<&'static str, Fault> {
    let context = root.context_of(&settings.base).unwrap_or_default();
    let filter = filter::equal("isDeleted", "TRUE");
    let found = link.search(&Search {
        base: &context,
        scope: Scope::Subtree,
        most: 2,
        filter: &filter,
        attributes: &["1.1".to_owned()],
        types_only: false,
        controls: &[Ask::ShowDeleted],
    })?;
    // The place where deleted objects are is called deleted, too, and shown to everybody. Theirs have a mark in their names.
    let shown = found.entries.iter().any(|entry| String::from_utf8_lossy(&entry.dn).contains("\\0ADEL:"));
    Ok(if shown {
        "the account is shown deleted objects, so deletions are told"
    } else {
        "the account is shown no deleted object: unless nothing was ever deleted it may not see them, and deletions are found by \
         full runs only; the domain's administrator lets it read CN=Deleted Objects, or gives it \"Replicating Directory Changes\""
    })
}

/// Why times of changes can not be used.
fn times(link: &mut Link, settings: &Settings) -> Result<Option<String>, Fault> {
    let filter = filter::present("objectClass");
    let found = search(link, &settings.base, Scope::Base, 0, &filter, &[CHANGED])?.good("reading the base")?;
    let shown = found.entries.iter().any(|entry| entry.attributes.iter().any(|(_, values)| !values.is_empty()));
    Ok((!shown).then(|| format!("the account of bind-dn may not read {CHANGED}")))
}

/// Whether somebody is found, and shows an id.
fn people(settings: &Settings, link: &mut Link) -> Result<Probe, Fault> {
    let filter = filter::parse(settings.filter(Class::Account)).map_err(Fault::settings)?;
    let found = search(link, &settings.base, Scope::Subtree, 1, &filter, &[settings.id()])?;
    let found = good("looking for people", found, true)?;
    let Some(entry) = found.entries.first() else {
        // So it should be where everybody is still to be made.
        return Ok(Probe::passed(
            "people",
            format!(
                "nobody is found by {}; if there are people, mend base or user-filter, or let the account of bind-dn see them",
                settings.filter(Class::Account)
            ),
        ));
    };
    let dn = String::from_utf8_lossy(&entry.dn);
    Ok(match Shape::new(settings, Class::Account).id_of(entry) {
        Ok(_) => Probe::passed("people", format!("somebody is found, and shows {}", settings.id())),
        Err(wrong) => {
            let fault = Fault::forbidden(format!("{dn} can not be read: {wrong}"));
            failed("people", &fault)
        }
    })
}
