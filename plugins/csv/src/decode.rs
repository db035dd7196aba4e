//! From the bytes of a file to UTF-8: which encoding it is, judged by the whole file, and the stream of decoded text.
//!
//! Spreadsheets on Chinese systems write GBK, UTF-8 with a byte order mark, or UTF-16, and none says which. A guess
//! by the first kilobyte turns the first name after it into nonsense, so a file without a mark is read to its end
//! before the first record leaves.

use encoding_rs::{BIG5, DecoderResult, GB18030, UTF_16BE, UTF_16LE, WINDOWS_1252};
use rosterd_sdk::{Fault, files};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Bytes asked of the host at once.
const CHUNK: u32 = 128 * 1024;

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8", alias = "utf8")]
    Utf8,
    /// UTF-16, little end first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big end first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// GB18030, and with it GBK and GB2312.
    #[serde(rename = "gb18030", alias = "gbk", alias = "gb2312")]
    Gb18030,
    /// Big5. Never guessed.
    #[serde(rename = "big5")]
    Big5,
    /// Windows-1252. Never guessed.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Gb18030 => "GB18030",
            Self::Big5 => "Big5",
            Self::Windows1252 => "Windows-1252",
        })
    }
}

impl Encoding {
    fn decoder(self) -> Option<encoding_rs::Decoder> {
        let encoding = match self {
            Self::Utf8 => return None,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Gb18030 => GB18030,
            Self::Big5 => BIG5,
            Self::Windows1252 => WINDOWS_1252,
        };
        Some(encoding.new_decoder_without_bom_handling())
    }

    fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
            _ => b"",
        }
    }
}

/// Finds out how a file is encoded.
///
/// # Errors
/// `settings` if no encoding that may be guessed fits the whole file; what the host met while reading.
pub fn detect(name: &str) -> Result<Encoding, Fault> {
    let input = files::open(name)?;
    let head = fill(&input, CHUNK)?;
    for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
        if head.starts_with(encoding.mark()) {
            return Ok(encoding);
        }
    }
    if let Some(encoding) = utf16_by_zeros(&head) {
        return Ok(encoding);
    }
    if is_utf8_to_the_end(head, &input)? {
        return Ok(Encoding::Utf8);
    }
    let mut decoded = Decoded::open(name, Encoding::Gb18030)?;
    while let Some(text) = decoded.chunk().map_err(|fault| no_encoding(name, &fault))? {
        drop(text);
    }
    Ok(Encoding::Gb18030)
}

fn no_encoding(name: &str, fault: &Fault) -> Fault {
    if fault.subject.as_deref() != Some("encoding") {
        return fault.clone();
    }
    Fault::settings(format!(
        "the file {name} is neither UTF-8 nor GB18030 all through; save it as \"CSV UTF-8\", or name its encoding in the \
         setting encoding (big5, windows-1252, utf-16le, utf-16be)"
    ))
    .about("encoding")
}

/// UTF-16 without a mark shows by its delimiters, digits and line ends: each is a pair with a zero. Chinese characters
/// may hold zeros too, on either side, so zeros alone tell nothing; and a stray zero in other text is damage.
fn utf16_by_zeros(head: &[u8]) -> Option<Encoding> {
    let (mut little, mut big) = ((0_usize, false), (0_usize, false));
    for pair in head.chunks_exact(2) {
        let (side, byte) = match *pair {
            [byte, 0] => (&mut little, byte),
            [0, byte] => (&mut big, byte),
            _ => continue,
        };
        if byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            side.0 += 1;
            side.1 |= matches!(byte, b'\r' | b'\n');
        }
    }
    let is = |one: (usize, bool), other: (usize, bool)| one.1 && one.0 > other.0 * 4 && one.0 * 32 >= head.len();
    if is(little, big) {
        Some(Encoding::Utf16Le)
    } else if is(big, little) {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

fn is_utf8_to_the_end(mut bytes: Vec<u8>, input: &files::Input) -> Result<bool, Fault> {
    loop {
        let carry = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            // The last character may go on in the next chunk.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Ok(false),
        };
        let more = input.read(CHUNK)?;
        if more.is_empty() {
            return Ok(carry == bytes.len());
        }
        bytes.drain(..carry);
        if bytes.is_empty() {
            bytes = more;
        } else {
            bytes.extend_from_slice(&more);
        }
    }
}

/// The text of a file, chunk by chunk.
pub struct Decoded {
    input: files::Input,
    encoding: Encoding,
    decoder: Option<encoding_rs::Decoder>,
    begun: bool,
    ended: bool,
}

impl Decoded {
    /// Opens a file that is encoded so. UTF-8 is handed on as it is: who splits it into rows checks it.
    ///
    /// # Errors
    /// What the host met.
    pub fn open(name: &str, encoding: Encoding) -> Result<Self, Fault> {
        let decoder = encoding.decoder();
        Ok(Self { input: files::open(name)?, encoding, decoder, begun: false, ended: false })
    }

    /// The next piece of text, without the byte order mark; none at the end. Pieces may end inside a character of UTF-8.
    ///
    /// # Errors
    /// `settings` where the bytes are not of this encoding; what the host met.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        while !self.ended {
            let mut bytes = if self.begun { self.input.read(CHUNK)? } else { fill(&self.input, CHUNK)? };
            self.ended = bytes.is_empty();
            if !self.begun && bytes.starts_with(self.encoding.mark()) {
                bytes.drain(..self.encoding.mark().len());
            }
            self.begun = true;
            let text = match &mut self.decoder {
                None => bytes,
                Some(decoder) => decode(decoder, &bytes, self.ended).ok_or_else(|| {
                    Fault::settings(format!(
                        "the file holds bytes that are not {}; name its encoding in the setting encoding",
                        self.encoding
                    ))
                    .about("encoding")
                })?,
            };
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded").field("encoding", &self.encoding).finish_non_exhaustive()
    }
}

/// None if there are bytes that mean nothing.
fn decode(decoder: &mut encoding_rs::Decoder, bytes: &[u8], last: bool) -> Option<Vec<u8>> {
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len())?);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, last) {
        // The room is enough for everything, so `OutputFull` does not happen.
        (DecoderResult::InputEmpty, _) => Some(text.into_bytes()),
        (DecoderResult::OutputFull | DecoderResult::Malformed(..), _) => None,
    }
}

/// Reads until there are so many bytes or the file ends: a host may give less than it was asked for.
fn fill(input: &files::Input, size: u32) -> Result<Vec<u8>, Fault> {
    let mut bytes = input.read(size)?;
    while !bytes.is_empty() && bytes.len() < size as usize {
        let left = u32::try_from(size as usize - bytes.len()).unwrap_or(size);
        let more = input.read(left)?;
        if more.is_empty() {
            break;
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// Encodes text for a file; none if the encoding has no such character.
#[must_use]
pub fn encode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    let encoder = match encoding {
        Encoding::Utf8 => return Some(text.as_bytes().to_vec()),
        Encoding::Utf16Le => return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Encoding::Utf16Be => return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Encoding::Gb18030 => GB18030,
        Encoding::Big5 => BIG5,
        Encoding::Windows1252 => WINDOWS_1252,
    };
    let (bytes, _, unmappable) = encoder.encode(text);
    (!unmappable).then(|| bytes.into_owned())
}
