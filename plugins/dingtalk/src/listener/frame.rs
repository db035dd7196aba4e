//! Frames of a WebSocket as a client reads and writes them (RFC 6455, sections 5.2 to 5.5). No I/O: bytes in, frames out.
//!
//! By hand, because the libraries for it draw masks from a random source of their own, which a sandbox does not have.

/// A longer message ends the connection; an event that names two hundred people has 20 KiB.
pub const LARGEST: usize = 1024 * 1024;
/// The longest payload of a frame that controls the connection.
const LONGEST_CONTROL: usize = 125;

/// Kinds of frames that a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text = 1,
    /// The end.
    Close = 8,
    /// A question whether anybody is there.
    Ping = 9,
    /// The answer.
    Pong = 10,
}

/// What came, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A message of text, or of bytes; whoever reads it finds out whether it is UTF-8.
    Message(Vec<u8>),
    /// To be answered with the same bytes.
    Ping(Vec<u8>),
    /// An answer to our question.
    Pong,
    /// The other side ends the connection, with this code.
    Close(Option<u16>),
}

/// What a server must not send, as the end of a sentence.
pub type Wrong = &'static str;

/// Reads frames out of bytes that come in any pieces.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// The frames so far of a message that comes in several.
    message: Option<Vec<u8>>,
}

/// The head of a frame.
struct Head {
    last: bool,
    opcode: u8,
    from: usize,
    length: usize,
}

impl Decoder {
    /// Takes bytes in.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What is whole; none: more bytes are needed.
    ///
    /// # Errors
    /// The server breaks the protocol; nothing after that makes sense.
    pub fn whole(&mut self) -> Result<Option<Received>, Wrong> {
        while let Some(head) = head(&self.buffer)? {
            let so_far = self.message.as_ref().map_or(0, Vec::len);
            if head.length > LARGEST || (head.opcode < 8 && so_far + head.length > LARGEST) {
                return Err("it sends a message of more than 1 MiB");
            }
            let end = head.from + head.length;
            if self.buffer.len() < end {
                return Ok(None);
            }
            let payload: Vec<u8> = self.buffer.drain(..end).skip(head.from).collect();
            if let Some(received) = self.take(&head, payload)? {
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    fn take(&mut self, head: &Head, payload: Vec<u8>) -> Result<Option<Received>, Wrong> {
        let message = match (head.opcode, self.message.take()) {
            (0, None) => return Err("it goes on with a message that did not begin"),
            (0, Some(mut message)) => {
                message.extend(payload);
                message
            }
            (1 | 2, None) => payload,
            (1 | 2, Some(_)) => return Err("it begins a message inside of another"),
            (control, message) => {
                self.message = message;
                return match control {
                    8 => Ok(Some(Received::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))))),
                    9 => Ok(Some(Received::Ping(payload))),
                    10 => Ok(Some(Received::Pong)),
                    _ => Err("it sends a frame of a kind that does not exist"),
                };
            }
        };
        if head.last {
            return Ok(Some(Received::Message(message)));
        }
        self.message = Some(message);
        Ok(None)
    }
}

/// The head at the beginning of these bytes; none: it is not whole.
fn head(bytes: &[u8]) -> Result<Option<Head>, Wrong> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let (last, opcode) = (first & 0x80 != 0, first & 0x0f);
    if first & 0x70 != 0 {
        return Err("it uses an extension that was not asked for");
    }
    if second & 0x80 != 0 {
        return Err("it masks its frames, which only clients do");
    }
    let (from, length) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (127, long) if long.len() >= 8 => {
            let long = long.first_chunk().map(|long| u64::from_be_bytes(*long)).unwrap_or_default();
            (10, usize::try_from(long).unwrap_or(usize::MAX))
        }
        (126 | 127, _) => return Ok(None),
        (short, _) => (2, usize::from(short)),
    };
    if opcode >= 8 && (!last || length > LONGEST_CONTROL) {
        return Err("a frame that controls the connection is too long, or in pieces");
    }
    Ok(Some(Head { last, opcode, from, length }))
}

/// A frame of a client, masked as it must be.
#[must_use]
pub fn encode(kind: Kind, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind as u8];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..126), _) => frame.push(0x80 | short),
        (_, Ok(longer)) => {
            frame.push(0x80 | 126);
            frame.extend(longer.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
