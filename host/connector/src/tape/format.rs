//! The file of a tape: a line that says what it is, then frames, each with its length, kind, track and a checksum that also
//! covers all frames before it. Frames are only ever appended, so a recording that was killed is whole up to its last frame.

use std::io::{self, Read, Write};

/// How a tape begins; the number is the version of this format.
const MAGIC: &[u8; 16] = b"rosterd tape 1\n\0";
/// Longest payload that is written or read.
pub(super) const MOST: usize = 256 << 20;
/// Length, kind, track.
const HEAD: usize = 9;
const CHECK: usize = 8;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first one: what was run.
    Header,
    /// A piece of a component; its track says of which one.
    Component,
    /// A further instance of a connection.
    Track,
    /// A call of the component.
    Call,
    /// A call of the host by the component, and its answer.
    Import,
    /// What the call of the component came to.
    Answer,
    /// The last one: what came of the run.
    Footer,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Header, Self::Component, Self::Track, Self::Call, Self::Import, Self::Answer, Self::Footer];

    fn code(self) -> u8 {
        (1..).zip(Self::ALL).find(|(_, own)| *own == self).map_or(0, |(code, _)| code)
    }

    pub(super) fn of(code: u8) -> Option<Self> {
        usize::from(code).checked_sub(1).and_then(|index| Self::ALL.get(index)).copied()
    }
}

/// One frame, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) track: u32,
    pub(super) payload: Vec<u8>,
}

/// Why there is no further frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cut {
    /// The file does not begin like a tape.
    NoTape,
    /// The last frame is not whole: the recording was killed.
    Short,
    /// A frame is not what was written.
    Damaged,
    /// The file can not be read.
    Unreadable(String),
}

/// Checksums are chained: a frame that was taken out shows.
#[derive(Debug, Clone, Copy, Default)]
struct Chain([u8; CHECK]);

impl Chain {
    fn next(&mut self, head: &[u8], payload: &[u8]) -> [u8; CHECK] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(head).update(payload);
        self.0.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK]);
        self.0
    }
}

/// Writes frames.
pub(super) struct FrameWriter<W> {
    out: W,
    chain: Chain,
    /// Frames and bytes so far.
    pub(super) frames: u64,
    pub(super) bytes: u64,
}

impl<W: Write> FrameWriter<W> {
    pub(super) fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(Self { out, chain: Chain::default(), frames: 0, bytes: MAGIC.len() as u64 })
    }

    pub(super) fn frame(&mut self, kind: Kind, track: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).ok().filter(|length| *length as usize <= MOST);
        let length = length.ok_or_else(|| io::Error::other(format!("a frame of {} bytes", payload.len())))?;
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4] = kind.code();
        head[5..].copy_from_slice(&track.to_le_bytes());
        let check = self.chain.next(&head, payload);
        self.out.write_all(&head)?;
        self.out.write_all(payload)?;
        self.out.write_all(&check)?;
        self.frames += 1;
        self.bytes += (HEAD + payload.len() + CHECK) as u64;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads frames, one after the other.
pub(super) struct FrameReader<R> {
    from: R,
    chain: Chain,
    /// Where the next frame begins.
    pub(super) at: u64,
}

impl<R: Read> FrameReader<R> {
    pub(super) fn begin(mut from: R) -> Result<Self, Cut> {
        let mut magic = [0; MAGIC.len()];
        match from.read_exact(&mut magic) {
            Ok(()) if magic == *MAGIC => Ok(Self { from, chain: Chain::default(), at: MAGIC.len() as u64 }),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(Cut::Unreadable(error.to_string())),
            _ => Err(Cut::NoTape),
        }
    }

