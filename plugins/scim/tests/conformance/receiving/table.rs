//! One test for each row of what clients of service providers rely on: the request, and what comes back.

use super::{BASE, Client, ENTERPRISE, GROUP, USER, group, user};
use serde_json::{Value, json};

fn ids(said: &super::client::Said) -> Vec<&str> {
    said.body["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn row_1_a_user_is_made() {
    let mut client = Client::new();
    let said = client.call("POST", "/Users", &user("a"));
    let id = said.body["id"].as_str().unwrap();
    assert_eq!((said.status, id.len(), &id[14..15]), (201, 36, "7"));
    assert_eq!(said.header("location"), Some(format!("{BASE}/Users/{id}").as_str()));
    let meta = &said.body["meta"];
    assert_eq!(meta["resourceType"], "User");
    assert_eq!(meta["location"], format!("{BASE}/Users/{id}"));
    assert_eq!(meta["version"].as_str(), said.header("etag"));
    assert_eq!(meta["created"], "2026-01-01T00:00:00.000Z");
    assert!(said.header("etag").is_some_and(|tag| tag.starts_with("W/\"")));
}

#[test]
fn row_2_names_are_unique_in_any_case() {
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    client.call("POST", "/Users", &user("A")).refused(409, Some("uniqueness"));
    let other = client.made("Users", &user("b"));
    client
        .patch(&format!("/Users/{other}"), &json!([{ "op": "replace", "path": "userName", "value": "A" }]))
        .refused(409, Some("uniqueness"));
    client.call("PUT", &format!("/Users/{other}"), &user("A")).refused(409, Some("uniqueness"));
    assert_eq!(client.call("PUT", &format!("/Users/{id}"), &user("A")).status, 200, "his own name in another case");
    assert_eq!(client.world.objects().len(), 2);
}

#[test]
fn row_3_words_of_a_filter_have_no_case() {
    let mut client = Client::new();
    client.made("Users", &user("a"));
    assert_eq!(client.get("/Users?filter=USERNAME%20EQ%20%22a%22").body["totalResults"], 1);
    assert_eq!(client.get("/Users?filter=username+eq+%22A%22").body["totalResults"], 1);
}

#[test]
fn row_4_nobody_is_an_empty_list() {
    let said = Client::new().get("/Users?filter=userName%20eq%20%22nobody%22");
    assert_eq!((said.status, &said.body["totalResults"], &said.body["Resources"]), (200, &json!(0), &json!([])));
    assert_eq!(said.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
}

#[test]
fn row_5_half_a_filter_is_refused() {
    let mut client = Client::new();
    for filter in [
        "userName eq",
        "userName eq 'a'",
        "userName eq a",
        "userName pr \"a\"",
        "userName lte \"a\"",
        "userName eq \"a",
        "userName eq \"\\x\"",
        "()",
        "userName eq \"a\" and",
        "",
        "not userName pr",
        "(userName pr",
        "userName",
        "a..b pr",
        "emails[type eq \"work\"",
        "userName eq \"a\" userName pr",
        "userName co 7",
    ] {
        let encoded: String = filter.bytes().map(|byte| format!("%{byte:02X}")).collect();
        client.get(&format!("/Users?filter={encoded}")).refused(400, Some("invalidFilter"));
    }
    client.get("/Users?filter=active%20gt%20%22true%22").refused(400, Some("invalidFilter"));
}

#[test]
fn row_6_pages_begin_at_one_and_have_no_negative_length() {
    let mut client = Client::new();
    client.made("Users", &user("a"));
    let said = client.get("/Users?startIndex=0&count=-5");
    assert_eq!(
        (said.status, &said.body["startIndex"], &said.body["itemsPerPage"], &said.body["totalResults"]),
        (200, &json!(1), &json!(0), &json!(1))
    );
    client.get("/Users?startIndex=one").refused(400, Some("invalidValue"));
}

#[test]
fn row_7_and_8_booleans_may_be_texts() {
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    let path = format!("/Users/{id}");
    assert_eq!(client.patch(&path, &json!([{ "op": "Replace", "path": "active", "value": "False" }])).status, 200);
    assert_eq!(client.get(&path).body["active"], false);
    assert_eq!(client.patch(&path, &json!([{ "op": "replace", "value": { "active": true } }])).body["active"], true);
    client
        .patch(&path, &json!([{ "op": "replace", "path": "active", "value": "maybe" }]))
        .refused(400, Some("invalidValue"));
    assert_eq!(client.get("/Users?filter=active%20eq%20%22True%22").body["totalResults"], 1);
}

#[test]
fn row_9_and_10_a_value_that_a_filter_does_not_find_is_made_or_refused() {
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    let said = client.patch(
        &format!("/Users/{id}"),
        &json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "x@y" }]),
    );
    assert_eq!(said.body["emails"], json!([{ "type": "work", "value": "x@y" }]));
    let fax = json!([{ "op": "replace", "path": "phoneNumbers[type eq \"fax\"].value", "value": "1" }]);
    assert_eq!(
        client.patch(&format!("/Users/{id}"), &fax).body["phoneNumbers"],
        json!([{ "type": "fax", "value": "1" }])
    );
    drop(client);
    let mut strict = Client::with(json!({ "no-target": "refuse" }));
    let id = strict.made("Users", &user("a"));
    strict.patch(&format!("/Users/{id}"), &fax).refused(400, Some("noTarget"));
    let other = json!([{ "op": "replace", "path": "emails[type ne \"work\"].value", "value": "x" }]);
    strict.patch(&format!("/Users/{id}"), &other).refused(400, Some("noTarget"));
}

