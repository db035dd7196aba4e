//! Holds a document against the schema and lists everything that does not fit, each with its place and a way out.
//!
//! Only what our own types use of JSON schema is understood; the test in `tests/it/schema.rs` fails when a type brings a
//! word that is not.

use super::document::Document;
use super::node::{Entry, Item, Node};
use super::quantity::{parse_bytes, parse_span};
use super::schedule::{parse_cron, parse_zone};
use super::schema::check_limit;
use super::suggest::nearest;
use crate::error::Problem;
use serde_json::{Map, Value};
use std::ops::Range;

/// Everything in `document` that does not fit `schema`.
pub(crate) fn validate(document: &Document, schema: &Value) -> Vec<Problem> {
    let mut check = Check { document, root: schema, path: Vec::new(), problems: Vec::new() };
    check.node(document.root(), schema);
    check.problems
}

struct Check<'a> {
    document: &'a Document,
    root: &'a Value,
    path: Vec<&'a str>,
    problems: Vec<Problem>,
}

impl<'a> Check<'a> {
    fn node(&mut self, node: &'a Node, schema: &'a Value) {
        let schema = self.resolve(schema);
        if let Some(choices) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            return self.choice(node, choices);
        }
        if let Some(wanted) = wanted_types(schema)
            && !fits(&node.item, &wanted)
        {
            let wanted = wanted
                .iter()
                .filter(|name| **name != "null")
                .map(|name| in_words(name))
                .collect::<Vec<_>>()
                .join(" or ");
            let found = in_words(node.item.type_name());
            return self.report(node.place.clone(), format!("{} must be {wanted}, not {found}", self.here()), None);
        }
        match &node.item {
            Item::Table(entries) => self.table(node, entries, schema),
            Item::List(items) => {
                if let Some(inner) = schema.get("items") {
                    items.iter().for_each(|item| self.node(item, inner));
                }
            }
            Item::Text(text) => self.text(node, text, schema),
            Item::Integer(number) | Item::Decimal(number) => self.number(node, number, schema),
            Item::Bool | Item::Time => {}
        }
    }

    fn table(&mut self, node: &'a Node, entries: &'a [Entry], schema: &'a Value) {
        let properties = schema.get("properties").and_then(Value::as_object);
        // Tables by name: connections, jobs, deliveries. The pattern itself is checked by `key`, in words.
        let named = schema.get("patternProperties").and_then(Value::as_object).and_then(|all| all.values().next());
        let others = named.or_else(|| schema.get("additionalProperties"));
        for entry in entries {
            let known = properties.and_then(|properties| properties.get(&entry.key));
            let inner = match (known, others) {
                (Some(inner), _) => inner,
                (None, Some(Value::Bool(false))) => {
                    self.unknown(entry, properties);
                    continue;
                }
                (None, Some(inner)) => inner,
                // Nothing is said about it: anything goes.
                (None, None) => continue,
            };
            if named.is_some() {
                self.key(entry);
            }
            self.path.push(&entry.key);
            self.node(&entry.node, inner);
            self.path.pop();
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for key in required.filter_map(Value::as_str) {
            if !entries.iter().any(|entry| entry.key == key) {
                let place = self.document.locate(&self.path);
                let text =
                    properties.and_then(|all| all.get(key)).and_then(|inner| describe(self.resolve(inner), inner));
                let hint = match text {
                    Some(text) => format!("add {key} = ...: {text}"),
                    None => format!("add {key} = ..."),
                };
                let place = if self.path.is_empty() { node.place.clone() } else { place };
                self.report(place, format!("{} lacks the key \"{key}\"", self.header()), Some(hint));
            }
        }
    }

    /// Keys that are names of connections, jobs and deliveries.
    fn key(&mut self, entry: &'a Entry) {
        if entry.key.parse::<rosterd_model::ConnectionId>().is_err() {
            let message = format!("\"{}\" in {} is no name", entry.key, self.header());
            let hint = "use 1 to 63 lower-case letters, digits and hyphens, not starting with a hyphen";
            self.report(entry.place.clone(), message, Some(hint.to_owned()));
        }
    }

    fn unknown(&mut self, entry: &Entry, properties: Option<&'a Map<String, Value>>) {
        let known: Vec<&str> = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        let hint = match nearest(&entry.key, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("known keys: {}", known.join(", ")),
        };
        self.report(entry.place.clone(), format!("unknown key \"{}\" in {}", entry.key, self.header()), Some(hint));
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Value) {
        if let Some(words) = words(&[schema]) {
            return self.word(node, text, &words);
        }
        let checked = match schema.get("format").and_then(Value::as_str) {
            Some("bytes") => parse_bytes(text).map(|_| ()),
            Some("duration") => parse_span(text).map(|_| ()),
            Some("cron") => parse_cron(text).map(|_| ()),
            Some("limit") => check_limit(self.path.last().copied().unwrap_or_default(), text),
            Some("time-zone") => parse_zone(text).map(|_| ()),
            _ => Ok(()),
        };
        if let Err(message) = checked {
            self.report(node.place.clone(), format!("{}: {message}", self.here()), None);
        }
    }

    fn word(&mut self, node: &Node, text: &str, words: &[&str]) {
        if words.contains(&text) {
            return;
        }
        let hint = match nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write one of: {}", words.join(", ")),
        };
        self.report(node.place.clone(), format!("{} can not be \"{text}\"", self.here()), Some(hint));
    }

    fn number(&mut self, node: &Node, number: &str, schema: &Value) {
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        let (low, high) = (bound("minimum"), bound("maximum"));
        // A number in another base is left to serde.
        let Ok(value) = number.replace('_', "").parse::<f64>() else { return };
        if low.is_some_and(|low| value < low) || high.is_some_and(|high| value > high) {
            let range = match (low, high) {
                (Some(low), Some(high)) => format!("from {low} to {high}"),
                (Some(low), None) => format!("{low} or more"),
                _ => "smaller".to_owned(),
            };
            self.report(node.place.clone(), format!("{} must be {range}, not {number}", self.here()), None);
        }
    }

    /// One of several schemas: words, tables with one key each, or forms of different types.
    fn choice(&mut self, node: &'a Node, choices: &'a [Value]) {
        let choices: Vec<&'a Value> = choices.iter().map(|choice| self.resolve(choice)).collect();
        let of_type = |choice: &&&Value| wanted_types(choice).is_none_or(|wanted| fits(&node.item, &wanted));
        let fitting: Vec<&'a Value> = choices.iter().filter(of_type).copied().collect();
        if let (Item::Text(text), Some(words)) = (&node.item, words(&fitting)) {
            return self.word(node, text, &words);
        }
        match (fitting.as_slice(), node.entries()) {
            ([only], _) => self.node(node, only),
            ([], _) => {
                let place = node.place.clone();
                let mut forms: Vec<String> = choices.iter().filter_map(|choice| form(choice)).collect();
                forms.dedup();
                let found = in_words(node.item.type_name());
                let message = format!("{} must be {}, not {found}", self.here(), forms.join(" or "));
                self.report(place, message, None);
            }
            (many, entries) => {
                // The keys that are there tell which form was meant; the first form if none does.
                let has = |choice: &&&Value| {
                    let properties = choice.get("properties").and_then(Value::as_object);
                    properties.is_some_and(|known| entries.iter().any(|entry| known.contains_key(&entry.key)))
                };
                match many.iter().find(has) {
                    Some(meant) => self.node(node, meant),
                    None => {
                        let mut forms: Vec<String> = many.iter().filter_map(|choice| form(choice)).collect();
                        forms.dedup();
                        let message = format!("{} must be {}", self.here(), forms.join(" or "));
                        self.report(node.place.clone(), message, None);
                    }
                }
            }
        }
    }

    /// Follows `$ref`.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        target.and_then(|path| self.root.pointer(path)).unwrap_or(schema)
    }

    /// `"source" in [job.hr]`.
    fn here(&self) -> String {
        match self.path.split_last() {
            None => "the file".to_owned(),
            Some((key, [])) => format!("\"{key}\""),
            Some((key, table)) => format!("\"{key}\" in [{}]", table.join(".")),
        }
    }

    /// `[job.hr]`.
    fn header(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("[{}]", self.path.join(".")) }
    }

    fn report(&mut self, place: Range<usize>, message: String, hint: Option<String>) {
        let mut hints: Vec<String> = hint.into_iter().collect();
        if self.path.contains(&"secrets") && hints.is_empty() {
            hints.push("a secret never stands in the file; it says where the secret comes from".to_owned());
        }
        self.problems.push(self.document.problem(place, message, hints));
    }
}

