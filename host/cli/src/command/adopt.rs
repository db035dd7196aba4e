//! `rosterd adopt`: whose the accounts are that a destination had before the hub.

use crate::args::AdoptArgs;
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::output::{Human, Output, Page, plain};
use rosterd_engine::adopt::{Line, Proposals, read_lines};
use rosterd_reconcile::adopt::Confidence;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The largest file of proposals that is read: about four million accounts.
const MOST_BYTES: u64 = 1 << 30;
/// How many orphans are named on the page.
const NAMED: usize = 10;

/// Runs `rosterd adopt`.
pub(crate) fn run(context: &Context, args: &AdoptArgs) -> Result<Output, CommandError> {
    match &args.file {
        None => propose(context, args),
        Some(file) => link(context, &args.destination, file),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Proposed {
    destination: String,
    accounts: BTreeMap<&'static str, u64>,
    linked: u64,
    without_account: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Only where no file was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proposals: Vec<Line>,
    #[serde(skip)]
    orphans: Vec<String>,
}

impl Human for Proposed {
    fn human(&self, page: &mut Page) {
        page.heading(&format!("accounts of {} that the hub does not know yet", self.destination));
        let meaning = |confidence: Confidence| match confidence {
            Confidence::Sure => "a strong key says whose they are; they are linked unless you change it",
            Confidence::Likely => "a weak key says whose they may be; set \"link\": true where it is right",
            Confidence::Ambiguous => "several entities match; choose one as \"entity\"",
            Confidence::Disputed => "several accounts match one entity; choose one of them",
            Confidence::Taken => "the entity has another account there",
            Confidence::Secondary => {
                "a second account of somebody, as the job says that reads it; it is never linked as the first"
            }
            Confidence::Orphan => "nobody matches; they are left alone",
        };
        let rows = Confidence::ALL.into_iter().filter_map(|confidence| {
            let count = self.accounts.get(confidence.as_str())?;
            Some(vec![count.to_string(), confidence.as_str().to_owned(), meaning(confidence).to_owned()])
        });
        page.table(&["accounts", "confidence", "meaning"], rows.collect());
        page.line(format!("{} accounts are linked already", self.linked));
        page.line(format!("{} people of the hub have no account there; none was made", self.without_account));
        if !self.orphans.is_empty() {
            let count = self.accounts.get("orphan").copied().unwrap_or(0);
            let rest = count.saturating_sub(self.orphans.len() as u64);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            page.line(format!("orphans: {}{more}", plain(&self.orphans.join(", "))));
        }
        match &self.file {
            Some(file) => page.line(format!(
                "look at {file}, then make a plan of its links: rosterd adopt {} --file {file}",
                self.destination
            )),
            None => page.line(format!("write them to a file: rosterd adopt {} --out FILE", self.destination)),
        }
    }
}

fn propose(context: &Context, args: &AdoptArgs) -> Result<Output, CommandError> {
    let engine = engine(context, Some("reading"))?;
    let proposals = context.block_on(async { Ok(engine.adopt_propose(&args.destination).await?) })?;
    let Proposals { lines, tally, linked, without } = proposals;
    let orphans = lines.iter().filter(|line| line.confidence == Confidence::Orphan);
    let orphans = orphans.take(NAMED).map(|line| line.account.clone()).collect();
    let accounts = tally.iter().map(|(confidence, count)| (confidence.as_str(), *count)).collect();
    let (file, proposals) = match &args.out {
        Some(path) => {
            write(path, &lines)?;
            (Some(path.display().to_string()), Vec::new())
        }
        None => (None, lines),
    };
    let destination = args.destination.clone();
    let proposed = Proposed { destination, accounts, linked, without_account: without, file, proposals, orphans };
    Ok(Output::new("adopt", proposed))
}

fn write(path: &Path, lines: &[Line]) -> Result<(), CommandError> {
    let fail = |error: &dyn std::error::Error| {
        CommandError::internal(format!("failed to write the proposals to {}", path.display())).because(error)
    };
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line).map_err(|error| fail(&error))?);
        text.push('\n');
    }
    // A file that a person has worked on is not overwritten.
    let open = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = open.map_err(|error| fail(&error).hint("name a file that is not there yet"))?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| fail(&error))
}

#[derive(Serialize)]
struct Refused {
    id: String,
    because: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Linked {
    destination: String,
    plan: Option<String>,
    links: u64,
    refused: Vec<Refused>,
}

impl Human for Linked {
    fn human(&self, page: &mut Page) {
        for refused in &self.refused {
            page.line(format!("not linked: {}: {}", plain(&refused.id), plain(&refused.because)));
        }
        match &self.plan {
            Some(digest) => {
                page.line(format!("plan {digest} links {} accounts of {}", self.links, self.destination));
                page.line(format!("look at it: rosterd plan show {digest}"));
                page.line(format!("link them:  rosterd apply {digest}"));
            }
            None => page.line("there is nothing to link"),
        }
    }
}

fn link(context: &Context, destination: &str, path: &Path) -> Result<Output, CommandError> {
    let fail = |error: &dyn std::error::Error| {
        CommandError::usage(format!("failed to read the proposals {}", path.display())).because(error)
    };
    if std::fs::metadata(path).map_err(|error| fail(&error))?.len() > MOST_BYTES {
        return Err(CommandError::usage(format!("{} is larger than 1 GiB", path.display())));
    }
    let lines = read_lines(&std::fs::read_to_string(path).map_err(|error| fail(&error))?)?;
    let engine = engine(context, Some("linking"))?;
    let adoption = context.block_on(async { Ok(engine.adopt_link(destination, lines).await?) })?;
    let plan = adoption.report.plan.as_ref();
    let linked = Linked {
        destination: destination.to_owned(),
        plan: plan.map(|header| header.digest.short()),
        links: plan.map_or(0, |header| header.steps),
        refused: adoption.refused.into_iter().map(|(id, because)| Refused { id: id.to_string(), because }).collect(),
    };
    Ok(Output::new("adopt", linked))
}
