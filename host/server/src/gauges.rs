//! What stands in the store now, for whoever scrapes: read when it is asked for, so that it is never old.

use crate::metrics::{real, write_family};
use rosterd_store::prelude::*;
use rosterd_store::{Store, StoreError};
use std::collections::BTreeMap;

/// Depths of outboxes, open cases and the size of the store, in the text format of Prometheus.
///
/// # Errors
/// The store can not be read.
pub fn gauges(store: &Store) -> Result<String, StoreError> {
    let view = store.snapshot()?;
    let (mut outbox, mut cases) = (BTreeMap::new(), BTreeMap::new());
    for (name, number) in view.connections()? {
        let labels = vec![("connection", name.to_string())];
        outbox.insert(labels.clone(), real(view.outbox_count(number)?));
        cases.insert(labels, real(view.case_count(number)?));
    }
    drop(view);
    let bytes = std::fs::metadata(store.path()).map_or(0, |file| file.len());
    let mut text = String::new();
    let help = "Operations that wait to be sent, by destination.";
    write_family(&mut text, "rosterd_outbox_entries", "gauge", help, &outbox);
    let help = "Records that are set aside, by connection.";
    write_family(&mut text, "rosterd_quarantine_cases", "gauge", help, &cases);
    let size = BTreeMap::from([(Vec::new(), real(bytes))]);
    write_family(&mut text, "rosterd_store_bytes", "gauge", "Size of the file of the store.", &size);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_store::OpenOptions;

    #[test]
    fn an_empty_store_has_a_size_and_nothing_that_waits() {
        let dir = std::env::temp_dir().join(format!("rosterd-gauges-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let options = OpenOptions { cache_bytes: 1 << 20, create: true };
        let store = Store::open(&dir.join("hub.redb"), options).expect("a store");
        let text = gauges(&store).expect("gauges");
        drop(store);
        std::fs::remove_dir_all(&dir).expect("removed");
        assert!(text.contains("# TYPE rosterd_store_bytes gauge\nrosterd_store_bytes "), "{text}");
        assert!(!text.contains("rosterd_outbox_entries{"), "{text}");
    }
}
