//! `rosterd serve` in the folder of a hub, and what its log says.

use crate::built::binary;
use crate::hub::Hub;
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest wait for a line of the log; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<Json>>,
    more: Condvar,
}

/// A service that runs. It is killed if it is dropped before it was ended.
pub struct Service {
    child: Child,
    log: Arc<Log>,
}

impl Service {
    /// Starts the service of a hub, and waits until it answers commands.
    #[must_use]
    pub fn start(hub: &Hub) -> Self {
        let service = Self::begin(hub);
        drop(service.wait_for("rosterd serves"));
        service
    }

    /// Starts the service of a hub.
    ///
    /// # Panics
    /// It can not be started.
    #[must_use]
    pub fn begin(hub: &Hub) -> Self {
        let mut command = Command::new(binary());
        command.args(["serve", "--log-format", "json"]).current_dir(hub.path("."));
        command.env("NO_COLOR", "1").env_remove("ROSTERD_CONFIG").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = hub.watched.spawn(&mut command);
        let log: Arc<Log> = Arc::default();
        let stderr = child.stderr.take().unwrap_or_else(|| panic!("its log is a pipe"));
        let own = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let entry = serde_json::from_str(&line).unwrap_or_else(|_| Json::String(line.clone()));
                own.lines().push(entry);
                own.more.notify_all();
            }
        });
        Self { child, log }
    }

    /// Waits for an entry of the log whose message begins with `message`.
    ///
    /// # Panics
    /// It does not come.
    #[must_use]
    pub fn wait_for(&self, message: &str) -> Json {
        self.wait_for_nth(message, 1)
    }

    /// Waits for the entry number `nth` of the log whose message begins with `message`.
    ///
    /// # Panics
    /// It does not come.
    #[must_use]
    pub fn wait_for_nth(&self, message: &str, nth: usize) -> Json {
        let mut lines = self.log.lines();
        loop {
            let found = lines.iter().filter(|line| says(line, message)).nth(nth.saturating_sub(1));
            if let Some(found) = found {
                return found.clone();
            }
            let (after, timeout) = self.log.more.wait_timeout(lines, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            lines = after;
            assert!(!timeout.timed_out(), "the log never said {message:?} {nth} times: {lines:#?}");
        }
    }

    /// Waits until the log is longer than this, or a second has passed.
    pub fn wait_for_more(&self, than: usize) {
        let lines = self.log.lines();
        if lines.len() <= than {
            drop(self.log.more.wait_timeout(lines, Duration::from_secs(1)).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The log so far.
    #[must_use]
    pub fn log(&self) -> Vec<Json> {
        self.log.lines().clone()
    }

    /// Sends a signal, such as "HUP".
    ///
    /// # Panics
    /// It can not be sent.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal {name} could not be sent");
    }

    /// Asks it to end, and waits: its exit code.
    ///
    /// # Panics
    /// It can not be waited for.
    #[must_use]
    pub fn end(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap_or_else(|error| panic!("{error}")).code()
    }

    /// Kills it, as a machine that fails would.
    pub fn kill(mut self) {
        self.killed();
    }

    fn killed(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.killed();
    }
}

impl Log {
    fn lines(&self) -> MutexGuard<'_, Vec<Json>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn says(line: &Json, message: &str) -> bool {
    let text = line["fields"]["message"].as_str().or(line.as_str());
    text.is_some_and(|text| text.starts_with(message))
}
