//! Two ports of the loopback: the vendor's interface and the control port.
//!
//! The connections are driven by hyper itself and not by a framework, because a framework always answers: here an answer
//! may stop in the middle or not come at all.

use crate::control;
use crate::exchange::{Cut, Reply, Request};
use crate::program::Program;
use crate::socket;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;

/// Most bytes of a request.
const REQUEST: usize = 32 << 20;

/// Which port a connection came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The vendor's interface.
    Api,
    /// The control port.
    Control,
}

/// Accepts connections for ever.
pub async fn serve(listener: TcpListener, program: Arc<Program>, door: Door) {
    loop {
        // A connection that died before it was accepted is the client's business.
        let Ok((stream, peer)) = listener.accept().await else { continue };
        // Tests count round trips.
        let _ = stream.set_nodelay(true);
        let program = Arc::clone(&program);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(request, peer, Arc::clone(&program), door));
            let server = hyper::server::conn::http1::Builder::new();
            // An error here is a client that left, or an answer that was cut on purpose.
            let _ = server.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}

async fn respond(
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    program: Arc<Program>,
    door: Door,
) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let asks_for_socket = parts.headers.contains_key(header::UPGRADE);
    let body = Limited::new(body, REQUEST).collect().await.map_err(io::Error::other)?.to_bytes();
    let read = Request {
        method: parts.method.to_string(),
        path: decoded(parts.uri.path()),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers: headers(&parts.headers),
        body: body.to_vec(),
        source: peer.ip(),
    };
    if asks_for_socket && door == Door::Api {
        return Ok(socket::upgrade(parts, &read, program).await);
    }
    let reply = match door {
        Door::Api => program.answer(&read).await,
        Door::Control => control::answer(&program, &read).await,
    };
    if reply.delay > 0 {
        tokio::time::sleep(Duration::from_millis(u64::try_from(reply.delay).unwrap_or_default())).await;
    }
    write(reply)
}

fn write(reply: Reply) -> io::Result<Response<Body>> {
    let length = reply.body.len();
    let body = match reply.cut {
        Cut::Nothing => return Err(io::Error::other("cut on purpose")),
        Cut::Half => Body::new(Half { left: Some(Bytes::from(reply.body).slice(..length / 2)) }),
        Cut::Whole => Body::from(reply.body),
    };
    Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header(header::CONTENT_TYPE, reply.media_type)
        .header(header::CONTENT_LENGTH, length)
        .body(body)
        .map_err(io::Error::other)
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Names and values of a form or a query.
#[must_use]
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    let pair = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
    pair.map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))).collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Half of a body, then the end of the connection.
struct Half {
    left: Option<Bytes>,
}

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = self.left.take().filter(|bytes| !bytes.is_empty());
        Poll::Ready(Some(next.map(Frame::data).ok_or_else(|| io::Error::other("cut on purpose"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Listens on a port of the loopback; 0 lets the system choose.
///
/// # Errors
/// If the port is taken.
pub async fn listen(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((IpAddr::from([127, 0, 0, 1]), port)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_split_and_decoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs("a=1%2C2&b=x+y&c&=d&"), [pair("a", "1,2"), pair("b", "x y"), pair("c", ""), pair("", "d")]);
    }
}
