//! What each command about people says, as an operator reads it: stdout, stderr and exit code against snapshots.
//!
//! Commands that need no component have theirs in `host/cli/tests/it`.

mod files;
mod people;
mod planning;
mod store;

use rosterd_tests::hub::{Hub, people};

/// A hub that has told its directory about ten people.
fn settled() -> Hub {
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 10));
    drop(hub.rosterd(&["run", "hr"]).code(0));
    hub
}

/// Commands and what they say: exit code, stdout and stderr of each, as one text.
fn shown(hub: &Hub, commands: &[&[&str]]) -> String {
    commands.iter().map(|words| one(hub, words)).collect::<Vec<_>>().join("\n")
}

fn one(hub: &Hub, words: &[&str]) -> String {
    let said = hub.rosterd(words);
    let mut text = format!("$ rosterd {}\nexit: {}\n", words.join(" "), said.code.expect("an exit code"));
    for (name, part) in [("stdout", said.out), ("stderr", said.err)] {
        if !part.is_empty() {
            let part = if part.starts_with('{') { pretty(&part) } else { part };
            text += &format!("--- {name}\n{}\n", part.trim_end());
        }
    }
    let folder = hub.path("").canonicalize().expect("a folder");
    text.replace(&folder.display().to_string(), "[DIR]")
        .replace(hub.path("").display().to_string().trim_end_matches('/'), "[DIR]")
}

/// JSON over several lines: a change of one member is then one line of a snapshot.
fn pretty(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).expect("one JSON object");
    serde_json::to_string_pretty(&value).expect("it was JSON before")
}

/// The digest of the only plan that a command printed, in twelve characters.
fn digest(hub: &Hub, words: &[&str]) -> String {
    let json = hub.rosterd(&[words, &["--format", "json"]].concat()).json();
    json["plan"]["digest"].as_str().expect("a plan").chars().take(12).collect()
}

/// Holds a text against its snapshot, without what differs from build to build and from run to run: the digests of
/// connectors and of plans, ids, times, and who ran it.
macro_rules! assert_shown {
    ($text:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "[ID]"),
                (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
                (r"\b(plan|apply|approve|show|connector) [0-9a-f]{12}\b", "$1 [DIGEST]"),
                (r"  [0-9a-f]{12}\n", "  [DIGEST]\n"),
                (r"\(sha256 [0-9a-f]{8}…\)", "(sha256 [DIGEST])"),
                (r"@sha256:[0-9a-f]+", "@sha256:[DIGEST]"),
                (r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\b", "[TIME]"),
                (r#""(started|ended|at|first|last|created|opened)": \d{13}"#, r#""$1": "[TIME]""#),
                (r#""by": ".*""#, r#""by": "[WHO]""#),
                (r"(by +)\w+@?[\w.-]*( \(uid \d+\))?\n", "$1[WHO]\n"),
                (r"is approved by [^:]+:", "is approved by [WHO]:"),
                (r#""(rows-read|rows-read-after-observing|rows-written|stored-bytes|file-bytes)": \d+"#, r#""$1": "[COUNT]""#),
                (r"(?m)^(\w[\w-]+ +\d+ +)\d+$", "$1[BYTES]"),
                (r"in a file of \d+ bytes", "in a file of [BYTES] bytes"),
            ],
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!($text);
        });
    };
}
use assert_shown;
