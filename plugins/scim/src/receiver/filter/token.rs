//! Words of a filter.

use serde_json::Value;

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    /// Names, operators, literals without quotes.
    Word(String),
    Text(String),
}

/// The words of a text, each with the place where it begins.
///
/// # Errors
/// The end of a sentence.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let bytes = text.as_bytes();
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let start = at;
        let token = match byte {
            b' ' | b'\t' => {
                at += 1;
                continue;
            }
            b'(' => Token::Open,
            b')' => Token::Close,
            b'[' => Token::OpenBracket,
            b']' => Token::CloseBracket,
            b'"' => {
                at = quoted(bytes, at).ok_or_else(|| format!("the text at {} does not end", start + 1))?;
                let literal = serde_json::from_str(&text[start..at]);
                let literal: String = literal.map_err(|_| format!("the text at {} is no text of JSON", start + 1))?;
                all.push((start, Token::Text(literal)));
                continue;
            }
            byte if is_word(*byte) => {
                while bytes.get(at).is_some_and(|byte| is_word(*byte)) {
                    at += 1;
                }
                all.push((start, Token::Word(text[start..at].to_owned())));
                continue;
            }
            _ => return Err(format!("what stands at {} has no meaning", start + 1)),
        };
        at += 1;
        all.push((start, token));
    }
    Ok(all)
}

/// Where a quoted text ends.
fn quoted(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'_' | b'-' | b'$' | b'+')
}

/// The value that a word without quotes is.
pub(super) fn literal(word: &str) -> Option<Value> {
    match word.to_ascii_lowercase().as_str() {
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        "null" => Some(Value::Null),
        _ => serde_json::from_str::<serde_json::Number>(word).ok().map(Value::Number),
    }
}
