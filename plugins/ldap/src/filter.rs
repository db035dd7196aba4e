//! Filters as people write them (RFC 4515), as bytes of a search.

use crate::ber::element;

/// Deeper ones are refused.
const DEEPEST: usize = 20;
/// Longer ones are refused.
const LONGEST: usize = 8192;

/// The bytes of a filter.
///
/// # Errors
/// What is wrong, and where: the rest of the text from there on.
pub fn parse(text: &str) -> Result<Vec<u8>, String> {
    if text.len() > LONGEST {
        return Err(format!("it has more than {LONGEST} bytes"));
    }
    let mut reader = Reader { rest: text.trim() };
    let filter = reader.filter(0)?;
    if reader.rest.is_empty() { Ok(filter) } else { Err(format!("nothing may follow: \"{}\"", reader.rest)) }
}

/// `(name=value)` of names and values that are known to be plain.
#[must_use]
pub fn equal(name: &str, value: &str) -> Vec<u8> {
    element(0xa3, [element(4, name), element(4, value)].concat())
}

/// `(name=value)` of a name that is known to be plain, and any bytes.
#[must_use]
pub fn equal_bytes(name: &str, value: &[u8]) -> Vec<u8> {
    element(0xa3, [element(4, name), element(4, value)].concat())
}

/// `(name>=value)` of names and values that are known to be plain.
#[must_use]
pub fn at_least(name: &str, value: &str) -> Vec<u8> {
    element(0xa5, [element(4, name), element(4, value)].concat())
}

/// Both filters.
#[must_use]
pub fn both(one: &[u8], other: &[u8]) -> Vec<u8> {
    element(0xa0, [one, other].concat())
}

/// `(name=*)` of a name that is known to be plain.
#[must_use]
pub fn present(name: &str) -> Vec<u8> {
    element(0x87, name)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn expect(&mut self, sign: char) -> Result<(), String> {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(format!("a \"{sign}\" is missing before \"{}\"", self.rest)),
        }
    }

    fn filter(&mut self, depth: usize) -> Result<Vec<u8>, String> {
        if depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} deep"));
        }
        self.expect('(')?;
        let found = match self.rest.chars().next() {
            Some('&') => self.several('&', 0xa0, depth)?,
            Some('|') => self.several('|', 0xa1, depth)?,
            Some('!') => {
                self.expect('!')?;
                element(0xa2, self.filter(depth + 1)?)
            }
            _ => self.item()?,
        };
        self.expect(')')?;
        Ok(found)
    }

    fn several(&mut self, sign: char, tag: u8, depth: usize) -> Result<Vec<u8>, String> {
        self.expect(sign)?;
        let mut all = Vec::new();
        while self.rest.starts_with('(') {
            all.extend(self.filter(depth + 1)?);
        }
        if all.is_empty() { Err(format!("\"{sign}\" combines nothing")) } else { Ok(element(tag, all)) }
    }

    fn item(&mut self) -> Result<Vec<u8>, String> {
        let text: &'a str = self.rest;
        let end = text.find(['(', ')']).ok_or_else(|| format!("a \")\" is missing behind \"{text}\""))?;
        self.rest = &text[end..];
        let text = &text[..end];
        let (name, value) = text.split_once('=').ok_or_else(|| format!("\"{text}\" has no \"=\""))?;
        let compared = [('>', 0xa5), ('<', 0xa6), ('~', 0xa8)];
        let (name, tag) = match compared.iter().find_map(|(sign, tag)| Some((name.strip_suffix(*sign)?, *tag))) {
            Some(found) => found,
            None if name.ends_with(':') => return extensible(name, value),
            None if value == "*" => return Ok(present(attribute(name)?)),
            None if value.contains('*') => return substrings(attribute(name)?, value),
            None => (name, 0xa3),
        };
        Ok(element(tag, [element(4, attribute(name)?), element(4, unescape(value)?)].concat()))
    }
}

/// An attribute, with options.
fn attribute(name: &str) -> Result<&str, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!("\"{name}\" is no name of an attribute"));
    }
    Ok(name)
}

fn substrings(name: &str, value: &str) -> Result<Vec<u8>, String> {
    let parts: Vec<&str> = value.split('*').collect();
    let mut all = Vec::new();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let tag = match at {
            0 => 0x80,
            _ if at + 1 == parts.len() => 0x82,
            _ => 0x81,
        };
        all.extend(element(tag, unescape(part)?));
    }
    if all.is_empty() {
        return Err(format!("\"{name}={value}\" says nothing between its \"*\""));
    }
    Ok(element(0xa4, [element(4, name), element(0x30, all)].concat()))
}

/// `name:dn:rule:=value`, of which the `:=` is cut into the two arguments.
fn extensible(name: &str, value: &str) -> Result<Vec<u8>, String> {
    let mut parts = name.trim_end_matches(':').split(':');
    let kind = parts.next().unwrap_or_default();
    let (mut whole, mut rule) = (false, None);
    for part in parts {
        match part {
            "dn" if !whole && rule.is_none() => whole = true,
            part if rule.is_none() => rule = Some(attribute(part)?),
            _ => return Err(format!("\"{name}=\" names more than one rule")),
        }
    }
    if kind.is_empty() && rule.is_none() {
        return Err(format!("\"{name}=\" names neither attribute nor rule"));
    }
    let mut all = rule.map(|rule| element(0x81, rule)).unwrap_or_default();
    if !kind.is_empty() {
        all.extend(element(0x82, attribute(kind)?));
    }
    all.extend(element(0x83, unescape(value)?));
    if whole {
        all.extend(element(0x84, [0xff]));
    }
    Ok(element(0xa9, all))
}

/// The bytes behind a value, with `\2a` and the like undone.
fn unescape(value: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let half = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (half(rest.next()), half(rest.next())) {
            // Two digits are less than 256.
            (Some(high), Some(low)) => bytes.push((high << 4 | low) as u8),
            _ => return Err(format!("in \"{value}\" two hexadecimal digits must follow each \"\\\"")),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_bytes() {
        let text = "(&(objectClass=user)(!(cn=a\\2ab*c*))(x:1.2.803:=2)(n>=1)(mail=*))";
        let found = parse(text).unwrap();
        let parts = [
            equal("objectClass", "user"),
            element(
                0xa2,
                element(
                    0xa4,
                    [element(4, "cn"), element(0x30, [element(0x80, "a*b"), element(0x81, "c")].concat())].concat(),
                ),
            ),
            element(0xa9, [element(0x81, "1.2.803"), element(0x82, "x"), element(0x83, "2")].concat()),
            element(0xa5, [element(4, "n"), element(4, "1")].concat()),
            present("mail"),
        ];
        assert_eq!(found, element(0xa0, parts.concat()));
        assert_eq!(
            parse("(cn:dn:=x)").unwrap(),
            element(0xa9, [&element(0x82, "cn")[..], &element(0x83, "x"), &element(0x84, [0xff])].concat())
        );
    }

    #[test]
    fn what_is_no_filter_says_why() {
        for (text, why) in [
            ("cn=a", "a \"(\" is missing"),
            ("(cn=a", "a \")\" is missing"),
            ("(cn=a)x", "nothing may follow"),
            ("(cn)", "has no \"=\""),
            ("(c n=a)", "no name of an attribute"),
            ("(&)", "combines nothing"),
            ("(cn=\\2)", "two hexadecimal digits"),
            ("(cn=**)", "says nothing"),
            ("(:=a)", "neither attribute nor rule"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
        let deep = format!("{}(cn=a){}", "(!".repeat(30), ")".repeat(30));
        assert!(parse(&deep).unwrap_err().contains("nested"));
    }
}
