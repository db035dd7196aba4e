//! Operations with durable receipts at a destination that answers at once, beside redb alone writing the same rows.

use super::world::{World, engine, policy, remove};
use redb::{Database, TableDefinition};
use rosterd_engine::run::RunOptions;
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

/// What is remembered of an object at a destination, and the way to it by its id there: the rows that an operation puts,
/// with the bytes and the order of keys that they have in our store: an object is found under a number that counts on, its
/// id there is what the destination gave, in no order.
const OBJECT: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("object");
const BY_ID: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("by-id");
const OBJECT_BYTES: usize = 220;
const BY_ID_BYTES: usize = 16;

/// What waits to be sent, and its place in the order: the rows that an operation takes away.
const ENTRY: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entry");
const ORDER: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("order");
const ENTRY_BYTES: usize = 120;
const ORDER_BYTES: usize = 17;

/// Operations whose rows one transaction of the baseline takes.
const TOGETHER: u64 = 1_000;

/// Operations a second, with `beside` while a second destination refuses everything, and those of redb alone.
pub(crate) async fn measure(accounts: u64, file: &Path, beside: bool) -> Result<Value, String> {
    let world = World::new(accounts);
    let destinations: &[&str] = if beside { &["app", "failing"] } else { &["app"] };
    let engine = engine(&world, policy("source.title", destinations)?, file)?;
    let text = |error: rosterd_engine::EngineError| error.to_string();
    engine.pause(None, "to fill the outbox first").map_err(text)?;
    engine.run("hr", RunOptions::default()).await.map_err(text)?;
    let raw = file.with_extension("raw");
    let before = baseline(accounts, &raw, true)?;
    engine.resume(None).map_err(text)?;
    let begun = Instant::now();
    let report = engine.deliver().await.map_err(text)?;
    let ours = accounts as f64 / begun.elapsed().as_secs_f64();
    if report.counts.applied != accounts {
        return Err(format!("{accounts} operations were to be done, and {} were", report.counts.applied));
    }
    let after = baseline(accounts, &raw, true)?;
    let puts = baseline(accounts, &raw, false)?;
    remove(&raw)?;
    Ok(json!({
        "accounts": accounts,
        "operations-per-second": ours,
        "redb-per-second": f64::midpoint(before, after),
        "redb-puts-only-per-second": puts,
    }))
}

fn baseline(accounts: u64, file: &Path, takes: bool) -> Result<f64, String> {
    remove(file)?;
    fill(accounts, file, takes).map_err(|error| error.to_string())
}

/// Rows a second, as operations: with the rows that they take away, or only those that they put.
fn fill(accounts: u64, file: &Path, takes: bool) -> Result<f64, Box<dyn Error>> {
    let database = Database::create(file)?;
    if takes {
        let transaction = database.begin_write()?;
        {
            let (mut entry, mut order) = (transaction.open_table(ENTRY)?, transaction.open_table(ORDER)?);
            for number in 0..accounts {
                entry.insert(key(number).as_slice(), [7_u8; ENTRY_BYTES].as_slice())?;
                order.insert(key(number).as_slice(), [7_u8; ORDER_BYTES].as_slice())?;
            }
        }
        transaction.commit()?;
    }
    let begun = Instant::now();
    for first in (0..accounts).step_by(usize::try_from(TOGETHER)?) {
        let transaction = database.begin_write()?;
        {
            let (mut object, mut by_id) = (transaction.open_table(OBJECT)?, transaction.open_table(BY_ID)?);
            let (mut entry, mut order) = (transaction.open_table(ENTRY)?, transaction.open_table(ORDER)?);
            for number in first..(first + TOGETHER).min(accounts) {
                object.insert(key(number).as_slice(), [7_u8; OBJECT_BYTES].as_slice())?;
                by_id.insert(id(number).as_bytes(), [7_u8; BY_ID_BYTES].as_slice())?;
                if takes {
                    entry.remove(key(number).as_slice())?;
                    order.remove(key(number).as_slice())?;
                }
            }
        }
        transaction.commit()?;
    }
    Ok(accounts as f64 / begun.elapsed().as_secs_f64())
}

fn key(number: u64) -> [u8; 24] {
    let mut key = [0_u8; 24];
    key[16..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Thirty-two digits in no order, as the destination of the measurement gives them (splitmix64, by Sebastiano Vigna).
fn id(number: u64) -> String {
    let mix = |seed: u64| {
        let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    format!("{:016x}{:016x}", mix(2 * number + 1), mix(2 * number + 2))
}
