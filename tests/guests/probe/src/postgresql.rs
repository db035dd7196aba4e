//! PostgreSQL: a login with SCRAM-SHA-256, of which the hub computes the proof.

use crate::bytes::{base64, exactly, from_base64};
use rosterd_sdk::secrets::{self, Segment};
use rosterd_sdk::{Fault, random, stream};

/// Logs in, and checks that the server knows the password too.
pub(crate) fn log_in(connection: &stream::Connection, user: &str) -> Result<String, Fault> {
    let mut start = 0x0003_0000_u32.to_be_bytes().to_vec();
    start.extend(format!("user\0{user}\0\0").bytes());
    send(connection, b"", &start)?;
    expect(connection, 10)?;

    let first = format!("n=,r={}", base64(&random::bytes(18)));
    let mut initial = b"SCRAM-SHA-256\0".to_vec();
    initial.extend(u32::try_from(first.len() + 3).unwrap_or(0).to_be_bytes());
    initial.extend(format!("n,,{first}").bytes());
    send(connection, b"p", &initial)?;

    let challenge = expect(connection, 11)?;
    let field = |name: char| challenge.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let wrong = || Fault::transient("the server's challenge is incomplete");
    let (nonce, salt) = (field('r').ok_or_else(wrong)?, from_base64(field('s').ok_or_else(wrong)?)?);
    let iterations = field('i').and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    if !nonce.starts_with(&first[5..]) {
        return Err(Fault::unauthorized("the server answers another client's nonce"));
    }
    let last = format!("c=biws,r={nonce}");
    let message = format!("{first},{challenge},{last}");
    let password = secrets::open("password")?;
    let (proof, signature) = password.scram("scram-sha-256", &salt, iterations, message.as_bytes())?;
    send(connection, b"p", format!("{last},p={}", base64(&proof)).as_bytes())?;

    if expect(connection, 12)? != format!("v={}", base64(&signature)) {
        return Err(Fault::unauthorized("the server does not know the password itself"));
    }
    expect(connection, 0)?;
    Ok(format!("logged in as {user}"))
}

/// One message: a tag (none for the first), the length of length and content, the content.
fn send(connection: &stream::Connection, tag: &[u8], content: &[u8]) -> Result<(), Fault> {
    let length = u32::try_from(content.len() + 4).unwrap_or(0).to_be_bytes();
    connection.write(&[Segment::Bytes(tag), Segment::Bytes(&length), Segment::Bytes(content)])
}

/// The text of an authentication message of this kind.
fn expect(connection: &stream::Connection, kind: u32) -> Result<String, Fault> {
    let head = exactly(connection, 5)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]).clamp(4, 65_536) - 4;
    let content = exactly(connection, length as usize)?;
    match content.split_at_checked(4) {
        Some((found, text)) if head[0] == b'R' && found == kind.to_be_bytes() => {
            Ok(String::from_utf8_lossy(text).into_owned())
        }
        _ if head[0] == b'E' => Err(Fault::unauthorized("the server does not accept the password")),
        _ => Err(Fault::transient(format!("the server did not send authentication message {kind}"))),
    }
}
