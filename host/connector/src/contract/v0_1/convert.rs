//! WIT and model, both ways. Strings are moved; attributes stay text.

use super::bindings::exports::rosterd::connector::{destination as wit_out, source as wit_in};
use super::bindings::rosterd::connector::types as wit;
use rosterd_model::fault::{Fault, FaultKind};
use rosterd_model::id::{Class, ExternalId};
use rosterd_model::outbox::{Action, Applied, Receipt, Request};
use rosterd_model::port::Hint;
use rosterd_model::record::{Amendment, Change, DepartureCause, Edit, Page, Record, Rejection, ScanEnd};
use rosterd_model::time::Timestamp;

impl From<Class> for wit::Class {
    fn from(class: Class) -> Self {
        match class {
            Class::Account => Self::Account,
            Class::OrgUnit => Self::OrgUnit,
            Class::Group => Self::Group,
        }
    }
}

impl From<wit::Class> for Class {
    fn from(class: wit::Class) -> Self {
        match class {
            wit::Class::Account => Self::Account,
            wit::Class::OrgUnit => Self::OrgUnit,
            wit::Class::Group => Self::Group,
        }
    }
}

/// One table for both directions, so that they can not drift apart.
macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => {
        impl From<FaultKind> for wit::FaultKind {
            fn from(kind: FaultKind) -> Self {
                match kind { $(FaultKind::$kind => Self::$kind),+ }
            }
        }
        impl From<wit::FaultKind> for FaultKind {
            fn from(kind: wit::FaultKind) -> Self {
                match kind { $(wit::FaultKind::$kind => Self::$kind),+ }
            }
        }
    };
}
kinds!(
    Settings,
    Unauthorized,
    Forbidden,
    NotFound,
    AlreadyExists,
    Conflict,
    Invalid,
    Unsupported,
    RateLimited,
    Timeout,
    Transient,
    CursorInvalid,
    Incomplete,
    Denied,
    Held,
    Cancelled,
    Internal,
);

impl From<Fault> for wit::Fault {
    fn from(fault: Fault) -> Self {
        let Fault { kind, message, retry_after_ms, subject, detail } = fault;
        Self { kind: kind.into(), message, retry_after_ms, subject, detail }
    }
}

impl From<wit::Fault> for Fault {
    fn from(fault: wit::Fault) -> Self {
        let wit::Fault { kind, message, retry_after_ms, subject, detail } = fault;
        Self { kind: kind.into(), message, retry_after_ms, subject, detail }
    }
}

/// Why an id can not be used as a key.
pub(super) fn bad_id(id: &str) -> Option<String> {
    let most = ExternalId::MAX_BYTES;
    match id.len() {
        0 => Some("the connector reported an empty external id".to_owned()),
        length if length > most => {
            Some(format!("the connector reported an external id of {length} bytes; at most {most} are accepted"))
        }
        _ => None,
    }
}

pub(super) fn record(object: wit::Object) -> Record {
    Record {
        class: object.class.into(),
        id: object.id.into(),
        previous_id: object.previous_id.map(ExternalId::from),
        version: object.version,
        attributes: object.attributes,
        partial: object.partial,
    }
}

/// An object as the hub shows it to a connector.
pub(crate) fn object(record: Record) -> wit::Object {
    wit::Object {
        class: record.class.into(),
        id: record.id.0.into(),
        previous_id: record.previous_id.map(|id| id.0.into()),
        version: record.version,
        attributes: record.attributes,
        partial: record.partial,
    }
}

fn edit(edit: wit::Edit) -> Edit {
    Edit { attribute: edit.attribute, replace: edit.replace, add: edit.add, remove: edit.remove }
}

/// A change; one whose id can not be a key becomes a rejection, which keeps its whole class from being called absent.
pub(crate) fn change(change: wit::Change) -> Change {
    let (class, ids, raw) = match &change {
        wit::Change::Upsert(object) => {
            (object.class, [Some(&object.id), object.previous_id.as_ref()], object.attributes.as_str())
        }
        wit::Change::Amend(amendment) => (amendment.class, [Some(&amendment.id), None], ""),
        wit::Change::Gone(gone) => (gone.class, [Some(&gone.id), None], ""),
        wit::Change::Rejected(rejection) => return Change::Rejected(reject(rejection)),
    };
    if let Some(message) = ids.into_iter().flatten().find_map(|id| bad_id(id)) {
        let (class, position) = (Some(class.into()), "external id".to_owned());
        return Change::Rejected(Rejection { class, id: None, position, message, raw: cut(raw.to_owned(), 4096) });
    }
    match change {
        wit::Change::Upsert(object) => Change::Upsert(record(object)),
        wit::Change::Amend(amendment) => Change::Amend(Amendment {
            class: amendment.class.into(),
            id: amendment.id.into(),
            version: amendment.version,
            edits: amendment.edits.into_iter().map(edit).collect(),
        }),
        wit::Change::Gone(gone) => Change::Gone {
            class: gone.class.into(),
            id: gone.id.into(),
            cause: match gone.cause {
                wit::DepartureCause::Deleted => DepartureCause::Deleted,
                wit::DepartureCause::LeftScope => DepartureCause::LeftScope,
                wit::DepartureCause::Unknown => DepartureCause::Unknown,
            },
        },
        wit::Change::Rejected(rejection) => Change::Rejected(reject(&rejection)),
    }
}

