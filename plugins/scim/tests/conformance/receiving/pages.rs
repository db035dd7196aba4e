//! Listings: in order, in pages by number and by cursor, of all kinds at once.

use super::client::Said;
use super::{Client, user};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn names(said: &Said) -> Vec<String> {
    let list = said.body["Resources"].as_array().unwrap();
    list.iter()
        .map(|one| one["userName"].as_str().or(one["displayName"].as_str()).unwrap_or_default().to_owned())
        .collect()
}

fn many(count: usize) -> Client {
    let mut client = Client::new();
    for at in 0..count {
        let mut body = user(&format!("u{at:02}"));
        body["externalId"] = if at % 2 == 0 { "X" } else { "x" }.into();
        body["title"] = format!("t{}", at % 3).into();
        client.made("Users", &body);
    }
    client
}

/// Follows a listing by cursor to its end.
fn followed(client: &mut Client, query: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for _ in 0..50 {
        let said = client.get(&format!("/Users?cursor={cursor}&count=2{query}"));
        assert_eq!(said.status, 200, "{said:?}");
        assert!(said.body.get("startIndex").is_none());
        all.extend(names(&said));
        let Some(next) = said.body["nextCursor"].as_str() else { return all };
        assert!(next.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{next}");
        next.clone_into(&mut cursor);
    }
    panic!("it has no end")
}

#[test]
fn row_24_each_comes_once_by_cursor() {
    let mut client = many(7);
    let all = followed(&mut client, "");
    assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (7, 7));
    assert_eq!(followed(&mut client, "&filter=externalId%20eq%20%22X%22").len(), 4, "case counts");
    assert_eq!(followed(&mut client, "&sortBy=userName&sortOrder=descending")[..2], ["u06", "u05"]);
    let first = client.get("/Users?cursor&count=2");
    assert_eq!((names(&first).len(), &first.body["totalResults"]), (2, &json!(7)));
    let cursor = first.body["nextCursor"].as_str().unwrap();
    for wrong in ["0forged", "9", "x", &format!("{cursor}&filter=userName%20pr"), &format!("{cursor}&sortBy=title")] {
        client.get(&format!("/Users?count=2&cursor={wrong}")).refused(400, Some("invalidCursor"));
    }
}

#[test]
fn pages_by_number_cover_everything_in_order() {
    let mut client = many(7);
    for query in ["sortBy=userName", "sortBy=externalId&filter=externalId%20sw%20%22x%22"] {
        let mut all = Vec::new();
        let mut start = 1;
        loop {
            let said = client.get(&format!("/Users?{query}&startIndex={start}&count=3"));
            assert_eq!(said.body["startIndex"], start);
            let page = names(&said);
            if page.is_empty() {
                break;
            }
            start += page.len();
            all.extend(page);
        }
        let count = if query.contains("filter") { 3 } else { 7 };
        assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (count, count), "{query}");
    }
    let said = client.get("/Users?sortBy=title&sortOrder=descending&count=3");
    assert!(said.body["Resources"].as_array().unwrap().iter().all(|one| one["title"] != "t0"), "{said:?}");
    assert_eq!(client.get("/Users?count=0").body["totalResults"], 7);
    client.get("/Users?sortOrder=sideways").refused(400, Some("invalidValue"));
}

#[test]
fn a_search_is_a_listing_with_a_body() {
    let mut client = many(4);
    client.made("Groups", &json!({ "displayName": "g" }));
    client.made("OrganizationalUnits", &json!({ "displayName": "o" }));
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "userName sw \"U\"", "attributes": ["userName"], "startIndex": 2, "count": 2, "sortBy": "userName" });
    let said = client.call("POST", "/Users/.search", &body);
    assert_eq!((names(&said), &said.body["totalResults"]), (vec!["u01".to_owned(), "u02".to_owned()], &json!(4)));
    assert!(said.body["Resources"][0].get("meta").is_none());
    let all = client.call("POST", "/.search", &json!({ "startIndex": 4, "count": 2 }));
    assert_eq!(
        (&names(&all)[1..], &all.body["totalResults"]),
        (&["g".to_owned()][..], &json!(6)),
        "the last user, and the group after him"
    );
    let groups = client.call("POST", "/.search", &json!({ "filter": "meta.resourceType eq \"Group\"" }));
    assert_eq!(names(&groups), ["g"]);
    let (mut cursor, mut found) = (String::new(), Vec::new());
    loop {
        let said = client.call("POST", "/.search", &json!({ "cursor": cursor, "count": 4 }));
        found.extend(names(&said));
        let Some(next) = said.body["nextCursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    found[..4].sort_unstable();
    assert_eq!(found, ["u00", "u01", "u02", "u03", "g", "o"]);
    client.call("POST", "/.search", &json!({ "count": "many" })).refused(400, Some("invalidValue"));
    client
        .call("POST", "/.search", &json!({ "attributes": ["a"], "excludedAttributes": ["b"] }))
        .refused(400, Some("invalidValue"));
}

#[test]
fn attributes_are_shown_as_asked() {
    let mut client = Client::new();
    let body = json!({ "userName": "a", "name": { "givenName": "G", "familyName": "F" }, "title": "t", "emails": [{ "type": "work", "value": "w" }, { "type": "home", "value": "h" }],
        super::ENTERPRISE: { "department": "d", "employeeNumber": "7" } });
    let id = client.made("Users", &body);
    let get = |client: &mut Client, query: &str| client.get(&format!("/Users/{id}?{query}")).body;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let said = get(&mut client, "attributes=NAME.givenname,emails.value");
    assert_eq!(keys(&said), ["schemas", "id", "name", "emails"]);
    assert_eq!(
        (&said["name"], &said["emails"]),
        (&json!({ "givenName": "G" }), &json!([{ "value": "w" }, { "value": "h" }]))
    );
    let said = get(&mut client, &format!("attributes={}:department", super::ENTERPRISE));
    assert_eq!(said[super::ENTERPRISE], json!({ "department": "d" }));
    assert!(get(&mut client, &format!("excludedAttributes={}", super::ENTERPRISE)).get(super::ENTERPRISE).is_none());
    let said = get(&mut client, "excludedAttributes=id,userName,name.familyName,emails.type,meta");
    assert_eq!((&said["id"], said.get("userName"), said.get("meta")), (&json!(id), None, None));
    assert_eq!((&said["name"], &said["emails"][0]), (&json!({ "givenName": "G" }), &json!({ "value": "w" })));
    let group = client.made("Groups", &super::group("g", &[&id]));
    let said = get(&mut client, "attributes=groups");
    assert_eq!((&said["groups"][0]["value"], &said["groups"][0]["display"]), (&json!(group), &json!("g")));
    let said = client.call("POST", "/Users?attributes=title", &user("b"));
    assert_eq!((said.status, keys(&said.body)), (201, vec!["schemas".to_owned(), "id".to_owned()]));
}
