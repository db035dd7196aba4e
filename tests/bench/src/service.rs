//! Work that nobody watches: a plan after a change of the configuration, delivery, run after run. Measured by a program of
//! its own, `unattended`, in which the engine meets systems that cost nothing.

use crate::process::{self, median};
use crate::report::Report;
use crate::scenario::number;
use crate::settings::Settings;
use serde_json::Value;

/// Accounts whose mapping changes, and who are delivered.
const ACCOUNTS: usize = 100_000;

/// How often the plan is measured.
const PLANS: usize = 9;

/// Pairs of deliveries, with a second destination and without.
const PAIRS: usize = 5;

/// Runs in each of which one account in a hundred changes.
const RUNS: usize = 30;

/// Measures what is wanted.
pub(crate) fn all(settings: &Settings, report: &mut Report) -> Result<(), String> {
    if settings.wants("replan") {
        replan(settings, report)?;
    }
    if settings.wants("deliver") {
        deliver(settings, report)?;
    }
    if settings.wants("flat") {
        flat(settings, report)?;
    }
    Ok(())
}

fn replan(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let (mut plans, mut ratios, mut readings) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PLANS {
        let json = unattended(settings, &["replan", &accounts(settings)])?;
        let (plan, mapping) = (number(&json, "/plan-seconds"), number(&json, "/mapping-seconds"));
        plans.push(plan);
        ratios.push(plan / mapping);
        readings.push(number(&json, "/plan-and-reading-seconds"));
    }
    report.limit("new plan after a change of mapping, all of 100,000", median(plans), "s", 3.0);
    report.limit("the same / the mapping alone", median(ratios), "x", 3.0);
    report.limit("the same after the source was read again", median(readings), "s", 3.0);
    Ok(())
}

fn deliver(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let (mut alone, mut shares, mut puts, mut beside) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let json = unattended(settings, &["deliver", &accounts(settings)])?;
        let rate = number(&json, "/operations-per-second");
        alone.push(rate);
        shares.push(number(&json, "/redb-per-second") / rate);
        puts.push(number(&json, "/redb-puts-only-per-second") / rate);
        let json = unattended(settings, &["deliver-beside", &accounts(settings)])?;
        beside.push(rate / number(&json, "/operations-per-second"));
    }
    report.note("operations delivered", median(alone), "/s");
    report.limit(
        "redb alone, the same rows put and removed / delivery with durable receipts",
        median(shares),
        "x",
        2.0,
    );
    report.note("redb alone, only the rows that are put / that", median(puts), "x");
    report.limit("delivery / the same beside a failing destination", median(beside), "x", 1.25);
    Ok(())
}

fn flat(settings: &Settings, report: &mut Report) -> Result<(), String> {
    let (people, runs) = (settings.people.to_string(), RUNS.to_string());
    let json = unattended(settings, &["flat", &people, &runs])?;
    let seconds =
        |name: &str| -> Vec<f64> { json[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect() };
    if seconds("seconds").len() != RUNS {
        return Err(format!("{RUNS} runs were to be timed, and {} were", seconds("seconds").len()));
    }
    // One run has the noise of the machine, and one hour of it is not as quick as the next: each end is the median of three,
    // and they take turns.
    let (early, late) = (median(seconds("early")), median(seconds("late")));
    report.note("a run of which 1 % changed, early", early, "s");
    report.limit("run 30 / run 3 (medians of three)", late / early, "x", 1.1);
    Ok(())
}

/// As many accounts as are named above, or all of a smaller company.
fn accounts(settings: &Settings) -> String {
    ACCOUNTS.min(settings.people).to_string()
}

fn unattended(settings: &Settings, words: &[&str]) -> Result<Value, String> {
    let file = settings.work.join("unattended.redb");
    let file = file.to_string_lossy();
    let words: Vec<&str> = words.iter().copied().chain([&*file]).collect();
    process::run(&settings.binary("unattended"), &words, std::path::Path::new("."), &[])?.json()
}
