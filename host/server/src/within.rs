//! A directory of which a client sees only some org units and what lies in them.
//!
//! What lies outside is as if it were not there: it is not shown, not counted, and can not be changed. An account or a group
//! lies where its `orgUnit`, `orgUnits` or `organizationalUnit` says, if one of them is inside; an org unit lies inside if it
//! is one of the client's or its `parent` lies inside. What has no org unit lies outside. A client can not bring anything to a
//! place that it does not see, but it keeps places of an object that were there before.

use crate::places::Places;
use rosterd_model::directory::{Directory, Listing, Query, Submission, only};
use rosterd_model::port::BoxFuture;
use rosterd_model::record::Change;
use rosterd_model::{Class, ExternalId, Fault, FaultKind, Record};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Org units above one another that are followed; a longer chain, or one that is closed, leads nowhere.
const DEEPEST: usize = 64;
/// Org units whose place is remembered during one call.
const MOST_REMEMBERED: usize = 10_000;
/// Objects that one query looks at. Behind them, what was found so far is a page, and nobody knows the total.
const MOST_LOOKED_AT: u64 = 50_000;
/// Objects that are asked for at once.
const CHUNK: u64 = 500;
/// So often a change is judged anew because the object changed meanwhile.
const TRIES: usize = 3;

/// A directory within org units.
pub struct Within {
    whole: Arc<dyn Directory>,
    roots: BTreeSet<ExternalId>,
}

impl Within {
    /// What of `whole` lies in `roots` or below.
    #[must_use]
    pub fn new(whole: Arc<dyn Directory>, roots: Vec<ExternalId>) -> Self {
        Self { whole, roots: roots.into_iter().collect() }
    }

    async fn one(&self, class: Class, id: ExternalId) -> Result<Option<Record>, Fault> {
        let Some(record) = self.whole.get(class, id).await? else { return Ok(None) };
        let inside = Look::new(self).shows(&record).await?;
        Ok(inside.then_some(record))
    }

    async fn page(&self, class: Class, query: Query) -> Result<Listing, Fault> {
        let Query { filter, sort, offset, after, max, attributes } = query;
        let first = after.is_none();
        let ask = |after: Option<String>, max: u64| Query {
            filter: filter.clone(),
            sort: sort.clone(),
            offset: 0,
            after,
            max,
            // All of them: one of them says where it lies.
            attributes: None,
        };
        let mut look = Look::new(self);
        let (mut objects, mut fit, mut looked) = (Vec::new(), 0_u64, 0_u64);
        let mut skip = if first { offset } else { 0 };
        let (mut place, mut ended) = (after, false);
        let mut left = max;
        // Never more than is still wanted: the place behind a page of the whole is the place behind ours, too.
        while left > 0 && !ended && looked < MOST_LOOKED_AT {
            let page = self.whole.query(class, ask(place.take(), skip.saturating_add(left).min(CHUNK))).await?;
            looked = looked.saturating_add(page.objects.len().max(1) as u64);
            for record in page.objects {
                if !look.shows(&record).await? {
                    continue;
                }
                fit += 1;
                if skip > 0 {
                    skip -= 1;
                } else {
                    left = left.saturating_sub(1);
                    objects.push(shown(record, attributes.as_deref()));
                }
            }
            (ended, place) = (page.next.is_none(), page.next);
        }
        let next = if max > 0 { place.clone() } else { None };
        // The total is counted only with the first page, and only if all can be looked at.
        while first && !ended && looked < MOST_LOOKED_AT {
            let page = self.whole.query(class, ask(place.take(), CHUNK)).await?;
            looked = looked.saturating_add(page.objects.len().max(1) as u64);
            for record in &page.objects {
                fit += u64::from(look.shows(record).await?);
            }
            (ended, place) = (page.next.is_none(), page.next);
        }
        let total = (first && ended).then_some(fit);
        // Behind the last one of ours there may be others, and this would be the only thing that is told of them.
        let last = total.is_some_and(|total| offset.saturating_add(objects.len() as u64) >= total);
        Ok(Listing { objects, next: next.filter(|_| !last), total })
    }

    async fn change(&self, submission: Submission) -> Result<Option<Record>, Fault> {
        let mut last = Err(Fault::new(FaultKind::Conflict, "the object changes all the time; try again later"));
        for _ in 0..TRIES {
            let (sent, own) = self.judged(submission.clone()).await?;
            let mut answers = self.whole.submit(vec![sent]).await;
            let lost = || Err(Fault::new(FaultKind::Internal, "the hub gave no answer to this submission"));
            last = answers.pop().unwrap_or_else(lost);
            let changed = |fault: &Fault| matches!(fault.kind, FaultKind::Conflict | FaultKind::AlreadyExists);
            // The client said nothing of versions: that the object is another one than was judged is ours to see to.
            if !own || !last.as_ref().is_err_and(changed) {
                break;
            }
        }
        last
    }

