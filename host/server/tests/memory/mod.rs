//! A directory in memory, as clients of one connection see it, and what the hub knows of people there.

use rosterd_model::directory::{Directory, Listing, Query, Submission};
use rosterd_model::port::BoxFuture;
use rosterd_model::record::{Amendment, DepartureCause};
use rosterd_model::{Change, Class, ExternalId, Fault, FaultKind, Record};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

type Objects = BTreeMap<(Class, String), Map<String, Value>>;

/// Keeps what is submitted, and answers as the hub does.
#[derive(Default)]
pub(crate) struct Memory {
    objects: Mutex<Objects>,
    /// What every submission is answered with instead.
    pub(crate) refuses: Mutex<Option<Fault>>,
    /// How often an object was made.
    pub(crate) made: Mutex<usize>,
}

impl Memory {
    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().expect("objects")
    }

    /// The attributes of an object.
    pub(crate) fn attributes(&self, class: Class, id: &str) -> Option<Map<String, Value>> {
        self.objects().get(&(class, id.to_owned())).cloned()
    }

    /// Ids of a class.
    pub(crate) fn ids(&self, class: Class) -> Vec<String> {
        self.objects().keys().filter(|(own, _)| *own == class).map(|(_, id)| id.clone()).collect()
    }

    fn take(&self, submission: Submission) -> Result<Option<Record>, Fault> {
        if let Some(fault) = self.refuses.lock().expect("refuses").clone() {
            return Err(fault);
        }
        let fault = |kind| Err(Fault::new(kind, "as submitted"));
        let mut objects = self.objects();
        match submission.change {
            Change::Upsert(record) => {
                let key = (record.class, record.id.as_str().to_owned());
                if submission.create && objects.contains_key(&key) {
                    return fault(FaultKind::AlreadyExists);
                }
                *self.made.lock().expect("made") += 1;
                objects.insert(key, serde_json::from_str(&record.attributes).expect("an object"));
                Ok(Some(record))
            }
            Change::Amend(amendment) => {
                let key = (amendment.class, amendment.id.as_str().to_owned());
                let Some(object) = objects.get_mut(&key) else { return fault(FaultKind::NotFound) };
                amend(object, &amendment);
                Ok(Some(record(amendment.class, &amendment.id, object)))
            }
            Change::Gone { class, id, cause: DepartureCause::Deleted } => {
                objects.remove(&(class, id.as_str().to_owned()));
                Ok(None)
            }
            _ => fault(FaultKind::Unsupported),
        }
    }
}

fn amend(object: &mut Map<String, Value>, amendment: &Amendment) {
    let values = |json: &str| -> Vec<Value> { serde_json::from_str(json).expect("a list") };
    for edit in &amendment.edits {
        if let Some(value) = &edit.replace {
            object.insert(edit.attribute.clone(), serde_json::from_str(value).expect("a value"));
            continue;
        }
        let list = object.entry(edit.attribute.clone()).or_insert_with(|| Value::Array(Vec::new()));
        let list = list.as_array_mut().expect("a list");
        for value in edit.add.as_deref().map(values).unwrap_or_default() {
            if !list.contains(&value) {
                list.push(value);
            }
        }
        let gone = edit.remove.as_deref().map(values).unwrap_or_default();
        list.retain(|value| !gone.contains(value));
    }
}

fn record(class: Class, id: &ExternalId, object: &Map<String, Value>) -> Record {
    let attributes = Value::Object(object.clone()).to_string();
    Record { class, id: id.clone(), previous_id: None, version: Some("1".to_owned()), attributes, partial: false }
}

impl Directory for Memory {
    fn submit(&self, submissions: Vec<Submission>) -> BoxFuture<'_, Vec<Result<Option<Record>, Fault>>> {
        Box::pin(async move { submissions.into_iter().map(|submission| self.take(submission)).collect() })
    }

    fn get(&self, class: Class, id: ExternalId) -> BoxFuture<'_, Result<Option<Record>, Fault>> {
        Box::pin(async move {
            let found = self.attributes(class, id.as_str()).map(|object| record(class, &id, &object));
            // Others come between looking and making.
            tokio::task::yield_now().await;
            Ok(found)
        })
    }

    fn query(&self, _: Class, _: Query) -> BoxFuture<'_, Result<Listing, Fault>> {
        Box::pin(async { Ok(Listing::default()) })
    }
}
