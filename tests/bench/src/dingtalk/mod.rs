//! A DingTalk organisation of 50,000 people: how soon the hub has it, with the vendor's limits and without them, and how
//! soon an event has come to something. The simulator (`tests/peers/im`) runs in this process; the hub, its connector and the
//! network between them are the real ones.

mod company;
mod events;

use crate::hub::Hub;
use crate::report::Report;
use crate::settings::Settings;
use company::Company;
use rosterd_peer_im::dingtalk::DingTalk;
use rosterd_peer_im::here::Here;
use serde_json::Value;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use wasm_encoder::{ComponentSection as _, CustomSection};

/// People, unless fewer are asked for.
const PEOPLE: usize = 50_000;
/// Calls in a second that DingTalk allows an application for each of its interfaces. The calls of a scan follow each other
/// kind by kind, because each kind needs what the one before told.
const RATE: f64 = 20.0;
/// Threads of the simulator.
const THREADS: usize = 2;

/// The configuration of every hub; the port of the simulator is put in.
const CONFIGURATION: &str = include_str!("rosterd.toml");
/// What the connector promises to DingTalk.
const MANIFEST: &str = include_str!("../../../../plugins/dingtalk/connector.toml");
/// The same promises, kept by a machine a thousand times as fast: only the vendor's limits are gone, not the work for them.
const WITHOUT_PACE: &[(&str, &str)] = &[("per = \"1100ms\"", "per = \"1ms\""), ("per = \"20s\"", "per = \"1ms\"")];

/// Measures what is wanted.
pub(crate) fn all(settings: &Settings, report: &mut Report) -> Result<(), String> {
    if settings.wants("dingtalk-speed") {
        speed(settings, report)?;
    }
    let (pace, events) = (settings.wants("dingtalk-pace"), settings.wants("dingtalk-events"));
    if pace || events {
        limited(settings, report, events)?;
    }
    Ok(())
}

/// Nobody limits anything: what the hub itself can do.
fn speed(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let company = Company::new(people(settings), false);
    let pair = Pair::new(settings, "dingtalk-speed", &company, false)?;
    let run = pair.import()?;
    report.note("dingtalk, no limits: people", company.people as f64, "");
    report.note("dingtalk, no limits: run to applied", run.seconds, "s");
    report.at_least("dingtalk, no limits: people a second", company.people as f64 / run.seconds, "/s", 2_000.0);
    report.limit("dingtalk: calls / the least", run.calls / company.calls as f64, "x", 1.1);
    Ok(())
}

/// The vendor's limits, and the pace that the connector promises; then events, which need a hub that knows everybody.
fn limited(settings: &Settings, report: &mut Report, events: bool) -> Result<(), String> {
    let company = Company::new(people(settings), true);
    let pair = Pair::new(settings, "dingtalk-limited", &company, true)?;
    let soonest = company.calls as f64 / RATE;
    tell(&format!("reading {} people at the pace of DingTalk, {soonest:.0} s at the least", company.people));
    let run = pair.import()?;
    report.note("dingtalk, its limits: people", company.people as f64, "");
    report.note("dingtalk, its limits: run to applied", run.seconds, "s");
    report.note("dingtalk, its limits: least calls / 20 a second", soonest, "s");
    report.limit("dingtalk, its limits: time / that", run.seconds / soonest, "x", 1.15);
    report.note("dingtalk, its limits: calls that were refused", pair.refused()?, "");
    if events { events::measure(settings, &pair, report) } else { Ok(()) }
}

fn people(settings: &Settings) -> usize {
    settings.people.min(PEOPLE)
}

/// A hub, and the simulator that it reads.
struct Pair<'a> {
    hub: Hub<'a>,
    vendor: Here,
    people: usize,
}

/// A first reading.
struct Import {
    seconds: f64,
    calls: f64,
}

