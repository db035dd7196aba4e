//! rosterd.toml: found, read, checked and turned into values.
//!
//! One schema describes the file ([`schema`]); the same schema is published for editors and drives the checks
//! ([`validate`]), so that all mistakes are listed at once, each with its place. What a schema cannot say (names that
//! must be defined elsewhere, expressions that must compile) is the business of [`lint`].

mod document;
mod file;
mod flows;
mod lint;
mod node;
mod policy;
mod quantity;
mod schedule;
mod schema;
mod serving;
mod suggest;
mod validate;

pub(crate) use document::Document;
pub(crate) use file::{ConnectionTable, EventWay, FileConfig, JobTable, PasswordsTable, SecretReference};
pub(crate) use lint::lint;
pub(crate) use policy::{hex, policy_digest};
#[cfg(feature = "testing")]
pub(crate) use quantity::parse_bytes;
pub(crate) use quantity::{Span, parse_span};
pub(crate) use schedule::Schedule;
#[cfg(feature = "testing")]
pub(crate) use schedule::{parse_cron, parse_zone};
pub(crate) use schema::{schema, schema_text};
pub(crate) use suggest::nearest;

use crate::error::{CommandError, Problem};
use rosterd_model::ConnectionId;
use rosterd_model::spec::PolicySpec;
use std::path::{Path, PathBuf};

/// Name of the file.
pub(crate) const FILE_NAME: &str = "rosterd.toml";

/// A larger file is refused: it cannot be a configuration.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The configuration with everything that commands need from it.
#[derive(Debug)]
pub(crate) struct Config {
    /// The folder of the file. Relative paths of the file start here.
    pub(crate) dir: PathBuf,
    /// The file with its places, for problems found later.
    pub(crate) document: Document,
    /// The tables, typed.
    pub(crate) file: FileConfig,
    /// What decides a plan.
    pub(crate) policy: PolicySpec,
    /// Digest of `policy`, in hexadecimal.
    pub(crate) digest: String,
}

impl Config {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// A configuration error that lists all problems of form.
    pub(crate) fn load(path: &Path) -> Result<Self, CommandError> {
        let text = read(path)?;
        let name = path.file_name().map_or_else(|| FILE_NAME.to_owned(), |name| name.to_string_lossy().into_owned());
        let dir = match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir.to_path_buf(),
            _ => PathBuf::from("."),
        };
        Self::parse(dir, name, text)
    }

    /// Checks the text of a configuration that is called `name` in problems.
    pub(crate) fn parse(dir: PathBuf, name: String, text: String) -> Result<Self, CommandError> {
        let document = Document::parse(name, text).map_err(|(name, problems)| broken(&name, problems))?;
        let problems = validate::validate(&document, &schema());
        if !problems.is_empty() {
            return Err(broken(document.name(), problems));
        }
        let file = file::FileConfig::read(&document).map_err(|problem| broken(document.name(), vec![problem]))?;
        let policy = file.policy();
        let digest = policy_digest(&policy)?;
        Ok(Self { dir, document, file, policy, digest })
    }

    /// Fails with everything that [`lint`] finds.
    ///
    /// # Errors
    /// A configuration error that lists all problems.
    pub(crate) fn checked(&self) -> Result<&Self, CommandError> {
        let problems = lint(self);
        if problems.is_empty() { Ok(self) } else { Err(broken(self.document.name(), problems)) }
    }

    /// The table of a connection.
    ///
    /// # Errors
    /// A usage error with the nearest name.
    pub(crate) fn connection(&self, name: &str) -> Result<(&ConnectionId, &ConnectionTable), CommandError> {
        let found = self.file.connection.iter().find(|(id, _)| id.as_str() == name);
        found.ok_or_else(|| {
            let names = self.file.connection.keys().map(ConnectionId::as_str);
            unknown("connection", name, names)
        })
    }

    /// A path of the file, seen from where rosterd runs.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        tidy(&self.dir.join(path))
    }
}

/// A path without the `./` that nobody typed.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != std::path::Component::CurDir).collect()
}

