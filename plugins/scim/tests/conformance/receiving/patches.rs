//! PATCH beyond the table.

use super::{BASE, Client, ENTERPRISE, group, user};
use rosterd_sdk::Class;
use serde_json::{Value, json};

/// The user after these operations.
#[track_caller]
fn after(user: &Value, operations: &Value) -> Value {
    let mut client = Client::new();
    let id = client.made("Users", user);
    let said = client.patch(&format!("/Users/{id}"), operations);
    assert_eq!(said.status, 200, "{said:?}");
    assert_eq!(said.body, client.get(&format!("/Users/{id}")).body);
    said.body
}

fn with_mails() -> Value {
    json!({ "userName": "a", "emails": [{ "type": "work", "value": "w", "primary": true }, { "type": "home", "value": "h" }] })
}

#[test]
fn who_becomes_primary_takes_it_from_the_other() {
    for operation in [
        json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true }),
        json!({ "op": "add", "path": "emails", "value": [{ "type": "home", "value": "h", "primary": true }] }),
        json!({ "op": "replace", "path": "emails[value eq \"h\"]", "value": { "type": "home", "value": "h", "primary": "True" } }),
    ] {
        let user = after(&with_mails(), &json!([operation]));
        assert_eq!(
            user["emails"],
            json!([{ "type": "work", "value": "w", "primary": false }, { "type": "home", "value": "h", "primary": true }]),
            "{operation}"
        );
    }
    let mut client = Client::new();
    let id = client.made("Users", &with_mails());
    let two = json!([{ "op": "replace", "path": "emails", "value": [{ "value": "1", "primary": true }, { "value": "2", "primary": true }] }]);
    client.patch(&format!("/Users/{id}"), &two).refused(400, Some("invalidValue"));
}

#[test]
fn several_values() {
    let user =
        after(&with_mails(), &json!([{ "op": "add", "path": "emails", "value": { "type": "other", "value": "o" } }]));
    assert_eq!(user["emails"].as_array().unwrap().len(), 3, "added to what is there");
    let user = after(&with_mails(), &json!([{ "op": "replace", "path": "emails", "value": [{ "value": "x" }] }]));
    assert_eq!(user["emails"], json!([{ "value": "x" }]));
    let user = after(&with_mails(), &json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]));
    assert_eq!(user["emails"], json!([{ "type": "home", "value": "h" }]));
    let user = after(&with_mails(), &json!([{ "op": "remove", "path": "emails[type eq \"work\"].value" }]));
    assert_eq!(user["emails"], json!([{ "type": "home", "value": "h" }]), "a value without a value is none");
    let user = after(&with_mails(), &json!([{ "op": "remove", "path": "emails" }]));
    assert_eq!(user.get("emails"), None);
    let user = after(
        &with_mails(),
        &json!([{ "op": "remove", "path": "emails[type eq \"fax\"]" }, { "op": "replace", "path": "emails", "value": [] }]),
    );
    assert_eq!(user.get("emails"), None);
    let user = after(
        &user_with_title(),
        &json!([{ "op": "ADD", "path": "addresses[type eq \"work\"]", "value": { "locality": "北京" } }]),
    );
    assert_eq!(user["addresses"], json!([{ "type": "work", "locality": "北京" }]));
}

fn user_with_title() -> Value {
    json!({ "userName": "a", "title": "t", "name": { "givenName": "G" } })
}

#[test]
fn members_of_a_value_and_whole_extensions() {
    let user = after(&user_with_title(), &json!([{ "op": "add", "path": "name", "value": { "FAMILYNAME": "F" } }]));
    assert_eq!(user["name"], json!({ "givenName": "G", "familyName": "F" }));
    let user = after(
        &user_with_title(),
        &json!([{ "op": "remove", "path": "name.givenName" }, { "op": "remove", "path": "title" }]),
    );
    assert_eq!((user.get("name"), user.get("title")), (None, None));
    let user = after(
        &user_with_title(),
        &json!([{ "op": "add", "path": ENTERPRISE, "value": { "department": "d", "costCenter": "" } }, { "op": "add", "value": { "urn:company:scim:1.0:User": { "badge": 7, "Floors": [1, 2] } } }]),
    );
    assert_eq!(user[ENTERPRISE], json!({ "department": "d" }));
    assert_eq!(user["urn:company:scim:1.0:User"], json!({ "badge": 7, "Floors": [1, 2] }), "in the client's words");
    assert!(user["schemas"].as_array().unwrap().contains(&json!("urn:company:scim:1.0:User")));
    let user = after(
        &user_with_title(),
        &json!([{ "op": "add", "path": "urn:company:scim:1.0:User:badge", "value": "7" }, { "op": "remove", "path": "urn:company:scim:1.0:User:badge" }]),
    );
    assert_eq!(user.get("urn:company:scim:1.0:User"), None);
}

