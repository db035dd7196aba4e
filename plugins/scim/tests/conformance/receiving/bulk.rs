//! `/Bulk`.

use super::{BASE, Client, group, user};
use serde_json::{Value, json};

fn bulk(client: &mut Client, more: &Value, operations: &Value) -> Vec<Value> {
    let mut body =
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let said = client.call("POST", "/Bulk", &body);
    assert_eq!(said.status, 200, "{said:?}");
    assert_eq!(said.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    said.body["Operations"].as_array().unwrap().clone()
}

fn post(path: &str, name: &str, data: &Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": name, "data": data })
}

fn statuses(answers: &[Value]) -> Vec<&str> {
    answers.iter().map(|one| one["status"].as_str().unwrap()).collect()
}

#[test]
fn row_21_a_reference_may_come_before_what_it_means() {
    let mut client = Client::new();
    let operations = json!([post("/Groups", "g", &group("g", &["bulkId:1"])), post("/Users", "1", &user("a"))]);
    let answers = bulk(&mut client, &json!({}), &operations);
    assert_eq!(statuses(&answers), ["201", "201"]);
    assert_eq!(
        (&answers[0]["bulkId"], &answers[1]["bulkId"]),
        (&json!("g"), &json!("1")),
        "in the order of the request"
    );
    let id = answers[1]["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let place = answers[0]["location"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    assert_eq!(client.get(&place).body["members"][0]["value"], id);
    assert!(answers[0]["version"].as_str().is_some_and(|version| version.starts_with("W/")));
}

#[test]
fn groups_may_be_members_of_each_other_and_paths_may_refer() {
    let mut client = Client::new();
    let operations = json!([
        post("/Groups", "a", &json!({ "displayName": "a", "members": [{ "value": "bulkId:b", "type": "Group" }] })),
        post("/Groups", "b", &json!({ "displayName": "b", "members": [{ "value": "bulkId:a", "type": "Group" }] })),
        { "method": "PATCH", "path": "/Groups/bulkId:a", "data": { "Operations": [{ "op": "replace", "path": "displayName", "value": "A" }] } },
        { "method": "DELETE", "path": "/Groups/bulkId:b" },
    ]);
    assert_eq!(statuses(&bulk(&mut client, &json!({}), &operations)), ["201", "201", "200", "204"]);
    assert_eq!(client.get("/Groups").body["Resources"][0]["displayName"], "A");
}

#[test]
fn each_operation_stands_alone_until_there_are_too_many_errors() {
    let operations = json!([
        post("/Users", "1", &user("a")),
        post("/Users", "2", &user("A")),
        post("/Groups", "3", &group("g", &["bulkId:2"])),
        post("/Groups", "4", &group("g", &["bulkId:nobody"])),
        { "method": "PUT", "path": "/Users/nobody", "data": user("x") },
        { "method": "GET", "path": "/Users" },
        post("/Users", "5", &json!({})),
        { "method": "POST", "path": "/Users", "data": user("y") },
        post("/Users", "6", &user("b")),
    ]);
    let mut client = Client::new();
    let answers = bulk(&mut client, &json!({}), &operations);
    assert_eq!(statuses(&answers), ["201", "409", "409", "409", "404", "400", "400", "400", "201"]);
    assert_eq!(answers[1]["response"]["scimType"], "uniqueness");
    drop(client);
    let mut client = Client::new();
    let answers = bulk(&mut client, &json!({ "failOnErrors": 2 }), &operations);
    assert_eq!((answers.len(), client.world.objects().len()), (3, 1), "{answers:?}");
}

#[test]
fn bounds() {
    let mut client = Client::new();
    let many: Vec<Value> = (0..1001).map(|at| post("/Users", &at.to_string(), &user(&at.to_string()))).collect();
    client.call("POST", "/Bulk", &json!({ "Operations": many })).refused(413, None);
    assert_eq!(statuses(&bulk(&mut client, &json!({}), &json!(many[..250]))), vec!["201"; 250]);
    client.send("POST", "/Bulk", &[], &vec![b' '; (1 << 20) + 1]).refused(413, None);
    for (body, kind) in [
        (json!({}), "invalidSyntax"),
        (json!({ "Operations": [], "failOnErrors": 0 }), "invalidValue"),
        (json!({ "schemas": ["x"], "Operations": [] }), "invalidSyntax"),
        (json!({ "Operations": [post("/Users", "1", &user("p")), post("/Users", "1", &user("q"))] }), "invalidValue"),
    ] {
        client.call("POST", "/Bulk", &body).refused(400, Some(kind));
    }
}
