//! Tapes that nobody of us recorded.

use crate::tape::{Tape, TapeError, TapedConnections, fuzzing};

/// Reads a tape, every frame of it, and every component. Says how many frames it has.
pub fn tape(bytes: &[u8]) -> Result<u64, TapeError> {
    let tape = Tape::of_bytes(bytes.to_vec())?;
    TapedConnections::new(&tape)?;
    for (_, _, digest) in tape.connections() {
        let _ = tape.component(&digest);
    }
    fuzzing::walk(&tape)?;
    Ok(tape.frames())
}

/// A tape with these frames, whose checksums are right: kind, track, payload.
#[must_use]
pub fn tape_of(frames: &[(u8, u32, &[u8])]) -> Vec<u8> {
    fuzzing::written(frames)
}
