//! Callbacks: what is taken, what is refused, and what is answered.

use super::envelope::{Subscribed, crypt, hub};
use super::{NOW, shown};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_plugin_dingtalk::receiver::envelope::{pack, unpack};
use rosterd_plugin_dingtalk::receiver::{LARGEST, WINDOW_MS};
use rosterd_sdk::receiver::Request;
use rosterd_sdk::testkit::{World, open};
use rosterd_sdk::{Answer, Connector, Receiver};
use serde_json::{Value, json};

/// A world of this subscription; `more` is merged into the settings.
fn world(with: &Subscribed, more: Value) -> World {
    let mut settings = json!({ "app-key": "dingkey" });
    if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
    let world = World::new().settings(settings).at_ms(NOW).crypto(hub);
    world.secret("callback-token", &with.token).secret("aes-key", &with.key)
}

fn post(query: String, body: impl Into<Vec<u8>>) -> Request {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let (method, path, context) = ("POST".to_owned(), "/".to_owned(), "{}".to_owned());
    Request { method, path, query, headers, body: body.into(), context }
}

/// A callback as DingTalk sends it.
fn callback(with: &Subscribed, time: &str, sealed: &str) -> Request {
    let signature = with.sign(time, "n0nce", sealed);
    let query = format!("signature={signature}&timestamp={time}&nonce=n0nce");
    post(query, json!({ "encrypt": sealed }).to_string())
}

fn handle(request: Request) -> Answer {
    open::<Dingtalk>().unwrap().handle(request)
}

/// Takes an event in and gives its hints; the answer must be `success` for the owner.
#[track_caller]
fn taken(with: &Subscribed, more: Value, event: Value) -> Vec<String> {
    let _world = world(with, more).enter();
    let answer = handle(callback(with, &NOW.to_string(), &with.seal(&event.to_string())));
    assert_success(with, &answer);
    answer.hints.iter().map(shown).collect()
}

#[track_caller]
fn assert_success(with: &Subscribed, answer: &Answer) {
    assert_eq!(answer.response.status, 200, "{}", String::from_utf8_lossy(&answer.response.body));
    let body: Value = serde_json::from_slice(&answer.response.body).unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}"));
    assert_eq!(text("msg_signature"), with.sign(text("timeStamp"), text("nonce"), text("encrypt")));
    assert_eq!(with.open(text("encrypt")), ("success".to_owned(), with.owner.clone()));
}

/// Refused, and the sender is told nothing that tells more.
#[track_caller]
fn refused(world: World, request: Request, why: &str) {
    let entered = world.enter();
    let answer = handle(request);
    let body = String::from_utf8(answer.response.body.clone()).unwrap();
    assert_eq!((answer.response.status, body.as_str(), answer.hints.len()), (403, "refused", 0), "{why}");
    let logs = entered.logs();
    assert!(logs.iter().any(|(_, text, _)| text.contains(why)), "{why}: {logs:?}");
    for secret in ["SyncTok2026", "abcdefghijklm"] {
        assert!(!format!("{logs:?}{body}").contains(secret), "{logs:?}");
    }
}

#[test]
fn published_and_computed_vectors() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/callbacks.json")).unwrap();
    assert_eq!(vectors.len(), 8);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap_or_else(|| panic!("{name}")).to_owned();
        let with = Subscribed::new(&text("token"), &text("aes_key"), &text("owner"));
        let (time, nonce, sealed) = (text("timestamp"), text("nonce"), text("encrypt"));
        let (signature, message) = (text("signature"), text("message"));
        assert_eq!(with.sign(&time, &nonce, &sealed), signature);
        let plain = crypt(false, &with.key, &STANDARD.decode(&sealed).unwrap()).unwrap();
        let opened = unpack(&plain).unwrap();
        assert_eq!((opened.message.as_slice(), opened.owner.as_slice()), (message.as_bytes(), with.owner.as_bytes()));
        assert_eq!(pack(message.as_bytes(), with.owner.as_bytes(), &plain[..16]).unwrap(), plain, "to the byte");
        // The whole way; the clock stands where the vector was made.
        let now = rosterd_plugin_dingtalk::receiver::query::milliseconds(&time).unwrap();
        let _world = world(&with, json!({ "app-key": with.owner })).at_ms(now).enter();
        let query = format!("msg_signature={signature}&timestamp={time}&nonce={nonce}");
        let answer = handle(post(query, json!({ "encrypt": sealed }).to_string()));
        if message.starts_with('{') {
            assert_success(&with, &answer);
        } else {
            assert_eq!(answer.response.status, 403, "{message} is no event");
        }
    }
}

#[test]
fn a_try_of_the_address_is_answered_and_hints_at_nothing() {
    let with = Subscribed::sample();
    assert!(taken(&with, json!({}), json!({ "EventType": "check_url" })).is_empty());
    let world = world(&with, json!({})).enter();
    handle(callback(&with, &NOW.to_string(), &with.seal("{\"EventType\":\"check_url\"}")));
    assert!(world.logs().iter().any(|(_, text, _)| text.contains("tried the address")));
}

