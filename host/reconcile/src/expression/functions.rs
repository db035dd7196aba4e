//! What the functions of the library do. Texts are counted in characters.

use super::convert;
use crate::normalise::value;
use cel::Value as Cel;
use pinyin::ToPinyin;
use rosterd_model::{Class, ExternalId};
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// The longest text that a function makes, in bytes.
const LONGEST: usize = 1024 * 1024;
/// The most parts of a split text: enough for people, too few to make loops dangerous.
const PARTS: usize = 500;

pub(super) fn lower(text: &str) -> Result<String, String> {
    Ok(text.to_lowercase())
}

pub(super) fn upper(text: &str) -> Result<String, String> {
    Ok(text.to_uppercase())
}

pub(super) fn trim(text: &str) -> Result<String, String> {
    value::text(text).map(Into::into)
}

/// Digits of any width, as plain digits.
pub(super) fn digits(text: &str) -> Result<String, String> {
    Ok(text.nfkc().filter(char::is_ascii_digit).collect())
}

/// Latin letters without their marks; other writing is left alone.
pub(super) fn plain(text: &str) -> Result<String, String> {
    let stripped = text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).nfc();
    let mut result = String::with_capacity(text.len());
    for c in stripped {
        match c {
            'ß' => result.push_str("ss"),
            'æ' => result.push_str("ae"),
            'Æ' => result.push_str("AE"),
            'œ' => result.push_str("oe"),
            'Œ' => result.push_str("OE"),
            'ø' => result.push('o'),
            'Ø' => result.push('O'),
            'đ' => result.push('d'),
            'Đ' => result.push('D'),
            'ł' => result.push('l'),
            'Ł' => result.push('L'),
            'ı' => result.push('i'),
            c => result.push(c),
        }
    }
    Ok(result)
}

/// Chinese characters as they are spoken, without tones, and Latin letters and digits without their marks; in lower case,
/// and nothing else: the beginning of a user name. A character with several readings has its most common one.
pub(super) fn pinyin(text: &str) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    for c in text.nfkc() {
        if let Some(spoken) = c.to_pinyin() {
            // Where user names are typed, v stands for the vowel that keyboards lack.
            result.push_str(&spoken.plain().replace('ü', "v"));
            continue;
        }
        let letters = plain(c.encode_utf8(&mut [0; 4]))?;
        result.extend(letters.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()));
    }
    Ok(result)
}

/// A function of one text, for CEL: null stays null.
pub(super) fn text_function(args: &[Cel], body: super::native::TextFunction) -> Result<Cel, String> {
    match text_of(args.first())? {
        Some(text) => body(&text).map(made),
        None => Ok(Cel::Null),
    }
}

/// The text of an argument; none if it is null. Numbers and truth values are written out.
pub(super) fn text_of(argument: Option<&Cel>) -> Result<Option<Arc<String>>, String> {
    Ok(Some(match argument {
        None | Some(Cel::Null) => return Ok(None),
        Some(Cel::String(text)) => Arc::clone(text),
        Some(Cel::Int(number)) => Arc::new(number.to_string()),
        Some(Cel::UInt(number)) => Arc::new(number.to_string()),
        Some(Cel::Float(number)) => Arc::new(number.to_string()),
        Some(Cel::Bool(answer)) => Arc::new(answer.to_string()),
        Some(other) => return Err(format!("takes a text and was given a {}", other.type_of())),
    }))
}

fn made(text: String) -> Cel {
    Cel::String(Arc::new(text))
}

fn number(argument: &Cel) -> Result<usize, String> {
    match argument {
        Cel::Int(number) => usize::try_from(*number).map_err(|_| "was given a negative number".to_owned()),
        Cel::UInt(number) => usize::try_from(*number).map_err(|_| "was given too large a number".to_owned()),
        other => Err(format!("takes a whole number and was given a {}", other.type_of())),
    }
}

pub(super) fn append(args: &[Cel]) -> Result<Cel, String> {
    let mut result: Option<String> = None;
    for argument in args {
        if let Some(text) = text_of(Some(argument))? {
            let result = result.get_or_insert_default();
            bounded(result.len() + text.len())?;
            result.push_str(&text);
        }
    }
    Ok(result.map_or(Cel::Null, made))
}

pub(super) fn join(args: &[Cel]) -> Result<Cel, String> {
    let Some((separator, parts)) = args.split_last() else { return Ok(Cel::Null) };
    let separator = text_of(Some(separator))?.unwrap_or_default();
    let mut texts: Vec<Arc<String>> = Vec::new();
    for part in parts {
        match part {
            Cel::List(values) => {
                for value in values.iter() {
                    texts.extend(text_of(Some(value))?);
                }
            }
            single => texts.extend(text_of(Some(single))?),
        }
    }
    texts.retain(|text| !text.is_empty());
    if texts.is_empty() {
        return Ok(Cel::Null);
    }
    bounded(texts.iter().map(|text| text.len() + separator.len()).sum())?;
    Ok(made(texts.iter().map(|text| text.as_str()).collect::<Vec<_>>().join(&separator)))
}

fn bounded(length: usize) -> Result<(), String> {
    if length > LONGEST { Err("would make a text of more than 1 MiB".to_owned()) } else { Ok(()) }
}

fn empty(value: &Cel) -> bool {
    match value {
        Cel::Null => true,
        Cel::String(text) => text.is_empty(),
        Cel::List(values) => values.is_empty(),
        Cel::Map(map) => map.map.is_empty(),
        _ => false,
    }
}

