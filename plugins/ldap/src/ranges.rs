//! Attributes of which a server gives a part (`member;range=0-1499`, Active Directory): the rest is fetched.

use crate::filter;
use crate::link::Link;
use crate::message::{Entry, Scope, Search};
use bytes::Bytes;
use rosterd_sdk::Fault;

/// More bytes of one attribute are not fetched: a group of a million members has about 80 MiB.
const LARGEST: usize = 96 << 20;

/// The range of which the option of an attribute speaks: its beginning, and its end if it is not the last.
#[must_use]
pub fn range(options: &str) -> Option<(u64, Option<u64>)> {
    let text = options.split(';').find_map(|option| {
        let (head, rest) = option.split_at_checked(6)?;
        head.eq_ignore_ascii_case("range=").then_some(rest)
    })?;
    let (from, to) = text.split_once('-')?;
    let to = if to == "*" { None } else { Some(to.parse().ok()?) };
    Some((from.parse().ok()?, to))
}

/// An attribute of an entry that is a range: where it stands, its bare name, the range.
fn ranged(entry: &Entry, from: u64) -> Option<(usize, String, Option<u64>)> {
    entry.attributes.iter().enumerate().find_map(|(at, (own, _))| {
        let own = str::from_utf8(own).ok()?;
        let (name, options) = own.split_once(';')?;
        let (first, last) = range(options)?;
        (first == from).then(|| (at, name.to_owned(), last))
    })
}

/// Fetches what is missing of the attributes of an entry. What can not be had stays the range that it was, and is refused when
/// it is read.
///
/// # Errors
/// What keeps the connection from answering.
pub fn complete(link: &mut Link, entry: &mut Entry) -> Result<(), Fault> {
    while let Some((at, name, Some(last))) = ranged(entry, 0) {
        let Some(rest) = rest(link, entry, &name, last)? else { return Ok(()) };
        let (own, values) = &mut entry.attributes[at];
        *own = name.into();
        values.extend(rest);
    }
    Ok(())
}

/// The values behind this one; none if the server does not give all of them.
fn rest(link: &mut Link, entry: &Entry, name: &str, last: u64) -> Result<Option<Vec<Bytes>>, Fault> {
    let Ok(dn) = str::from_utf8(&entry.dn) else { return Ok(None) };
    let (mut all, mut last, mut bytes) = (Vec::new(), last, 0);
    loop {
        let Some(from) = last.checked_add(1) else { return Ok(None) };
        let attributes = [format!("{name};range={from}-*")];
        let found = link.search(&Search {
            base: dn,
            scope: Scope::Base,
            most: 0,
            filter: &filter::present("objectClass"),
            attributes: &attributes,
            types_only: false,
            controls: &[],
        })?;
        let mut found = found.good(&format!("reading the rest of {name} of \"{dn}\""))?;
        let Some(mut more) = found.entries.pop() else { return Ok(None) };
        let Some((at, own, end)) = ranged(&more, from) else { return Ok(None) };
        let values = std::mem::take(&mut more.attributes[at].1);
        bytes += values.iter().map(Bytes::len).sum::<usize>();
        if !own.eq_ignore_ascii_case(name) || values.is_empty() || bytes > LARGEST {
            return Ok(None);
        }
        all.extend(values);
        match end {
            None => return Ok(Some(all)),
            Some(end) if end < from => return Ok(None),
            Some(end) => last = end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("range=0-1499"), Some((0, Some(1499))));
        assert_eq!(range("binary;Range=1500-*"), Some((1500, None)));
        for none in ["", "range=", "range=-", "range=a-1", "range=1", "lang-en", "rangé=1-2", "range=1-2-3"] {
            assert_eq!(range(none), None, "{none}");
        }
    }
}
