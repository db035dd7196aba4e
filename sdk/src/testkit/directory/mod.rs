//! The directory of the world: objects in memory, kept and asked as the contract says (`directory` in `host.wit`, "Queries of the
//! directory" in `wit/README.md`), without a hub behind it: nothing maps, holds or refuses what is submitted.
//!
//! An attribute of a query is a key of the object, or a path into it: `emails.value` is the member `value` of any element of
//! `emails`, and `manager.value` the id of a reference. `id` is the id of the object. Case does not count.

mod amend;
mod query;
mod values;

use super::with;
use crate::directory::{Listing, Submission};
use crate::{Change, Class, DepartureCause, Fault, Object};
use std::collections::BTreeMap;

/// Objects by the word for their class and their id.
pub type Objects = BTreeMap<(&'static str, String), Object>;

/// What the directory keeps.
#[derive(Debug, Default)]
pub struct Directory {
    /// What was submitted, and what the test put there.
    pub objects: Objects,
    /// Changes so far; versions are made of it.
    pub changes: u64,
    /// Where pages go on: what the query was, and the last object of its page.
    cursors: Vec<(String, query::Place)>,
    /// The next submissions fail with these, the first one first.
    pub failing: Vec<Fault>,
}

/// Stores the changes.
#[must_use]
pub fn submit(submissions: &[Submission]) -> Vec<Result<Option<Object>, Fault>> {
    submissions.iter().map(|submission| with(|world| world.directory.store(submission))).collect()
}

/// One object.
pub fn get(class: Class, id: &str) -> Result<Option<Object>, Fault> {
    Ok(with(|world| world.directory.objects.get(&(class.as_str(), id.to_owned())).cloned()))
}

/// One page of the objects that fit.
pub fn query(class: Class, query: &str) -> Result<Listing, Fault> {
    with(|world| world.directory.list(class, query))
}

impl Directory {
    fn store(&mut self, submission: &Submission) -> Result<Option<Object>, Fault> {
        if !self.failing.is_empty() {
            return Err(self.failing.remove(0));
        }
        let (class, id) = match &submission.change {
            Change::Upsert(object) => (object.class, &object.id),
            Change::Amend(amendment) => (amendment.class, &amendment.id),
            Change::Gone(departure) if departure.cause == DepartureCause::Deleted => (departure.class, &departure.id),
            Change::Gone(_) => return Err(Fault::invalid("a client asks for a removal with the cause deleted")),
            Change::Rejected(rejection) => return Err(Fault::invalid(rejection.message.clone())),
        };
        let key = (class.as_str(), id.clone());
        let there = self.objects.get(&key);
        if submission.create && there.is_some() {
            return Err(Fault::already_exists("the object is there already").about(id));
        }
        if let Some(expected) = &submission.expect
            && there.and_then(|object| object.version.as_ref()) != Some(expected)
        {
            return Err(Fault::conflict("the object has another version").about(id));
        }
        let attributes = match (&submission.change, there) {
            (Change::Upsert(object), Some(before)) if object.partial => amend::merged(before, object)?,
            (Change::Upsert(object), _) => amend::checked(&object.attributes)?,
            (Change::Amend(amendment), Some(before)) => amend::amended(before, amendment)?,
            (Change::Gone(_), Some(_)) => {
                self.objects.remove(&key);
                return Ok(None);
            }
            (_, None) => return Err(Fault::not_found("the object is not there").about(id)),
            (Change::Rejected(_), _) => return Err(Fault::internal("not reached")),
        };
        if let Some(before) = there.filter(|before| before.attributes == attributes) {
            return Ok(Some(before.clone()));
        }
        self.changes += 1;
        let version = Some(format!("v{}", self.changes));
        let object = Object { class, id: id.clone(), previous_id: None, version, attributes, partial: false };
        self.objects.insert(key, object.clone());
        Ok(Some(object))
    }
}
