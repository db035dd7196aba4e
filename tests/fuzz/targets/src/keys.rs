//! Keys, signatures and what is sealed with them; queries of the directory.

use crate::input::{fields, number, text, texts};
use rosterd_connector::directory::{Filter, parse_query};
use rosterd_connector::fuzzing as connector;
use rosterd_model::Class;
use rosterd_reconcile::filter::{fits, order, probes, sort_keys};

/// Keys as operators store them and remote systems publish them; signatures by them; encrypted bytes.
pub fn key(bytes: &[u8]) {
    let [key, signature, data] = fields(bytes);
    if let Ok(jwk) = connector::private_key(key) {
        assert_eq!(connector::public_key(&jwk).as_ref(), Ok(&jwk));
    }
    let public = text(key);
    if let Ok(jwk) = connector::public_key(&public) {
        assert_eq!(connector::public_key(&jwk).as_ref(), Ok(&jwk), "{public}");
    }
    for algorithm in ["rs256", "ps256", "es256", "ed25519"] {
        assert_ne!(
            connector::known_key(algorithm, &public, data, signature),
            Ok(true),
            "a forged signature was accepted"
        );
    }
    for algorithm in ["aes-cbc", "aes-gcm"] {
        let iv = (!signature.is_empty()).then_some(signature);
        let _ = connector::cipher(algorithm, key, iv, data, true);
        if let Ok(closed) = connector::cipher(algorithm, key, iv, data, false) {
            assert_eq!(connector::cipher(algorithm, key, iv, &closed, true).as_deref(), Ok(data), "{algorithm}");
        }
    }
}

/// A public key that must be among the server's.
pub fn tls_pin(bytes: &[u8]) {
    let pin = text(bytes);
    if let Ok(digest) = connector::pin(&pin) {
        let written = connector::write("base64", b"", &digest).unwrap_or_default();
        assert_eq!(connector::pin(&format!("sha256/{}", text(&written))), Ok(digest));
    }
}

/// A cursor of the directory that comes back from a client.
pub fn directory_cursor(bytes: &[u8]) {
    let [inner, sealed, at] = fields(bytes);
    let (Ok(key), Ok(query)) = (connector::Cursors::fresh(), parse_query("{}", 10)) else { panic!("no key") };
    assert!(key.open(Class::Account, &query, &text(sealed)).is_err(), "a cursor was made up");
    let inner = text(inner);
    if let Some(place) = rosterd_engine::fuzzing::place(&inner) {
        assert_eq!(rosterd_engine::fuzzing::place(&place).as_ref(), Some(&place));
    }
    let Ok(good) = key.seal(Class::Account, &query, &inner) else {
        assert!(inner.len() > 1024);
        return;
    };
    assert_eq!(key.open(Class::Account, &query, &good).as_ref(), Ok(&inner));
    let mut forged = good.clone().into_bytes();
    let (at, _) = number(at);
    let at = usize::try_from(at).unwrap_or_default() % forged.len();
    forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
    assert!(key.open(Class::Account, &query, &text(&forged)).is_err(), "{good} was changed at {at}");
    assert!(key.open(Class::Group, &query, &good).is_err());
}

/// A query of the directory.
pub fn directory_query(bytes: &[u8]) {
    let [query] = texts(bytes);
    let Ok(parsed) = parse_query(&query, 100) else { return };
    assert!(parsed.max <= 100 && parsed.sort.len() <= 256 && query.len() <= 64 << 10);
    assert!(parsed.after.is_none() || parsed.offset == 0);
    let text = r#"{"userName":"a","a":[{"value":"2026-01-05T08:00:00Z","type":1}],"urn:x:2.0:a":{"b":{"ref":"account","id":"7"}}}"#;
    let (id, attributes) = ("a".into(), rosterd_reconcile::json_attributes(text).unwrap_or_default());
    let keys = sort_keys(&parsed.sort, &id, &attributes);
    assert!(order(&parsed.sort, &keys, &keys).is_eq());
    let Some(filter) = &parsed.filter else { return };
    let fitting = fits(filter, &id, &attributes);
    assert_eq!(fits(&Filter::Not(Box::new(filter.clone())), &id, &attributes), !fitting);
    if let (Some(probes), true) = (probes(filter), fitting) {
        assert!(!probes.is_empty(), "an index that shows nobody, and somebody fits");
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const KEYS: &[&str] = &[
        "{\"kty\":\"RSA\",\"n\":\"",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"",
        "\",\"e\":\"",
        "\",\"y\":\"",
        "\"}",
        "AQAB",
        "AA",
        "_w",
        "",
        "wYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYU",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n",
        "\n-----END PRIVATE KEY-----\n",
        "MC4CAQAwBQYDK2VwBCIEIA==",
    ];
    const QUERIES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"filter\":",
        "\"and\":",
        "\"not\":",
        "\"attribute\":\"a\"",
        "\"is\":\"eq\"",
        "\"value\":1",
        "\"sort\":",
        "\"offset\":1",
        "\"after\":\"x\"",
        "\"max\":999",
        "\"attributes\":",
        "\"a\"",
    ];

    proptest! {
        #[test]
        fn keys(mixed in words(KEYS, 8), bytes in bytes(70), jwk in "[A-Za-z0-9_-]{0,90}", iv in bytes(20), data in bytes(64)) {
            super::key(&join(&[mixed.as_bytes(), &iv, &data]));
            super::key(&join(&[bytes.as_slice(), &iv, &data]));
            for (head, end) in [(0, "\",\"e\":\"AQAB\"}"), (1, "\",\"y\":\"AA\"}"), (2, "\"}")] {
                super::key(&join(&[format!("{}{jwk}{end}", KEYS[head]).as_bytes(), &iv, &data]));
            }
            super::key(&join(&[&[7; 32], &[1; 12][..], &data]));
            super::key(&join(&[&[7; 16], &[1; 16][..], &data.repeat(16)]));
        }

        #[test]
        fn pins(any in ".{0,20}", digest in any::<[u8; 32]>(), cut in 0..60_usize) {
            super::tls_pin(any.as_bytes());
            let written = super::connector::write("base64", b"", &digest).unwrap_or_default();
            super::tls_pin(&[b"sha256/", &written[..written.len().min(cut)]].concat());
        }

        #[test]
        fn cursors(inner in ".{0,40}", sealed in "[0-9a-f]{0,80}", at in any::<[u8; 8]>()) {
            super::directory_cursor(&join(&[inner.as_bytes(), sealed.as_bytes(), &at]));
        }

        #[test]
        fn queries(any in ".{0,40}", mixed in words(QUERIES, 20)) {
            super::directory_query(any.as_bytes());
            super::directory_query(format!("{{{mixed}").as_bytes());
        }
    }
}
