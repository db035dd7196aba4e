//! The way of the browser, what is bound to it, and what becomes of whoever logged in.

use super::*;
use proptest::prelude::*;
use rosterd_model::{Class, FaultKind};
use serde_json::json;

const ANN: &str = "https://id.example#u-1";

#[test]
fn whoever_logs_in_for_the_first_time_has_an_account() {
    blocking(async {
        let world = world("");
        let (status, body) = world.login().await;
        assert_eq!((status, body.contains("Your account is ready")), (StatusCode::OK, true), "{body}");
        let ann = world.directory.attributes(Class::Account, ANN).expect("an account");
        assert_eq!(ann["displayName"], "Ann Lee");
        assert_eq!(ann["name.familyName"], "Lee");
        assert_eq!(ann["emails.work"], "ann@acme.example");
        assert_eq!((&ann["issuer"], &ann["subject"]), (&json!(ISSUER), &json!("u-1")));
        let outcome = world.outcome();
        assert_eq!(outcome.account, Some(ANN.into()));
        assert!(outcome.result.expect("entered").created);
        world.script.claims(|claims| {
            claims["name"] = json!("Ann Li");
            claims.as_object_mut().expect("claims").remove("given_name");
        });
        assert!(world.login().await.1.contains("up to date"));
        let ann = world.directory.attributes(Class::Account, ANN).expect("an account");
        assert_eq!((&ann["displayName"], &ann["name.givenName"]), (&json!("Ann Li"), &json!("Ann")));
        assert_eq!(*world.directory.made.lock().expect("made"), 1);
    });
}

