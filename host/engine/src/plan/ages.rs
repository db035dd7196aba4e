//! How long ago each connection was read to its end.

use crate::error::EngineError;
use rosterd_model::run::RunState;
use rosterd_model::{ConnectionId, Timestamp};
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use std::collections::BTreeMap;

/// So many runs are looked at, from the newest: who was not read in them counts as never read.
const RUNS: usize = 2_000;

/// Milliseconds since each connection was read to its end; the one that is read right now was read right now.
pub(super) fn ages(
    view: &Snapshot,
    now: Timestamp,
    present: &ConnectionId,
) -> Result<BTreeMap<ConnectionId, u64>, EngineError> {
    let wanted = view.connections()?.len();
    let mut ages = BTreeMap::from([(present.clone(), 0)]);
    for run in view.runs()?.take(RUNS) {
        let run = run?;
        let whole = !matches!(run.state, RunState::Failed { .. } | RunState::Incomplete { .. } | RunState::Reading);
        if let Some(ended) = run.ended.filter(|_| whole) {
            ages.entry(run.connection).or_insert_with(|| now.since_ms(ended));
        }
        if ages.len() >= wanted {
            break;
        }
    }
    Ok(ages)
}
