//! Whoever means no good: the hub stays up, answers others, and gives nothing away.

use super::{SCOPES, Serving};
use rosterd_tests::http::{Client, raw};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Connections on which nothing is ever said. Each costs a descriptor here as well; the hub has its own limit of seats.
const IDLE: usize = 10_000;

fn others_are_answered(client: &Client) {
    let one = client.ask("GET", "/accounts/1", &Value::Null);
    assert_eq!((one.status, one.body["userName"].as_str()), (200, Some("ann")), "{one:?}");
}

#[test]
fn whatever_comes_the_hub_answers_others_and_tells_nothing() {
    let serving = Serving::new();
    let client = serving.client("hr", "api", &SCOPES);
    let stranger = serving.client("shop", "shop", &SCOPES);
    let made = client.ask("POST", "/accounts", &json!({ "id": "1", "userName": "ann" }));
    assert_eq!(made.status, 201, "{made:?}");

    let refused = |method: &str, target: &str, headers: &[(&str, &str)], body: &[u8], wanted: &[u16]| {
        let said = client.send(method, target, headers, body);
        assert!(wanted.contains(&said.status), "{method} {target}: {said:?}");
        for secret in ["ann", client.token.as_str(), "panicked", "redb"] {
            assert!(!said.body.to_string().contains(secret), "{method} {target} tells {secret}: {said:?}");
        }
        others_are_answered(&client);
    };
    let json_kind = ("content-type", "application/json");
    // Oversized: more than a body may have, announced and sent.
    refused("POST", "/accounts", &[json_kind], &vec![b' '; (1 << 20) + 1], &[413]);
    // Deep.
    let deep = format!("{{\"userName\":\"x\",\"attributes\":{{\"a\":{}1{}}}}}", "[".repeat(5_000), "]".repeat(5_000));
    refused("POST", "/accounts", &[json_kind], deep.as_bytes(), &[400, 422]);
    // Not UTF-8, in the body, in the path and in the query.
    refused("POST", "/accounts", &[json_kind], b"{\"userName\":\"\xff\xfe\"}", &[400, 422]);
    refused("GET", "/accounts/%FF%FE", &[], b"", &[400, 404, 422]);
    refused("GET", "/accounts?userName=%FF", &[], b"", &[200, 400]);
    // Tricks with paths.
    for path in
        ["/accounts/../hub/accounts", "/accounts/..%2f..%2fsecret", "//accounts", "/accounts/%00", "/./accounts/1/"]
    {
        refused("GET", path, &[], b"", &[400, 404, 405, 422]);
    }
    refused("TRACE", "/accounts", &[], b"", &[405, 400, 501]);
    // Heads: too many, too long.
    let many: Vec<(String, String)> = (0..500).map(|n| (format!("x-{n}"), "y".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    refused("GET", "/accounts/1", &many, b"", &[400, 431]);
    let long = "y".repeat(64 << 10);
    refused("GET", "/accounts/1", &[("x-long", &long)], b"", &[400, 431]);
    // Two ways to say how long it is.
    let both = format!(
        "POST /v1/accounts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        client.token
    );
    let said = raw_closed(&serving.address, both.as_bytes());
    assert!(!(200..300).contains(&said), "a request of two lengths was answered {said}");
    others_are_answered(&client);

    // What another client pushed is nowhere for this one, by any way.
    for target in ["/accounts/1", "/accounts?userName=ann", "/changes", "/export/accounts"] {
        let said = stranger.ask("GET", target, &Value::Null);
        assert!(!said.head.contains("ann") && !said.body.to_string().contains("ann"), "{target}: {said:?}");
    }
    let taken = stranger.ask("PATCH", "/accounts/1", &json!({ "userName": "mallory" }));
    assert!(taken.status >= 400, "{taken:?}");
    assert_eq!(stranger.ask("DELETE", "/accounts/1", &Value::Null).status, 404);
    others_are_answered(&client);
    serving.end();
}

/// The status of the answer, or zero: the connection was closed.
fn raw_closed(address: &str, bytes: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    stream.write_all(bytes).expect("written");
    let mut text = [0; 64];
    let got = stream.read(&mut text).unwrap_or(0);
    String::from_utf8_lossy(&text[..got]).split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

#[test]
fn ten_thousand_who_say_nothing_and_some_who_are_slow_keep_nobody_out() {
    let serving = Serving::new();
    let client = serving.client("hr", "api", &SCOPES);
    assert_eq!(client.ask("POST", "/accounts", &json!({ "id": "1", "userName": "ann" })).status, 201);
    // Who begins a head, or a body, and does not end it.
    let slow: Vec<TcpStream> = (0..50)
        .map(|n| {
            let mut stream = TcpStream::connect(&serving.address).expect("it listens");
            let text: &[u8] = if n % 2 == 0 {
                b"GET /v1/accounts HTTP/1.1\r\nhost: x\r\nx-slow: "
            } else {
                b"POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\ngrant"
            };
            stream.write_all(text).expect("written");
            stream
        })
        .collect();
    let mut idle = Vec::new();
    for n in 0..IDLE {
        match TcpStream::connect(&serving.address) {
            Ok(stream) => idle.push(stream),
            // This process may have fewer descriptors than that: then the oldest make room, which the hub has closed by now.
            Err(_) => drop(idle.drain(..idle.len().min(256))),
        }
        if n % 1_000 == 999 {
            others_are_answered(&client);
        }
    }
    others_are_answered(&client);
    drop((slow, idle));
    let said = raw(&serving.address, b"GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert_eq!(said.status, 404, "{said:?}");
    serving.end();
}
