//! LDAP simple bind: BER is written around a password of which only the length is known.

use crate::bytes::exactly;
use rosterd_sdk::secrets::{self, Segment};
use rosterd_sdk::{Fault, stream};

/// Binds, and says what the server said.
pub(crate) fn bind(connection: &stream::Connection, name: &str) -> Result<String, Fault> {
    let password = secrets::open("password")?;
    let length = password.length("raw")? as usize;
    let mut inner = vec![0x02, 1, 3];
    inner.extend(header(0x04, name.len()));
    inner.extend(name.as_bytes());
    inner.extend(header(0x80, length));
    let mut head = vec![0x02, 1, 1];
    head.extend(header(0x60, inner.len() + length));
    head.extend(inner);
    let mut message = header(0x30, head.len() + length);
    message.extend(head);
    connection.write(&[Segment::Bytes(&message), Segment::Secret(&password, "raw")])?;

    let start = exactly(connection, 2)?;
    let answer = exactly(connection, usize::from(start[1]))?;
    // Message id, BindResponse, and in it the result code.
    match answer.get(7) {
        Some(0) if start[0] == 0x30 && answer[3] == 0x61 => Ok(format!("bound as {name}")),
        Some(49) => Err(Fault::unauthorized("the server does not accept the password")),
        code => Err(Fault::transient(format!("the server answered the bind with {code:?}"))),
    }
}

/// Tag and length in BER.
fn header(tag: u8, length: usize) -> Vec<u8> {
    let bytes = length.to_be_bytes();
    let used: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    match used[..] {
        [] => vec![tag, 0],
        [short @ ..0x80] => vec![tag, short],
        _ => [vec![tag, 0x80 | u8::try_from(used.len()).unwrap_or(8)], used].concat(),
    }
}
