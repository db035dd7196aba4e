//! The directory of the world: objects in memory. An upsert or `gone` is done; an amend is not understood here.

use super::with;
use crate::directory::{Listing, Submission};
use crate::{Change, Class, Fault, Object};
use std::collections::BTreeMap;

/// Objects by the word for their class and their id.
pub type Objects = BTreeMap<(&'static str, String), Object>;

/// Stores the changes.
#[must_use]
pub fn submit(submissions: &[Submission]) -> Vec<Result<Option<Object>, Fault>> {
    submissions.iter().map(|submission| with(|world| store(&mut world.objects, submission))).collect()
}

fn store(objects: &mut Objects, submission: &Submission) -> Result<Option<Object>, Fault> {
    match &submission.change {
        Change::Upsert(object) => {
            let key = (object.class.as_str(), object.id.clone());
            if submission.create && objects.contains_key(&key) {
                return Err(Fault::already_exists("the object is there already").about(&object.id));
            }
            objects.insert(key, object.clone());
            Ok(Some(object.clone()))
        }
        Change::Gone(departure) => {
            let gone = objects.remove(&(departure.class.as_str(), departure.id.clone()));
            gone.map(|_| None).ok_or_else(|| Fault::not_found("the object is not there").about(&departure.id))
        }
        Change::Amend(_) | Change::Rejected(_) => Err(Fault::unsupported("the test kit does not understand this")),
    }
}

/// One object.
pub fn get(class: Class, id: &str) -> Result<Option<Object>, Fault> {
    Ok(with(|world| world.objects.get(&(class.as_str(), id.to_owned())).cloned()))
}

/// All objects of the class, whatever the query says.
pub fn query(class: Class, _query: &str) -> Result<Listing, Fault> {
    let objects: Vec<Object> =
        with(|world| world.objects.values().filter(|object| object.class == class).cloned().collect());
    Ok(Listing { total: Some(objects.len() as u64), objects, next: None })
}