/// The types that a schema wants; none if it says nothing about the type.
fn wanted_types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one.as_str()]),
        Value::Array(many) => Some(many.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn fits(item: &Item, wanted: &[&str]) -> bool {
    let name = item.type_name();
    wanted.contains(&name) || (name == "integer" && wanted.contains(&"number"))
}

/// The words of `enum` and `const`, if these schemas are nothing but words.
fn words<'a>(schemas: &[&'a Value]) -> Option<Vec<&'a str>> {
    let mut all = Vec::new();
    for schema in schemas {
        match (schema.get("const"), schema.get("enum")) {
            (Some(word), _) => all.push(word.as_str()?),
            (None, Some(Value::Array(words))) => all.extend(words.iter().filter_map(Value::as_str)),
            _ => return None,
        }
    }
    (!all.is_empty()).then_some(all)
}

fn in_words(name: &str) -> &str {
    match name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        "date" => "a date",
        // No value of TOML is null; such a type only says that the key may be left out.
        _ => "nothing",
    }
}

/// A form in words: `text`, or `{ env = ... }`.
fn form(schema: &Value) -> Option<String> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if !required.is_empty() {
        return Some(format!("{{ {} = ... }}", required.join(" = ..., ")));
    }
    wanted_types(schema)?.first().filter(|name| **name != "null").map(|name| in_words(name).to_owned())
}

/// The description of a key, if its schema has one: its own, or that of its type.
fn describe<'a>(resolved: &'a Value, own: &'a Value) -> Option<&'a str> {
    own.get("description").or_else(|| resolved.get("description")).and_then(Value::as_str)
}
