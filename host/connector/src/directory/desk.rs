//! Where a connector's words and the hub's meet: what goes in is checked before the hub sees it, what comes out before the
//! connector does.

use super::{CursorKey, Directory, Listing, Submission};
use crate::limit::LimitPassed;
use crate::units::Size;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::{Class, ExternalId};
use rosterd_model::record::{Change, DepartureCause, Record};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Attributes that hold a password: a client's secret, which has no place in a directory (wit/README.md, PENDING 3).
const PASSWORDS: [&str; 3] = ["password", "userpassword", "unicodepwd"];

/// One connection's way to the directory.
pub(crate) struct Desk<'a> {
    pub(crate) directory: &'a dyn Directory,
    pub(crate) key: &'a CursorKey,
    /// Limit directory-rows.
    pub(crate) rows: u64,
    /// Limit page-bytes: what may go over in one call, each way.
    pub(crate) bytes: Size,
}

/// An answer, or the end of the call because a limit was passed.
type Bounded<T> = Result<T, LimitPassed>;

impl Desk<'_> {
    /// What goes over, before any of it does.
    pub(crate) fn bounds(&self, submissions: &[Submission]) -> Bounded<()> {
        if submissions.len() as u64 > self.rows {
            let used = format!("more than {} submissions in one call of the directory", self.rows);
            return Err(LimitPassed::new("directory-rows", used));
        }
        self.measure(submissions.iter().map(|one| match &one.change {
            Change::Upsert(record) => record.attributes.len(),
            Change::Amend(amendment) => {
                let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
                amendment
                    .edits
                    .iter()
                    .map(|e| e.attribute.len() + text(&e.replace) + text(&e.add) + text(&e.remove))
                    .sum()
            }
            Change::Gone { .. } | Change::Rejected(_) => 0,
        }))
    }

    fn measure(&self, sizes: impl Iterator<Item = usize>) -> Bounded<()> {
        if sizes.sum::<usize>() as u64 > self.bytes.0 {
            return Err(LimitPassed::new(
                "page-bytes",
                format!("more than {} in one call of the directory", self.bytes),
            ));
        }
        Ok(())
    }

    pub(crate) async fn submit(&self, submissions: Vec<Submission>) -> Bounded<Vec<Result<Option<Record>, Fault>>> {
        let asked: Vec<Result<(Class, ExternalId), Fault>> =
            submissions.iter().map(|one| acceptable(&one.change)).collect();
        let good = submissions.into_iter().zip(&asked).filter(|(_, asked)| asked.is_ok()).map(|(one, _)| one).collect();
        let mut answers = self.directory.submit(good).await.into_iter();
        let lost = || Fault::new(FaultKind::Internal, "the hub gave no answer to this submission");
        let answered: Vec<_> = asked
            .into_iter()
            .map(|asked| {
                let (class, id) = asked?;
                let object = answers.next().unwrap_or_else(|| Err(lost()))?;
                object.map(|object| is_about(object, class, &id)).transpose()
            })
            .collect();
        self.measure(answered.iter().map(|answer| answer.as_ref().ok().and_then(Option::as_ref).map_or(0, size)))?;
        Ok(answered)
    }

    pub(crate) async fn get(&self, class: Class, id: String) -> Bounded<Result<Option<Record>, Fault>> {
        let Some(id) = key(&id) else { return Ok(Ok(None)) };
        let found = self.directory.get(class, id.clone()).await;
        let found = found.and_then(|object| object.map(|object| is_about(object, class, &id)).transpose());
        self.measure(found.iter().flatten().map(size))?;
        Ok(found)
    }

    pub(crate) async fn query(&self, class: Class, text: &str) -> Bounded<Result<Listing, Fault>> {
        let listing = self.list(class, text).await;
        self.measure(listing.iter().flat_map(|listing| &listing.objects).map(size))?;
        Ok(listing)
    }

    async fn list(&self, class: Class, text: &str) -> Result<Listing, Fault> {
        let mut query = super::parse_query(text, self.rows)?;
        if let Some(sealed) = query.after.take() {
            query.after = Some(self.key.open(class, &query, &sealed)?);
        }
        let mut listing = self.directory.query(class, query.clone()).await?;
        if listing.objects.len() as u64 > query.max || listing.objects.iter().any(|object| object.class != class) {
            return Err(Fault::new(FaultKind::Internal, "the hub's answer to a query is not about what was asked"));
        }
        listing.next = listing.next.map(|inner| self.key.seal(class, &query, &inner)).transpose()?;
        Ok(listing)
    }
}

