//! The query of a callback's address: signature, time, nonce.
//!
//! The vendor's page on callbacks calls the signature `signature`, its sample reads `msg_signature`; either is taken.

/// A longer query is none of DingTalk's.
const LONGEST: usize = 4096;

/// What the address of a callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The signatures that came, under either name; at least one.
    pub signatures: Vec<String>,
    /// As it is signed.
    pub time: String,
    /// As it is signed.
    pub nonce: String,
}

/// Reads a query; none if it lacks a part, has one twice, or is no query at all.
#[must_use]
pub fn parse(query: &str) -> Option<Query> {
    if query.len() > LONGEST {
        return None;
    }
    let (mut signatures, mut time, mut nonce) = (Vec::new(), None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let once = match name {
            "signature" | "msg_signature" if signatures.len() < 2 => {
                signatures.push(decoded(value)?);
                true
            }
            "timestamp" => time.replace(decoded(value)?).is_none(),
            "nonce" => nonce.replace(decoded(value)?).is_none(),
            "signature" | "msg_signature" => false,
            // The operator's own address may have a query.
            _ => true,
        };
        if !once {
            return None;
        }
    }
    let (time, nonce) = (time?, nonce?);
    (!signatures.is_empty()).then_some(Query { signatures, time, nonce })
}

/// Percent-decoding as forms have it; none for half an escape, or what is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The time of a callback in milliseconds; some senders count seconds.
#[must_use]
pub fn milliseconds(time: &str) -> Option<u64> {
    /// In milliseconds this is 1973, in seconds the year 5138.
    const SECONDS_BELOW: u64 = 100_000_000_000;
    let plain = (1..=16).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
    let number = time.parse::<u64>().ok().filter(|_| plain)?;
    Some(if number < SECONDS_BELOW { number * 1000 } else { number })
}
