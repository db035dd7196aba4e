//! `rosterd check`: everything that can be found wrong before a run.
//!
//! Offline it reads the configuration, the plugins' own descriptions, the certificate, and whether secrets are there; with
//! `--online` it asks the connectors to probe their remote systems, which writes nothing.

mod offline;

use crate::args::CheckArgs;
use crate::config::lint;
use crate::context::Context;
use crate::error::{CommandError, Problem};
use crate::exit::Exit;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_model::port::Probe;
use rosterd_model::{ConnectionId, Fault};
use serde::Serialize;

/// One thing that was found.
#[derive(Serialize)]
struct Finding {
    /// True: nothing runs before it is mended. False: it deserves a look.
    blocking: bool,
    /// The connection that it is about, if it is about one.
    connection: Option<String>,
    message: String,
    hints: Vec<String>,
    /// Where in the file it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(skip)]
    excerpt: Option<String>,
    /// The exit code that it calls for.
    #[serde(skip)]
    exit: Exit,
}

#[derive(Serialize)]
struct Place {
    file: String,
    line: usize,
    column: usize,
}

impl Finding {
    fn new(connection: &ConnectionId, exit: Exit, message: String) -> Self {
        let connection = Some(connection.to_string());
        Self { blocking: true, connection, message, hints: Vec::new(), place: None, excerpt: None, exit }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    fn at(mut self, problem: Problem) -> Self {
        self.place = Some(Place { file: problem.file, line: problem.line, column: problem.column });
        self.excerpt = problem.excerpt;
        self
    }
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
        let (message, hints) = (problem.message.clone(), problem.hints.clone());
        Self { blocking: true, connection: None, message, hints, place: None, excerpt: None, exit: Exit::Config }
            .at(problem)
    }
}

#[derive(Serialize)]
struct Checked {
    /// Digest of what decides plans; plans of another one are refused.
    policy: String,
    jobs: usize,
    connections: usize,
    deliveries: usize,
    findings: Vec<Finding>,
    /// What the remote systems said; only with `--online`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    probes: Vec<Probed>,
}

#[derive(Serialize)]
struct Probed {
    connection: String,
    name: String,
    ok: bool,
    message: String,
    remedy: Option<String>,
}

/// Runs `rosterd check`. Exit code 3 or 5 if something blocks, by who must act.
///
/// # Errors
/// The file can not be read, or its form is wrong.
pub(crate) fn run(context: &Context, args: &CheckArgs) -> Result<Output, CommandError> {
    let config = context.config()?;
    let mut findings: Vec<Finding> = lint(config).into_iter().map(Finding::from).collect();
    findings.extend(offline::plugins(config));
    findings.extend(offline::secrets(config));
    findings.extend(offline::certificate(config));
    findings.sort_by_key(|found| found.place.as_ref().map_or((usize::MAX, 0), |place| (place.line, place.column)));
    let mut probes = Vec::new();
    if args.online {
        for id in config.file.connection.keys() {
            let blocked =
                findings.iter().any(|found| found.blocking && found.connection.as_deref() == Some(id.as_str()));
            if !blocked {
                probes.extend(probe(context, id)?);
            }
        }
    }
    let blocking = findings.iter().filter(|found| found.blocking).map(|found| found.exit);
    // What the operator of this file can mend comes before what a connector must.
    let exit = blocking.min().unwrap_or(match probes.iter().all(|probe| probe.ok) {
        true => Exit::Ok,
        false => Exit::Connector,
    });
    let checked = Checked {
        policy: config.digest.clone(),
        jobs: config.file.job.len(),
        connections: config.file.connection.len(),
        deliveries: config.file.deliver.len(),
        findings,
        probes,
    };
    Ok(Output::new("check", checked).exit(exit))
}

/// What a remote system says; a fault is a probe that failed.
fn probe(context: &Context, id: &ConnectionId) -> Result<Vec<Probed>, CommandError> {
    let progress = context.talk().progress(&format!("asking {id}"));
    let connections = context.connections(None)?;
    let answer: Result<Vec<Probe>, Fault> = context.handle()?.block_on(async {
        let mut connector = connections.connector(id)?;
        connector.check().await
    });
    drop(progress);
    let connection = id.to_string();
    Ok(match answer {
        Ok(probes) => {
            let own = |probe: Probe| Probed {
                connection: connection.clone(),
                name: probe.name,
                ok: probe.ok,
                message: probe.message,
                remedy: probe.remedy,
            };
            probes.into_iter().map(own).collect()
        }
        Err(fault) => {
            let remedy = Some(fault.kind.remedy().to_owned());
            vec![Probed { connection, name: "check".to_owned(), ok: false, message: fault.to_string(), remedy }]
        }
    })
}

impl Human for Checked {
    fn human(&self, page: &mut Page) {
        for found in &self.findings {
            let (tone, word) = if found.blocking { (Tone::Bad, "problem:") } else { (Tone::Warn, "warning:") };
            let place = match &found.place {
                Some(place) => format!("{}:{}:{}: ", place.file, place.line, place.column),
                None => String::new(),
            };
            page.line(format!("{} {place}{}", page.paint(tone, word), plain(&found.message)));
            found.excerpt.iter().flat_map(|excerpt| excerpt.lines()).for_each(|line| page.line(line));
            for hint in &found.hints {
                page.line(format!("{} {}", page.paint(Tone::Name, "hint:"), plain(hint)));
            }
        }
        for probe in &self.probes {
            let mark = if probe.ok { page.paint(Tone::Good, "ok") } else { page.paint(Tone::Bad, "failed") };
            page.line(format!("{} {}: {mark}: {}", probe.connection, plain(&probe.name), plain(&probe.message)));
            if let Some(remedy) = probe.remedy.as_ref().filter(|_| !probe.ok) {
                page.line(format!("{} {}", page.paint(Tone::Name, "hint:"), plain(remedy)));
            }
        }
        let blocking = self.findings.iter().filter(|found| found.blocking).count();
        let failed = self.probes.iter().filter(|probe| !probe.ok).count();
        let counts = format!(
            "{}, {}, {}",
            count(self.connections, "connection", "connections"),
            count(self.jobs, "job", "jobs"),
            count(self.deliveries, "delivery", "deliveries")
        );
        page.line(match (blocking, failed) {
            (0, 0) => format!("{} {counts}", page.paint(Tone::Good, "checked:")),
            (0, failed) => format!("{counts}; {}", count(failed, "probe failed", "probes failed")),
            (blocking, _) => format!("{counts}; {}", count(blocking, "problem", "problems")),
        });
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