#[test]
fn what_is_not_understood_is_refused() {
    let mut client = Client::new();
    let id = client.made("Users", &with_mails());
    let path = format!("/Users/{id}");
    for (operations, kind) in [
        (json!([]), "invalidSyntax"),
        (json!([{ "op": "move", "path": "title" }]), "invalidSyntax"),
        (json!([7]), "invalidSyntax"),
        (json!([{ "op": "remove" }]), "noTarget"),
        (json!([{ "op": "add", "value": "x" }]), "invalidValue"),
        (json!([{ "op": "add", "path": "title" }]), "invalidValue"),
        (json!([{ "op": "add", "path": 7, "value": "x" }]), "invalidPath"),
        (json!([{ "op": "replace", "path": "meta.version", "value": "x" }]), "mutability"),
        (json!([{ "op": "add", "path": "groups", "value": [{ "value": "g" }] }]), "mutability"),
        (json!([{ "op": "replace", "path": format!("{ENTERPRISE}:manager.displayName"), "value": "x" }]), "mutability"),
        (json!([{ "op": "remove", "path": "userName" }]), "mutability"),
        (json!([{ "op": "replace", "path": "userName", "value": "" }]), "invalidValue"),
        (json!([{ "op": "replace", "path": "name", "value": 7 }]), "invalidValue"),
        (json!([{ "op": "replace", "path": "emails[primary gt 1].value", "value": "x" }]), "noTarget"),
    ] {
        client.patch(&path, &operations).refused(400, Some(kind));
    }
    client.call("PATCH", &path, &json!({ "schemas": ["urn:x"], "Operations": [] })).refused(400, Some("invalidSyntax"));
    assert_eq!(client.world.changes(), 1);
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let mut client = Client::new();
    let id = client.made("Users", &with_mails());
    client.world.set_ms(1_900_000_000_000);
    let before = client.get(&format!("/Users/{id}"));
    for operations in [
        json!([{ "op": "add", "path": "emails", "value": [{ "type": "work", "value": "w", "primary": true }] }]),
        json!([{ "op": "replace", "path": "userName", "value": "a" }]),
        json!([{ "op": "remove", "path": "title" }]),
        json!([{ "op": "replace", "value": { "id": id, "schemas": ["x"], "meta": { "version": "y" }, "password": "p" } }]),
    ] {
        assert_eq!(client.patch(&format!("/Users/{id}"), &operations).body, before.body, "{operations}");
    }
    assert_eq!(client.call("PUT", &format!("/Users/{id}"), &with_mails()).body, before.body);
    assert_eq!(client.world.changes(), 1);
    let changed = client.patch(&format!("/Users/{id}"), &json!([{ "op": "add", "path": "title", "value": "x" }])).body;
    assert_ne!(changed["meta"]["lastModified"], before.body["meta"]["lastModified"]);
    assert_eq!(changed["meta"]["created"], before.body["meta"]["created"]);
}

#[test]
fn a_group_changes_by_what_comes_and_goes() {
    let mut client = Client::new();
    let (one, two) = (client.made("Users", &user("u1")), client.made("Users", &user("u2")));
    let inner = client.made("Groups", &group("inner", &[]));
    let id = client.made("Groups", &group("g", &[&one]));
    let path = format!("/Groups/{id}");
    let added = json!([{ "op": "add", "path": "members", "value": [{ "value": two }, { "value": inner }] }, { "op": "remove", "path": format!("members[value eq \"{one}\"]") }]);
    assert_eq!(client.patch(&path, &added).status, 204);
    let kept: Value = serde_json::from_str(&client.world.object(Class::Group, &id).unwrap().attributes).unwrap();
    assert_eq!(
        kept["members"],
        json!([{ "ref": "account", "id": two }, { "ref": "group", "id": inner }]),
        "the nested group is known by its id"
    );
    let said = client.patch(
        &format!("{path}?attributes=members"),
        &json!([{ "op": "remove", "path": "members[value eq \"x\" or value eq \"y\"]" }]),
    );
    assert_eq!(
        (said.status, said.body["members"].as_array().unwrap().len()),
        (200, 2),
        "who names attributes sees them"
    );
    assert_eq!(
        said.body["members"][1],
        json!({ "value": inner, "type": "Group", "$ref": format!("{BASE}/Groups/{inner}") })
    );
    assert_eq!(client.patch(&path, &json!([{ "op": "remove", "path": "members" }])).status, 204);
    assert_eq!(client.get(&path).body.get("members"), None);
    assert_eq!(
        client
            .patch(&path, &json!([{ "op": "replace", "value": { "displayName": "N", "members": [{ "value": one }] } }]))
            .status,
        204
    );
    assert_eq!(client.get(&path).body["members"][0]["value"], one);
    client.patch("/Groups/nobody", &added).refused(404, None);
}

#[test]
fn others_may_come_in_between() {
    use rosterd_sdk::Fault;
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    let path = format!("/Users/{id}");
    let operations = json!([{ "op": "add", "path": "title", "value": "x" }]);
    let conflict = || Fault::conflict("somebody was quicker");
    client.world.fail_submissions([conflict(), conflict()]);
    assert_eq!(client.patch(&path, &operations).body["title"], "x", "tried again");
    client.world.fail_submissions(std::iter::repeat_with(conflict).take(9));
    client.patch(&path, &json!([{ "op": "remove", "path": "title" }])).refused(409, None);
    drop(client);
    let mut client = Client::new();
    for (fault, status, wait) in [
        (Fault::conflict("case 7 waits for a person"), 409, None),
        (Fault::transient("the store can not write"), 503, Some("5")),
        (Fault::rate_limited("too many calls").retry_after(1500), 429, Some("2")),
        (Fault::invalid("this value is refused"), 400, None),
        (Fault::denied("no grant"), 403, None),
        (Fault::already_exists("it is there"), 409, None),
    ] {
        client.world.fail_submissions([fault]);
        let said = client.call("POST", "/Users", &user("a"));
        assert_eq!((said.status, said.header("retry-after")), (status, wait), "{said:?}");
    }
}
