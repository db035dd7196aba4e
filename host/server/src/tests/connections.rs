//! Who may be connected, and for how long.

use super::{HASTY, Heard, Hub, PATIENT, ask, blocking};
use crate::server::Bounds;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn rest(stream: &mut TcpStream) -> Heard {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    Heard(String::from_utf8_lossy(&bytes).into_owned())
}

async fn connect(hub: &Hub) -> TcpStream {
    TcpStream::connect(hub.address).await.expect("a connection")
}

/// The head of an answer, and so many bytes behind it.
async fn one(stream: &mut TcpStream, behind: usize) -> Heard {
    let mut bytes = Vec::new();
    let ended = |bytes: &[u8]| {
        bytes.windows(4).position(|end| end == b"\r\n\r\n").is_some_and(|at| bytes.len() >= at + 4 + behind)
    };
    while !ended(&bytes) {
        assert_ne!(stream.read_buf(&mut bytes).await.expect("an answer"), 0, "it ended");
    }
    Heard(String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn whoever_says_nothing_or_is_slow_is_left() {
    blocking(async {
        let hub = Hub::with(HASTY, None).await;
        for begun in ["", "GET /receive/ding HTTP/1.1\r\nhost"] {
            let mut stream = connect(&hub).await;
            stream.write_all(begun.as_bytes()).await.expect("written");
            assert!(!rest(&mut stream).await.0.contains("200"), "{begun}");
        }
        let begun = "POST /receive/ding HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nx";
        let mut stream = connect(&hub).await;
        stream.write_all(begun.as_bytes()).await.expect("written");
        let answer = rest(&mut stream).await;
        assert!(matches!(answer.status(), 400 | 408), "{}", answer.0);
        let mut kept = connect(&hub).await;
        kept.write_all(b"GET /receive/ding HTTP/1.1\r\nhost: h\r\n\r\n").await.expect("written");
        assert_eq!(one(&mut kept, 2).await.status(), 202);
        assert_eq!(rest(&mut kept).await.0, "", "it was silent for too long");
        assert!(hub.seen.lock().expect("seen").len() == 1);
    });
}

#[test]
fn a_head_is_bounded() {
    blocking(async {
        let hub = Hub::start().await;
        let many: String = (0..65).map(|n| format!("x-{n}: 1\r\n")).collect();
        let long = format!("x: {}\r\n", "y".repeat(33 << 10));
        for lines in [many, long] {
            let answer =
                ask(hub.address, format!("GET /receive/ding HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{lines}\r\n"))
                    .await;
            assert_eq!(answer.status(), 431, "{}", answer.0);
        }
        assert!(hub.seen.lock().expect("seen").is_empty());
    });
}

#[test]
fn each_answer_has_a_number_of_its_own() {
    blocking(async {
        let hub = Hub::start().await;
        let mut numbers = Vec::new();
        for path in ["/receive/ding", "/nowhere", "/v1/x", "/oauth2/token", "/login"] {
            let answer = hub.get(path, &["x-request-id: mine"]).await;
            numbers.push(answer.header("x-request-id").expect("a number").to_owned());
        }
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 5);
        assert!(!numbers.contains(&"mine".to_owned()));
    });
}

#[test]
fn those_who_are_silent_make_room_for_those_who_ask() {
    // As many as this process may have: each is there twice, at its client and at the hub.
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let may = getrlimit(Resource::Nofile).current.or(current).unwrap_or(1_024);
    let silent = usize::try_from(may.saturating_sub(300)).unwrap_or(2_000).min(2_000);
    blocking(async move {
        let hub = Hub::with(Bounds { connections: 64, ..PATIENT }, None).await;
        let mut kept = connect(&hub).await;
        let mut open = Vec::new();
        for _ in 0..silent {
            open.push(connect(&hub).await);
        }
        assert_eq!(hub.get("/receive/ding", &[]).await.status(), 202);
        assert_eq!(rest(&mut kept).await.0, "", "the oldest one went");
        let last = open.last_mut().expect("one");
        last.write_all(b"GET /receive/ding HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.expect("written");
        assert_eq!(rest(last).await.status(), 202, "the youngest ones stay");
    });
}

#[test]
fn whoever_is_answered_keeps_his_seat() {
    blocking(async {
        let hub = Hub::with(Bounds { connections: 2, ..PATIENT }, None).await;
        let mut asking = connect(&hub).await;
        asking
            .write_all(b"POST /receive/ding HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 2\r\n\r\na")
            .await
            .expect("written");
        // Once this one is answered, the one before has a seat and is asked for its body.
        assert_eq!(hub.get("/receive/ding", &[]).await.status(), 202);
        let mut others = Vec::new();
        for _ in 0..10 {
            others.push(connect(&hub).await);
        }
        assert_eq!(hub.get("/receive/ding", &[]).await.status(), 202);
        asking.write_all(b"b").await.expect("written");
        assert_eq!(rest(&mut asking).await.status(), 202);
    });
}

#[test]
fn whoever_takes_nothing_of_his_answer_is_left() {
    blocking(async {
        let bounds = Bounds { connections: 1, patience_with_readers: HASTY.patience, ..PATIENT };
        let hub = Hub::with(bounds, None).await;
        let secret = hub.client("okta-1", "okta", &[]);
        let mut greedy = connect(&hub).await;
        let ask = format!("GET /v1/long HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\n\r\n", secret.reveal());
        greedy.write_all(ask.as_bytes()).await.expect("written");
        assert_eq!(one(&mut greedy, 1).await.status(), 200);
        // There is one seat, and whoever is answered keeps his: until he is left.
        assert_eq!(hub.get("/receive/ding", &[]).await.status(), 202);
    });
}

#[test]
fn a_hub_that_ends_gives_its_last_answers() {
    blocking(async {
        let hub = Hub::start().await;
        let mut silent = connect(&hub).await;
        let mut kept = connect(&hub).await;
        kept.write_all(b"GET /receive/ding HTTP/1.1\r\nhost: h\r\n\r\n").await.expect("written");
        assert_eq!(one(&mut kept, 2).await.status(), 202);
        let mut asking = connect(&hub).await;
        asking
            .write_all(b"POST /receive/ding HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
            .await
            .expect("written");
        assert_eq!(one(&mut asking, 0).await.status(), 100, "it is asked for its body, so it is being answered");
        hub.stop.send(true).expect("it listens");
        assert_eq!((rest(&mut silent).await.0, rest(&mut kept).await.0), (String::new(), String::new()));
        asking.write_all(b"ab").await.expect("written");
        assert_eq!(rest(&mut asking).await.status(), 202);
        hub.work.await.expect("it ended");
        assert!(TcpStream::connect(hub.address).await.is_err());
    });
}
