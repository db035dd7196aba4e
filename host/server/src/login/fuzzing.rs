//! A door for tests that hand over any bytes: whatever a browser, a provider or whoever stands between them may send.

use super::cookie::Cookie;
use super::settings::{GroupSettings, LoginSettings, Preset, UnitSettings};
use super::{callback, claims, token};
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use rosterd_model::ConnectionId;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Reads bytes as everything that comes from outside in a login. What is taken for a person has an id that fits, and an address
/// only with a word for it.
pub fn login(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    drop(token::read(&text));
    drop(token::payload(&text));
    drop(callback::parameters(&text));
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let headers = HeaderMap::from_iter([(COOKIE, value)]);
        assert!(Cookie::default().read(&headers).is_none_or(|value| value.len() == 43));
    }
    let Ok(said) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    for preset in [Preset::Generic, Preset::EntraId] {
        let Some(settings) = settings(preset) else { return };
        assert!(settings.validate("fuzzed").is_empty());
        if let Ok(person) = claims::person(&settings, &said, None) {
            assert!(person.id.as_str().len() <= rosterd_model::ExternalId::MAX_BYTES);
            assert!(
                !person.attributes.contains_key("emails.work")
                    || said.contains_key("email_verified")
                    || said.contains_key("xms_edov")
            );
        }
    }
}

fn settings(preset: Preset) -> Option<LoginSettings<()>> {
    let connection: ConnectionId = "fuzzed".parse().ok()?;
    let issuer = match preset {
        Preset::EntraId => "https://login.microsoftonline.com/t/v2.0",
        Preset::Generic | Preset::Okta => "https://id.example",
    };
    let values = BTreeMap::from([("g1".to_owned(), "One".to_owned())]);
    Some(LoginSettings {
        connection,
        issuer: issuer.to_owned(),
        client_id: "hub".to_owned(),
        client_secret: None,
        preset,
        scopes: Vec::new(),
        userinfo: None,
        claims: BTreeMap::from([("title".to_owned(), "title".to_owned())]),
        email_domains: vec!["acme.example".to_owned()],
        unverified_email: Default::default(),
        groups: Some(GroupSettings { claim: "groups".to_owned(), values: values.clone(), remove: true }),
        org_unit: Some(UnitSettings { claim: "department".to_owned(), values }),
        after: None,
        networks: Vec::new(),
        ca_file: None,
    })
}
