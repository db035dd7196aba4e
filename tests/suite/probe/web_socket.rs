//! A WebSocket over a byte stream, kept open from call to call; an event is acknowledged once its hint is stored.

use super::peer::{Peer, exactly, read_head};
use super::probe;
use crate::sandbox::desk::Desk;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rosterd_model::Class;
use sha1::{Digest, Sha1};
use std::io::{BufReader, Error, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A server that sends two events and a ping, and tells of every frame that comes back.
fn gateway(right_hand_shake: bool) -> (Peer, Receiver<(u8, String)>) {
    let (frames, received) = channel();
    let peer = Peer::stream(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone()?);
        shake_hands(&mut reader, &mut stream, right_hand_shake)?;
        event(&mut stream, "e-1", "u-1")?;
        for round in 0.. {
            let (kind, text) = frame(&mut reader)?;
            let _ = frames.send((kind, text));
            match round {
                // After the first acknowledgement: a ping, then an event in two pieces.
                0 => {
                    stream.write_all(&[0x89, 4])?;
                    stream.write_all(b"ping")?;
                    event(&mut stream, "e-2", "u-2")?;
                }
                2 => return stream.write_all(&[0x88, 0]),
                _ => {}
            }
        }
        Ok(())
    });
    (peer, received)
}

fn shake_hands(reader: &mut BufReader<TcpStream>, stream: &mut TcpStream, right: bool) -> std::io::Result<()> {
    let (path, headers) = read_head(reader)?;
    let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!((path.as_str(), header("upgrade")), ("/events", Some("websocket")));
    let key = header("sec-websocket-key").ok_or_else(|| Error::other("no key"))?;
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    let accept = if right { STANDARD.encode(digest) } else { STANDARD.encode([0; 20]) };
    write!(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
}

/// One event, long enough for the longer form of a length.
fn event(stream: &mut TcpStream, id: &str, user: &str) -> std::io::Result<()> {
    let text = format!("{{\"id\":\"{id}\",\"user\":\"{user}\",\"filler\":\"{}\"}}", "x".repeat(200));
    let length = u16::try_from(text.len()).expect("short").to_be_bytes();
    stream.write_all(&[0x81, 126, length[0], length[1]])?;
    let (head, tail) = text.split_at(100);
    stream.write_all(head.as_bytes())?;
    stream.flush()?;
    stream.write_all(tail.as_bytes())
}

/// A frame of the client: kind, and its text unmasked.
fn frame(reader: &mut impl Read) -> std::io::Result<(u8, String)> {
    let head = exactly(reader, 2)?;
    assert_ne!(head[1] & 0x80, 0, "a client must mask");
    let mask = exactly(reader, 4)?;
    let payload = exactly(reader, usize::from(head[1] & 0x7f))?;
    let plain: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Ok((head[0] & 0x0f, String::from_utf8_lossy(&plain).into_owned()))
}

#[test]
fn events_become_hints_and_are_acknowledged_in_the_next_call() {
    let (peer, received) = gateway(true);
    let desk = Desk::new();
    let config = probe(&desk, "web-socket", &peer);
    let mut listener = desk.load("probe").connect(config).and_then(|it| it.listener()).expect("it opens");
    let mut subscription = desk.run(listener.listen(&[Class::Account])).expect("the gateway accepts");
    let mut next = |timeout| {
        let hints = desk.run(subscription.next(timeout))?;
        Ok::<_, rosterd_model::Fault>(
            hints.into_iter().map(|hint| (hint.id.map(|id| id.to_string()), hint.event_id)).collect::<Vec<_>>(),
        )
    };
    let hint = |user: &str, event: &str| vec![(Some(user.to_owned()), Some(event.to_owned()))];
    assert_eq!(next(5000), Ok(hint("u-1", "e-1")));
    assert!(received.try_recv().is_err(), "acknowledged before the hint was stored");
    assert_eq!(next(5000), Ok(hint("u-2", "e-2")));
    let came = || received.recv_timeout(Duration::from_secs(10)).expect("a frame");
    assert_eq!(came(), (1, "{\"ack\":\"e-1\"}".to_owned()));
    assert_eq!(came(), (10, "ping".to_owned()));
    let ended = next(5000).expect_err("the gateway closed");
    assert_eq!(came(), (1, "{\"ack\":\"e-2\"}".to_owned()));
    assert!(ended.message.contains("the server ends the subscription"), "{ended}");
    let spent = next(5000).expect_err("a subscription that ended");
    assert!(spent.message.contains("listen again"), "{spent}");
}

#[test]
fn a_server_that_only_pretends_is_found_out() {
    let (peer, _received) = gateway(false);
    let desk = Desk::new();
    let config = probe(&desk, "web-socket", &peer);
    let mut listener = desk.load("probe").connect(config).and_then(|it| it.listener()).expect("it opens");
    let fault = desk.run(listener.listen(&[Class::Account])).err().expect("it is refused");
    assert!(fault.message.contains("the server does not speak WebSocket"), "{fault}");
}

#[test]
fn silence_is_no_fault() {
    let peer = Peer::stream(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone()?);
        shake_hands(&mut reader, &mut stream, true)?;
        // Open until the client goes.
        reader.read_to_end(&mut Vec::new()).map(drop)
    });
    let desk = Desk::new();
    let config = probe(&desk, "web-socket", &peer);
    let mut listener = desk.load("probe").connect(config).and_then(|it| it.listener()).expect("it opens");
    let mut subscription = desk.run(listener.listen(&[Class::Account])).expect("the gateway accepts");
    assert_eq!(desk.run(subscription.next(20)), Ok(Vec::new()));
    assert_eq!(desk.run(subscription.next(20)), Ok(Vec::new()));
}
