//! Many objects at once: imports and exports.

use super::place::{Place, TOKEN};
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Request;
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use rosterd_server::Scope;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

fn line(number: usize, title: &str) -> String {
    format!("{}\n", json!({ "id": format!("u{number:05}"), "userName": format!("user{number}"), "title": title }))
}

fn count(lines: &[Value], status: &str) -> usize {
    lines.iter().filter(|line| line["status"] == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_is_answered_line_by_line_and_exported_again() {
    let place = Place::new();
    let all: String = (0..2_500).map(|number| line(number, "a")).collect();
    let lines = place.lines("POST", "/v1/import/accounts", all).await;
    assert_eq!((lines.len(), count(&lines, "created")), (2_500, 2_500));
    assert!(lines.iter().enumerate().all(|(at, line)| line["line"] == at as u64 + 1));
    let again: String = (0..2_500).map(|number| line(number, if number % 100 == 0 { "b" } else { "a" })).collect();
    let lines = place.lines("POST", "/v1/import/accounts", again).await;
    assert_eq!((count(&lines, "changed"), count(&lines, "unchanged")), (25, 2_475));
    let exported = place.lines("GET", "/v1/export/accounts", Body::empty()).await;
    assert_eq!(exported.len(), 2_500);
    assert_eq!((&exported[100]["id"], &exported[100]["title"]), (&json!("u00100"), &json!("b")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_can_not_be_used_is_an_error_of_that_line_alone() {
    let place = Place::new();
    let mut body = line(1, "a").into_bytes();
    body.extend_from_slice(b"{\"userName\":\"\xff\"}\n\n{\n{\"id\":\"x\",\"title\":\"t\"}\n");
    body.extend_from_slice(&vec![b'x'; 300_000]);
    body.extend_from_slice(b"\n{\"userName\":\"free\"}\n");
    body.extend_from_slice(line(1, "b").as_bytes());
    body.extend_from_slice(b"{\"id\":\"last\",\"userName\":\"last\"}");
    let lines = place.lines("POST", "/v1/import/accounts", body).await;
    let told: Vec<_> = lines
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), one["status"].as_str().unwrap(), one["error"]["status"].as_u64()))
        .collect();
    let expected = [
        (1, "created", None),
        (2, "failed", Some(400)),
        (4, "failed", Some(400)),
        (5, "failed", Some(422)),
        (6, "failed", Some(413)),
        (7, "created", None),
        (8, "changed", None),
        (9, "created", None),
    ];
    assert_eq!(told, expected, "{lines:?}");
    assert_eq!(place.call("GET", "/v1/accounts/u00001", None).await.1["title"], "b");
    let errors = place.lines("POST", "/v1/import/accounts?results=errors", "{}\n".to_owned() + &line(3, "c")).await;
    assert_eq!((errors.len(), &errors[0]["line"]), (1, &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_nothing_answers_nothing_and_one_of_another_kind_is_refused() {
    let place = Place::new();
    assert!(place.lines("POST", "/v1/import/groups", Body::empty()).await.is_empty());
    let (status, _) = place.call("POST", "/v1/import/groups", Some(json!({}))).await;
    assert_eq!(status, 415);
    let request = Request::builder()
        .method("POST")
        .uri("/v1/import/groups?results=some")
        .header("authorization", format!("Bearer {TOKEN}"));
    let request = request.header("content-type", "application/x-ndjson").body(Body::from("{}")).unwrap();
    assert_eq!(place.send(request).await.status().as_u16(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_or_read_is_taken_back_as_it_is() {
    let place = Place::new();
    let unit = json!({ "id": "top", "displayName": "Top", "attributes": { "cost": 4, "tags": ["a", "b"] } });
    assert_eq!(place.call("POST", "/v1/org-units", Some(unit)).await.0, 201);
    let exported = place.lines("GET", "/v1/export/org-units", Body::empty()).await;
    let lines = place.lines("POST", "/v1/import/org-units", format!("{}\n", exported[0])).await;
    assert_eq!(lines, [json!({ "line": 1, "id": "top", "status": "unchanged" })]);
    let (status, same) = place.call("PUT", "/v1/org-units/top", Some(exported[0].clone())).await;
    assert_eq!((status, &same), (200, &exported[0]));
    assert_eq!(place.call("PUT", "/v1/org-units/other", Some(exported[0].clone())).await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_about_an_object_that_is_under_way_builds_on_it() {
    let place = Place::new();
    let all = (0..10_050).map(|number| line(number, "a")).chain([line(7, "b"), line(10_060, "a"), line(7, "c")]);
    let lines = place.lines("POST", "/v1/import/accounts", all.collect::<String>()).await;
    assert_eq!((lines.len(), count(&lines, "created"), count(&lines, "changed")), (10_053, 10_051, 2));
    assert!(lines.iter().enumerate().all(|(at, line)| line["line"] == at as u64 + 1));
    assert_eq!(place.call("GET", "/v1/accounts/u00007", None).await.1["title"], "c");
}

/// A body that comes as it is sent.
struct Coming(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Coming {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, c: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(c).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_an_answer_before_he_sends_more_gets_it() {
    let place = Place::new();
    let (sender, coming) = mpsc::channel(1);
    let request = Request::builder().method("POST").uri("/v1/import/accounts");
    let request =
        request.header("authorization", format!("Bearer {TOKEN}")).header("content-type", "application/x-ndjson");
    let response = place.send(request.body(Body::new(Coming(coming))).unwrap()).await;
    let mut answers = response.into_body();
    for number in 0..2 {
        sender.send(line(number, "a").into()).await.unwrap();
        let answer = answers.frame().await.unwrap().unwrap().into_data().unwrap();
        let told: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((&told["line"], &told["status"]), (&json!(number + 1), &json!("created")));
    }
    drop(sender);
    assert!(answers.frame().await.is_none());
}

/// An import of own lines with some in common, said twice, as one of two clients sends it.
fn shared(name: &str) -> String {
    let own = |part: usize| (0..1_500).map(move |number| (format!("{name}-{part}-{number}"), "own".to_owned()));
    let common = |title: String| (0..300).map(move |number| (format!("common-{number}"), title.clone()));
    let parts = own(1).chain(common(format!("{name}-first"))).chain(own(2)).chain(common(format!("{name}-last")));
    parts.map(|(id, title)| format!("{}\n", json!({ "id": id, "userName": id, "title": title }))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_clients_that_import_at_once_each_hears_of_its_own_lines_and_what_was_said_last_stands() {
    let place = Place::new();
    let other = place.with(&Scope::ALL, &[]);
    let bodies = ["one", "two"].map(shared);
    let answers = tokio::join!(
        place.lines("POST", "/v1/import/accounts", bodies[0].clone()),
        other.lines("POST", "/v1/import/accounts", bodies[1].clone())
    );
    // Of each object in common the titles that clients were told to stand, the last one of each client.
    let mut told: BTreeMap<String, BTreeMap<usize, String>> = BTreeMap::new();
    for (client, (body, answers)) in bodies.iter().zip([answers.0, answers.1]).enumerate() {
        assert_eq!(answers.len(), body.lines().count(), "each line has an answer");
        for (at, (line, answer)) in body.lines().zip(&answers).enumerate() {
            let said: Value = serde_json::from_str(line).unwrap();
            assert_eq!((&answer["line"], &answer["id"]), (&json!(at + 1), &said["id"]));
            let id = said["id"].as_str().unwrap();
            if answer["status"] != "failed" {
                told.entry(id.to_owned()).or_default().insert(client, said["title"].as_str().unwrap().to_owned());
            } else {
                // Whoever says the same of an object in the same moment may come too late, and nobody else.
                assert!(id.starts_with("common") && answer["error"]["status"] == 409, "{answer}");
            }
            assert!(id.starts_with("common") || answer["status"] == "created", "{answer}");
        }
    }
    assert_eq!(told.len(), 4 * 1_500 + 300);
    for (id, titles) in told {
        let stands = place.call("GET", &format!("/v1/accounts/{id}"), None).await.1["title"].clone();
        assert!(titles.values().any(|title| *title == stands), "{id} has the title {stands}, and {titles:?} were told");
    }
}
