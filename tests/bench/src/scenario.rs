//! What is measured, in the order of the report.

use crate::dingtalk;
use crate::heavy;
use crate::hub::Hub;
use crate::ldap;
use crate::process::{self, median};
use crate::push;
use crate::report::Report;
use crate::service;
use crate::settings::Settings;
use serde_json::Value;
use std::io::Write as _;

/// Where figures stand in the JSON of commands.
mod field {
    /// `store stats`: rows of all tables.
    pub(super) const ROWS: &str = "/rows";
    /// `store stats`: bytes of the file.
    pub(super) const FILE_BYTES: &str = "/file-bytes";
    /// `run`: rows read from the store after the last page was observed.
    pub(super) const ROWS_READ: &str = "/store/rows-read-after-observing";
    /// `run`: rows written to the store.
    pub(super) const ROWS_WRITTEN: &str = "/store/rows-written";
}

/// Size of a heavy connector: what a component made from Python weighs.
const HEAVY: usize = 18 << 20;

/// Pairs of measurements of the sandbox tax.
const TAX_PAIRS: usize = 5;

/// Measurements of a start.
const STARTS: usize = 21;

/// How many people have another title in the scenarios of small changes.
const CHANGED: usize = 1_000;

/// Measures everything that is wanted.
pub(crate) fn all(settings: &Settings) -> Result<Report, String> {
    let mut report = Report::default();
    if settings.wants("import") {
        import(settings, &mut report)?;
    }
    if settings.wants("tax") {
        sandbox_tax(settings, &mut report)?;
    }
    if settings.wants("start") {
        start(settings, &mut report)?;
    }
    service::all(settings, &mut report)?;
    dingtalk::all(settings, &mut report)?;
    ldap::all(settings, &mut report)?;
    push::all(settings, &mut report)?;
    Ok(report)
}

/// A million people into an empty hub, again unchanged, and again with a thousand changed; a small hub beside it.
fn import(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let people = settings.people;
    let hub = Hub::new(settings, "large")?;
    hub.write_people(people, 0)?;
    let mut baselines = vec![baseline(settings)?];
    let (first, _) = hub.run()?;
    baselines.push(baseline(settings)?);
    let stats = hub.rosterd(&["store", "stats", "--format", "json"])?.json()?;
    let (second, _) = hub.run()?;
    baselines.push(baseline(settings)?);
    let base = median(baselines);
    report.note("baseline raw_redb", base, "s");
    report.note("full import", first.seconds, "s");
    report.limit("full import / baseline", first.seconds / base, "x", 4.0);
    report.limit("peak memory of the import", first.peak_bytes as f64 / 1e6, "MB", 512.0);
    report.note("rows per account", number(&stats, field::ROWS) / people as f64, "rows");
    report.note("bytes per account", number(&stats, field::FILE_BYTES) / people as f64, "B");
    report.note("unchanged run", second.seconds, "s");
    report.limit("unchanged run / full import", second.seconds / first.seconds, "x", 0.25);

    let small = Hub::new(settings, "small")?;
    let few = (people / 100).max(CHANGED);
    small.write_people(few, 0)?;
    small.run()?;
    let (mut read, mut written) = (Vec::new(), Vec::new());
    for (hub, size) in [(&hub, people), (&small, few)] {
        hub.write_people(size, CHANGED)?;
        let (outcome, json) = hub.run()?;
        report.note(&format!("thousand changed among {size}"), outcome.seconds, "s");
        read.push(number(&json, field::ROWS_READ));
        written.push(number(&json, field::ROWS_WRITTEN));
    }
    report.limit("rows read, large / small", apart(&read), "x", 1.1);
    report.limit("rows written, large / small", apart(&written), "x", 1.1);
    Ok(())
}

/// The same connector code as a component and called natively, on the same file, in turn.
fn sandbox_tax(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let hub = Hub::new(settings, "tax")?;
    hub.write_people(settings.people / 5, 0)?;
    // The first of each is for the caches of the machine.
    let mut tax = Tax { settings, hub: &hub, records: None };
    for word in ["read", "observe"] {
        tax.seconds(word)?;
        tax.seconds(&format!("{word}-sandboxed"))?;
    }
    for (word, name, most) in [("observe", "file to observed records", 1.3), ("read", "connector alone", 2.0)] {
        let (mut ratios, mut natives) = (Vec::new(), Vec::new());
        for _ in 0..TAX_PAIRS {
            let sandboxed = tax.seconds(&format!("{word}-sandboxed"))?;
            let native = tax.seconds(word)?;
            ratios.push(sandboxed / native);
            natives.push(native);
        }
        report.note(&format!("natively, {name}"), median(natives), "s");
        report.limit(&format!("sandbox tax, {name}"), median(ratios), "x", most);
    }
    Ok(())
}

