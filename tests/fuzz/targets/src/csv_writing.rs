//! The csv connector, writing: values to cells, protection from formulas, operations, and tables that are merged into.

use crate::input::texts;
use rosterd_plugin_csv::Csv;
use rosterd_plugin_csv::clean::{clean, damage};
use rosterd_plugin_csv::convert::split_values;
use rosterd_plugin_csv::header::Kind;
use rosterd_plugin_csv::publish::write_sheet;
use rosterd_plugin_csv::settings::Settings;
use rosterd_plugin_csv::sheet::Sheet;
use rosterd_plugin_csv::{neutralise, values};
use rosterd_sdk::testkit::World;
use rosterd_sdk::{Action, Class, Connector, Destination, Edit, ObjectRef, Operation, Receipt};
use serde_json::{Value, json};

/// A text on its way into a spreadsheet and back.
pub fn csv_cell(bytes: &[u8]) {
    let [text] = texts(bytes);
    let cell = neutralise::protect(&text);
    assert_eq!(neutralise::strip(&cell), text);
    let first = cell.chars().next();
    assert!(!matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠')), "{cell:?}");
    let once = clean(&text).into_owned();
    assert_eq!(clean(&once), once);
    assert_eq!(damage(&once), damage(&text));
}

/// The JSON of a value, or of the parts of an edit, and the cell that stood there.
pub fn csv_values(bytes: &[u8]) {
    let [before, replace, add, remove] = texts(bytes);
    for kind in [Kind::Text, Kind::Multi, Kind::Manager] {
        let Ok(value) = serde_json::from_str::<Value>(&replace) else { continue };
        let Ok(cell) = values::cell(&value, kind) else { continue };
        assert!(!cell.contains('\0') && cell.len() <= 12 * replace.len() + 12);
        let whole = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty() && text.trim() == text);
        if let (Kind::Multi, Value::Array(list)) = (kind, &value)
            && list.iter().all(whole)
        {
            let read: Vec<Value> = split_values(&cell).into_iter().map(Value::from).collect();
            assert_eq!(&read, list, "{cell:?}");
        }
    }
    let given = |text: String| (!text.is_empty()).then_some(text);
    let edit = Edit { attribute: "roles".to_owned(), replace: None, add: given(add), remove: given(remove) };
    if let Ok(once) = values::edited(&before, &edit, Kind::Multi) {
        // The same edit again changes nothing.
        assert_eq!(values::edited(&once, &edit, Kind::Multi).as_deref(), Ok(once.as_str()));
    }
}

/// A table that is merged into: what is written is read back as it was.
pub fn csv_table(bytes: &[u8]) {
    let Ok(settings) = serde_json::from_value::<Settings>(json!({ "file": "f", "id": "id" })) else { return };
    let world = World::new().file("f", bytes).enter();
    let Ok(sheet) = Sheet::load(&settings) else { return };
    let columns = sheet.columns.all.len();
    assert!(sheet.rows().all(|row| row.split('\0').count() == columns), "a row has another number of cells");
    // A character that its encoding has not is a reason to refuse; half a table is not.
    let Ok(output) = write_sheet(&sheet, &settings) else { return };
    assert_eq!(world.file("f").as_deref(), Some(bytes), "the file was touched before its time");
    assert!(output.commit().is_ok());
    let again = match Sheet::load(&settings) {
        Ok(again) => again,
        Err(fault) => panic!("what was written can not be read: {fault:?}"),
    };
    let rows = |sheet: &Sheet| sheet.rows().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&again), rows(&sheet));
    assert_eq!((again.encoding, again.columns.id), (sheet.encoding, sheet.columns.id));
}

/// Operations, one a line: a letter for the action, the id of the row, and JSON.
pub fn csv_operations(bytes: &[u8]) {
    const TABLE: &str = "id,name,status,roles,org_path\n1,a,on,x;y,A/B\n2,b,,,\n2,twice,,,\n";
    let settings = json!({ "file": "f", "id": "id", "multi-value": ["roles"], "journal": "j" });
    let open =
        || serde_json::from_value::<Settings>(settings.clone()).ok().and_then(|settings| Csv::open(settings).ok());
    let [text] = texts(bytes);
    let operations: Vec<Operation> =
        text.lines().enumerate().filter_map(|(number, line)| operation(number, line)).collect();
    let world = World::new().file("f", TABLE).enter();
    let Some(mut csv) = open() else { panic!("the settings are right") };
    let receipts = csv.apply(operations.clone());
    assert_eq!(receipts.len(), operations.len());
    assert_eq!(world.file("f").as_deref(), Some(TABLE.as_bytes()), "the file was touched before its time");
    if csv.finish().is_err() {
        return;
    }
    // What was done last is there, and doing it again changes nothing.
    let (Some(last), Some(Receipt::Applied(applied)), Some(mut again)) = (operations.last(), receipts.last(), open())
    else {
        return;
    };
    if last.id.as_ref().is_none_or(|id| clean(id) == applied.id) {
        let receipts = again.apply(vec![last.clone()]);
        assert!(matches!(&receipts[..], [Receipt::Unchanged(same)] if same.id == applied.id), "{last:?}: {receipts:?}");
    }
}

