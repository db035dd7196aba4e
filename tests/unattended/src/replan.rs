//! A plan after a mapping changed that concerns everybody, beside the mapping of the same records alone.

use super::world::{World, engine, policy};
use rosterd_engine::run::RunOptions;
use rosterd_model::Class;
use rosterd_model::record::Record;
use rosterd_reconcile::expression::Scope;
use rosterd_reconcile::mapping::Moment;
use rosterd_reconcile::normalise::normalise;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// Who has another title once this rule counts: everybody.
const CHANGED: &str = "ToUpper(source.title)";

/// Another such rule, for another plan.
const CHANGED_AGAIN: &str = "ToLower(source.title)";

/// The seconds of the plan, from the first shadow to the stored plan; of one that reads the source again before; and of
/// the mapping alone.
pub(crate) async fn measure(accounts: u64, file: &Path) -> Result<Value, String> {
    let world = World::new(accounts);
    let mut engine = engine(&world, policy("source.title", &[])?, file)?;
    engine.run("hr", RunOptions::default()).await.map_err(|error| error.to_string())?;

    let mut seconds = Vec::new();
    for (rule, without_reading) in [(CHANGED, true), (CHANGED_AGAIN, false)] {
        engine.policy = policy(rule, &[])?;
        let begun = Instant::now();
        let options = RunOptions { dry: true, without_reading, ..RunOptions::default() };
        let report = engine.run("hr", options).await.map_err(|error| error.to_string())?;
        seconds.push(begun.elapsed().as_secs_f64());
        let steps = report.plan.map_or(0, |header| header.steps);
        if steps != accounts {
            return Err(format!("everybody was to have another title, and the plan has {steps} steps"));
        }
    }

    let rows = (0..accounts).map(|number| {
        normalise(&Record {
            class: Class::Account,
            id: format!("{number:08}").into(),
            previous_id: None,
            version: None,
            attributes: world.attributes(number),
            partial: false,
        })
    });
    let rows: Vec<_> = rows.collect::<Result<_, _>>().map_err(|problem| problem.to_string())?;
    let job = engine.policy.job("hr").map_err(|error| error.to_string())?;
    let mapping = &job.class(Class::Account).ok_or("there is no mapping of accounts")?.mapping;
    let begun = Instant::now();
    for row in &rows {
        let said = mapping.apply(&Scope::new(row), Moment::Change).map_err(|problem| problem.message)?;
        drop(std::hint::black_box(said));
    }
    let mapped = begun.elapsed().as_secs_f64();
    Ok(json!({ "accounts": accounts, "plan-seconds": seconds[0], "plan-and-reading-seconds": seconds[1],
        "mapping-seconds": mapped }))
}
