//! Making equal things equal before anything is compared, and refusing what can not be made valid.
//!
//! A record is untrusted: its JSON is read once, straight into values, with limits on size, depth and number. What
//! comes out is in Unicode NFC, without space around it; an empty text is `Null`, because nobody can tell the two apart
//! at a destination. A record that breaks a rule becomes a [`Problem`], never a panic and never a guess.

pub mod amend;
pub mod json;
pub mod value;

use crate::problem::Problem;
use rosterd_model::shadow::RecordHash;
use rosterd_model::{Attributes, ExternalId, Record};

pub use amend::amend;
pub use json::{json_attributes, json_value, to_json, value_to_json};

/// The longest JSON text of a record, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// How deep lists and structured values may be nested, the record itself included.
pub const MAX_DEPTH: usize = 16;
/// The most attributes of a record, and the most keys of a structured value.
pub const MAX_ATTRIBUTES: usize = 512;
/// The longest name of an attribute, in bytes.
pub const MAX_NAME: usize = 256;

/// Normalises what a source said about one object.
///
/// # Errors
/// A sentence that names the attribute, with reason `Invalid`.
pub fn normalise(record: &Record) -> Result<Attributes, Problem> {
    check_id(&record.id, "its id")?;
    if let Some(previous) = &record.previous_id {
        check_id(previous, "its previous id")?;
    }
    json_attributes(&record.attributes)
}

