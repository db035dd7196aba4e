//! `rosterd replay`: a recorded run once more, from the tape alone.
//!
//! Both halves are repeated: the hub over the recorded answers of its connections, which must come to the same plan, and each
//! component over the recorded answers of the host, which must say the same again. Nothing else is touched: not the network, not
//! the files of the source, not the secrets, and not the store of this folder.

use super::tape::{beside, footer};
use crate::args::ReplayArgs;
use crate::config::{Config, FILE_NAME};
use crate::context::Context;
use crate::engine::engine;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_connector::tape::{Footer, Header, Rehearsal, Tape, TapeError, TapedConnections, rehearse};
use rosterd_connector::{Limits, Loaded};
use rosterd_engine::run::RunOptions;
use rosterd_model::port::Clock;
use rosterd_model::{ConnectionId, Timestamp};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Replayed {
    file: PathBuf,
    job: String,
    /// Version of rosterd that recorded it.
    hub: String,
    redacted: bool,
    recorded: Option<Outcome>,
    replayed: Outcome,
    /// The plan is the same; of a tape with pseudonyms, its shape is.
    same: bool,
    connections: Vec<Component>,
    /// Places that were blanked when it was recorded.
    blanked: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    outcome: String,
    plan: Option<String>,
    steps: u64,
}

/// What became of the component of a connection.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Component {
    pub(super) connection: String,
    pub(super) component: String,
    pub(super) instances: u64,
    pub(super) calls: u64,
    pub(super) changes: u64,
    /// Calls in which the recording broke off.
    pub(super) broken_off: u64,
    pub(super) count: u64,
    pub(super) differences: Vec<String>,
}

/// Repeats a recorded run.
///
/// # Errors
/// The file is no tape; the store that it needs is not there; the run can not be repeated at all.
pub(crate) fn run(context: &Context, args: &ReplayArgs) -> Result<Output, CommandError> {
    let tape = Tape::open(&args.file)?;
    let header = tape.header();
    let folder = tempfile::tempdir()
        .map_err(|error| CommandError::internal("failed to make a folder for the replay").because(&error))?;
    let mut config = Config::parse(folder.path().to_owned(), FILE_NAME.to_owned(), header.configuration.clone())?;
    // Whatever the configuration says: a replay has a store of its own.
    let store = folder.path().join("replay.redb");
    config.file.store.path.clone_from(&store);
    if let Some(copy) = before(args, header)? {
        std::fs::copy(&copy, &store).map_err(|error| {
            CommandError::usage(format!("failed to copy the store {}", copy.display())).because(&error)
        })?;
    }
    let limits: Vec<_> = tape.connections().iter().map(|(name, ..)| limits(&config, name)).collect();
    let replayed = hub(context, &tape, config)?;
    let mut connections = Vec::new();
    if !header.redacted {
        for ((name, identity, digest), limits) in tape.connections().into_iter().zip(limits) {
            let loaded = component(context, &tape, &digest, folder.path())?;
            let progress = context.talk().progress(&format!("repeating {identity} for {name}"));
            let rehearsal = context.block_on(async { Ok(rehearse(&tape, &name, &loaded, &limits, false).await?) })?;
            drop(progress);
            connections.push(Component::new(name, identity, rehearsal));
        }
    }
    let same = tape.footer().is_some_and(|recorded| same(recorded, &replayed, header.redacted));
    let differ = connections.iter().any(|connection| connection.count > 0);
    let exit = match (tape.footer(), same, differ) {
        // A tape that broke off has nothing to compare with.
        (None, _, _) => Exit::Partial,
        (Some(_), false, _) => Exit::Internal,
        (Some(_), true, true) => Exit::Connector,
        (Some(_), true, false) => Exit::Ok,
    };
    let body = Replayed {
        file: args.file.clone(),
        job: header.job.clone(),
        hub: header.hub.clone(),
        redacted: header.redacted,
        recorded: tape.footer().map(Outcome::new),
        replayed: Outcome::new(&replayed),
        same,
        connections,
        blanked: tape.footer().map_or(0, |footer| footer.blanked),
    };
    Ok(Output::new("replay", body).exit(exit))
}

/// The store as it was before the recorded run.
fn before(args: &ReplayArgs, header: &Header) -> Result<Option<PathBuf>, CommandError> {
    if let Some(copy) = &args.store {
        return Ok(Some(copy.clone()));
    }
    let beside = beside(&args.file);
    if beside.is_file() {
        return Ok(Some(beside));
    }
    if header.from_nothing {
        return Ok(None);
    }
    Err(CommandError::usage(format!("the run on {} began with a store that was not empty", args.file.display()))
        .hint("replay it over a copy from before it: rosterd replay FILE --store COPY (of `rosterd store backup COPY`)")
        .hint("a tape that is recorded with --with-store has one beside it"))
}

