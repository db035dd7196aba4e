//! What is asked of a destination.

use super::{check, describe, json_object, must, open};
use crate::testkit::World;
use crate::{Action, Class, Destination, Edit, FaultKind, Object, ObjectRef, Operation, Receipt};
use serde_json::{Map, Value, json};

/// Runs everything that the contract asks of a destination. `samples` are objects to create: class and attributes (a
/// JSON object); the first is updated in the text attribute `changeable`, and all are deleted in the end.
pub fn destination<T: Destination>(world: World, samples: &[(Class, Value)], changeable: &str) {
    describe::description::<T>();
    let _world = world.enter();
    let creates: Vec<Operation> =
        (0_u32..).zip(samples).map(|(at, (class, attributes))| create(at, *class, attributes)).collect();

    check(open::<T>().apply(Vec::new()).is_empty(), "no operations, no receipts", String::new);
    let ids = ids_of(&run::<T>(&creates), "a create is applied", |receipt| matches!(receipt, Receipt::Applied(_)));
    let refs: Vec<ObjectRef> =
        samples.iter().zip(&ids).map(|((class, _), id)| ObjectRef { class: *class, id: id.clone() }).collect();
    let created = read::<T>(&refs);
    for ((object, (_, attributes)), id) in created.iter().zip(samples).zip(&ids) {
        check(object.as_ref().is_some_and(|object| object.id == *id), "read finds what was created", || id.clone());
        if let Some(object) = object {
            holds(object, attributes);
        }
    }

    // The same keys come again after a crash: a create is looked up first, and nothing is made twice.
    let again: Vec<Operation> =
        creates.iter().cloned().map(|operation| Operation { attempt: 2, ..operation }).collect();
    let same = ids_of(&run::<T>(&again), "a create that is sent again is unchanged", |receipt| {
        matches!(receipt, Receipt::Unchanged(_))
    });
    check(same == ids, "a create that is sent again gives the same ids", || format!("{same:?} instead of {ids:?}"));
    check(read::<T>(&refs) == created, "a create that is sent again changes nothing", || format!("{refs:?}"));

    finds::<T>(samples, &refs);
    let updated = updates::<T>(&refs[0], changeable);
    missing::<T>(refs[0].class, changeable);
    deletes::<T>(&refs, updated);
}

fn operation(key: &str, class: Class, id: Option<&str>, action: Action, desired: &Value) -> Operation {
    Operation {
        key: key.to_owned(),
        class,
        id: id.map(str::to_owned),
        action,
        desired: desired.to_string(),
        known: None,
        version: None,
        attempt: 1,
    }
}

fn create(at: u32, class: Class, attributes: &Value) -> Operation {
    operation(&format!("create-{at}"), class, None, Action::Create(attributes.to_string()), attributes)
}

/// Applies in an instance of its own, as a run of the host does.
fn run<T: Destination>(operations: &[Operation]) -> Vec<Receipt> {
    let mut destination = open::<T>();
    let receipts = destination.apply(operations.to_vec());
    check(receipts.len() == operations.len(), "one receipt per operation", || {
        format!("{} receipts for {} operations", receipts.len(), operations.len())
    });
    must(destination.finish(), "finish");
    receipts
}

fn ids_of(receipts: &[Receipt], rule: &str, expected: impl Fn(&Receipt) -> bool) -> Vec<String> {
    let one = |receipt: &Receipt| {
        check(expected(receipt), rule, || format!("{receipt:?}"));
        match receipt {
            Receipt::Applied(applied) | Receipt::Unchanged(applied) => {
                check(!applied.id.is_empty(), "a receipt has the id", || format!("{receipt:?}"));
                applied.id.clone()
            }
            _ => String::new(),
        }
    };
    receipts.iter().map(one).collect()
}

fn read<T: Destination>(refs: &[ObjectRef]) -> Vec<Option<Object>> {
    let answers = open::<T>().read(refs);
    check(answers.len() == refs.len(), "read gives one answer each", || answers.len().to_string());
    answers.into_iter().map(|answer| must(answer, "read")).collect()
}

