//! Events over a socket: what becomes a hint, and when it is acknowledged.

use super::server::{Gateway, event, frame, listen, next, system};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Class, FaultKind, Listener};
use serde_json::{Value, json};

const SUCCESS: &str = "{\"status\":\"SUCCESS\"}";
const LATER: &str = "{\"status\":\"LATER\"}";

fn acks(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(message, data)| ((*message).to_owned(), (*data).to_owned())).collect()
}

fn user(message: &str, userid: &str) -> String {
    event(message, "user_add_org", json!({ "timeStamp": "1767225600000", "userId": [userid] }))
}

#[test]
fn an_event_is_acknowledged_once_its_hints_are_stored() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    gateway.say(&event("m1", "user_leave_org", json!({ "userId": ["u1", "u2"] })));
    gateway.say(&event("m2", "org_dept_modify", json!({ "deptId": [7] })));
    assert_eq!(
        next(&mut events).unwrap(),
        ["account u1 event-m1#u1 @1767225600000 deleted", "account u2 event-m1#u2 @1767225600000 deleted"]
    );
    assert_eq!(gateway.acknowledged(), [], "the hub has not said that it stored anything");
    assert_eq!(next(&mut events).unwrap(), ["org-unit 7 event-m2#7 @1767225600000"]);
    assert_eq!(gateway.acknowledged(), acks(&[("m1", SUCCESS)]));
    assert_eq!(next(&mut events).unwrap(), [""; 0]);
    assert_eq!(gateway.acknowledged(), acks(&[("m2", SUCCESS)]));
    assert_eq!(next(&mut events).unwrap(), [""; 0]);
    assert_eq!(gateway.said(), []);
}

/// Several events that came in one piece are given out together, and acknowledged together.
#[test]
fn what_is_there_is_given_out_together() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    let texts: Vec<u8> =
        (0..700).flat_map(|at| frame(0x81, user(&format!("m{at}"), &format!("u{at}")).as_bytes())).collect();
    for piece in texts.chunks(60_000) {
        gateway.raw(piece.to_vec());
    }
    let (mut all, mut known) = (Vec::new(), 0);
    while all.len() < 700 {
        let hints = next(&mut events).unwrap();
        assert!((1..=500).contains(&hints.len()), "{}", hints.len());
        assert_eq!(gateway.acknowledged().len(), all.len() - known, "those of the call before");
        known = all.len();
        all.extend(hints);
    }
    assert_eq!(all[699], "account u699 event-m699#u699 @1767225600000");
}

/// The hub takes a thousand hints at once; what would be more waits in the buffer.
#[test]
fn events_about_many_are_spread_over_calls() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    let many = |at: usize| json!({ "userId": (0..200).map(|user| format!("u{at}x{user}")).collect::<Vec<_>>() });
    gateway.raw(
        (0..8).flat_map(|at| frame(0x81, event(&format!("m{at}"), "user_add_org", many(at)).as_bytes())).collect(),
    );
    assert_eq!([(); 3].map(|()| next(&mut events).unwrap().len()), [600, 600, 400]);
    assert_eq!(next(&mut events).unwrap(), [""; 0]);
    assert_eq!(gateway.acknowledged().len(), 8);
}

/// Each place where frames may be cut: none changes what comes out.
#[test]
fn frames_come_in_any_pieces() {
    let text = user("m1", "u1");
    let (head, tail) = text.as_bytes().split_at(40);
    let (middle, tail) = tail.split_at(40);
    // One message in three frames, with a ping between them, and one whole.
    let bytes = [
        frame(0x01, head),
        frame(0x89, b"are you there"),
        frame(0x00, middle),
        frame(0x80, tail),
        frame(0x81, user("m2", "u2").as_bytes()),
    ]
    .concat();
    for size in [1, 2, 3, 5, 7, 64, 125, 126, 127, 1000] {
        let gateway = Gateway::default();
        let _world = gateway.world(json!({})).enter();
        let mut events = listen().unwrap();
        bytes.chunks(size).for_each(|piece| gateway.raw(piece.to_vec()));
        let mut all = Vec::new();
        while all.len() < 2 {
            let hints = next(&mut events).unwrap();
            assert!(!hints.is_empty(), "{size}");
            all.extend(hints);
        }
        assert_eq!(all, ["account u1 event-m1#u1 @1767225600000", "account u2 event-m2#u2 @1767225600000"], "{size}");
        assert!(gateway.said().contains(&(10, "are you there".to_owned())), "a ping is answered with its bytes");
    }
}

