//! Splits decoded text into rows and cells (RFC 4180, read liberally).
//!
//! Not the `csv` crate, which reads more liberally than a source of people may: it takes a quote that is never closed
//! for a last, long cell, and so lets the rows behind it vanish, which would look like people who left. Here that is
//! a fault, sizes are bounded, and the position after each row is known, with a digest of everything before it.

use crate::decode::Decoded;
use rosterd_sdk::Fault;
use serde::{Deserialize, Serialize};

/// Longest cell, in bytes.
const MAXIMUM_CELL: usize = 64 * 1024;
/// Longest row, in bytes, and most cells of one.
const MAXIMUM_ROW: usize = 1024 * 1024;
const MAXIMUM_CELLS: usize = 4096;

/// A place between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes of decoded text before it.
    pub offset: u64,
    /// Line breaks before it, and one: the physical line that begins here.
    pub line: u64,
    /// Rows before it, the header included.
    pub record: u64,
    /// Digest of the decoded text before it: tells a file that was changed in the meantime.
    pub digest: u64,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Text between a closing quote and the delimiter.
    TextAfterQuote,
    /// A cell, the row, or the number of cells is beyond all reason; the row was cut.
    TooLarge,
}

/// One row. Made once and used again for each.
#[derive(Debug, Default)]
pub struct Row {
    text: String,
    ends: Vec<usize>,
    bytes: Vec<u8>,
    /// Physical line on which it begins.
    pub line: u64,
    /// Physical line on which it ends.
    pub last_line: u64,
    /// What is wrong with it.
    pub damage: Option<Damage>,
}

