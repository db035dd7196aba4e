//! Tapes: files that somebody sends with a report.

use crate::input::{BETWEEN, text};
use rosterd_connector::fuzzing as connector;

/// A tape, as any bytes, and as frames with right checksums: the first byte of each input is the frame's kind, the second its
/// track.
pub fn tape_file(bytes: &[u8]) {
    let _ = connector::tape(bytes);
    let inputs = bytes.split(|byte| *byte == BETWEEN).filter(|input| input.len() >= 2);
    let frames: Vec<(u8, u32, &[u8])> =
        inputs.map(|input| (input[0] % 8, u32::from(input[1] % 4), &input[2..])).collect();
    let whole = connector::tape_of(&frames);
    let read = connector::tape(&whole);
    if let Ok(count) = &read {
        assert_eq!(*count, frames.len() as u64, "{}", text(bytes));
    }
    // What is cut off is missing, and nothing else happens.
    for part in [1, 9, 20] {
        let short = &whole[..whole.len() - part.min(whole.len())];
        if let (Ok(count), Ok(all)) = (connector::tape(short), &read) {
            assert!(count < *all);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{bytes, join};
    use proptest::prelude::*;

    const HEADER: &str = r#"{"hub":"0","started-ms":0,"job":"j","dry":true,"allow-empty":false,"configuration":"","configuration-digest":"","from-nothing":true,"redacted":false}"#;
    const OPENING: &str = r#"{"connection":"hr","identity":"csv 1","digest":"d"}"#;
    const FRAMES: &[&str] = &[
        "\u{3}\u{1}",
        "\u{4}\u{1}\"describe\"",
        "\u{4}\u{1}{\"open\":{\"classes\":[\"account\"],\"start\":\"Full\"}}",
        "\u{4}\u{1}{\"next\":{\"max\":5}}",
        "\u{5}\u{1}{\"call\":\"settings.get\",\"with\":null,\"answer\":\"{}\"}",
        "\u{5}\u{1}{\"call\":\"clock.now-ms\",\"with\":null,\"answer\":5}",
        "\u{6}\u{1}{\"answer\":{\"Ok\":\"done\"},\"trapped\":false}",
        "\u{6}\u{1}{\"answer\":{\"Ok\":{\"text\":\"{}\"}},\"trapped\":false}",
        "\u{2}\u{1}d",
        "\u{2}\u{1}bytes",
        "\u{7}\u{0}{}",
        "\u{5}\u{1}",
        "\u{4}\u{2}\"check\"",
    ];

    proptest! {
        #[test]
        fn tapes(any in bytes(200), frames in proptest::collection::vec(proptest::sample::select(FRAMES), 0..12)) {
            super::tape_file(&any);
            let mut all = vec![format!("\u{1}\u{0}{HEADER}"), format!("\u{3}\u{1}{OPENING}")];
            all.extend(frames.into_iter().map(str::to_owned));
            super::tape_file(&join(&all));
        }
    }
}
