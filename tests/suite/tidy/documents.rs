//! Documents are true as far as a program can tell: links lead somewhere, snippets parse, nothing speaks of papers that
//! a reader does not have.

use super::tree::{SourceFile, files, report, top};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn links_of_documents_lead_somewhere() {
    let mut problems = Vec::new();
    for SourceFile { path, text } in files(&[".md"]) {
        let folder = top().join(&path).parent().expect("a file stands in a folder").to_owned();
        for target in links(&text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) =
                target.split_once('#').map_or((target.as_str(), None), |(file, anchor)| (file, Some(anchor)));
            let linked = if file.is_empty() { top().join(&path) } else { folder.join(file) };
            if !linked.exists() {
                problems.push(format!("{path}: {target} is not there"));
            } else if let Some(anchor) = anchor
                && !anchors(&linked).contains(anchor)
            {
                problems.push(format!("{path}: {target}: no heading has this anchor"));
            }
        }
    }
    report("links in documents:", &problems);
}

#[test]
fn configuration_in_documents_is_toml() {
    let mut problems = Vec::new();
    for SourceFile { path, text } in files(&[".md"]) {
        for (line, block) in blocks(&text, "toml") {
            if let Err(error) = block.parse::<toml::Table>() {
                problems.push(format!("{path}:{line}: {}", error.message()));
            }
        }
    }
    report("snippets of configuration:", &problems);
}

#[test]
fn the_changelog_has_a_place_for_what_is_not_released() {
    let text = std::fs::read_to_string(top().join("CHANGELOG.md")).expect("there is a CHANGELOG.md");
    assert!(text.contains("\n## [Unreleased]\n"), "CHANGELOG.md lacks the heading `## [Unreleased]`");
}

#[test]
fn the_readme_has_room_for_the_transcript_of_the_demo() {
    let text = std::fs::read_to_string(top().join("README.md")).expect("there is a README.md");
    let (begin, end) = (text.find("<!-- demo:begin -->"), text.find("<!-- demo:end -->"));
    assert!(begin.is_some() && begin < end, "README.md lacks the markers around the transcript of `make demo`");
}

/// Words that speak of a place or a paper that only the author has. In halves, because this file is searched too.
const PRIVATE: &[(&str, &str)] = &[
    ("/wo", "rk/main"),
    ("../sha", "red"),
    ("sha", "red/design"),
    ("sha", "red/protocols"),
    ("/ro", "ot/"),
    ("decisi", "ons.md"),
    ("hou", "se.md"),
    ("anch", "ors.md"),
    ("brief-", "common"),
];

#[test]
fn nothing_speaks_of_papers_that_a_reader_does_not_have() {
    let words: Vec<String> = PRIVATE.iter().map(|(head, tail)| format!("{head}{tail}")).collect();
    let mut problems = Vec::new();
    for SourceFile { path, text } in files(&[]) {
        for (number, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                problems.push(format!("{path}:{}: {word}: say it here, in own words", number + 1));
            }
        }
    }
    report("words that only the author understands:", &problems);
}

/// Targets of `[text](target)` outside of code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        // Every second part stands between backquotes.
        let plain: String = line.split('`').step_by(2).collect();
        let targets = plain.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        found.extend(targets.map(|target| target.trim().to_owned()));
    }
    found
}

/// Fenced blocks of a language, with the line on which each begins.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => {
                let language = info.split_whitespace().next().unwrap_or_default();
                open = Some((number + 1, format!("{language}\n")));
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, block)), None) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    let wanted = format!("{language}\n");
    found.into_iter().filter_map(|(line, block)| Some((line, block.strip_prefix(&wanted)?.to_owned()))).collect()
}

/// Anchors of a document's headings, as web sites make them.
fn anchors(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| slug(line.trim_start_matches('#').trim())).collect()
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[test]
fn links_and_blocks_are_found() {
    let text = "a [b](c.md) `[d](e)` [`f`](g.md#h)\n```toml x\nk = 1\n```\n```sh\n[x](y)\n```\n";
    assert_eq!(links(text), ["c.md", "g.md#h"]);
    assert_eq!(blocks(text, "toml"), [(2, "k = 1\n".to_owned())]);
    assert_eq!(slug("What `x` is: a_b"), "what-x-is-a_b");
}
