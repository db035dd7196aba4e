//! What clients ask for: by an index where one serves, and else by looking at the objects of the class in the order of their
//! ids, at so many in one call and no more.

use super::seen;
use crate::error::EngineError;
use crate::scan::OF_ONE;
use rosterd_model::directory::{Filter, Listing, Query, only};
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::{Class, ExternalId, Fault, FaultKind, Record};
use rosterd_reconcile::filter::{Probe, fits, order, probes, sort_keys};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};
use std::collections::BTreeSet;

/// Objects that one call looks at. Larger classes are gone through page by page; to be sorted they are too many.
const MOST_LOOKED_AT: usize = 200_000;

/// A page, or why there is none; the outer error is the hub's own.
type Page = Result<Listing, Fault>;

/// True if it asks for what only one object has, so that an index shows it at once.
pub(super) fn is_brief(query: &Query) -> bool {
    let of_one = |probe: &Probe| match probe {
        Probe::Id(_) => true,
        Probe::Value(attribute, _) => OF_ONE.contains(&&**attribute),
    };
    query.filter.as_ref().and_then(probes).is_some_and(|probes| probes.iter().all(of_one))
}

/// One page of the objects of a class that fit.
pub(super) fn listing(
    view: &Snapshot,
    connection: ConnectionNumber,
    class: Class,
    query: &Query,
) -> Result<Page, EngineError> {
    let asking = Asking { view, connection, class, query };
    let after = query.after.as_deref().map(After::read);
    let Some(after) = after.map_or(Some(None), |after| after.map(Some)) else { return Ok(Err(cursor_invalid())) };
    let probed = match &query.filter {
        Some(filter) if view.has_shadow_keys(connection)? => probes(filter),
        _ => None,
    };
    match probed {
        Some(probes) => asking.sorted(asking.found(&probes)?, after),
        None if !query.sort.is_empty() => match asking.everybody()? {
            Some(all) => asking.sorted(all, after),
            None => Ok(Err(Fault::new(
                FaultKind::Unsupported,
                format!(
                    "more than {MOST_LOOKED_AT} objects are too many to be sorted; narrow the filter, or do not sort"
                ),
            ))),
        },
        None => asking.walked(after),
    }
}

/// Where a page begins, in the words of a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// After the object of this ordinal, in the order of ids.
    Object(u32),
    /// After so many, in the order that was asked for.
    Place(u64),
}

impl After {
    /// None: nobody gave this out.
    fn read(text: &str) -> Option<Self> {
        match text.split_at_checked(1)? {
            ("o", number) => number.parse().ok().map(Self::Object),
            ("p", number) => number.parse().ok().map(Self::Place),
            _ => None,
        }
    }

    fn write(self) -> String {
        match self {
            Self::Object(ordinal) => format!("o{ordinal}"),
            Self::Place(place) => format!("p{place}"),
        }
    }
}

/// For those who try to break it.
#[cfg(feature = "testing")]
pub(crate) fn place_again(text: &str) -> Option<String> {
    After::read(text).map(After::write)
}

/// A question, and where it is answered from.
struct Asking<'a> {
    view: &'a Snapshot,
    connection: ConnectionNumber,
    class: Class,
    query: &'a Query,
}

