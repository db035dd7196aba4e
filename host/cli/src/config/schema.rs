//! The JSON schema of rosterd.toml, made from the types. It serves editors, and [`super::validate`].

use super::file::{FileConfig, JobTable};
use super::schedule::Schedule;
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