fn reject(rejection: &wit::Rejection) -> Rejection {
    Rejection {
        class: rejection.class.map(Class::from),
        id: rejection.id.clone().filter(|id| bad_id(id).is_none()).map(ExternalId::from),
        position: cut(rejection.position.clone(), 256),
        message: cut(rejection.message.clone(), 1024),
        raw: cut(rejection.raw.clone(), 4096),
    }
}

/// At most so many bytes, at the end of a character.
pub(super) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

pub(crate) fn page(page: wit_in::Page) -> Page {
    let end = match page.progress {
        wit_in::Progress::More => None,
        wit_in::Progress::End(end) => Some(ScanEnd {
            complete: end.complete.into_iter().map(Class::from).collect(),
            declared_totals: end.declared_totals.into_iter().map(|(class, total)| (class.into(), total)).collect(),
            cursor: end.cursor,
            note: end.note,
        }),
    };
    Page { changes: page.changes.into_iter().map(change).collect(), resume: page.resume, end }
}

pub(super) fn references(objects: &[(Class, ExternalId)]) -> Vec<wit::ObjectRef> {
    objects.iter().map(|(class, id)| wit::ObjectRef { class: (*class).into(), id: id.to_string() }).collect()
}

pub(super) fn operation(request: Request) -> wit_out::Operation {
    let action = match request.action {
        Action::Create(attributes) => wit_out::Action::Create(attributes),
        Action::Update(edits) => {
            let edit = |edit: Edit| wit::Edit {
                attribute: edit.attribute,
                replace: edit.replace,
                add: edit.add,
                remove: edit.remove,
            };
            wit_out::Action::Update(edits.into_iter().map(edit).collect())
        }
        Action::Enable => wit_out::Action::Enable,
        Action::Disable => wit_out::Action::Disable,
        Action::SetPassword => wit_out::Action::SetPassword,
        Action::MoveTo(parent) => {
            wit_out::Action::MoveTo(parent.map(|(class, id)| wit::ObjectRef { class: class.into(), id: id.0.into() }))
        }
        Action::Delete => wit_out::Action::Delete,
    };
    wit_out::Operation {
        key: request.key,
        class: request.class.into(),
        id: request.id.map(|id| id.0.into()),
        action,
        desired: request.desired,
        known: request.known,
        version: request.version,
        attempt: request.attempt,
    }
}

fn applied(applied: wit_out::Applied) -> Applied {
    let wit_out::Applied { id, version, observed, problems } = applied;
    Applied { id: id.into(), version, observed, problems: problems.into_iter().map(Fault::from).collect() }
}

/// A receipt. What was done to an object whose id can not be a key was done all the same: that is unknown, not failed.
pub(crate) fn receipt(receipt: wit_out::Receipt) -> Receipt {
    if let wit_out::Receipt::Applied(done) | wit_out::Receipt::Unchanged(done) = &receipt
        && let Some(message) = bad_id(&done.id)
    {
        return Receipt::Unknown(Fault::new(FaultKind::Internal, message));
    }
    match receipt {
        wit_out::Receipt::Applied(done) => Receipt::Applied(applied(done)),
        wit_out::Receipt::Unchanged(done) => Receipt::Unchanged(applied(done)),
        wit_out::Receipt::Failed(fault) => Receipt::Failed(fault.into()),
        wit_out::Receipt::Unknown(fault) => Receipt::Unknown(fault.into()),
        wit_out::Receipt::NotAttempted(fault) => Receipt::NotAttempted(fault.into()),
    }
}

pub(super) fn hint(hint: wit::Hint) -> Hint {
    Hint {
        class: hint.class.map(Class::from),
        id: hint.id.filter(|id| bad_id(id).is_none()).map(ExternalId::from),
        event_id: hint.event_id.map(|id| cut(id, 256)),
        occurred_at: hint.occurred_at_ms.map(Timestamp),
        detail: hint.detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: &str) -> wit::Object {
        wit::Object {
            class: wit::Class::Account,
            id: id.into(),
            previous_id: None,
            version: None,
            attributes: "{\"a\":1}".into(),
            partial: false,
        }
    }

    #[test]
    fn an_id_that_can_not_be_a_key_is_set_aside_and_blocks_its_class() {
        for id in [String::new(), "x".repeat(ExternalId::MAX_BYTES + 1)] {
            let Change::Rejected(rejection) = change(wit::Change::Upsert(object(&id))) else { panic!("accepted") };
            assert_eq!(
                (rejection.class, rejection.id, rejection.raw.as_str()),
                (Some(Class::Account), None, "{\"a\":1}")
            );
        }
        assert!(matches!(change(wit::Change::Upsert(object("x"))), Change::Upsert(_)));
    }

    #[test]
    fn raw_text_is_cut_at_a_character() {
        assert_eq!(cut("aé".into(), 2), "a");
        assert_eq!(cut("aé".into(), 3), "aé");
    }

    #[test]
    fn a_receipt_with_a_bad_id_is_unknown_because_it_may_have_been_done() {
        let done = wit_out::Applied { id: String::new(), version: None, observed: None, problems: vec![] };
        assert!(matches!(receipt(wit_out::Receipt::Applied(done)), Receipt::Unknown(_)));
    }
}
