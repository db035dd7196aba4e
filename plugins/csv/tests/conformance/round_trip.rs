//! What is exported and imported again is what it was, whatever the values look like.

use super::{accounts, scan, world};
use proptest::prelude::*;
use rosterd_plugin_csv::Csv;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Action, Class, Destination, Operation, Receipt};
use serde_json::{Value, json};

/// Texts that spreadsheets, quoting, delimiters and encodings stumble over.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "['=+@＝＋－＠\\t\r\n\",;|\\\\a-]{1,8}",
        "[ a-zé李🙂\u{3000}]{1,12}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
    // A row without anything in it is no row; an empty cell says nothing.
    .prop_filter("says something", |text| !text.is_empty())
}

fn people() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let person = (value(), prop::collection::vec("[a;\\\\b'=-]{1,4}", 1..4));
    prop::collection::vec(person, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn export_then_import_loses_nothing(
        people in people(),
        delimiter in prop_oneof![Just(","), Just(";"), Just("\t"), Just("|")],
        encoding in prop_oneof![Just("utf-8"), Just("gb18030"), Just("utf-16le")],
        (raw, replace, bom) in any::<(bool, bool, bool)>(),
    ) {
        let more = json!({
            "delimiter": delimiter, "encoding": encoding, "multi-value": ["roles"], "raw": raw, "replace": replace,
            "bom": bom, "file": "out.csv",
        });
        let _world = world("", "id", more).enter();
        let operations: Vec<Operation> = people.iter().enumerate().map(|(row, (note, roles))| {
            let attributes = json!({ "id": format!("E{row}"), "note": note, "roles": roles }).to_string();
            Operation {
                key: row.to_string(), class: Class::Account, id: None, action: Action::Create(attributes.clone()),
                desired: attributes, known: None, version: None, attempt: 1,
            }
        }).collect();
        let mut csv = open::<Csv>().unwrap();
        for receipt in csv.apply(operations) {
            prop_assert!(matches!(receipt, Receipt::Applied(_)), "{:?}", receipt);
        }
        csv.finish().unwrap();
        let (changes, _) = scan().unwrap();
        let expected: Vec<(String, Value)> = people.iter().enumerate().map(|(row, (note, roles))| {
            (format!("E{row}"), json!({ "id": format!("E{row}"), "note": note, "roles": roles }))
        }).collect();
        prop_assert_eq!(accounts(&changes), expected, "{:?}", changes);
    }

    #[test]
    fn no_bytes_make_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "[a-c,;\"\r\n'=李]{0,120}") {
        for content in [bytes.as_slice(), text.as_bytes()] {
            let mut file = b"id,name\n".to_vec();
            file.extend_from_slice(content);
            let _world = world(&file, "id", json!({ "multi-value": ["name"] })).enter();
            let _ = scan();
            let _world = world(content, "a", json!({})).enter();
            let _ = scan();
        }
    }
}