/// Repeats the hub's half.
fn hub(context: &Context, tape: &Tape, config: Config) -> Result<Footer, CommandError> {
    let header = tape.header();
    let Header { allow_empty, full, compare, .. } = *header;
    let options = RunOptions { allow_empty, dry: true, full, compare, ..RunOptions::default() };
    let own = Context::over(config, context.talk().clone());
    let mut engine = engine(&own, Some("replay"))?;
    engine.connections = Arc::new(TapedConnections::new(tape)?);
    engine.clock = Arc::new(Then { began: Timestamp(header.started_ms), from: Instant::now() });
    let report = own.block_on(async { Ok(engine.run(&header.job, options).await) })?;
    Ok(match report {
        Ok(report) => footer(report.run.state.as_str(), report.plan.as_ref()),
        Err(error) => {
            let error = CommandError::from(error);
            context.talk().note(format!("the replayed run failed: {}", error.message));
            footer("failed", None)
        }
    })
}

/// The clock of a replay: it begins when the recorded run began.
#[derive(Debug)]
struct Then {
    began: Timestamp,
    from: Instant,
}

impl Clock for Then {
    fn now(&self) -> Timestamp {
        Timestamp(self.began.0.saturating_add(u64::try_from(self.from.elapsed().as_millis()).unwrap_or(u64::MAX)))
    }
}

fn same(recorded: &Footer, replayed: &Footer, redacted: bool) -> bool {
    let failed = |footer: &Footer| matches!(footer.outcome.as_str(), "failed" | "incomplete");
    let ended = failed(recorded) == failed(replayed);
    if redacted { ended && recorded.shape == replayed.shape } else { ended && recorded.plan == replayed.plan }
}

/// The limits that a connection had.
pub(super) fn limits(config: &Config, name: &str) -> Limits {
    let id: Option<ConnectionId> = name.parse().ok();
    id.and_then(|id| config.file.connection.get(&id)).map(|table| table.limits.clone()).unwrap_or_default()
}

/// Loads a component of a tape.
fn component(context: &Context, tape: &Tape, digest: &str, folder: &Path) -> Result<Loaded, CommandError> {
    let path = folder.join(format!("{digest}.wasm"));
    let unwritten =
        |error: std::io::Error| CommandError::internal("failed to unpack a component of the tape").because(&error);
    std::fs::write(&path, tape.component(digest)?).map_err(unwritten)?;
    context.connector_host()?.load(&path).map_err(|error| {
        CommandError::new(crate::error::ErrorKind::Connector, "a component of the tape can not be loaded")
            .because(&error)
    })
}

impl Component {
    pub(super) fn new(connection: String, component: String, rehearsal: Rehearsal) -> Self {
        let Rehearsal { instances, calls, changes, differences, count, broken_off, .. } = rehearsal;
        let sentence = |one: rosterd_connector::tape::Difference| match one.frame {
            0 => format!("{}: {}", one.call, one.what),
            frame => format!("frame {frame}, {}: {}", one.call, one.what),
        };
        let differences = differences.into_iter().map(sentence).collect();
        Self { connection, component, instances, calls, changes, broken_off, count, differences }
    }

    pub(super) fn show(&self, page: &mut Page) {
        let (name, component) = (plain(&self.connection), plain(&self.component));
        let line = format!("{name} ({component}): {} calls of {} instances repeated", self.calls, self.instances);
        match self.count {
            0 => page.line(format!("{line}, all answered as before")),
            count => page.line(format!("{line}, {} {count} differences", page.paint(Tone::Bad, "with"))),
        }
        if self.broken_off > 0 {
            page.line(format!("  {} calls were not recorded to their end", self.broken_off));
        }
        for difference in self.differences.iter().take(20) {
            page.line(format!("  {}", plain(difference)));
        }
    }
}

impl Outcome {
    fn new(footer: &Footer) -> Self {
        Self { outcome: footer.outcome.clone(), plan: footer.plan.clone(), steps: footer.steps }
    }
}

impl Human for Replayed {
    fn human(&self, page: &mut Page) {
        let short =
            |plan: &Option<String>| plan.as_ref().map_or("no plan".to_owned(), |plan| plan.chars().take(12).collect());
        let replayed = &self.replayed;
        match &self.recorded {
            None => {
                page.line(page.paint(Tone::Warn, "the recording broke off; what is there was repeated"));
                page.line(format!(
                    "replayed: {}, {} steps, {}",
                    short(&replayed.plan),
                    replayed.steps,
                    replayed.outcome
                ));
            }
            Some(recorded) => {
                page.line(format!(
                    "recorded: {}, {} steps, {}",
                    short(&recorded.plan),
                    recorded.steps,
                    recorded.outcome
                ));
                page.line(format!("replayed: {}, {} steps", short(&replayed.plan), replayed.steps));
                let verdict = match (self.same, self.redacted) {
                    (true, false) => page.paint(Tone::Good, "the same plan"),
                    (true, true) => page.paint(Tone::Good, "a plan of the same shape (the tape has pseudonyms)"),
                    (false, _) => page.paint(Tone::Bad, "another plan"),
                };
                page.line(verdict);
            }
        }
        for connection in &self.connections {
            connection.show(page);
        }
        if self.blanked > 0 {
            page.line(format!("{} places of the tape are blanked: a secret stood there", self.blanked));
        }
    }
}

impl From<TapeError> for CommandError {
    fn from(error: TapeError) -> Self {
        Self::usage(error.to_string())
    }
}
