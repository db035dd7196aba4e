//! The only folder that prints. stdout is data, stderr is talk: a command returns an [`Output`], and everything that it
//! wants to say on the way goes through [`Talk`].

mod error;
mod log;
mod page;
mod style;
mod talk;

pub(crate) use page::{Page, plain};
pub(crate) use style::{Style, Tone};
pub(crate) use talk::{Progress, Talk};

use crate::args::{Format, Global};
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
    pub(crate) fn new(global: &Global) -> Self {
        let err = Style::choose(global.color, std::io::stderr().is_terminal());
        let talk = Talk::new(global, err);
        log::install(global, &talk);
        let out = Style::choose(global.color, std::io::stdout().is_terminal());
        Self { format: global.format, out, err, talk }
    }

    /// The way to stderr, for commands.
    pub(crate) fn talk(&self) -> Talk {
        self.talk.clone()
    }

    /// Prints a result on stdout.
    pub(crate) fn print(&self, output: &Output) -> Exit {
        self.talk.end();
        let text = match (output.body.raw(), self.format) {
            (Some(text), _) => text.to_owned(),
            (None, Format::Human) => {
                let mut page = Page::new(self.out);
                output.body.human(&mut page);
                page.into_text()
            }
            (None, Format::Json) => match Self::json(output) {
                Ok(text) => text,
                Err(error) => return self.fail(&error),
            },
        };
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => output.exit,
            // `rosterd ... | head`: the reader has what it wanted.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => output.exit,
            Err(error) => self.fail(&CommandError::internal("failed to write to standard output").because(&error)),
        }
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
        self.talk.end();
        let text = match self.format {
            Format::Human => error::human(error, self.err),
            Format::Json => error::json(error),
        };
        // Nobody is left to be told when stderr is closed; the exit code still speaks.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        error.kind.exit()
    }
}

/// Prints what clap has to say: help and version on stdout, mistakes on stderr.
pub(crate) fn usage(stop: &clap::Error) -> Exit {
    // As above.
    let _ = stop.print();
    if stop.use_stderr() { Exit::Usage } else { Exit::Ok }
}