/// Runs of `tax` on one file.
struct Tax<'a> {
    settings: &'a Settings,
    hub: &'a Hub<'a>,
    records: Option<f64>,
}

impl Tax<'_> {
    /// The seconds that it measured itself, without the start of its process. All runs must see the same records.
    fn seconds(&mut self, word: &str) -> Result<f64, String> {
        let (file, folder) = (self.hub.people(), self.hub.folder());
        let words = [word, &file.to_string_lossy(), &folder.to_string_lossy()];
        let json = process::run(&self.settings.binary("tax"), &words, folder, &[])?.json()?;
        let (records, seconds) = (number(&json, "/records"), number(&json, "/seconds"));
        let before = *self.records.get_or_insert(records);
        // Not a number is not the same as anything.
        if before == records { Ok(seconds) } else { Err(format!("{word} saw {records} records, others {before}")) }
    }
}

/// How soon the command answers, and how soon a heavy connector does.
fn start(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let hub = Hub::new(settings, "start")?;
    let rosterd = settings.binary("rosterd");
    let version = process::median_seconds(&rosterd, &["--version"], hub.folder(), STARTS)?;
    report.limit("rosterd --version", version * 1e3, "ms", 30.0);

    let component = std::fs::read(&settings.plugin).map_err(|error| format!("can not read the component: {error}"))?;
    let file = hub.folder().join("heavy.wasm");
    let component = heavy::heavier(&component, HEAVY)?;
    report.note("weight of the heavy connector", component.len() as f64 / 1e6, "MB");
    std::fs::write(&file, component).map_err(|error| format!("can not write heavy.wasm: {error}"))?;
    let says = "bench: compiling a connector of 18 MB, which takes a while";
    // Whoever waits is told why; a lost line is no failure.
    let _ = writeln!(std::io::stderr(), "{says}");
    let installed = hub.rosterd(&["plugin", "install", "heavy.wasm", "--replace"])?;
    report.note("18 MB connector installed, once", installed.seconds, "s");
    heavy_connector(settings, &hub, report)
}

/// From the installed file to the answer of `describe`, timed within a process that does nothing else; and the command of
/// an operator as a whole, for comparison.
fn heavy_connector(settings: &Settings, hub: &Hub<'_>, report: &mut Report) -> Result<(), String> {
    let described = settings.binary("described");
    let rosterd = settings.binary("rosterd");
    let (mut loads, mut all, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let words = ["plugins/csv.wasm", ".rosterd/cache"];
        let json = process::run(&described, &words, hub.folder(), &[])?.json()?;
        loads.push(number(&json, "/load-seconds"));
        all.push(number(&json, "/seconds"));
        let words = ["plugin", "describe", "csv", "--format", "json"];
        commands.push(process::median_seconds(&rosterd, &words, hub.folder(), 1)?);
    }
    report.note("18 MB connector checked and loaded", median(loads) * 1e3, "ms");
    report.limit("18 MB connector checked, loaded, described", median(all) * 1e3, "ms", 10.0);
    report.note("rosterd plugin describe of it, whole process", median(commands) * 1e3, "ms");
    Ok(())
}

fn baseline(settings: &Settings) -> Result<f64, String> {
    let people = settings.people.to_string();
    let words = ["--accounts", &people, "--file", "raw.redb"];
    let outcome = process::run(&settings.binary("raw_redb"), &words, &settings.work, &[])?;
    Ok(number(&outcome.json()?, "/seconds"))
}

/// The number at `pointer`; NaN, which keeps no limit, if there is none.
pub(crate) fn number(json: &Value, pointer: &str) -> f64 {
    json.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// How far two counts are apart: the larger over the smaller.
fn apart(counts: &[f64]) -> f64 {
    match counts {
        [a, b] if !a.is_nan() && !b.is_nan() => a.max(*b) / a.min(*b).max(1.0),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_counted_keeps_no_limit() {
        assert!((apart(&[110.0, 100.0]) - 1.1).abs() < 1e-9);
        assert!(apart(&[f64::NAN, 100.0]).is_nan());
        assert!(number(&serde_json::json!({ "a": "b" }), "/a").is_nan());
    }
}
