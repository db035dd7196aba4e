//! The text of a configuration with the place of everything in it.

use super::node::{Item, Node};
use crate::error::Problem;
use std::ops::Range;
use toml::de::DeTable;

/// A parsed file. Places are byte ranges of its text until they are shown.
#[derive(Debug)]
pub(crate) struct Document {
    name: String,
    text: String,
    root: Node,
}

impl Document {
    /// Parses `text`; `name` is what problems call the file.
    ///
    /// # Errors
    /// The name and all mistakes of syntax.
    pub(crate) fn parse(name: String, text: String) -> Result<Self, (String, Vec<Problem>)> {
        let (table, errors) = DeTable::parse_recoverable(&text);
        let errors: Vec<_> = errors.iter().map(|error| (error.span(), error.message().replace('`', "\""))).collect();
        let root = Node::table(table.span(), table.get_ref());
        let document = Self { name, text, root };
        if errors.is_empty() {
            return Ok(document);
        }
        let problem = |(span, message): (Option<Range<usize>>, String)| {
            document.problem(span.unwrap_or(0..0), message, Vec::new())
        };
        let problems = errors.into_iter().map(problem).collect();
        Err((document.name, problems))
    }

    /// What problems call the file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The root table.
    pub(crate) const fn root(&self) -> &Node {
        &self.root
    }

    /// The place of a value, or of the deepest table on the way to it: `["job", "hr", "source"]`.
    pub(crate) fn locate(&self, path: &[&str]) -> Range<usize> {
        let mut place = self.root.place.clone();
        let mut node = &self.root;
        for key in path {
            let Some(entry) = node.entries().iter().find(|entry| entry.key == *key) else { break };
            node = &entry.node;
            // Of a table the key is the better place: its own may be a header or the whole of an inline table.
            let table = matches!(node.item, Item::Table(_));
            place = if table { entry.place.clone() } else { node.place.clone() };
        }
        place
    }

    /// The place of a text in the list at `path`; that of the list if it is not there.
    pub(crate) fn locate_item(&self, path: &[&str], text: &str) -> Range<usize> {
        let found = path.iter().try_fold(&self.root, |node, key| {
            node.entries().iter().find(|entry| entry.key == *key).map(|entry| &entry.node)
        });
        if let Some(Item::List(items)) = found.map(|node| &node.item)
            && let Some(item) = items.iter().find(|item| matches!(&item.item, Item::Text(own) if own == text))
        {
            return item.place.clone();
        }
        self.locate(path)
    }

    /// A problem at a place.
    pub(crate) fn problem(&self, place: Range<usize>, message: impl Into<String>, hints: Vec<String>) -> Problem {
        let start = floor(&self.text, place.start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line = before.matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count() + 1;
        let end = floor(&self.text, place.end).clamp(start, line_end);
        let source = self.text[line_start..line_end].trim_end_matches('\r');
        let excerpt = (!self.may_hold_secret(line_start, source)).then(|| {
            let carets = self.text[start..end].chars().count().max(1);
            excerpt(line, source, column, carets)
        });
        Problem { file: self.name.clone(), line, column, message: message.into(), hints, excerpt }
    }

    /// A secret that was written into the file by mistake must not reach a log through an error.
    fn may_hold_secret(&self, line_start: usize, line: &str) -> bool {
        let header = self.text[..line_start].lines().rev().map(str::trim).find(|line| line.starts_with('['));
        let secret = |line: &str| line.contains("secret");
        (secret(line) && !line.trim_start().starts_with('[')) || header.is_some_and(secret)
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The line with carets below; a long line is cut around the place.
fn excerpt(line: usize, source: &str, column: usize, carets: usize) -> String {
    const WIDTH: usize = 100;
    let skip = if column + carets.min(20) > WIDTH { column.saturating_sub(20) } else { 0 };
    let shown: String = source.chars().skip(skip).take(WIDTH).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let number = line.to_string();
    let pad = " ".repeat(number.len());
    // Wide characters take two columns in a terminal.
    let before: usize = source.chars().skip(skip).take(column - 1 - skip).map(width).sum();
    let under: usize = source.chars().skip(column - 1).take(carets.min(WIDTH)).map(width).sum();
    let marks = format!("{}{}", " ".repeat(before), "^".repeat(under.max(1)));
    format!("{pad} |\n{number} | {}\n{pad} | {marks}\n", shown.trim_end())
}

/// Columns of a character: two for the scripts of East Asia.
fn width(c: char) -> usize {
    let wide = matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}');
    if wide { 2 } else { 1 }
}
