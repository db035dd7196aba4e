//! Service providers that others wrote, scim2-server and scimmy, spoken to over plain HTTP without any code of the connector.

use rosterd_tests::node::install;
use rosterd_tests::python::environment;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The token that it wants.
pub(crate) const TOKEN: &str = "Kanari-scim-token/0123456789+abcdef";

/// It runs until it is dropped.
pub(crate) struct Provider {
    child: Child,
    port: u16,
    /// What it prints is read to the end, so that it never waits for room.
    _output: BufReader<std::process::ChildStdout>,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-provider");
        let python = environment(&folder, &sources().join("requirements.txt"));
        Self::told(Command::new(python).arg(sources().join("provider.py")).args(["--bearer-token", TOKEN]))
    }

    /// Another one: scimmy, behind Express.
    pub(crate) fn scimmy() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scimmy");
        install(&folder, &sources().join("scimmy"), &["server.mjs"]);
        Self::told(Command::new("node").arg(folder.join("server.mjs")).arg(TOKEN))
    }

    /// Starts it, and waits for the port that it tells.
    fn told(command: &mut Command) -> Self {
        let command = command.env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it tells its port");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("it tells its port, and not \"{line}\""));
        Self { child, port, _output: output }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A request, and what came back.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let head = format!(
            "{method} /v2{path} HTTP/1.0\r\nhost: 127.0.0.1\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/scim+json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with('2'), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    /// All objects of a kind.
    pub(crate) fn all(&self, kind: &str) -> Vec<Value> {
        let page = self.ask("GET", &format!("/{kind}?count=500"), &Value::Null);
        page["Resources"].as_array().cloned().unwrap_or_default()
    }

    /// The object of this name.
    pub(crate) fn named(&self, kind: &str, name: &str) -> Option<Value> {
        let key = if kind == "Users" { "userName" } else { "displayName" };
        self.all(kind).into_iter().find(|one| one[key] == name)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/scim")
}
