//! What people decide: how a case is resolved, a value by hand.

use super::read;
use crate::stage::{Stage, text};
use rosterd_engine::resolve::Verb;
use rosterd_reconcile::absence::parse_duration;
use rosterd_store::prelude::*;
use serde::Deserialize;
use toml::Table;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolve {
    /// Connection and id of the object: `ad 17`.
    resolve: String,
    /// The entity that it is: the user name of an account.
    link: Option<String>,
    #[serde(default)]
    create: bool,
}

/// `resolve = "ad 17"`, with `link = "ann"` or `create = true`; without them it is ignored until it changes.
pub(super) fn resolve(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Resolve { resolve, link, create } = read(step)?;
    let cases = crate::expect::cases(stage)?;
    let case = cases.iter().find(|(key, _)| *key == resolve).map(|(_, case)| case.number);
    let number = case.ok_or_else(|| format!("there is no case of {resolve}"))?;
    let verb = match (link, create) {
        (Some(name), _) => Verb::Link(name),
        (None, true) => Verb::Create,
        (None, false) => Verb::Ignore,
    };
    stage.last.error = stage.engine.resolve(number, &verb).err().map(|error| error.to_string());
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    /// The user name of the account.
    set: String,
    attribute: String,
    /// The value; nothing: what was set is taken back.
    value: Option<String>,
    /// How long it counts.
    lasts: Option<String>,
}

/// `set = "ann"`, `attribute = "title"`, `value = "Acting head"`, `lasts = "8d"`.
pub(super) fn set(stage: &mut Stage, step: Table) -> Result<(), String> {
    let Set { set, attribute, value, lasts } = read(step)?;
    let span = lasts.as_deref().map(parse_duration).transpose()?;
    let now = stage.view()?.policy_now(stage.engine.clock.now()).map_err(text)?;
    let until = span.map(|span| now.plus_ms(span));
    let done = match value {
        Some(value) => stage.engine.set_override(&set, &attribute, value.into(), until),
        None => stage.engine.end_override(&set, &attribute),
    };
    stage.last.error = done.err().map(|error| error.to_string());
    Ok(())
}
