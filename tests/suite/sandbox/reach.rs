//! Reaching for what was not granted.

use super::desk::{Desk, beside, scan};
use crate::probe::peer::{Answer, Peer};
use insta::assert_snapshot;
use rosterd_model::{Change, FaultKind};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn ungranted_host() {
    let desk = Desk::new();
    let config =
        desk.config("hr", &json!({ "behaviour": "ungranted-host", "target": "https://collector.example.net/" }));
    assert_snapshot!(beside(&desk, config).hostile.said(), @r#"denied: hostile 1.2.3 (sha256 ...…): http to collector.example.net:443 is not granted; add http = ["collector.example.net"] to [connection.hr.grants] if it should be"#);
}

#[test]
fn a_granted_host_on_an_address_that_is_not() {
    let calls = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&calls);
    let peer = Peer::http(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Answer::text(200, "inner page")
    });
    let desk = Desk::new();
    let settings = json!({ "behaviour": "ungranted-host", "target": peer.url(), "api": peer.url() });
    let mut config = desk.config("hr", &settings);
    config.grants.http = vec![peer.url()];
    config.grants.networks = Vec::new();
    assert_snapshot!(beside(&desk, config).hostile.said(), @r#"denied: hostile 1.2.3 (sha256 ...…): 127.0.0.1 (loopback) is not granted; add networks = ["127.0.0.1/32"] to [connection.hr.grants] if it should be"#);
    assert_eq!(calls.load(Ordering::Relaxed), 0, "the request went out");
}

#[test]
fn ungranted_file() {
    let desk = Desk::new();
    std::fs::write(desk.folder.path().join("payroll.txt"), "everything").expect("a file");
    let config = desk.config("hr", &json!({ "behaviour": "ungranted-file", "target": "payroll.txt" }));
    assert_snapshot!(beside(&desk, config).hostile.said(), @r#"denied: hostile 1.2.3 (sha256 ...…): the file payroll.txt is not granted; add files = ["payroll.txt"] to [connection.hr.grants] if it should be"#);
}

#[test]
fn a_file_outside_of_the_folder() {
    for target in ["../payroll.txt", "/etc/hostname", "people.txt/../../x", ""] {
        let desk = Desk::new();
        let config = desk.config("hr", &json!({ "behaviour": "ungranted-file", "target": target }));
        let fault = beside(&desk, config).hostile.fault.unwrap_or_else(|| panic!("{target} was read"));
        assert_eq!(fault.kind, FaultKind::Denied, "{target}: {fault}");
    }
}

/// It sends its placeholder to a host that is granted, and that answers with all that it got, in every form.
#[test]
fn echo_of_a_placeholder() {
    const SECRET: &str = "Kanarienvogel/47+gelb";
    super::log::keep();
    let received = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&received);
    let peer = Peer::http(move |request| {
        // The secret as it came in is sent back as it came in; the test's own proof that it did come in.
        let all = format!("{} {:?} {}", request.path, request.headers, String::from_utf8_lossy(&request.body));
        count.fetch_add(u32::from(all.contains(SECRET)), Ordering::Relaxed);
        let mut answer = Answer::text(200, &request.path).header("x-echo", request.header("x-key").unwrap_or_default());
        answer.body.extend(&request.body);
        answer
    });
    let desk = Desk::new();
    let mut config = desk.config("hr", &json!({ "behaviour": "echo-placeholder", "api": peer.url() }));
    config.grants.http = vec![peer.url()];
    desk.secret(&mut config, "key", SECRET);
    let seen = beside(&desk, config).hostile;
    assert_eq!(seen.fault, None);
    assert!(received.load(Ordering::Relaxed) > 0, "the secret never arrived at the host that may have it");
    let Some(Change::Upsert(record)) = seen.pages.first().and_then(|page| page.changes.first()) else {
        panic!("no record: {seen:?}")
    };
    assert!(record.attributes.contains("********"), "nothing was blanked: {}", record.attributes);
    desk.assert_no_secret_was_seen(&format!("{seen:?}"));
}

/// The search itself: what is in a guest's memory is found there, in each form, also after a trap.
#[test]
fn a_secret_that_was_in_the_memory_would_have_been_seen() {
    const SECRET: &str = "Kanari 50+\"gelb";
    let utf16: String = SECRET.encode_utf16().flat_map(u16::to_le_bytes).map(char::from).collect();
    let forms = [SECRET, "4b616e6172692035302b2267656c62", "S2FuYXJpIDUwKyJnZWxi", "Kanari%2050%2B%22gelb", &utf16];
    for (form, behaviour) in forms.into_iter().flat_map(|form| [(form, "good"), (form, "trap")]) {
        let desk = Desk::new();
        desk.canaries.plant("canary", SECRET);
        let config = desk.config("hr", &json!({ "behaviour": behaviour, "target": form }));
        let connection = desk.load("hostile").connect(config).expect("it opens");
        drop(desk.run(scan(connection.source().expect("it is a source"))));
        assert!(!desk.canaries.seen().is_empty(), "{form:?} was not seen in the memory of {behaviour}");
    }
}
