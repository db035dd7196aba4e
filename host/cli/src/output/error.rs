//! How errors look: `error:`, `cause:` and `hint:` lines for people, one object for programs.

use super::JSON_VERSION;
use super::style::{Style, Tone};
use crate::error::CommandError;
use std::fmt::Write as _;

/// The text for people.
pub(super) fn human(error: &CommandError, style: Style) -> String {
    let mut text = String::new();
    // Writing to a String can not fail.
    for problem in &error.problems {
        let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
        let _ = writeln!(text, "{} {place}: {}", style.paint(Tone::Bad, "error:"), problem.message);
        if let Some(excerpt) = &problem.excerpt {
            text.push_str(excerpt);
        }
        hints(&mut text, &problem.hints, style);
    }
    let _ = writeln!(text, "{} {}", style.paint(Tone::Bad, "error:"), error.message);
    for cause in &error.causes {
        let _ = writeln!(text, "{} {cause}", style.paint(Tone::Faint, "cause:"));
    }
    hints(&mut text, &error.hints, style);
    text
}

fn hints(text: &mut String, hints: &[String], style: Style) {
    for hint in hints {
        let _ = writeln!(text, "{} {hint}", style.paint(Tone::Name, "hint:"));
    }
}

/// One object: `{"version":1,"error":{"kind":...,"message":...,"causes":[],"hints":[],"problems":[]}}`.
pub(super) fn json(error: &CommandError) -> String {
    serde_json::json!({ "version": JSON_VERSION, "error": error }).to_string() + "\n"
}
