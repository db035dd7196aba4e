//! scim2-tester, which others wrote, asks the receiver over HTTP; the directory of the test kit is behind it.

use super::client::SCOPES;
use rosterd_plugin_scim::Scim;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Receiver, Request};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn scim2_tester_finds_nothing_wrong() {
    let python = environment().unwrap_or_else(|why| panic!("scim2-tester is not there, and is not skipped: {why}"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v2", listener.local_addr().unwrap());
    let child = Command::new(python)
        .arg(sources().join("judge.py"))
        .arg(&base)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let _world = World::new().settings(json!({ "attributes": ["urn:company:scim:1.0:User:badge"] })).enter();
    let mut scim = open::<Scim>().unwrap();
    // The world belongs to this thread, so one connection is served after the other; the last one comes when the judge is done.
    let address = listener.local_addr().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let judged = std::thread::spawn({
        let done = Arc::clone(&done);
        move || {
            let output = child.wait_with_output().unwrap();
            // Before the last connection: whoever has served that one must know that there is no other.
            done.store(true, Ordering::SeqCst);
            drop(TcpStream::connect(address));
            output
        }
    });
    while !done.load(Ordering::SeqCst) {
        serve(&mut scim, listener.accept().unwrap().0, &base);
    }
    let output = judged.join().unwrap();
    let (status, report) = (output.status, String::from_utf8(output.stdout).unwrap());
    println!("{report}");
    let counts: serde_json::Value = serde_json::from_str(report.lines().last().unwrap_or_default()).unwrap_or_default();
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    assert!(status.success() && count("SUCCESS") >= 135, "{report}");
    assert_eq!(counts.as_object().map(serde_json::Map::len), Some(1), "nothing but SUCCESS: {counts}");
}

/// One request, and the end of the connection.
fn serve(scim: &mut Scim, stream: TcpStream, base: &str) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or("/").to_owned());
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().unwrap();
        }
        headers.push((name, value));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let path = path.strip_prefix("/v2").unwrap_or(path).to_owned();
    let context =
        json!({ "base-url": base, "request-id": "r", "client": { "id": "judge", "scopes": SCOPES } }).to_string();
    let request = Request { method, path, query: query.to_owned(), headers, body, context };
    let response = scim.handle(request).response;
    let mut head =
        format!("HTTP/1.1 {} X\r\nconnection: close\r\ncontent-length: {}\r\n", response.status, response.body.len());
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = reader.into_inner();
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(&response.body).unwrap();
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/receiving")
}

/// An environment with exactly what `requirements.txt` says, kept until that changes.
fn environment() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-judge");
    let (python, stamp) = (folder.join("bin/python"), folder.join("installed.txt"));
    let text = |error: std::io::Error| error.to_string();
    let wanted = std::fs::read_to_string(sources().join("requirements.txt")).map_err(text)?;
    let lock = File::create(folder.with_extension("lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(&python).args(install).arg(sources().join("requirements.txt")))?;
    std::fs::write(&stamp, wanted).map_err(text)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?} does not start: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let both = || format!("{command:?} failed:\n{}{}", text(&output.stdout), text(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(both()) }
}