impl Row {
    /// A row that stands in no file, with so many cells.
    #[must_use]
    pub fn of_cells<S: AsRef<str>>(cells: &[S], count: usize) -> Self {
        let mut row = Self::default();
        for index in 0..count {
            row.text.push_str(cells.get(index).map_or("", AsRef::as_ref));
            row.ends.push(row.text.len());
        }
        row
    }

    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A cell; empty behind the last.
    #[must_use]
    pub fn cell(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..end]
    }

    /// The cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }

    fn begin(&mut self, line: u64) {
        self.bytes.clear();
        self.ends.clear();
        self.line = line;
        self.last_line = line;
        self.damage = None;
    }

    fn push(&mut self, bytes: &[u8]) {
        let start = self.ends.last().copied().unwrap_or(0);
        if self.bytes.len() - start + bytes.len() > MAXIMUM_CELL || self.bytes.len() + bytes.len() > MAXIMUM_ROW {
            self.damage = Some(Damage::TooLarge);
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn end_cell(&mut self) {
        if self.ends.len() < MAXIMUM_CELLS {
            self.ends.push(self.bytes.len());
        } else {
            self.damage = Some(Damage::TooLarge);
        }
    }

    /// Makes text of the bytes. False if they are not UTF-8, which the end of a cut cell may be.
    fn check(&mut self) -> bool {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        std::mem::swap(&mut bytes, &mut self.bytes);
        bytes.truncate(self.ends.last().copied().unwrap_or(0));
        match String::from_utf8(bytes) {
            Ok(text) => self.text = text,
            Err(error) => {
                if self.damage != Some(Damage::TooLarge) {
                    return false;
                }
                self.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                self.ends.clear();
            }
        }
        self.ends.iter().all(|&end| self.text.is_char_boundary(end))
    }
}

/// The rows of a file.
#[derive(Debug)]
pub struct Rows {
    decoded: Decoded,
    chunk: Vec<u8>,
    at: usize,
    delimiter: u8,
    /// True for the bytes that end a run of ordinary ones outside of quotes.
    special: [bool; 256],
    /// As of the beginning of `chunk`, but for `line` and `record`, which are as of `at`.
    position: Position,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    AfterQuote,
}

impl Rows {
    /// The rows of decoded text. With no delimiter given, the first line tells; it may be Excel's `sep=;`.
    ///
    /// # Errors
    /// What the host met while reading.
    pub fn open(decoded: Decoded, delimiter: Option<u8>) -> Result<Self, Fault> {
        let position = Position { offset: 0, line: 1, record: 0, digest: 0 };
        let mut rows = Self { decoded, chunk: Vec::new(), at: 0, delimiter: b',', special: [false; 256], position };
        rows.refill()?;
        let (declared, length) = excel_separator(&rows.chunk);
        rows.at = length;
        rows.position.line += u64::from(length > 0);
        rows.delimiter = delimiter.or(declared).unwrap_or_else(|| sniff(&rows.chunk[length..]));
        for byte in [rows.delimiter, b'\n', b'\r', 0] {
            rows.special[usize::from(byte)] = true;
        }
        Ok(rows)
    }

    /// What stands between cells.
    #[must_use]
    pub fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// The place after the last row that was read.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            offset: self.position.offset + self.at as u64,
            digest: extend_digest(self.position.digest, &self.chunk[..self.at]),
            ..self.position
        }
    }

    /// Goes on from a place that [`Rows::position`] gave for the same file.
    ///
    /// # Errors
    /// `cursor-invalid` if what stands before it is not what it was.
    pub fn advance(&mut self, to: Position) -> Result<(), Fault> {
        let moved =
            || Fault::cursor_invalid("the file was changed while it was being read; read it again from its start");
        loop {
            let end = self.position.offset + self.chunk.len() as u64;
            if to.offset <= end {
                let at = to.offset.checked_sub(self.position.offset).ok_or_else(moved)?;
                self.at = usize::try_from(at).map_err(|_| moved())?;
                break;
            }
            self.at = self.chunk.len();
            if !self.refill()? {
                return Err(moved());
            }
        }
        // Each line break and each row has a byte of its own: larger numbers were made up, and would overflow later.
        if to.line.saturating_sub(1) > to.offset || to.record > to.offset {
            return Err(moved());
        }
        self.position.line = to.line;
        self.position.record = to.record;
        if self.position() == to { Ok(()) } else { Err(moved()) }
    }

    /// Reads the next row that is not blank. False at the end.
    ///
    /// # Errors
    /// `invalid` for a NUL byte or bytes that are not UTF-8, `incomplete` for a quote that is never closed.
    pub fn read(&mut self, row: &mut Row) -> Result<bool, Fault> {
        loop {
            row.begin(self.position.line);
            if !self.split(row)? {
                return Ok(false);
            }
            self.position.record += 1;
            if !row.check() {
                return Err(Fault::invalid(format!(
                    "line {}: bytes that are not UTF-8; the file is damaged, or its encoding must be named in the setting \
                     encoding",
                    row.line
                )));
            }
            if row.damage.is_some() || row.cells().any(|cell| !cell.trim().is_empty()) {
                return Ok(true);
            }
        }
    }

    /// Splits one row off. False if there is none.
    fn split(&mut self, row: &mut Row) -> Result<bool, Fault> {
        let mut state = State::Start;
        loop {
            if self.at == self.chunk.len() && !self.refill()? {
                row.last_line = self.position.line;
                return match state {
                    State::Quoted => Err(Fault::incomplete(format!(
                        "line {}: a quote is opened and never closed, so the rows behind it can not be told apart; mend \
                         the file, nothing is removed until then",
                        row.line
                    ))),
                    State::Start if row.ends.is_empty() => Ok(false),
                    _ => {
                        row.end_cell();
                        Ok(true)
                    }
                };
            }
            if state == State::Start {
                state = if self.chunk[self.at] == b'"' { State::Quoted } else { State::Plain };
                if state == State::Quoted {
                    self.at += 1;
                    continue;
                }
            }
            if self.run(row, state) {
                continue;
            }
            let byte = self.chunk[self.at];
            self.at += 1;
            match (state, byte) {
                (_, 0) => {
                    return Err(Fault::invalid(format!(
                        "line {}: a NUL byte; the file is damaged or is no text file",
                        self.position.line
                    )));
                }
                (State::Quoted, b'"') => state = State::AfterQuote,
                (State::Quoted, b'\n' | b'\r') => {
                    // A line feed after a carriage return is the same line break.
                    let counted = byte == b'\n' && row.bytes.last() == Some(&b'\r');
                    self.position.line += u64::from(!counted);
                    row.push(&[byte]);
                }
                (State::AfterQuote, b'"') => {
                    row.push(b"\"");
                    state = State::Quoted;
                }
                (State::Plain | State::AfterQuote, b'\n' | b'\r') => {
                    row.end_cell();
                    row.last_line = self.position.line;
                    self.position.line += 1;
                    if byte == b'\r' && (self.at < self.chunk.len() || self.refill()?) && self.chunk[self.at] == b'\n' {
                        self.at += 1;
                    }
                    return Ok(true);
                }
                (State::Plain | State::AfterQuote, _) if byte == self.delimiter => {
                    row.end_cell();
                    state = State::Start;
                }
                (State::AfterQuote, b' ') => {}
                _ => {
                    row.damage = Some(Damage::TextAfterQuote);
                    row.push(&[byte]);
                    state = State::Plain;
                }
            }
        }
    }

    /// Takes a run of ordinary bytes. True if it reached the end of the chunk.
    fn run(&mut self, row: &mut Row, state: State) -> bool {
        let rest = &self.chunk[self.at..];
        let length = match state {
            State::Plain => rest.iter().position(|&byte| self.special[usize::from(byte)]),
            State::Quoted => rest.iter().position(|&byte| matches!(byte, b'"' | b'\n' | b'\r' | 0)),
            State::Start | State::AfterQuote => Some(0),
        };
        let length = length.unwrap_or(rest.len());
        row.push(&rest[..length]);
        self.at += length;
        self.at == self.chunk.len()
    }

    fn refill(&mut self) -> Result<bool, Fault> {
        let Some(next) = self.decoded.chunk()? else { return Ok(false) };
        self.position.digest = extend_digest(self.position.digest, &self.chunk);
        self.position.offset += self.chunk.len() as u64;
        self.chunk = next;
        self.at = 0;
        Ok(true)
    }
}

