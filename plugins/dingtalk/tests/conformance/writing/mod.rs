//! The writing role: an organisation that keeps DingTalk's rules, and what operations come to.

mod accounts;
mod both;
mod departments;
mod limits;
mod lost;
mod office;
mod people;
mod property;
mod refusals;
mod rules;
mod shapes;

use office::{Fate, Office};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Action, Applied, Class, Destination, Edit, Fault, Operation, Receipt};
use serde_json::{Value, json};

const CREATE: &str = "/topapi/v2/user/create";
const UPDATE: &str = "/topapi/v2/user/update";
const DELETE: &str = "/topapi/v2/user/delete";
const GET: &str = "/topapi/v2/user/get";
const CREATE_UNIT: &str = "/topapi/v2/department/create";
const UPDATE_UNIT: &str = "/topapi/v2/department/update";
const DELETE_UNIT: &str = "/topapi/v2/department/delete";

fn operation(class: Class, id: Option<&str>, action: Action) -> Operation {
    Operation {
        key: "key-1".to_owned(),
        class,
        id: id.map(ToOwned::to_owned),
        action,
        desired: "{}".to_owned(),
        known: None,
        version: None,
        attempt: 1,
    }
}

fn create(class: Class, attributes: &Value) -> Operation {
    operation(class, None, Action::Create(attributes.to_string()))
}

fn again(operation: Operation) -> Operation {
    Operation { attempt: 2, ..operation }
}

/// An update that replaces these attributes.
fn update(class: Class, id: &str, attributes: &Value) -> Operation {
    let one = |(name, value): (&String, &Value)| Edit {
        attribute: name.clone(),
        replace: Some(value.to_string()),
        add: None,
        remove: None,
    };
    operation(class, Some(id), Action::Update(attributes.as_object().unwrap().iter().map(one).collect()))
}

fn delta(class: Class, id: &str, attribute: &str, add: Option<Value>, remove: Option<Value>) -> Operation {
    let text = |value: Value| value.to_string();
    let edit = Edit { attribute: attribute.to_owned(), replace: None, add: add.map(text), remove: remove.map(text) };
    operation(class, Some(id), Action::Update(vec![edit]))
}

/// The receipts of a batch, in an instance of its own.
fn apply(office: &Office, settings: Value, operations: Vec<Operation>) -> Vec<Receipt> {
    let _world = office.world(settings).enter();
    let count = operations.len();
    let receipts = open::<Dingtalk>().unwrap().apply(operations);
    assert_eq!(receipts.len(), count);
    receipts
}

fn one(office: &Office, operation: Operation) -> Receipt {
    apply(office, json!({}), vec![operation]).pop().unwrap()
}

#[track_caller]
fn applied(receipt: Receipt) -> Applied {
    match receipt {
        Receipt::Applied(applied) => applied,
        other => panic!("not applied: {other:?}"),
    }
}

#[track_caller]
fn unchanged(receipt: Receipt) -> Applied {
    match receipt {
        Receipt::Unchanged(applied) => applied,
        other => panic!("not unchanged: {other:?}"),
    }
}

#[track_caller]
fn failed(receipt: Receipt) -> Fault {
    match receipt {
        Receipt::Failed(fault) => fault,
        other => panic!("not failed: {other:?}"),
    }
}

#[track_caller]
fn unknown(receipt: Receipt) -> Fault {
    match receipt {
        Receipt::Unknown(fault) => fault,
        other => panic!("not unknown: {other:?}"),
    }
}

fn units(ids: &[i64]) -> Value {
    ids.iter().map(|id| json!({ "ref": "org-unit", "id": id.to_string() })).collect()
}

fn account(id: &str) -> Value {
    json!({ "ref": "account", "id": id })
}