/// The object has these attributes; it may have more.
fn holds(object: &Object, attributes: &Value) {
    let there: Map<String, Value> = json_object(&object.attributes, "attributes");
    for (name, value) in attributes.as_object().into_iter().flatten() {
        check(there.get(name) == Some(value), "read gives the values that were created", || {
            format!("{name}: {:?} instead of {value}", there.get(name))
        });
    }
}

fn finds<T: Destination>(samples: &[(Class, Value)], refs: &[ObjectRef]) {
    for ((class, attributes), wanted) in samples.iter().zip(refs) {
        for (name, value) in attributes.as_object().into_iter().flatten() {
            let Some(text) = value.as_str() else { continue };
            match open::<T>().find(*class, name, text) {
                Err(fault) => {
                    check(fault.kind == FaultKind::Unsupported, "find works or is unsupported", || fault.message);
                }
                Ok(found) => {
                    let found: Vec<&str> = found.iter().map(|object| object.id.as_str()).collect();
                    check(found.contains(&wanted.id.as_str()), "find and read agree", || {
                        format!("{name} = {text}: {found:?}")
                    });
                }
            }
        }
        if let Ok(found) = open::<T>().find(*class, "no such attribute, surely", "x") {
            check(found.is_empty(), "find by an unknown attribute finds nothing", || found.len().to_string());
        }
    }
}

fn edit(attribute: &str, value: &Value) -> Edit {
    Edit { attribute: attribute.to_owned(), replace: Some(value.to_string()), add: None, remove: None }
}

/// Changes one attribute; the id may change with it.
fn updates<T: Destination>(of: &ObjectRef, changeable: &str) -> String {
    let value = json!("changed by the conformance suite");
    let edits = Action::Update(vec![edit(changeable, &value)]);
    let update = operation("update-0", of.class, Some(&of.id), edits, &json!({ changeable: value }));
    let id = ids_of(&run::<T>(std::slice::from_ref(&update)), "an update is applied", |receipt| {
        matches!(receipt, Receipt::Applied(_))
    })
    .concat();
    let now = ObjectRef { class: of.class, id: id.clone() };
    let object = read::<T>(&[now]).pop().flatten();
    check(object.is_some(), "an object is there after an update", || id.clone());
    if let Some(object) = object {
        holds(&object, &json!({ changeable: value }));
    }
    let again = Operation { id: Some(id.clone()), attempt: 2, ..update };
    ids_of(&run::<T>(&[again]), "an update that is sent again is unchanged", |receipt| {
        matches!(receipt, Receipt::Unchanged(_))
    });
    id
}

fn missing<T: Destination>(class: Class, changeable: &str) {
    let edits = Action::Update(vec![edit(changeable, &json!("x"))]);
    let update = operation("update-1", class, Some("no such object, surely"), edits, &json!({}));
    let receipts = run::<T>(&[update]);
    let refused = matches!(&receipts[..], [Receipt::Failed(fault)] if fault.kind == FaultKind::NotFound);
    check(refused, "an update of nothing fails as not-found", || format!("{receipts:?}"));
}

fn deletes<T: Destination>(refs: &[ObjectRef], first: String) {
    let mut refs = refs.to_vec();
    refs[0].id = first;
    let delete = |(at, of): (usize, &ObjectRef)| {
        operation(&format!("delete-{at}"), of.class, Some(&of.id), Action::Delete, &json!({}))
    };
    let deletes: Vec<Operation> = refs.iter().enumerate().map(delete).collect();
    ids_of(&run::<T>(&deletes), "a delete is applied", |receipt| matches!(receipt, Receipt::Applied(_)));
    check(read::<T>(&refs).iter().all(Option::is_none), "what was deleted is not there", || format!("{refs:?}"));
    ids_of(&run::<T>(&deletes), "a delete that is sent again is unchanged", |receipt| {
        matches!(receipt, Receipt::Unchanged(_))
    });
}