#[test]
fn bytes_that_come_with_the_hand_shake_are_not_lost() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    gateway.0.borrow_mut().beside = frame(0x81, user("m1", "u1").as_bytes());
    let mut events = listen().unwrap();
    assert_eq!(next(&mut events).unwrap().len(), 1);
}

#[test]
fn the_system_is_answered_at_once() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    gateway.say(&system("SYSTEM", "ping", "p1", "{\"opaque\":\"xyz\"}"));
    gateway.say(&system("SYSTEM", "KEEPALIVE", "k1", "{}"));
    gateway.say(&system("SYSTEM", "CONNECTED", "k2", "{}"));
    gateway.say(&system("CALLBACK", "/v1.0/im/bot/messages/get", "c1", "{\"text\":\"hello\"}"));
    gateway.say(&event("m1", "chat_disband", json!({ "chatId": "c" })));
    gateway.say(&event("m2", "check_url", json!({})));
    assert_eq!(next(&mut events).unwrap(), [""; 0]);
    let expected = acks(&[
        ("p1", "{\"opaque\":\"xyz\"}"),
        ("k1", SUCCESS),
        ("k2", SUCCESS),
        ("c1", "{\"response\":\"OK\"}"),
        ("m1", SUCCESS),
        ("m2", SUCCESS),
    ]);
    assert_eq!(gateway.acknowledged(), expected);
}

/// What was given out before the gateway left is acknowledged, and then the subscription ends.
#[test]
fn a_gateway_that_goes_away_ends_the_subscription_after_its_events() {
    for how in ["disconnect", "close", "end"] {
        let gateway = Gateway::default();
        let _world = gateway.world(json!({})).enter();
        let mut events = listen().unwrap();
        let mut bytes = frame(0x81, user("m1", "u1").as_bytes());
        match how {
            "disconnect" => bytes.extend(frame(0x81, system("SYSTEM", "disconnect", "d1", "{}").as_bytes())),
            "close" => bytes.extend(frame(0x88, &[0x03, 0xe9])),
            _ => {}
        }
        gateway.raw(bytes);
        gateway.raw(vec![]);
        assert_eq!(next(&mut events).unwrap().len(), 1, "{how}");
        let before = gateway.acknowledged();
        assert!(before.iter().all(|(message, _)| message != "m1"), "{how}: {before:?}");
        let fault = next(&mut events).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Transient, "{how}: {fault:?}");
        assert!(fault.message.contains("the gateway"), "{fault:?}");
        assert_eq!(gateway.acknowledged(), acks(&[("m1", SUCCESS)]), "{how}");
    }
}

#[test]
fn listening_again_takes_another_ticket() {
    let gateway = Gateway::default();
    let world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    gateway.say(&system("SYSTEM", "disconnect", "d1", "{}"));
    assert!(next(&mut events).unwrap_err().retry_after_ms.is_some());
    drop(events);
    let mut events = listen().unwrap();
    gateway.say(&user("m1", "u1"));
    assert_eq!(next(&mut events).unwrap().len(), 1);
    let paths: Vec<String> =
        gateway.0.borrow().heads.iter().map(|head| head.lines().next().unwrap().to_owned()).collect();
    assert_eq!(paths, ["GET /connect?ticket=tk%201 HTTP/1.1", "GET /connect?ticket=tk%202 HTTP/1.1"]);
    assert_eq!(world.requests().len(), 2);
}

/// Hints that may not be stored: their events shall come again.
#[test]
fn whoever_stops_listening_says_later() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    gateway.say(&user("m1", "u1"));
    next(&mut events).unwrap();
    drop(events);
    let mut said = gateway.said();
    assert_eq!(said.pop(), Some((8, "\u{3}\u{fffd}".to_owned())), "a closing frame");
    let answer: Value = serde_json::from_str(&said.pop().unwrap().1).unwrap();
    assert_eq!((&answer["headers"]["messageId"], &answer["data"]), (&json!("m1"), &json!(LATER)));
}

