//! `rosterd plugin test`: a component in the real sandbox, for its author. It is checked and read once, and what it says is
//! printed; nothing is stored. With a tape it is asked what was asked then, and what it answers otherwise is printed: a rehearsal
//! of an upgrade, without the remote system.

use super::super::replay::{Component, limits};
use super::super::tape::{create, end};
use super::inspect::find;
use crate::args::TestArgs;
use crate::config::Config;
use crate::context::{Context, HubConnections};
use crate::error::{CommandError, ErrorKind};
use crate::exit::Exit;
use crate::output::{Human, Output, Page, Tone, plain};
use rosterd_connector::Role;
use rosterd_connector::tape::{Footer, Header, Tape, rehearse};
use rosterd_model::port::{Clock as _, Connections as _, Probe, ScanStart};
use rosterd_model::record::{Change, ScanEnd};
use rosterd_model::{Class, ConnectionId, Fault};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The connection that the component gets.
const NAME: &str = "test";
/// Changes that a page may hold.
const PAGE: u32 = 500;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Tested {
    plugin: String,
    probes: Vec<Shown>,
    /// Objects by class, and what else pages held.
    counts: BTreeMap<String, u64>,
    pages: u64,
    records: Vec<Value>,
    rejections: Vec<String>,
    end: Option<ScanEnd>,
    fault: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    ok: bool,
    message: String,
    remedy: Option<String>,
}

/// Runs `rosterd plugin test`.
///
/// # Errors
/// The component, its settings or the tape can not be used.
pub(crate) fn run(context: &Context, args: &TestArgs) -> Result<Output, CommandError> {
    let path = find(context, &args.file)?;
    match (&args.settings, &args.tape) {
        (_, Some(tape)) => rehearsed(context, args, &path, tape),
        (Some(settings), None) => read(context, args, &path, settings),
        (None, None) => Err(CommandError::usage("plugin test needs --settings FILE or --tape FILE")),
    }
}

/// The configuration of a hub that has this connection and nothing else.
fn configuration(component: &Path, settings: &Path) -> Result<Config, CommandError> {
    let wrong = |error: &dyn std::error::Error| {
        CommandError::config(format!("failed to read {}", settings.display())).because(error)
    };
    let text = std::fs::read_to_string(settings).map_err(|error| wrong(&error))?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| wrong(&error))?;
    let component = std::fs::canonicalize(component).map_err(|error| wrong(&error))?;
    table.insert("plugin".to_owned(), component.display().to_string().into());
    let one = toml::Table::from_iter([(NAME.to_owned(), table.into())]);
    let all = toml::Table::from_iter([("connection".to_owned(), one.into())]);
    let dir = settings.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    Config::parse(dir, settings.display().to_string(), toml::to_string(&all).map_err(|error| wrong(&error))?)
}

fn read(context: &Context, args: &TestArgs, path: &Path, settings: &Path) -> Result<Output, CommandError> {
    let config = configuration(path, settings)?;
    let recording = match &args.record {
        Some(file) => {
            let now = crate::clock::SystemClock.now().0;
            let header = Header::new("plugin test", config.document.text(), &config.digest, now);
            Some(create(file, header, None)?)
        }
        None => None,
    };
    let host = context.connector_host()?.clone();
    let roles = host.load(path).map_err(|error| {
        CommandError::new(ErrorKind::Connector, format!("{} can not be loaded", path.display())).because(&error)
    })?;
    let roles = roles.inspection().roles.clone();
    let connections = HubConnections::new(&config, host, None).recorded(recording.clone());
    let progress = context.talk().progress(&format!("running {}", path.display()));
    let tested = context.block_on(async { Ok(once(&connections, &roles, args.limit).await?) });
    drop(progress);
    if let (Some(recording), Some(file)) = (&recording, &args.record) {
        let outcome = if tested.is_ok() { "ok" } else { "failed" };
        let footer = Footer { outcome: outcome.to_owned(), plan: None, steps: 0, shape: BTreeMap::new(), blanked: 0 };
        end(context, recording, file.clone(), footer)?;
    }
    let tested = tested?;
    let bad = tested.fault.is_some() || tested.probes.iter().any(|probe| !probe.ok);
    Ok(Output::new("plugin test", tested).exit(if bad { Exit::Connector } else { Exit::Ok }))
}

/// Checks and reads everything once.
async fn once(connections: &HubConnections, roles: &[Role], limit: usize) -> Result<Tested, Fault> {
    let id: ConnectionId = NAME.parse().map_err(|_| Fault::new(rosterd_model::FaultKind::Internal, "no name"))?;
    let mut connector = connections.connector(&id)?;
    let mut tested = Tested {
        plugin: connector.identity(),
        probes: connector.check().await?.into_iter().map(shown).collect(),
        counts: BTreeMap::new(),
        pages: 0,
        records: Vec::new(),
        rejections: Vec::new(),
        end: None,
        fault: None,
    };
    if roles.contains(&Role::Source) {
        let mut source = connections.source(&id).await?;
        if let Err(fault) = scan(source.as_mut(), &mut tested, limit).await {
            tested.fault = Some(fault.to_string());
        }
    }
    Ok(tested)
}

