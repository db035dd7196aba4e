//! What is kept, for maps and for destinations; org units; odd requests.

use super::{BASE, Client, ENTERPRISE, user};
use rosterd_plugin_scim::receiver::{answer, time};
use rosterd_sdk::Class;
use serde_json::{Value, json};

fn kept(client: &Client, class: Class, id: &str) -> Value {
    serde_json::from_str(&client.world.object(class, id).unwrap().attributes).unwrap()
}

#[test]
fn attributes_have_the_names_that_the_source_has() {
    let mut client = Client::new();
    let body = json!({
        "userName": "a", "externalId": "7", "NAME": { "familyName": "F" }, "active": "True", "password": "p", "department": "of the enterprise",
        "emails": [{ "type": "work", "value": "first" }, { "type": "work", "value": "w", "primary": true }, { "type": "value", "value": "odd" }, "plain"],
        "addresses": [{ "type": "home", "locality": "北京", "formatted": "all" }], "favourite": { "colour": "red", "Password": "p" },
        "urn:company:scim:1.0:User": { "badge": "b.1", "nested": { "a": [1] } },
        ENTERPRISE: { "manager": "m" }, "urn:rosterd:scim:schemas:extension:hub:1.0:User": { "organizationalUnit": { "value": "o" } }
    });
    let id = client.made("Users", &body);
    let kept = kept(&client, Class::Account, &id);
    for (name, value) in [
        ("name.familyName", json!("F")),
        ("active", json!(true)),
        ("emails.work", json!("w")),
        ("addresses.home", json!("all")),
        ("addresses.home.locality", json!("北京")),
        ("department", json!("of the enterprise")),
        ("manager", json!({ "ref": "account", "id": "m" })),
        ("organizationalUnit", json!({ "ref": "org-unit", "id": "o" })),
        ("favourite.colour", json!("red")),
        ("urn:company:scim:1.0:User:badge", json!("b.1")),
        ("urn:company:scim:1.0:User:nested", json!({ "a": [1] })),
    ] {
        assert_eq!(kept[name], value, "{name}");
    }
    assert!(kept.get("emails.value").is_none() && !kept.to_string().to_lowercase().contains("password"), "{kept}");
    let shown = client.get(&format!("/Users/{id}")).body;
    assert_eq!(shown["favourite"], json!({ "colour": "red" }));
    assert_eq!(shown["emails"][3], json!({ "value": "plain" }));
    assert_eq!(
        shown[ENTERPRISE],
        json!({ "manager": { "value": "m", "$ref": format!("{BASE}/Users/m") }, "department": "of the enterprise" })
    );
    assert_eq!(
        shown["urn:rosterd:scim:schemas:extension:hub:1.0:User"]["organizationalUnit"]["$ref"],
        format!("{BASE}/OrganizationalUnits/o")
    );
}

#[test]
fn what_a_put_leaves_out_is_empty_and_not_unsaid() {
    let mut client = Client::new();
    let id =
        client.made("Users", &json!({ "userName": "a", "title": "t", "emails": [{ "type": "work", "value": "w" }] }));
    assert_eq!(client.call("PUT", &format!("/Users/{id}"), &user("a")).status, 200);
    let kept = kept(&client, Class::Account, &id);
    assert!(["title", "emails", "emails.work"].iter().all(|name| kept.get(*name) == Some(&Value::Null)), "{kept}");
    assert_eq!(kept.get("nickName"), None, "nothing is said of what was never there");
}

#[test]
fn org_units_are_a_tree() {
    let mut client = Client::new();
    let root = client.made("OrganizationalUnits", &json!({ "displayName": "root" }));
    let said = client.call(
        "POST",
        "/OrganizationalUnits",
        &json!({ "displayName": "leaf", "parent": { "$ref": format!("{BASE}/OrganizationalUnits/{root}") } }),
    );
    assert_eq!(said.body["parent"], json!({ "value": root, "$ref": format!("{BASE}/OrganizationalUnits/{root}") }));
    assert_eq!(said.body["schemas"], json!(["urn:rosterd:scim:schemas:core:1.0:OrganizationalUnit"]));
    let id = said.body["id"].as_str().unwrap();
    assert_eq!(kept(&client, Class::OrgUnit, id)["parent"], json!({ "ref": "org-unit", "id": root }));
    assert_eq!(
        client.get(&format!("/OrganizationalUnits?filter=parent.value%20eq%20%22{root}%22")).body["totalResults"],
        1
    );
    assert_eq!(
        client
            .patch(&format!("/OrganizationalUnits/{id}"), &json!([{ "op": "remove", "path": "parent" }]))
            .body
            .get("parent"),
        None
    );
    client.call("POST", "/OrganizationalUnits", &json!({})).refused(400, Some("invalidValue"));
}

#[test]
fn groups_keep_what_nobody_knows() {
    let mut client = Client::new();
    let id = client.made("Groups", &json!({ "displayName": "g", "urn:x:y:Group": { "colour": "red" } }));
    for path in [format!("/Groups/{id}?excludedAttributes=members"), "/Groups?excludedAttributes=members".to_owned()] {
        assert!(client.get(&path).body.to_string().contains("\"colour\":\"red\""), "{path}");
    }
    assert_eq!(
        client
            .patch(&format!("/Groups/{id}"), &json!([{ "op": "replace", "path": "displayName", "value": "N" }]))
            .status,
        204
    );
    assert_eq!(client.get(&format!("/Groups/{id}")).body["urn:x:y:Group"]["colour"], "red");
}

