//! A page of text for people: lines, fields and tables without borders.

use super::style::{Style, Tone};
use comfy_table::{ContentArrangement, Table, presets};

/// What a command writes for people.
pub(crate) struct Page {
    text: String,
    style: Style,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(style: Style) -> Self {
        Self { text: String::new(), style }
    }

    /// `text` in the colour of `tone`, to be put into a line or a cell.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        self.style.paint(tone, text)
    }

    /// A line. Text from outside goes through [`plain`] first.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A heading over what follows.
    pub(crate) fn heading(&mut self, text: &str) {
        let text = self.paint(Tone::Name, text);
        self.line(text);
    }

    /// Names and values, the values in one column, indented by two.
    pub(crate) fn fields(&mut self, fields: &[(&str, String)]) {
        let width = fields.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in fields {
            let name = self.paint(Tone::Faint, &format!("{name:width$}"));
            self.line(format!("  {name}  {value}").trim_end());
        }
    }

    /// A table without borders. Cells may be painted; text from outside goes through [`plain`] first.
    pub(crate) fn table(&mut self, headers: &[&str], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(headers.iter().map(|header| self.paint(Tone::Faint, header)));
        table.add_rows(rows);
        for line in table.lines() {
            let line = line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned();
            self.line(line);
        }
    }

    /// The whole text.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// `text` with control characters shown as escapes, so that data can not write over a terminal.
pub(crate) fn plain(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::ColorChoice;

    #[test]
    fn a_table_has_no_borders_and_no_trailing_blanks() {
        let mut page = Page::new(Style::choose(ColorChoice::Never, false));
        page.table(&["name", "n"], vec![vec!["a".into(), "1".into()], vec!["long-name".into(), String::new()]]);
        assert_eq!(page.into_text(), "name       n\na          1\nlong-name\n");
    }

    #[test]
    fn data_can_not_write_escapes() {
        assert_eq!(plain("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(plain("工号"), "工号");
    }
}
