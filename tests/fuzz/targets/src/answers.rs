//! What remote systems answer to the host itself, and the templates of what it asks.

use crate::input::{fields, number, text, texts};
use rosterd_connector::fuzzing as connector;
use rosterd_connector::manifest_parts::Reply;
use serde_json::json;

/// A text with settings in braces, and the value of one.
pub fn template(bytes: &[u8]) {
    let [template, value] = texts(bytes);
    // What is not known stays as it is, and what is known is not read again.
    assert_eq!(connector::fill(&template, |_| None), template);
    let filled = connector::fill(&template, |name| (name == "a").then(|| value.clone()));
    assert!(filled.len() <= template.len() + template.matches("{a}").count() * value.len());
    if !template.contains('{') {
        assert_eq!(filled, template);
    }
    let settings = json!({ "a": value, "list": ["x", value, { "deep": 1 }, ""], "deep": { "a": [value] } });
    for one in connector::expand(&template, &settings) {
        assert!(one.len() <= template.len() + value.len());
    }
    assert!(connector::expand(&template, &settings).len() <= 2);
}

/// The answer to an exchange of tokens.
pub fn token_reply(bytes: &[u8]) {
    let [head, content_type, body] = fields(bytes);
    let (status, _) = number(head);
    let status = u16::try_from(status % 600).unwrap_or_default();
    let replies = [
        json!({ "token": "/access_token", "expires-in": "/expires_in" }),
        json!({ "token": "/data/0/t", "lifetime": "5m", "margin": "10m", "success": { "pointer": "/errcode", "values": [0] } }),
        json!({ "token": "", "lifetime": "1d", "success": { "content-type": "application/json" } }),
    ];
    for reply in replies {
        let Ok(reply) = serde_json::from_value::<Reply>(reply) else { panic!("it is a reply") };
        match connector::reply(&reply, status, &text(content_type), body) {
            Ok(token) => assert!(!token.is_empty() && token.len() <= 3 * body.len()),
            // What the remote system said is not repeated: it may hold half of a secret.
            Err(fault) => assert!(fault.message.len() < 100 && fault.detail.len() < 100, "{fault:?}"),
        }
    }
}

/// What a header says about waiting.
pub fn retry_after(bytes: &[u8]) {
    if let Some(wait) = connector::retry_after(&text(bytes)) {
        assert!(wait.as_secs() <= 86_400, "{wait:?}");
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{join, words};
    use proptest::prelude::*;

    const BODIES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"access_token\"",
        "\"t\"",
        "\"data\"",
        "\"errcode\"",
        "0",
        "\"0\"",
        "\"expires_in\"",
        "-1",
        "18446744073709551616",
        "1e300",
        "\"\"",
        "null",
        "\"tok\"",
    ];

    proptest! {
        #[test]
        fn templates(text in "[{}a.l\"x]{0,16}", any in ".{0,16}", value in "[{a}x.]{0,6}") {
            super::template(&join(&[&text, &value]));
            super::template(&join(&[&any, &value]));
        }

        #[test]
        fn token_replies(status in prop_oneof![Just(200_u64), 0..600_u64], kind in "application/json|text/html|", body in words(BODIES, 16), token in "\\PC{0,8}", life in any::<i64>()) {
            super::token_reply(&join(&[&status.to_le_bytes()[..], kind.as_bytes(), body.as_bytes()]));
            let good = serde_json::json!({ "access_token": token, "expires_in": life, "errcode": 0, "data": [{ "t": token }] });
            super::token_reply(&join(&[&status.to_le_bytes()[..], kind.as_bytes(), good.to_string().as_bytes()]));
        }

        #[test]
        fn waits(number in "[-+]?[0-9.eE]{0,24}|nan|inf", date in "(Mon, )?[0-9]{1,2} (Jan|Feb|Foo) [0-9]{2,5} [0-9:]{0,8} (GMT|[+-][0-9]{4})?", any in ".{0,20}") {
            for text in [number, date, any] {
                super::retry_after(text.as_bytes());
            }
        }
    }
}
