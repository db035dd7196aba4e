//! How fast a destination that answers at once is served, with every receipt durable, beside the plain store.
//!
//! Measures, and therefore runs only when it is asked for:
//! `cargo nextest run -p rosterd-engine --run-ignored only throughput --no-capture`.

use crate::hub::{Hub, people};
use rosterd_engine::Settings;
use rosterd_engine::run::RunOptions;
use rosterd_model::run::RunState;
use rosterd_store::prelude::*;
use rosterd_store::{StoreError, Table};
use std::time::Instant;

const ACCOUNTS: usize = 20_000;
/// Rows that are written for an operation, and their bytes: what was acknowledged, and the way to it by its id.
const ROWS: [(Table, usize); 2] = [(Table::Scratch, 220), (Table::Scratch, 16)];

fn baseline(hub: &Hub) -> f64 {
    let begun = Instant::now();
    for first in (0..ACCOUNTS).step_by(1_000) {
        hub.engine
            .store
            .commit::<_, StoreError>("baseline", |w| {
                for number in first..first + 1_000 {
                    for (kind, (table, bytes)) in ROWS.into_iter().enumerate() {
                        let mut key = [0xff; 24];
                        key[2] = u8::try_from(kind).unwrap();
                        key[16..].copy_from_slice(&(number as u64).to_be_bytes());
                        w.put(table, &key, &vec![7; bytes])?;
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    ACCOUNTS as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time"]
async fn throughput_of_a_destination_that_answers_at_once() {
    let hub = Hub::delivering();
    let mut engine = hub.engine.clone();
    engine.settings = Settings::default();
    engine.pause(None, "to fill the outbox first").unwrap();
    hub.show("v1", &people(1, ACCOUNTS));
    engine.run("hr", RunOptions::default()).await.unwrap();
    let before = baseline(&hub);
    engine.resume(None).unwrap();
    let begun = Instant::now();
    let report = engine.deliver().await.unwrap();
    let ours = ACCOUNTS as f64 / begun.elapsed().as_secs_f64();
    assert_eq!(report.counts.applied, ACCOUNTS as u64, "{report:?}");
    let after = baseline(&hub);
    let plain = f64::midpoint(before, after);
    assert_eq!(engine.run("hr", RunOptions::default()).await.unwrap().run.state, RunState::Ok);
    eprintln!("{ours:.0} operations a second; the plain store {plain:.0}; {:.2} of it", ours / plain);
}
