//! `rosterd connection discover`: the attributes of a remote system, for whoever writes a mapping.

use crate::context::{Context, plugins};
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone, plain};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Discovered {
    connection: String,
    /// What the connector answered (wit/v0.1/discover.schema.json).
    discovered: Value,
}

/// Asks the connector.
///
/// # Errors
/// There is no such connection, its plugin is missing, or the connector failed.
pub(super) fn run(context: &Context, name: &str) -> Result<Output, CommandError> {
    let config = context.config()?;
    let (id, table) = config.connection(name)?;
    plugins::of(config, id, table)?;
    let progress = context.talk().progress(&format!("asking {name}"));
    let connections = context.connections(None)?;
    let text = context.block_on(async {
        let mut connector = connections.connector(id)?;
        Ok(connector.discover().await?)
    })?;
    drop(progress);
    let discovered = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Output::new("connection discover", Discovered { connection: name.to_owned(), discovered }))
}

/// Nothing of an answer is trusted: what has another form than the contract says is left out here, and stands in the
/// JSON.
impl Human for Discovered {
    fn human(&self, page: &mut Page) {
        let classes = self.discovered.get("classes").and_then(Value::as_object);
        for (class, description) in classes.into_iter().flatten() {
            let count = description.get("count").and_then(Value::as_u64);
            let count = count.map(|count| format!(" ({count})")).unwrap_or_default();
            page.heading(&format!("{}: {}{count}", self.connection, plain(class)));
            let attributes = description.get("attributes").and_then(Value::as_array);
            page.table(
                &["attribute", "title", "type", "traits", "samples"],
                attributes.into_iter().flatten().map(row).collect(),
            );
            page.gap();
        }
        for (key, tone, word) in [("warnings", Tone::Warn, "warning:"), ("notes", Tone::Faint, "note:")] {
            let remarks = self.discovered.get(key).and_then(Value::as_array);
            for message in remarks.into_iter().flatten().filter_map(|remark| remark.get("message")?.as_str()) {
                page.line(format!("{} {}", page.paint(tone, word), plain(message)));
            }
        }
    }
}

fn row(attribute: &Value) -> Vec<String> {
    let text = |key: &str| plain(attribute.get(key).and_then(Value::as_str).unwrap_or_default());
    let fields = attribute.as_object().into_iter().flatten();
    let traits: Vec<String> =
        fields.filter(|(_, value)| **value == Value::Bool(true)).map(|(key, _)| plain(key)).collect();
    let samples = attribute.get("samples").and_then(Value::as_array).into_iter().flatten();
    let samples: Vec<String> =
        samples.take(3).map(|value| plain(value.as_str().unwrap_or(&value.to_string()))).collect();
    vec![text("name"), text("title"), text("type"), traits.join(", "), samples.join(", ")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::ColorChoice;
    use crate::output::Style;
    use serde_json::json;

    fn shown(discovered: Value) -> String {
        let mut page = Page::new(Style::choose(ColorChoice::Never, false));
        Discovered { connection: "hr".to_owned(), discovered }.human(&mut page);
        page.into_text()
    }

    #[test]
    fn attributes_are_a_table() {
        let text = shown(json!({
            "classes": { "account": { "count": 2, "attributes": [
                { "name": "id", "title": "No", "type": "text", "unique": true, "multi": false, "samples": ["E1", 2] },
            ] } },
            "warnings": [{ "message": "two columns\u{1b}" }],
        }));
        let table = "attribute  title  type  traits  samples\nid         No     text  unique  E1, 2\n";
        assert_eq!(text, format!("hr: account (2)\n{table}\nwarning: two columns\\u{{1b}}\n"));
    }

    #[test]
    fn an_answer_of_another_form_is_survived() {
        for odd in [json!(null), json!("x"), json!({ "classes": [1], "notes": 1 }), json!({ "classes": { "a": 1 } })] {
            let _ = shown(odd);
        }
    }
}
