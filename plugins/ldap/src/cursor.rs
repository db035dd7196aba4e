//! Where a delta goes on: the rung of the ladder, what the server needs to go on, and for what it was read.
//!
//! Opaque to the host. A cursor that was made for another server, base, filter or preset says nothing about this one: it is refused,
//! and everything is read.

use crate::settings::{Ladder, Settings};
use rosterd_sdk::{Class, Fault};
use serde::{Deserialize, Serialize};

/// What the server needs to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rung", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// Active Directory's DirSync.
    Dirsync {
        /// Bytes of the server, as hexadecimal digits.
        cookie: String,
        /// True: only what the account may see, without the right to replicate.
        own: bool,
    },
    /// Numbers of changes of one domain controller.
    Usn {
        /// What is above was not read yet.
        usn: i64,
        /// The domain controller, and which life of its database counts: the numbers mean nothing elsewhere.
        server: String,
    },
    /// RFC 4533: one cookie for each class and base, in their order.
    Sync {
        /// Bytes of the server, as hexadecimal digits.
        cookies: Vec<String>,
    },
    /// The time of the last change that was read, as the server writes it.
    Timestamp {
        /// `YYYYMMDDHHMMSSZ`.
        at: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    of: String,
    /// The server that was read.
    on: String,
    at: Place,
}

impl Place {
    /// Its rung.
    #[must_use]
    pub fn rung(&self) -> Ladder {
        match self {
            Self::Dirsync { .. } => Ladder::Dirsync,
            Self::Usn { .. } => Ladder::Usn,
            Self::Sync { .. } => Ladder::Sync,
            Self::Timestamp { .. } => Ladder::Timestamp,
        }
    }

    /// The cursor.
    #[must_use]
    pub fn write(&self, settings: &Settings, server: &str) -> String {
        let text = Text { of: fingerprint(settings), on: server.to_owned(), at: self.clone() };
        serde_json::to_string(&text).unwrap_or_default()
    }

    /// Reads a cursor: the place, and the server to which it belongs.
    ///
    /// # Errors
    /// `cursor-invalid` if it is none, or one of another connection or of other settings.
    pub fn read(cursor: &str, settings: &Settings) -> Result<(Self, String), Fault> {
        let text: Text = serde_json::from_str(cursor)
            .map_err(|_| Fault::cursor_invalid("the cursor is none of this connector; everything is read"))?;
        let wanted = settings.delta;
        if text.of != fingerprint(settings) || (wanted != Ladder::Auto && wanted != text.at.rung()) {
            let why = "the cursor is from before the settings were changed (server, base, filter, attributes, preset \
                       or delta); everything is read";
            return Err(Fault::cursor_invalid(why));
        }
        Ok((text.at, text.on))
    }
}

/// What a cursor is about: FNV-1a over everything that decides what is read, and how.
fn fingerprint(settings: &Settings) -> String {
    let filters = [Class::OrgUnit, Class::Account, Class::Group].map(|class| settings.filter(class));
    let servers = std::iter::once(&settings.server).chain(&settings.servers).map(String::as_str);
    let first = servers.chain([settings.id()]);
    let parts = first.chain(settings.bases()).chain(filters).chain(settings.attributes.iter().map(String::as_str));
    let preset = format!("{:?}", settings.preset);
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts.chain([preset.as_str()]) {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes behind hexadecimal digits.
///
/// # Errors
/// `cursor-invalid` if they are none.
pub fn unhex(text: &str) -> Result<Vec<u8>, Fault> {
    let half = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pair = |two: &[u8]| match two {
        [high, low] => Some(half(*high)? << 4 | half(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
    bytes.ok_or_else(|| Fault::cursor_invalid("the cursor is damaged; everything is read"))
}
