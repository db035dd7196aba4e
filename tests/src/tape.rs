//! Replays the tape of a test's run in an empty folder, without its secrets, its files and its network.

use crate::built::binary;
use crate::compiled::copy;
use std::path::Path;
use std::process::Command;

/// Commands that read a source and make a plan.
#[must_use]
pub fn can_be_recorded(words: &[&str]) -> bool {
    let plain = |word: &&&str| !word.starts_with('-');
    let job = words.iter().skip(1).find(plain);
    match words.first() {
        Some(&"plan") => job.is_some_and(|job| !["show", "approve"].contains(job)),
        Some(&"run") => job.is_some(),
        _ => false,
    }
}

/// Replays a tape.
///
/// # Panics
/// It does not come to the same plan, or a component did not answer the same.
pub fn replay(tape: &Path, compiled: &Path, words: &[&str]) {
    // The command stopped before anything was recorded.
    if !tape.exists() {
        return;
    }
    let elsewhere = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for the replay: {error}"));
    // Compiling a component takes a second.
    if let Err(error) = copy(compiled, &elsewhere.path().join(".rosterd/cache")) {
        panic!("the compiled components can not be copied: {error}");
    }
    let mut command = Command::new(binary());
    command.args(["replay", "--format", "json"]).arg(tape).current_dir(elsewhere.path());
    command.env("NO_COLOR", "1").env_remove("ROSTERD_CONFIG").env("XDG_CACHE_HOME", elsewhere.path());
    let output = command.output().unwrap_or_else(|error| panic!("the replay can not be started: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let said: serde_json::Value = serde_json::from_str(&out).unwrap_or_default();
    // Where a secret stood in what a source sent, the tape has asterisks.
    let blanked = said["blanked"].as_u64().is_some_and(|count| count > 0);
    assert!(output.status.success() || blanked, "the tape of {words:?} does not replay to the same: {out}{err}");
    let mut store = tape.as_os_str().to_owned();
    store.push(".store");
    let _ = std::fs::remove_file(store);
}
