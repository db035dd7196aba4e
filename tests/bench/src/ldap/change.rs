//! One changed entry among all: how soon it is in the hub, and the processor time that this takes, of host and guest together.

use super::slapd::Slapd;
use super::{company, hub};
use crate::process::{self, median};
use crate::report::Report;
use crate::scenario::number;
use crate::settings::Settings;
use std::time::Instant;

const CONFIGURATION: &str = include_str!("read.toml");
/// How often an entry is changed.
const CHANGES: usize = 20;
/// Ticks of a second in `/proc`: the kernel shows times so on all machines that it has.
const TICKS: f64 = 100.0;

pub(super) fn measure(settings: &Settings, report: &mut Report, slapd: &Slapd, entries: usize) -> Result<(), String> {
    let hub = hub(settings, "ldap-change", CONFIGURATION, slapd)?;
    hub.run()?;
    // The first run of all has a file of its own to grow, and a cursor to try.
    hub.run()?;
    let (mut walls, mut runs, mut processor) = (Vec::new(), Vec::new(), 0.0);
    for number_of in 0..CHANGES {
        let who = company::person(number_of * 61 % company::people(entries), entries);
        let start = Instant::now();
        slapd.modify(&format!("dn: {who}\nchangetype: modify\nreplace: title\ntitle: Principal {number_of}\n"))?;
        let before = children()?;
        let (outcome, json) = hub.run()?;
        processor += children()? - before;
        walls.push(start.elapsed().as_secs_f64());
        runs.push(outcome.seconds);
        let changed = number(&json, "/run/scan/changed");
        if changed != 1.0 {
            return Err(format!("one entry was changed, and {changed} were seen: {json}"));
        }
    }
    report.note("ldap, one changed: the run alone", median(runs), "s");
    report.limit("ldap, one changed: in the hub after", walls.into_iter().fold(0.0, f64::max), "s", 3.0);
    report.limit(
        "ldap, one changed: processor time of the whole process",
        processor / CHANGES as f64 * 1e3,
        "ms",
        50.0,
    );
    let version = idle(settings)?;
    report.note("the same of a process that says its version", version * 1e3, "ms");
    Ok(())
}

/// What a process takes that does nothing.
fn idle(settings: &Settings) -> Result<f64, String> {
    let before = children()?;
    process::median_seconds(&settings.binary("rosterd"), &["--version"], &settings.work, CHANGES)?;
    Ok((children()? - before) / CHANGES as f64)
}

/// Processor seconds, of user and system, of all children that have ended. In steps of 10 ms, but of the sum.
fn children() -> Result<f64, String> {
    let text = std::fs::read_to_string("/proc/self/stat").map_err(|error| format!("there are no times: {error}"))?;
    // What stands before it is the name of the program, in which anything may be.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace());
    let times = fields.into_iter().flatten().skip(13).take(2).filter_map(|time| time.parse::<f64>().ok());
    let ticks: Vec<f64> = times.collect();
    if ticks.len() == 2 {
        Ok(ticks.iter().sum::<f64>() / TICKS)
    } else {
        Err("/proc/self/stat has no times".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_children_is_counted() {
        let before = children().expect("there are times");
        let words = ["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"];
        process::run(std::path::Path::new("/bin/sh"), &words, std::path::Path::new("."), &[]).expect("it runs");
        assert!(children().expect("there are times") > before);
    }
}
