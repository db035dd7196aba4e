//! Recording: frames of all instances go into one file, whole frames, in the order in which they happened.
//!
//! Nothing secret gets in: what is written is what a component was given or said, and even there every known secret is blanked
//! in every form. A recording that fails does not end the run; it is told when the tape is finished.

use super::format::{FrameWriter, Kind};
use super::pseudonym::Pseudonyms;
use super::words::{Answer, Bytes, Call, Ended, Footer, Header, Import, Opening};
use crate::error::Identity;
use crate::redact::Redactor;
use rosterd_model::fault::Fault;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Pieces in which components are kept.
const PIECE: usize = 1 << 20;

/// A tape that is being recorded. Cheap to clone; given to each connection of a run.
#[derive(Clone)]
pub struct Recording(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    pseudonyms: Option<Pseudonyms>,
}

struct State {
    writer: FrameWriter<BufWriter<File>>,
    tracks: u32,
    components: BTreeSet<String>,
    blanked: u64,
    failed: Option<String>,
    finished: bool,
}

/// A finished tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Frames in it.
    pub frames: u64,
    /// Its size.
    pub bytes: u64,
    /// Places that were blanked because a secret would have stood there.
    pub blanked: u64,
}

impl Recording {
    /// Begins a tape in a new file that only its owner may read. With `keep`, people's data are replaced by pseudonyms, but for
    /// these words.
    ///
    /// # Errors
    /// The file is there already, or can not be made.
    pub fn create(path: &Path, mut header: Header, keep: Option<&BTreeSet<String>>) -> io::Result<Self> {
        let pseudonyms = keep.map(Pseudonyms::new).transpose().map_err(io::Error::other)?;
        header.redacted = pseudonyms.is_some();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut writer = FrameWriter::begin(BufWriter::new(file))?;
        writer.frame(Kind::Header, 0, &json(&header)?)?;
        writer.flush()?;
        let state = State { writer, tracks: 0, components: BTreeSet::new(), blanked: 0, failed: None, finished: false };
        Ok(Self(Arc::new(Inner { state: Mutex::new(state), pseudonyms })))
    }

    /// Whether a component is not on the tape yet and should be.
    #[must_use]
    pub fn wants(&self, digest: &str) -> bool {
        self.0.pseudonyms.is_none() && !self.state().components.contains(digest)
    }

    /// Puts a component onto the tape, so that it can be replayed where the component is not installed. A tape with pseudonyms
    /// needs none.
    pub fn component(&self, digest: &str, bytes: &[u8]) {
        let mut state = self.state();
        if self.0.pseudonyms.is_some() || !state.components.insert(digest.to_owned()) {
            return;
        }
        let Ok(number) = u32::try_from(state.components.len()) else { return };
        // First its name, then what it is.
        state.put(Kind::Component, number, digest.as_bytes());
        for piece in bytes.chunks(PIECE) {
            state.put(Kind::Component, number, piece);
        }
    }

    /// Finishes the tape.
    ///
    /// # Errors
    /// Something could not be written: the tape ends before it.
    pub fn finish(&self, mut footer: Footer) -> Result<Recorded, String> {
        let mut state = self.state();
        footer.blanked = state.blanked;
        match json(&footer) {
            Ok(payload) => state.put(Kind::Footer, 0, &payload),
            Err(error) => state.failed = Some(error.to_string()),
        }
        state.flush();
        state.finished = true;
        match &state.failed {
            Some(error) => Err(error.clone()),
            None => Ok(Recorded { frames: state.writer.frames, bytes: state.writer.bytes, blanked: state.blanked }),
        }
    }

    /// A track for a further instance. It is on the tape once something happened.
    pub(crate) fn track(&self, connection: &str, identity: &Identity, redactor: &Redactor) -> Track {
        let opening = Opening {
            connection: connection.to_owned(),
            identity: format!("{} {}", identity.name, identity.version),
            digest: identity.digest.clone(),
        };
        let (recording, redactor) = (self.clone(), redactor.clone());
        Track(Arc::new(TrackInner { recording, opening, redactor, number: OnceLock::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// After a failure nothing more is written: what follows a hole is of no use.
    fn put(&mut self, kind: Kind, track: u32, payload: &[u8]) {
        if self.failed.is_none()
            && !self.finished
            && let Err(error) = self.writer.frame(kind, track, payload)
        {
            tracing::warn!("the tape can not be written: {error}; the run goes on without it");
            self.failed = Some(error.to_string());
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.writer.flush() {
            self.failed.get_or_insert(error.to_string());
        }
    }
}

/// The record of one instance after another that serve one part of a connection.
#[derive(Clone)]
pub(crate) struct Track(Arc<TrackInner>);

struct TrackInner {
    recording: Recording,
    opening: Opening,
    redactor: Redactor,
    number: OnceLock<u32>,
}

impl Track {
    /// A call of the component begins.
    pub(crate) fn call(&self, call: &Call) {
        match &self.0.recording.0.pseudonyms {
            Some(pseudonyms) => self.write(Kind::Call, &pseudonyms.call(call.clone())),
            None => self.write(Kind::Call, call),
        }
    }

    /// It has ended. From here on the call is on the disk, whatever happens to this process.
    pub(crate) fn answer(&self, answer: Result<Answer, Fault>, trapped: bool) {
        let answer = match &self.0.recording.0.pseudonyms {
            Some(pseudonyms) => pseudonyms.answer(answer),
            None => answer,
        };
        self.write(Kind::Answer, &Ended { answer, trapped });
        self.0.recording.state().flush();
    }

    /// A call of the host.
    pub(crate) fn import(&self, import: &Import) {
        // These are the bytes of the remote system, which hold people in forms that only the component knows.
        if self.0.recording.0.pseudonyms.is_none() {
            self.write(Kind::Import, import);
        }
    }

    fn write(&self, kind: Kind, what: &impl Serialize) {
        let value = serde_json::to_value(what);
        let mut state = self.0.recording.state();
        let payload = value.and_then(|mut value| {
            blank(&mut value, &self.0.redactor, &mut state.blanked);
            serde_json::to_vec(&value)
        });
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => {
                state.failed.get_or_insert(error.to_string());
                return;
            }
        };
        let number = match self.0.number.get() {
            Some(number) => *number,
            None => {
                state.tracks += 1;
                let number = *self.0.number.get_or_init(|| state.tracks);
                if let Ok(opening) = serde_json::to_vec(&self.0.opening) {
                    state.put(Kind::Track, number, &opening);
                }
                number
            }
        };
        state.put(kind, number, &payload);
    }
}

/// Blanks every known secret, wherever it stands.
fn blank(value: &mut Value, redactor: &Redactor, blanked: &mut u64) {
    match value {
        Value::String(text) => {
            let mut bytes = std::mem::take(text).into_bytes();
            *blanked += redactor.blank(&mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Value::Array(values) => values.iter_mut().for_each(|value| blank(value, redactor, blanked)),
        Value::Object(object) => {
            if let Some(mut bytes) = Bytes::of_object(object) {
                let count = redactor.blank(&mut bytes);
                if count > 0 {
                    *blanked += count;
                    *value = Bytes::json(&bytes);
                }
                return;
            }
            object.values_mut().for_each(|value| blank(value, redactor, blanked));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}
