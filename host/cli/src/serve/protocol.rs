//! What a command and the running `rosterd serve` say to each other over the control socket: lines of JSON, each of a
//! bounded length. The command sends one line with its words; the service answers with lines until the one that ends it.

use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

/// Version of what is said. Both sides are the same binary, or nearly.
pub(crate) const VERSION: u32 = 1;
/// A longer request is refused.
pub(crate) const LONGEST_REQUEST: usize = 256 << 10;
/// A longer line of an answer is refused; results are cut into pieces of a quarter of it.
pub(crate) const LONGEST_REPLY: usize = 256 << 10;
/// Most words of a request.
const MOST_WORDS: usize = 1_000;

/// A command that somebody typed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Request {
    /// Version of this protocol.
    pub(crate) version: u32,
    /// The folder in which it was typed: paths among the words start there.
    pub(crate) folder: PathBuf,
    /// The words, without the name of the program.
    pub(crate) words: Vec<String>,
    /// Whether the result is coloured.
    pub(crate) colour: bool,
    /// Whether errors are coloured.
    pub(crate) error_colour: bool,
}

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    /// Something for stderr, on the way.
    Note(String),
    /// How far it is.
    Progress(String),
    /// A piece of stdout.
    Out(String),
    /// A piece of stderr, behind the result.
    Err(String),
    /// The end, with the exit code.
    Done(u8),
}

/// Reads a request.
///
/// # Errors
/// A sentence.
pub(crate) fn parse_request(line: &str) -> Result<Request, String> {
    let request: Request =
        serde_json::from_str(line).map_err(|error| format!("the request can not be read: {error}"))?;
    if request.version != VERSION {
        return Err(format!(
            "the request has version {} and this service speaks version {VERSION}; use the same rosterd for both",
            request.version
        ));
    }
    if request.words.len() > MOST_WORDS {
        return Err(format!("the request has {} words, at most {MOST_WORDS} are read", request.words.len()));
    }
    if !request.folder.is_absolute() {
        return Err("the folder of the request is not absolute".to_owned());
    }
    Ok(request)
}

/// Reads a line without its end; none at the end of the stream.
///
/// # Errors
/// It is longer than `most`, or the stream failed.
pub(crate) fn read_line(reader: &mut impl BufRead, most: usize) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = io::Read::take(&mut *reader, limit).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_none() {
        let what = if line.len() > most { "a line is too long" } else { "the stream ended inside of a line" };
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    String::from_utf8(line).map(Some).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a line is no text"))
}

/// Writes a value as a line.
///
/// # Errors
/// The stream failed.
pub(crate) fn write_line(writer: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    writer.write_all(&line)
}

/// Cuts a text into pieces that fit into a line even if each character must be escaped.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let most = LONGEST_REPLY / 8;
        let end = (0..=most.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end.max(1).min(rest.len()));
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        let words = ["run", "hr"].map(str::to_owned).to_vec();
        Request { version: VERSION, folder: PathBuf::from("/x"), words, colour: false, error_colour: true }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut line = Vec::new();
        write_line(&mut line, &request()).expect("written");
        let text = read_line(&mut line.as_slice(), LONGEST_REQUEST).expect("read").expect("a line");
        assert_eq!(parse_request(&text), Ok(request()));
        assert_eq!(read_line(&mut &b""[..], 10).expect("read"), None);
    }

    #[test]
    fn what_is_too_long_or_too_short_is_refused() {
        assert!(read_line(&mut &b"0123456789\n"[..], 9).is_err());
        assert_eq!(read_line(&mut &b"0123456789\n"[..], 10).expect("read").as_deref(), Some("0123456789"));
        assert!(read_line(&mut &b"no end"[..], 10).is_err());
        assert!(read_line(&mut &b"\xff\n"[..], 10).is_err());
    }

    #[test]
    fn another_version_and_a_relative_folder_are_refused() {
        let changed = |change: fn(&mut Request)| {
            let mut request = request();
            change(&mut request);
            parse_request(&serde_json::to_string(&request).expect("JSON"))
        };
        assert!(changed(|request| request.version = 2).is_err_and(|text| text.contains("version 2")));
        assert!(changed(|request| request.folder = PathBuf::from("x")).is_err());
        assert!(changed(|request| request.words = vec![String::new(); 1_001]).is_err());
        assert!(parse_request("{\"version\":1}").is_err());
    }

    #[test]
    fn a_long_text_comes_in_pieces() {
        let text = "\u{1}李".repeat(100_000);
        let all: Vec<&str> = pieces(&text).collect();
        assert!(all.len() > 1 && all.concat() == text);
        for piece in all {
            let mut line = Vec::new();
            write_line(&mut line, &Reply::Out(piece.to_owned())).expect("written");
            assert!(line.len() <= LONGEST_REPLY);
        }
        assert_eq!(pieces("").count(), 0);
    }
}
