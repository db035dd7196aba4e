//! `rosterd init`: a first rosterd.toml. Asks nothing and replaces nothing.

use crate::args::InitArgs;
use crate::config::{FILE_NAME, tidy};
use crate::error::CommandError;
use crate::output::{Human, Output, Page, Tone};
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;

/// The file that is written. The tests hold it against the schema.
pub(crate) const TEMPLATE: &str = include_str!("init.toml");

#[derive(Serialize)]
struct Created {
    path: PathBuf,
}

/// Runs `rosterd init`.
///
/// # Errors
/// There is a rosterd.toml already, or the folder can not be written to.
pub(crate) fn run(args: &InitArgs) -> Result<Output, CommandError> {
    let path = tidy(&args.dir.join(FILE_NAME));
    let write = || {
        std::fs::create_dir_all(&args.dir)?;
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(TEMPLATE.as_bytes())
    };
    write().map_err(|error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => CommandError::usage(format!("{} is already there", path.display()))
            .hint("it was left as it is; edit it, or name another folder: rosterd init DIR"),
        _ => CommandError::usage(format!("failed to write {}", path.display())).because(&error),
    })?;
    Ok(Output::new("init", Created { path }))
}

impl Human for Created {
    fn human(&self, page: &mut Page) {
        page.line(format!("{} {}", page.paint(Tone::Good, "wrote"), self.path.display()));
        page.line("it reads people.csv beside it; change that to your source, then:");
        page.line("  rosterd check        looks for mistakes");
        page.line("  rosterd plan hr      shows what would change, and changes nothing");
    }
}
