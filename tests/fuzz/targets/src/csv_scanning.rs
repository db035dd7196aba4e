//! The csv connector, reading whole files, and going on where it stopped.

use crate::input::{number, text};
use rosterd_plugin_csv::Csv;
use rosterd_reconcile::json_attributes;
use rosterd_sdk::testkit::World;
use rosterd_sdk::{Change, Class, Connector, Fault, FaultKind, Page, Reader, Source};
use serde_json::{Value, json};

/// A world with a file, and a scan of it.
fn scan(resume: Option<&str>) -> Result<impl Reader, Fault> {
    let settings = json!({ "file": "f", "id": "id", "multi-value": ["roles"], "clear-token": "-" });
    let settings = serde_json::from_value(settings).map_err(|error| Fault::internal(error.to_string()))?;
    Csv::open(settings)?.scan(&[Class::Account, Class::OrgUnit], resume.map(str::to_owned))
}

/// Every page of a scan; an error ends it.
fn pages(mut reader: impl Reader) -> Vec<Page> {
    let mut all = Vec::new();
    while let Ok(page) = reader.next(3) {
        let ended = page.ended().is_some();
        all.push(page);
        if ended {
            break;
        }
    }
    all
}

/// A whole file: the columns of people, and then whatever comes.
pub fn csv_file(bytes: &[u8]) {
    let file = ["id,name,mobile,email,org_path,manager,status,roles,password\n".as_bytes(), bytes].concat();
    let _world = World::new().file("f", &file).enter();
    let Ok(reader) = scan(None) else { return };
    let all = pages(reader);
    assert!(all.len() <= 40 * bytes.len() + 1, "more pages than bytes");
    for change in all.iter().flat_map(|page| &page.changes) {
        match change {
            Change::Upsert(object) => {
                assert!(!object.id.is_empty() && !object.partial);
                let said: Result<serde_json::Map<String, Value>, _> = serde_json::from_str(&object.attributes);
                assert!(said.is_ok_and(|said| !said.contains_key("password")), "{}", object.attributes);
                // What the connector says, the host can read; control characters it refuses, with a reason.
                let read = json_attributes(&object.attributes);
                assert!(read.is_ok() || text(bytes).contains(char::is_control), "{read:?}: {}", object.attributes);
            }
            Change::Rejected(rejection) => {
                assert!(!rejection.message.is_empty() && rejection.position.starts_with("line "));
            }
            Change::Amend(_) | Change::Gone(_) => panic!("a table says neither"),
        }
    }
    // Each resume point leads to what came behind it; org units may be told once more.
    let accounts = |pages: &[Page]| {
        let changes = pages.iter().flat_map(|page| &page.changes);
        let account = |change: &Change| match change {
            Change::Upsert(object) if object.class == Class::Account => Some(object.id.clone()),
            _ => None,
        };
        changes.filter_map(account).collect::<Vec<_>>()
    };
    for (index, page) in all.iter().enumerate().take(4) {
        if let Some(point) = page.resume.as_deref() {
            let Ok(resumed) = scan(Some(point)) else { panic!("a resume point of this very file was refused") };
            assert_eq!(accounts(&pages(resumed)), accounts(&all[index + 1..]));
        }
    }
}

/// A resume point that somebody made up: any text, or a good one with other numbers in it.
pub fn csv_resume(bytes: &[u8]) {
    let _world = World::new().file("f", "id,name\n1,a\n2,b\n3,c\n4,d\nx\n").enter();
    let point = match bytes.split_first() {
        Some((0, numbers)) => {
            let good = scan(None).and_then(|mut reader| reader.next(1)).ok().and_then(|page| page.resume);
            let mut point: Value = good.and_then(|good| serde_json::from_str(&good).ok()).unwrap_or_default();
            let mut rest = numbers;
            for pointer in ["/position/line", "/position/record", "/rejected", "/position/offset", "/position/digest"] {
                // Numbers that are not given stay as they are.
                if rest.is_empty() {
                    break;
                }
                let (chosen, after) = number(rest);
                rest = after;
                if let Some(place) = point.pointer_mut(pointer) {
                    *place = chosen.into();
                }
            }
            point.to_string()
        }
        _ => text(bytes),
    };
    match scan(Some(&point)) {
        Err(fault) => assert_eq!(fault.kind, FaultKind::CursorInvalid, "{fault:?}"),
        Ok(reader) => drop(pages(reader)),
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::words;
    use proptest::prelude::*;

    use crate::input::strategies::CELLS;

    proptest! {
        #[test]
        fn files(text in words(CELLS, 80), row in "[0-9]{1,3},[^\n]{0,20},,a@b,(A/B)?,7?,on,x;y,p\n") {
            super::csv_file(text.as_bytes());
            super::csv_file(format!("{row}{text}{row}").as_bytes());
        }

        #[test]
        fn resume_points(text in ".{0,40}", numbers in proptest::collection::vec(prop_oneof![Just(u64::MAX), 0..9_u64], 0..5)) {
            super::csv_resume(text.as_bytes());
            let numbers: Vec<u8> = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
            super::csv_resume(&[&[0], numbers.as_slice()].concat());
        }
    }
}