    /// The next frame and where its payload begins; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Frame)>, Cut> {
        let head = self.up_to(HEAD)?;
        if head.is_empty() {
            return Ok(None);
        }
        let Ok(fixed) = <[u8; HEAD]>::try_from(head.as_slice()) else { return Err(Cut::Short) };
        let [a, b, c, d, code, e, f, g, h] = fixed;
        let (length, track) = (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]));
        let kind = Kind::of(code).filter(|_| length <= MOST).ok_or(Cut::Damaged)?;
        // Grows with what is there, not with what the head claims.
        let payload = self.up_to(length)?;
        let check = self.up_to(CHECK)?;
        if payload.len() < length || check.len() < CHECK {
            return Err(Cut::Short);
        }
        if self.chain.next(&fixed, &payload) != check.as_slice() {
            return Err(Cut::Damaged);
        }
        let begins = self.at + HEAD as u64;
        self.at = begins + (length + CHECK) as u64;
        Ok(Some((begins, Frame { kind, track, payload })))
    }

    fn up_to(&mut self, count: usize) -> Result<Vec<u8>, Cut> {
        let mut bytes = Vec::new();
        let read = self.from.by_ref().take(count as u64).read_to_end(&mut bytes);
        read.map(|_| bytes).map_err(|error| Cut::Unreadable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(frames: &[(Kind, u32, Vec<u8>)]) -> Vec<u8> {
        let mut writer = FrameWriter::begin(Vec::new()).unwrap();
        frames.iter().for_each(|(kind, track, payload)| writer.frame(*kind, *track, payload).unwrap());
        writer.out
    }

    fn read(bytes: &[u8]) -> (Vec<Frame>, Option<Cut>) {
        let mut frames = Vec::new();
        let mut reader = match FrameReader::begin(bytes) {
            Ok(reader) => reader,
            Err(cut) => return (frames, Some(cut)),
        };
        loop {
            match reader.next() {
                Ok(Some((_, frame))) => frames.push(frame),
                Ok(None) => return (frames, None),
                Err(cut) => return (frames, Some(cut)),
            }
        }
    }

    #[test]
    fn a_killed_recording_has_a_readable_prefix() {
        let all = [(Kind::Header, 0, b"first".to_vec()), (Kind::Call, 1, b"second".to_vec())];
        let bytes = written(&all);
        let one = written(&all[..1]).len();
        for end in one + 1..bytes.len() {
            let (frames, cut) = read(&bytes[..end]);
            assert_eq!((frames.len(), cut), (1, Some(Cut::Short)), "cut at {end}");
        }
        assert_eq!(read(&bytes[..one]).1, None);
        assert_eq!(read(b"PK").1, Some(Cut::NoTape));
    }

    #[test]
    fn a_frame_that_was_taken_out_shows() {
        let all = [(Kind::Header, 0, vec![1]), (Kind::Call, 1, vec![2]), (Kind::Answer, 1, vec![3])];
        let (whole, start) = (written(&all), written(&all[..1]).len());
        let rest = written(&all[..2]).len();
        let short = [&whole[..start], &whole[rest..]].concat();
        assert_eq!(read(&short), (read(&whole[..start]).0, Some(Cut::Damaged)));
    }

    #[test]
    fn a_claimed_length_takes_no_memory() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(MOST as u32).to_le_bytes());
        bytes.extend_from_slice(&[1, 0, 0, 0, 0]);
        assert_eq!(read(&bytes).1, Some(Cut::Short));
        bytes[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&bytes).1, Some(Cut::Damaged));
    }

    proptest! {
        #[test]
        fn frames_come_back(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6)) {
            let all: Vec<_> = payloads.into_iter().map(|payload| (Kind::Import, 3, payload)).collect();
            let (frames, cut) = read(&written(&all));
            prop_assert_eq!(cut, None);
            prop_assert_eq!(frames.into_iter().map(|frame| frame.payload).collect::<Vec<_>>(),
                all.into_iter().map(|(_, _, payload)| payload).collect::<Vec<_>>());
        }

        #[test]
        fn one_flipped_bit_shows(at in 16usize..60, bit in 0u8..8) {
            let mut bytes = written(&[(Kind::Header, 0, vec![7; 30])]);
            let at = at.min(bytes.len() - 1);
            bytes[at] ^= 1 << bit;
            prop_assert!(read(&bytes).1.is_some());
        }
    }
}
