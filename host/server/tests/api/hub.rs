//! What the hub has, and what changed in it.

use super::place::{Place, api};
use rosterd_model::Class;
use rosterd_model::directory::Submission;
use rosterd_model::record::{Change, DepartureCause};
use rosterd_server::Scope;
use serde_json::{Value, json};

async fn company(place: &Place) {
    for (path, body) in [
        ("org-units", json!({ "id": "top", "displayName": "Top" })),
        ("org-units", json!({ "id": "sales", "displayName": "Sales", "parent": "top" })),
        ("org-units", json!({ "id": "lab", "displayName": "Lab", "parent": "top" })),
        (
            "accounts",
            json!({ "id": "b", "userName": "boss", "orgUnit": "top", "email": "b@x.example", "givenName": "Bo" }),
        ),
        ("accounts", json!({ "id": "s", "userName": "sal", "orgUnit": "sales", "manager": "b" })),
        ("accounts", json!({ "id": "l", "userName": "lab", "orgUnit": "lab" })),
        ("groups", json!({ "id": "g", "displayName": "Everybody" })),
    ] {
        let (status, answer) = place.call("POST", &format!("/v1/{path}"), Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }
    let members = json!({ "members": [{ "type": "account", "id": "s" }, { "type": "account", "id": "nobody" }] });
    assert_eq!(place.call("POST", "/v1/groups/g/members", Some(members)).await.0, 204);
}

fn by_name<'a>(page: &'a Value, attribute: &str, name: &str) -> &'a Value {
    let items = page["items"].as_array().unwrap();
    items.iter().find(|one| one["attributes"][attribute] == name).unwrap_or_else(|| panic!("{name} is not in {page}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_is_read_by_its_own_ids() {
    let place = Place::new();
    company(&place).await;
    let (status, accounts) = place.call("GET", "/v1/hub/accounts", None).await;
    assert_eq!(status, 200, "{accounts}");
    let (sal, boss) = (by_name(&accounts, "userName", "sal"), by_name(&accounts, "userName", "boss"));
    assert_eq!(sal["attributes"]["manager"], json!({ "ref": "account", "id": boss["id"] }));
    assert_eq!(boss["attributes"]["emails.work"], "b@x.example");
    assert_eq!(boss["attributes"]["name.givenName"], "Bo");
    let (_, units) = place.call("GET", "/v1/hub/org-units", None).await;
    let (sales, top) = (by_name(&units, "displayName", "Sales"), by_name(&units, "displayName", "Top"));
    assert_eq!(sal["attributes"]["orgUnit"]["id"], sales["id"]);
    assert_eq!(sales["attributes"]["parent"]["id"], top["id"]);
    let (_, groups) = place.call("GET", "/v1/hub/groups", None).await;
    assert!(groups["items"][0]["attributes"]["members"].is_null(), "{groups}");
    let path = format!("/v1/hub/groups/{}", groups["items"][0]["id"].as_str().unwrap());
    let (status, headers, group) = place.call_with("GET", &path, None, &[]).await;
    assert_eq!((status, headers["etag"].as_str()), (200, format!("\"{}\"", group["revision"]).as_str()));
    assert_eq!(group["attributes"]["members"], json!([{ "ref": "account", "id": sal["id"] }]));
    let (_, first) = place.call("GET", "/v1/hub/accounts?limit=2", None).await;
    let (_, rest) =
        place.call("GET", &format!("/v1/hub/accounts?limit=2&after={}", first["next"].as_str().unwrap()), None).await;
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
    assert!(rest["next"].is_null());
    assert_eq!(place.call("GET", "/v1/hub/accounts/no-uuid", None).await.0, 404);
    assert_eq!(place.call("GET", "/v1/hub/accounts?after=zzzz", None).await.0, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_some_org_units_sees_nothing_else() {
    let place = Place::new();
    company(&place).await;
    let names = async |of: &Place, path: &str, attribute: &str| {
        let (status, page) = of.call("GET", path, None).await;
        assert_eq!(status, 200, "{page}");
        let all = page["items"].as_array().unwrap().iter();
        all.map(|one| one["attributes"][attribute].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let sales = place.with(&[Scope::Hub], &["sales"]);
    assert_eq!(names(&sales, "/v1/hub/accounts", "userName").await, ["sal"]);
    assert_eq!(names(&sales, "/v1/hub/org-units", "displayName").await, ["Sales"]);
    assert!(names(&sales, "/v1/hub/groups", "displayName").await.is_empty());
    let (_, page) = sales.call("GET", "/v1/hub/accounts", None).await;
    // The manager sits elsewhere.
    assert_eq!(page["items"][0]["attributes"]["manager"], json!({ "ref": "account", "id": null }));
    let (_, all) = place.call("GET", "/v1/hub/accounts", None).await;
    let lab = by_name(&all, "userName", "lab")["id"].as_str().unwrap();
    assert_eq!(sales.call("GET", &format!("/v1/hub/accounts/{lab}"), None).await.0, 404);
    assert_eq!(place.call("GET", &format!("/v1/hub/accounts/{lab}"), None).await.0, 200);
    let top = place.with(&[Scope::Hub], &["top"]);
    assert_eq!(names(&top, "/v1/hub/accounts", "userName").await, ["boss", "sal", "lab"]);
    let nobody = place.with(&[Scope::Hub], &["nowhere"]);
    assert!(names(&nobody, "/v1/hub/accounts", "userName").await.is_empty());
}

async fn follow(place: &Place, path: &str, after: &mut String) -> Vec<(String, String)> {
    let mut told = Vec::new();
    loop {
        let (status, page) = place.call("GET", &format!("{path}?limit=2&after={after}"), None).await;
        assert_eq!(status, 200, "{page}");
        for one in page["items"].as_array().unwrap() {
            told.push((one["operation"].as_str().unwrap().to_owned(), one["id"].as_str().unwrap().to_owned()));
        }
        page["next"].as_str().unwrap().clone_into(after);
        if page["more"] == false {
            return told;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_once_in_order_from_a_place_on() {
    let place = Place::new();
    let next = async |of: &Place, path: &str| of.call("GET", path, None).await.1["next"].as_str().unwrap().to_owned();
    let (mut hub, mut own) = (next(&place, "/v1/hub/changes").await, next(&place, "/v1/changes").await);
    company(&place).await;
    let told = follow(&place, "/v1/changes", &mut own).await;
    let ids: Vec<&str> = told.iter().filter(|(what, _)| what == "create").map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids, ["top", "sales", "lab", "b", "s", "l", "g"]);
    assert_eq!(follow(&place, "/v1/hub/changes", &mut hub).await.len(), told.len());
    assert!(follow(&place, "/v1/hub/changes", &mut hub).await.is_empty());
    let sales = place.with(&[Scope::Hub], &["sales"]);
    let mut of_sales = next(&sales, "/v1/hub/changes").await;
    assert_eq!(place.call("PATCH", "/v1/accounts/l", Some(json!({ "displayName": "L" }))).await.0, 200);
    assert_eq!(place.call("PATCH", "/v1/accounts/s", Some(json!({ "orgUnit": "lab" }))).await.0, 200);
    let told = follow(&sales, "/v1/hub/changes", &mut of_sales).await;
    assert_eq!(told.iter().map(|(what, _)| what.as_str()).collect::<Vec<_>>(), ["hide"]);
    assert_eq!(follow(&place, "/v1/hub/changes", &mut hub).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_nobody_gave_out_or_that_lies_ahead_is_gone() {
    let place = Place::new();
    for after in ["bm9uc2Vuc2U", "eyJuZXh0Ijo5OTk5LCJyZWFkaW5nIjpudWxsLCJvcGVuIjpbXX0"] {
        let (status, problem) = place.call("GET", &format!("/v1/hub/changes?after={after}"), None).await;
        assert_eq!(status, 410, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_a_person_is_told_once_it_is_done_and_who_follows_has_passed_it() {
    let place = Place::new();
    let people: String =
        (0..20).map(|n| format!("{}\n", json!({ "id": format!("p{n}"), "userName": format!("u{n}") }))).collect();
    assert_eq!(place.lines("POST", "/v1/import/accounts", people).await.len(), 20);
    let (_, page) = place.call("GET", "/v1/changes", None).await;
    let mut after = page["next"].as_str().unwrap().to_owned();
    let gone = |number: usize| Submission {
        change: Change::Gone { class: Class::Account, id: format!("p{number}").into(), cause: DepartureCause::Deleted },
        create: false,
        expect: None,
    };
    let answers = place.engine.directory(&api()).unwrap().submit((0..8).map(gone).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(place.call("PATCH", "/v1/accounts/p9", Some(json!({ "title": "Boss" }))).await.0, 200);
    let held = place.engine.run("api", rosterd_engine::run::RunOptions::default()).await.unwrap();
    let digest = held.plan.unwrap().digest.to_string();
    let before = follow(&place, "/v1/changes", &mut after).await;
    assert!(before.contains(&("update".to_owned(), "p9".to_owned())), "{before:?}");
    assert!(follow(&place, "/v1/changes", &mut after).await.is_empty());
    let still: Vec<String> = place.call("GET", "/v1/hub/accounts", None).await.1["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["lifecycle"] == "active")
        .map(|one| one["attributes"]["userName"].as_str().unwrap().to_owned())
        .collect();
    assert!(still.contains(&"u7".to_owned()), "nothing was held: {still:?}");
    place.engine.approve(&digest).unwrap();
    place.engine.apply(&digest).await.unwrap();
    let told = follow(&place, "/v1/changes", &mut after).await;
    assert!(told.contains(&("disable".to_owned(), "p7".to_owned())), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_be_somebody_else_is_a_conflict_that_names_the_case() {
    let place = Place::new();
    let lines = "{\"id\":\"a\",\"userName\":\"ann\"}\n{\"id\":\"b\",\"userName\":\"ann\"}\n";
    let lines = place.lines("POST", "/v1/import/accounts", lines).await;
    assert_eq!((lines[0]["status"].as_str(), lines[1]["status"].as_str()), (Some("created"), Some("failed")));
    assert_eq!((&lines[1]["error"]["status"], &lines[1]["error"]["case"]), (&json!(409), &json!(1)), "{lines:?}");
}
