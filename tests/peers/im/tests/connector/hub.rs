//! As much of a hub as a connector needs: requests with a token, what the hub computes with secrets, byte streams.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use rosterd_sdk::Fault;
use rosterd_sdk::http::{Request, Response};
use rosterd_sdk::testkit::secrets::Call;
use rosterd_sdk::testkit::stream::Server;
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The program, and its two ports.
pub(crate) struct Simulator {
    process: Child,
    pub(crate) api: u16,
    control: u16,
}

impl Simulator {
    /// Starts it with this state.
    pub(crate) fn start(state: &Value) -> Self {
        let mut process =
            Command::new(env!("CARGO_BIN_EXE_rosterd-peer-im")).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let ports: Value = serde_json::from_str(&line).expect("ports");
        let port = |name: &str| u16::try_from(ports[name].as_u64().expect("a number")).expect("a port");
        let started = Self { process, api: port("api"), control: port("control") };
        started.control("PUT", "/state", state);
        started
    }

    /// Says something to the control port.
    pub(crate) fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let answer = exchange(self.control, method, path, &headers, body.as_bytes()).expect("an answer");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One request over one connection.
pub(crate) fn exchange(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut reader = BufReader::new(stream);
    let (first, headers, body) = message(&mut reader)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Ok(Response { status, headers, body })
}

type Message = (String, Vec<(String, String)>, Vec<u8>);

/// The first line, the headers and the body of a message.
fn message(reader: &mut impl BufRead) -> std::io::Result<Message> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let first = if lines.is_empty() { String::new() } else { lines.remove(0) };
    let headers: Vec<(String, String)> = lines
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body)?;
    Ok((first, headers, body))
}

/// Answers one request that comes to an address.
pub(crate) fn serve_one(listener: &TcpListener, answer: impl FnOnce(&str, Vec<u8>) -> (u16, Vec<u8>)) {
    let (mut stream, _) = listener.accept().expect("somebody calls");
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let (first, _, body) = message(&mut reader).expect("a request");
    let query = first.split(' ').nth(1).and_then(|path| path.split_once('?')).map(|(_, query)| query.to_owned());
    let (status, body) = answer(&query.unwrap_or_default(), body);
    let head =
        format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).expect("written");
    let _ = stream.shutdown(Shutdown::Write);
}

/// Sends what a connector sends, with the token of the recipe and the secrets in place.
pub(crate) fn send(port: u16, app: (&str, &str), request: &Request) -> Result<Response, Fault> {
    let failed = |error: std::io::Error| Fault::transient(error.to_string());
    let path = request.url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    let mut path = path.expect("an absolute url");
    if request.auth.is_some() {
        let asked = format!("/gettoken?appkey={}&appsecret={}", app.0, app.1);
        let token = exchange(port, "GET", &asked, &[], b"").map_err(failed)?;
        let token: Value = serde_json::from_slice(&token.body).expect("a token");
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(&format!("access_token={}", token["access_token"].as_str().expect("a token")));
    }
    let body = String::from_utf8(request.body.clone().unwrap_or_default()).expect("text");
    let body = body.replace(&format!("{{secret:json:{}}}", app.1), app.1);
    exchange(port, &request.method, &path, &request.headers, body.as_bytes()).map_err(failed)
}

/// What the hub computes with secrets.
pub(crate) fn crypto(call: &Call) -> Result<Vec<u8>, Fault> {
    if call.function == "digest" {
        return Ok(Sha1::digest(&call.inputs[0]).to_vec());
    }
    let key: [u8; 32] = call.key.as_slice().try_into().expect("a key");
    let iv: [u8; 16] = key[..16].try_into().expect("its head");
    let data = &call.inputs[2];
    match call.function {
        "encrypt" => Ok(cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into()).encrypt_padded_vec::<NoPadding>(data)),
        "decrypt" => {
            let plain = cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into()).decrypt_padded_vec::<NoPadding>(data);
            plain.map_err(|_| Fault::invalid("the ciphertext is not whole blocks"))
        }
        other => Err(Fault::unsupported(other)),
    }
}

/// A byte stream to a port of this machine.
pub(crate) struct Wire {
    pub(crate) port: u16,
    pub(crate) stream: Option<TcpStream>,
}

impl Server for Wire {
    fn connected(&mut self, _tls: bool) -> Result<(), Fault> {
        let stream =
            TcpStream::connect(("127.0.0.1", self.port)).map_err(|error| Fault::transient(error.to_string()))?;
        stream.set_read_timeout(Some(Duration::from_millis(500))).expect("a time-out");
        self.stream = Some(stream);
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let stream = self.stream.as_mut().expect("it is connected");
        stream.write_all(bytes).map_err(|error| Fault::transient(error.to_string()))
    }

    fn give(&mut self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 4096];
        let count = self.stream.as_mut().expect("it is connected").read(&mut bytes).ok()?;
        bytes.truncate(count);
        Some(bytes)
    }
}
