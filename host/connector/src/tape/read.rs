//! A tape that was recorded: an index in memory, frames on demand.

use super::format::{Cut, Frame, FrameReader, Kind, MOST};
use super::words::{Footer, Header, Opening};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Most instances, and most frames of all of them together.
const MOST_TRACKS: u32 = 100_000;
const MOST_FRAMES: u64 = 20_000_000;
/// Largest component that is taken from a tape.
const MOST_COMPONENT: u64 = crate::package::MAX_COMPONENT;

/// A tape can not be used. The texts are whole sentences.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TapeError {
    /// Another file.
    #[error("{0} is no tape of this version of rosterd; make one with `rosterd run JOB --record FILE`")]
    NoTape(PathBuf),
    /// It can not be read.
    #[error("the tape {path} can not be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Frames are not as they were written.
    #[error("the tape {path} is damaged at frame {frame}: {why}; copy it again from where it was recorded")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first frame that is wrong, from 1.
        frame: u64,
        /// What is wrong.
        why: String,
    },
    /// It holds no component.
    #[error("the tape has no component {0}; it was recorded with --redact, or broke off before")]
    NoComponent(String),
}

trait Source: Read + Seek + Send {}
impl<T: Read + Seek + Send> Source for T {}

/// A recorded tape. Cheap to clone.
#[derive(Clone)]
pub struct Tape(Arc<Inner>);

struct Inner {
    path: PathBuf,
    header: Header,
    footer: Option<Footer>,
    tracks: Vec<TrackIndex>,
    components: BTreeMap<String, Vec<Place>>,
    frames: u64,
    source: Mutex<Box<dyn Source>>,
}

/// Where a frame is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Its number, from 1.
    pub(crate) number: u64,
    pub(super) kind: Kind,
    at: u64,
    length: u32,
}

/// One track.
pub(crate) struct TrackIndex {
    pub(crate) opening: Opening,
    pub(crate) places: Vec<Place>,
}

impl Tape {
    /// Opens a tape and checks every frame of it. One whose recording was killed is as long as it is whole.
    ///
    /// # Errors
    /// It is no tape, or damaged.
    pub fn open(path: &Path) -> Result<Self, TapeError> {
        let unreadable =
            |error: std::io::Error| TapeError::Unreadable { path: path.to_owned(), why: error.to_string() };
        let file = File::open(path).map_err(unreadable)?;
        Self::read(path.to_owned(), Box::new(BufReader::with_capacity(1 << 16, file)))
    }

    /// The same of bytes in memory, for tests.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Result<Self, TapeError> {
        Self::read(PathBuf::from("tape"), Box::new(std::io::Cursor::new(bytes)))
    }

    fn read(path: PathBuf, mut source: Box<dyn Source>) -> Result<Self, TapeError> {
        let mut index = Index { path: path.clone(), ..Index::default() };
        let mut frames = FrameReader::begin(&mut source).map_err(|cut| index.wrong(cut))?;
        loop {
            match frames.next() {
                Ok(Some((at, frame))) => index.take(at, frame)?,
                Ok(None) | Err(Cut::Short) => break,
                Err(cut) => return Err(index.wrong(cut)),
            }
        }
        let Index { header, footer, tracks, components, frames, .. } = index;
        let header = header.ok_or_else(|| TapeError::NoTape(path.clone()))?;
        let source = Mutex::new(source);
        Ok(Self(Arc::new(Inner { path, header, footer, tracks, components, frames, source })))
    }

    /// What was run.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// What came of it; none: the recording was killed.
    #[must_use]
    pub fn footer(&self) -> Option<&Footer> {
        self.0.footer.as_ref()
    }

    /// How many frames it has.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.0.frames
    }

    /// The connections that were used, each with the name of its component and the component's digest, in order of their first use.
    #[must_use]
    pub fn connections(&self) -> Vec<(String, String, String)> {
        let mut all: Vec<(String, String, String)> = Vec::new();
        for TrackIndex { opening, .. } in &self.0.tracks {
            if !all.iter().any(|(name, ..)| *name == opening.connection) {
                all.push((opening.connection.clone(), opening.identity.clone(), opening.digest.clone()));
            }
        }
        all
    }

    pub(crate) fn tracks(&self) -> &[TrackIndex] {
        &self.0.tracks
    }

    /// A component, as it was when it was recorded.
    ///
    /// # Errors
    /// It is not on the tape, or not the one that its name says.
    pub fn component(&self, digest: &str) -> Result<Vec<u8>, TapeError> {
        let pieces = self.0.components.get(digest).ok_or_else(|| TapeError::NoComponent(digest.to_owned()))?;
        let mut bytes = Vec::new();
        for piece in pieces {
            bytes.extend_from_slice(&self.payload(*piece)?);
            if bytes.len() as u64 > MOST_COMPONENT {
                return Err(self.damaged(piece.number, "the component is too large"));
            }
        }
        if crate::package::sha256_hex(&bytes) == digest {
            Ok(bytes)
        } else {
            Err(TapeError::NoComponent(digest.to_owned()))
        }
    }

    /// Reads a frame again.
    pub(crate) fn value<T: DeserializeOwned>(&self, place: Place) -> Result<T, TapeError> {
        let payload = self.payload(place)?;
        serde_json::from_slice(&payload).map_err(|error| self.damaged(place.number, &error.to_string()))
    }

    fn payload(&self, place: Place) -> Result<Vec<u8>, TapeError> {
        let mut source = self.0.source.lock().unwrap_or_else(PoisonError::into_inner);
        let mut payload = vec![0; (place.length as usize).min(MOST)];
        let read = source.seek(SeekFrom::Start(place.at)).and_then(|_| source.read_exact(&mut payload));
        let wrong = |error: std::io::Error| TapeError::Unreadable { path: self.0.path.clone(), why: error.to_string() };
        read.map(|()| payload).map_err(wrong)
    }

    fn damaged(&self, frame: u64, why: &str) -> TapeError {
        TapeError::Damaged { path: self.0.path.clone(), frame, why: why.to_owned() }
    }
}

