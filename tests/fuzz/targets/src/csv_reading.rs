//! The csv connector, reading: encodings, rows, headers, paths and settings.

use crate::input::texts;
use rosterd_plugin_csv::decode::{Decoded, Encoding, detect, encode};
use rosterd_plugin_csv::header::{Columns, Kind};
use rosterd_plugin_csv::rows::{Row, Rows};
use rosterd_plugin_csv::settings::Settings;
use rosterd_plugin_csv::{aliases, orgpath};
use rosterd_sdk::Fault;
use rosterd_sdk::testkit::World;
use serde_json::json;

/// All encodings that a file may have.
const ENCODINGS: [Encoding; 6] =
    [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Gb18030, Encoding::Big5, Encoding::Windows1252];
/// Longest cell that is accepted.
const LONGEST_CELL: usize = 64 * 1024;

fn decoded(bytes: &[u8], encoding: Encoding) -> Result<Vec<u8>, Fault> {
    let _world = World::new().file("f", bytes).enter();
    let mut decoded = Decoded::open("f", encoding)?;
    let mut all = Vec::new();
    while let Some(piece) = decoded.chunk()? {
        all.extend(piece);
    }
    Ok(all)
}

/// A file in an encoding that must be found out.
pub fn csv_encoding(bytes: &[u8]) {
    let found = {
        let _world = World::new().file("f", bytes).enter();
        detect("f")
    };
    if let Ok(Encoding::Utf8) = found
        && !bytes.starts_with(b"\xEF\xBB\xBF")
    {
        assert!(std::str::from_utf8(bytes).is_ok(), "it was called UTF-8 without being it");
    }
    if let Ok(Encoding::Gb18030) = found {
        assert!(decoded(bytes, Encoding::Gb18030).is_ok(), "an encoding was guessed that does not fit the whole file");
    }
    for encoding in ENCODINGS {
        let Ok(all) = decoded(bytes, encoding) else { continue };
        assert!(all.len() <= 3 * bytes.len(), "{encoding} made more of it than any character is long");
        // Who splits it into rows checks UTF-8.
        let Ok(once) = String::from_utf8(all) else { continue };
        // A mark would be taken for the one of the file.
        if let Some(written) = encode(&once, encoding).filter(|_| !once.starts_with('\u{FEFF}')) {
            assert_eq!(decoded(&written, encoding).ok().as_deref(), Some(once.as_bytes()), "{encoding}");
        }
    }
}

/// Decoded text, split into rows: with a delimiter that is found out, or the one that the first byte names.
pub fn csv_rows(bytes: &[u8]) {
    let delimiter = bytes.first().and_then(|byte| [None, Some(b';'), Some(b'\t')].get(usize::from(*byte))).copied();
    let (delimiter, file) = delimiter.map_or((Some(b','), bytes), |found| (found, &bytes[1..]));
    let _world = World::new().file("f", file).enter();
    let open = || Decoded::open("f", Encoding::Utf8).and_then(|decoded| Rows::open(decoded, delimiter));
    let (Ok(mut rows), mut row) = (open(), Row::default()) else { return };
    let (mut seen, mut line, mut places) = (0, 0, vec![rows.position()]);
    while let Ok(true) = rows.read(&mut row) {
        assert!(row.line > line && row.last_line >= row.line, "rows stand on lines of their own, in order");
        assert!(row.cells().all(|cell| cell.len() <= LONGEST_CELL) || row.damage.is_some());
        seen += row.cells().map(str::len).sum::<usize>();
        assert!(seen <= 3 * file.len(), "more came out than went in");
        line = row.last_line;
        places.push(rows.position());
    }
    // Going on from any place gives what stands behind it.
    for place in places.into_iter().take(8) {
        let Ok(mut resumed) = open() else { return };
        assert!(resumed.advance(place).is_ok(), "a place of this very file was refused: {place:?}");
        assert_eq!(resumed.position(), place);
    }
}

