//! What others say to the service: commands over the control socket, requests for its pages, and the note of who has a
//! store.

use crate::input::text;
use rosterd_cli::fuzzing as cli;

/// A line over the control socket.
pub fn control_request(bytes: &[u8]) {
    let line = text(bytes);
    if let Ok((folder, words)) = cli::control_request(&line) {
        assert!(folder.is_absolute() && words.len() <= 1_000, "{line}");
        // What was read is read again as it was written.
        let again = cli::control_line(&folder, &words);
        assert_eq!(cli::control_request(&again).ok(), Some((folder, words)));
    }
}

/// The head of a request for a page.
pub fn page_request(bytes: &[u8]) {
    if let Some(path) = rosterd_server::fuzzing::request(bytes) {
        assert!(path.starts_with('/') && !path.contains(['?', '#', ' ', '\r']), "{path:?}");
    }
}

/// A request for a token: the first line is the header, the rest the form.
pub fn token_request(bytes: &[u8]) {
    let (header, form) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let form = form.get(1..).unwrap_or_default();
    let _ = rosterd_server::fuzzing::token_request(header, form);
    for word in text(form).split([' ', '&', '=', '+']) {
        assert!(rosterd_server::fuzzing::scope(word).is_none_or(|scope| scope == word), "{word:?}");
    }
}

/// What a client shows.
pub fn shown_token(bytes: &[u8]) {
    if let Some(client) = rosterd_server::fuzzing::client_of(bytes) {
        assert!(client.parse::<rosterd_model::ConnectionId>().is_ok(), "{client:?}");
    }
}

/// Whatever a client of the Developer API sends.
pub fn api_request(bytes: &[u8]) {
    rosterd_server::fuzzing::api_request(bytes);
}

/// The note beside a store that says who has it.
pub fn store_holder(bytes: &[u8]) {
    if let Some(what) = rosterd_store::fuzzing::holder(&text(bytes)) {
        assert!(what.chars().count() <= 200 && !what.chars().any(char::is_control), "{what:?}");
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, words};
    use proptest::prelude::*;

    const JSON: &[&str] = &[
        "{\"version\":1,",
        "\"folder\":\"/x\",",
        "\"folder\":\"x\",",
        "\"words\":[\"run\",\"hr\"],",
        "\"words\":[],",
        "\"colour\":true,",
        "\"error-colour\":false}",
        "}",
        "\"",
        "李",
    ];
    const FORM: &[&str] = &[
        "Basic ",
        "YTpi",
        "\n",
        "grant_type=client_credentials",
        "&",
        "client_id=a",
        "client_secret=",
        "scope=accounts:read+",
        "groups:write",
        "%41",
        "+",
        "=",
    ];
    const API: &[&str] = &[
        "{",
        "}",
        "\"userName\":",
        "\"ann\"",
        "\"id\":",
        "\"e-1\"",
        ",",
        "\"email\":",
        "\"a@x.example\"",
        "\"orgUnit\":",
        "\"orgUnits\":[",
        "]",
        "\"attributes\":{",
        "\"active\":",
        "false",
        "null",
        "7",
        "\"members\":[{\"type\":\"account\",\"id\":\"e-1\"}]",
        "\"displayName\":",
        "\"parent\":",
        "\n",
        "\r\n",
        "李",
    ];
    const HTTP: &[&str] =
        &["GET ", "HEAD ", "POST ", "/metrics", "/", "?", "#", " HTTP/1.1", "\r\n", "\r\n\r\n", "host: x", " ", "\t"];

    proptest! {
        #[test]
        fn control_requests(line in words(JSON, 8), any in bytes(200)) {
            super::control_request(line.as_bytes());
            super::control_request(&any);
            super::control_request(b"{\"version\":1,\"folder\":\"/x\",\"words\":[\"a\"],\"colour\":true,\"error-colour\":false}");
        }

        #[test]
        fn page_requests(head in words(HTTP, 8), any in bytes(200)) {
            super::page_request(head.as_bytes());
            super::page_request(&any);
        }

        #[test]
        fn token_requests(form in words(FORM, 8), any in bytes(200)) {
            super::token_request(form.as_bytes());
            super::token_request(&any);
        }

        #[test]
        fn api_requests(body in words(API, 16), any in bytes(300)) {
            super::api_request(body.as_bytes());
            super::api_request(&any);
        }

        #[test]
        fn shown_tokens(name in "[a-z0-9_-]{0,70}", random in "[A-Za-z0-9_-]{0,50}", any in bytes(200)) {
            super::shown_token(format!("Bearer rst_{name}_{random}").as_bytes());
            super::shown_token(&any);
        }

        #[test]
        fn store_holders(text in "[0-9]{0,11}\n.{0,300}\n?", any in bytes(100)) {
            super::store_holder(text.as_bytes());
            super::store_holder(&any);
        }
    }
}
