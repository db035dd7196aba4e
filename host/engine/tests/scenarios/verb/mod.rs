//! What can happen in a scenario. A step has one verb, which is a key of its table; a new verb is a file here, a word in
//! [`VERBS`] and a line in [`act`].

mod command;
mod dates;
mod delivery;
mod inbox;
mod link;
mod person;
mod privacy;
mod push;
mod service;
mod shows;
mod system;
mod time;

use crate::expect;
use crate::stage::Stage;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use toml::Table;

/// The verbs.
const VERBS: &[&str] = &[
    "shows",
    "changes",
    "system",
    "run",
    "plan",
    "apply",
    "approve",
    "release",
    "resolve",
    "pause",
    "resume",
    "drop",
    "replay",
    "set",
    "adopt",
    "recorrelate",
    "later",
    "earlier",
    "configure",
    "restart",
    "copy",
    "restore",
    "erase",
    "housekeeping",
    "forge",
    "dates",
    "disable",
    "enable",
    "hints",
    "look",
    "observe",
    "verify",
    "drift",
    "unfreeze",
    "wake",
    "submit",
    "fetch",
    "check",
];

/// Plays a step and looks at what came of it.
pub(crate) async fn perform(stage: &mut Stage, step: &Table) -> Result<(), String> {
    let mut step = step.clone();
    let expected = match step.remove("expect") {
        None => Table::new(),
        Some(toml::Value::Table(table)) => table,
        Some(other) => return Err(format!("expect is a table, not {other}")),
    };
    stage.begin()?;
    act(stage, step).await?;
    stage.settle()?;
    if let Some(name) = expected.get("as").and_then(toml::Value::as_str) {
        let digest = stage.plans.get("last").cloned().ok_or("there is no plan to be named")?;
        stage.plans.insert(name.to_owned(), digest);
    }
    expect::all(stage, &expected)
}

/// Plays a step.
pub(crate) fn act(stage: &mut Stage, mut step: Table) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
    Box::pin(async move {
        // For people alone.
        step.remove("because");
        let mut verbs = VERBS.iter().filter(|verb| step.contains_key(**verb));
        let (Some(verb), None) = (verbs.next(), verbs.next()) else {
            let keys: Vec<&String> = step.keys().collect();
            return Err(format!("a step has one verb of {}; this has {keys:?}", VERBS.join(", ")));
        };
        match *verb {
            "shows" => shows::shows(stage, step),
            "changes" => shows::changes(stage, step),
            "system" => system::system(stage, step),
            "run" => command::run(stage, step).await,
            "plan" => command::plan(stage, step).await,
            "apply" => command::apply(stage, step).await,
            "approve" => command::approve(stage, step),
            "release" => command::release(stage, step),
            "resolve" => person::resolve(stage, step),
            "pause" => delivery::pause(stage, step),
            "resume" => delivery::resume(stage, step),
            "drop" => delivery::drop(stage, step),
            "replay" => delivery::replay(stage, step),
            "set" => person::set(stage, step),
            "adopt" => link::adopt(stage, step).await,
            "recorrelate" => link::recorrelate(stage, step).await,
            "later" => time::later(stage, step),
            "earlier" => time::earlier(stage, step),
            "configure" => time::configure(stage, step),
            "restart" => time::restart(stage, step),
            "copy" => time::copy(stage, step),
            "restore" => time::restore(stage, step),
            "erase" => privacy::erase(stage, step),
            "housekeeping" => privacy::housekeeping(stage, step),
            "forge" => privacy::forge(stage, step),
            "dates" => dates::dates(stage, step).await,
            "disable" => dates::disable(stage, step).await,
            "enable" => dates::enable(stage, step).await,
            "hints" => inbox::hints(stage, step),
            "look" => inbox::look(stage, step).await,
            "observe" => inbox::observe(stage, step).await,
            "verify" => inbox::verify(stage, step).await,
            "drift" => inbox::drift(stage, step).await,
            "unfreeze" => inbox::unfreeze(stage, step),
            "wake" => service::wake(stage, step).await,
            "submit" => push::submit(stage, step).await,
            "fetch" => push::fetch(stage, step).await,
            // Only looks.
            "check" => Ok(()),
            other => Err(format!("{other} is a verb without code")),
        }
    })
}

/// The parameters of a verb.
pub(crate) fn read<T: DeserializeOwned>(step: Table) -> Result<T, String> {
    toml::Value::Table(step).try_into().map_err(|error: toml::de::Error| error.to_string())
}
