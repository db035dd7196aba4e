//! Objects one by one: made, changed, looked up, removed; and what is refused.

use super::place::{Place, TOKEN};
use axum::body::Body;
use axum::extract::Request;
use rosterd_model::Class;
use rosterd_server::Scope;
use serde_json::{Value, json};

async fn ann(place: &Place) -> (u16, Value) {
    let body = json!({ "id": "u1", "userName": "ann", "displayName": "Ann", "email": "ann@x.example", "attributes": { "badge": 7 } });
    place.call("POST", "/v1/accounts", Some(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_read_listed_looked_up_changed_and_removed() {
    let place = Place::new();
    let (status, made) = ann(&place).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        (&made["id"], &made["active"], &made["attributes"]),
        (&json!("u1"), &json!(true), &json!({ "badge": 7 }))
    );
    assert_eq!(made["created"], "2025-11-24T16:00:00Z");
    let (status, headers, read) = place.call_with("GET", "/v1/accounts/u1", None, &[]).await;
    assert_eq!((status, &read), (200, &made));
    assert_eq!(headers["etag"], format!("\"{}\"", made["version"].as_str().unwrap()));
    for query in ["userName=ANN", "email=ann@x.example", "limit=5", "displayName=ann&userName=ann"] {
        let (status, page) = place.call("GET", &format!("/v1/accounts?{query}"), None).await;
        assert_eq!((status, page["items"][0]["id"].as_str()), (200, Some("u1")), "{query}: {page}");
    }
    let (_, page) = place.call("GET", "/v1/accounts?userName=bob", None).await;
    assert_eq!(page["items"], json!([]));
    let patch = json!({ "displayName": null, "title": "Boss", "attributes": { "badge": null, "floor": "3" } });
    let (status, after) = place.call("PATCH", "/v1/accounts/u1", Some(patch)).await;
    assert_eq!((status, &after["title"], &after["attributes"]), (200, &json!("Boss"), &json!({ "floor": "3" })));
    assert!(after["displayName"].is_null() && after["version"] != made["version"]);
    let (status, after) =
        place.call("PUT", "/v1/accounts/u1", Some(json!({ "userName": "ann", "title": "Boss" }))).await;
    assert_eq!((status, &after["email"], &after["attributes"]), (200, &Value::Null, &Value::Null));
    let (_, same) = place.call("PUT", "/v1/accounts/u1", Some(json!({ "userName": "ann", "title": "Boss" }))).await;
    assert_eq!(same["version"], after["version"]);
    assert_eq!(place.call("POST", "/v1/accounts/u1/disable", None).await.1["active"], false);
    assert_eq!(place.call("POST", "/v1/accounts/u1/enable", None).await.1["active"], true);
    assert_eq!(place.call("DELETE", "/v1/accounts/u1", None).await.0, 204);
    assert_eq!(place.call("GET", "/v1/accounts/u1", None).await.0, 404);
    assert_eq!(place.call("DELETE", "/v1/accounts/u1", None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_is_refused_by_a_problem_that_says_why() {
    let place = Place::new();
    assert_eq!(ann(&place).await.0, 201);
    let post = |body: Value| place.call("POST", "/v1/accounts", Some(body));
    let cases = [
        (ann(&place).await, 409, ""),
        (post(json!({ "id": "u2", "userName": "Ann" })).await, 409, ""),
        (post(json!({ "displayName": "x" })).await, 422, ""),
        (post(json!({ "userName": "b", "color": "red" })).await, 422, "/color"),
        (post(json!({ "userName": "b", "email": 7 })).await, 422, "/email"),
        (post(json!({ "userName": "b", "email": "b" })).await, 422, "/email"),
        (post(json!({ "userName": "b", "id": "../x" })).await, 422, "/id"),
        (post(json!({ "userName": "b", "attributes": { "a.b": "x" } })).await, 422, "/attributes/a.b"),
        (place.call("PATCH", "/v1/accounts/u1", Some(json!({ "titel": null }))).await, 422, "/titel"),
        (
            place.call("PATCH", "/v1/accounts/u1", Some(json!({ "attributes": { "a b": null } }))).await,
            422,
            "/attributes/a b",
        ),
        (place.call("PATCH", "/v1/accounts/u1", Some(json!({ "userName": null }))).await, 422, "/userName"),
        (place.call("GET", "/v1/accounts/u9", None).await, 404, ""),
        (place.call("GET", "/v1/accounts?color=red", None).await, 400, ""),
        (place.call("GET", "/v1/accounts?after=zzz", None).await, 410, ""),
        (place.call("GET", "/v1/nothing", None).await, 404, ""),
        (place.call("PUT", "/v1/accounts", Some(json!({}))).await, 405, ""),
    ];
    for ((status, problem), expected, pointer) in cases {
        assert_eq!((status, problem["status"].as_u64()), (expected, Some(u64::from(expected))), "{problem}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:rosterd:problem:"), "{problem}");
        assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem}");
        if !pointer.is_empty() {
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
    let (status, headers, _) = place.call_with("PUT", "/v1/accounts", Some(json!({})), &[]).await;
    assert_eq!((status, headers["content-type"].as_str()), (405, "application/problem+json"));
    assert!(headers["allow"].contains("POST"), "{headers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_none_is_refused_and_what_is_too_large_is_not_read() {
    let place = Place::new();
    let send = async |media: Option<&str>, body: Vec<u8>| {
        let mut request =
            Request::builder().method("POST").uri("/v1/accounts").header("authorization", format!("Bearer {TOKEN}"));
        if let Some(media) = media {
            request = request.header("content-type", media);
        }
        place.send(request.body(Body::from(body)).unwrap()).await.status().as_u16()
    };
    let json = Some("application/json");
    assert_eq!(send(json, b"{\"userName\":\"\xff\"}".to_vec()).await, 400);
    assert_eq!(send(json, b"{".to_vec()).await, 400);
    assert_eq!(send(json, format!("{{\"attributes\":{}", "[".repeat(10_000)).into_bytes()).await, 400);
    assert_eq!(send(json, b"[]".to_vec()).await, 422);
    assert_eq!(send(Some("text/plain"), b"{}".to_vec()).await, 415);
    assert_eq!(send(None, b"{}".to_vec()).await, 415);
    assert_eq!(send(json, vec![b' '; (1 << 20) + 1]).await, 413);
    assert_eq!(send(Some("application/json; charset=utf-8"), b"{\"userName\":\"ann\"}".to_vec()).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_expects_another_version_changes_nothing() {
    let place = Place::new();
    let (_, made) = ann(&place).await;
    let tag = format!("\"{}\"", made["version"].as_str().unwrap());
    let patch = |tag: String| {
        let place = place.clone();
        async move {
            place.call_with("PATCH", "/v1/accounts/u1", Some(json!({ "title": tag })), &[("if-match", &tag)]).await.0
        }
    };
    assert_eq!(patch("\"ffff\"".to_owned()).await, 412);
    assert_eq!(patch(tag.clone()).await, 200);
    assert_eq!(patch(tag.clone()).await, 412);
    assert_eq!(place.call_with("DELETE", "/v1/accounts/u1", None, &[("if-match", &tag)]).await.0, 412);
    assert_eq!(patch("*".to_owned()).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_or_lacks_a_scope_is_refused() {
    let place = Place::new();
    let request = Request::builder().uri("/v1/accounts").body(Body::empty()).unwrap();
    let response = place.send(request).await;
    assert_eq!((response.status().as_u16(), response.headers()["www-authenticate"].to_str().unwrap()), (401, "Bearer"));
    let reader = place.with(&[Scope::Read(Class::Account)], &[]);
    assert_eq!(reader.call("GET", "/v1/accounts", None).await.0, 200);
    assert_eq!(ann(&reader).await.0, 403);
    for path in ["/v1/groups", "/v1/hub/accounts", "/v1/hub/changes", "/v1/changes", "/v1/export/groups"] {
        assert_eq!(reader.call("GET", path, None).await.0, 403, "{path}");
    }
    assert_eq!(place.send(Request::builder().uri("/v1/openapi.json").body(Body::empty()).unwrap()).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_a_gap() {
    let place = Place::new();
    for number in 0..7 {
        let body = json!({ "id": format!("g{number}"), "displayName": format!("Group {number}") });
        assert_eq!(place.call("POST", "/v1/groups", Some(body)).await.0, 201);
    }
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let (status, page) = place.call("GET", &format!("/v1/groups?limit=3{after}"), None).await;
        assert_eq!(status, 200, "{page}");
        ids.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(ids, ["g0", "g1", "g2", "g3", "g4", "g5", "g6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_and_the_group_itself_stays() {
    let place = Place::new();
    let body = json!({ "id": "g", "displayName": "G", "attributes": { "cost": 4 } });
    assert_eq!(place.call("POST", "/v1/groups", Some(body)).await.0, 201);
    let members = |ids: &[&str]| {
        let all: Vec<Value> = ids.iter().map(|id| json!({ "type": "account", "id": id })).collect();
        Some(json!({ "members": all }))
    };
    assert_eq!(place.call("POST", "/v1/groups/g/members", members(&["a", "b", "c", "d"])).await.0, 204);
    let (_, before) = place.call("GET", "/v1/groups/g", None).await;
    assert_eq!(place.call("POST", "/v1/groups/g/members", members(&["a", "b"])).await.0, 204);
    assert_eq!(place.call("GET", "/v1/groups/g", None).await.1["version"], before["version"]);
    assert_eq!(place.call("POST", "/v1/groups/g/remove-members", members(&["a", "x"])).await.0, 204);
    assert_eq!(place.call("DELETE", "/v1/groups/g/members/b", None).await.0, 204);
    assert_eq!(place.call("DELETE", "/v1/groups/g/members/b", None).await.0, 404);
    let (_, page) = place.call("GET", "/v1/groups/g/members?limit=1", None).await;
    assert_eq!((&page["items"][0]["id"], &page["total"]), (&json!("c"), &json!(2)));
    let next = page["next"].as_str().unwrap();
    let (_, page) = place.call("GET", &format!("/v1/groups/g/members?limit=1&after={next}"), None).await;
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!("d"), &Value::Null));
    let (status, after) = place.call("PUT", "/v1/groups/g", Some(json!({ "displayName": "H" }))).await;
    assert_eq!((status, &after["attributes"]), (200, &Value::Null));
    assert_eq!(place.call("GET", "/v1/groups/g/members", None).await.1["total"], 2);
    let (_, found) = place.call("GET", "/v1/groups?member=c", None).await;
    assert_eq!(found["items"][0]["id"], "g");
}
