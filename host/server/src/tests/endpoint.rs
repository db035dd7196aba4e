//! `POST /oauth2/token`.

use super::{Hub, ask, blocking};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::atomic::Ordering;

#[test]
fn a_secret_is_exchanged_for_a_token_in_both_ways() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &["accounts:read", "hub:read"]);
        let answer = hub.token("okta-1", &secret, "").await;
        assert_eq!(answer.status(), 200, "{}", answer.0);
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
        let body = answer.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &3_600.into()));
        assert_eq!(body["scope"], "accounts:read hub:read");
        let basic = STANDARD.encode(format!("okta-1:{}", secret.reveal()));
        let answer = hub
            .post_form(&[&format!("authorization: Basic {basic}")], "grant_type=client_credentials&scope=hub:read")
            .await;
        assert_eq!((answer.status(), &answer.json()["scope"]), (200, &"hub:read".into()));
        let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
        assert_eq!(hub.get_with("/v1/whoami", &token).await.body(), "okta-1 okta hub:read");
    });
}

#[test]
fn each_error_is_the_word_of_the_rfc() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &["accounts:read"]);
        let other = hub.client("other", "okta", &[]);
        let own = format!("&client_id=okta-1&client_secret={}", secret.reveal());
        let foreign = format!("grant_type=client_credentials&client_id=okta-1&client_secret={}", other.reveal());
        let grant = "grant_type=client_credentials";
        for (form, status, error) in [
            (String::new(), 400, "invalid_request"),
            (format!("{grant}{own}&scope=a&scope=b"), 400, "invalid_request"),
            (format!("grant_type=password{own}"), 400, "unsupported_grant_type"),
            (format!("{grant}{own}&scope=accounts:write"), 400, "invalid_scope"),
            (format!("{grant}{own}&scope=%22everything%22"), 400, "invalid_scope"),
            (grant.to_owned(), 401, "invalid_client"),
            (foreign, 401, "invalid_client"),
            (format!("{grant}&client_id=nobody&client_secret=rst_nobody_x"), 401, "invalid_client"),
            ("x=".to_owned() + &"y".repeat(10_000), 400, "invalid_request"),
        ] {
            let answer = hub.post_form(&[], &form).await;
            assert_eq!((answer.status(), answer.json()["error"].as_str()), (status, Some(error)), "{form:.80}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{form:.80}");
            assert!(!answer.0.contains("rst_"), "no answer repeats a secret");
            assert!(!answer.json()["error_description"].as_str().expect("a sentence").contains('"'));
        }
        let basic = format!("authorization: Basic {}", STANDARD.encode("okta-1:wrong"));
        let answer = hub.post_form(&[&basic], grant).await;
        assert_eq!((answer.status(), answer.header("www-authenticate")), (401, Some("Basic realm=\"rosterd\"")));
        let json = "POST /oauth2/token HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\n\
                    content-length: 2\r\n\r\n{}";
        assert_eq!(ask(hub.address, json).await.json()["error"], "invalid_request");
        assert_eq!(hub.get("/oauth2/token", &[]).await.status(), 405);
    });
}

#[test]
fn a_token_ends_after_an_hour_and_with_its_secret() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &["accounts:read"]);
        let token = async |secret| {
            hub.token("okta-1", secret, "").await.json()["access_token"].as_str().expect("a token").to_owned()
        };
        let status = async |shown: &str| hub.get_with("/v1/whoami", shown).await.status();
        let first = token(&secret).await;
        hub.pass(3_599_999);
        assert_eq!(status(&first).await, 200);
        hub.pass(1);
        assert_eq!(status(&first).await, 401);
        // A rotation overlaps, and then it does not.
        let before = token(&secret).await;
        let new = hub.rotate("okta-1", hub.clock.0.load(Ordering::SeqCst) + 1_000);
        let after = token(&new).await;
        for shown in [&before, &after, new.reveal(), secret.reveal()] {
            assert_eq!(status(shown).await, 200);
        }
        hub.pass(1_000);
        for (shown, expected) in [(&*before, 401), (secret.reveal(), 401), (&*after, 200), (new.reveal(), 200)] {
            assert_eq!(status(shown).await, expected);
        }
        assert_eq!(hub.token("okta-1", &secret, "").await.status(), 401);
        // A scope that is taken away is taken from tokens that are out.
        hub.change("okta-1", |row| row.scopes.clear());
        assert_eq!(hub.get_with("/v1/whoami", &after).await.body(), "okta-1 okta ");
        hub.change("okta-1", |row| row.revoked = Some(rosterd_model::Timestamp(1)));
        assert_eq!((status(&after).await, status(new.reveal()).await), (401, 401));
        assert_eq!(hub.token("okta-1", &new, "").await.status(), 401);
    });
}

#[test]
fn a_store_that_can_not_be_read_is_no_revocation() {
    blocking(async {
        let hub = Hub::start().await;
        let secret = hub.client("okta-1", "okta", &[]);
        hub.book.broken.store(true, Ordering::SeqCst);
        let answers = [hub.token("okta-1", &secret, "").await, hub.get_with("/v1/whoami", secret.reveal()).await];
        for answer in answers {
            assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("5")));
        }
        assert_eq!(hub.get_with("/receive/okta", secret.reveal()).await.status(), 503);
    });
}