#[test]
fn one_event_may_name_many() {
    let with = Subscribed::sample();
    let event = json!({ "EventType": "user_leave_org", "eventId": "e1", "CorpId": "c", "timeStamp": "17", "UserId": ["u1", "u2", "u1"] });
    assert_eq!(taken(&with, json!({}), event), ["account u1 e1#u1 @17 deleted", "account u2 e1#u2 @17 deleted"]);
}

#[test]
fn an_event_of_no_known_type_is_acknowledged_and_logged() {
    let with = Subscribed::sample();
    for event in [json!({ "EventType": "chat_disband" }), json!({ "EventType": 7 }), json!({})] {
        let world = world(&with, json!({})).enter();
        let answer = handle(callback(&with, &NOW.to_string(), &with.seal(&event.to_string())));
        assert_success(&with, &answer);
        assert!(answer.hints.is_empty() && world.logs().iter().any(|(_, text, _)| text.contains("not read")));
    }
}

#[test]
fn the_signature_has_two_names_and_must_fit() {
    let with = Subscribed::sample();
    let sealed = with.seal("{\"EventType\":\"org_change\"}");
    let time = NOW.to_string();
    let right = with.sign(&time, "a+b c", &sealed);
    let body = json!({ "encrypt": sealed }).to_string();
    let tail = format!("timestamp={time}&nonce=a%2Bb+c");
    for names in [
        format!("signature={right}"),
        format!("msg_signature={right}"),
        format!("x=1&signature=no&msg_signature={right}"),
    ] {
        let _world = world(&with, json!({})).enter();
        assert_success(&with, &handle(post(format!("{names}&{tail}"), body.clone())));
    }
    let wrong = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    for (names, why) in [
        (format!("signature={wrong}&"), "does not fit"),
        (format!("signature={}&", right.to_uppercase()), "does not fit"),
        (format!("signature={}&", &right[..39]), "does not fit"),
        ("signature=&".to_owned(), "does not fit"),
        (String::new(), "lacks"),
        (format!("signature={right}&signature={right}&msg_signature={right}&"), "lacks"),
        ("signature=%zz&".to_owned(), "lacks"),
        (format!("signature={right}&timestamp=1&"), "lacks"),
        (format!("signature={right}&nonce=n&"), "lacks"),
    ] {
        refused(world(&with, json!({})), post(format!("{names}{tail}"), body.clone()), why);
    }
    // Each part is signed.
    let other = with.sign(&time, "nonce", &sealed);
    refused(world(&with, json!({})), post(format!("signature={other}&{tail}"), body), "does not fit");
}

#[test]
fn what_is_old_or_of_the_future_is_refused() {
    let with = Subscribed::sample();
    let sealed = with.seal("{\"EventType\":\"org_change\"}");
    let send = |time: String| callback(&with, &time, &sealed);
    for near in [NOW - WINDOW_MS, NOW + WINDOW_MS] {
        for time in [near.to_string(), (near / 1000).to_string()] {
            let _world = world(&with, json!({})).enter();
            assert_success(&with, &handle(send(time)));
        }
    }
    for far in [
        (NOW - WINDOW_MS - 1).to_string(),
        (NOW + WINDOW_MS + 1).to_string(),
        "0".to_owned(),
        "soon".to_owned(),
        "-1".to_owned(),
        "9".repeat(40),
    ] {
        refused(world(&with, json!({})), send(far), "more than ten minutes");
    }
}

#[test]
fn it_must_be_for_us() {
    let event = json!({ "EventType": "org_change", "CorpId": "dingcorp1" });
    let mut with = Subscribed::sample();
    with.owner = "dingcorp1".to_owned();
    let send = |with: &Subscribed, event: &Value| callback(with, &NOW.to_string(), &with.seal(&event.to_string()));
    refused(world(&with, json!({})), send(&with, &event), "somebody else");
    assert_eq!(taken(&with, json!({ "corp-id": "dingcorp1" }), event.clone()).len(), 1);
    for owner in ["", "dingkey2", "dingke", "DINGKEY"] {
        with.owner = owner.to_owned();
        refused(world(&with, json!({ "corp-id": "dingcorp1" })), send(&with, &event), "somebody else");
    }
    let with = Subscribed::sample();
    refused(world(&with, json!({ "corp-id": "dingcorp2" })), send(&with, &event), "another organisation");
    let no_object = with.seal("[1]");
    refused(world(&with, json!({})), callback(&with, &NOW.to_string(), &no_object), "no JSON object");
}

