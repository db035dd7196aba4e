//! Lines of a body that has no end in sight: one at a time, none longer than a record may be, and nothing kept of those that
//! are.

use super::problem::{Problem, Refused};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// A longer line is not kept, and is an error of its line.
pub(super) const LONGEST: usize = 256 << 10;
/// Whoever sends nothing in this time is left.
const PATIENCE: Duration = Duration::from_secs(60);

/// A line, or why there is none.
pub(super) type Line = Result<Vec<u8>, Refused>;

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    begun: Vec<u8>,
    /// The line under way is too long; its rest is passed over.
    too_long: bool,
    /// Something of a line has come.
    any: bool,
}

impl Cutter {
    /// Takes bytes, and gives the lines that they complete.
    pub(super) fn cut(&mut self, mut bytes: &[u8], done: &mut Vec<Line>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.keep(&bytes[..end]);
            done.push(self.line());
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
    }

    /// The line that nothing ends.
    pub(super) fn rest(&mut self) -> Option<Line> {
        self.any.then(|| self.line())
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.any |= !bytes.is_empty();
        if self.too_long || self.begun.len() + bytes.len() > LONGEST {
            self.too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn line(&mut self) -> Line {
        self.any = false;
        if std::mem::take(&mut self.too_long) {
            let text = format!("the line has more than {LONGEST} bytes; nothing of it was read");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", text));
        }
        let mut line = std::mem::take(&mut self.begun);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }
}

/// The lines of a body, in portions as they arrive.
pub(super) struct Lines {
    body: Body,
    cutter: Cutter,
    ended: bool,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self { body, cutter: Cutter::default(), ended: false }
    }

    /// The next lines; none at the end.
    ///
    /// # Errors
    /// The body broke off, or nothing came for too long.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Line>>, Refused> {
        let mut done = Vec::new();
        while done.is_empty() && !self.ended {
            match tokio::time::timeout(PATIENCE, self.body.frame()).await {
                Err(_) => return Err(broken(&format!("nothing came for {} seconds", PATIENCE.as_secs()))),
                Ok(Some(Err(_))) => return Err(broken("the body ended before it was complete")),
                Ok(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.cutter.cut(&bytes, &mut done);
                    }
                }
                Ok(None) => {
                    self.ended = true;
                    done.extend(self.cutter.rest());
                }
            }
        }
        Ok((!done.is_empty()).then_some(done))
    }
}

fn broken(why: &str) -> Refused {
    Problem::new(StatusCode::BAD_REQUEST, "body", format!("{why}; what came before was taken in"))
}

/// A body that is written while it is sent. Who writes waits for who reads.
pub(super) struct Written(mpsc::Receiver<Bytes>);

/// A body, and where to write it.
pub(super) fn written() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel(2);
    (sender, Body::new(Written(receiver)))
}

/// Writes; false: nobody reads any more, or not for a long time.
pub(super) async fn write(to: &mpsc::Sender<Bytes>, bytes: Vec<u8>) -> bool {
    bytes.is_empty() || matches!(tokio::time::timeout(PATIENCE, to.send(Bytes::from(bytes))).await, Ok(Ok(())))
}

impl hyper::body::Body for Written {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// True if a body surely has nothing in it.
pub(super) fn is_empty(body: &Body) -> bool {
    body.is_end_stream()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(parts: &[&[u8]]) -> Vec<Line> {
        let (mut cutter, mut done) = (Cutter::default(), Vec::new());
        parts.iter().for_each(|part| cutter.cut(part, &mut done));
        done.extend(cutter.rest());
        done
    }

    proptest! {
        #[test]
        fn lines_are_the_same_wherever_the_body_is_cut(
            text in "[a\r\n]{0,30}",
            places in proptest::collection::vec(0_usize..30, 0..4),
        ) {
            let bytes = text.as_bytes();
            let mut places: Vec<usize> = places.into_iter().map(|place| place.min(bytes.len())).collect();
            places.sort_unstable();
            let (mut parts, mut from) = (Vec::new(), 0);
            for place in places {
                parts.push(&bytes[from..place]);
                from = place;
            }
            parts.push(&bytes[from..]);
            let text_of = |line: Line| String::from_utf8(line.expect("short")).expect("text");
            let lines: Vec<String> = cut(&parts).into_iter().map(text_of).collect();
            let bare = |line: &str| line.strip_suffix('\r').unwrap_or(line).to_owned();
            let expected: Vec<String> = text.split_terminator('\n').map(bare).collect();
            prop_assert_eq!(lines, expected);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error_of_its_own_and_takes_no_memory() {
        let (mut cutter, mut done) = (Cutter::default(), Vec::new());
        for _ in 0..100 {
            cutter.cut(&[b'x'; 10_000], &mut done);
            assert!(cutter.begun.len() <= LONGEST);
        }
        cutter.cut(b"\n{}\n", &mut done);
        assert_eq!(done.len(), 2);
        assert_eq!(done[0].as_ref().expect_err("too long").status, 413);
        assert_eq!(done[1].as_deref().expect("short"), b"{}");
    }
}