#[test]
fn the_provider_is_asked_with_everything_that_protects_the_answer() {
    blocking(async {
        let world = world("");
        let (one, two) = (world.begin().await, world.begin().await);
        assert!(one.location.starts_with("https://id.example/authorize?"), "{}", one.location);
        assert_eq!(one.query["code_challenge_method"], "S256");
        assert_eq!((one.query["response_type"].as_str(), one.query["client_id"].as_str()), ("code", "hub"));
        assert_eq!(one.query["redirect_uri"], "https://hub.example/login/id/callback");
        assert_eq!(one.query["scope"], "openid profile email");
        for name in ["state", "nonce", "code_challenge"] {
            assert!(one.query[name].len() >= 43 && one.query[name] != two.query[name], "{name}");
        }
        assert!(one.cookie.starts_with("__Host-rosterd-login=") && !one.location.contains("s3cret"));
        let (status, ..) = world.get("/login/nobody", None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_code_without_its_verifier_is_worth_nothing() {
    blocking(async {
        let world = world("");
        let (one, two) = (world.begin().await, world.begin().await);
        // The code of one login, injected into another one.
        let path = world.path(&one).replace(&one.query["state"], &two.query["state"]);
        let (_, _, body) = world.get(&path, Some(&two.cookie)).await;
        world.was_refused(Refusal::Provider, &body);
    });
}

#[test]
fn an_answer_counts_once_in_its_browser_and_for_ten_minutes() {
    blocking(async {
        let world = world("");
        let sent = world.begin().await;
        assert_eq!(world.back(&sent).await.0, StatusCode::OK);
        let path = format!("/login/id/callback?code=c0de&state={}", sent.query["state"]);
        let (status, headers, _) = world.get(&path, Some(&sent.cookie)).await;
        assert!(status == StatusCode::BAD_REQUEST && !headers.contains_key(SET_COOKIE));
        assert_eq!(world.kept.0.lock().expect("outcomes").len(), 1, "what began nowhere is not in the audit");
        let late = world.begin().await;
        world.later(601);
        let path = format!("/login/id/callback?code=c0de&state={}", late.query["state"]);
        assert_eq!(world.get(&path, Some(&late.cookie)).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(world.script.asked("/token"), 1);
    });
}

#[test]
fn an_answer_in_another_browser_is_refused_and_spent() {
    blocking(async {
        let world = world("");
        for other in [None, Some(world.begin().await.cookie)] {
            let sent = world.begin().await;
            let path = world.path(&sent);
            let (_, _, body) = world.get(&path, other.as_deref()).await;
            world.was_refused(Refusal::Browser, &body);
            assert_eq!(world.get(&path, Some(&sent.cookie)).await.0, StatusCode::BAD_REQUEST);
        }
        let sent = world.begin().await;
        let path = format!("/login/other/callback?code=c0de&state={}", sent.query["state"]);
        assert_eq!(world.get(&path, Some(&sent.cookie)).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(world.script.asked("/token"), 0);
    });
}

#[test]
fn a_malformed_answer_is_refused() {
    blocking(async {
        let world = world("");
        let sent = world.begin().await;
        let state = &sent.query["state"];
        let large = format!("code={}&state={state}", "c".repeat(20 << 10));
        let many = format!("state={state}") + &(0..30).map(|n| format!("&p{n}=1")).collect::<String>();
        let twice = format!("code=a&code=b&state={state}");
        for query in ["", "code=c0de", large.as_str(), many.as_str(), twice.as_str()] {
            let (status, ..) = world.get(&format!("/login/id/callback?{query}"), Some(&sent.cookie)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
        }
        assert_eq!(world.back(&sent).await.0, StatusCode::OK, "none of them spent the login");
    });
}

#[test]
fn an_answer_of_another_provider_is_refused() {
    blocking(async {
        let world = world("");
        world.script.discovery(|document| document["authorization_response_iss_parameter_supported"] = json!(true));
        world.refused(Refusal::IssuerParameter).await;
        let sent = world.begin().await;
        let path = format!("/login/id/callback?code=c0de&state={}&iss=https://evil.example", sent.query["state"]);
        let (_, _, body) = world.get(&path, Some(&sent.cookie)).await;
        world.was_refused(Refusal::IssuerParameter, &body);
        assert_eq!(world.script.asked("/token"), 0);
        let sent = world.begin().await;
        let path = format!("{}&iss=https://id.example", world.path(&sent));
        assert_eq!(world.get(&path, Some(&sent.cookie)).await.0, StatusCode::OK);
    });
}

#[test]
fn what_the_provider_refuses_is_told_to_the_operator_only() {
    blocking(async {
        let world = world("");
        let sent = world.begin().await;
        let path =
            format!("/login/id/callback?error=access_denied%0Ax&error_description=y&state={}", sent.query["state"]);
        let (status, headers, body) = world.get(&path, Some(&sent.cookie)).await;
        world.was_refused(Refusal::Provider, &body);
        assert!(status == StatusCode::FORBIDDEN && !body.contains("access_denied"));
        assert_eq!(world.outcome().result.expect_err("refused").detail, "access_denied x");
        assert!(headers["content-security-policy"].to_str().expect("text").contains("default-src 'none'"));
        assert_eq!(
            (&headers["cache-control"], &headers["referrer-policy"]),
            (&"no-store".parse().expect("a value"), &"no-referrer".parse().expect("a value"))
        );
    });
}

#[test]
fn answers_without_bounds_are_not_read() {
    for path in ["/token", "/.well-known/openid-configuration", "/jwks"] {
        blocking(async move {
            let world = world("");
            if path == "/token" {
                world.script.answers(path, 200, vec![b' '; LARGEST_ANSWER + 1]);
                return world.refused(Refusal::Answer).await;
            }
            world.script.answers(path, 200, vec![b' '; LARGEST_ANSWER + 1]);
            assert_eq!(world.get("/login/id", None).await.0, StatusCode::BAD_GATEWAY);
            assert_eq!(world.get("/login/id", None).await.0, StatusCode::BAD_GATEWAY);
            assert_eq!(world.script.asked(path), 1, "a failure is not asked for again at once");
        });
    }
    for body in [
        "",
        "[]",
        "{}",
        "{\"access_token\":1}",
        "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}",
        "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"id_token\":\"x.y.z\"}",
    ] {
        blocking(async move {
            let world = world("");
            world.script.answers("/token", 200, body);
            let (_, page) = world.login().await;
            let refused = world.outcome().result.expect_err("refused");
            assert!(matches!(refused.refusal, Refusal::Answer | Refusal::Token), "{body}: {refused}");
            assert!(page.contains("did not succeed"));
        });
    }
}

#[test]
fn a_provider_that_says_nothing_is_left() {
    blocking(async {
        let world = world("");
        let sent = world.begin().await;
        world.script.falls_silent();
        let (status, body) = world.back(&sent).await;
        world.was_refused(Refusal::Unreachable, &body);
        assert_eq!(status, StatusCode::BAD_GATEWAY);
    });
}

#[test]
fn a_provider_that_is_another_one_or_goes_without_tls_is_not_asked_any_further() {
    for (name, value) in [
        ("issuer", "https://evil.example"),
        ("authorization_endpoint", "http://id.example/authorize"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("jwks_uri", "http://127.0.0.1/jwks"),
        ("token_endpoint", "ftp://id.example/token"),
    ] {
        blocking(async move {
            let world = world("");
            world.script.discovery(move |document| document[name] = json!(value));
            let (status, body) = match name {
                "token_endpoint" => world.login().await,
                _ => {
                    let (status, _, body) = world.get("/login/id", None).await;
                    (status, body)
                }
            };
            assert!(status == StatusCode::BAD_GATEWAY && !body.contains("id.example"), "{name} {value}: {status}");
            assert_eq!(world.script.asked("/token"), 0);
        });
    }
}

#[test]
fn an_address_that_nobody_vouches_for_is_left_out_or_refused() {
    let unverified = |claims: &mut serde_json::Value| {
        claims["email"] = json!("victim@acme.example");
        claims["email_verified"] = json!(false);
    };
    blocking(async move {
        let world = world("");
        world.script.claims(unverified);
        assert_eq!(world.login().await.0, StatusCode::OK);
        let ann = world.directory.attributes(Class::Account, ANN).expect("an account");
        assert!(!ann.contains_key("emails.work"), "{ann:?}");
        assert!(world.outcome().result.expect("entered").notes[0].contains("does not vouch"));
    });
    blocking(async move {
        let world = world("unverified-email = \"refuse\"");
        world.script.claims(unverified);
        world.refused(Refusal::Email).await;
    });
}

#[test]
fn whoever_left_is_not_brought_back() {
    blocking(async {
        let world = world("");
        *world.standing.0.lock().expect("standing") = Standing::Gone;
        world.refused(Refusal::Gone).await;
        assert_eq!(world.outcome().account, Some(ANN.into()));
        *world.standing.0.lock().expect("standing") = Standing::Unknown;
        assert!(world.login().await.1.contains("not ready yet"));
        *world.standing.0.lock().expect("standing") = Standing::Suspended;
        assert_eq!(world.login().await.0, StatusCode::FORBIDDEN);
        assert_eq!(world.outcome().result.expect_err("refused").refusal, Refusal::Suspended);
    });
}

#[test]
fn what_the_directory_refuses_is_refused_with_its_words() {
    for (kind, refusal) in [
        (FaultKind::Conflict, Refusal::Uncertain),
        (FaultKind::Transient, Refusal::Busy),
        (FaultKind::Invalid, Refusal::Directory),
    ] {
        blocking(async move {
            let world = world("");
            *world.directory.refuses.lock().expect("refuses") = Some(Fault::new(kind, "case 7 waits"));
            world.refused(refusal).await;
            assert!(world.outcome().result.expect_err("refused").detail.contains("case 7 waits"));
        });
    }
}

#[test]
fn two_first_logins_at_once_make_one_account() {
    blocking(async {
        let world = world("");
        let (one, two) = (world.begin().await, world.begin().await);
        let (one, two) = tokio::join!(world.back(&one), world.back(&two));
        assert_eq!((one.0, two.0), (StatusCode::OK, StatusCode::OK));
        assert_eq!(*world.directory.made.lock().expect("made"), 1);
        let outcomes = world.kept.0.lock().expect("outcomes").clone();
        let made =
            outcomes.iter().filter(|outcome| outcome.result.as_ref().is_ok_and(|entered| entered.created)).count();
        assert_eq!((outcomes.len(), made), (2, 1));
    });
}

#[test]
fn groups_are_those_of_the_claim_and_an_overage_leaves_them() {
    let more = "[groups]\nremove = true\n[groups.values]\ng1 = \"Engineering\"\ng2 = \"Sales\"";
    blocking(async move {
        let world = world(more);
        let members = |id: &str| world.directory.attributes(Class::Group, id).map(|group| group["members"].clone());
        let ann = json!([{ "ref": "account", "id": ANN }]);
        world.script.claims(|claims| claims["groups"] = json!(["g1", "g9"]));
        assert_eq!(world.login().await.0, StatusCode::OK);
        assert_eq!((members("g1"), members("g2"), members("g9")), (Some(ann.clone()), None, None));
        world.script.claims(|claims| claims["_claim_names"] = json!({ "groups": "src1" }));
        assert_eq!(world.login().await.0, StatusCode::OK);
        assert_eq!(members("g1"), Some(ann.clone()));
        assert!(world.outcome().result.expect("entered").notes[0].contains("more groups than it lists"));
        world.script.claims(|claims| claims["groups"] = json!(["g2"]));
        assert_eq!(world.login().await.0, StatusCode::OK);
        assert_eq!((members("g1"), members("g2")), (Some(json!([])), Some(ann)));
    });
}

#[test]
fn the_org_unit_is_there_before_somebody_stands_in_it() {
    blocking(async {
        let world = world("[org-unit]\nclaim = \"department\"\n[org-unit.values]\nD1 = \"Research\"");
        world.script.claims(|claims| claims["department"] = json!("D1"));
        assert_eq!(world.login().await.0, StatusCode::OK);
        assert_eq!(world.directory.attributes(Class::OrgUnit, "D1").expect("a unit")["displayName"], "Research");
        let ann = world.directory.attributes(Class::Account, ANN).expect("an account");
        assert_eq!(ann["orgUnit"], json!({ "ref": "org-unit", "id": "D1" }));
    });
}

#[test]
fn afterwards_the_browser_goes_where_the_configuration_says_and_nowhere_else() {
    blocking(async {
        let world = world("after = \"https://portal.acme.example/in\"");
        let sent = world.begin().await;
        let path = format!("{}&after=https://evil.example&redirect=//evil", world.path(&sent));
        let (status, headers, _) = world.get(&path, Some(&sent.cookie)).await;
        assert_eq!(
            (status, headers[LOCATION].to_str().expect("text")),
            (StatusCode::SEE_OTHER, "https://portal.acme.example/in")
        );
        assert!(headers[SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    });
}

#[test]
fn what_is_said_of_somebody_else_at_userinfo_is_refused() {
    blocking(async {
        let world = world("userinfo = true\nclaims = { title = \"title\" }");
        world.script.answers("/userinfo", 200, json!({ "sub": "u-2", "title": "x" }).to_string());
        world.refused(Refusal::Person).await;
        world.script.answers("/userinfo", 200, json!({ "sub": "u-1", "title": "Boss", "name": "Other" }).to_string());
        assert_eq!(world.login().await.0, StatusCode::OK);
        let ann = world.directory.attributes(Class::Account, ANN).expect("an account");
        assert_eq!((&ann["title"], &ann["displayName"]), (&json!("Boss"), &json!("Ann Lee")));
    });
}

#[test]
fn a_new_configuration_leaves_logins_under_way_alone_unless_their_provider_is_another() {
    blocking(async {
        let world = world("");
        let (one, two) = (world.begin().await, world.begin().await);
        (world.renew)(ISSUER);
        assert_eq!(world.back(&one).await.0, StatusCode::OK);
        (world.renew)("https://id.example/new");
        let (status, headers, _) = world.get(&world.path(&two), Some(&two.cookie)).await;
        assert!(status == StatusCode::BAD_REQUEST && !headers.contains_key(SET_COOKIE));
        assert_eq!((world.script.asked("/token"), world.get("/login/other", None).await.0), (1, StatusCode::NOT_FOUND));
    });
}

proptest! {
    #[test]
    fn no_query_and_no_cookie_break_the_answer(query in "[ -~]{0,200}", cookie in "[ -~]{0,200}") {
        let query: String = openidconnect::url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let query = query.replace("%3D", "=").replace("%26", "&").replace("%25", "%");
        blocking(async move {
            let world = world("");
            let (status, ..) = world.get(&format!("/login/id/callback?{query}"), Some(&cookie)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
        });
    }
}