#[test]
fn row_11_keys_without_a_path_may_be_dotted_and_have_a_urn() {
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    let value = json!({ "name.givenName": "Z", format!("{ENTERPRISE}:employeeNumber"): "7" });
    let said = client.patch(&format!("/Users/{id}"), &json!([{ "op": "replace", "value": value }]));
    assert_eq!(said.body["name"], json!({ "givenName": "Z" }));
    assert_eq!(said.body[ENTERPRISE], json!({ "employeeNumber": "7" }));
    assert_eq!(said.body["schemas"], json!([USER, ENTERPRISE]));
}

#[test]
fn row_12_and_13_members_go_by_a_value_and_by_a_filter() {
    let mut client = Client::new();
    let (one, two) = (client.made("Users", &user("u1")), client.made("Users", &user("u2")));
    let id = client.made("Groups", &group("g", &[&one, &two]));
    let path = format!("/Groups/{id}");
    assert_eq!(
        client.patch(&path, &json!([{ "op": "Remove", "path": "members", "value": [{ "value": one }] }])).status,
        204
    );
    let said = client.get(&path);
    assert_eq!(said.body["members"], json!([{ "value": two, "type": "User", "$ref": format!("{BASE}/Users/{two}") }]));
    let changes = client.world.changes();
    let again = client.patch(&path, &json!([{ "op": "remove", "path": "members[value eq \"u9\"]" }]));
    assert_eq!((again.status, again.header("etag")), (204, said.header("etag")), "the same version");
    assert_eq!(
        client.patch(&path, &json!([{ "op": "add", "path": "members", "value": [{ "value": two }] }])).status,
        204
    );
    assert_eq!(client.world.changes(), changes, "nothing was written");
}

#[test]
fn row_14_all_operations_or_none() {
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    let operations =
        json!([{ "op": "replace", "path": "title", "value": "x" }, { "op": "replace", "path": "active", "value": 7 }]);
    assert_eq!(client.patch(&format!("/Users/{id}"), &operations).status, 400);
    assert_eq!(client.get(&format!("/Users/{id}")).body["title"], Value::Null);
}

#[test]
fn row_15_and_16_the_id_is_ours() {
    let mut client = Client::new();
    let id = client.made("Groups", &group("g", &[]));
    let path = format!("/Groups/{id}");
    client.patch(&path, &json!([{ "op": "replace", "path": "id", "value": "x" }])).refused(400, Some("mutability"));
    assert_eq!(
        client.patch(&path, &json!([{ "op": "replace", "value": { "id": id, "displayName": "N" } }])).status,
        204
    );
    assert_eq!(client.get(&path).body["displayName"], "N");
    client.patch(&path, &json!([{ "op": "remove", "path": "displayName" }])).refused(400, Some("mutability"));
}

#[test]
fn row_17_put_makes_nothing() {
    Client::new().call("PUT", "/Users/unknown", &user("a")).refused(404, None);
}

