//! The scenarios under `tests/scenarios`: every one holds, and fails without its rule. `tests/scenarios/README.md` explains
//! the format.
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test tells what it found")]

mod coverage;
mod expect;
mod file;
mod rows;
mod stage;
mod verb;

use file::Scenario;
use rosterd_model::rule::{Off, Rule};
use stage::Stage;
use std::sync::{Mutex, PoisonError};

/// Switches and deaths are of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// Plays a scenario from its beginning. The error names the step that did not come out as the scenario says.
fn play(scenario: &Scenario) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let scenario = scenario.clone();
    let played = runtime.block_on(async move {
        // A task of its own, because a process that dies unwinds.
        let task = tokio::spawn(async move {
            let mut stage = Stage::new(scenario.given.clone())?;
            for (index, step) in scenario.steps.iter().enumerate() {
                verb::perform(&mut stage, step).await.map_err(|text| format!("step {}: {text}", index + 1))?;
            }
            stage.end()
        });
        task.await.unwrap_or_else(|_| Err("the engine panicked".to_owned()))
    });
    // Threads of an engine that died are not waited for.
    runtime.shutdown_background();
    played
}

/// Plays all scenarios of a section, or those of `SCENARIO=part-of-a-name`.
fn section(number: u32) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let mut problems = Vec::new();
    for scenario in file::all() {
        if scenario.section() != number || !scenario.name.contains(&wanted) {
            continue;
        }
        if let Err(text) = play(&scenario) {
            problems.push(format!("{}: {text}", scenario.name));
            continue;
        }
        for rule in &scenario.switches {
            let played = {
                let _off = Off::new(*rule);
                play(&scenario)
            };
            match played {
                Ok(()) => problems.push(format!("{} passes without rule {}", scenario.name, rule.id())),
                Err(text) if !wanted.is_empty() => eprintln!("{} without rule {}: {text}", scenario.name, rule.id()),
                Err(_) => {}
            }
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

macro_rules! sections {
    ($($name:ident $number:literal)*) => { $(
        #[test]
        fn $name() {
            section($number);
        }
    )* };
}

sections! {
    section_0_objects 0
    section_1_correlation 1
    section_2_mapping 2
    section_3_leavers 3
    section_4_guard 4
    section_5_deltas 5
    section_6_outbox 6
    section_7_retries 7
    section_8_loops 8
    section_9_renames 9
    section_10_returns 10
    section_11_runs 11
    section_12_privacy 12
    section_13_pushed 13
    section_14_groups 14
}

/// The rule of an id, or a sentence.
fn rule(id: &str) -> Result<Rule, String> {
    Rule::from_id(id).ok_or_else(|| format!("there is no rule \"{id}\" (host/model/src/rule/list.rs)"))
}