impl Asking<'_> {
    /// The live object of an ordinal, if it fits.
    fn fitting(&self, ordinal: u32) -> Result<Option<Shadow>, EngineError> {
        let shadow = self.view.shadow(self.connection, self.class, ordinal)?;
        Ok(shadow.filter(|shadow| shadow.state == ShadowState::Live && self.fits(shadow)))
    }

    fn fits(&self, shadow: &Shadow) -> bool {
        self.query.filter.as_ref().is_none_or(|filter: &Filter| fits(filter, &shadow.id, &shadow.attributes))
    }

    /// As many as go into one page.
    fn max(&self) -> usize {
        usize::try_from(self.query.max).unwrap_or(usize::MAX)
    }

    fn object(&self, mut shadow: Shadow) -> Option<Record> {
        if let Some(names) = &self.query.attributes {
            let all = shadow.attributes.len();
            shadow.attributes = only(&shadow.attributes, names);
            shadow.partial |= shadow.attributes.len() < all;
        }
        seen(shadow)
    }

    /// Those that an index shows and that fit.
    fn found(&self, probes: &[Probe]) -> Result<Vec<Shadow>, EngineError> {
        let mut ordinals = BTreeSet::new();
        for probe in probes {
            match probe {
                Probe::Id(id) if id.as_str().len() <= ExternalId::MAX_BYTES => {
                    ordinals.extend(self.view.shadow_head(self.connection, self.class, id)?.map(|head| head.ordinal));
                }
                Probe::Id(_) => {}
                Probe::Value(attribute, value) => {
                    for ordinal in self.view.shadows_with(self.connection, self.class, attribute, value)? {
                        ordinals.insert(ordinal?);
                    }
                }
            }
        }
        let found = ordinals.into_iter().map(|ordinal| self.fitting(ordinal));
        found.filter_map(Result::transpose).collect()
    }

    /// All that fit; none: too many would have to be looked at.
    fn everybody(&self) -> Result<Option<Vec<Shadow>>, EngineError> {
        if self.view.live_count(self.connection, self.class)? > MOST_LOOKED_AT as u64 {
            return Ok(None);
        }
        let mut all = Vec::new();
        for row in self.view.shadows(self.connection, self.class, 0)? {
            let (_, mut shadow) = row?;
            if shadow.state == ShadowState::Live && self.fits(&shadow) {
                // Only what is given out at the end is read as a whole.
                let sort: Vec<String> = self.query.sort.iter().map(|key| key.attribute.clone()).collect();
                shadow.attributes = only(&shadow.attributes, &sort);
                all.push(shadow);
            }
        }
        Ok(Some(all))
    }

    /// A page of those that were gathered.
    fn sorted(&self, all: Vec<Shadow>, after: Option<After>) -> Result<Page, EngineError> {
        let first = match after {
            None => self.query.offset,
            Some(After::Place(place)) => place,
            Some(After::Object(_)) => return Ok(Err(cursor_invalid())),
        };
        let sort = &self.query.sort;
        let mut keyed: Vec<_> =
            all.into_iter().map(|one| (sort_keys(sort, &one.id, &one.attributes), one.id)).collect();
        keyed.sort_by(|a, b| order(sort, &a.0, &b.0).then_with(|| a.1.cmp(&b.1)));
        let total = keyed.len() as u64;
        let skipped = usize::try_from(first).unwrap_or(usize::MAX);
        let mut objects = Vec::new();
        for (_, id) in keyed.iter().skip(skipped).take(self.max()) {
            let shadow = self.view.shadow_of(self.connection, self.class, id)?;
            objects.extend(shadow.and_then(|(_, shadow)| self.object(shadow)));
        }
        let end = first.saturating_add(objects.len() as u64);
        let next = (end < total && !objects.is_empty()).then(|| After::Place(end).write());
        Ok(Ok(Listing { objects, next, total: Some(total) }))
    }

    /// A page in the order of ids. It counts how many fit, where that needs no more than one call may look at.
    fn walked(&self, after: Option<After>) -> Result<Page, EngineError> {
        let start = match after {
            None => None,
            Some(After::Object(ordinal)) => match self.view.shadow(self.connection, self.class, ordinal)? {
                Some(shadow) => Some(shadow.id),
                None => return Ok(Err(cursor_invalid())),
            },
            Some(After::Place(_)) => return Ok(Err(cursor_invalid())),
        };
        let (first, everybody) = (start.is_none(), self.query.filter.is_none());
        let offset = if first { self.query.offset } else { 0 };
        let heads = self.view.shadow_heads_after(self.connection, self.class, start.as_ref())?;
        let mut heads = heads.filter(|row| !matches!(row, Ok((_, head)) if !head.live)).peekable();
        let (mut objects, mut last, mut fit, mut looked) = (Vec::new(), None, 0_u64, 0_usize);
        let next = |last: Option<u32>| last.map(|ordinal| After::Object(ordinal).write());
        while objects.len() < self.max() && (looked < MOST_LOOKED_AT || heads.peek().is_none()) {
            let Some(row) = heads.next() else { break };
            let (_, head) = row?;
            last = Some(head.ordinal);
            if everybody && fit < offset {
                fit += 1;
                continue;
            }
            looked += 1;
            if let Some(shadow) = self.fitting(head.ordinal)? {
                fit += 1;
                objects.extend(if fit > offset { self.object(shadow) } else { None });
            }
        }
        if looked == MOST_LOOKED_AT && objects.len() < self.max() && heads.peek().is_some() {
            if fit < offset {
                let text = format!("the page begins behind more than {MOST_LOOKED_AT} objects; ask page by page");
                return Ok(Err(Fault::new(FaultKind::Unsupported, text)));
            }
            return Ok(Ok(Listing { objects, next: next(last), total: None }));
        }
        let on_page = fit;
        let mut total = (first && everybody).then(|| self.view.live_count(self.connection, self.class)).transpose()?;
        let mut more = heads.peek().is_some();
        if first && !everybody {
            for row in heads {
                if looked == MOST_LOOKED_AT {
                    return Ok(Ok(Listing { objects, next: next(last), total: None }));
                }
                looked += 1;
                fit += u64::from(self.fitting(row?.1.ordinal)?.is_some());
            }
            (total, more) = (Some(fit), fit > on_page);
        }
        // Of a later page nobody knows whether those behind it fit: the last one may be empty.
        let next = next(last).filter(|_| more && self.query.max > 0);
        Ok(Ok(Listing { objects, next, total }))
    }
}

fn cursor_invalid() -> Fault {
    Fault::new(FaultKind::CursorInvalid, "this is no place in the answer to this query; begin at the first page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_one_object_has_is_brief() {
        use rosterd_model::directory::Comparison;
        let equal = |attribute: &str| Filter::Compare {
            attribute: attribute.to_owned(),
            is: Comparison::Eq,
            value: "a".into(),
        };
        let brief = |filter: Option<Filter>| {
            is_brief(&Query { filter, sort: Vec::new(), offset: 0, after: None, max: 2, attributes: None })
        };
        assert!(brief(Some(equal("userName"))) && brief(Some(equal("id"))));
        assert!(brief(Some(Filter::Or(vec![equal("userName"), equal("externalId")]))));
        assert!(!brief(None) && !brief(Some(equal("title"))) && !brief(Some(equal("emails.work"))));
        assert!(!brief(Some(Filter::Not(Box::new(equal("userName"))))));
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for after in [After::Object(7), After::Place(u64::MAX)] {
            assert_eq!(After::read(&after.write()), Some(after));
        }
        for text in ["", "o", "x7", "o-1", "o99999999999", "ö1"] {
            assert_eq!(After::read(text), None, "{text}");
        }
    }
}