#[test]
fn row_18_and_19_versions() {
    let mut client = Client::new();
    let said = client.call("POST", "/Users", &user("a"));
    let (path, first) =
        (format!("/Users/{}", said.body["id"].as_str().unwrap()), said.header("etag").unwrap().to_owned());
    let body = user("b").to_string();
    let second = client.send("PUT", &path, &[("if-match", &first)], body.as_bytes());
    assert_eq!(second.status, 200);
    let current = second.header("etag").unwrap().to_owned();
    assert_ne!(first, current);
    for method in ["PUT", "DELETE"] {
        client.send(method, &path, &[("if-match", &first)], body.as_bytes()).refused(412, None);
    }
    let patch = json!({ "Operations": [{ "op": "add", "path": "title", "value": "x" }] }).to_string();
    client.send("PATCH", &path, &[("if-match", &first)], patch.as_bytes()).refused(412, None);
    let same = client.send("GET", &path, &[("if-none-match", &current)], b"");
    assert_eq!((same.status, same.body, same.headers.len()), (304, Value::Null, 1));
    assert_eq!(client.send("GET", &path, &[("if-none-match", &first)], b"").status, 200);
    assert_eq!(client.send("DELETE", &path, &[("if-match", "*")], b"").status, 204);
}

#[test]
fn row_20_members_are_left_out() {
    let mut client = Client::new();
    let one = client.made("Users", &user("u1"));
    let id = client.made("Groups", &group("g", &[&one]));
    let said = client.get(&format!("/Groups/{id}?excludedAttributes=members"));
    assert_eq!((&said.body["displayName"], said.body.get("members")), (&json!("g"), None));
    let listed = client.get("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22G%22");
    assert_eq!((ids(&listed), listed.body["Resources"][0].get("members")), (vec![id.as_str()], None));
    assert!(client.get(&format!("/Groups/{id}")).body["members"].is_array());
}

#[test]
fn row_22_what_is_removed_is_gone_everywhere() {
    let mut client = Client::new();
    let path = format!("/Users/{}", client.made("Users", &user("a")));
    assert_eq!(client.call("DELETE", &path, &Value::Null).status, 204);
    client.get(&path).refused(404, None);
    client.patch(&path, &json!([{ "op": "add", "path": "title", "value": "x" }])).refused(404, None);
    client.call("DELETE", &path, &Value::Null).refused(404, None);
    assert_eq!(client.get("/Users").body["totalResults"], 0);
    client.made("Users", &user("A"));
}

#[test]
fn row_23_who_is_not_known_gets_nothing() {
    let mut client = Client::new();
    for (path, status) in [("/Users", 401), ("/Schemas", 401), ("/nothing", 401), ("/ServiceProviderConfig", 200)] {
        let context = json!({ "base-url": BASE, "client": null }).to_string();
        let (method, query) = ("GET".to_owned(), String::new());
        let request = rosterd_sdk::Request {
            method,
            path: path.to_owned(),
            query,
            headers: Vec::new(),
            body: Vec::new(),
            context,
        };
        let response = client.raw(request);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(response.status, status, "{path}");
        if status == 401 {
            assert_eq!(
                (&body["schemas"][0], &body["status"]),
                (&json!("urn:ietf:params:scim:api:messages:2.0:Error"), &json!("401"))
            );
            assert!(body["detail"].is_string() && response.headers.iter().any(|(name, _)| name == "www-authenticate"));
        }
    }
}

#[test]
fn row_25_text_comes_back_as_it_came() {
    let mut client = Client::new();
    let body = json!({ "userName": "李雷", "phoneNumbers": [{ "value": "+86 (10) 1-2", "type": "work" }] }).to_string();
    for kind in ["application/json", "application/json; charset=utf-8", "application/scim+json"] {
        let said = client.send("POST", "/Users", &[("content-type", kind)], body.as_bytes());
        assert_eq!(
            (said.status, &said.body["userName"], &said.body["phoneNumbers"][0]["value"]),
            (201, &json!("李雷"), &json!("+86 (10) 1-2"))
        );
        client.call("DELETE", &format!("/Users/{}", said.body["id"].as_str().unwrap()), &Value::Null);
    }
    client.send("POST", "/Users", &[("content-type", "text/xml")], body.as_bytes()).refused(415, None);
    client.send("POST", "/Users", &[], b"{\"userName\":\"\xff\"}").refused(400, Some("invalidSyntax"));
    client.send("POST", "/Users", &[], "[".repeat(500).as_bytes()).refused(400, Some("invalidSyntax"));
}