#[derive(Default)]
struct Index {
    path: PathBuf,
    header: Option<Header>,
    footer: Option<Footer>,
    tracks: Vec<TrackIndex>,
    components: BTreeMap<String, Vec<Place>>,
    /// Digests of components by their numbers.
    named: BTreeMap<u32, String>,
    frames: u64,
}

impl Index {
    fn wrong(&self, cut: Cut) -> TapeError {
        match cut {
            Cut::NoTape => TapeError::NoTape(self.path.clone()),
            Cut::Unreadable(why) => TapeError::Unreadable { path: self.path.clone(), why },
            Cut::Damaged => self.damaged("its checksum does not fit"),
            Cut::Short => self.damaged("it is not whole"),
        }
    }

    fn damaged(&self, why: &str) -> TapeError {
        TapeError::Damaged { path: self.path.clone(), frame: self.frames + 1, why: why.to_owned() }
    }

    fn json<T: DeserializeOwned>(&self, payload: &[u8]) -> Result<T, TapeError> {
        serde_json::from_slice(payload).map_err(|error| self.damaged(&error.to_string()))
    }

    fn take(&mut self, at: u64, frame: Frame) -> Result<(), TapeError> {
        let Frame { kind, track, payload } = frame;
        let length = u32::try_from(payload.len()).map_err(|_| self.damaged("it is too long"))?;
        let place = Place { number: self.frames + 1, kind, at, length };
        if (self.header.is_none()) != (kind == Kind::Header) {
            return Err(self.damaged("the header is not the first frame"));
        }
        if self.footer.is_some() || self.frames >= MOST_FRAMES {
            return Err(self.damaged("it stands after the last one"));
        }
        match kind {
            Kind::Header => self.header = Some(self.json(&payload)?),
            Kind::Footer => self.footer = Some(self.json(&payload)?),
            Kind::Component => match self.named.get(&track) {
                Some(digest) => self.components.entry(digest.clone()).or_default().push(place),
                None => {
                    let digest = String::from_utf8(payload).map_err(|_| self.damaged("a component without a name"))?;
                    self.components.entry(digest.clone()).or_default();
                    self.named.insert(track, digest);
                }
            },
            Kind::Track => {
                let expected = u32::try_from(self.tracks.len()).unwrap_or(u32::MAX).saturating_add(1);
                if track != expected || track > MOST_TRACKS {
                    return Err(self.damaged("a track out of order"));
                }
                self.tracks.push(TrackIndex { opening: self.json(&payload)?, places: Vec::new() });
            }
            Kind::Call | Kind::Import | Kind::Answer => {
                let own = (track as usize).checked_sub(1).and_then(|index| self.tracks.get_mut(index));
                match own {
                    Some(own) => own.places.push(place),
                    None => return Err(self.damaged("a frame of no track")),
                }
            }
        }
        self.frames += 1;
        Ok(())
    }
}