#[test]
fn odd_requests() {
    let mut client = Client::new();
    for (body, kind) in [
        (json!([]), "invalidSyntax"),
        (json!({ "userName": 7.5, "schemas": "x" }), "invalidSyntax"),
        (json!({ "userName": ["a", "b"] }), "invalidValue"),
        (json!({ "userName": { "a": 1 } }), "invalidValue"),
        (json!({ "userName": "a\u{0}" }), "invalidValue"),
        (json!({ "userName": "a", "emails": [7] }), "invalidValue"),
        (json!({ "userName": "a", "bad name": 1 }), "invalidPath"),
        (
            json!({ "userName": "a", "emails": [{ "value": "1", "primary": true }, { "value": "2", "primary": true }] }),
            "invalidValue",
        ),
        (json!({ "userName": null }), "invalidValue"),
        (
            json!({ "userName": "a", "x": { "x": { "x": { "x": { "x": { "x": { "x": { "x": { "x": { "x": 1 } } } } } } } } } }),
            "invalidValue",
        ),
    ] {
        client.call("POST", "/Users", &body).refused(400, Some(kind));
    }
    client.get("/Users/%zz%ff").refused(400, Some("invalidSyntax"));
    client.get("/Users/a%00b").refused(400, Some("invalidSyntax"));
    client.get(&format!("/Users/{}", "x".repeat(2000))).refused(404, None);
    client.get("/Users/a/b").refused(404, None);
    assert_eq!(client.get("/v2/Users").status, 200);
    assert!(client.world.objects().is_empty());
}

#[test]
fn versions_are_compared_weakly() {
    assert!(answer::names_version("\"1\", W/\"v2\"", "v2") && answer::names_version("*", "v2"));
    assert!(!answer::names_version("W/\"v22\"", "v2") && !answer::names_version("", "v2"));
    assert_eq!(answer::etag("a\"\n b"), "W/\"a___b\"");
}

#[test]
fn times_are_read_and_shown() {
    assert_eq!(time::shown(1_597_573_616_828), "2020-08-16T10:26:56.828Z");
    for (text, moment) in [
        ("2020-08-16T10:26:56.828Z", Some(1_597_573_616_828)),
        ("2020-08-16T18:26:56.8289+08:00", Some(1_597_573_616_828)),
        ("2000-02-29t00:00:00z", Some(951_782_400_000)),
        ("1969-12-31T23:59:59-00:00", Some(-1000)),
        ("2020-13-16T10:26:56Z", None),
        ("2020-08-16T10:26:56", None),
        ("2020-08-16T10:26:56.Z5", None),
        ("２020-08-16T10:26:56Z", None),
    ] {
        assert_eq!(time::milliseconds(text), moment, "{text}");
    }
}

#[test]
fn a_client_does_what_its_scopes_say() {
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    client.made("Groups", &json!({ "displayName": "g" }));
    client.scopes = vec!["accounts:read", "groups:write"];
    assert_eq!(client.get(&format!("/Users/{id}")).status, 200);
    client.call("POST", "/Users", &user("b")).refused(403, None);
    client.call("DELETE", &format!("/Users/{id}"), &Value::Null).refused(403, None);
    client.get("/Groups").refused(403, None);
    client.call("POST", "/Groups/.search", &json!({})).refused(403, None);
    assert_eq!(client.call("POST", "/Users/.search", &json!({})).status, 200);
    assert_eq!(client.call("POST", "/.search", &json!({})).body["totalResults"], 1, "of what it may see");
    let operations = json!([
        { "method": "POST", "path": "/Users", "bulkId": "1", "data": user("c") },
        { "method": "POST", "path": "/Groups", "bulkId": "2", "data": { "displayName": "h" } },
    ]);
    let said = client.call("POST", "/Bulk", &json!({ "Operations": operations }));
    assert_eq!(
        (&said.body["Operations"][0]["status"], &said.body["Operations"][1]["status"]),
        (&json!("403"), &json!("201"))
    );
    client.scopes.clear();
    client.call("POST", "/.search", &json!({})).refused(403, None);
    client.get("/Users").refused(403, None);
}

#[test]
fn a_connection_that_only_receives_reads_and_writes_nothing() {
    use rosterd_sdk::testkit::{World, open};
    use rosterd_sdk::{Connector, Destination, FaultKind, Receipt, Source};
    let _world = World::new().settings(json!({})).enter();
    let mut scim = open::<rosterd_plugin_scim::Scim>().unwrap();
    assert!(scim.check().unwrap().iter().all(|probe| probe.ok));
    assert_eq!(scim.scan(&[Class::Account], None).map(|_| ()).unwrap_err().kind, FaultKind::Settings);
    assert_eq!(scim.find(Class::Account, "userName", "a").unwrap_err().subject.as_deref(), Some("url"));
    let receipts = scim.apply(vec![super::super::create(Class::Account, &json!({ "userName": "a" }))]);
    assert!(matches!(&receipts[..], [Receipt::NotAttempted(fault)] if fault.kind == FaultKind::Settings));
}
