//! For fuzz targets: tapes made of any frames, and a look at every frame.

use super::format::{FrameWriter, Kind};
use super::player::Player;
use super::{Tape, TapeError};
use serde_json::Value;

/// A tape with these frames; a kind that does not exist is an import.
pub(crate) fn written(frames: &[(u8, u32, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(mut writer) = FrameWriter::begin(&mut bytes) {
        for (code, track, payload) in frames {
            let _ = writer.frame(Kind::of(*code).unwrap_or(Kind::Import), *track, payload);
        }
    }
    bytes
}

/// Plays every track as far as it goes.
pub(crate) fn walk(tape: &Tape) -> Result<(), TapeError> {
    for track in 0..tape.tracks().len() {
        let player = Player::new(tape, track, track % 2 == 0);
        let _ = player.part();
        while let Ok(Some(_)) = player.call() {
            let _ = player.import::<Value>("settings.get", &Value::Null);
            let _ = player.import::<u64>("clock.now-ms", &Value::Null);
            if player.answer().is_err() {
                break;
            }
        }
    }
    Ok(())
}
