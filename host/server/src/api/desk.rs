//! What clients do with the directory of their connection, in few words: find, make, change, remove.

use super::kind::{Kept, Kind, MODIFIED, MORE, SHORT};
use super::problem::{Problem, Refused};
use super::read::names_version;
use crate::Caller;
use axum::http::StatusCode;
use rosterd_model::directory::{Comparison, Filter, Query, Submission};
use rosterd_model::record::{Amendment, Change, DepartureCause, Edit};
use rosterd_model::{Class, ExternalId, Fault, FaultKind, Record, Timestamp};
use serde_json::Value;

/// How often a change is tried that somebody else's came in between of.
const TRIES: usize = 4;

/// An object of the directory, read.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) id: String,
    /// Version of the directory.
    pub(super) version: String,
    /// As the directory keeps it.
    pub(super) kept: Kept,
    /// Long attributes are left out.
    pub(super) partial: bool,
}

impl Found {
    pub(super) fn of(record: Record) -> Result<Self, Refused> {
        let kept: Kept = serde_json::from_str(&record.attributes).map_err(|_| Problem::internal())?;
        // Nothing and empty is the same for clients.
        let kept = kept.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let version = record.version.unwrap_or_default();
        Ok(Self { id: record.id.as_str().to_owned(), version, kept, partial: record.partial })
    }
}

/// One page of what was asked for.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) found: Vec<Found>,
    pub(super) next: Option<String>,
    pub(super) total: Option<u64>,
}

/// The directory of a client's connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Desk<'c> {
    pub(super) caller: &'c Caller,
    /// The time that is written on what changes.
    pub(super) now: Timestamp,
}

/// An attribute that has a value.
pub(super) fn is(attribute: &str, value: &str) -> Filter {
    Filter::Compare { attribute: attribute.to_owned(), is: Comparison::Eq, value: value.into() }
}

/// A query for so many of what fits.
pub(super) fn asking(filter: Option<Filter>, max: u64) -> Query {
    Query { filter, sort: Vec::new(), offset: 0, after: None, max, attributes: None }
}

/// A time as texts have it.
pub(super) fn written(time: Timestamp) -> String {
    let ms = i64::try_from(time.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).map(|time| time.to_string()).unwrap_or_default()
}

/// A new id: the later it was made, the greater it is.
pub(super) fn new_id(now: Timestamp) -> String {
    let random = uuid::Uuid::new_v4().into_bytes();
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random[6..]);
    uuid::Builder::from_unix_timestamp_millis(now.0, &bytes).into_uuid().to_string()
}

/// What the directory is to keep of a new object, made at a time as [`written`] has it.
pub(super) fn text_of<K: Kind>(object: &K, made: &str) -> String {
    // Texts, numbers and flags can be written; what could not be would be no JSON, and refused.
    let mut text = String::from_utf8(object.text(made).unwrap_or_default()).unwrap_or_default();
    // Many of them may wait: what is written grows in steps, and would keep the room of the last one.
    text.shrink_to_fit();
    text
}

/// What makes an object that the directory is to keep as a text says.
pub(super) fn making(class: Class, id: &str, attributes: String) -> Submission {
    let id = ExternalId::from(id);
    let record = Record { class, id, previous_id: None, version: None, attributes, partial: false };
    Submission { change: Change::Upsert(record), create: true, expect: None }
}

