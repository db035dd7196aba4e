//! `rosterd plugin describe`: what a connector says about itself. Its code is loaded and asked, without any connection: it
//! gets no settings, no secrets and no way out.

use super::inspect::find;
use crate::args::DescribeArgs;
use crate::context::Context;
use crate::error::{CommandError, ErrorKind};
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_connector::Inspection;
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Described {
    plugin: Component,
    /// JSON schema of the settings, out of the manifest.
    settings_schema: Value,
    /// What the connector answered (wit/v0.1/describe.schema.json).
    described: Value,
}

#[derive(Serialize)]
struct Component {
    name: String,
    version: String,
    path: PathBuf,
    digest: String,
}

/// Loads a component, from the cache if it was compiled before, and asks it for its description.
///
/// # Errors
/// There is no such component, it can not be loaded, or it did not answer.
pub(crate) fn run(context: &Context, args: &DescribeArgs) -> Result<Output, CommandError> {
    let path = find(context, &args.file)?;
    let progress = context.talk().progress(&format!("loading {}", path.display()));
    let loaded = context.connector_host()?.load(&path).map_err(|error| {
        CommandError::new(ErrorKind::Connector, format!("{} can not be loaded", path.display())).because(&error)
    })?;
    let text = loaded.describe()?;
    drop(progress);
    let Inspection { name, version, digest, settings_schema, .. } = loaded.inspection().clone();
    let described = serde_json::from_str(&text).map_err(|error| {
        CommandError::new(ErrorKind::Connector, format!("what {name} {version} says about itself is no JSON"))
            .because(&error)
            .hint("report this to the author of the connector")
    })?;
    let plugin = Component { name, version, path, digest };
    Ok(Output::new("plugin describe", Described { plugin, settings_schema, described }))
}

/// Nothing of an answer is trusted: what has another form than the contract says is left out here, and stands in the
/// JSON.
impl Human for Described {
    fn human(&self, page: &mut Page) {
        let own = &self.described;
        let title = text(own, "title");
        page.heading(&plain(&format!("{} {}: {title}", self.plugin.name, self.plugin.version)));
        let all = [
            ("roles", words(own.get("roles"))),
            ("deltas", deltas(own.get("delta"))),
            ("resumes", yes_or_no(own.get("resume-stable"))),
            ("batch", own.get("maximum-batch").and_then(Value::as_u64).map_or_else(String::new, |n| n.to_string())),
            ("receipts", text(own, "receipts").replace('-', " ")),
        ];
        page.fields(&all.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>());
        let settings: Vec<_> = settings(&self.settings_schema);
        if !settings.is_empty() {
            page.gap();
            page.heading("settings");
            page.table(&["setting", "type", "default", "meaning"], settings);
        }
        for (class, description) in own.get("classes").and_then(Value::as_object).into_iter().flatten() {
            page.gap();
            let title = match description.get("title").and_then(Value::as_str) {
                Some(title) => format!(" ({})", plain(title)),
                None => String::new(),
            };
            page.heading(&format!("{}{title}", plain(class)));
            let keys = description.get("correlation-keys").and_then(Value::as_array).into_iter().flatten();
            let keys: Vec<String> = keys.map(|key| words(Some(key)).replace(", ", " + ")).collect();
            let all = [("id", text(description, "id")), ("identified by", keys.join(", or "))];
            page.fields(&all.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>());
            let attributes: Vec<_> =
                description.get("attributes").and_then(Value::as_array).into_iter().flatten().map(attribute).collect();
            match attributes.is_empty() {
                true => {
                    page.line(format!("  {}", page.paint(Tone::Faint, "its attributes are known by discovery only")));
                }
                false => page.table(&["attribute", "type", "traits", "meaning"], attributes),
            }
        }
    }
}

/// The settings of a schema: which must be there, and what they mean.
fn settings(schema: &Value) -> Vec<Vec<String>> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let row = |(name, own): (&String, &Value)| {
        let default = match own.get("default") {
            Some(Value::String(text)) => plain(text),
            Some(other) => plain(&other.to_string()),
            None if required.contains(&name.as_str()) => "required".to_owned(),
            None => String::new(),
        };
        let kind = match words(own.get("enum")) {
            all if all.is_empty() => words(own.get("type")),
            all => all.replace(", ", " | "),
        };
        vec![plain(name), kind, default, text(own, "description")]
    };
    schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(row).collect()
}

fn attribute(own: &Value) -> Vec<String> {
    let fields = own.as_object().into_iter().flatten();
    let traits: Vec<String> =
        fields.filter(|(_, value)| **value == Value::Bool(true)).map(|(key, _)| plain(key)).collect();
    vec![text(own, "name"), text(own, "type"), traits.join(", "), text(own, "description")]
}

fn text(own: &Value, key: &str) -> String {
    plain(own.get(key).and_then(Value::as_str).unwrap_or_default())
}

/// A word, or several of a list.
fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(word)) => plain(word),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(plain).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}

fn deltas(own: Option<&Value>) -> String {
    let is = |key: &str| own.and_then(|own| own.get(key)).and_then(Value::as_bool);
    let text = match (is("supported"), is("includes-deletes")) {
        (Some(true), Some(true)) => "yes, with deletes",
        (Some(true), _) => "yes, without deletes",
        (Some(false), _) => "no",
        (None, _) => "",
    };
    text.to_owned()
}

fn yes_or_no(value: Option<&Value>) -> String {
    match value.and_then(Value::as_bool) {
        Some(true) => "yes, an interrupted scan goes on where it was".to_owned(),
        Some(false) => "no, an interrupted scan starts over".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::ColorChoice;
    use crate::output::Style;
    use serde_json::json;

    #[test]
    fn an_answer_of_another_form_is_survived() {
        for odd in [json!(null), json!("x"), json!({ "classes": [1], "delta": 1 }), json!({ "classes": { "a": 1 } })] {
            let mut page = Page::new(Style::choose(ColorChoice::Never, false));
            let (name, version) = ("x".to_owned(), "1.0.0".to_owned());
            let plugin = Component { name, version, path: "x".into(), digest: String::new() };
            let body = Described { plugin, settings_schema: odd.clone(), described: odd };
            body.human(&mut page);
            assert!(page.into_text().starts_with("x 1.0.0"));
        }
    }
}
