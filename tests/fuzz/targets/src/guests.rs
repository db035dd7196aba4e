//! What components say while they run: pages, receipts, lines of the log; and what the host keeps of it.

use crate::input::{fields, text, texts};
use rosterd_connector::fuzzing as connector;
use rosterd_model::outbox::Receipt;
use rosterd_model::record::{Change, Rejection};
use rosterd_model::{Class, ExternalId};

/// Longest parts of a rejection: where, why, and the raw text.
const REJECTION: [usize; 3] = [256, 1024, 4096];

fn is_key(id: &ExternalId) -> bool {
    (1..=ExternalId::MAX_BYTES).contains(&id.as_str().len())
}

/// A page of a source.
pub fn guest_page(bytes: &[u8]) {
    let (count, page) = connector::page(bytes);
    assert_eq!(page.changes.len(), count, "a change was lost");
    let end = page.end.as_ref();
    assert!(end.is_some_and(|end| end.cursor == page.resume));
    for change in &page.changes {
        match change {
            Change::Upsert(record) => assert!(is_key(&record.id) && record.previous_id.as_ref().is_none_or(is_key)),
            Change::Amend(amendment) => assert!(is_key(&amendment.id)),
            Change::Gone { id, .. } => assert!(is_key(id)),
            Change::Rejected(Rejection { class, id, position, message, raw }) => {
                let parts = [position, message, raw];
                assert!(parts.iter().zip(REJECTION).all(|(part, most)| part.len() <= most));
                // Either the connector rejected it, or its id is no key; then its class is known and blocked.
                assert!(id.as_ref().is_none_or(is_key));
                assert!(class.is_none_or(|class| Class::ALL.contains(&class)));
            }
        }
    }
}

/// Receipts of a destination.
pub fn guest_receipts(bytes: &[u8]) {
    for receipt in connector::receipts(bytes) {
        if let Receipt::Applied(done) | Receipt::Unchanged(done) = receipt {
            // What can not be stored was done all the same: it is unknown then, and looked up.
            assert!(is_key(&done.id));
        }
    }
}

/// A line of the log, or of a fault.
pub fn log_line(bytes: &[u8]) {
    let clean = connector::line(&text(bytes));
    assert!(clean.len() <= (8 << 10) + '…'.len_utf8());
    assert!(!clean.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{clean:?}");
    assert_eq!(connector::line(&clean).trim_end_matches('…'), clean.trim_end_matches('…'));
}

/// Files that a source read: the names and contents by which its version is told.
pub fn source_version(bytes: &[u8]) {
    let [one, other, more] = fields(bytes);
    let (name, more_name) = (text(one), format!("{}x", text(one)));
    let version = |files: &[(&str, Option<&[u8]>)]| connector::version(files);
    let first = version(&[(&name, Some(other))]);
    assert!(first.as_ref().is_some_and(|version| version.starts_with("blake3:")));
    // A file that was not read to its end tells nothing, and so does none.
    assert_eq!((version(&[]), version(&[(&name, None)])), (None, None));
    assert_eq!(version(&[(&name, Some(other)), (&more_name, None)]), None);
    // The order of reading does not count; names and contents do, and can not be moved into each other.
    let both = version(&[(&name, Some(other)), (&more_name, Some(more))]);
    assert_eq!(both, version(&[(&more_name, Some(more)), (&name, Some(other))]));
    assert_ne!(both, first);
    if other != more {
        assert_ne!(both, version(&[(&name, Some(more)), (&more_name, Some(other))]));
    }
}

/// A schema of settings, and settings.
pub fn settings(bytes: &[u8]) {
    let [schema, given] = texts(bytes);
    let (Ok(schema), Ok(given)) = (serde_json::from_str(&schema), serde_json::from_str(&given)) else { return };
    match connector::settings(&schema, &given) {
        Err(reason) => assert!(!reason.is_empty()),
        Ok(Err(problems)) => assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.is_empty())),
        // What was filled in fits, too, and nothing is filled in twice.
        Ok(Ok(filled)) => assert_eq!(connector::settings(&schema, &filled), Ok(Ok(filled.clone())), "{schema} {given}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const SCHEMAS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"type\":\"object\"",
        "\"type\":\"string\"",
        "\"type\":[\"integer\",\"null\"]",
        "\"properties\":",
        "\"a\":",
        "\"default\":1",
        "\"default\":{}",
        "\"required\":[\"a\"]",
        "\"additionalProperties\":false",
        "\"items\":",
        "\"enum\":[1]",
        "\"anyOf\":",
        "\"oneOf\":",
        "\"minimum\":2",
        "\"const\":null",
        "\"$ref\":\"#\"",
        "true",
        "false",
        "1",
        "\"x\"",
    ];
    const OBJECTS: &str = r#"\{("a":(1|"x"|null|\{\}|\{"a":1\}|\[1,1\]),?)?\}"#;
    const RULES: &str = r#"("type":"(object|integer|string)"|"default":(1|"x"|\{\})|"properties":\{"a":\{("default":(1|\{\}))?\}\}|"enum":\[1,"x"\]|"minimum":2|"required":\["a"\]|"anyOf":\[(true|false)\]|"uniqueItems":true)"#;

    proptest! {
        #[test]
        fn pages(bytes in bytes(300), long in any::<u8>()) {
            super::guest_page(&bytes);
            // An id of many bytes, in each kind of change.
            for kind in 0..4 {
                super::guest_page(&[0, kind, 0, 255, long, 1, 255, long, 1, 255, long, 255, long]);
            }
        }

        #[test]
        fn receipts(bytes in bytes(200), long in any::<u8>()) {
            super::guest_receipts(&bytes);
            super::guest_receipts(&[0, 255, long, 1, 0, 0, 1, 255, long]);
        }

        #[test]
        fn lines(any in any::<String>(), times in 0..3000_usize) {
            super::log_line(any.as_bytes());
            super::log_line(any.repeat(times.min(40_000 / (any.len() + 1))).as_bytes());
        }

        #[test]
        fn versions(name in bytes(8), one in bytes(20), other in bytes(20)) {
            super::source_version(&join(&[name, one, other]));
        }

        #[test]
        fn schemas(mixed in words(SCHEMAS, 24), rules in proptest::collection::vec(RULES, 0..5), inner in RULES, given in OBJECTS) {
            super::settings(&join(&[&mixed, &given]));
            let rules = rules.join(",");
            super::settings(&join(&[&format!("{{{rules}}}"), &given]));
            super::settings(&join(&[&format!("{{\"properties\":{{\"a\":{{{inner}}}}}}}"), &given]));
            super::settings(&join(&[&format!("{{\"allOf\":[{{{rules}}},{{{inner}}}]}}"), &given]));
        }
    }
}
