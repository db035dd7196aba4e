//! Controls (RFC 4511, section 4.1.11): what a search is asked for beside itself, and what its answers say beside themselves.

use crate::ber::{Broken, Elements, element, integer};

/// Results in pages (RFC 2696).
pub const PAGED: &str = "1.2.840.113556.1.4.319";
/// Active Directory's changes of a naming context.
pub const DIRSYNC: &str = "1.2.840.113556.1.4.841";
/// Active Directory: entries that were deleted are shown, too.
pub const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";
/// Content synchronisation (RFC 4533): what is asked for.
pub const SYNC: &str = "1.3.6.1.4.1.4203.1.9.1.1";
/// RFC 4533: what an entry is.
const SYNC_STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
/// RFC 4533: how it ended.
const SYNC_DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
/// RFC 4533: what an intermediate response is.
const SYNC_INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const TEXT: u8 = 0x04;
const NUMBER: u8 = 0x02;
const TRUTH: u8 = 0x01;
const CHOICE: u8 = 0x0a;

/// DirSync: only what the account may see, and no right of its own is needed.
pub const OBJECT_SECURITY: i64 = 1;
/// DirSync: of members, those that came and those that left. The highest of 32 bits, so that as a number it is below zero.
pub const INCREMENTAL_VALUES: i64 = -0x8000_0000;

/// DirSync: about so many bytes are to be given at once.
pub const DIRSYNC_BYTES: i64 = 4 << 20;

/// What is asked for. Always critical: a server that can not do it must refuse, not give something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// So many entries at once, from this cookie on (empty: from the beginning).
    Paged(u32, &'a [u8]),
    /// What changed since this cookie (empty: everything), with flags.
    DirSync(i64, &'a [u8]),
    /// Deleted entries, too.
    ShowDeleted,
    /// What changed since this cookie (none: everything), once.
    Sync(Option<&'a [u8]>),
}

impl Ask<'_> {
    fn bytes(&self) -> Vec<u8> {
        let (kind, value) = match self {
            Self::Paged(size, cookie) => {
                (PAGED, Some([integer(NUMBER, (*size).into()), element(TEXT, cookie)].concat()))
            }
            Self::DirSync(flags, cookie) => {
                let numbers = [integer(NUMBER, *flags), integer(NUMBER, DIRSYNC_BYTES)].concat();
                (DIRSYNC, Some([numbers, element(TEXT, cookie)].concat()))
            }
            Self::ShowDeleted => (SHOW_DELETED, None),
            // 1: what is there now, and no waiting for more.
            Self::Sync(cookie) => {
                let cookie = cookie.map(|cookie| element(TEXT, cookie));
                (SYNC, Some([integer(CHOICE, 1), cookie.unwrap_or_default()].concat()))
            }
        };
        let value = value.map(|value| element(TEXT, element(SEQUENCE, value)));
        element(SEQUENCE, [element(TEXT, kind), element(TRUTH, [0xff]), value.unwrap_or_default()].concat())
    }
}

/// The last part of a message that asks for these; nothing for none.
#[must_use]
pub fn asked(all: &[Ask<'_>]) -> Vec<u8> {
    if all.is_empty() {
        return Vec::new();
    }
    element(0xa0, all.iter().flat_map(Ask::bytes).collect::<Vec<u8>>())
}

/// What an entry is in a synchronisation (RFC 4533, section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Unchanged.
    Present,
    /// New or changed: its attributes are told.
    Told,
    /// Not in the content any more.
    Deleted,
}

/// What a message says beside itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Cookie of the next page; empty: this was the last.
    pub page: Option<Vec<u8>>,
    /// DirSync: whether there is more at once, and the cookie from which to go on.
    pub dirsync: Option<(bool, Vec<u8>)>,
    /// What the entry is, and its UUID.
    pub state: Option<(State, [u8; 16])>,
    /// A synchronisation ended: true if what was not mentioned is there still.
    pub deletes_told: Option<bool>,
    /// The cookie of a synchronisation.
    pub cookie: Option<Vec<u8>>,
}

