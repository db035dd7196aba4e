//! Tests over real connections: a hub with clients in memory, a clock that stands, and requests as bytes.

mod connections;
mod endpoint;
mod guarded;
mod pushed;
mod received;
mod tls;

use crate::auth::{Clients, Unavailable};
use crate::server::{Bounds, Server, serve_within};
use crate::{Caller, Problem, Receive, Secret, Tls};
use axum::body::Body;
use axum::extract::Extension;
use axum::response::Response;
use axum::{Router, routing};
use rosterd_model::directory::Directory;
use rosterd_model::port::{Answer, BoxFuture, Call, Clock};
use rosterd_model::{ConnectionId, Timestamp};
use rosterd_store::{ClientRow, FormerSecret};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Clients in memory.
#[derive(Default)]
struct Book {
    rows: Mutex<HashMap<String, ClientRow>>,
    broken: AtomicBool,
}

impl Clients for Book {
    fn client(&self, name: String) -> BoxFuture<'_, Result<Option<ClientRow>, Unavailable>> {
        Box::pin(async move {
            match self.broken.load(Ordering::SeqCst) {
                true => Err(Unavailable),
                false => Ok(self.rows.lock().expect("rows").get(&name).cloned()),
            }
        })
    }

    fn directory(&self, _: &ConnectionId, _: &str) -> Option<Arc<dyn Directory>> {
        None
    }
}

#[derive(Default)]
struct Still(AtomicU64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A hub that serves.
struct Hub {
    address: SocketAddr,
    book: Arc<Book>,
    clock: Arc<Still>,
    seen: Arc<Mutex<Vec<(String, Call)>>>,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

/// Patience of which no test waits for the end, unless it says so.
const PATIENT: Bounds = Bounds {
    connections: 512,
    patience: Duration::from_secs(60),
    patience_with_readers: Duration::from_secs(60),
    grace: Duration::from_secs(60),
};
/// What a test waits for that is about time.
const HASTY: Bounds = Bounds { patience: Duration::from_millis(300), ..PATIENT };

impl Hub {
    async fn start() -> Self {
        Self::with(PATIENT, None).await
    }

    async fn with(bounds: Bounds, tls: Option<Tls>) -> Self {
        let (book, clock, seen) = (Arc::<Book>::default(), Arc::<Still>::default(), Arc::default());
        let (stop, stopped) = watch::channel(false);
        let server = Server {
            receive: receiver(Arc::clone(&seen)),
            clients: Arc::clone(&book) as Arc<_>,
            public_url: "https://hub.example".to_owned(),
            clock: Arc::clone(&clock) as Arc<_>,
            tls,
            api: Some(api()),
            tell: Some(Arc::new(tell)),
            login: Some(Router::new().route("/login", routing::get(async || "a page"))),
            stop: stopped,
        };
        let address = "127.0.0.1:0".parse().expect("an address");
        let (address, work) = serve_within(address, server, bounds).await.expect("a listener");
        Self { address, book, clock, seen, stop, work: tokio::spawn(work) }
    }

    /// Makes a client of a connection.
    fn client(&self, name: &str, connection: &str, scopes: &[&str]) -> Secret {
        let secret = Secret::of_client(name).expect("random numbers");
        let row = ClientRow {
            connection: connection.parse().expect("a name"),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            org_units: Vec::new(),
            secret: secret.hash(),
            former: None,
            created: Timestamp(0),
            rotated: None,
            revoked: None,
            by: "ada".to_owned(),
        };
        self.book.rows.lock().expect("rows").insert(name.to_owned(), row);
        secret
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut ClientRow)) {
        change(self.book.rows.lock().expect("rows").get_mut(name).expect("a client"));
    }

    /// Gives a client another secret; the one before counts until then.
    fn rotate(&self, name: &str, until: u64) -> Secret {
        let secret = Secret::of_client(name).expect("random numbers");
        self.change(name, |row| {
            row.former = Some(FormerSecret { hash: row.secret, until: Timestamp(until) });
            row.secret = secret.hash();
        });
        secret
    }

    fn pass(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Asks for a path; each header is a whole line.
    async fn get(&self, path: &str, headers: &[&str]) -> Heard {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        ask(self.address, &format!("GET {path} HTTP/1.1\r\nhost: h\r\n{lines}connection: close\r\n\r\n")).await
    }

    async fn get_with(&self, path: &str, token: &str) -> Heard {
        self.get(path, &[&format!("authorization: Bearer {token}")]).await
    }

    async fn post_form(&self, headers: &[&str], form: &str) -> Heard {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let length = form.len();
        let request = format!(
            "POST /oauth2/token HTTP/1.1\r\nhost: h\r\n{lines}connection: close\r\ncontent-length: {length}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{form}"
        );
        ask(self.address, &request).await
    }

    /// A token for a secret.
    async fn token(&self, name: &str, secret: &Secret, more: &str) -> Heard {
        let secret = secret.reveal();
        let form = format!("grant_type=client_credentials&client_id={name}&client_secret={secret}{more}");
        self.post_form(&[], &form).await
    }
}

fn receiver(seen: Arc<Mutex<Vec<(String, Call)>>>) -> Receive {
    Arc::new(move |connection: String, call: Call| -> BoxFuture<'static, Option<Answer>> {
        let known = matches!(connection.as_str(), "ding" | "okta");
        let headers = vec![("content-type".to_owned(), "text/x".to_owned()), ("bad\n".to_owned(), "x".to_owned())];
        seen.lock().expect("seen").push((connection, call));
        let answer = Answer { status: 202, headers, body: b"ok".to_vec(), hints: Vec::new() };
        Box::pin(async move { known.then_some(answer) })
    })
}

fn api() -> Router {
    let whoami = async |Extension(caller): Extension<Caller>| {
        let scopes: Vec<&str> = caller.scopes.iter().map(|scope| scope.as_str()).collect();
        format!("{} {} {}", caller.client, caller.connection, scopes.join(" "))
    };
    let read = async |body: axum::body::Bytes| body.len().to_string();
    Router::new()
        .route("/v1/whoami", routing::get(whoami))
        .route("/v1/length", routing::post(read))
        .route("/v1/long", routing::get(async || vec![b'x'; 64 << 20]))
        .route("/v1/openapi.json", routing::get(async || "a document"))
        .route("/elsewhere", routing::get(async || "never"))
}

/// Below `/v2` problems are told in another form.
fn tell(path: &str, problem: &Problem) -> Option<Response> {
    path.starts_with("/v2/").then(|| Response::new(Body::from(format!("other form: {}", problem.status))))
}

/// An answer.
struct Heard(String);

impl Heard {
    fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.body()).expect("JSON")
    }
}

async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Heard {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // Whoever is refused before he has said everything can not say the rest.
    let _ = stream.write_all(request.as_ref()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    Heard(String::from_utf8_lossy(&bytes).into_owned())
}

fn blocking(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work);
}