/// Cells of a header row.
pub fn csv_header(bytes: &[u8]) {
    let [id, rest] = texts(bytes);
    let cells: Vec<&str> = rest.split('\u{1f}').collect();
    let settings = json!({ "file": "f", "id": id, "multi-value": ["roles"], "headers": { "Kostenstelle": "cost" } });
    let Ok(settings) = serde_json::from_value::<Settings>(settings) else { return };
    for cell in &cells {
        assert_eq!(aliases::key(&aliases::key(cell)), aliases::key(cell));
        let name = aliases::name(cell);
        assert!(name.chars().all(|c| c.is_alphanumeric() || c == '_'), "{name:?} is no name of an attribute");
    }
    let Ok(columns) = Columns::parse(&Row::of_cells(&cells, cells.len()), &settings) else { return };
    assert!(columns.all.len() <= cells.len() && columns.all[columns.id].kind == Kind::Number);
    let mut names: Vec<&str> =
        columns.all.iter().filter(|column| column.kind != Kind::Ignored).map(|c| c.attribute.as_str()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "two columns mean one attribute");
    assert!(columns.all.iter().all(|column| column.kind == Kind::Ignored || !aliases::is_password(&column.header)));
}

/// A path of org units, and what separates their names.
pub fn csv_org_path(bytes: &[u8]) {
    let [separator, path] = texts(bytes);
    let separator = separator.chars().next().filter(|separator| *separator != '\\').unwrap_or('/');
    let Ok(units) = orgpath::parse(&path, separator) else { return };
    assert!(units.len() <= 32 && units.iter().all(|unit| !unit.name.is_empty()));
    assert!(units.windows(2).all(|pair| pair[1].id.starts_with(&pair[0].id)), "{units:?}");
    if let Some(last) = units.last() {
        assert_eq!(orgpath::parse(&last.id, separator).as_ref(), Ok(&units), "{path:?} by {separator:?}");
    }
}

/// The settings of a connection, as JSON.
pub fn csv_settings(bytes: &[u8]) {
    if let Ok(settings) = serde_json::from_slice::<Settings>(bytes)
        && settings.check().is_ok()
    {
        assert!(settings.delimiter_byte().is_ok_and(|byte| byte.is_none_or(|byte| byte.is_ascii())));
        assert_eq!(settings.org_separator.chars().count(), 1);
        assert!(!settings.id.trim().is_empty());
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{CELLS, bytes, join, words};
    use proptest::prelude::*;

    const HEADERS: &[&str] = &[
        "\u{1f}",
        "id",
        "工号",
        "Name",
        "name",
        "roles",
        "Kostenstelle",
        "password",
        "密码",
        "org_path",
        "manager",
        "İ",
        " ",
        "*",
        "'=x",
        "customFieldMap.",
        "ﬀ",
        "\u{200b}",
    ];

    proptest! {
        #[test]
        fn encodings(bytes in bytes(300), text in words(CELLS, 40), little in any::<bool>()) {
            super::csv_encoding(&bytes);
            super::csv_encoding(text.as_bytes());
            let pairs = text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
            super::csv_encoding(&pairs.collect::<Vec<u8>>());
        }

        #[test]
        fn rows(bytes in bytes(200), text in words(CELLS, 60), first in 0..4_u8) {
            super::csv_rows(&bytes);
            super::csv_rows(&[&[first], text.as_bytes()].concat());
        }

        #[test]
        fn headers(id in words(HEADERS, 3), cells in words(HEADERS, 16)) {
            super::csv_header(&join(&[id, cells]));
        }

        #[test]
        fn org_paths(separator in any::<char>(), path in words(CELLS, 16), any in ".{0,30}") {
            for path in [path, any, format!("A{separator}\\{separator}B{separator} C")] {
                super::csv_org_path(&join(&[separator.to_string(), path]));
            }
        }

        #[test]
        fn settings(bytes in bytes(60), key in "delimiter|org-separator|encoding|class|id|journal", value in ".{0,3}") {
            super::csv_settings(&bytes);
            let settings = serde_json::json!({ "file": "f", "id": "id" });
            let mut settings = settings.as_object().cloned().unwrap_or_default();
            settings.insert(key, value.into());
            super::csv_settings(serde_json::Value::Object(settings).to_string().as_bytes());
        }

    }
}
