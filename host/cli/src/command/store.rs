//! `rosterd store`: minding the file in which everything lies.

use crate::args::StoreCommand;
use crate::context::Context;
use crate::engine::engine;
use crate::error::{CommandError, ErrorKind};
use crate::exit::Exit;
use crate::output::{Human, Output, Page};
use rosterd_engine::housekeeping::Housekeeping;
use rosterd_store::verify::verify;
use rosterd_store::{Store, StoreError};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Runs `rosterd store`.
pub(crate) fn run(context: &Context, command: StoreCommand) -> Result<Output, CommandError> {
    match command {
        StoreCommand::Verify => check(context),
        StoreCommand::Backup { file } => backup(context, &file),
        StoreCommand::Restore { file, force } => restore(context, &file, force),
        StoreCommand::Compact => compact(context),
        StoreCommand::Stats => stats(context),
    }
}

#[derive(Serialize)]
struct Verified {
    rows: u64,
    problems: Vec<String>,
}

impl Human for Verified {
    fn human(&self, page: &mut Page) {
        for problem in &self.problems {
            page.line(problem);
        }
        match self.problems.len() {
            0 => page.line(format!("{} rows, every invariant holds", self.rows)),
            many => page.line(format!("{many} problems; restore a backup: rosterd store restore FILE")),
        }
    }
}

fn check(context: &Context) -> Result<Output, CommandError> {
    let report = verify(&context.reading_store()?.whole_snapshot()?)?;
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    let exit = if problems.is_empty() { Exit::Ok } else { Exit::Store };
    Ok(Output::new("store verify", Verified { rows: report.rows, problems }).exit(exit))
}

#[derive(Serialize)]
struct Copied {
    from: PathBuf,
    to: PathBuf,
    #[serde(skip)]
    what: &'static str,
}

impl Human for Copied {
    fn human(&self, page: &mut Page) {
        page.line(format!("{} {} to {}", self.what, self.from.display(), self.to.display()));
    }
}

fn backup(context: &Context, file: &Path) -> Result<Output, CommandError> {
    if file.exists() {
        let message = format!("{} exists, and a backup overwrites nothing", file.display());
        return Err(CommandError::new(ErrorKind::Store, message).hint("name another file, or move this one away"));
    }
    context.reading_store()?.backup(file)?;
    let from = context.config()?.resolve(&context.config()?.file.store.path);
    Ok(Output::new("store backup", Copied { from, to: file.to_path_buf(), what: "copied" }))
}

fn restore(context: &Context, file: &Path, force: bool) -> Result<Output, CommandError> {
    let to = context.config()?.resolve(&context.config()?.file.store.path);
    if to.exists() && !force {
        return Err(CommandError::new(
            ErrorKind::Store,
            format!("{} exists; a restore replaces everything in it", to.display()),
        )
        .hint("add --force once you are sure; keep a copy: rosterd store backup FILE"));
    }
    Store::restore(file, &to, force).map_err(|error| match error {
        StoreError::Missing { path } | StoreError::Foreign { path } if path == file => {
            let message = format!("{} is no backup of a store; the present store was left as it is", file.display());
            CommandError::new(ErrorKind::Store, message).hint("name a file that `rosterd store backup FILE` wrote")
        }
        error => error.into(),
    })?;
    Ok(Output::new("store restore", Copied { from: file.to_path_buf(), to, what: "restored" }))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Compacted {
    removed: Housekeeping,
    before_bytes: u64,
    after_bytes: u64,
}

impl Human for Compacted {
    fn human(&self, page: &mut Page) {
        let done = &self.removed;
        page.line(format!(
            "removed {} values of history, {} steps, {} plans, {} runs, {} entities, {} tombstones",
            done.history, done.steps, done.plans, done.runs, done.entities, done.tombstones
        ));
        page.line(format!("the file had {} bytes and has {}", self.before_bytes, self.after_bytes));
    }
}

fn compact(context: &Context) -> Result<Output, CommandError> {
    let engine = engine(context, None)?;
    let path = context.store_path()?;
    let size = || std::fs::metadata(&path).map_or(0, |file| file.len());
    let before_bytes = size();
    let removed = engine.housekeeping()?;
    engine.store.rewrite()?;
    Ok(Output::new("store compact", Compacted { removed, before_bytes, after_bytes: size() }))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TableRow {
    table: String,
    rows: u64,
    stored_bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Stats {
    rows: u64,
    file_bytes: u64,
    tables: Vec<TableRow>,
}

impl Human for Stats {
    fn human(&self, page: &mut Page) {
        let rows = self.tables.iter().filter(|table| table.rows > 0);
        let rows = rows.map(|table| vec![table.table.clone(), table.rows.to_string(), table.stored_bytes.to_string()]);
        page.table(&["table", "rows", "bytes"], rows.collect());
        page.line(format!("{} rows in a file of {} bytes", self.rows, self.file_bytes));
    }
}

fn stats(context: &Context) -> Result<Output, CommandError> {
    let size = context.reading_store()?.size()?;
    let tables: Vec<TableRow> = size
        .tables
        .iter()
        .map(|table| TableRow {
            table: table.table.name().to_owned(),
            rows: table.rows,
            stored_bytes: table.stored_bytes,
        })
        .collect();
    let rows = tables.iter().map(|table| table.rows).sum();
    Ok(Output::new("store stats", Stats { rows, file_bytes: size.file_bytes, tables }))
}
