//! Shadows in portions: the next ones are read, and what the mapping says of them is computed, while this one is decided.

use super::decide::Said;
use crate::aside::{Aside, FEW};
use crate::error::EngineError;
use crate::policy::{JobClass, Policy};
use rosterd_model::claim::Link;
use rosterd_model::plan::ClaimChange;
use rosterd_model::shadow::{Shadow, ShadowState};
use rosterd_model::{Attributes, ClaimSet, Class, Entity};
use rosterd_reconcile::Problem;
use rosterd_reconcile::expression::Scope;
use rosterd_reconcile::mapping::{ChangedRules, Moment};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot, Walks};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Ordinals of one portion.
const SHADOWS: u32 = 2_000;

/// Portions that are read while one is decided: reading costs as much as deciding, and both wait at times.
const AHEAD: usize = 3;

/// What is known of one shadow.
pub(super) struct Known {
    /// What was said of it; of a settled one that only rules which changed are asked about, the attributes that they read.
    pub(super) shadow: Shadow,
    /// Whom it belongs to.
    pub(super) link: Option<Link>,
    /// What the mapping says.
    pub(super) mapped: Option<Mapped>,
    /// The entity that it belongs to, where that was read along with it.
    pub(super) there: Option<There>,
}

/// An entity, and what is claimed of it.
pub(super) struct There {
    pub(super) entity: Entity,
    pub(super) claims: Vec<(ConnectionNumber, ClaimSet)>,
    /// What the mapping changes in the claims of the job's connection, where that is known already: then the claims are those
    /// that rules which changed are about, and what the mapping says of others is not there.
    pub(super) changes: Option<Vec<ClaimChange>>,
}

/// What the mapping says of a shadow at the moment that is the likely one.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) moment: Moment,
    pub(super) said: Result<Said, Problem>,
}

/// Shadows by ordinal; none: the shadow is not there.
pub(super) type Portion = Vec<(u32, Option<Known>)>;

/// Where portions come from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) view: Arc<Snapshot>,
    pub(super) connection: ConnectionNumber,
    pub(super) class: Class,
    /// True: all shadows; false: only those that no applied plan has decided.
    pub(super) everything: bool,
    /// The rules that changed, where settled records need not be asked for more.
    pub(super) rules: Option<Arc<ChangedRules>>,
    /// True: records of the connection are set aside, or a person decided about some.
    pub(super) has_decisions: bool,
    /// True: an operator set values.
    pub(super) has_overrides: bool,
    pub(super) policy: Arc<Policy>,
    /// Name of the job.
    pub(super) job: String,
}

/// Portions that are being read.
pub(super) struct Ahead<'a> {
    source: &'a Source,
    /// Where the next one begins; none: there are no more.
    from: Option<u32>,
    under_way: VecDeque<Aside<Portion>>,
}

impl Ahead<'_> {
    /// The next portion; none: that was all.
    pub(super) fn next(&mut self) -> Result<Option<Portion>, EngineError> {
        while self.under_way.len() <= AHEAD
            && let Some(from) = self.from
        {
            let first = self.source.first(from)?;
            self.from = first.and_then(|first| first.checked_add(SHADOWS));
            if let Some(first) = first {
                let (source, last) = (self.source.clone(), first.saturating_add(SHADOWS - 1));
                let small = source.is_small(first)?;
                self.under_way.push_back(Aside::begin_unless(small, "plan-read", move || source.read(first, last))?);
            }
        }
        self.under_way.pop_front().map(Aside::end).transpose()
    }
}

