//! Calls and answers about other people: which of their texts are words of people, which are names of attributes, and which are
//! for people to read and better left out.

use super::super::words::{Answer, Bytes, Call};
use super::Pseudonyms;
use rosterd_model::fault::Fault;
use rosterd_model::id::ExternalId;
use rosterd_model::outbox::{Action, Applied, Receipt, Request};
use rosterd_model::port::{Hint, ScanStart};
use rosterd_model::record::{Change, Edit, Page, Record, Rejection, ScanEnd};
use serde_json::Value;

/// What stands for a text that is for people only.
const REMOVED: &str = "[removed]";

impl Pseudonyms {
    fn id(&self, id: &ExternalId) -> ExternalId {
        ExternalId::from(self.text(id.as_str()).as_str())
    }

    fn optional(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(&text))
    }

    /// JSON text: keys are names of attributes and stay.
    fn json(&self, text: &str) -> String {
        match serde_json::from_str(text) {
            Ok(mut value) => {
                self.value(&mut value);
                value.to_string()
            }
            Err(_) => self.text(text),
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            // A reference names its class.
            Value::Object(object) => {
                object.iter_mut().filter(|(key, _)| *key != "ref").for_each(|(_, v)| self.value(v));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fault(&self, fault: &Fault) -> Fault {
        Fault {
            message: REMOVED.to_owned(),
            detail: "{}".to_owned(),
            subject: self.optional(fault.subject.clone()),
            ..fault.clone()
        }
    }

    fn record(&self, record: Record) -> Record {
        Record {
            id: self.id(&record.id),
            previous_id: record.previous_id.as_ref().map(|id| self.id(id)),
            version: self.optional(record.version),
            attributes: self.json(&record.attributes),
            ..record
        }
    }

    fn edit(&self, edit: Edit) -> Edit {
        let json = |text: Option<String>| text.map(|text| self.json(&text));
        Edit { replace: json(edit.replace), add: json(edit.add), remove: json(edit.remove), ..edit }
    }

    fn change(&self, change: Change) -> Change {
        match change {
            Change::Upsert(record) => Change::Upsert(self.record(record)),
            Change::Amend(mut amendment) => {
                amendment.id = self.id(&amendment.id);
                amendment.version = self.optional(amendment.version);
                amendment.edits = amendment.edits.into_iter().map(|edit| self.edit(edit)).collect();
                Change::Amend(amendment)
            }
            Change::Gone { class, id, cause } => Change::Gone { class, id: self.id(&id), cause },
            Change::Rejected(rejection) => Change::Rejected(Rejection {
                id: rejection.id.as_ref().map(|id| self.id(id)),
                message: REMOVED.to_owned(),
                raw: REMOVED.to_owned(),
                ..rejection
            }),
        }
    }

    fn page(&self, page: Page) -> Page {
        let end = |end: ScanEnd| ScanEnd {
            note: end.note.map(|_| REMOVED.to_owned()),
            cursor: self.optional(end.cursor),
            ..end
        };
        Page {
            changes: page.changes.into_iter().map(|change| self.change(change)).collect(),
            resume: self.optional(page.resume),
            end: page.end.map(end),
        }
    }

    fn request(&self, request: Request) -> Request {
        Request {
            id: request.id.as_ref().map(|id| self.id(id)),
            action: match request.action {
                Action::Create(object) => Action::Create(self.json(&object)),
                Action::Update(edits) => Action::Update(edits.into_iter().map(|edit| self.edit(edit)).collect()),
                Action::MoveTo(to) => Action::MoveTo(to.map(|(class, id)| (class, self.id(&id)))),
                other => other,
            },
            desired: self.json(&request.desired),
            known: request.known.as_deref().map(|known| self.json(known)),
            version: self.optional(request.version),
            ..request
        }
    }

    fn receipt(&self, receipt: Receipt) -> Receipt {
        let applied = |applied: Applied| Applied {
            id: self.id(&applied.id),
            version: self.optional(applied.version),
            observed: applied.observed.as_deref().map(|observed| self.json(observed)),
            problems: applied.problems.iter().map(|fault| self.fault(fault)).collect(),
        };
        match receipt {
            Receipt::Applied(done) => Receipt::Applied(applied(done)),
            Receipt::Unchanged(done) => Receipt::Unchanged(applied(done)),
            Receipt::Failed(fault) => Receipt::Failed(self.fault(&fault)),
            Receipt::Unknown(fault) => Receipt::Unknown(self.fault(&fault)),
            Receipt::NotAttempted(fault) => Receipt::NotAttempted(self.fault(&fault)),
        }
    }

    fn hint(&self, hint: &Hint) -> Hint {
        Hint {
            id: hint.id.as_ref().map(|id| self.id(id)),
            event_id: self.optional(hint.event_id.clone()),
            detail: "{}".to_owned(),
            ..hint.clone()
        }
    }

    /// The same call about other people.
    pub(in crate::tape) fn call(&self, call: Call) -> Call {
        let ids =
            |objects: Vec<(_, ExternalId)>| objects.into_iter().map(|(class, id)| (class, self.id(&id))).collect();
        match call {
            Call::Open { classes, start } => {
                let start = match start {
                    ScanStart::Full => ScanStart::Full,
                    ScanStart::Resume(token) => ScanStart::Resume(self.text(&token)),
                    ScanStart::Since(cursor) => ScanStart::Since(self.text(&cursor)),
                };
                Call::Open { classes, start }
            }
            Call::Read { objects } => Call::Read { objects: ids(objects) },
            Call::LookAt { objects } => Call::LookAt { objects: ids(objects) },
            Call::Apply { requests } => {
                Call::Apply { requests: requests.into_iter().map(|one| self.request(one)).collect() }
            }
            Call::Find { class, attribute, value } => Call::Find { class, attribute, value: self.text(&value) },
            Call::Handle { method, .. } => Call::Handle {
                method,
                path: String::new(),
                query: String::new(),
                headers: Vec::new(),
                body: Bytes::default(),
                context: "{}".to_owned(),
            },
            other => other,
        }
    }

    /// The same answer about other people.
    pub(in crate::tape) fn answer(&self, answer: Result<Answer, Fault>) -> Result<Answer, Fault> {
        let answer = answer.map_err(|fault| self.fault(&fault))?;
        Ok(match answer {
            Answer::Page(page) => Answer::Page(self.page(page)),
            Answer::Version(version) => Answer::Version(version),
            // What a connector says about itself and its system, with samples of values in it.
            Answer::Text(text) => Answer::Text(without_samples(&text)),
            Answer::Probes(_) => Answer::Probes(Vec::new()),
            Answer::Records(records) => Answer::Records(
                records
                    .into_iter()
                    .map(|one| {
                        one.map(|found| found.map(|record| self.record(record))).map_err(|fault| self.fault(&fault))
                    })
                    .collect(),
            ),
            Answer::Receipts(receipts) => {
                Answer::Receipts(receipts.into_iter().map(|receipt| self.receipt(receipt)).collect())
            }
            Answer::Found(records) => Answer::Found(records.into_iter().map(|record| self.record(record)).collect()),
            Answer::Response { status, hints, .. } => Answer::Response {
                status,
                headers: Vec::new(),
                body: Bytes::default(),
                hints: hints.iter().map(|hint| self.hint(hint)).collect(),
            },
            Answer::Hints(hints) => Answer::Hints(hints.iter().map(|hint| self.hint(hint)).collect()),
            Answer::Done => Answer::Done,
        })
    }
}

fn without_samples(text: &str) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.remove("samples");
                object.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    match serde_json::from_str(text) {
        Ok(mut value) => {
            strip(&mut value);
            value.to_string()
        }
        Err(_) => "{}".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_page_keeps_its_shape() {
        let all = Pseudonyms::new(&BTreeSet::new()).unwrap();
        let record = |id: &str, attributes: &str| Record {
            class: rosterd_model::Class::Account,
            id: id.into(),
            previous_id: None,
            version: None,
            attributes: attributes.to_owned(),
            partial: false,
        };
        let page = Page {
            changes: vec![
                Change::Upsert(record("E-17", r#"{"name":"Zoe","manager":{"ref":"account","id":"E-18"},"age":7}"#)),
                Change::Upsert(record("E-18", r#"{"name":"Zoe"}"#)),
            ],
            resume: Some("E-18".to_owned()),
            end: None,
        };
        let Ok(Answer::Page(other)) = all.answer(Ok(Answer::Page(page))) else { panic!("a page") };
        let [Change::Upsert(first), Change::Upsert(second)] = &other.changes[..] else { panic!("two records") };
        let (a, b): (Value, Value) =
            (serde_json::from_str(&first.attributes).unwrap(), serde_json::from_str(&second.attributes).unwrap());
        assert_eq!(
            (&a["name"], a["age"].as_u64(), a["manager"]["ref"].as_str()),
            (&b["name"], Some(7), Some("account"))
        );
        assert_eq!(a["manager"]["id"].as_str(), Some(second.id.as_str()));
        assert!(!format!("{other:?}").contains("Zoe") && first.id != second.id);
    }
}