async fn scan(source: &mut dyn rosterd_model::port::Source, tested: &mut Tested, limit: usize) -> Result<(), Fault> {
    let mut reader = source.open(&Class::ALL, ScanStart::Full).await?;
    while tested.end.is_none() {
        let page = reader.next(PAGE).await?;
        tested.pages += 1;
        for change in page.changes {
            let (kind, shown) = match change {
                Change::Upsert(record) => (record.class.to_string(), Some(object(&record))),
                Change::Amend(amendment) => ("amendments".to_owned(), serde_json::to_value(amendment).ok()),
                Change::Gone { class, id, .. } => {
                    ("departures".to_owned(), Some(format!("{class} {id} is gone").into()))
                }
                Change::Rejected(rejection) => {
                    if tested.rejections.len() < limit {
                        tested.rejections.push(format!("{}: {}", rejection.position, rejection.message));
                    }
                    ("rejections".to_owned(), None)
                }
            };
            *tested.counts.entry(kind).or_default() += 1;
            if tested.records.len() < limit {
                tested.records.extend(shown);
            }
        }
        tested.end = page.end;
    }
    Ok(())
}

/// An object with its attributes as JSON, not as text.
fn object(record: &rosterd_model::Record) -> Value {
    let attributes: Value =
        serde_json::from_str(&record.attributes).unwrap_or_else(|_| record.attributes.clone().into());
    let mut shown = serde_json::json!({ "class": record.class, "id": record.id, "attributes": attributes });
    for (key, value) in [
        ("previous-id", record.previous_id.as_ref().map(rosterd_model::ExternalId::as_str)),
        ("version", record.version.as_deref()),
    ] {
        if let Some(value) = value {
            shown[key] = value.into();
        }
    }
    shown
}

fn shown(probe: Probe) -> Shown {
    Shown { name: probe.name, ok: probe.ok, message: probe.message, remedy: probe.remedy }
}

impl Human for Tested {
    fn human(&self, page: &mut Page) {
        page.heading(&plain(&self.plugin));
        for probe in &self.probes {
            let (tone, word) = if probe.ok { (Tone::Good, "ok") } else { (Tone::Bad, "failed") };
            page.line(format!("{} {}: {}", page.paint(tone, word), plain(&probe.name), plain(&probe.message)));
            if let Some(remedy) = probe.remedy.as_ref().filter(|_| !probe.ok) {
                page.line(format!("  {}", plain(remedy)));
            }
        }
        for record in &self.records {
            page.line(plain(&record.to_string()));
        }
        for rejection in &self.rejections {
            page.line(format!("{} {}", page.paint(Tone::Warn, "rejected:"), plain(rejection)));
        }
        if self.pages > 0 {
            let counts: Vec<String> = self.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
            page.line(format!("{counts} on {} pages", self.pages));
        }
        if let Some(end) = &self.end {
            let complete: Vec<&str> = end.complete.iter().map(|class| class.as_str()).collect();
            let complete = if complete.is_empty() { "no class".to_owned() } else { complete.join(", ") };
            page.line(format!("it calls complete: {complete}"));
            if let Some(note) = &end.note {
                page.line(plain(note));
            }
        }
        if let Some(fault) = &self.fault {
            page.line(format!("{} {}", page.paint(Tone::Bad, "fault:"), plain(fault)));
        }
    }
}

#[derive(Serialize)]
struct Rehearsed {
    tape: PathBuf,
    plugin: String,
    #[serde(flatten)]
    component: Component,
}

impl Human for Rehearsed {
    fn human(&self, page: &mut Page) {
        page.line(format!(
            "{} over {}, which {} was recorded with",
            plain(&self.plugin),
            self.tape.display(),
            plain(&self.component.component)
        ));
        self.component.show(page);
    }
}

fn rehearsed(context: &Context, args: &TestArgs, path: &Path, file: &Path) -> Result<Output, CommandError> {
    let tape = Tape::open(file)?;
    let host = context.connector_host()?;
    let loaded = host.load(path).map_err(|error| {
        CommandError::new(ErrorKind::Connector, format!("{} can not be loaded", path.display())).because(&error)
    })?;
    let own = loaded.inspection();
    let plugin = format!("{} {}", own.name, own.version);
    let all = tape.connections();
    let named: Vec<_> = match &args.connection {
        Some(name) => all.iter().filter(|(connection, ..)| connection == name).collect(),
        None => all.iter().filter(|(_, identity, _)| identity.split(' ').next() == Some(own.name.as_str())).collect(),
    };
    let [(connection, identity, digest)] = named[..] else {
        let names: Vec<&str> = all.iter().map(|(connection, ..)| connection.as_str()).collect();
        let message = match named.len() {
            0 => format!("no connection of {} had {}", file.display(), args.connection.as_ref().unwrap_or(&own.name)),
            many => format!("{many} connections of {} had {}", file.display(), own.name),
        };
        return Err(CommandError::usage(message).hint(format!("name one: --connection {}", names.join(" | "))));
    };
    if tape.header().redacted {
        return Err(CommandError::usage(format!(
            "{} was recorded with --redact: it holds nothing that a component was given",
            file.display()
        )));
    }
    let folder =
        tempfile::tempdir().map_err(|error| CommandError::internal("failed to make a folder").because(&error))?;
    let config =
        Config::parse(folder.path().to_owned(), "rosterd.toml".to_owned(), tape.header().configuration.clone());
    let limits = config.map(|config| limits(&config, connection)).unwrap_or_default();
    let lenient = own.digest != *digest;
    let progress = context.talk().progress(&format!("repeating {identity}"));
    let rehearsal = context.block_on(async { Ok(rehearse(&tape, connection, &loaded, &limits, lenient).await?) })?;
    drop(progress);
    let exit = if rehearsal.count > 0 { Exit::Partial } else { Exit::Ok };
    let component = Component::new(connection.clone(), identity.clone(), rehearsal);
    Ok(Output::new("plugin test", Rehearsed { tape: file.to_owned(), plugin, component }).exit(exit))
}
