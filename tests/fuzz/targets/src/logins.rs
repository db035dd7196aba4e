//! What a browser and a provider send in a login.

/// Any bytes as an id token, a query, a cookie, or what a provider says of somebody.
pub fn login(bytes: &[u8]) {
    rosterd_server::fuzzing::login(bytes);
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, words};
    use proptest::prelude::*;

    const SAID: &[&str] = &[
        "{",
        "}",
        "\"sub\":",
        "\"oid\":",
        "\"tid\":",
        "\"t\"",
        "\"email\":",
        "\"a@acme.example\"",
        "\"email_verified\":",
        "\"xms_edov\":",
        "true",
        "\"true\"",
        ",",
        "\"groups\":",
        "[\"g1\"]",
        "\"_claim_names\":",
        "{\"groups\":\"s\"}",
        "\"hasgroups\":",
        "\"department\":",
        "\"iss\":",
        "null",
        "7",
    ];

    proptest! {
        #[test]
        fn logins(said in words(SAID, 16), token in "[A-Za-z0-9_=.-]{0,80}", query in "(code|state|iss|error|=|&|%[0-9A-F]{2}|[a-z]){0,16}", any in bytes(200)) {
            super::login(said.as_bytes());
            super::login(token.as_bytes());
            super::login(query.as_bytes());
            super::login(&any);
        }
    }
}
