//! A client that costs little, so that what is measured is the server: connections that are kept, on each one request at a
//! time, all of them on one thread.

use crate::process::median;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// A connection.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// How fast it went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) a_second: f64,
    /// Half of the answers came in this time, in seconds.
    pub(super) median: f64,
}

/// A request as it goes over the wire.
pub(super) fn request(method: &str, path: &str, token: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\ncontent-type: {kind}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Everything of a measurement happens on this thread.
pub(super) fn on_one_thread<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("there is no runtime: {error}"))?;
    LocalSet::new().block_on(&runtime, work)
}

impl Connection {
    pub(super) async fn open(port: u16) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await;
        let stream = stream.map_err(|error| format!("can not connect to port {port}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| format!("a connection can not be set up: {error}"))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a request and reads the answer to its end.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Answer, String> {
        self.stream.write_all(request).await.map_err(|error| format!("a request was not sent: {error}"))?;
        let head = self.until(|buffer| find(buffer, b"\r\n\r\n").map(|at| at + 4)).await?;
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let value = |name: &str| text.split("\r\n").find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length: Option<usize> = value("content-length:").and_then(|length| length.parse().ok());
        let end = match length {
            Some(length) => self.until(|buffer| (buffer.len() >= head + length).then_some(head + length)).await?,
            None if status == 204 => head,
            None => self.until(|buffer| buffer[head..].ends_with(b"0\r\n\r\n").then_some(buffer.len())).await?,
        };
        let body = self.buffer[head..end].to_vec();
        self.buffer.drain(..end);
        Ok(Answer { status, body })
    }

    /// Reads until enough is there.
    async fn until(&mut self, enough: impl Fn(&[u8]) -> Option<usize>) -> Result<usize, String> {
        loop {
            if let Some(end) = enough(&self.buffer) {
                return Ok(end);
            }
            let read = self.stream.read_buf(&mut self.buffer).await;
            if read.map_err(|error| format!("an answer broke off: {error}"))? == 0 {
                return Err("a connection was closed in the middle of an answer".to_owned());
            }
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// When a measurement is over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    /// After this time.
    Time(Duration),
    /// After so many requests.
    Count(u64),
}

/// So many connections at once; each asks, and asks again when it has its answer. `make` is given the number of a request.
pub(super) fn rate(
    port: u16,
    connections: u64,
    until: Until,
    make: impl Fn(u64) -> Vec<u8> + Clone + 'static,
) -> Result<Rate, String> {
    on_one_thread(async move {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(port).await?);
        }
        let begun = Instant::now();
        let tasks: Vec<_> = (0..connections)
            .zip(open)
            .map(|(first, mut connection)| {
                let make = make.clone();
                tokio::task::spawn_local(async move {
                    let (mut times, mut number) = (Vec::new(), first);
                    while match until {
                        Until::Time(time) => begun.elapsed() < time,
                        Until::Count(count) => number < count,
                    } {
                        let request = make(number);
                        let asked = Instant::now();
                        let answer = connection.ask(&request).await?;
                        times.push(asked.elapsed().as_secs_f64());
                        if !(200..300).contains(&answer.status) {
                            let body = String::from_utf8_lossy(&answer.body).into_owned();
                            return Err(format!("request {number} was answered {}: {body}", answer.status));
                        }
                        number += connections;
                    }
                    Ok(times)
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.map_err(|error| format!("a client ended: {error}"))??);
        }
        Ok(Rate { a_second: times.len() as f64 / begun.elapsed().as_secs_f64(), median: median(times) })
    })
}
