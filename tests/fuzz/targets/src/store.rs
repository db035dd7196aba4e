//! The file of the hub: rows and whole files that nobody of us wrote.

use crate::input::{fields, number, text};
use rosterd_model::claim::Link;
use rosterd_model::outbox::{OutboxEntry, Projection};
use rosterd_model::plan::{PlanHeader, Step};
use rosterd_model::quarantine::QuarantineCase;
use rosterd_model::run::Run;
use rosterd_model::shadow::{Missing, Shadow};
use rosterd_model::{Attributes, ClaimSet, Class, Entity, EntityId, Value};
use rosterd_store::fuzzing::{self as store, Part};
use rosterd_store::key::Key;
use rosterd_store::prelude::*;
use rosterd_store::testing::{Recorder, seed};
use rosterd_store::verify::verify;
use rosterd_store::{AuditRow, LastScan, ScanProgress, Store, StoreError, Table};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::OnceLock;

/// The value of a row, read as each type that is stored.
pub fn stored_value(bytes: &[u8]) {
    fn of<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
        let Ok((_, once)) = store::recode::<T>(bytes) else { return };
        let Ok((_, twice)) = store::recode::<T>(&once) else { panic!("what was written can not be read") };
        assert_eq!(once, twice);
    }
    of::<Attributes>(bytes);
    of::<Shadow>(bytes);
    of::<Missing>(bytes);
    of::<Entity>(bytes);
    of::<ClaimSet>(bytes);
    of::<Link>(bytes);
    of::<PlanHeader>(bytes);
    of::<Step>(bytes);
    of::<OutboxEntry>(bytes);
    of::<Projection>(bytes);
    of::<Run>(bytes);
    of::<ScanProgress>(bytes);
    of::<LastScan>(bytes);
    of::<QuarantineCase>(bytes);
    of::<AuditRow>(bytes);
    // As deep as the bytes are long: a damaged row must not end the process.
    for (nested, end) in [(&[5, 1][..], &[0][..]), (&[7, 1, 1, b'a'], &[0])] {
        let depth = usize::from(bytes.first().copied().unwrap_or_default()) * 4096;
        let deep = [&[1, 1, 1, b'a'], nested.repeat(depth).as_slice(), end].concat();
        if let Ok((attributes, _)) = store::recode::<Attributes>(&deep) {
            assert!(matches!(attributes.get("a"), Some(Value::List(_) | Value::Map(_) | Value::Null)) && depth < 100);
        }
    }
}

/// A key, and the kinds of its parts.
pub fn stored_key(bytes: &[u8]) {
    let [kinds, key] = fields(bytes);
    let kinds: String = text(kinds).chars().filter(|kind| "tcen".contains(*kind)).collect();
    let Ok(parts) = store::parts(&kinds, key) else { return };
    let composed = parts.iter().fold(Key::new(), |composed, part| match part {
        Part::Text(text) => composed.text(text),
        Part::Class(class) => composed.class(*class),
        Part::Entity(entity) => composed.entity(*entity),
        Part::Number(number) => composed.u64(*number),
    });
    assert_eq!(composed.as_bytes(), key, "two keys are read as the same parts: {parts:?}");
}

/// The head of a shadow: fixed bytes.
pub fn stored_head(bytes: &[u8]) {
    if let Ok((_, again)) = store::head(bytes) {
        assert_eq!(again, bytes);
    }
}

/// Counts of rejections, as they are kept beside a resume point.
pub fn stored_rejections(bytes: &[u8]) {
    let once = rosterd_engine::fuzzing::rejections(&text(bytes));
    assert_eq!(rosterd_engine::fuzzing::rejections(&once), once);
}

/// The disk of a store with a few accounts in every table that grows with them.
fn image() -> &'static [u8] {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let disk = Recorder::new();
        let made = disk.open().and_then(|store| seed(&store, 3).and_then(|_| store.close()));
        made.unwrap_or_else(|error| panic!("no store: {error}"));
        disk.image(disk.syncs())
    })
}