/// Reads controls. Those that nobody asked for are passed over.
///
/// # Errors
/// They are none, or the value of a known one is none.
pub fn said(controls: &[u8]) -> Result<Said, Broken> {
    let (mut controls, mut said) = (Elements::of(controls), Said::default());
    while !controls.is_empty() {
        let mut control = Elements::of(controls.take(SEQUENCE)?);
        let kind = control.take(TEXT)?;
        control.maybe(TRUTH)?;
        let Some(value) = control.maybe(TEXT)? else { continue };
        let inner = |value| Elements::of(value).take(SEQUENCE).map(Elements::of);
        if kind == PAGED.as_bytes() {
            let mut value = inner(value)?;
            value.integer(NUMBER)?;
            said.page = Some(value.take(TEXT)?.to_vec());
        } else if kind == DIRSYNC.as_bytes() {
            let mut value = inner(value)?;
            let more = value.integer(NUMBER)? != 0;
            value.integer(NUMBER)?;
            said.dirsync = Some((more, value.take(TEXT)?.to_vec()));
        } else if kind == SYNC_STATE.as_bytes() {
            let mut value = inner(value)?;
            let state = match value.integer(CHOICE)? {
                0 => State::Present,
                // A server may say "added" of what was changed.
                1 | 2 => State::Told,
                3 => State::Deleted,
                _ => return Err(Broken("a state of an entry that RFC 4533 does not have")),
            };
            said.state = Some((state, uuid(value.take(TEXT)?)?));
            said.cookie = value.maybe(TEXT)?.map(<[u8]>::to_vec).or(said.cookie);
        } else if kind == SYNC_DONE.as_bytes() {
            let mut value = inner(value)?;
            said.cookie = value.maybe(TEXT)?.map(<[u8]>::to_vec).or(said.cookie);
            said.deletes_told = Some(truth(&mut value, false)?);
        }
    }
    Ok(said)
}

/// What a server says of a synchronisation between entries (RFC 4533, section 2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Info {
    /// A newer cookie, and nothing else.
    Cookie(Vec<u8>),
    /// From here on (or up to here) deletes are told.
    Deletes(Option<Vec<u8>>),
    /// From here on (or up to here) it is told what is there.
    Presents(Option<Vec<u8>>),
    /// UUIDs of entries: deleted if true, else there and unchanged.
    Ids(Option<Vec<u8>>, bool, Vec<[u8; 16]>),
    /// It is about something else.
    Other,
}

/// Reads an intermediate response.
///
/// # Errors
/// It is none.
pub fn info(mut content: Elements<'_>) -> Result<Info, Broken> {
    let name = content.maybe(0x80)?;
    let (Some(value), true) = (content.maybe(0x81)?, name == Some(SYNC_INFO.as_bytes())) else {
        return Ok(Info::Other);
    };
    let (tag, value) = Elements::of(value).any()?;
    let mut parts = Elements::of(value);
    Ok(match tag {
        0x80 => Info::Cookie(value.to_vec()),
        0xa1 => Info::Deletes(parts.maybe(TEXT)?.map(<[u8]>::to_vec)),
        0xa2 => Info::Presents(parts.maybe(TEXT)?.map(<[u8]>::to_vec)),
        0xa3 => {
            let cookie = parts.maybe(TEXT)?.map(<[u8]>::to_vec);
            let deleted = truth(&mut parts, false)?;
            let mut set = Elements::of(parts.take(SET)?);
            let mut ids = Vec::new();
            while !set.is_empty() {
                ids.push(uuid(set.take(TEXT)?)?);
            }
            Info::Ids(cookie, deleted, ids)
        }
        _ => Info::Other,
    })
}

fn uuid(bytes: &[u8]) -> Result<[u8; 16], Broken> {
    bytes.try_into().map_err(|_| Broken("a UUID of other than 16 bytes"))
}

fn truth(parts: &mut Elements<'_>, default: bool) -> Result<bool, Broken> {
    Ok(parts.maybe(TRUTH)?.map_or(default, |value| value.iter().any(|byte| *byte != 0)))
}
