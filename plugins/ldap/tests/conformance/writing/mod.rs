//! The writing role.

mod accounts;
mod conforms;
mod directory;
mod filter;
mod groups;
mod lost;
mod names;
mod pipeline;
mod refusals;
mod server;
mod units;
mod windows;

use directory::Directory;
use rosterd_plugin_ldap::Ldap;
use rosterd_sdk::testkit::{self, World, open};
use rosterd_sdk::{Action, Applied, Class, Destination, Edit, Fault, Operation, Receipt};
use serde_json::{Value, json};
use server::{Connection, Shared, shared};
use std::rc::Rc;

/// The id of what [`company`] puts there, by number.
fn id(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02x}")
}

/// The top (1), two org units (2, 3), the second below the first, two people (4, 5), a group (6), and the hub's own account (7).
fn company(ad: bool) -> Shared {
    let mut all = Directory { ad, ..Directory::default() };
    all.put("dc=x", &[("objectClass", &["domain"])]);
    all.put("ou=Sales,dc=x", &[("objectClass", &["top", "organizationalUnit"]), ("ou", &["Sales"])]);
    all.put("ou=R\\, D,ou=Sales,dc=x", &[("objectClass", &["top", "organizationalUnit"]), ("ou", &["R, D"])]);
    for (name, unit) in [("li", "ou=Sales,dc=x"), ("ann", "ou=R\\, D,ou=Sales,dc=x")] {
        if ad {
            let classes = &["top", "person", "organizationalPerson", "user"];
            let own = [
                ("objectClass", &classes[..]),
                ("cn", &[name]),
                ("sAMAccountName", &[name]),
                ("userAccountControl", &["66048"]),
            ];
            all.put(&format!("cn={name},{unit}"), &own);
        } else {
            let classes = &["top", "person", "organizationalPerson", "inetOrgPerson"];
            let own = [
                ("objectClass", &classes[..]),
                ("uid", &[name]),
                ("cn", &[name]),
                ("sn", &[name]),
                ("employeeNumber", &[name]),
            ];
            all.put(&format!("uid={name},{unit}"), &own);
        }
    }
    let group = if ad { "group" } else { "groupOfNames" };
    let member: &[&str] = if ad { &[] } else { &["cn=g,dc=x"] };
    let classes = [group];
    let mut own = vec![("objectClass", &classes[..]), ("cn", &["g"][..]), ("member", member)];
    own.retain(|(_, values)| !values.is_empty());
    all.put("cn=g,dc=x", &own);
    all.put("cn=sync,dc=x", &[("objectClass", &["organizationalRole"]), ("cn", &["sync"])]);
    shared(all)
}

fn world(server: &Shared, more: Value) -> World {
    let mut settings = json!({ "server": "ldaps://dc:636", "base": "dc=x", "bind-dn": "cn=sync,dc=x" });
    if server.borrow().directory.ad {
        settings["preset"] = "active-directory".into();
    }
    if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
    let server = Rc::clone(server);
    let world = World::new().settings(settings).secret("bind-password", "Kanari-17");
    world.servers("dc", 636, move || Connection::new(&server))
}

/// A directory, and a world in which it is the server.
fn entered(ad: bool, more: Value) -> (Shared, testkit::Entered) {
    let server = company(ad);
    let world = world(&server, more).enter();
    (server, world)
}

fn operation(class: Class, id: Option<&str>, action: Action) -> Operation {
    let desired = match &action {
        Action::Create(json) => json.clone(),
        _ => "{}".to_owned(),
    };
    Operation {
        key: "key".to_owned(),
        class,
        id: id.map(str::to_owned),
        action,
        desired,
        known: None,
        version: None,
        attempt: 1,
    }
}

fn create(class: Class, attributes: &Value) -> Operation {
    operation(class, None, Action::Create(attributes.to_string()))
}

fn replace(name: &str, value: &Value) -> Edit {
    Edit { attribute: name.to_owned(), replace: Some(value.to_string()), add: None, remove: None }
}

fn delta(name: &str, add: &Value, remove: &Value) -> Edit {
    let some = |value: &Value| (!value.is_null()).then(|| value.to_string());
    Edit { attribute: name.to_owned(), replace: None, add: some(add), remove: some(remove) }
}

fn update(class: Class, id: &str, edits: Vec<Edit>) -> Operation {
    operation(class, Some(id), Action::Update(edits))
}

fn refers(class: &str, id: &str) -> Value {
    json!({ "ref": class, "id": id })
}

/// Receipts of a run of its own.
fn apply(operations: &[Operation]) -> Vec<Receipt> {
    let mut destination = open::<Ldap>().unwrap();
    let receipts = destination.apply(operations.to_vec());
    assert_eq!(receipts.len(), operations.len());
    destination.finish().unwrap();
    receipts
}

fn one(operation: Operation) -> Receipt {
    apply(&[operation]).pop().unwrap()
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

/// A person as OpenLDAP wants one.
fn person(uid: &str) -> Value {
    json!({ "uid": uid, "cn": uid, "sn": uid, "employeeNumber": format!("no-{uid}") })
}
