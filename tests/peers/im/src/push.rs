//! Requests of the simulator to its clients. Plain HTTP to the loopback, one connection each: what listens is a test.

use crate::exchange::{Outcome, Push};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// Most bytes of an answer that are read.
const ANSWER: usize = 1 << 20;

/// Sends a push and waits for its answer, as long as it says.
pub async fn send(push: &Push) -> Outcome {
    let patience = Duration::from_millis(u64::try_from(push.patience).unwrap_or_default());
    tokio::time::timeout(patience, exchange(push)).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

async fn exchange(push: &Push) -> Outcome {
    let said = |error: &dyn std::error::Error| format!("{}: {error}", push.url);
    let uri: Uri = push.url.parse().map_err(|error: hyper::http::uri::InvalidUri| said(&error))?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority = authority.ok_or_else(|| format!("{}: no http address", push.url))?;
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await;
    let stream = stream.map_err(|error| said(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| said(&error))?;
    let connection = tokio::spawn(connection);
    let request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header("host", authority.as_str())
        .header("content-type", "application/json;charset=utf-8")
        .body(Full::new(Bytes::from(push.body.clone())))
        .map_err(|error| said(&error))?;
    let response = sender.send_request(request).await.map_err(|error| said(&error))?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER).collect().await;
    connection.abort();
    let body = body.map_err(|error| said(error.as_ref()))?;
    Ok((status, body.to_bytes().to_vec()))
}