/// Excel's first line `sep=;`: the delimiter and the length of the line.
fn excel_separator(text: &[u8]) -> (Option<u8>, usize) {
    let line = text.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(text.len());
    match &text[..line] {
        [s, e, p, b'=', delimiter] if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" => {
            let end = if text[line..].starts_with(b"\r\n") { 2 } else { usize::from(line < text.len()) };
            (Some(*delimiter), line + end)
        }
        _ => (None, 0),
    }
}

/// The candidate that stands most often outside of quotes in the first line.
fn sniff(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (candidate, count) in &mut counts {
                    *count += u32::from(*candidate == byte);
                }
            }
        }
    }
    // The earlier candidate wins a tie.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(candidate, _)| *candidate)
}

/// A polynomial over the bytes, eight at a time; the same however the text is cut into chunks. It tells accidents,
/// not attacks.
fn extend_digest(digest: u64, bytes: &[u8]) -> u64 {
    const P: u64 = 0x9E37_79B9_7F4A_7C15;
    const POWERS: [u64; 9] = {
        let mut powers = [1_u64; 9];
        let mut index = 1;
        while index < 9 {
            powers[index] = powers[index - 1].wrapping_mul(P);
            index += 1;
        }
        powers
    };
    let mut digest = digest;
    let mut eights = bytes.chunks_exact(8);
    for eight in &mut eights {
        let sum = eight
            .iter()
            .zip(POWERS[..8].iter().rev())
            .fold(0_u64, |sum, (&byte, power)| sum.wrapping_add(power.wrapping_mul(u64::from(byte) + 1)));
        digest = digest.wrapping_mul(POWERS[8]).wrapping_add(sum);
    }
    for &byte in eights.remainder() {
        digest = digest.wrapping_mul(P).wrapping_add(u64::from(byte) + 1);
    }
    digest
}
