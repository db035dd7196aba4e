//! `rosterd audit`: who did what, as a chain in which a change shows.

use crate::args::{AuditCommand, ListArgs};
use crate::context::Context;
use crate::error::{CommandError, ErrorKind};
use crate::exit::Exit;
use crate::output::{Human, Output, Page, plain};
use jiff::Timestamp as Instant;
use rosterd_model::Timestamp;
use rosterd_store::prelude::*;
use rosterd_store::{AuditChain, AuditRow, Counter, Snapshot};
use serde::Serialize;
use std::fmt::Write as _;

/// Runs `rosterd audit`.
pub(crate) fn run(context: &Context, command: AuditCommand) -> Result<Output, CommandError> {
    match command {
        AuditCommand::List(args) => list(context, &args),
        AuditCommand::Verify => verify(context),
        AuditCommand::Export { after } => export(context, after),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RowView {
    row: u64,
    at: String,
    principal: String,
    what: String,
    /// None: it named somebody who was erased.
    detail: Option<String>,
    detail_hash: String,
    salt: String,
    previous: String,
    hash: String,
}

impl RowView {
    fn of(number: u64, row: &AuditRow) -> Self {
        let hex = crate::config::hex;
        Self {
            row: number,
            at: time(row.at),
            principal: row.principal.clone(),
            what: row.what.clone(),
            detail: row.detail.clone(),
            detail_hash: hex(&row.detail_hash),
            salt: hex(&row.salt),
            previous: hex(&row.previous),
            hash: hex(&row.hash),
        }
    }
}

/// In UTC, to the millisecond that the hash covers.
fn time(at: Timestamp) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    Instant::from_millisecond(ms)
        .map_or_else(|_| at.0.to_string(), |time| time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

#[derive(Serialize)]
struct Listed {
    rows: Vec<RowView>,
}

impl Human for Listed {
    fn human(&self, page: &mut Page) {
        if self.rows.is_empty() {
            page.line("nobody did anything yet");
            return;
        }
        let rows = self.rows.iter().map(|row| {
            let detail = row.detail.as_deref().map_or_else(|| "(erased)".to_owned(), plain);
            vec![row.row.to_string(), row.at.clone(), plain(&row.principal), row.what.clone(), detail]
        });
        page.table(&["row", "when (UTC)", "who", "what", "to what"], rows.collect());
    }
}

fn list(context: &Context, args: &ListArgs) -> Result<Output, CommandError> {
    let view = context.reading_store()?.snapshot()?;
    let before: Option<u64> = match &args.after {
        Some(text) => Some(text.parse().map_err(|_| {
            CommandError::usage(format!("\"{text}\" is no row of the audit; rows are numbers: rosterd audit list"))
        })?),
        None => None,
    };
    let mut rows = Vec::new();
    for row in view.audit(0)?.rev() {
        let (number, row) = row?;
        if before.is_none_or(|before| number < before) {
            rows.push(RowView::of(number, &row));
        }
        if rows.len() >= args.limit {
            break;
        }
    }
    Ok(Output::new("audit list", Listed { rows }))
}

#[derive(Serialize)]
struct Verified {
    rows: u64,
    erased: u64,
    /// Hash of the last row: kept elsewhere, it shows later that nothing before it was changed.
    last: Option<String>,
    problems: Vec<String>,
}

impl Human for Verified {
    fn human(&self, page: &mut Page) {
        for problem in &self.problems {
            page.line(problem);
        }
        if !self.problems.is_empty() {
            page.line("the audit was changed behind the hub's back; compare it with an export, and ask who could write the store");
            return;
        }
        let last = self.last.as_deref().unwrap_or("none");
        let erased =
            if self.erased > 0 { format!(", {} without their text (erased)", self.erased) } else { String::new() };
        page.line(format!("{} rows, none changed or missing{erased}; hash of the last: {last}", self.rows));
    }
}

fn checked(view: &Snapshot) -> Result<Verified, CommandError> {
    let mut verified = Verified { rows: 0, erased: 0, last: None, problems: Vec::new() };
    let mut chain = AuditChain::default();
    for row in view.audit(0)? {
        let (number, row) = row?;
        verified.rows += 1;
        verified.erased += u64::from(row.detail.is_none());
        verified.problems.extend(chain.next(number, &row).map(|problem| problem.to_string()));
        verified.last = Some(crate::config::hex(&row.hash));
    }
    verified.problems.extend(chain.end(view.last_number(Counter::Audit)?).map(|problem| problem.to_string()));
    Ok(verified)
}

fn verify(context: &Context) -> Result<Output, CommandError> {
    let verified = checked(&context.reading_store()?.snapshot()?)?;
    let exit = if verified.problems.is_empty() { Exit::Ok } else { Exit::Store };
    Ok(Output::new("audit verify", verified).exit(exit))
}

/// JSON lines, oldest first: each row with everything that its hash covers.
fn export(context: &Context, after: Option<u64>) -> Result<Output, CommandError> {
    let view = context.reading_store()?.snapshot()?;
    if let Some(problem) = checked(&view)?.problems.into_iter().next() {
        return Err(CommandError::new(ErrorKind::Store, format!("the audit is not exported, because {problem}"))
            .hint("see all of it: rosterd audit verify"));
    }
    let mut text = String::new();
    for row in view.audit(after.map_or(0, |row| row.saturating_add(1)))? {
        let (number, row) = row?;
        let line = serde_json::to_string(&RowView::of(number, &row))
            .map_err(|error| CommandError::internal("failed to write a row as JSON").because(&error))?;
        // Writing to a String can not fail.
        let _ = writeln!(text, "{line}");
    }
    Ok(Output::raw("audit export", text))
}