impl Desk<'_> {
    /// One object; of a group without its members.
    pub(super) async fn find(&self, class: Class, id: &str) -> Result<Option<Found>, Refused> {
        if class != Class::Group {
            return self.whole(class, id).await;
        }
        let listed = self.query(class, asking(Some(is("id", id)), 1)).await?;
        Ok(listed.found.into_iter().find(|found| found.id == id))
    }

    /// Several objects, in the order of the ids; of groups without their members.
    pub(super) async fn find_all(
        &self,
        class: Class,
        ids: impl Iterator<Item = &str>,
    ) -> Vec<Result<Option<Found>, Refused>> {
        if class == Class::Group {
            let mut all = Vec::new();
            for id in ids {
                all.push(self.find(class, id).await);
            }
            return all;
        }
        let found = self.caller.directory.get_all(class, ids.map(ExternalId::from).collect()).await;
        found.into_iter().map(|one| one?.map(Found::of).transpose()).collect()
    }

    /// One object with all that there is of it.
    pub(super) async fn whole(&self, class: Class, id: &str) -> Result<Option<Found>, Refused> {
        self.caller.directory.get(class, ExternalId::from(id)).await?.map(Found::of).transpose()
    }

    /// One object that has to be there.
    pub(super) async fn fetch(&self, class: Class, id: &str) -> Result<Found, Refused> {
        self.find(class, id).await?.ok_or_else(|| missing(class, id))
    }

    /// One page; of groups without their members.
    pub(super) async fn query(&self, class: Class, mut query: Query) -> Result<Listed, Refused> {
        if class == Class::Group {
            query.attributes = Some(SHORT.iter().map(|name| (*name).to_owned()).collect());
        }
        let listing = self.caller.directory.query(class, query).await?;
        let mut found = Vec::with_capacity(listing.objects.len());
        for object in listing.objects {
            let one = Found::of(object)?;
            if one.kept.contains_key(MORE) && one.partial {
                // Gone since: left out, as it would be a moment later.
                found.extend(self.whole(class, &one.id).await?);
            } else {
                found.push(one);
            }
        }
        Ok(Listed { found, next: listing.next, total: listing.total })
    }

    /// The id of whoever has a value, if anybody has.
    pub(super) async fn holder(&self, class: Class, attribute: &str, value: &str) -> Result<Option<String>, Refused> {
        let listed = self.query(class, asking(Some(is(attribute, value)), 1)).await?;
        Ok(listed.found.into_iter().next().map(|found| found.id))
    }

    /// Refuses a name that somebody else has.
    async fn unique<K: Kind>(&self, object: &K, own: Option<&str>) -> Result<(), Refused> {
        let Some(name) = object.unique() else { return Ok(()) };
        match self.holder(K::CLASS, "userName", name).await? {
            Some(id) if Some(id.as_str()) != own => {
                let text = format!("the {} \"{id}\" has the name \"{name}\" already; choose another one", K::CLASS);
                Err(Fault::new(FaultKind::AlreadyExists, text).about("userName").into())
            }
            _ => Ok(()),
        }
    }

    /// What makes an object.
    pub(super) fn made<K: Kind>(&self, id: &str, object: &K) -> Submission {
        making(K::CLASS, id, text_of(object, &written(self.now)))
    }

    /// What makes an object of one that was found; none: it is so already.
    pub(super) fn changed<K: Kind>(&self, found: &Found, object: &K, more: Vec<Edit>) -> Option<Submission> {
        self.become_as::<K>(found, &object.keep(), more)
    }

    /// As [`Desk::changed`], of an object as it is to be kept.
    pub(super) fn become_as<K: Kind>(&self, found: &Found, after: &Kept, more: Vec<Edit>) -> Option<Submission> {
        let mut edits = difference(&K::show(&found.kept).keep(), after);
        edits.extend(more);
        self.amending(K::CLASS, found, edits)
    }

    /// What does edits to an object that was found; none: there are none.
    pub(super) fn amending(&self, class: Class, found: &Found, mut edits: Vec<Edit>) -> Option<Submission> {
        if edits.is_empty() {
            return None;
        }
        edits.push(replacing(MODIFIED, &written(self.now).into()));
        let change = Change::Amend(Amendment { class, id: ExternalId::from(found.id.as_str()), version: None, edits });
        Some(Submission { change, create: false, expect: Some(found.version.clone()) })
    }

    /// Submits one change.
    pub(super) async fn submit(&self, submission: Submission) -> Result<Option<Found>, Refused> {
        let mut answers = self.caller.directory.submit(vec![submission]).await;
        let lost = || Err(Fault::new(FaultKind::Transient, "the hub gave no answer; look whether it was done"));
        answers.pop().unwrap_or_else(lost)?.map(Found::of).transpose()
    }

    /// Makes an object.
    pub(super) async fn create<K: Kind>(&self, id: Option<String>, object: &K) -> Result<Found, Refused> {
        self.unique(object, None).await?;
        let id = id.unwrap_or_else(|| new_id(self.now));
        self.submit(self.made(&id, object)).await?.ok_or_else(|| missing(K::CLASS, &id))
    }

    /// Changes an object to what `after` makes of it. Tries again while others change it; who names a version does not.
    pub(super) async fn change<K: Kind>(
        &self,
        id: &str,
        expected: Option<&str>,
        after: impl Fn(&Found) -> Result<(K, Vec<Edit>), Refused> + Send + Sync,
    ) -> Result<Found, Refused> {
        for attempt in 1.. {
            let found = self.fetch(K::CLASS, id).await?;
            is_expected(&found, expected)?;
            let (object, more) = after(&found)?;
            let before = K::show(&found.kept);
            if before.unique() != object.unique() {
                self.unique(&object, Some(id)).await?;
            }
            let Some(submission) = self.changed(&found, &object, more) else { return Ok(found) };
            match self.again(submission, expected, attempt).await? {
                Some(Some(done)) => return Ok(done),
                Some(None) => return Err(missing(K::CLASS, id)),
                None => {}
            }
        }
        Err(Problem::internal())
    }

    /// Submits; the inner none: it is gone; the outer one: somebody else was faster, so it has to be read again.
    async fn again(
        &self,
        submission: Submission,
        expected: Option<&str>,
        attempt: usize,
    ) -> Result<Option<Option<Found>>, Refused> {
        match self.submit(submission).await {
            Ok(done) => Ok(Some(done)),
            Err(problem) if problem.word() == FaultKind::Conflict.as_str() && problem.case.is_none() => {
                if expected.is_some() {
                    return Err(Problem::new(StatusCode::PRECONDITION_FAILED, "version", problem.detail));
                }
                if attempt < TRIES { Ok(None) } else { Err(problem) }
            }
            Err(problem) => Err(problem),
        }
    }

    /// Does edits to an object, such as members that come and go.
    pub(super) async fn amend(
        &self,
        class: Class,
        id: &str,
        expected: Option<&str>,
        edits: impl Fn(&Found) -> Result<Vec<Edit>, Refused> + Send + Sync,
    ) -> Result<(), Refused> {
        for attempt in 1.. {
            let found = self.whole(class, id).await?.ok_or_else(|| missing(class, id))?;
            is_expected(&found, expected)?;
            let Some(submission) = self.amending(class, &found, edits(&found)?) else { return Ok(()) };
            if self.again(submission, expected, attempt).await?.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Removes an object.
    pub(super) async fn remove(&self, class: Class, id: &str, expected: Option<&str>) -> Result<(), Refused> {
        for attempt in 1.. {
            let found = self.fetch(class, id).await?;
            is_expected(&found, expected)?;
            let change = Change::Gone { class, id: ExternalId::from(id), cause: DepartureCause::Deleted };
            let expect = expected.map(|_| found.version);
            if self.again(Submission { change, create: false, expect }, expected, attempt).await?.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What is not there for this client.
pub(super) fn missing(class: Class, id: &str) -> Refused {
    Problem::not_found(format!("there is no {class} \"{id}\" that this client can see"))
}

fn is_expected(found: &Found, expected: Option<&str>) -> Result<(), Refused> {
    match expected {
        Some(header) if !names_version(header, &found.version) => {
            let text = "the object has another version than the one in If-Match; read it again";
            Err(Problem::new(StatusCode::PRECONDITION_FAILED, "version", text))
        }
        _ => Ok(()),
    }
}

/// An edit that puts a value in the place of another.
pub(super) fn replacing(name: &str, value: &Value) -> Edit {
    Edit { attribute: name.to_owned(), replace: Some(value.to_string()), add: None, remove: None }
}

/// What makes the one of the other.
fn difference(before: &Kept, after: &Kept) -> Vec<Edit> {
    let new = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    new.map(|(name, value)| replacing(name, value)).chain(gone.map(|name| replacing(name, &Value::Null))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_that_was_made_later_is_greater_and_a_time_is_written_in_utc() {
        let (early, late) = (new_id(Timestamp(1_000_000)), new_id(Timestamp(2_000_000)));
        assert!(early < late && early.as_bytes()[14] == b'7', "{early} {late}");
        assert_eq!(written(Timestamp(1_500)), "1970-01-01T00:00:01.5Z");
    }

    #[test]
    fn what_is_left_out_is_emptied_and_what_is_the_same_is_not_touched() {
        let of = |value: Value| value.as_object().cloned().expect("an object");
        let edits = difference(&of(json!({"a": 1, "b": 2})), &of(json!({"a": 1, "c": 3})));
        let edits: Vec<_> = edits.iter().map(|one| (one.attribute.as_str(), one.replace.as_deref())).collect();
        assert_eq!(edits, [("c", Some("3")), ("b", Some("null"))]);
    }
}
