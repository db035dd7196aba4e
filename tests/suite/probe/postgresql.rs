//! PostgreSQL's SCRAM-SHA-256 over a byte stream, against a server side that is computed here from RFC 5802.

use super::peer::{Peer, exactly};
use super::probe;
use crate::sandbox::desk::Desk;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rosterd_model::{Fault, FaultKind};
use sha2::{Digest, Sha256};
use std::io::{Error, Read, Write};

/// What a server keeps of a password.
struct Keys {
    stored: Vec<u8>,
    server: Vec<u8>,
}

fn keys(password: &str, salt: &[u8], iterations: u32) -> Keys {
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, iterations, &mut salted);
    Keys { stored: Sha256::digest(mac(&salted, b"Client Key")).to_vec(), server: mac(&salted, b"Server Key") }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

/// Whether the proof is that of somebody who knows the password.
fn proven(keys: &Keys, message: &[u8], proof: &[u8]) -> bool {
    let signature = mac(&keys.stored, message);
    let key: Vec<u8> = proof.iter().zip(&signature).map(|(proof, signature)| proof ^ signature).collect();
    proof.len() == 32 && Sha256::digest(key)[..] == keys.stored[..]
}

#[test]
fn this_server_side_fits_the_example_of_rfc_7677() {
    let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
    let keys = keys("pencil", &salt, 4096);
    let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                   s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let proof = STANDARD.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").expect("base64");
    assert!(proven(&keys, message.as_bytes(), &proof));
    assert_eq!(STANDARD.encode(mac(&keys.server, message.as_bytes())), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

/// A database that knows this password; `honest`: it can also prove it.
fn database(password: &'static str, iterations: u32, honest: bool) -> Peer {
    const SALT: &[u8] = b"0123456789abcdef";
    Peer::stream(move |mut stream| {
        let length = exactly(&mut stream, 4)?;
        let start =
            exactly(&mut stream, u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize - 4)?;
        assert_eq!(start, b"\0\x03\0\0user\0sync\0\0");
        send(&mut stream, 10, b"SCRAM-SHA-256\0\0")?;
        let initial = receive(&mut stream)?;
        let first =
            initial.split_once("n,,").map(|(_, first)| first.to_owned()).ok_or_else(|| Error::other(initial))?;
        let nonce = first.strip_prefix("n=,r=").ok_or_else(|| Error::other("no nonce"))?;
        let challenge = format!("r={nonce}+server,s={},i={iterations}", STANDARD.encode(SALT));
        send(&mut stream, 11, challenge.as_bytes())?;
        let last = receive(&mut stream)?;
        let (bare, proof) = last.rsplit_once(",p=").ok_or_else(|| Error::other("no proof"))?;
        let message = format!("{first},{challenge},{bare}");
        let keys = keys(password, SALT, iterations);
        if !proven(&keys, message.as_bytes(), &STANDARD.decode(proof).unwrap_or_default()) {
            return stream.write_all(b"E\0\0\0\x05\0");
        }
        let signature = if honest { mac(&keys.server, message.as_bytes()) } else { vec![7; 32] };
        send(&mut stream, 12, format!("v={}", STANDARD.encode(signature)).as_bytes())?;
        send(&mut stream, 0, b"")
    })
}

/// One authentication message.
fn send(stream: &mut impl Write, kind: u32, content: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(content.len() + 8).expect("short").to_be_bytes();
    stream.write_all(&[b"R", &length[..], &kind.to_be_bytes()[..], content].concat())
}

/// The content of one message of the client, as text.
fn receive(stream: &mut impl Read) -> std::io::Result<String> {
    let head = exactly(stream, 5)?;
    assert_eq!(head[0], b'p');
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
    Ok(String::from_utf8_lossy(&exactly(stream, length)?).into_owned())
}

fn log_in(desk: &Desk, peer: &Peer, password: &str) -> Result<String, Fault> {
    let mut config = probe(desk, "postgresql", peer);
    // Nothing of the secret goes over the wire, so nothing has to be allowed.
    config.grants.clear_text.clear();
    desk.secret(&mut config, "password", password);
    let mut connector = desk.load("probe").connect(config)?.connector()?;
    Ok(desk.run(connector.check())?.into_iter().map(|probe| probe.message).collect())
}

#[test]
fn a_login_without_the_password_in_the_guest() {
    let desk = Desk::new();
    let peer = database("Kanarienvogel-31-gelb", 4096, true);
    assert_eq!(log_in(&desk, &peer, "Kanarienvogel-31-gelb"), Ok("logged in as sync".to_owned()));
    desk.assert_no_secret_was_seen("");
}

#[test]
fn another_password_and_a_false_server_are_found_out() {
    let desk = Desk::new();
    let fault = log_in(&desk, &database("Kanarienvogel-32-gelb", 4096, true), "Kanarienvogel-33-blau");
    assert_eq!(fault.expect_err("another password").kind, FaultKind::Unauthorized);
    let fault = log_in(&desk, &database("Kanarienvogel-33-blau", 4096, false), "Kanarienvogel-33-blau");
    let fault = fault.expect_err("a false server");
    assert!(fault.message.contains("the server does not know the password itself"), "{fault}");
    desk.assert_no_secret_was_seen(&format!("{fault:?}"));
}

#[test]
fn few_iterations_are_refused_before_a_proof_is_given() {
    let desk = Desk::new();
    let fault = log_in(&desk, &database("Kanarienvogel-34-gelb", 1, true), "Kanarienvogel-34-gelb");
    let fault = fault.expect_err("cheap to guess");
    assert!(fault.message.contains("4096"), "{fault}");
    desk.assert_no_secret_was_seen(&format!("{fault:?}"));
}
