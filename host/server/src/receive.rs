//! Requests of remote systems: callbacks and the like, under `/receive/CONNECTION`.
//!
//! Here only size, time and address are looked at. Who sent a request, and what it means, is the business of the
//! connector in its sandbox; so nothing here is refused for a reason that would tell a stranger anything.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rosterd_model::port::{Answer, BoxFuture, Call};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Under this path, by the name of the connection.
pub const MOUNT: &str = "/receive/";
/// A larger body is not read.
const LARGEST_BODY: usize = 1 << 20;
/// Largest head of a request, and most headers of one.
const LARGEST_HEAD: usize = 32 << 10;
const MOST_HEADERS: usize = 64;
/// Whoever does not send his request in this time is left.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that are open at once.
const MOST_AT_ONCE: usize = 256;

/// Answers a request to a connection; none: there is no such connection that answers.
pub type Receive = Arc<dyn Fn(String, Call) -> BoxFuture<'static, Option<Answer>> + Send + Sync>;

/// What there is to know of the place where requests come.
#[derive(Clone)]
struct Place {
    receive: Receive,
    /// The address under which remote systems know the hub; empty: nobody said.
    public_url: String,
}

/// Receives until the future is dropped. Answers the address that it listens at, and what it does. `public_url` is what
/// remote systems call the hub, without a slash at its end.
///
/// # Errors
/// Nobody can listen at the address.
pub async fn receive(
    address: SocketAddr,
    public_url: String,
    receive: Receive,
) -> io::Result<(SocketAddr, BoxFuture<'static, ()>)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let place = Place { receive, public_url };
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let work: BoxFuture<'static, ()> = Box::pin(async move {
        loop {
            let Ok(seat) = Arc::clone(&room).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, from)) => {
                    let place = place.clone();
                    tokio::spawn(async move {
                        connection(stream, from.ip(), place).await;
                        drop(seat);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection could be taken");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    });
    Ok((bound, work))
}

async fn connection(stream: TcpStream, from: IpAddr, place: Place) {
    let service = service_fn(move |request| {
        let place = place.clone();
        async move { Ok::<_, Infallible>(answered(&place, from, request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    server.max_buf_size(LARGEST_HEAD).max_headers(MOST_HEADERS);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, client = %from, "a request was not answered");
    }
}

async fn answered(place: &Place, from: IpAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    let Some((connection, rest)) = split(path) else { return plain(StatusCode::NOT_FOUND) };
    let (connection, rest) = (connection.to_owned(), rest.to_owned());
    let request_id = uuid::Uuid::new_v4().to_string();
    let base_url = match place.public_url.as_str() {
        "" => serde_json::Value::Null,
        url => format!("{url}{MOUNT}{connection}").into(),
    };
    let context = serde_json::json!({ "base-url": base_url, "request-id": request_id, "client": null });
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let (method, query) = (request.method().as_str().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    let body = Limited::new(request.into_body(), LARGEST_BODY).collect();
    let body = match tokio::time::timeout(PATIENCE, body).await {
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return plain(StatusCode::PAYLOAD_TOO_LARGE);
        }
        Ok(Err(_)) => return plain(StatusCode::BAD_REQUEST),
        Ok(Ok(body)) => body.to_bytes().to_vec(),
    };
    let call = Call { method, path: rest, query, headers, body, context: context.to_string() };
    match (place.receive)(connection.clone(), call).await {
        Some(answer) => {
            tracing::debug!(connection, request = request_id, client = %from, status = answer.status, "answered");
            response(answer)
        }
        None => plain(StatusCode::NOT_FOUND),
    }
}

/// The connection that a path names, and the path below it.
pub(crate) fn split(path: &str) -> Option<(&str, &str)> {
    let below = path.strip_prefix(MOUNT)?;
    let (connection, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
    connection.parse::<rosterd_model::ConnectionId>().ok()?;
    Some((connection, if rest.is_empty() { "/" } else { rest }))
}

/// Bytes that are no text are replaced: a connector is given text.
fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let Ok(status) = StatusCode::from_u16(answer.status) else { return plain(StatusCode::SERVICE_UNAVAILABLE) };
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = status;
    for (name, value) in answer.headers {
        // One that can not stand in a head is left out, and the others are not.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    type Seen = Arc<Mutex<Vec<(String, Call)>>>;

    async fn server(seen: Seen) -> SocketAddr {
        let answer = move |connection: String, call: Call| -> BoxFuture<'static, Option<Answer>> {
            let known = connection == "ding";
            let headers = vec![("content-type".to_owned(), "text/x".to_owned()), ("bad\n".to_owned(), "x".to_owned())];
            seen.lock().expect("seen").push((connection, call));
            Box::pin(
                async move { known.then(|| Answer { status: 202, headers, body: b"ok".to_vec(), hints: Vec::new() }) },
            )
        };
        let address = "127.0.0.1:0".parse().expect("an address");
        let (bound, work) =
            receive(address, "https://hub.example".to_owned(), Arc::new(answer)).await.expect("a listener");
        tokio::spawn(work);
        bound
    }

    async fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(request).await.expect("written");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an answer");
        text
    }

    fn blocking(work: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime").block_on(work);
    }

    #[test]
    fn a_request_reaches_the_connection_that_it_names_as_it_was_sent() {
        blocking(async {
            let seen = Seen::default();
            let address = server(Arc::clone(&seen)).await;
            let request = b"POST /receive/ding/a%2Fb?x=%20y&z HTTP/1.1\r\nhost: h\r\nX-One: 1\r\nconnection: close\r\n\
                content-length: 4\r\n\r\nbody";
            let answer = ask(address, request).await;
            assert!(answer.starts_with("HTTP/1.1 202 ") && answer.ends_with("\r\n\r\nok"), "{answer}");
            assert!(answer.contains("content-type: text/x") && !answer.contains("bad"), "{answer}");
            let (connection, call) = seen.lock().expect("seen").pop().expect("a call");
            assert_eq!((connection.as_str(), call.method.as_str()), ("ding", "POST"));
            assert_eq!(
                (call.path.as_str(), call.query.as_str(), call.body.as_slice()),
                ("/a%2Fb", "x=%20y&z", &b"body"[..])
            );
            assert!(call.headers.contains(&("x-one".to_owned(), "1".to_owned())), "{:?}", call.headers);
            let context: serde_json::Value = serde_json::from_str(&call.context).expect("an object");
            assert_eq!(context["base-url"], "https://hub.example/receive/ding");
        });
    }

    #[test]
    fn what_is_too_large_and_what_is_nowhere_reaches_nobody() {
        blocking(async {
            let seen = Seen::default();
            let address = server(Arc::clone(&seen)).await;
            let length = LARGEST_BODY + 1;
            let head = format!(
                "POST /receive/ding HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            let large = ask(address, &[head.as_bytes(), &vec![b'x'; length]].concat()).await;
            assert!(large.starts_with("HTTP/1.1 413 "), "{large}");
            for path in ["/", "/metrics", "/receive/", "/receive/No%20Name", "/receive/../ding"] {
                let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
                let answer = ask(address, request.as_bytes()).await;
                assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
            }
            assert!(seen.lock().expect("seen").is_empty());
            let unknown = ask(address, b"GET /receive/other HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
            assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
        });
    }

    #[test]
    fn the_path_below_a_connection_keeps_its_encoding() {
        assert_eq!(split("/receive/ding"), Some(("ding", "/")));
        assert_eq!(split("/receive/ding/"), Some(("ding", "/")));
        assert_eq!(split("/receive/ding/a%2fb/c"), Some(("ding", "/a%2fb/c")));
        assert_eq!(split("/receive//x"), None);
        assert_eq!(split("/receive/-x"), None);
        assert_eq!(split("/other/ding"), None);
    }
}