#[test]
fn a_broken_connection_ends_the_subscription_and_acknowledges_nothing() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    gateway.say(&user("m1", "u1"));
    next(&mut events).unwrap();
    gateway.0.borrow_mut().broken = true;
    assert_eq!(next(&mut events).unwrap_err().kind, FaultKind::Transient);
    drop(events);
    assert_eq!(gateway.said(), []);
}

#[test]
fn only_what_the_hub_asked_for_becomes_a_hint() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = open::<Dingtalk>().unwrap().listen(&[Class::OrgUnit]).unwrap();
    gateway.say(&user("m1", "u1"));
    gateway.say(&event("m2", "org_remove", json!({})));
    assert_eq!(next(&mut events).unwrap(), ["any * event-m2 @1767225600000"]);
    assert_eq!(gateway.acknowledged(), acks(&[("m1", SUCCESS)]));
}

#[test]
fn events_of_another_organisation_are_left_out() {
    for (own, count) in [("dingcorp1", 1), ("dingcorp2", 0)] {
        let gateway = Gateway::default();
        let world = gateway.world(json!({ "corp-id": own })).enter();
        let mut events = listen().unwrap();
        gateway.say(&user("m1", "u1"));
        assert_eq!(next(&mut events).unwrap().len(), count);
        assert_eq!(gateway.acknowledged().len(), 1 - count);
        assert_eq!(world.logs().iter().any(|(_, text, _)| text.contains("another organisation")), count == 0);
    }
}

#[test]
fn what_can_not_be_read_is_left_out_and_said() {
    let no_id = event("", "user_add_org", json!({ "userId": ["u1"] }));
    for text in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"headers\":{\"messageId\":\"m\"}}",
        "{\"type\":\"EVENT\",\"headers\":7}",
        &no_id,
        &system("ELSE", "x", "m", ""),
    ] {
        let gateway = Gateway::default();
        let world = gateway.world(json!({})).enter();
        let mut events = listen().unwrap();
        gateway.say(text);
        gateway.say(&user("m1", "u1"));
        assert_eq!(next(&mut events).unwrap(), ["account u1 event-m1#u1 @1767225600000"], "{text}");
        assert_eq!((gateway.said(), world.logs().len()), (vec![], 1), "{text}: {:?}", world.logs());
    }
}

/// An event whose data are broken says that somebody changed: everybody is looked at.
#[test]
fn an_event_with_broken_data_is_not_lost() {
    for data in ["", "{", "null", "[1]", "{\"userId\":7.5}"] {
        let gateway = Gateway::default();
        let _world = gateway.world(json!({})).enter();
        let mut events = listen().unwrap();
        let mut message: Value = serde_json::from_str(&user("m1", "u1")).unwrap();
        message["data"] = data.into();
        gateway.say(&message.to_string());
        let hints = next(&mut events).unwrap();
        assert!(hints[0].starts_with("account "), "{data}: {hints:?}");
        if data != "{\"userId\":7.5}" {
            assert_eq!(hints, ["account * event-m1 @1767225600000"], "{data}");
        }
    }
}

#[test]
fn a_silent_gateway_is_asked_and_then_left() {
    let gateway = Gateway::default();
    let _world = gateway.world(json!({})).enter();
    let mut events = listen().unwrap();
    for _ in 0..59 {
        assert_eq!(next(&mut events).unwrap(), [""; 0]);
    }
    assert_eq!(gateway.said(), []);
    next(&mut events).unwrap();
    assert_eq!(gateway.said(), [(9, String::new())]);
    gateway.raw(frame(0x8a, b""));
    for _ in 0..59 {
        next(&mut events).unwrap();
    }
    assert_eq!(gateway.said(), [], "it is there");
    let fault = (0..70).find_map(|_| next(&mut events).err()).unwrap();
    assert!(fault.message.contains("two minutes"), "{fault:?}");
    assert_eq!(gateway.said().len(), 1);
}