impl Source {
    /// Begins with the first portions.
    pub(super) const fn ahead(&self) -> Ahead<'_> {
        Ahead { source: self, from: Some(0), under_way: VecDeque::new() }
    }

    /// The first shadow, from an ordinal on, that is to be decided.
    fn first(&self, from: u32) -> Result<Option<u32>, EngineError> {
        if self.everything {
            let end = self.view.next_ordinal(self.connection, self.class)?;
            return Ok(Some(from).filter(|from| *from < end));
        }
        let first = self.view.all_unsettled(self.connection, self.class, from)?.next().transpose()?;
        Ok(first.map(|(ordinal, _)| ordinal))
    }

    /// True: so few are to be decided from an ordinal on that another thread would cost more.
    fn is_small(&self, first: u32) -> Result<bool, EngineError> {
        if self.everything {
            return Ok(false);
        }
        Ok(self.view.all_unsettled(self.connection, self.class, first)?.take(FEW + 1).count() <= FEW)
    }

    /// Reads from one ordinal to another.
    fn read(&self, first: u32, last: u32) -> Result<Portion, EngineError> {
        if self.everything { self.all(first, last) } else { self.undecided(first, last) }
    }

    fn all(&self, first: u32, last: u32) -> Result<Portion, EngineError> {
        let (view, connection, class, part) = (&self.view, self.connection, self.class, self.part());
        let narrow = part.zip(self.rules.as_deref());
        let unsettled = if narrow.is_some() { self.unsettled(first, last)? } else { BTreeSet::new() };
        let mut walks = Walks::new(view);
        let rows = view.stored_shadows(connection, class, first)?;
        let within = rows.take_while(|row| !matches!(row, Ok(row) if row.ordinal > last));
        let known = within.map(|row| {
            let row = row?;
            let ordinal = row.ordinal;
            let link = walks.link(connection, class, ordinal)?.filter(|link| link.live);
            if let (Some(narrow), Some(link)) = (narrow, &link)
                && !unsettled.contains(&ordinal)
                && let Some(known) = self.narrowed(narrow, &mut walks, &row, link)?
            {
                return Ok((ordinal, Some(known)));
            }
            let shadow = row.whole()?;
            let mapped = part.and_then(|part| mapped(part, &shadow, link.as_ref()));
            let there = match &link {
                Some(link) => match walks.entity(class, link.entity)? {
                    Some(entity) => Some(There { claims: walks.claims_of(entity.id)?, entity, changes: None }),
                    None => None,
                },
                None => None,
            };
            Ok::<_, EngineError>((ordinal, Some(Known { shadow, link, mapped, there })))
        });
        // A list that grows would be copied several times, and its rows are large.
        let mut portion = Vec::with_capacity((last - first) as usize + 1);
        for row in known {
            portion.push(row?);
        }
        Ok(portion)
    }

    fn undecided(&self, first: u32, last: u32) -> Result<Portion, EngineError> {
        let (view, connection, class, part) = (&self.view, self.connection, self.class, self.part());
        let known = |ordinal, shadow: Shadow| {
            let link = view.link(connection, class, ordinal)?.filter(|link| link.live);
            let mapped = part.and_then(|part| mapped(part, &shadow, link.as_ref()));
            Ok::<_, EngineError>((ordinal, Some(Known { shadow, link, mapped, there: None })))
        };
        let rows = view.all_unsettled(connection, class, first)?;
        let within = rows.take_while(|row| !matches!(row, Ok((ordinal, _)) if *ordinal > last));
        let ordinals: Vec<u32> = within.map(|row| Ok(row?.0)).collect::<Result<_, EngineError>>()?;
        let (Some(first), Some(last)) = (ordinals.first(), ordinals.last()) else { return Ok(Vec::new()) };
        if (last - first) as usize >= 2 * ordinals.len() {
            return ordinals
                .into_iter()
                .map(|ordinal| match view.shadow(connection, class, ordinal)? {
                    Some(shadow) => known(ordinal, shadow),
                    None => Ok((ordinal, None)),
                })
                .collect();
        }
        // They lie close together: a walk along the shadows finds them sooner than a search for each.
        let mut shadows = view.shadows(connection, class, *first)?.peekable();
        let mut portion = Vec::with_capacity(ordinals.len());
        for ordinal in ordinals {
            while shadows.next_if(|row| matches!(row, Ok((other, _)) if *other < ordinal)).is_some() {}
            let found = shadows.next_if(|row| !matches!(row, Ok((other, _)) if *other != ordinal));
            portion.push(match found.transpose()? {
                Some((ordinal, shadow)) => known(ordinal, shadow)?,
                None => (ordinal, None),
            });
        }
        Ok(portion)
    }

    fn part(&self) -> Option<&JobClass> {
        self.policy.jobs.get(&self.job).and_then(|job| job.class(self.class))
    }
}

/// What the mapping says, where that does not depend on what the hub holds.
fn mapped(part: &JobClass, shadow: &Shadow, link: Option<&Link>) -> Option<Mapped> {
    if shadow.state != ShadowState::Live || (link.is_some() && part.mapping.has_weak()) {
        return None;
    }
    let moment = if link.is_some() { Moment::Change } else { Moment::Create };
    let nothing = Attributes::new();
    let said = part.mapping.apply(&Scope::new(&shadow.attributes).with_known(&nothing), moment);
    Some(Mapped { moment, said })
}
