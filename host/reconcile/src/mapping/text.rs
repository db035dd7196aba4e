//! The canonical text of a mapping: a line that says what it is about, and a line for each rule.

use super::Rule;
use rosterd_model::Class;
use rosterd_model::spec::{Apply, OnNull, Strength};
use std::fmt::Write as _;

/// The text that the digest is made of, and that `why` shows.
pub(super) fn text_of(class: Class, root: &str, rules: &[Rule]) -> String {
    let mut text = format!("{class} from {root}\n");
    if rules.is_empty() {
        text.push_str("* = *\n");
    }
    text.extend(rules.iter().map(line_of));
    text
}

/// The line of one rule.
pub(super) fn line_of(rule: &Rule) -> String {
    // As JSON: who reads it back (`why`) knows no other quotes.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut line = format!("{} = {}", quoted(&rule.attribute), quoted(rule.from.text()));
    if let Some(when) = &rule.when {
        // Writing to a text can not fail.
        let _ = write!(line, " when {}", quoted(when.text()));
    }
    match rule.strength {
        Strength::Weak => line.push_str(" weak"),
        Strength::Normal => {}
        Strength::Strong => line.push_str(" strong"),
    }
    if let Some(unique) = &rule.unique {
        let _ = write!(line, " unique {}", quoted(&unique.to_string()));
    }
    match rule.apply {
        Apply::Always => {}
        Apply::OnCreate => line.push_str(" on-create"),
        Apply::OnLink => line.push_str(" on-link"),
    }
    match rule.on_null {
        OnNull::Keep => {}
        OnNull::Clear => line.push_str(" on-null=clear"),
    }
    line.push('\n');
    line
}
