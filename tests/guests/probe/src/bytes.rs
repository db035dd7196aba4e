//! Reading and writing bytes, as every protocol here needs it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rosterd_sdk::{Fault, stream};

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes behind base64.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, Fault> {
    STANDARD.decode(text).map_err(|_| Fault::invalid("a part of the message is no base64"))
}

/// Base64 as the web's tokens have it.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes behind it.
pub(crate) fn from_base64url(text: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Fault::invalid("a part of the message is no base64url"))
}

/// Takes off a padding that repeats its own length, of at most `block`.
pub(crate) fn unpad(bytes: &mut Vec<u8>, block: u8) -> Result<(), Fault> {
    let wrong = || Fault::invalid("the message was encrypted with another key");
    let pad = *bytes.last().filter(|pad| (1..=block).contains(*pad)).ok_or_else(wrong)?;
    let end = bytes.len().checked_sub(pad.into()).ok_or_else(wrong)?;
    if bytes[end..].iter().any(|byte| *byte != pad) {
        return Err(wrong());
    }
    bytes.truncate(end);
    Ok(())
}

/// Appends such a padding.
pub(crate) fn pad(bytes: &mut Vec<u8>, block: u8) {
    let rest = u8::try_from(bytes.len() % usize::from(block)).unwrap_or(0);
    let pad = block - rest;
    bytes.resize(bytes.len() + usize::from(pad), pad);
}

/// Exactly so many bytes of a stream.
pub(crate) fn exactly(connection: &stream::Connection, count: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let missing =
            u32::try_from(count - bytes.len()).map_err(|_| Fault::invalid("the server's message is too long"))?;
        match connection.read(missing.min(65_536), 5000)? {
            stream::Received::Bytes(more) => bytes.extend(more),
            stream::Received::Nothing => return Err(Fault::timeout("the server did not answer in 5 s")),
            stream::Received::End => return Err(Fault::transient("the server closed the connection")),
        }
    }
    Ok(bytes)
}
