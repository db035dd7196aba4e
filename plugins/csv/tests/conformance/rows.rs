//! The splitting into rows against a reader and writer that share no code with it.

use super::world;
use proptest::prelude::*;
use rosterd_plugin_csv::decode::{Decoded, Encoding};
use rosterd_plugin_csv::rows::{Row, Rows};

fn read(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let _world = world(text, "id", serde_json::json!({})).enter();
    let mut rows = Rows::open(Decoded::open("people.csv", Encoding::Utf8).unwrap(), Some(delimiter)).unwrap();
    let mut row = Row::default();
    let mut all = Vec::new();
    while rows.read(&mut row).unwrap() {
        assert_eq!(row.damage, None);
        all.push(row.cells().map(str::to_owned).collect());
    }
    all
}

proptest! {
    #[test]
    fn rows_are_those_of_the_csv_crate(
        table in prop::collection::vec(prop::collection::vec("[a-c;, \"\r\n\té李]{0,6}", 3), 1..8),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        always in any::<bool>(),
        terminator in prop_oneof![Just(csv::Terminator::CRLF), Just(csv::Terminator::Any(b'\n')), Just(csv::Terminator::Any(b'\r'))],
    ) {
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer =
            csv::WriterBuilder::new().delimiter(delimiter).quote_style(style).terminator(terminator).from_writer(Vec::new());
        for row in &table {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        // Rows without anything in them are not rows of a table of people.
        let expected: Vec<Vec<String>> =
            table.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        prop_assert_eq!(read(&text, delimiter), expected, "{:?}", text);
    }
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let _world = world("a\r\n\"x\r\ny\"\r\n\r\nb\rc\nd", "id", serde_json::json!({})).enter();
    let mut rows = Rows::open(Decoded::open("people.csv", Encoding::Utf8).unwrap(), None).unwrap();
    let mut row = Row::default();
    let mut lines = Vec::new();
    while rows.read(&mut row).unwrap() {
        lines.push((row.line, row.last_line, row.cell(0).to_owned()));
    }
    let line = |first, last, text: &str| (first, last, text.to_owned());
    assert_eq!(lines, [line(1, 1, "a"), line(2, 3, "x\r\ny"), line(5, 5, "b"), line(6, 6, "c"), line(7, 7, "d")]);
}