#[test]
fn row_26_conditions_bind_as_the_rfc_says() {
    let mut client = Client::new();
    for (name, more) in [
        ("t", json!({ "title": "x" })),
        ("e", json!({ "title": "x", "emails": [{ "value": "a@b" }] })),
        ("u", json!({ "title": "x", "userType": "y" })),
        ("n", json!({})),
    ] {
        let mut body = user(name);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.made("Users", &body);
    }
    for (filter, names) in [
        ("title pr and not (emails pr or userType pr)", "t"),
        ("not (title pr) or userType pr and title pr", "nu"),
        ("(not (title pr) or userType pr) and title pr", "u"),
        ("userName eq \"n\" or userName eq \"t\" and title eq \"none\"", "n"),
        ("emails[value co \"@\" and not (type pr)]", "e"),
        ("not (emails[value co \"@\"])", "tun"),
        ("userName ge \"t\"", "tu"),
        ("title ne \"x\"", "n"),
        ("title eq null", "n"),
        ("id pr and meta.resourceType eq \"User\" and userName sw \"E\"", "e"),
        ("meta.lastModified gt \"2020-01-01T00:00:00+08:00\" and userName ew \"U\"", "u"),
        ("schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\" and userName co \"N\"", "n"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"t\"", "t"),
    ] {
        let encoded: String = filter.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let said = client.get(&format!("/Users?filter={encoded}"));
        assert_eq!(said.status, 200, "{filter}: {said:?}");
        let mut found: Vec<&str> =
            said.body["Resources"].as_array().unwrap().iter().map(|one| one["userName"].as_str().unwrap()).collect();
        let mut wanted: Vec<&str> = names.split("").filter(|name| !name.is_empty()).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!((found, &said.body["totalResults"]), (wanted.clone(), &json!(wanted.len())), "{filter}");
    }
}

#[test]
fn row_27_paths() {
    use rosterd_plugin_scim::receiver::filter::parse::path;
    for good in [
        "attr",
        "attr.$ref",
        "urn:extension:attr[subAttr eq \"1\"].subAttr",
        "emails[type eq \"work\" and primary eq true]",
        "name.givenName",
        &format!("{ENTERPRISE}:manager.value"),
        "members[value eq \"1\"].$ref",
    ] {
        assert!(path(good).is_ok(), "{good}: {:?}", path(good));
    }
    let mut client = Client::new();
    let id = client.made("Users", &user("a"));
    for bad in [
        ".",
        "attr.",
        "attr[].sub",
        ".attr",
        "urn:extension:.attr",
        "a b",
        "a.b.c",
        "a[b eq \"c\"]x",
        "a[b eq \"c\"",
        "a.b[c pr]",
        "1a",
        "a]",
    ] {
        assert!(path(bad).is_err(), "{bad}");
        client
            .patch(&format!("/Users/{id}"), &json!([{ "op": "add", "path": bad, "value": "x" }]))
            .refused(400, Some("invalidPath"));
    }
}

#[test]
fn schemas_and_types_are_told() {
    let mut client = Client::with(json!({ "attributes": ["urn:company:scim:1.0:User:badge"] }));
    let said = client.get("/ResourceTypes");
    assert_eq!(said.body["totalResults"], 3);
    let extensions: Vec<&str> = said.body["Resources"][0]["schemaExtensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["schema"].as_str().unwrap())
        .collect();
    assert!(extensions.contains(&ENTERPRISE) && extensions.contains(&"urn:company:scim:1.0:User"));
    assert_eq!(client.get(&format!("/Schemas/{GROUP}")).body["name"], "Group");
    assert_eq!(client.get("/ResourceTypes/OrganizationalUnit").body["endpoint"], "/OrganizationalUnits");
    assert!(!client.get("/Schemas").body.to_string().contains("null"));
    for path in ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"] {
        client.call("POST", path, &json!({})).refused(405, None);
        client.get(&format!("{path}?filter=id%20pr")).refused(403, None);
    }
    client.get("/Me").refused(501, None);
    client.get("/nothing").refused(404, None);
    client.call("PUT", "/Users", &json!({})).refused(405, None);
}
