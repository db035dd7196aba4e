//! What a scenario expects after a step. An expectation is a key of `expect`; a new one is a function in a file here and a
//! line in [`one`].

mod hub;
mod outcome;
mod remote;

use crate::stage::Stage;
pub(crate) use hub::cases;
pub(crate) use remote::entries;
use toml::{Table, Value};

/// Looks at everything that a step expects.
pub(crate) fn all(stage: &mut Stage, expected: &Table) -> Result<(), String> {
    let error = stage.last.error.clone();
    if let (Some(error), None) = (&error, expected.get("error")) {
        return Err(format!("it failed: {error}"));
    }
    for (key, value) in expected {
        one(stage, key, value).map_err(|text| format!("expect.{key}: {text}"))?;
    }
    Ok(())
}

fn one(stage: &mut Stage, key: &str, value: &Value) -> Result<(), String> {
    match key {
        // The name of the plan, which was given already.
        "as" => Ok(()),
        "error" => outcome::error(stage, value),
        "state" => outcome::state(stage, value),
        "plan" => outcome::plan(stage, value),
        "holds" => outcome::holds(stage, value),
        "waiting" => outcome::waiting(stage, value),
        "licensed" => outcome::licensed(stage, value),
        "faults" => outcome::faults(stage, value),
        "told" => outcome::told(stage, value),
        "found" => same(&stage.last.lines, &texts(value)?),
        "lines" => outcome::lines(stage, value),
        "nowhere" => hub::nowhere(stage, value),
        "skipped" => outcome::skipped(stage, value),
        "cases" => hub::cases_are(stage, value),
        "accounts" => hub::entities(stage, rosterd_model::Class::Account, value),
        "units" => hub::entities(stage, rosterd_model::Class::OrgUnit, value),
        "groups" => hub::entities(stage, rosterd_model::Class::Group, value),
        "members" => hub::members(stage, value),
        "active" => hub::active(stage, value),
        "links" => hub::links(stage, value),
        "claims" => hub::claims(stage, value),
        "unchanged" => hub::unchanged(stage),
        "sent" => remote::sent(stage, value),
        "there" => remote::there(stage, value),
        "outbox" => remote::outbox(stage, value),
        "opened" => remote::opened(stage, value),
        "read" => remote::read(stage, value),
        other => Err(format!("nothing is known about \"{other}\"")),
    }
}

/// A whole number.
fn number(value: &Value) -> Result<u64, String> {
    value.as_integer().and_then(|number| u64::try_from(number).ok()).ok_or_else(|| format!("{value} is no number"))
}

/// A list of texts.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or_else(|| format!("{value} is no list"))?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no text"));
    list.iter().map(text).collect()
}

/// A table.
fn table(value: &Value) -> Result<&Table, String> {
    value.as_table().ok_or_else(|| format!("{value} is no table"))
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("it is {found:?}, and not {expected:?}")) }
}

/// Each of the words stands in a sentence of its own, and no sentence is left.
fn sentences(found: &[String], expected: &Value) -> Result<(), String> {
    let mut left = found.to_vec();
    for words in texts(expected)? {
        let at = left.iter().position(|sentence| sentence.contains(&words));
        let at = at.ok_or_else(|| format!("nothing says \"{words}\"; there is {found:?}"))?;
        left.remove(at);
    }
    if left.is_empty() { Ok(()) } else { Err(format!("nobody expects {left:?}")) }
}

/// A value of the file as JSON.
fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or(serde_json::Value::Null)
}
