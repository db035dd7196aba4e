//! What connectors are given below `/receive`.

use super::{Hub, ask, blocking};
use crate::router::LARGEST_BODY;
use serde_json::{Value, json};

fn context(hub: &Hub) -> Value {
    let (_, call) = hub.seen.lock().expect("seen").pop().expect("a call");
    serde_json::from_str(&call.context).expect("an object")
}

#[test]
fn a_request_reaches_the_connection_that_it_names_as_it_was_sent() {
    blocking(async {
        let hub = Hub::start().await;
        let request = b"POST /receive/ding/a%2Fb?x=%20y&z HTTP/1.1\r\nhost: h\r\nX-One: 1\r\nconnection: close\r\n\
            cookie: c\r\nauthorization: Basic x\r\ncontent-length: 4\r\n\r\nbody";
        let answer = ask(hub.address, request).await;
        assert_eq!((answer.status(), answer.body()), (202, "ok"));
        assert_eq!(answer.header("content-type"), Some("text/x"));
        assert!(!answer.0.contains("bad"), "{}", answer.0);
        let (connection, call) = hub.seen.lock().expect("seen").pop().expect("a call");
        assert_eq!((connection.as_str(), call.method.as_str()), ("ding", "POST"));
        assert_eq!(
            (call.path.as_str(), call.query.as_str(), call.body.as_slice()),
            ("/a%2Fb", "x=%20y&z", &b"body"[..])
        );
        assert!(call.headers.contains(&("x-one".to_owned(), "1".to_owned())), "{:?}", call.headers);
        assert!(!call.headers.iter().any(|(name, _)| name == "cookie" || name == "authorization"));
        let context: Value = serde_json::from_str(&call.context).expect("an object");
        assert_eq!(
            (&context["base-url"], &context["client"]),
            (&json!("https://hub.example/receive/ding"), &Value::Null)
        );
        assert_eq!(context["request-id"].as_str(), answer.header("x-request-id"));
    });
}

#[test]
fn what_is_too_large_and_what_is_nowhere_reaches_nobody() {
    blocking(async {
        let hub = Hub::start().await;
        let length = LARGEST_BODY + 1;
        let head =
            format!("POST /receive/ding HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        let large = ask(hub.address, [head.as_bytes(), &vec![b'x'; length]].concat()).await;
        assert_eq!(large.status(), 413);
        for path in ["/", "/metrics", "/receive/", "/receive/No%20Name", "/receive/../ding", "/receive"] {
            assert_eq!(hub.get(path, &[]).await.status(), 404, "{path}");
        }
        assert!(hub.seen.lock().expect("seen").is_empty());
        assert_eq!(hub.get("/receive/other", &[]).await.status(), 404);
    });
}

#[test]
fn a_client_of_the_connection_is_told_to_it_and_nobody_else_is() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &["accounts:read", "groups:write"]);
        assert_eq!(hub.get_with("/receive/okta/Users", secret.reveal()).await.status(), 202);
        let told = json!({ "id": "okta-1", "scopes": ["accounts:read", "groups:write"] });
        assert_eq!(context(&hub)["client"], told);
        let token = hub.token("okta-1", &secret, "&scope=accounts:read").await.json();
        let token = token["access_token"].as_str().expect("a token");
        hub.get_with("/receive/okta/Users", token).await;
        assert_eq!(context(&hub)["client"]["scopes"], json!(["accounts:read"]));
        for (path, shown) in
            [("/receive/ding", secret.reveal()), ("/receive/okta", "rst_okta-1_x"), ("/receive/okta", "x")]
        {
            assert_eq!(hub.get_with(path, shown).await.status(), 202);
            assert_eq!(context(&hub)["client"], Value::Null, "{path}");
        }
    });
}

#[test]
fn a_client_of_some_org_units_is_refused_where_nothing_keeps_it_there() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("sales", "okta", &["accounts:read"]);
        hub.change("sales", |row| row.org_units = vec!["u1".into()]);
        let answer = hub.get_with("/receive/okta/Users", secret.reveal()).await;
        assert_eq!(answer.status(), 403);
        assert!(answer.json()["detail"].as_str().is_some_and(|text| text.contains("org units")), "{}", answer.0);
        assert!(hub.seen.lock().expect("seen").is_empty());
    });
}

#[test]
fn whoever_shows_wrong_tokens_again_and_again_is_slowed_and_others_are_not() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &[]);
        for _ in 0..1_000 {
            assert_eq!(hub.get_with("/receive/okta", "wrong").await.status(), 202);
        }
        let slowed = hub.get_with("/receive/okta", "wrong").await;
        assert_eq!((slowed.status(), slowed.header("retry-after")), (429, Some("1")));
        assert_eq!(hub.get_with("/v1/whoami", "wrong").await.status(), 429);
        assert_eq!(hub.token("okta-1", &crate::Secret::of_client("okta-1").expect("random"), "").await.status(), 429);
        assert_eq!(hub.get("/receive/okta", &[]).await.status(), 202, "who shows nothing shows nothing wrong");
        assert_eq!(hub.get_with("/receive/okta", secret.reveal()).await.status(), 202);
        hub.pass(100);
        assert_eq!(hub.get_with("/receive/okta", "wrong").await.status(), 202);
    });
}
