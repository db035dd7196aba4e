//! The application that is called back: it takes every event at once, and notes when it came.

use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// When each title was told first.
pub(super) type Arrivals = Arc<Mutex<HashMap<String, Instant>>>;

/// Listens, on the thread of whoever measures.
pub(super) async fn listen(listener: TcpListener, arrivals: Arrivals) {
    while let Ok((stream, _)) = listener.accept().await {
        let arrivals = Arc::clone(&arrivals);
        tokio::task::spawn_local(async move {
            // Whoever closes is done.
            let _ = serve(stream, &arrivals).await;
        });
    }
}

async fn serve(mut stream: TcpStream, arrivals: &Arrivals) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer: Vec<u8> = Vec::new();
    loop {
        let at = |buffer: &[u8]| buffer.windows(4).position(|window| window == b"\r\n\r\n");
        let head = loop {
            if let Some(at) = at(&buffer) {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length = text.split("\r\n").find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let end = head + length.unwrap_or(0_usize);
        while buffer.len() < end {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        note(&buffer[head..end], arrivals);
        buffer.drain(..end);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
    }
}

fn note(body: &[u8], arrivals: &Arrivals) {
    let now = Instant::now();
    let Ok(event) = serde_json::from_slice::<Value>(body) else { return };
    if let Some(title) = event.pointer("/data/attributes/title").and_then(Value::as_str) {
        arrivals.lock().unwrap_or_else(PoisonError::into_inner).entry(title.to_owned()).or_insert(now);
    }
}
