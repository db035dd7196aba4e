//! The JSON schema of rosterd.toml, made from the types. It serves editors, and [`super::validate`].

use super::file::{FileConfig, JobTable};
use super::schedule::Schedule;
use rosterd_connector::Limits;
use rosterd_model::spec::JobSpec;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use std::borrow::Cow;

/// The schema of the whole file.
pub(crate) fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<FileConfig>().to_value()
}

/// The schema as it is published: indented, with a newline at its end.
pub(crate) fn schema_text() -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&schema())? + "\n")
}

/// The name of a connection or job, for the schema only; the types that hold one check it themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name;

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$" })
    }
}

impl JsonSchema for JobTable {
    fn schema_name() -> Cow<'static, str> {
        "Job".into()
    }
    /// The schema of [`JobSpec`] with `schedule` among its properties.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = JobSpec::json_schema(generator);
        let schedule = generator.subschema_for::<Schedule>();
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        if let Some(properties) = properties {
            properties.insert("schedule".to_owned(), schedule.to_value());
        }
        schema
    }
}

/// The schema of `[connection.NAME.limits]`, made from the table of limits and its defaults.
pub(crate) struct LimitsSchema;

impl JsonSchema for LimitsSchema {
    fn schema_name() -> Cow<'static, str> {
        "Limits".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let defaults = serde_json::to_value(Limits::default()).unwrap_or_default();
        let property = |key: &&str| {
            let default = defaults.get(*key).cloned().unwrap_or_default();
            let own = match &default {
                Value::String(_) => json_schema!({ "type": "string", "format": "limit", "default": default }),
                _ => json_schema!({ "type": "integer", "minimum": 0, "default": default }),
            };
            ((*key).to_owned(), own.to_value())
        };
        let properties: serde_json::Map<String, Value> = Limits::KEYS.iter().map(property).collect();
        json_schema!({
            "type": "object",
            "description": "How much the connector may use. The defaults fit most.",
            "properties": properties,
            "additionalProperties": false
        })
    }
}

/// Checks the text of one limit. The error completes a sentence.
pub(crate) fn check_limit(key: &str, text: &str) -> Result<(), String> {
    let table = serde_json::json!({ key: text });
    serde_json::from_value::<Limits>(table).map(|_| ()).map_err(|error| error.to_string())
}