impl<'a> Pair<'a> {
    /// An empty hub, with the connector as it is, or (`paced`: false) in no hurry to be polite.
    fn new(settings: &'a Settings, name: &str, company: &Company, paced: bool) -> Result<Self, String> {
        let vendor = Here::start(Box::new(DingTalk::default()), company.state.clone(), THREADS)?;
        let configuration = CONFIGURATION.replace("PORT", &vendor.port().to_string());
        let changes = if paced { &[] } else { WITHOUT_PACE };
        let plugin = component(settings, name, changes)?;
        let hub = Hub::with(settings, name, &configuration, &plugin)?;
        secret(hub.folder(), "app-secret", company::SECRET)?;
        secret(hub.folder(), "callback-token", events::TOKEN)?;
        secret(hub.folder(), "aes-key", events::AES_KEY)?;
        Ok(Self { hub, vendor, people: company.people })
    }

    /// Reads everybody for the first time.
    fn import(&self) -> Result<Import, String> {
        self.vendor.verb("DELETE", "/log", &Value::Null)?;
        let outcome = self.hub.rosterd(&["run", "ding", "--format", "json"])?;
        let counts = self.vendor.verb("GET", "/counts", &Value::Null)?;
        let records = outcome.json()?.pointer("/run/scan/records").and_then(Value::as_u64).unwrap_or_default();
        // A scan that saw half of them would be quick.
        if records < self.people as u64 {
            return Err(format!("{records} people and departments were read, and there are {} people", self.people));
        }
        let calls = counts["total"].as_f64().unwrap_or(f64::NAN);
        Ok(Import { seconds: outcome.seconds, calls })
    }

    /// Calls that the simulator refused, among the last ones.
    fn refused(&self) -> Result<f64, String> {
        let log = self.vendor.verb("GET", "/log", &Value::Null)?;
        let refused = |entry: &&Value| {
            let reply = entry["reply"].as_str().unwrap_or_default();
            reply.contains("\"errcode\":90018") || reply.contains("\"status\":1111")
        };
        Ok(log.as_array().into_iter().flatten().filter(refused).count() as f64)
    }
}

/// The component with a changed manifest; the first one in a component counts.
fn component(settings: &Settings, name: &str, changes: &[(&str, &str)]) -> Result<PathBuf, String> {
    let built = settings.plugin.with_file_name("dingtalk.wasm");
    if changes.is_empty() {
        return Ok(built);
    }
    let mut manifest = MANIFEST.to_owned();
    for (from, to) in changes {
        if !manifest.contains(from) {
            return Err(format!("the manifest of dingtalk has no {from} any more"));
        }
        manifest = manifest.replace(from, to);
    }
    let bytes = std::fs::read(&built).map_err(|error| {
        format!("can not read {}, which `rosterd plugin build plugins/dingtalk` makes: {error}", built.display())
    })?;
    let Some((head, rest)) = bytes.split_at_checked(8) else { return Err("dingtalk.wasm is no component".to_owned()) };
    let mut changed = head.to_vec();
    let section = CustomSection { name: "rosterd:manifest".into(), data: manifest.into_bytes().into() };
    section.append_to_component(&mut changed);
    changed.extend_from_slice(rest);
    let folder = settings.work.join(format!("{name}-plugin"));
    let file = folder.join("dingtalk.wasm");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&file, changed))
        .map_err(|error| format!("can not write {}: {error}", file.display()))?;
    Ok(file)
}

/// A file that only its owner can read.
pub(crate) fn secret(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(folder.join(name));
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("can not write a secret: {error}"))
}

/// Says what takes a while.
pub(crate) fn tell(text: &str) {
    // A lost line is no failure.
    let _ = writeln!(std::io::stderr(), "bench: {text}");
}

/// The value that so many in a hundred do not exceed.
pub(crate) fn percentile(mut all: Vec<f64>, percent: usize) -> f64 {
    all.sort_by(f64::total_cmp);
    let place = (all.len() * percent).div_ceil(100).max(1) - 1;
    all.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let all: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert!((percentile(all.clone(), 50) - 100.0).abs() < f64::EPSILON);
        assert!((percentile(all, 99) - 198.0).abs() < f64::EPSILON);
        assert!((percentile(vec![7.0], 99) - 7.0).abs() < f64::EPSILON);
        assert!(percentile(Vec::new(), 99).is_nan());
    }

    #[test]
    fn the_manifest_has_the_pace_that_is_taken_out() {
        assert!(WITHOUT_PACE.iter().all(|(from, _)| MANIFEST.contains(from)));
    }
}
