//! Which way of finding changes a server has, from the best to the last, and where each begins.

use crate::control::OBJECT_SECURITY;
use crate::cursor::{Place, hex};
use crate::delta::dirsync;
use crate::filter;
use crate::link::Link;
use crate::message::{Scope, Search};
use crate::root::Root;
use crate::settings::{Ladder, Settings};
use rosterd_sdk::Fault;

/// The rungs that the setting allows, the best first.
#[must_use]
pub fn wanted(settings: &Settings) -> &'static [Ladder] {
    match settings.delta {
        Ladder::Auto => &[Ladder::Dirsync, Ladder::Usn, Ladder::Sync, Ladder::Timestamp],
        Ladder::Dirsync => &[Ladder::Dirsync],
        Ladder::Usn => &[Ladder::Usn],
        Ladder::Sync => &[Ladder::Sync],
        Ladder::Timestamp => &[Ladder::Timestamp],
        Ladder::None => &[],
    }
}

/// Why a rung is not there, as far as the server says it of itself.
#[must_use]
pub fn missing(settings: &Settings, root: &Root, rung: Ladder) -> Option<String> {
    let id = |wanted: &str| {
        let other = !settings.id().eq_ignore_ascii_case(wanted);
        other.then(|| format!("it tells entries by {wanted}, and the setting id-attribute names {}", settings.id()))
    };
    let unsaid = |what: &str| Some(format!("the server does not have {what}"));
    match rung {
        Ladder::Dirsync if !root.dirsync() => unsaid("DirSync"),
        Ladder::Usn if root.highest_usn().is_none() => unsaid("a highestCommittedUSN"),
        Ladder::Sync if !root.sync() => unsaid("RFC 4533, the overlay syncprov"),
        Ladder::Dirsync if root.context_of(&settings.base).is_none() => unsaid("a naming context around the base"),
        Ladder::Dirsync
            if settings.bases.iter().any(|base| root.context_of(base) != root.context_of(&settings.base)) =>
        {
            Some("the bases are in several naming contexts".to_owned())
        }
        Ladder::Dirsync | Ladder::Usn => id("objectGUID"),
        Ladder::Sync => id("entryUUID"),
        _ => None,
    }
}

/// Where a delta begins that follows what is read from now on; or why there is none on this rung. None at all: it is known only
/// when everything was read.
///
/// # Errors
/// What keeps the server from answering.
pub fn begin(
    link: &mut Link,
    settings: &Settings,
    root: &Root,
    rung: Ladder,
) -> Result<Result<Option<Place>, String>, Fault> {
    if let Some(why) = missing(settings, root, rung) {
        return Ok(Err(why));
    }
    match rung {
        Ladder::Dirsync => {
            let context = root.context_of(&settings.base).unwrap_or_default();
            let first = match dirsync::now(link, &context, 0)? {
                Ok(cookie) => return Ok(Ok(Some(Place::Dirsync { cookie: hex(&cookie), own: false }))),
                Err(why) => why,
            };
            // Without the right to replicate, what the account may see is left.
            match dirsync::now(link, &context, OBJECT_SECURITY)? {
                Ok(cookie) => Ok(Ok(Some(Place::Dirsync { cookie: hex(&cookie), own: true }))),
                Err(_) => Ok(Err(first)),
            }
        }
        Ladder::Usn => match (server(link, root)?, root.highest_usn()) {
            (Some(server), Some(usn)) => Ok(Ok(Some(Place::Usn { usn, server }))),
            _ => Ok(Err("the account of bind-dn may not read the invocationId of the domain controller".to_owned())),
        },
        _ => Ok(Ok(None)),
    }
}

/// The domain controller, and which life of its database counts; none if it does not show them.
///
/// # Errors
/// What keeps the server from answering.
pub fn server(link: &mut Link, root: &Root) -> Result<Option<String>, Fault> {
    let Some(service) = root.values("dsServiceName").next() else { return Ok(None) };
    let found = link.search(&Search {
        base: service,
        scope: Scope::Base,
        most: 0,
        filter: &filter::present("objectClass"),
        attributes: &["invocationId".to_owned()],
        types_only: false,
        controls: &[],
    })?;
    let values = found.entries.first().and_then(|entry| entry.attributes.first()).map(|(_, values)| values);
    let id = values.and_then(|values| values.first());
    Ok(id.map(|id| format!("{service}|{}", hex(id))))
}
