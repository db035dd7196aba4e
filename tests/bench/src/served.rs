//! `rosterd serve` in the folder of a hub, and what its log says.

use crate::process;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A service that runs. It is killed if it is dropped before it was ended.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    log: Receiver<Value>,
}

impl Service {
    /// Starts it. The lines of its log are JSON.
    pub(crate) fn start(program: &Path, words: &[&str], folder: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("can not start {}: {error}", program.display()))?;
        let (sender, log) = channel();
        if let Some(stderr) = child.stderr.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let entry = serde_json::from_str(&line).unwrap_or(Value::String(line));
                    // Nobody needs to read on: the pipe is emptied all the same, so that the service never waits for it.
                    let _ = sender.send(entry);
                }
            });
        }
        Ok(Self { child, log })
    }

    /// The next entry whose message begins like this.
    pub(crate) fn wait_for(&self, message: &str, patience: Duration) -> Result<Value, String> {
        let until = Instant::now() + patience;
        let mut last = Value::Null;
        loop {
            match self.log.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(entry) => last = entry,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(format!("the log of the service never said {message:?}; the last it said is {last}"));
                }
            }
            let text = last.pointer("/fields/message").and_then(Value::as_str);
            if text.is_some_and(|text| text.starts_with(message)) {
                return Ok(last);
            }
        }
    }

    /// The largest resident set so far, in bytes.
    pub(crate) fn peak_bytes(&self) -> u64 {
        process::high_water_mark(&process::status_of(self.child.id()))
    }

    /// Asks it to end, and waits.
    pub(crate) fn end(mut self) -> Result<(), String> {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-s", "TERM", &pid]).status();
        asked.map_err(|error| format!("the service can not be ended: {error}"))?;
        let status = self.child.wait().map_err(|error| format!("can not wait for the service: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("the service ended with {status}")) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
