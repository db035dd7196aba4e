//! `--record`: a tape of a run.

use crate::args::RecordArgs;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::context::Context;
use crate::error::CommandError;
use rosterd_connector::tape::{Footer, Header, Recorded, Recording};
use rosterd_engine::EngineError;
use rosterd_engine::run::{RunOptions, RunReport};
use rosterd_model::plan::PlanHeader;
use rosterd_model::port::Clock as _;
use rosterd_store::Store;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A tape that was written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TapeView {
    file: PathBuf,
    frames: u64,
    bytes: u64,
    /// Places where a secret would have stood.
    blanked: u64,
}

/// Words that people's data may hold and that are not about people: states, as every mapping of them knows them.
const STATES: [&str; 16] = [
    "active",
    "disabled",
    "enabled",
    "inactive",
    "suspended",
    "deleted",
    "leaving",
    "left",
    "on",
    "off",
    "yes",
    "no",
    "account",
    "org-unit",
    "group",
    "staged",
];

/// Begins a tape, if one was asked for. Must come before anything is opened.
///
/// # Errors
/// The file exists or can not be made; the store can not be copied.
pub(super) fn begin(
    context: &Context,
    job: &str,
    options: RunOptions,
    args: &RecordArgs,
) -> Result<Option<Recording>, CommandError> {
    let Some(file) = &args.record else { return Ok(None) };
    let config = context.config()?;
    let from_nothing = !context.store_path()?.exists();
    if args.with_store && !from_nothing {
        copy(context.store()?, &beside(file))?;
    } else if !from_nothing {
        context.talk().note(
            "a tape of this run can be replayed over a copy of the store from before it only; --with-store keeps one",
        );
    }
    let mut header = Header::new(job, config.document.text(), &config.digest, SystemClock.now().0);
    (header.dry, header.allow_empty, header.from_nothing) = (options.dry, options.allow_empty, from_nothing);
    (header.full, header.compare) = (options.full, options.compare);
    let recording = create(file, header, args.redact.then(|| kept(config)).as_ref())?;
    context.record(recording.clone());
    Ok(Some(recording))
}

/// Makes the file.
///
/// # Errors
/// It exists, or can not be made.
pub(super) fn create(file: &Path, header: Header, keep: Option<&BTreeSet<String>>) -> Result<Recording, CommandError> {
    Recording::create(file, header, keep).map_err(|error| {
        let failed = CommandError::usage(format!("failed to make the tape {}", file.display())).because(&error);
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            failed.hint("a tape overwrites nothing; name another file")
        } else {
            failed
        }
    })
}

/// Where the store of a tape lies.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".store");
    name.into()
}

fn copy(store: &Store, to: &Path) -> Result<(), CommandError> {
    Ok(store.backup(to)?)
}

/// Words that the configuration names: mappings compare with them.
fn kept(config: &Config) -> BTreeSet<String> {
    let words = config.document.text().split(|letter: char| !letter.is_alphanumeric());
    // A single letter or digit is no word of its own.
    let words = words.filter(|word| word.chars().count() > 1).map(str::to_owned);
    let whole = config.document.text().split(['"', '\'', '\n']).map(str::to_owned);
    words.chain(whole).chain(STATES.map(str::to_owned)).filter(|word| !word.is_empty()).collect()
}

/// Ends a tape.
///
/// # Errors
/// It could not be written to its end.
pub(super) fn finish(
    context: &Context,
    recording: &Recording,
    args: &RecordArgs,
    report: &Result<RunReport, EngineError>,
) -> Result<TapeView, CommandError> {
    let footer = match report {
        Ok(report) => footer(report.run.state.as_str(), report.plan.as_ref()),
        Err(_) => footer("failed", None),
    };
    let file = args.record.clone().unwrap_or_default();
    end(context, recording, file, footer)
}

/// What came of a run.
pub(super) fn footer(outcome: &str, plan: Option<&PlanHeader>) -> Footer {
    let mut shape = BTreeMap::new();
    for (bucket, count) in plan.into_iter().flat_map(|plan| &plan.counts) {
        shape.insert(bucket.to_string(), *count);
    }
    Footer {
        outcome: outcome.to_owned(),
        plan: plan.map(|plan| plan.digest.to_string()),
        steps: plan.map_or(0, |plan| plan.steps),
        shape,
        blanked: 0,
    }
}

/// Writes the last frame.
pub(super) fn end(
    context: &Context,
    recording: &Recording,
    file: PathBuf,
    footer: Footer,
) -> Result<TapeView, CommandError> {
    let Recorded { frames, bytes, blanked } = recording.finish(footer).map_err(|error| {
        let mut failed = CommandError::internal(format!("the tape {} is not whole", file.display()));
        failed.causes.push(error);
        failed.hint("the run itself is done: rosterd runs list; what is on the tape can still be looked at")
    })?;
    context.talk().note(format!("recorded on {} ({frames} frames, {bytes} bytes)", file.display()));
    if blanked > 0 {
        context.talk().note(format!(
            "{blanked} places held a secret of the connection; they are blanked, and a replay may differ there"
        ));
    }
    Ok(TapeView { file, frames, bytes, blanked })
}
