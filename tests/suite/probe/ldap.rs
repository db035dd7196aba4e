//! LDAP simple bind over a byte stream: the password is spliced into BER that the guest wrote around its length.

use super::peer::{Peer, exactly};
use super::probe;
use crate::sandbox::desk::{Desk, masked};
use insta::assert_snapshot;
use rosterd_model::{Fault, FaultKind};
use std::io::Write;
use std::sync::mpsc::{Receiver, channel};

/// A server that takes one password, and what it got.
fn directory(password: &'static str) -> (Peer, Receiver<Vec<u8>>) {
    let (messages, received) = channel();
    let peer = Peer::stream(move |mut stream| {
        let mut message = exactly(&mut stream, 2)?;
        let length = match message[1] {
            0x81 => {
                message.extend(exactly(&mut stream, 1)?);
                usize::from(message[2])
            }
            short => usize::from(short),
        };
        message.extend(exactly(&mut stream, length)?);
        let code = if message.ends_with(password.as_bytes()) { 0 } else { 49 };
        let _ = messages.send(message);
        stream.write_all(&[0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, code, 4, 0, 4, 0])
    });
    (peer, received)
}

fn bind(desk: &Desk, peer: &Peer, password: &str, clear_text: bool) -> Result<String, Fault> {
    let mut config = probe(desk, "ldap", peer);
    if !clear_text {
        config.grants.clear_text.clear();
    }
    desk.secret(&mut config, "password", password);
    let mut connector = desk.load("probe").connect(config)?.connector()?;
    let probes = desk.run(connector.check())?;
    Ok(probes.into_iter().map(|probe| probe.message).collect())
}

#[test]
fn the_password_arrives_in_its_place() {
    let password = "Kanari-17 \u{e4}\"gelb";
    let (peer, received) = directory("Kanari-17 \u{e4}\"gelb");
    let desk = Desk::new();
    assert_eq!(bind(&desk, &peer, password, true), Ok("bound as cn=sync,dc=example".to_owned()));
    let name = b"cn=sync,dc=example";
    let inner = [&[2, 1, 3, 4, 18], &name[..], &[0x80, 17], password.as_bytes()].concat();
    let body = [&[2, 1, 1, 0x60, 42], &inner[..]].concat();
    assert_eq!((inner.len(), password.len()), (42, 17));
    assert_eq!(received.recv().expect("a message"), [&[0x30, 47], &body[..]].concat());
    desk.assert_no_secret_was_seen("");
}

#[test]
fn lengths_over_127_take_two_bytes() {
    const PASSWORD: &str = concat!(
        "Kanarienvogel-sehr-lang-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-",
        "0123456789-0123456789-0123456789-0123456789"
    );
    let (peer, received) = directory(PASSWORD);
    let desk = Desk::new();
    assert_eq!(bind(&desk, &peer, PASSWORD, true), Ok("bound as cn=sync,dc=example".to_owned()));
    let message = received.recv().expect("a message");
    let size = u8::try_from(PASSWORD.len()).expect("fewer than 256");
    assert!(size > 127);
    let around = [[0x30, 0x81, size + 32].as_slice(), &[2, 1, 1, 0x60, 0x81, size + 26]].concat();
    assert_eq!(message[..around.len()], around);
    assert_eq!(message[message.len() - PASSWORD.len() - 3..][..3], [0x80, 0x81, size]);
    desk.assert_no_secret_was_seen("");
}

#[test]
fn another_password_is_refused_by_the_server() {
    let (peer, _received) = directory("Kanarienvogel-19-gelb");
    let desk = Desk::new();
    let fault = bind(&desk, &peer, "Kanarienvogel-18-blau", true).expect_err("another password");
    assert_eq!(fault.kind, FaultKind::Unauthorized);
    desk.assert_no_secret_was_seen(&format!("{fault:?}"));
}

#[test]
fn without_tls_the_operator_must_allow_it() {
    let (peer, received) = directory("Kanarienvogel-20-gelb");
    let desk = Desk::new();
    let fault = bind(&desk, &peer, "Kanarienvogel-20-gelb", false).expect_err("no TLS");
    assert_snapshot!(masked(&fault), @r#"denied: probe 0.1.0 (sha256 ...…): a secret to 127.0.0.1:... without TLS is not granted; add clear-text = ["127.0.0.1:..."] to [connection.ldap.grants] if it should be"#);
    assert!(received.try_recv().is_err(), "something was sent");
}
