//! What only clients are answered.

use super::{Hub, ask, blocking};
use crate::router::LARGEST_BODY;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[test]
fn without_a_token_nobody_learns_what_is_there() {
    blocking(async {
        let hub = Hub::start().await;
        for path in ["/v1", "/v1/whoami", "/v1/nothing", "/v2", "/elsewhere"] {
            let answer = hub.get(path, &[]).await;
            assert_eq!(answer.status(), 401, "{path}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"rosterd\""), "{path}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
            assert_eq!(answer.json()["status"], 401, "{path}");
        }
        let answer = hub.get_with("/v1/whoami", "wrong").await;
        assert!(answer.header("www-authenticate").is_some_and(|text| text.contains("error=\"invalid_token\"")));
        assert_eq!(hub.get("/login", &[]).await.body(), "a page", "people log in without a token");
        let secret = hub.client("okta-1", "okta", &[]);
        assert_eq!(hub.get_with("/v1/nothing", secret.reveal()).await.status(), 404);
        assert_eq!(hub.get_with("/elsewhere", secret.reveal()).await.status(), 401, "it stands where no token counts");
        let bearer = format!("authorization: Bearer {}", secret.reveal());
        assert_eq!(hub.get("/v1/whoami", &[&bearer, &bearer]).await.status(), 401, "two are none");
    });
}

#[test]
fn a_problem_has_the_form_of_its_path_and_the_headers_of_any() {
    blocking(async {
        let hub = Hub::start().await;
        let answer = hub.get("/v2/nothing", &[]).await;
        assert_eq!((answer.status(), answer.body()), (401, "other form: 401 Unauthorized"));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"rosterd\""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let secret = hub.client("okta-1", "okta", &[]);
        assert_eq!(hub.get_with("/v2/nothing", secret.reveal()).await.body(), "other form: 404 Not Found");
        assert_eq!(hub.get("/v1/openapi.json", &[]).await.body(), "a document", "what is there is no secret");
        assert_eq!(hub.get("/v1/openapi.json/", &[]).await.status(), 401);
    });
}

#[test]
fn a_client_that_asks_too_often_is_slowed() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &[]);
        let mut left = 0;
        while hub.get_with("/v1/whoami", secret.reveal()).await.status() == 200 {
            left += 1;
        }
        assert_eq!(left, 20_000);
        let slowed = hub.get_with("/v1/whoami", secret.reveal()).await;
        assert_eq!((slowed.status(), slowed.header("retry-after")), (429, Some("1")));
        let other = hub.client("okta-2", "okta", &[]);
        assert_eq!(hub.get_with("/v1/whoami", other.reveal()).await.status(), 200);
        hub.pass(10);
        assert_eq!(hub.get_with("/v1/whoami", secret.reveal()).await.status(), 200);
    });
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &[]);
        let bearer = secret.reveal();
        let post = async |length: usize| {
            let head = format!(
                "POST /v1/length HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {bearer}\r\nconnection: close\r\n\
                 content-length: {length}\r\n\r\n"
            );
            ask(hub.address, [head.as_bytes(), &vec![b'x'; length]].concat()).await
        };
        assert_eq!(post(LARGEST_BODY).await.body(), LARGEST_BODY.to_string());
        assert_eq!(post(LARGEST_BODY + 1).await.status(), 413);
    });
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_names_the_client_and_no_secret() {
    let written = Written::default();
    let own = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || own.clone());
    let _log = tracing::subscriber::set_default(subscriber.finish());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let secrets = runtime.block_on(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &["accounts:read"]);
        let token = hub.token("okta-1", &secret, "").await.json()["access_token"].as_str().expect("a token").to_owned();
        hub.get_with("/v1/whoami?secret-query", &token).await;
        hub.get_with("/receive/okta/Users?secret-query", secret.reveal()).await;
        hub.get("/secret-path", &[]).await;
        ask(hub.address, "SECRET-METHOD / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
        [secret.reveal().to_owned(), token]
    });
    let log = String::from_utf8(written.0.lock().expect("the log").clone()).expect("text");
    assert!(log.contains("client=\"okta-1\"") && log.contains("route=\"/v1/whoami\""), "{log}");
    // What is random may have the sign that parts it from the rest.
    let random = |text: &'static str| secrets.iter().filter_map(move |own| own.strip_prefix(text));
    let random: Vec<&str> = random("rst_okta-1_").chain(random("rat_")).collect();
    assert_eq!(random.len(), 2);
    for secret in random.into_iter().chain(["secret-query", "secret-path", "SECRET-METHOD"]) {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}
