//! Tickets, hand-shakes, and frames that a server must not send.

use super::server::{Gateway, RIGHT, frame, listen, next};
use proptest::prelude::*;
use rosterd_plugin_dingtalk::listener::frame::{Decoder, Kind, LARGEST, Received, encode};
use rosterd_plugin_dingtalk::listener::gateway::place;
use rosterd_sdk::FaultKind;
use serde_json::{Value, json};

#[test]
fn the_head_of_a_hand_shake() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    listen().unwrap();
    let head = gateway.0.borrow().heads[0].clone();
    let expected = "GET /connect?ticket=tk%201 HTTP/1.1\r\nHost: gw.dingtalk.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
    assert!(head.starts_with(expected), "{head}");
    assert_eq!(gateway.0.borrow().tls, [true]);
}

#[test]
fn a_header_may_be_a_list() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let answer = RIGHT.replace("keep-alive\r\nConnection: Upgrade", "keep-alive, Upgrade");
    gateway.0.borrow_mut().answer = Some(answer);
    listen().unwrap();
}

#[test]
fn a_hand_shake_that_is_none_is_found_out() {
    for (answer, kind, why) in [
        (RIGHT.replace("{accept}", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), FaultKind::Transient, "does not speak WebSocket"),
        (RIGHT.replace("{accept}", "{accept}x"), FaultKind::Transient, "does not speak"),
        (RIGHT.replace("Sec-WebSocket-Accept: {accept}\r\n", ""), FaultKind::Transient, "does not speak"),
        (RIGHT.replace("upgrade: WebSocket", "upgrade: h2c"), FaultKind::Transient, "does not speak"),
        (RIGHT.replace("Connection: Upgrade\r\n", ""), FaultKind::Transient, "does not speak"),
        (
            RIGHT.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
            FaultKind::Transient,
            "does not speak",
        ),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n".to_owned(), FaultKind::Transient, "the ticket"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n<html>".to_owned(), FaultKind::Transient, "status 502"),
        ("HTTP/1.1 200 OK\r\n\r\n".to_owned(), FaultKind::Transient, "status 200"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), FaultKind::Transient, "does not speak"),
        (format!("HTTP/1.1 101 x\r\nx: {}", "y".repeat(20_000)), FaultKind::Transient, "does not speak"),
        ("HTTP/1.1 101 Switching".to_owned(), FaultKind::Timeout, "in time"),
        (String::new(), FaultKind::Transient, "closed before"),
    ] {
        let gateway = Gateway::default();
        let _world = gateway.world(json!({})).enter();
        gateway.0.borrow_mut().answer = Some(answer.clone());
        let fault = listen().unwrap_err();
        assert_eq!(fault.kind, kind, "{answer}: {fault:?}");
        assert!(fault.message.contains(why), "{answer}: {fault:?}");
        assert!(!format!("{fault:?}").contains("tk"), "the ticket is nobody's business: {fault:?}");
    }
}

#[test]
fn the_gateway_may_refuse_or_answer_nonsense() {
    let opened = |status: u16, answer: Value| {
        let gateway = Gateway::default();
        let _world = gateway.world(json!({})).enter();
        gateway.0.borrow_mut().opened = Some((status, answer));
        let fault = listen().unwrap_err();
        assert!(fault.message.contains("/v1.0/gateway/connections/open"), "{fault:?}");
        fault.kind
    };
    assert_eq!(opened(400, json!({ "code": "invalidClientIdOrSecret" })), FaultKind::Unauthorized);
    assert_eq!(opened(503, json!({ "code": "system.busy" })), FaultKind::Transient);
    for answer in [
        json!({}),
        json!({ "endpoint": "wss://gw.dingtalk.com" }),
        json!({ "endpoint": 7, "ticket": "t" }),
        json!({ "endpoint": "https://gw.dingtalk.com", "ticket": "t" }),
    ] {
        assert_eq!(opened(200, answer), FaultKind::Transient);
    }
    assert_eq!(opened(200, json!({ "endpoint": "ws://gw.dingtalk.com:443", "ticket": "t" })), FaultKind::Settings);
    assert_eq!(opened(200, json!([])), FaultKind::Transient);
}

/// The hub refuses hosts that were not granted; its word is passed on.
#[test]
fn another_host_is_denied_and_clear_text_needs_to_be_asked_for() {
    let listened = |endpoint: &str, gateways: Value| {
        let gateway = Gateway::default();
        let _world = gateway.world(json!({ "gateways": gateways })).enter();
        gateway.0.borrow_mut().opened = Some((200, json!({ "endpoint": endpoint, "ticket": "t" })));
        let listened = listen().map(drop).map_err(|fault| fault.kind);
        let tls = gateway.0.borrow().tls.clone();
        (listened, tls)
    };
    assert_eq!(listened("wss://evil.example/connect", json!([])), (Err(FaultKind::Denied), vec![]));
    assert_eq!(listened("wss://gw.dingtalk.com:8443/x?y=z", json!([])), (Ok(()), vec![true]));
    assert_eq!(listened("ws://gw.dingtalk.com:8443", json!(["ws://gw.dingtalk.com:8443"])), (Ok(()), vec![false]));
}