/// A row that was changed, in a store of which everything else is right: which table and row, and what is in its place.
pub fn stored_row(bytes: &[u8]) {
    let [place, key, value] = fields(bytes);
    let Ok(opened) = Recorder::of_image(image().to_vec()).open() else { panic!("the image can not be opened") };
    let (table, rest) = place.split_first().map_or((0, place), |(table, rest)| (usize::from(*table), rest));
    let table = Table::ALL[table % Table::ALL.len()];
    // The rows that say what a file is are read before anything else, and refuse it.
    if table == Table::Meta {
        return;
    }
    let row = usize::from(rest.first().copied().unwrap_or_default());
    let changed = opened.commit::<_, StoreError>("fuzz", |writer| {
        let known = writer.prefix(table, b"")?.nth(row).transpose()?.map(|row| (row.key.to_vec(), row.value.to_vec()));
        match known {
            // A value of its own key that is cut, longer, or another one.
            Some((known, mut old)) if key.is_empty() => {
                let at = usize::from(rest.get(1).copied().unwrap_or_default()) % (old.len() + 1);
                old.truncate(at);
                old.extend(value);
                writer.put(table, &known, &old)
            }
            Some((known, old)) if key == b"x" => {
                writer.remove(table, &known).map(drop).and_then(|()| writer.put(table, value, &old))
            }
            _ => writer.put(table, key, value),
        }
    });
    assert!(changed.is_ok());
    look(&opened);
}

/// Everything that reads all of a store.
fn look(store: &Store) {
    let Ok(view) = store.snapshot() else { return };
    let report = verify(&view);
    assert!(report.is_ok(), "a row that can not be read is a problem of the report, not an error: {report:?}");
    for class in Class::ALL {
        if let Ok(entities) = view.entities(class, None) {
            let _ =
                entities.take(10).map(|entity| entity.map(|entity| entity.id)).collect::<Result<Vec<EntityId>, _>>();
        }
    }
}

/// Bytes at the beginning of a file in which redb says what the file is, and where its trees begin.
const HEADER: usize = 320;

/// A file in the place of a store: any bytes; or those of a store that was cut, or of which the header was changed.
///
/// Not its pages: redb trusts them and panics, which no limit of ours can turn into an error.
pub fn store_file(bytes: &[u8]) {
    let [mode, rest] = fields(bytes);
    let disk = match mode {
        [] => rest.to_vec(),
        [first, ..] => {
            let mut disk = image().to_vec();
            let (at, rest) = number(rest);
            let at = usize::try_from(at).unwrap_or_default();
            if first % 2 == 0 {
                disk.truncate(at % disk.len());
            } else {
                disk[at % HEADER..HEADER].iter_mut().zip(rest).for_each(|(byte, change)| *byte ^= change);
            }
            disk
        }
    };
    if let Ok(store) = Recorder::of_image(disk).open() {
        look(&store);
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values(bytes in bytes(120), depth in 0..8_u8) {
            super::stored_value(&bytes);
            super::stored_value(&[&[1], bytes.as_slice()].concat());
            super::stored_value(&[&[depth, 1], bytes.as_slice()].concat());
        }

        #[test]
        fn keys(kinds in "[tcen]{1,3}", bytes in bytes(40), text in "[\\x00-\\x03a]{0,6}") {
            super::stored_key(&join(&[kinds.as_bytes(), &bytes]));
            super::stored_key(&join(&["t", &text]));
            super::stored_key(&join(&["tt", &text]));
        }

        #[test]
        fn rejections(any in ".{0,30}", counts in "(\\??(account|group|org-unit|)=[0-9]{0,21},?){0,5}") {
            super::stored_rejections(any.as_bytes());
            super::stored_rejections(counts.as_bytes());
        }

        #[test]
        fn heads(bytes in bytes(40), head in any::<[u8; 29]>()) {
            super::stored_head(&bytes);
            super::stored_head(&head);
            super::stored_head(&[&head[..28], &[head[28] % 2]].concat());
        }
    }

    // Each case opens a store.
    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, ..ProptestConfig::default() })]

        #[test]
        fn rows(table in 0..40_u8, row in 0..3_u8, at in 0..60_u8, value in bytes(60), key in prop_oneof![Just(vec![]), Just(vec![]), Just(b"x".to_vec()), bytes(20)]) {
            super::stored_row(&join(&[&[table, row, at][..], &key, &value]));
        }

        #[test]
        fn files(any in bytes(300), how in 1..3_u8, at in any::<[u8; 8]>(), change in bytes(9)) {
            super::store_file(&join(&[b"", any.as_slice()]));
            super::store_file(&[&[how, 0xFF], at.as_slice(), &change].concat());
        }
    }
}
