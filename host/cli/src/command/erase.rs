//! `rosterd account erase`: personal values leave the store, and its file.

use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Erased {
    id: String,
    removed: BTreeMap<String, u64>,
    mentions: BTreeMap<String, u64>,
    remains_at: Vec<String>,
}

impl Human for Erased {
    fn human(&self, page: &mut Page) {
        let rows: u64 = self.removed.values().sum();
        page.line(format!("erased {}: {rows} rows; a hash of its ids stays, and the file was written anew", self.id));
        for (table, rows) in &self.mentions {
            page.line(format!("{rows} rows of others in {table} still mention it: their sources say so"));
        }
        for destination in &self.remains_at {
            page.line(format!(
                "{destination} still has the account, and the hub will not touch it any more: delete it there"
            ));
        }
        page.line("backups, exports and logs that were made before are not changed by this");
    }
}

/// Runs `rosterd account erase`.
pub(crate) fn run(context: &Context, account: &str, force: bool) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let erased = engine.erase(account, force)?;
    engine.store.rewrite()?;
    let named = |rows: BTreeMap<rosterd_store::Table, u64>| {
        rows.into_iter().map(|(table, rows)| (table.name().to_owned(), rows)).collect()
    };
    Ok(Output::new(
        "account erase",
        Erased {
            id: erased.entity.to_string(),
            removed: named(erased.removed),
            mentions: named(erased.mentions),
            remains_at: erased.remains_at,
        },
    ))
}