#[test]
fn addresses_and_tickets_can_not_break_out_of_the_head() {
    let path = |endpoint: &str, ticket: &str| {
        place(endpoint, ticket).map(|place| (place.host, place.port, place.tls, place.path))
    };
    let some = |host: &str, port, tls, path: &str| Some((host.to_owned(), port, tls, path.to_owned()));
    assert_eq!(path("wss://a.b/connect", "t&=\r\n"), some("a.b", 443, true, "/connect?ticket=t%26%3D%0D%0A"));
    assert_eq!(path("ws://127.0.0.1:80", "t"), some("127.0.0.1", 80, false, "/?ticket=t"));
    assert_eq!(path("wss://a?x=1", "t"), some("a", 443, true, "/?x=1&ticket=t"));
    for wrong in [
        "",
        "a.b",
        "wss://",
        "wss:///x",
        "wss://a:0/",
        "wss://a:65536/",
        "wss://a:+1/",
        "wss://a:/",
        "wss://u@a/",
        "wss://a b/",
        "wss://a/ x",
        "wss://a/\r\nX: y",
        "wss://a/#x",
        "wss://a\\b/",
        "wss://ä/",
        "WSS://a",
        &format!("wss://a/{}", "x".repeat(3000)),
    ] {
        assert_eq!(path(wrong, "t"), None, "{wrong}");
    }
    assert_eq!((path("wss://a", ""), path("wss://a", &"x".repeat(3000))), (None, None));
}

#[test]
fn a_server_that_breaks_the_protocol_ends_the_subscription() {
    let mut masked = frame(0x81, b"{}");
    masked[1] |= 0x80;
    let mut long = frame(0x81, &[]);
    long.splice(1.., [vec![127], (LARGEST as u64 + 1).to_be_bytes().to_vec()].concat());
    let mut endless = frame(0x81, &[]);
    endless.splice(1.., [vec![127], u64::MAX.to_be_bytes().to_vec()].concat());
    let pieces =
        [frame(0x01, &vec![b'x'; LARGEST / 2]), frame(0x00, &vec![b'x'; LARGEST / 2]), frame(0x80, b"x")].concat();
    for (bytes, why) in [
        (masked, "masks"),
        (frame(0xc1, b"{}"), "extension"),
        (frame(0x83, b""), "kind that does not exist"),
        (frame(0x8b, b""), "kind that does not exist"),
        (frame(0x80, b"x"), "did not begin"),
        ([frame(0x01, b"a"), frame(0x01, b"b")].concat(), "inside of another"),
        (frame(0x09, b"a"), "in pieces"),
        (frame(0x89, &[0; 126]), "too long"),
        (long, "1 MiB"),
        (
            [frame(0x01, b"a"), {
                // The sum of both lengths is none.
                let mut more = endless.clone();
                more[0] = 0x80;
                more
            }]
            .concat(),
            "1 MiB",
        ),
        (endless, "1 MiB"),
        (pieces, "1 MiB"),
    ] {
        let gateway = Gateway::default();
        let _world = gateway.world(json!({})).enter();
        let mut events = listen().unwrap();
        bytes.chunks(60_000).for_each(|piece| gateway.raw(piece.to_vec()));
        let fault = next(&mut events).unwrap_err();
        assert!(fault.kind == FaultKind::Transient && fault.message.contains(why), "{why}: {fault:?}");
    }
}

proptest! {
    /// Whatever comes: no panic, and nothing that is longer than allowed.
    #[test]
    fn any_bytes(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let mut decoder = Decoder::default();
        for piece in pieces {
            decoder.feed(&piece);
            while let Ok(Some(received)) = decoder.whole() {
                if let Received::Ping(bytes) = received {
                    prop_assert!(bytes.len() <= 125);
                }
            }
        }
    }

    /// What a client writes, unmasked, is what a server would have to read.
    #[test]
    fn frames_of_a_client(length in prop_oneof![0..300_usize, 65_500..65_600_usize], mask in any::<[u8; 4]>()) {
        let payload = vec![b'x'; length];
        let mut bytes = encode(Kind::Text, &payload, mask);
        let head = bytes.len() - length - 4;
        prop_assert_eq!(&bytes[head..head + 4], &mask[..]);
        bytes[head + 4..].iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        bytes.drain(head..head + 4);
        bytes[1] &= 0x7f;
        prop_assert_eq!(&bytes, &frame(0x81, &payload));
        let mut decoder = Decoder::default();
        decoder.feed(&bytes);
        prop_assert_eq!(decoder.whole(), Ok(Some(Received::Message(payload))));
    }
}
