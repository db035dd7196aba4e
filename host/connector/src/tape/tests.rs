//! A tape from its recording to its replay, without a component.

use super::words::{Answer, Bytes, Call, Import};
use super::{Footer, Header, Player, Recording, Tape, TapeError, TapedConnections};
use crate::error::Identity;
use crate::redact::Redactor;
use rosterd_model::port::{Connections as _, ScanStart};
use rosterd_model::record::{Change, Page, Record, ScanEnd};
use rosterd_model::{Class, Fault, FaultKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

struct Desk {
    _folder: tempfile::TempDir,
    path: PathBuf,
    redactor: Redactor,
    recording: Recording,
}

impl Desk {
    fn new(keep: Option<&BTreeSet<String>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tape");
        let recording = Recording::create(&path, Header::new("hr", "", "", 7), keep).unwrap();
        Self { path, redactor: Redactor::default(), recording, _folder: folder }
    }

    fn track(&self) -> super::record::Track {
        let identity = Identity { name: "csv".into(), version: "1.0.0".into(), digest: "d".repeat(64) };
        self.recording.track("hr", &identity, &self.redactor)
    }

    fn finish(&self) -> Tape {
        let footer = Footer { outcome: "ok".into(), plan: None, steps: 0, shape: BTreeMap::new(), blanked: 0 };
        self.recording.finish(footer).unwrap();
        Tape::open(&self.path).unwrap()
    }
}

fn page(name: &str) -> Page {
    let record = Record {
        class: Class::Account,
        id: "1".into(),
        previous_id: None,
        version: None,
        attributes: json!({ "name": name }).to_string(),
        partial: false,
    };
    Page { changes: vec![Change::Upsert(record)], resume: None, end: Some(ScanEnd::default()) }
}

fn open() -> Call {
    Call::Open { classes: vec![Class::Account], start: ScanStart::Full }
}

#[tokio::test]
async fn what_a_connection_answered_it_answers_again() {
    let desk = Desk::new(None);
    let track = desk.track();
    track.call(&open());
    track.answer(Ok(Answer::Done), false);
    track.call(&Call::Next { max: 5 });
    track.answer(Ok(Answer::Page(page("Zoe"))), false);
    let fault = Fault::new(FaultKind::Transient, "gone");
    let other = desk.track();
    other.call(&open());
    other.answer(Err(fault.clone()), false);
    let connections = TapedConnections::new(&desk.finish()).unwrap();
    let name = "hr".parse().unwrap();
    let mut source = connections.source(&name).await.unwrap();
    let mut reader = source.open(&[Class::Account], ScanStart::Full).await.unwrap();
    assert_eq!(reader.next(500).await.unwrap(), page("Zoe"));
    assert_eq!(reader.next(500).await.unwrap_err().kind, FaultKind::Incomplete);
    assert_eq!(source.open(&[Class::Account], ScanStart::Full).await.err(), Some(fault));
    let none = source.open(&[Class::Account], ScanStart::Full).await.err().unwrap();
    assert!(none.message.contains("no further scan"), "{none}");
    assert!(connections.source(&"ad".parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn another_question_names_the_frame() {
    let desk = Desk::new(None);
    let track = desk.track();
    track.call(&open());
    track.answer(Ok(Answer::Done), false);
    let connections = TapedConnections::new(&desk.finish()).unwrap();
    let mut source = connections.source(&"hr".parse().unwrap()).await.unwrap();
    let fault = source.open(&Class::ALL, ScanStart::Full).await.err().unwrap();
    assert!(fault.message.contains("differs from the tape at frame 3"), "{fault}");
}

fn import(call: &str, with: Value, answer: Value) -> Import {
    Import { call: call.to_owned(), with, answer }
}

#[test]
fn imports_are_answered_in_their_order_and_a_wrong_one_is_told() {
    let desk = Desk::new(None);
    let track = desk.track();
    track.call(&Call::Check);
    track.import(&import("clock.now-ms", Value::Null, json!(5)));
    track.import(&import("scratch.get", json!("a"), Value::Null));
    track.answer(Ok(Answer::Probes(Vec::new())), false);
    let tape = desk.finish();
    for lenient in [false, true] {
        let player = Player::new(&tape, 0, lenient);
        assert_eq!(player.call().unwrap(), Some((3, Call::Check)));
        let late = player.import::<Option<Bytes>>("scratch.get", &json!("a"));
        // A component of another version may ask in another order.
        assert_eq!(late.is_ok(), lenient);
        let now = player.import::<u64>("clock.now-ms", &Value::Null);
        assert_eq!(now.unwrap(), 5);
        let told = player.import::<u64>("scratch.get", &json!("b")).unwrap_err().to_string();
        assert!(told.contains("scratch.get with \"b\"") && told.contains("frame "), "{told}");
        assert_eq!(player.divergence().map(|one| one.frame > 0), Some(true));
    }
}

#[test]
fn a_call_that_the_host_ended_ends_at_the_same_place() {
    let desk = Desk::new(None);
    let track = desk.track();
    let fault = Fault::new(FaultKind::Timeout, "more than 1 s for one call");
    track.call(&Call::Check);
    track.import(&import("clock.now-ms", Value::Null, json!(5)));
    track.answer(Err(fault.clone()), true);
    let player = Player::new(&desk.finish(), 0, false);
    player.call().unwrap();
    assert_eq!(player.import::<u64>("clock.now-ms", &Value::Null).unwrap(), 5);
    let halt = player.import::<u64>("clock.now-ms", &Value::Null).unwrap_err();
    assert_eq!(halt.to_string(), fault.to_string());
    let (_, ended) = player.answer().unwrap().unwrap();
    assert_eq!((ended.answer, ended.trapped, player.divergence()), (Err(fault), true, None));
}

#[test]
fn a_secret_is_blanked_in_every_form_and_counted() {
    const SECRET: &str = "Kanari/17+\"gelb\"";
    let desk = Desk::new(None);
    desk.redactor.learn(SECRET.as_bytes(), SECRET.as_bytes());
    let track = desk.track();
    let utf16: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).chain([0xff]).collect();
    track.call(&Call::Check);
    track.import(&import("byte-stream.read", json!([SECRET]), Bytes::json(&utf16)));
    track.import(&import(
        "files.read",
        Value::Null,
        json!({ "deep": [format!("x{SECRET}y"), "Kanari%2F17%2B%22gelb%22"] }),
    ));
    track.answer(Ok(Answer::Page(page(SECRET))), false);
    let tape = desk.finish();
    let bytes = std::fs::read(&desk.path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for piece in ["Kanari", "gelb", "SwBhAG4A"] {
        assert!(!text.contains(piece), "{piece}: {text}");
    }
    assert_eq!(tape.footer().map(|footer| footer.blanked), Some(5));
}

#[test]
fn a_tape_with_pseudonyms_has_no_bytes_of_the_remote_system() {
    let desk = Desk::new(Some(&BTreeSet::new()));
    let track = desk.track();
    desk.recording.component("digest", b"component");
    track.call(&Call::Next { max: 5 });
    track.import(&import("files.read", Value::Null, json!("Zoe")));
    track.answer(Ok(Answer::Page(page("Zoe"))), false);
    let tape = desk.finish();
    assert!(tape.header().redacted);
    assert_eq!(tape.component("digest"), Err(TapeError::NoComponent("digest".to_owned())));
    assert!(!String::from_utf8_lossy(&std::fs::read(&desk.path).unwrap()).contains("Zoe"));
}

#[test]
fn a_component_comes_back_as_it_was_or_not_at_all() {
    let desk = Desk::new(None);
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let digest = crate::package::sha256_hex(&bytes);
    assert!(desk.recording.wants(&digest));
    desk.recording.component(&digest, &bytes);
    desk.recording.component("another", b"not what its name says");
    assert!(!desk.recording.wants(&digest));
    let tape = desk.finish();
    assert_eq!(tape.component(&digest), Ok(bytes));
    assert!(tape.component("another").is_err() && tape.component("none").is_err());
}