/// An operation; none for an unknown letter.
fn operation(number: usize, line: &str) -> Option<Operation> {
    let mut words = line.splitn(3, ' ');
    let (action, id, json) = (words.next()?, words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let edit = |replace: Option<&str>, add: Option<&str>| {
        let [replace, add] = [replace, add].map(|json| json.map(str::to_owned));
        Edit { attribute: "roles".to_owned(), replace, add, remove: None }
    };
    let (id, action) = match action {
        "c" => (None, Action::Create(json.to_owned())),
        "u" => (Some(id), Action::Update(vec![edit(Some(json), None)])),
        "a" => (Some(id), Action::Update(vec![edit(None, Some(json))])),
        "e" => (Some(id), Action::Enable),
        "d" => (Some(id), Action::Disable),
        "x" => (Some(id), Action::Delete),
        "m" => (Some(id), Action::MoveTo(Some(ObjectRef { class: Class::OrgUnit, id: json.to_owned() }))),
        "p" => (Some(id), Action::SetPassword),
        _ => return None,
    };
    let (key, class, id) = (number.to_string(), Class::Account, id.map(str::to_owned));
    let (desired, known, version, attempt) = ("{}".to_owned(), None, None, 1 + u32::try_from(number % 2).ok()?);
    Some(Operation { key, class, id, action, desired, known, version, attempt })
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join, words};
    use proptest::prelude::*;

    const CELLS: &[&str] = &[
        ",", ";", "\t", "\n", "\r\n", "\"", "\"\"", " ", "a", "1", "李", "é", "'", "=", "+", "-", "＠", "\u{a0}",
        "\u{200b}", "\u{feff}", "#", "E+10", "1.3", "\\",
    ];
    const JSON: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        "\"a\"",
        "\"b;\"",
        "\"\\\\\"",
        "\" \"",
        "\"\\u0000\"",
        ",",
        ":",
        "null",
        "1.5",
        "\"ref\"",
        "\"id\"",
    ];

    proptest! {
        #[test]
        fn cells(bytes in bytes(40), any in any::<String>(), text in words(CELLS, 12)) {
            super::csv_cell(&bytes);
            super::csv_cell(any.as_bytes());
            super::csv_cell(text.as_bytes());
        }

        #[test]
        fn values(before in words(CELLS, 8), parts in [words(JSON, 8), words(JSON, 8), words(JSON, 8)]) {
            let list = |json: &String| format!("[{}\"z\"]", json.replace(['[', ']', '{', '}', ':'], ""));
            super::csv_values(&join(&[&before, &parts[0], &parts[1], &parts[2]]));
            super::csv_values(&join(&[before, list(&parts[0]), list(&parts[1]), list(&parts[2])]));
        }

        #[test]
        fn operations(lines in proptest::collection::vec(("[cuaedxmp]", "[0-9]|é|", words(JSON, 5), words(CELLS, 3)), 0..6)) {
            let one = |(action, id, json, cell): &(String, String, String, String)| match action.as_str() {
                "c" => format!("c - {}", serde_json::json!({ "id": format!("{id}{cell}"), "name": cell, "roles": [cell, id], "new": json })),
                "m" => format!("m {id} {}", cell.replace(['\n', '\r'], "/")),
                _ => format!("{action} {id} {json}"),
            };
            super::csv_operations(lines.iter().map(one).collect::<Vec<_>>().join("\n").as_bytes());
        }

        #[test]
        fn tables(header in "(id|Id|工号,id|id,name)\n", body in words(CELLS, 40), bytes in bytes(80)) {
            super::csv_table(&bytes);
            super::csv_table(format!("{header}{body}").as_bytes());
            super::csv_table(&[header.as_bytes(), bytes.as_slice()].concat());
            super::csv_table(&header.encode_utf16().chain(body.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        }
    }
}