pub(super) fn coalesce(args: &[Cel]) -> Result<Cel, String> {
    Ok(args.iter().find(|value| !empty(value)).cloned().unwrap_or(Cel::Null))
}

pub(super) fn is_null(args: &[Cel]) -> Result<Cel, String> {
    Ok(Cel::Bool(args.first().is_none_or(|value| *value == Cel::Null)))
}

pub(super) fn is_empty(args: &[Cel]) -> Result<Cel, String> {
    Ok(Cel::Bool(args.first().is_none_or(empty)))
}

pub(super) fn is_present(args: &[Cel]) -> Result<Cel, String> {
    Ok(Cel::Bool(!args.first().is_none_or(empty)))
}

pub(super) fn phone(args: &[Cel]) -> Result<Cel, String> {
    let country = text_of(args.get(1))?;
    if let Some(country) = &country
        && !((1..=3).contains(&country.len()) && country.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err("takes a calling code of one to three digits, such as \"86\"".to_owned());
    }
    match text_of(args.first())? {
        Some(text) => value::phone(&text, country.as_ref().map(|code| code.as_str())).map(made),
        None => Ok(Cel::Null),
    }
}

pub(super) fn replace(args: &[Cel]) -> Result<Cel, String> {
    let [text, from, to] = args else { return Ok(Cel::Null) };
    let Some(text) = text_of(Some(text))? else { return Ok(Cel::Null) };
    let from = text_of(Some(from))?.unwrap_or_default();
    let to = text_of(Some(to))?.unwrap_or_default();
    if from.is_empty() {
        return Err("was told to replace an empty text".to_owned());
    }
    bounded(text.len() + text.matches(from.as_str()).count().saturating_mul(to.len()))?;
    Ok(made(text.replace(from.as_str(), &to)))
}

pub(super) fn split(args: &[Cel]) -> Result<Cel, String> {
    let [text, separator] = args else { return Ok(Cel::Null) };
    let Some(text) = text_of(Some(text))? else { return Ok(Cel::Null) };
    let separator = text_of(Some(separator))?.unwrap_or_default();
    if separator.is_empty() {
        return Err("was given an empty separator".to_owned());
    }
    let parts: Vec<Cel> = text.split(separator.as_str()).take(PARTS + 1).map(Cel::from).collect();
    if parts.len() > PARTS {
        return Err(format!("would make more than {PARTS} parts"));
    }
    Ok(Cel::List(Arc::new(parts)))
}

pub(super) fn item(args: &[Cel]) -> Result<Cel, String> {
    match args {
        [Cel::List(values), position] => {
            let position = number(position)?;
            Ok(position.checked_sub(1).and_then(|index| values.get(index)).cloned().unwrap_or(Cel::Null))
        }
        [Cel::Null, _] => Ok(Cel::Null),
        _ => Err("takes a list and a number".to_owned()),
    }
}

/// A text and one number, for the functions that cut.
fn cut(args: &[Cel], body: impl Fn(&str, usize) -> String) -> Result<Cel, String> {
    let [text, length] = args else { return Ok(Cel::Null) };
    let length = number(length)?;
    Ok(text_of(Some(text))?.map_or(Cel::Null, |text| made(body(&text, length))))
}

pub(super) fn left(args: &[Cel]) -> Result<Cel, String> {
    cut(args, |text, length| text.chars().take(length).collect())
}

pub(super) fn right(args: &[Cel]) -> Result<Cel, String> {
    cut(args, |text, length| text.chars().skip(text.chars().count().saturating_sub(length)).collect())
}

pub(super) fn mid(args: &[Cel]) -> Result<Cel, String> {
    let [text, start, length] = args else { return Ok(Cel::Null) };
    let length = number(length)?;
    cut(&[text.clone(), start.clone()], |text, start| text.chars().skip(start.saturating_sub(1)).take(length).collect())
}

pub(super) fn length(args: &[Cel]) -> Result<Cel, String> {
    let length = match args.first() {
        Some(Cel::List(values)) => values.len(),
        other => text_of(other)?.map_or(0, |text| text.chars().count()),
    };
    Ok(Cel::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

pub(super) fn contains(args: &[Cel]) -> Result<Cel, String> {
    match args {
        [Cel::List(values), part] => Ok(Cel::Bool(values.contains(part))),
        _ => two(args, |text, part| text.contains(part)),
    }
}

pub(super) fn starts_with(args: &[Cel]) -> Result<Cel, String> {
    two(args, |text, part| text.starts_with(part))
}

pub(super) fn ends_with(args: &[Cel]) -> Result<Cel, String> {
    two(args, |text, part| text.ends_with(part))
}

/// A question about two texts; about nothing the answer is no.
fn two(args: &[Cel], body: impl Fn(&str, &str) -> bool) -> Result<Cel, String> {
    match (text_of(args.first())?, text_of(args.get(1))?) {
        (Some(text), Some(part)) => Ok(Cel::Bool(body(&text, &part))),
        _ => Ok(Cel::Bool(false)),
    }
}

pub(super) fn reference(args: &[Cel]) -> Result<Cel, String> {
    let class = text_of(args.first())?.and_then(|word| word.parse::<Class>().ok());
    let class = class.ok_or("takes a class, account, org-unit or group, and an id")?;
    match text_of(args.get(1))? {
        None => Ok(Cel::Null),
        Some(id) if id.is_empty() => Ok(Cel::Null),
        Some(id) if id.len() > ExternalId::MAX_BYTES => Err("was given an id of more than 1024 bytes".to_owned()),
        Some(id) => Ok(convert::reference(class, &id)),
    }
}

#[cfg(test)]
mod tests;
