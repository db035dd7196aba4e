//! The baseline of the benchmark: what the store's engine does alone for the rows that a directory needs at least.
//!
//! None of our code. Per account one row of 400 bytes, one row of a unique index and three short rows, all keys in
//! ascending order, all in one transaction. FIXED: figures are ratios to this program, so a change of it makes every
//! recorded figure worthless.
//!
//! `raw_redb --accounts N --file FILE` replaces FILE and prints one JSON object.

use redb::{Database, TableDefinition};
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

const ROWS: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("rows");
const INDEX: TableDefinition<'_, &[u8; 20], &[u8; 16]> = TableDefinition::new("index");
const SHORT: [TableDefinition<'_, &[u8; 17], &[u8; 24]>; 3] =
    [TableDefinition::new("short-0"), TableDefinition::new("short-1"), TableDefinition::new("short-2")];

const ROW_BYTES: usize = 400;

/// The cache that rosterd itself is given in the benchmark: both have the same memory.
const CACHE_BYTES: usize = 128 << 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A lost message leaves the exit code.
            let _ = writeln!(io::stderr(), "raw_redb: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let (mut accounts, mut file) = (1_000_000_u64, PathBuf::from("raw.redb"));
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or("an option lacks its value")?;
        match word.as_str() {
            "--accounts" => accounts = value.parse()?,
            "--file" => file = value.into(),
            _ => return Err(format!("\"{word}\" is not known; options are --accounts and --file").into()),
        }
    }
    if file.exists() {
        std::fs::remove_file(&file)?;
    }
    let start = Instant::now();
    let database = Database::builder().set_cache_size(CACHE_BYTES).create(&file)?;
    fill(&database, accounts)?;
    let seconds = start.elapsed().as_secs_f64();
    drop(database);
    let report = serde_json::json!({
        "accounts": accounts,
        "rows": accounts * 5,
        "seconds": seconds,
        "accounts-per-second": accounts as f64 / seconds,
        "file-bytes": std::fs::metadata(&file)?.len(),
    });
    writeln!(io::stdout(), "{report}")?;
    Ok(())
}

fn fill(database: &Database, accounts: u64) -> Result<(), Box<dyn Error>> {
    let transaction = database.begin_write()?;
    {
        let mut rows = transaction.open_table(ROWS)?;
        let mut index = transaction.open_table(INDEX)?;
        let mut short =
            [transaction.open_table(SHORT[0])?, transaction.open_table(SHORT[1])?, transaction.open_table(SHORT[2])?];
        let mut row = [0_u8; ROW_BYTES];
        for account in 0..accounts {
            let mut id = [0_u8; 16];
            id[8..].copy_from_slice(&account.to_be_bytes());
            for (place, chunk) in row.chunks_mut(8).enumerate() {
                let mixed = (account ^ place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
                chunk.copy_from_slice(&mixed[..chunk.len()]);
            }
            rows.insert(&id, row.as_slice())?;
            let mut name = [b'0'; 20];
            name[..20].copy_from_slice(format!("{account:020}").as_bytes());
            index.insert(&name, &id)?;
            for (kind, table) in short.iter_mut().enumerate() {
                let mut key = [0_u8; 17];
                key[0] = kind as u8;
                key[1..].copy_from_slice(&id);
                let mut value = [0_u8; 24];
                value.copy_from_slice(&row[..24]);
                table.insert(&key, &value)?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}