#[test]
fn what_does_not_open_is_refused() {
    let with = Subscribed::sample();
    let time = NOW.to_string();
    let send = |sealed: &str| callback(&with, &time, sealed);
    let good = with.seal("{\"EventType\":\"org_change\"}");
    let sealed = |plain: &[u8]| STANDARD.encode(crypt(true, &with.key, plain).unwrap());
    let padded = |mut plain: Vec<u8>, to: usize, pad: u8| {
        plain.resize(to, pad);
        sealed(&plain)
    };
    let plain = with.plain(b"{\"EventType\":\"org_change\"}");
    let size = plain.len().next_multiple_of(32);
    let right = (size - plain.len()) as u8;
    let mut uneven = plain.clone();
    uneven.resize(size - 1, right + 1);
    uneven.push(right);
    let mut long = plain.clone();
    long[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut other = with.clone();
    other.key[20] ^= 1;
    for wrong in [
        &good[..good.len() - 1],
        &good[..good.len() - 4],
        &good[..20],
        "",
        "=",
        "%%%",
        &good.replace('=', ""),
        &good.replace(['A', 'a', 'b'], "-"),
        &padded(plain.clone(), size, 0),
        &padded(plain.clone(), size, right + 1),
        &padded(plain.clone(), size, 33),
        &padded(plain.clone(), size, 255),
        &padded(vec![], 32, 32),
        &padded(vec![0; 18], 32, 14),
        &padded(long, size, right),
        &sealed(&uneven),
        &other.seal("{\"EventType\":\"org_change\"}"),
    ] {
        refused(world(&with, json!({})), send(wrong), "does not open");
    }
}

#[test]
fn what_is_no_callback_is_refused_before_anything_is_computed() {
    let with = Subscribed::sample();
    let query = || format!("signature=x&timestamp={NOW}&nonce=n");
    let bare = || World::new().settings(json!({ "app-key": "dingkey" })).at_ms(NOW);
    for body in
        ["", "null", "[]", "{}", "{\"encrypt\":7}", "{\"encrypt\":\"a\",\"encrypt\":\"b\"}", "{\"encrypt\":\"", "\u{0}"]
    {
        refused(bare(), post(query(), body), "no JSON object with encrypt");
    }
    for query in [
        "",
        "timestamp=1&nonce=n",
        "signature=x&nonce=n",
        "signature=x&timestamp=1",
        &"x".repeat(5000),
        "signature=x&timestamp=1&nonce=%ff",
    ] {
        refused(bare(), post(query.to_owned(), "{\"encrypt\":\"a\"}"), "lacks");
    }
    let _world = bare().enter();
    assert_eq!(handle(post(query(), vec![b' '; LARGEST + 1])).response.status, 413);
    let get = Request { method: "GET".to_owned(), ..post(query(), "") };
    assert_eq!(handle(get).response.status, 405);
    drop(_world);
    // The largest that is read.
    let mut body = json!({ "encrypt": with.seal("{\"EventType\":\"org_change\"}") }).to_string();
    body.push_str(&" ".repeat(LARGEST - body.len()));
    let sealed = with.seal("{\"EventType\":\"org_change\"}");
    let query = format!("signature={}&timestamp={NOW}&nonce=n", with.sign(&NOW.to_string(), "n", &sealed));
    let _world = world(&with, json!({})).enter();
    assert_success(&with, &handle(post(query, body)));
}

/// Whoever can not tell makes DingTalk come again.
#[test]
fn a_secret_that_is_not_set_is_no_refusal() {
    let with = Subscribed::sample();
    for missing in ["callback-token", "aes-key"] {
        let world = World::new().settings(json!({ "app-key": "dingkey" })).at_ms(NOW).crypto(hub);
        let kept =
            if missing == "aes-key" { ("callback-token", with.token.as_bytes()) } else { ("aes-key", &with.key[..]) };
        let world = world.secret(kept.0, kept.1).enter();
        let answer = handle(callback(&with, &NOW.to_string(), &with.seal("{}")));
        assert_eq!((answer.response.status, answer.response.body.len()), (503, 0));
        assert!(world.logs().iter().any(|(_, text, _)| text.contains(missing)), "{:?}", world.logs());
    }
    let denied =
        world(&with, json!({})).crypto(|_| Err(rosterd_sdk::Fault::denied("no grant for digest-sorted"))).enter();
    assert_eq!(handle(callback(&with, &NOW.to_string(), &with.seal("{}"))).response.status, 503);
    drop(denied);
}

#[test]
fn check_names_the_secret_that_lacks() {
    let found = |world: World| {
        let corp = crate::Corp::small();
        let _world = world.settings(json!({ "app-key": "dingkey" })).http(move |request| corp.answer(request)).enter();
        let probes = open::<Dingtalk>().unwrap().check().unwrap();
        probes.into_iter().find(|probe| probe.name == "callbacks").map(|probe| (probe.ok, probe.message))
    };
    assert_eq!(found(World::new()), None);
    assert!(found(World::new().secret("callback-token", "t").secret("aes-key", "k")).unwrap().0);
    let (ok, message) = found(World::new().secret("callback-token", "t")).unwrap();
    assert!(!ok && message.contains("aes-key"), "{message}");
    let (ok, message) = found(World::new().secret("aes-key", "t")).unwrap();
    assert!(!ok && message.contains("callback-token"), "{message}");
}
