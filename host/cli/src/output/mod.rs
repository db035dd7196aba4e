//! The only folder that prints. stdout is data, stderr is talk: a command returns an [`Output`], and everything that it
//! wants to say on the way goes through [`Talk`].

mod error;
mod log;
mod page;
mod style;
mod talk;

pub(crate) use page::{Page, plain};
pub(crate) use style::{Style, Tone};
pub(crate) use talk::{Progress, Sink, Talk};

use crate::args::{ColorChoice, Format, Global};
use crate::error::CommandError;
use crate::exit::Exit;
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};

/// Version of the JSON objects that commands print. It grows when a field changes its meaning or goes away.
const JSON_VERSION: u32 = 1;

/// What a command found, for people.
pub(crate) trait Human {
    /// Writes the result for people.
    fn human(&self, page: &mut Page);
}

/// Both faces of a result.
trait Body {
    fn json(&self) -> serde_json::Result<serde_json::Value>;
    fn human(&self, page: &mut Page);
    /// Text that is printed as it is in every format: a schema, a script.
    fn raw(&self) -> Option<&str> {
        None
    }
}

impl<T: Serialize + Human> Body for T {
    fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self)
    }
    fn human(&self, page: &mut Page) {
        Human::human(self, page);
    }
}

struct Raw(String);
impl Body for Raw {
    fn json(&self) -> serde_json::Result<serde_json::Value> {
        Ok(serde_json::Value::String(self.0.clone()))
    }
    fn human(&self, _page: &mut Page) {}
    fn raw(&self) -> Option<&str> {
        Some(&self.0)
    }
}

/// The result of a command.
pub(crate) struct Output {
    command: &'static str,
    exit: Exit,
    body: Box<dyn Body>,
}

impl Output {
    /// The result of `command` ("plan show"). With `--format json` the fields of `body`, which must serialize to an
    /// object, follow `version` and `command`.
    pub(crate) fn new(command: &'static str, body: impl Serialize + Human + 'static) -> Self {
        Self { command, exit: Exit::Ok, body: Box::new(body) }
    }

    /// A text that is printed as it is in every format.
    pub(crate) fn raw(command: &'static str, text: String) -> Self {
        Self { command, exit: Exit::Ok, body: Box::new(Raw(text)) }
    }

    /// The same result with another exit code.
    #[must_use]
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

/// Prints results and errors in the format that was asked for.
pub(crate) struct Printer {
    format: Format,
    out: Style,
    err: Style,
    talk: Talk,
}

impl Printer {
    /// A printer by the global flags.
    pub(crate) fn new(global: &Global, service: Option<Format>) -> Self {
        let err = Style::choose(global.color, std::io::stderr().is_terminal());
        let talk = Talk::new(global, err);
        log::install(global, &talk, service);
        let out = Style::choose(global.color, std::io::stdout().is_terminal());
        Self { format: global.format, out, err, talk }
    }

    /// The way to stderr, for commands.
    pub(crate) fn talk(&self) -> Talk {
        self.talk.clone()
    }

    /// A printer for somebody elsewhere, who reads what goes into `sink`.
    pub(crate) fn remote(global: &Global, colour: bool, error_colour: bool, sink: Sink) -> Self {
        let style = |colour| Style::choose(if colour { ColorChoice::Always } else { ColorChoice::Never }, false);
        let err = style(error_colour);
        Self { format: global.format, out: style(colour), err, talk: Talk::remote(global, err, sink) }
    }

    /// Whether stdout and stderr are coloured.
    pub(crate) fn colours(&self) -> (bool, bool) {
        (self.out.is_coloured(), self.err.is_coloured())
    }

    /// The text of a result or of an error, and the exit code.
    pub(crate) fn render(&self, result: &Result<Output, CommandError>) -> Rendered {
        let out = match result {
            Ok(output) => self.text(output).map(|text| (text, output.exit)),
            Err(error) => Err(error.clone()),
        };
        match out {
            Ok((out, exit)) => Rendered { out, err: String::new(), exit },
            Err(error) => {
                let err = match self.format {
                    Format::Human => error::human(&error, self.err),
                    Format::Json => error::json(&error),
                };
                Rendered { out: String::new(), err, exit: error.kind.exit() }
            }
        }
    }

    fn text(&self, output: &Output) -> Result<String, CommandError> {
        match (output.body.raw(), self.format) {
            (Some(text), _) => Ok(text.to_owned()),
            (None, Format::Human) => {
                let mut page = Page::new(self.out);
                output.body.human(&mut page);
                Ok(page.into_text())
            }
            (None, Format::Json) => Self::json(output),
        }
    }

    /// Prints a result on stdout, or an error on stderr.
    pub(crate) fn print(&self, result: &Result<Output, CommandError>) -> Exit {
        self.talk.end();
        let rendered = self.render(result);
        match self.pass_on(&rendered.out) {
            Ok(()) => {
                self.pass_on_error(&rendered.err);
                rendered.exit
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Prints a piece of a result that was made elsewhere.
    ///
    /// # Errors
    /// It can not be written.
    pub(crate) fn pass_on(&self, text: &str) -> Result<(), CommandError> {
        self.talk.end();
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // `rosterd ... | head`: the reader has what it wanted.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(CommandError::internal("failed to write to standard output").because(&error))
            }
            _ => Ok(()),
        }
    }

    /// Prints a piece of an error that was made elsewhere.
    pub(crate) fn pass_on_error(&self, text: &str) {
        self.talk.end();
        // Nobody is left to be told when stderr is closed; the exit code still speaks.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    fn json(output: &Output) -> Result<String, CommandError> {
        let failed =
            |error: &serde_json::Error| CommandError::internal("failed to write the result as JSON").because(error);
        let mut object = serde_json::Map::new();
        object.insert("version".to_owned(), JSON_VERSION.into());
        object.insert("command".to_owned(), output.command.into());
        match output.body.json().map_err(|error| failed(&error))? {
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    if object.insert(key.clone(), value).is_some() {
                        return Err(CommandError::internal(format!("the result has a second \"{key}\"")));
                    }
                }
            }
            other => {
                object.insert("result".to_owned(), other);
            }
        }
        Ok(serde_json::to_string(&object).map_err(|error| failed(&error))? + "\n")
    }

    /// Prints an error on stderr.
    pub(crate) fn fail(&self, error: &CommandError) -> Exit {
        let rendered = self.render(&Err(error.clone()));
        self.pass_on_error(&rendered.err);
        rendered.exit
    }
}

/// What is printed, and how the command ends.
pub(crate) struct Rendered {
    /// For stdout.
    pub(crate) out: String,
    /// For stderr.
    pub(crate) err: String,
    /// The exit code.
    pub(crate) exit: Exit,
}

/// Prints what clap has to say: help and version on stdout, mistakes on stderr.
pub(crate) fn usage(stop: &clap::Error) -> Exit {
    // As above.
    let _ = stop.print();
    if stop.use_stderr() { Exit::Usage } else { Exit::Ok }
}
