//! The application that is called back: a program in Python, in which libraries of others verify what comes.

use rosterd_tests::http::Client;
use rosterd_tests::python::environment;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Captured {
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// It runs until it is dropped.
pub(crate) struct Receiver {
    dir: tempfile::TempDir,
    child: Child,
    port: u16,
}

impl Receiver {
    /// Starts it. It believes nothing before it has keys.
    pub(crate) fn start() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("callback-clients");
        let python = environment(&folder, &sources().join("requirements.txt"));
        let dir = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(python)
            .arg(sources().join("receiver.py"))
            .arg(dir.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("it tells its port");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("it tells its port, and not \"{line}\""));
        let receiver = Self { dir, child, port };
        receiver.keys(&json!({ "form": "", "secrets": [], "public": [] }));
        receiver.behave(&[]);
        receiver
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What the operator of the application sets there.
    pub(crate) fn keys(&self, keys: &Value) {
        self.write("keys.json", keys);
    }

    /// What becomes of the next events, one after the other; then all are taken.
    pub(crate) fn behave(&self, how: &[&str]) {
        self.write("behaviour.json", &json!(how));
    }

    /// What came, each as soon as it was verified.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.path().join("events.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of its own")).collect()
    }

    /// The requests as they came, for somebody who listened on the way.
    pub(crate) fn captured(&self) -> Vec<Captured> {
        let text = std::fs::read_to_string(self.dir.path().join("captured.jsonl")).unwrap_or_default();
        let one = |line: &str| {
            let (headers, body) = serde_json::from_str(line).expect("a line of its own");
            Captured { headers, body }
        };
        text.lines().map(one).collect()
    }

    /// Sends a request that was captured, and gives the status of the answer.
    pub(crate) fn resend(&self, captured: &Captured) -> u16 {
        let address = format!("127.0.0.1:{}", self.port);
        let client = Client { address, base: String::new(), token: String::new(), kind: "" };
        let of_the_connection = ["host", "connection", "content-length"];
        let headers: Vec<(&str, &str)> =
            captured.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let headers: Vec<_> = headers.into_iter().filter(|(name, _)| !of_the_connection.contains(name)).collect();
        client.send("POST", "/hook", &headers, captured.body.as_bytes()).status
    }

    /// Events that were taken, in order, each once: the object and the type.
    pub(crate) fn taken(&self) -> Vec<(String, String)> {
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let events = self.events();
        let taken = events.iter().filter(|event| {
            event["again"] == false && ["take", "lost"].contains(&event["answered"].as_str().unwrap_or_default())
        });
        taken.map(|event| (text(event, "object"), text(event, "type"))).collect()
    }

    fn write(&self, name: &str, value: &Value) {
        std::fs::write(self.dir.path().join(name), value.to_string()).expect("written");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/callback")
}
