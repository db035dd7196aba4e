//! Running a command and watching it: wall time, largest memory, what it printed.

use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often the memory of a child is looked at. The kernel keeps the high-water mark, so only growth in the very
/// last interval can be missed.
const WATCH: Duration = Duration::from_millis(10);

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Wall time.
    pub(crate) seconds: f64,
    /// Largest resident set, in bytes; 0 if the command was too short to be looked at.
    pub(crate) peak_bytes: u64,
    /// Standard output.
    pub(crate) stdout: String,
}

impl Outcome {
    /// The JSON that the command printed.
    pub(crate) fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.stdout).map_err(|error| format!("a command did not print JSON: {error}"))
    }
}

/// Runs a command in `folder` and waits for it. A non-zero exit code that is not in `accepted` is an error.
pub(crate) fn run(program: &Path, words: &[&str], folder: &Path, accepted: &[i32]) -> Result<Outcome, String> {
    let shown = format!("{} {}", program.display(), words.join(" "));
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("can not start {shown}: {error}"))?;
    let mut pipe = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        // What is no text gives no JSON, which is reported where JSON is asked for.
        let _ = pipe.as_mut().map(|pipe| pipe.read_to_string(&mut text));
        text
    });
    let status_file = status_of(child.id());
    let (mut peak_bytes, mut pause) = (0, Duration::from_micros(200));
    let status = loop {
        peak_bytes = peak_bytes.max(high_water_mark(&status_file));
        match child.try_wait().map_err(|error| format!("can not wait for {shown}: {error}"))? {
            Some(status) => break status,
            None => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(WATCH);
    };
    let seconds = start.elapsed().as_secs_f64();
    let stdout = reader.join().map_err(|_| format!("the output of {shown} was lost"))?;
    match status.code() {
        Some(0) => {}
        Some(code) if accepted.contains(&code) => {}
        _ => return Err(format!("{shown} ended with {status}\n{stdout}")),
    }
    Ok(Outcome { seconds, peak_bytes, stdout })
}

/// Times a short command `times` times without watching it, and gives the median in seconds.
pub(crate) fn median_seconds(program: &Path, words: &[&str], folder: &Path, times: usize) -> Result<f64, String> {
    let mut all = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        let output = Command::new(program).args(words).current_dir(folder).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("can not start {}: {error}", program.display()))?;
        all.push(start.elapsed().as_secs_f64());
        if !output.status.success() {
            return Err(format!("{} {} ended with {}", program.display(), words.join(" "), output.status));
        }
    }
    Ok(median(all))
}

/// The median of at least one measurement.
pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The file in which the kernel tells of a process.
pub(crate) fn status_of(process: u32) -> String {
    format!("/proc/{process}/status")
}

/// The largest resident set of a process so far, in bytes.
pub(crate) fn high_water_mark(status_file: &str) -> u64 {
    let Ok(text) = std::fs::read_to_string(status_file) else { return 0 };
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn an_exit_code_that_was_not_expected_is_an_error_with_the_command() {
        let here = Path::new(".");
        let error = run(Path::new("/bin/sh"), &["-c", "exit 6"], here, &[]).expect_err("6 is not expected");
        assert!(error.contains("exit 6"), "{error}");
        assert!(run(Path::new("/bin/sh"), &["-c", "exit 6"], here, &[6]).is_ok());
    }
}