/// "there is no job "x" in rosterd.toml", with what it could have been.
fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str> + Clone) -> CommandError {
    let error = CommandError::usage(format!("there is no {what} \"{name}\" in {FILE_NAME}"));
    match nearest(name, names.clone()) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None => {
            let all = names.collect::<Vec<_>>().join(", ");
            error.hint(if all.is_empty() { format!("add a [{what}.{name}] table") } else { format!("there is: {all}") })
        }
    }
}

/// Finds the configuration: the named file, else rosterd.toml in this folder or one above.
///
/// # Errors
/// A configuration error that says how to make one.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, CommandError> {
    if let Some(path) = named {
        if path.is_file() {
            return Ok(path.to_path_buf());
        }
        return Err(CommandError::config(format!("there is no configuration {}", path.display()))
            .hint("it was named by --config or ROSTERD_CONFIG; correct the path, or make one: rosterd init"));
    }
    let here = std::env::current_dir()
        .map_err(|error| CommandError::internal("failed to find out the current folder").because(&error))?;
    let found = here.ancestors().map(|dir| dir.join(FILE_NAME)).find(|path| path.is_file());
    found.map(|path| path.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(path)).ok_or_else(|| {
        CommandError::config(format!("there is no {FILE_NAME} in {} or above it", here.display()))
            .hint("make one: rosterd init")
            .hint("or name one: rosterd --config FILE ...")
    })
}

fn read(path: &Path) -> Result<String, CommandError> {
    let fail = |error: &dyn std::error::Error| {
        CommandError::config(format!("failed to read the configuration {}", path.display())).because(error)
    };
    let size = std::fs::metadata(path).map_err(|error| fail(&error))?.len();
    if size > MAX_BYTES {
        return Err(CommandError::config(format!("{} is larger than 16 MiB: it is no configuration", path.display())));
    }
    let bytes = std::fs::read(path).map_err(|error| fail(&error))?;
    String::from_utf8(bytes).map_err(|error| fail(&error).hint("save the file as UTF-8"))
}

/// Sums problems up.
pub(crate) fn broken(name: &str, mut problems: Vec<Problem>) -> CommandError {
    problems.sort_by_key(|problem| (problem.line, problem.column));
    let message = match problems.len() {
        1 => format!("{name} has a problem"),
        many => format!("{name} has {many} problems"),
    };
    CommandError { problems, ..CommandError::config(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, CommandError> {
        Config::parse(PathBuf::from("."), FILE_NAME.to_owned(), text.to_owned())
    }

    #[test]
    fn the_file_of_init_is_right() {
        let config = parse(crate::command::init::TEMPLATE).expect("valid");
        assert!(lint(&config).is_empty());
    }

    #[test]
    fn comments_and_order_do_not_change_what_decides_a_plan() {
        let one = "[job.a]\nsource = \"x\"\n[job.b]\nsource = \"x\"\nschedule = { every = \"5m\" }\n[connection.x]\nplugin = \"p\"\n";
        let two = "# words\n[job.b]\nsource = \"x\"\n[job.a]\nsource = \"x\"\n[limits]\npage-size = 7\n";
        let other = "[job.a]\nsource = \"y\"\n[job.b]\nsource = \"x\"\n";
        let digest = |text| parse(text).expect("valid").digest;
        assert_eq!(digest(one), digest(two));
        assert_ne!(digest(one), digest(other));
    }

    #[test]
    fn schedules_are_taken_out_of_jobs() {
        let config = parse("[job.a]\nsource = \"x\"\nschedule = { every = \"5m\", full = \"24h\" }\n").expect("valid");
        assert!(matches!(&config.file.job["a"].schedule, Some(schedule::Schedule::Interval(_))));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = parse(&text);
        }

        /// Pieces of real files in any order: most are wrong, none may be more than an error.
        #[test]
        fn no_mixture_of_lines_makes_it_panic(lines in proptest::collection::vec(0usize..64, 0..24)) {
            let all: Vec<&str> = crate::command::init::TEMPLATE.lines().collect();
            let text: String = lines.iter().map(|line| format!("{}\n", all[line % all.len()])).collect();
            if let Ok(config) = parse(&text) {
                let _ = lint(&config);
            }
        }
    }
}
