//! Colour, or none.

use crate::args::ColorChoice;

/// What a piece of text means; the style turns it into a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is well.
    Good,
    /// It deserves a look.
    Warn,
    /// It failed.
    Bad,
    /// A name, a heading.
    Name,
    /// Not so important.
    Faint,
}

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    coloured: bool,
}

impl Style {
    /// The style of a stream: `auto` colours a terminal, unless NO_COLOR is set or TERM is `dumb`.
    pub(crate) fn choose(choice: ColorChoice, terminal: bool) -> Self {
        let refused = || {
            std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
                || std::env::var_os("TERM").is_some_and(|value| value == "dumb")
        };
        let coloured = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !refused(),
        };
        Self { coloured }
    }

    /// True if text is coloured.
    pub(crate) const fn is_coloured(self) -> bool {
        self.coloured
    }

    /// `text` in the colour of `tone`.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.coloured {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
            Tone::Name => "1",
            Tone::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_coloured_style_adds_anything() {
        let plain = Style::choose(ColorChoice::Never, true);
        assert_eq!(plain.paint(Tone::Bad, "x"), "x");
        let coloured = Style::choose(ColorChoice::Always, false);
        assert_eq!(coloured.paint(Tone::Bad, "x"), "\u{1b}[1;31mx\u{1b}[0m");
    }

    #[test]
    fn auto_never_colours_a_pipe() {
        assert_eq!(Style::choose(ColorChoice::Auto, false), Style::choose(ColorChoice::Never, false));
    }
}
