//! A few pages over HTTP/1.1, one request a connection.

use rosterd_model::port::BoxFuture;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A longer head of a request is not read.
const LONGEST_HEAD: usize = 8 << 10;
/// Who says nothing, or takes nothing, for so long is left.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests that are answered at once.
const MOST_AT_ONCE: usize = 16;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// What kind of text it is.
    pub kind: &'static str,
    /// The text.
    pub text: String,
}

impl Page {
    /// Plain text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", text: text.into() }
    }
}

/// What there is to see: a page for a path, none if there is no such page.
pub type Pages = Arc<dyn Fn(String) -> BoxFuture<'static, Option<Page>> + Send + Sync>;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A page.
    Get(String),
    /// A page without its text.
    Head(String),
    /// Something that pages do not do.
    Other,
    /// It is no request.
    Unreadable,
}

/// Serves pages until the future is dropped. Answers the address that it listens at, and what it does.
///
/// # Errors
/// Nobody can listen at the address.
pub async fn serve(address: SocketAddr, pages: Pages) -> io::Result<(SocketAddr, BoxFuture<'static, ()>)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let work: BoxFuture<'static, ()> = Box::pin(async move {
        loop {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let pages = Arc::clone(&pages);
                    tokio::spawn(async move {
                        let answered = tokio::time::timeout(PATIENCE, answer(stream, &pages)).await;
                        if let Ok(Err(error)) = answered {
                            tracing::debug!(%error, "a request was not answered");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    // Too many open files, for instance: it passes, and asking again at once would not help.
                    tracing::warn!(%error, "no connection could be taken");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    });
    Ok((bound, work))
}

async fn answer(mut stream: TcpStream, pages: &Pages) -> io::Result<()> {
    let mut head = Vec::with_capacity(512);
    while head.len() < LONGEST_HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    let (page, whole) = match parse_head(&head) {
        Asked::Get(path) => (pages(path).await.unwrap_or_else(|| Page::text(404, "there is no such page\n")), true),
        Asked::Head(path) => (pages(path).await.unwrap_or_else(|| Page::text(404, "there is no such page\n")), false),
        Asked::Other => (Page::text(405, "only GET and HEAD are answered here\n"), true),
        Asked::Unreadable => (Page::text(400, "this is no HTTP request\n"), true),
    };
    let Page { status, kind, text } = &page;
    let mut out = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
        word(*status),
        text.len()
    );
    if whole {
        out.push_str(text);
    }
    stream.write_all(out.as_bytes()).await?;
    stream.shutdown().await
}

const fn word(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

/// Reads the first line of a request; the query of the path is left out.
pub(crate) fn parse_head(head: &[u8]) -> Asked {
    if !head.windows(4).any(|end| end == b"\r\n\r\n") {
        return Asked::Unreadable;
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return Asked::Unreadable };
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Asked::Unreadable;
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || !target.starts_with('/') {
        return Asked::Unreadable;
    }
    let path = target.split(['?', '#']).next().unwrap_or_default().to_owned();
    match method {
        "GET" => Asked::Get(path),
        "HEAD" => Asked::Head(path),
        _ => Asked::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_is_asked_for() {
        let get = |path: &str| Asked::Get(path.to_owned());
        assert_eq!(parse_head(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"), get("/metrics"));
        assert_eq!(parse_head(b"GET /metrics?x=y HTTP/1.0\r\n\r\n"), get("/metrics"));
        assert_eq!(parse_head(b"HEAD / HTTP/1.1\r\n\r\n"), Asked::Head("/".to_owned()));
        assert_eq!(parse_head(b"POST / HTTP/1.1\r\n\r\n"), Asked::Other);
        for wrong in [&b"GET / HTTP/1.1\r\n"[..], b"GET /\r\n\r\n", b"GET x HTTP/1.1\r\n\r\n", b"\xff \r\n\r\n", b""] {
            assert_eq!(parse_head(wrong), Asked::Unreadable, "{wrong:?}");
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
    }

    #[test]
    fn pages_are_answered_over_the_network() {
        runtime().block_on(async {
            let pages: Pages = Arc::new(|path| {
                Box::pin(async move { (path == "/metrics").then(|| Page::text(200, "rosterd_up 1\n")) })
            });
            let (address, work) = serve("127.0.0.1:0".parse().expect("an address"), pages).await.expect("a listener");
            let work = tokio::spawn(work);
            let ask = |request: &'static str| async move {
                let mut stream = TcpStream::connect(address).await.expect("a connection");
                stream.write_all(request.as_bytes()).await.expect("written");
                let mut text = String::new();
                stream.read_to_string(&mut text).await.expect("an answer");
                text
            };
            let page = ask("GET /metrics HTTP/1.1\r\n\r\n").await;
            assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("\r\n\r\nrosterd_up 1\n"), "{page}");
            let head = ask("HEAD /metrics HTTP/1.1\r\n\r\n").await;
            assert!(head.contains("content-length: 13") && head.ends_with("\r\n\r\n"), "{head}");
            assert!(ask("GET /x HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404 "));
            assert!(ask("DELETE /metrics HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 405 "));
            work.abort();
        });
    }
}