fn size(record: &Record) -> usize {
    record.attributes.len() + record.id.as_str().len() + record.version.as_ref().map_or(0, String::len)
}

fn key(id: &str) -> Option<ExternalId> {
    (1..=ExternalId::MAX_BYTES).contains(&id.len()).then(|| ExternalId::from(id.to_owned()))
}

/// A hub that mixes objects up would show one client what is another's.
fn is_about(object: Record, class: Class, id: &ExternalId) -> Result<Record, Fault> {
    if object.class == class && object.id == *id {
        Ok(object)
    } else {
        Err(Fault::new(FaultKind::Internal, "the hub answered about another object"))
    }
}

/// What a change is about, if a client may ask for it.
fn acceptable(change: &Change) -> Result<(Class, ExternalId), Fault> {
    let invalid = |text: String| Fault::new(FaultKind::Invalid, text);
    let no_password = |name: &str| {
        if PASSWORDS.contains(&name.to_ascii_lowercase().as_str()) {
            let text = format!("the directory takes no passwords; leave the attribute {name} out");
            return Err(invalid(text).about(name));
        }
        Ok(())
    };
    match change {
        Change::Upsert(record) => {
            // Values are looked at by the hub, which reads all of it.
            let attributes: BTreeMap<Cow<'_, str>, IgnoredAny> = serde_json::from_str(&record.attributes)
                .map_err(|error| invalid(format!("the attributes are no JSON object: {error}")))?;
            attributes.keys().try_for_each(|name| no_password(name))?;
            Ok((record.class, record.id.clone()))
        }
        Change::Amend(amendment) => {
            amendment.edits.iter().try_for_each(|edit| no_password(&edit.attribute))?;
            Ok((amendment.class, amendment.id.clone()))
        }
        Change::Gone { class, id, cause: DepartureCause::Deleted } => Ok((*class, id.clone())),
        Change::Gone { .. } => {
            Err(invalid("a client asks for a removal with the cause deleted, and for nothing like it".into()))
        }
        Change::Rejected(rejection) => Err(invalid(rejection.message.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Query;
    use super::*;
    use rosterd_model::port::BoxFuture;
    use rosterd_model::record::Amendment;
    use std::sync::Mutex;

    /// Keeps what it was asked, and answers from a list.
    #[derive(Default)]
    struct Hub {
        seen: Mutex<Vec<Submission>>,
        asked: Mutex<Vec<Query>>,
        answer: Mutex<Vec<Record>>,
    }

    impl Directory for Hub {
        fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
            let answers = submissions.iter().map(|_| Ok(self.answer.lock().unwrap().pop())).collect();
            self.seen.lock().unwrap().extend(submissions);
            Box::pin(async { answers })
        }
        fn get(&self, _: Class, _: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
            let answer = self.answer.lock().unwrap().pop();
            Box::pin(async { Ok(answer) })
        }
        fn query(&self, _: Class, query: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
            self.asked.lock().unwrap().push(query);
            let objects = std::mem::take(&mut *self.answer.lock().unwrap());
            Box::pin(async { Ok(Listing { objects, next: Some("row 2".into()), total: Some(9) }) })
        }
    }

    fn record(id: &str, attributes: &str) -> Record {
        let (id, attributes) = (id.to_owned().into(), attributes.to_owned());
        Record { class: Class::Account, id, previous_id: None, version: None, attributes, partial: false }
    }

    fn upsert(id: &str, attributes: &str) -> Submission {
        Submission { change: Change::Upsert(record(id, attributes)), create: false, expect: None }
    }

    async fn with<T>(hub: &Hub, work: impl AsyncFnOnce(Desk<'_>) -> T) -> T {
        let key = CursorKey::fresh().unwrap();
        work(Desk { directory: hub, key: &key, rows: 3, bytes: Size(200) }).await
    }

    #[tokio::test]
    async fn what_is_wrong_is_answered_in_its_place_and_the_rest_is_stored() {
        let hub = Hub::default();
        let gone = |cause| Change::Gone { class: Class::Account, id: "c".to_owned().into(), cause };
        let left = Submission { change: gone(DepartureCause::LeftScope), create: false, expect: None };
        let secret = upsert("a", r#"{"Password":"hunter2hunter2"}"#);
        let answers = with(&hub, async |desk| desk.submit(vec![secret, upsert("b", "{}"), left]).await.unwrap()).await;
        assert_eq!(hub.seen.lock().unwrap().len(), 1);
        assert_eq!(answers[1], Ok(None));
        let refused: Vec<&Fault> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        assert!(refused.iter().all(|fault| fault.kind == FaultKind::Invalid) && refused.len() == 2, "{refused:?}");
        assert!(!format!("{refused:?}").contains("hunter2"));
        let edit =
            rosterd_model::record::Edit { attribute: "unicodePwd".into(), replace: None, add: None, remove: None };
        let amendment =
            Amendment { class: Class::Account, id: "a".to_owned().into(), version: None, edits: vec![edit] };
        assert!(acceptable(&Change::Amend(amendment)).is_err() && acceptable(&gone(DepartureCause::Deleted)).is_ok());
    }

    #[tokio::test]
    async fn too_much_ends_the_call_with_the_name_of_the_limit() {
        let hub = Hub::default();
        with(&hub, async |desk| {
            let many: Vec<Submission> = (0..4).map(|n| upsert(&n.to_string(), "{}")).collect();
            assert_eq!(desk.bounds(&many).unwrap_err().key, "directory-rows");
            let large = [upsert("a", &" ".repeat(201))];
            assert_eq!(desk.bounds(&large).unwrap_err().key, "page-bytes");
            assert!(desk.bounds(&many[..3]).is_ok());
            hub.answer.lock().unwrap().push(record("a", &" ".repeat(201)));
            assert_eq!(desk.get(Class::Account, "a".into()).await.unwrap_err().key, "page-bytes");
        })
        .await;
    }

    #[tokio::test]
    async fn an_answer_about_another_object_reaches_nobody() {
        let hub = Hub::default();
        with(&hub, async |desk| {
            hub.answer.lock().unwrap().push(record("b", "{}"));
            assert_eq!(desk.get(Class::Account, "a".into()).await.unwrap().unwrap_err().kind, FaultKind::Internal);
            hub.answer.lock().unwrap().push(record("b", "{}"));
            assert!(desk.submit(vec![upsert("a", "{}")]).await.unwrap()[0].is_err());
            hub.answer.lock().unwrap().push(record("a", "{}"));
            assert!(desk.query(Class::Group, "{}").await.unwrap().is_err(), "an account among groups");
            hub.answer.lock().unwrap().extend((0..3).map(|n| record(&n.to_string(), "{}")));
            assert!(desk.query(Class::Account, r#"{"max":2}"#).await.unwrap().is_err(), "more than were asked for");
            assert_eq!(desk.get(Class::Account, String::new()).await.unwrap(), Ok(None), "no key of an object");
        })
        .await;
    }

    #[tokio::test]
    async fn pages_follow_each_other_by_sealed_cursors() {
        let hub = Hub::default();
        with(&hub, async |desk| {
            let first = desk.query(Class::Account, "{}").await.unwrap().unwrap();
            let next = first.next.unwrap();
            assert!(!next.contains("row 2") && first.total == Some(9));
            desk.query(Class::Account, &format!(r#"{{"after":"{next}"}}"#)).await.unwrap().unwrap();
            assert_eq!(hub.asked.lock().unwrap()[1].after.as_deref(), Some("row 2"));
            let forged = desk.query(Class::Account, r#"{"after":"726f772039"}"#).await.unwrap().unwrap_err();
            assert_eq!((forged.kind, hub.asked.lock().unwrap().len()), (FaultKind::CursorInvalid, 2));
        })
        .await;
    }
}
