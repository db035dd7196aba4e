//! Tokens that are not good, each for one reason.

use super::provider::by_key;
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use ring::hmac;
use serde_json::{Value, json};

fn with(change: impl Fn(&mut Value) + Send + 'static, refusal: Refusal) {
    blocking(async move {
        let world = world("");
        world.script.claims(change);
        world.refused(refusal).await;
    });
}

#[test]
fn a_token_of_another_login_is_refused() {
    with(|claims| claims["nonce"] = json!("another"), Refusal::Nonce);
    with(|claims| drop(claims.as_object_mut().expect("claims").remove("nonce")), Refusal::Nonce);
}

#[test]
fn a_token_for_another_application_is_refused() {
    with(|claims| claims["aud"] = json!("another"), Refusal::Audience);
    with(|claims| claims["aud"] = json!([]), Refusal::Audience);
    with(|claims| claims["aud"] = json!(["hub", "another"]), Refusal::Audience);
    with(|claims| claims["azp"] = json!("another"), Refusal::Audience);
}

#[test]
fn several_audiences_are_fine_if_the_token_was_issued_to_the_hub() {
    blocking(async {
        let world = world("");
        world.script.claims(|claims| {
            claims["aud"] = json!(["hub", "another"]);
            claims["azp"] = json!("hub");
        });
        assert_eq!(world.login().await.0, StatusCode::OK);
    });
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    with(|claims| claims["iss"] = json!("https://id.example/"), Refusal::Issuer);
    with(|claims| claims["iss"] = json!("https://id.example.evil"), Refusal::Issuer);
}

#[test]
fn a_token_of_another_time_is_refused() {
    with(|claims| claims["exp"] = json!(NOW_S - 61), Refusal::Expired);
    with(|claims| claims["iat"] = json!(NOW_S - 661), Refusal::Expired);
    with(|claims| claims["iat"] = json!(NOW_S + 61), Refusal::NotYet);
    with(|claims| claims["nbf"] = json!(NOW_S + 61), Refusal::NotYet);
    with(|claims| claims["nbf"] = json!("soon"), Refusal::NotYet);
}

#[test]
fn clocks_may_differ_by_less_than_a_minute() {
    blocking(async {
        let world = world("");
        world.script.claims(|claims| {
            claims["exp"] = json!(NOW_S - 59);
            claims["iat"] = json!(NOW_S + 59);
            claims["nbf"] = json!(NOW_S + 59);
        });
        assert_eq!(world.login().await.0, StatusCode::OK);
    });
}

#[test]
fn a_subject_that_can_be_no_id_is_refused() {
    with(|claims| claims["sub"] = json!(""), Refusal::Subject);
    with(|claims| claims["sub"] = json!("x".repeat(256)), Refusal::Subject);
    with(|claims| claims["sub"] = json!("a b"), Refusal::Subject);
    with(|claims| claims["sub"] = json!("\u{430}nn"), Refusal::Subject);
    with(|claims| claims["sub"] = json!(["u-1"]), Refusal::Token);
    with(|claims| drop(claims.as_object_mut().expect("claims").remove("sub")), Refusal::Token);
}

#[test]
fn the_access_token_must_be_the_one_that_it_was_issued_with() {
    let hash = |token: &str| {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(token.as_bytes());
        URL_SAFE_NO_PAD.encode(&digest[..16])
    };
    with(move |claims| claims["at_hash"] = json!(hash("another")), Refusal::AccessToken);
    blocking(async move {
        let world = world("");
        world.script.claims(move |claims| claims["at_hash"] = json!(hash("at")));
        assert_eq!(world.login().await.0, StatusCode::OK);
    });
}

#[test]
fn a_token_without_a_signature_is_refused() {
    for header in [json!({ "alg": "none" }), json!({ "alg": "none", "kid": "k1" })] {
        blocking(async move {
            let world = world("");
            world.script.signs(header, |_, _| Vec::new());
            world.refused(Refusal::Algorithm).await;
        });
    }
}

#[test]
fn a_token_that_is_signed_with_the_public_key_is_refused() {
    blocking(async {
        let world = world("");
        let public = world.script.public_key();
        world.script.signs(json!({ "alg": "HS256", "kid": "k1" }), move |input, _| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), input.as_bytes()).as_ref().to_vec()
        });
        world.refused(Refusal::Algorithm).await;
    });
}

#[test]
fn a_token_that_is_signed_with_the_secret_of_the_client_is_refused() {
    blocking(async {
        let world = world("");
        world.script.signs(json!({ "alg": "HS256" }), |input, _| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"s3cret"), input.as_bytes()).as_ref().to_vec()
        });
        world.refused(Refusal::Algorithm).await;
    });
}

#[test]
fn a_signature_of_somebody_else_is_refused() {
    blocking(async {
        let world = world("");
        let other = provider::Script::new();
        world.script.signs(json!({ "alg": "ES256", "kid": "k1" }), move |input, _| other.sign(input));
        world.refused(Refusal::Signature).await;
    });
}

#[test]
fn a_token_of_another_kind_is_refused() {
    for header in [
        json!({ "alg": "ES256", "kid": "k1", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"] }),
    ] {
        blocking(async move {
            let world = world("");
            world.script.signs(header, by_key);
            world.refused(Refusal::Token).await;
        });
    }
}

#[test]
fn keys_are_asked_for_again_when_a_token_names_another_one_and_not_more_often_than_once_a_minute() {
    blocking(async {
        let world = world("");
        assert_eq!(world.login().await.0, StatusCode::OK);
        world.script.rotates("k2");
        world.later(30);
        assert_eq!(world.login().await.0, StatusCode::FORBIDDEN);
        assert_eq!(
            (world.script.asked("/jwks"), world.outcome().result.expect_err("refused").refusal),
            (1, Refusal::Key)
        );
        world.later(31);
        assert_eq!(world.login().await.0, StatusCode::OK);
        world.script.signs(json!({ "alg": "ES256", "kid": "nobody's" }), by_key);
        assert_eq!(world.login().await.0, StatusCode::FORBIDDEN);
        assert_eq!((world.script.asked("/jwks"), world.script.asked("/.well-known/openid-configuration")), (2, 1));
    });
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        fuzzing::login(&bytes);
    }

    #[test]
    fn no_claims_break_their_reader(
        claims in "\\{(\"(sub|tid|oid|email|email_verified|xms_edov|groups|department|_claim_names|hasgroups|title|name)\":(\"[a-z@.1]{0,12}\"|ann@acme.example|true|1|null|\\{\\}|\\[\"g1\"\\]),?){0,9}\\}",
    ) {
        fuzzing::login(claims.replace(",}", "}").replace("ann@acme.example", "\"ann@acme.example\"").as_bytes());
    }

    #[test]
    fn no_head_and_no_claims_break_the_reader(
        header in "\\{(\"(alg|kid|typ|crit|cty)\":(\"(none|ES256|RSA-OAEP|HS256)\"|1|null|\\[\\]),?){0,4}\\}?",
        claims in "\\{(\"(iss|sub|aud|exp|iat|nonce|email|address|locale|updated_at)\":(\"[a-z:/#]{0,9}\"|-?[0-9]{1,20}|1e400|null|\\{\\}|\\[1\\]),?){0,9}\\}?",
        signature in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        fuzzing::login(format!("{}.{}.{}", part(header.as_bytes()), part(claims.as_bytes()), part(&signature)).as_bytes());
    }
}
