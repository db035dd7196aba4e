//! The scim connector, natively: what it asks and sends, and what it makes of the answers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod conforms;
mod property;
mod provider;
mod reading;
mod receipts;
mod receiving;
mod writing;

use provider::{Provider, Shared};
use rosterd_plugin_scim::Scim;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Action, Class, Destination, Edit, Operation, Receipt};
use serde_json::{Value, json};

/// A connection to this service provider; `more` is merged into its settings.
fn world(provider: &Shared, more: &Value) -> World {
    let mut settings = json!({ "url": "https://app.example/scim/v2/" });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let provider = provider.clone();
    World::new().settings(settings).http(move |request| provider.borrow_mut().answer(request))
}

fn operation(class: Class, id: Option<&str>, action: Action) -> Operation {
    Operation {
        key: "k1".to_owned(),
        class,
        id: id.map(str::to_owned),
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

fn edit(attribute: &str, value: &Value) -> Edit {
    Edit { attribute: attribute.to_owned(), replace: Some(value.to_string()), add: None, remove: None }
}

fn update(class: Class, id: &str, edits: Vec<Edit>) -> Operation {
    operation(class, Some(id), Action::Update(edits))
}

fn apply(operations: Vec<Operation>) -> Vec<Receipt> {
    let count = operations.len();
    let receipts = open::<Scim>().unwrap().apply(operations);
    assert_eq!(receipts.len(), count, "one receipt each");
    receipts
}

/// The id of what was done.
fn id(receipt: &Receipt) -> String {
    match receipt {
        Receipt::Applied(applied) | Receipt::Unchanged(applied) => applied.id.clone(),
        other => panic!("{other:?}"),
    }
}