/// The hash of a record as the source said it; equal hashes mean that nothing was said anew.
#[must_use]
pub fn record_hash(record: &Record) -> RecordHash {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: Option<&str>| match bytes {
        None => {
            hasher.update(&[0]);
        }
        Some(text) => {
            hasher.update(&[1]);
            hasher.update(&(text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
    };
    part(Some(record.class.as_str()));
    part(Some(record.id.as_str()));
    part(record.previous_id.as_ref().map(ExternalId::as_str));
    part(record.version.as_deref());
    part(Some(&record.attributes));
    part(record.partial.then_some(""));
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

/// An id is part of keys in the store and of lines on a terminal.
fn check_id(id: &ExternalId, what: &str) -> Result<(), Problem> {
    let text = id.as_str();
    let because = if text.is_empty() {
        "is empty".to_owned()
    } else if text.len() > ExternalId::MAX_BYTES {
        format!("has {} bytes, more than {}", text.len(), ExternalId::MAX_BYTES)
    } else if text.chars().any(char::is_control) {
        "contains a control character".to_owned()
    } else {
        return Ok(());
    };
    Err(Problem::invalid(format!("the record can not be used: {what} {because}; correct it at the source")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rosterd_model::{Class, Value};

    fn record(attributes: &str) -> Record {
        Record {
            class: Class::Account,
            id: "1".into(),
            previous_id: None,
            version: None,
            attributes: attributes.to_owned(),
            partial: false,
        }
    }

    #[test]
    fn equal_things_become_equal() {
        let attributes = normalise(&record(
            r#"{"a":"\ufeff\u00a0 e\u0301 \u200b","b":"  ","c":1.0,"d":1.5,"e":["x",null,""],"f":{"ref":"account","id":" 7 "},"g":false}"#,
        ))
        .expect("valid");
        let text = |name: &str| attributes.get(name).cloned();
        assert_eq!(text("a"), Some("é".into()));
        assert_eq!(text("b"), Some(Value::Null));
        assert_eq!(text("c"), Some(Value::Integer(1)));
        assert_eq!(text("d"), Some(Value::Decimal(1.5)));
        assert_eq!(text("e"), Some(Value::List(vec!["x".into()])));
        assert_eq!(text("f"), Some(Value::Reference { class: Class::Account, id: " 7 ".into() }), "ids are opaque");
        assert_eq!(text("g"), Some(Value::Bool(false)));
    }

    #[test]
    fn a_decimal_is_read_to_its_last_bit() {
        // Read less exactly, this one became its neighbour each time it was written and read again.
        for exact in [3_603_000_000_599_339.5_f64, 0.1, 5e-324, 2.514_159_265_358_979_3] {
            let attributes = normalise(&record(&format!("{{\"a\":{exact:e}}}"))).expect("valid");
            assert_eq!(attributes.get("a"), Some(&Value::Decimal(exact)));
        }
    }

    #[test]
    fn what_can_not_be_made_valid_is_refused_with_the_name_of_the_attribute() {
        let deep = format!("{{\"deep\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        let many = (0..600).map(|n| format!("\"a{n}\":1")).collect::<Vec<_>>().join(",");
        for (text, expected) in [
            (r#"{"mail":"a\u0000b"}"#, "\"mail\""),
            (r#"{"a":1,"twice":1,"twice":2}"#, "\"twice\""),
            (r#"{"x":{"k":1,"k":2}}"#, "\"x\""),
            (r#"{"staff":18446744073709551615}"#, "\"staff\""),
            (r#"{"staff":123456789012345678901}"#, "\"staff\""),
            (r#"{"boss":{"ref":"person","id":"1"}}"#, "\"boss\""),
            (r#"{"boss":{"ref":"account","id":""}}"#, "\"boss\""),
            (deep.as_str(), "\"deep\""),
            (&format!("{{{many}}}"), "512"),
            ("[1]", "JSON object"),
            ("{\"a\":1} x", "JSON"),
            ("", "JSON"),
        ] {
            let problem = normalise(&record(text)).expect_err(text);
            assert!(problem.message.contains(expected), "{text:.40}: {problem}");
        }
        let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BYTES));
        assert!(normalise(&record(&huge)).expect_err("too large").message.contains("1048576"));
    }

    #[test]
    fn the_hash_covers_every_part_and_keeps_them_apart() {
        let base = record("{}");
        let mut seen = vec![record_hash(&base)];
        for change in [
            Record { class: Class::Group, ..base.clone() },
            Record { id: "2".into(), ..base.clone() },
            Record { previous_id: Some("1".into()), ..base.clone() },
            Record { version: Some("1".into()), ..base.clone() },
            Record { attributes: "{ }".into(), ..base.clone() },
            Record { partial: true, ..base.clone() },
        ] {
            let hash = record_hash(&change);
            assert!(!seen.contains(&hash), "{change:?}");
            seen.push(hash);
        }
    }

    #[test]
    fn an_id_can_be_a_key_and_a_line_on_a_terminal() {
        let with = |id: &str| normalise(&Record { id: id.into(), ..record("{}") });
        assert!(with(&"x".repeat(1024)).is_ok() && with("中文 7").is_ok());
        for (id, words) in
            [("", "is empty"), (&*"x".repeat(1025), "1025 bytes"), ("a\nb", "control"), ("\u{7}", "control")]
        {
            let problem = with(id).expect_err(words);
            assert!(problem.message.contains("its id") && problem.message.contains(words), "{problem}");
            let problem = normalise(&Record { previous_id: Some(id.into()), ..record("{}") }).expect_err(words);
            assert!(problem.message.contains("its previous id"), "{problem}");
        }
    }

    #[test]
    fn limits_hold_at_their_last_value() {
        let ok = |text: &str| normalise(&record(text)).is_ok();
        let text = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
        assert!(ok(&text(MAX_BYTES)) && !ok(&text(MAX_BYTES + 1)));
        let deep = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(ok(&deep(MAX_DEPTH)) && !ok(&deep(MAX_DEPTH + 1)));
        let maps = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(ok(&maps(MAX_DEPTH)) && !ok(&maps(MAX_DEPTH + 1)));
        let object = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|n| format!("\"a{n}\":1")).collect();
            format!("{{{}}}", pairs.join(","))
        };
        assert!(ok(&object(MAX_ATTRIBUTES)) && !ok(&object(MAX_ATTRIBUTES + 1)));
        let within = |count: usize| format!("{{\"a\":{}}}", object(count));
        assert!(ok(&within(MAX_ATTRIBUTES)) && !ok(&within(MAX_ATTRIBUTES + 1)));
        let name = |length: usize| format!("{{\"{}\":1}}", "n".repeat(length));
        assert!(ok(&name(MAX_NAME)));
        assert!(normalise(&record(&name(MAX_NAME + 1))).expect_err("long").message.contains("more than 256 bytes"));
        assert!(normalise(&record("{\" \":1}")).expect_err("empty").message.contains("empty name"));
        for (text, place) in [
            (r#"{"a\u0007":1}"#, "the record has"),
            (r#"{"a":1,"b\u0007":1}"#, "the record has"),
            (r#"{"a":{"b\u0007":1}}"#, "attribute \"a\" has"),
        ] {
            let problem = normalise(&record(text)).expect_err("control");
            assert!(problem.message.starts_with(place) && problem.message.contains("control character"), "{problem}");
        }
    }

    #[test]
    fn only_the_id_of_a_reference_is_opaque() {
        let read = |text: &str| normalise(&record(text)).expect("valid");
        let map = |pairs: &[(&str, Value)]| {
            Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        assert_eq!(read(r#"{"id":" 7 "}"#).get("id"), Some(&"7".into()));
        let inner = map(&[("id", "7".into()), ("x", Value::Integer(1))]);
        assert_eq!(read(r#"{"a":{"id":" 7 ","x":1}}"#).get("a"), Some(&inner));
        assert_eq!(read(r#"{"a":{"id":{"id":" 7 ","x":1}}}"#).get("a"), Some(&map(&[("id", inner)])));
        let plain = map(&[("ref", "account".into()), ("name", "7".into())]);
        assert_eq!(read(r#"{"a":{"ref":"account","name":"7"}}"#).get("a"), Some(&plain), "no id, no reference");
        let reference = |id: &str| normalise(&record(&format!("{{\"a\":{{\"ref\":\"group\",\"id\":\"{id}\"}}}}")));
        assert!(reference(&"x".repeat(1024)).is_ok());
        assert!(reference(&"x".repeat(1025)).is_err() && reference("a\\nb").is_err());
    }

    #[test]
    fn numbers_are_kept_exactly_or_refused() {
        let read = |number: &str| normalise(&record(&format!("{{\"a\":{number}}}"))).map(|read| read.get("a").cloned());
        assert_eq!(read("9007199254740992.0"), Ok(Some(Value::Integer(9_007_199_254_740_992))));
        assert_eq!(read("-2.0"), Ok(Some(Value::Integer(-2))));
        assert_eq!(read("9223372036854775807"), Ok(Some(Value::Integer(i64::MAX))));
        for lossy in ["9007199254740994.0", "-1e300", "9223372036854775808", "1e300"] {
            assert!(read(lossy).expect_err(lossy).message.contains("write it as text"), "{lossy}");
        }
    }

    #[test]
    fn broken_json_is_said_to_be_so_with_its_place_and_without_its_text() {
        let problem = normalise(&record("{\"secret\":\n 1,,}")).expect_err("broken");
        assert!(problem.message.contains("is no valid JSON (line 2, column 4)"), "{problem}");
        let problem = normalise(&record("")).expect_err("nothing");
        assert!(problem.message.starts_with("the record is no valid JSON"), "{problem}");
        assert!(
            json_value("mail", "{").expect_err("broken").message.starts_with("attribute \"mail\" is no valid JSON")
        );
        assert_eq!(problem.to_string(), problem.message);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = r#"{"a":"x","b":null,"c":[1,2.5,true],"d":{"ref":"org-unit","id":"7"},"e":{"k":"v"}}"#;
        let attributes = json_attributes(text).expect("valid");
        assert_eq!(to_json(&attributes), text);
        assert_eq!(value_to_json(&Value::Integer(7)), serde_json::json!(7));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = normalise(&record(&String::from_utf8_lossy(&bytes)));
        }

        #[test]
        fn what_is_normal_stays_as_it_is(attributes in crate::strategy::attributes()) {
            let Ok(once) = json_attributes(&to_json(&attributes)) else { return Ok(()) };
            prop_assert_eq!(json_attributes(&to_json(&once)), Ok(once));
        }

        #[test]
        fn words_of_json_in_any_order_do_not_panic(words in proptest::collection::vec(prop_oneof![
            Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just("\"id\""), Just("\"ref\""),
            Just("\"account\""), Just("null"), Just("1"), Just("1e999"), Just("-0.0"), Just("\"\\ud800\""), Just("\"a\""),
        ], 0..16)) {
            let _ = normalise(&record(&words.concat()));
            let _ = json_value("x", &words.concat());
        }
    }
}
