//! Runs a judge of another language against a server on a free port.

use super::place::{CLIENT, Place, SECRET, TOKEN};
use std::process::Stdio;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs the program that ROSTERD_API_JUDGE names"]
async fn judge() {
    let program = std::env::var("ROSTERD_API_JUDGE").unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Place::new().router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut words = program.split_whitespace();
    let status = tokio::process::Command::new(words.next().unwrap())
        .args(words)
        .args([format!("http://{address}"), CLIENT.to_owned(), SECRET.to_owned()])
        .env("ROSTERD_API_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .status()
        .await
        .unwrap();
    server.abort();
    assert!(status.success(), "the judge found something: {status}");
}
