//! The callback connector, natively: what it sends, and what it makes of the answers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod conforms;
mod endpoint;
mod idaas;
mod order;
mod property;
mod receipts;
mod standard;

use endpoint::crypto;
use rosterd_plugin_callback::Callback;
use rosterd_sdk::http::{Request, Response};
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Action, Class, Destination, Edit, Fault, Operation, Receipt};
use serde_json::{Value, json};

/// A connection with all keys; `more` is merged into its settings.
fn world(more: &Value) -> World {
    let mut settings = json!({ "url": "https://app.example/hook?tenant=7" });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let seed: Vec<u8> = (0..32).collect();
    World::new()
        .settings(settings)
        .secret("signing-secret", &seed)
        .secret("signing-key", &seed)
        .secret("event-key", "rsa")
        .secret("encrypt-key", [9; 32])
        .crypto(crypto)
}

/// The settings of the IDaaS form.
fn in_idaas(more: &Value) -> Value {
    let mut idaas = json!({ "instance-id": "idaas_1", "application-id": "app_1", "ali-uid": "77" });
    idaas.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "form": "idaas", "idaas": idaas })
}

/// An endpoint that takes everything.
fn taking(_: &Request) -> Result<Response, Fault> {
    Ok(answer(204, ""))
}

fn answer(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn operation(key: &str, id: Option<&str>, action: Action, desired: &Value) -> Operation {
    let (id, desired) = (id.map(str::to_owned), desired.to_string());
    Operation {
        key: key.to_owned(),
        class: Class::Account,
        id,
        action,
        desired,
        known: None,
        version: None,
        attempt: 1,
    }
}

fn create(key: &str, attributes: &Value) -> Operation {
    operation(key, None, Action::Create(attributes.to_string()), attributes)
}

fn update(key: &str, id: &str, edits: &[(&str, Value)], desired: &Value) -> Operation {
    let edit = |(attribute, value): &(&str, Value)| {
        let (attribute, replace) = ((*attribute).to_owned(), Some(value.to_string()));
        Edit { attribute, replace, add: None, remove: None }
    };
    operation(key, Some(id), Action::Update(edits.iter().map(edit).collect()), desired)
}

fn apply(operations: Vec<Operation>) -> Vec<Receipt> {
    let count = operations.len();
    let receipts = open::<Callback>().unwrap().apply(operations);
    assert_eq!(receipts.len(), count, "one receipt each");
    receipts
}

/// The one header of this name.
fn header(request: &Request, name: &str) -> String {
    let all: Vec<&String> = request.headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value).collect();
    assert_eq!(all.len(), 1, "{name}");
    all[0].clone()
}

fn body(request: &Request) -> String {
    String::from_utf8(request.body.clone().unwrap()).unwrap()
}
