//! Every rule has a scenario, or is owed one; every public accident is played.

use crate::file;
use rosterd_model::rule::Rule;
use std::collections::BTreeSet;

/// Accidents that no single rule is named for.
const MORE_ACCIDENTS: [&str; 2] = ["bitwarden#397", "rancher#55220"];

fn report(title: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{title}\n  {}", problems.join("\n  "));
}

/// What `OPEN.md` still owes: lines of the form "- `4.shrink`".
fn owed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(file::folder().join("OPEN.md")).unwrap();
    let quoted = |line: &str| Some(line.strip_prefix("- `")?.split_once('`')?.0.to_owned());
    text.lines().filter_map(quoted).collect()
}

#[test]
fn every_rule_has_a_scenario_or_is_owed_one() {
    let shown: BTreeSet<&str> =
        file::all().iter().flat_map(|scenario| &scenario.switches).map(|rule| rule.id()).collect();
    let owed = owed();
    let mut problems = Vec::new();
    for rule in Rule::ALL {
        match (shown.contains(rule.id()), owed.contains(rule.id())) {
            (false, false) => problems.push(format!("{}: no scenario fails without it", rule.id())),
            (true, true) => problems.push(format!("{}: it has a scenario; take it out of OPEN.md", rule.id())),
            _ => {}
        }
    }
    let accidents: BTreeSet<&str> = Rule::ALL.iter().filter_map(|rule| rule.accident()).chain(MORE_ACCIDENTS).collect();
    for id in &owed {
        if Rule::from_id(id).is_none() && !accidents.contains(id.as_str()) {
            problems.push(format!("{id}: neither a rule nor an accident"));
        }
    }
    report("rules and their scenarios (tests/scenarios):", &problems);
}

#[test]
fn every_accident_is_played_or_owed() {
    let played: BTreeSet<String> = file::all().into_iter().flat_map(|scenario| scenario.accidents).collect();
    let owed = owed();
    let mut problems = Vec::new();
    let named = Rule::ALL.iter().filter_map(|rule| rule.accident());
    for accident in named.chain(MORE_ACCIDENTS) {
        let (played, owed) = (played.contains(accident), owed.contains(accident));
        if !played && !owed {
            problems.push(format!("{accident}: no scenario of this name"));
        } else if played && owed {
            problems.push(format!("{accident}: it is played; take it out of OPEN.md"));
        }
    }
    report("public accidents and their scenarios (tests/scenarios):", &problems);
}

#[test]
fn a_scenario_is_named_after_its_rule() {
    let mut problems = Vec::new();
    for scenario in file::all() {
        let section = scenario.section().to_string();
        let belongs = scenario.rules.iter().any(|rule| rule.id().split('.').next() == Some(&section));
        if !belongs {
            problems.push(format!("{}: none of its rules is of section {section}", scenario.name));
        }
        if scenario.switches.is_empty() {
            problems.push(format!("{}: it names no rule", scenario.name));
        }
    }
    report("names of scenarios:", &problems);
}

#[test]
fn the_document_explains_every_rule_and_no_other() {
    let path = file::folder().join("../../docs/semantics.md");
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let explained: Vec<String> = text.lines().filter_map(row).collect();
    let mut problems = Vec::new();
    for rule in Rule::ALL {
        match explained.iter().filter(|id| *id == rule.id()).count() {
            0 => problems.push(format!("{} is not explained: {}", rule.id(), rule.text())),
            1 => {}
            _ => problems.push(format!("{} is explained twice", rule.id())),
        }
        if rule.accident().is_some_and(|accident| !text.contains(accident)) {
            problems.push(format!("{}: its accident is not named", rule.id()));
        }
    }
    let unknown = explained.iter().filter(|id| Rule::from_id(id).is_none());
    problems.extend(unknown.map(|id| format!("{id}: no such rule in host/model/src/rule/list.rs")));
    report("docs/semantics.md and the rules:", &problems);
}