    /// The submission, bound to the object as it was when it was judged; true if it was bound here and not by the client.
    async fn judged(&self, mut submission: Submission) -> Result<(Submission, bool), Fault> {
        let (class, id) = match &submission.change {
            Change::Upsert(record) => (record.class, record.id.clone()),
            Change::Amend(amendment) => (amendment.class, amendment.id.clone()),
            Change::Gone { class, id, .. } => (*class, id.clone()),
            Change::Rejected(_) => return Err(Fault::new(FaultKind::Invalid, "this changes nothing")),
        };
        let before = self.whole.get(class, id.clone()).await?;
        let mut look = Look::new(self);
        let old = match &before {
            Some(record) if look.shows(record).await? => Places::of(record),
            Some(_) => return Err(outside(class, &id)),
            None => Places::default(),
        };
        let new = match &submission.change {
            Change::Upsert(record) if record.partial => Some(old.clone().with(&Places::of(record))),
            Change::Upsert(record) => Some(Places::of(record)),
            // What is not there can not be amended, and the directory says so.
            Change::Amend(amendment) => before.as_ref().map(|_| old.clone().amended(class, &amendment.edits)),
            Change::Gone { .. } | Change::Rejected(_) => None,
        };
        if let Some(new) = new {
            let (new, old) = (new.all(), old.all());
            for unit in new.difference(&old) {
                if !look.unit(unit.clone()).await? {
                    return Err(outside(Class::OrgUnit, unit));
                }
            }
            if !look.lies(class, &id, &new).await? {
                return Err(outside(class, &id));
            }
        }
        let bound = match (&before, &submission.expect) {
            (Some(record), None) if !submission.create => {
                submission.expect.clone_from(&record.version);
                submission.expect.is_some()
            }
            (None, None) if !submission.create && matches!(submission.change, Change::Upsert(_)) => {
                submission.create = true;
                true
            }
            _ => false,
        };
        Ok((submission, bound))
    }
}

impl Directory for Within {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(submissions.len());
            for submission in submissions {
                answers.push(self.change(submission).await);
            }
            answers
        })
    }

    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(self.one(class, id))
    }

    fn query(&self, class: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(self.page(class, query))
    }
}

fn outside(class: Class, id: &ExternalId) -> Fault {
    let text = format!("the {class} {id} is in none of the org units of this client");
    Fault::new(FaultKind::Forbidden, text)
}

/// The attributes that were asked for.
fn shown(mut record: Record, attributes: Option<&[String]>) -> Record {
    let Some(names) = attributes else { return record };
    let Ok(all) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&record.attributes) else {
        return record;
    };
    // Which names are meant by the paths is the model's to say; the values do not matter for that.
    let names = only(&all.keys().map(|name| (name.as_str(), rosterd_model::Value::Bool(true))).collect(), names);
    let count = all.len();
    let kept: serde_json::Map<_, _> = all.into_iter().filter(|(name, _)| names.get(name).is_some()).collect();
    record.partial |= kept.len() < count;
    record.attributes = serde_json::Value::Object(kept).to_string();
    record
}

/// One call's look at the tree: what it saw is remembered until it ends.
struct Look<'w> {
    within: &'w Within,
    known: HashMap<ExternalId, bool>,
}

impl<'w> Look<'w> {
    fn new(within: &'w Within) -> Self {
        Self { within, known: HashMap::new() }
    }

    async fn shows(&mut self, record: &Record) -> Result<bool, Fault> {
        self.lies(record.class, &record.id, &Places::of(record).all()).await
    }

    /// True if an object with these places lies inside.
    async fn lies(&mut self, class: Class, id: &ExternalId, places: &BTreeSet<ExternalId>) -> Result<bool, Fault> {
        if class == Class::OrgUnit && self.within.roots.contains(id) {
            return Ok(true);
        }
        for unit in places {
            if self.unit(unit.clone()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True if an org unit is one of the client's or lies below one.
    async fn unit(&mut self, unit: ExternalId) -> Result<bool, Fault> {
        let (mut way, mut unit) = (Vec::new(), unit);
        let inside = loop {
            if self.within.roots.contains(&unit) {
                break true;
            }
            if let Some(known) = self.known.get(&unit) {
                break *known;
            }
            if way.len() == DEEPEST || way.contains(&unit) {
                break false;
            }
            let found = self.within.whole.get(Class::OrgUnit, unit.clone()).await?;
            way.push(unit);
            // More than one unit above is no tree.
            match found.map(|record| Places::of(&record).all().into_iter().collect::<Vec<_>>()).as_deref() {
                Some([parent]) => unit = parent.clone(),
                _ => break false,
            }
        };
        if self.known.len().saturating_add(way.len()) <= MOST_REMEMBERED {
            self.known.extend(way.into_iter().map(|unit| (unit, inside)));
        }
        Ok(inside)
    }
}

#[cfg(test)]
#[path = "within_tests.rs"]
mod tests;
