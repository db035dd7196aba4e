//! From text to tree. Bounded in length, depth and parts, since anybody with a token may send one.

use super::token::{Token, literal, tokens};
use super::{Filter, Is, Name, Path};
use serde_json::Value;

/// Longest filter or path, in bytes.
const LONGEST: usize = 16 << 10;
/// Brackets inside of brackets; the directory takes 16 levels.
const DEEPEST: usize = 5;
/// Comparisons; the directory takes 256 parts.
const MOST: usize = 120;

/// Reads a filter.
///
/// # Errors
/// A sentence.
pub fn filter(text: &str) -> Result<Filter, String> {
    let mut parser = Parser::new(text)?;
    let filter = parser.either(false)?;
    match parser.next() {
        None => Ok(filter),
        Some((at, _)) => Err(format!("the filter goes on at {} where it is to end", at + 1)),
    }
}

/// Reads a path of PATCH.
///
/// # Errors
/// A sentence.
pub fn path(text: &str) -> Result<Path, String> {
    let mut parser = Parser::new(text)?;
    let mut name = parser.name()?;
    let mut inner = None;
    if parser.takes(&Token::OpenBracket) {
        if name.member.is_some() {
            return Err("a filter follows the attribute, and not a member of it".to_owned());
        }
        parser.deeper()?;
        inner = Some(parser.either(true)?);
        parser.closes(&Token::CloseBracket)?;
        name.member = parser.member()?;
    }
    match parser.next() {
        None => Ok(Path { name, filter: inner }),
        Some((at, _)) => Err(format!("the path goes on at {} where it is to end", at + 1)),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<(usize, Token)>>,
    depth: usize,
    parts: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it has {} bytes; at most {LONGEST} are read", text.len()));
        }
        Ok(Self { tokens: tokens(text)?.into_iter().peekable(), depth: 0, parts: 0 })
    }

    fn next(&mut self) -> Option<(usize, Token)> {
        self.tokens.next()
    }

    fn takes(&mut self, token: &Token) -> bool {
        self.tokens.next_if(|(_, next)| next == token).is_some()
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = |token: &Token| matches!(token, Token::Word(own) if own.eq_ignore_ascii_case(word));
        self.tokens.next_if(|(_, next)| is(next)).is_some()
    }

    fn closes(&mut self, token: &Token) -> Result<(), String> {
        self.depth -= 1;
        if self.takes(token) { Ok(()) } else { Err("a bracket is not closed".to_owned()) }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(format!("it has more than {DEEPEST} levels")) } else { Ok(()) }
    }

    fn either(&mut self, inside: bool) -> Result<Filter, String> {
        let mut list = vec![self.all(inside)?];
        while self.takes_word("or") {
            list.push(self.all(inside)?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Filter::Or(list) })
    }

    fn all(&mut self, inside: bool) -> Result<Filter, String> {
        let mut list = vec![self.one(inside)?];
        while self.takes_word("and") {
            list.push(self.one(inside)?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Filter::And(list) })
    }

    fn one(&mut self, inside: bool) -> Result<Filter, String> {
        let negated = self.takes_word("not");
        if self.takes(&Token::Open) {
            self.deeper()?;
            let inner = self.either(inside)?;
            self.closes(&Token::Close)?;
            return Ok(if negated { Filter::Not(Box::new(inner)) } else { inner });
        }
        if negated {
            return Err("what is after not stands in parentheses".to_owned());
        }
        let name = self.name()?;
        if inside && name.schema.is_some() {
            return Err("in brackets stand members of the attribute before them".to_owned());
        }
        if !inside && name.member.is_none() && self.takes(&Token::OpenBracket) {
            self.deeper()?;
            let mut inner = self.either(true)?;
            self.closes(&Token::CloseBracket)?;
            // Entra asks for `emails[type eq "work"].value eq "x"`, which the grammar of the RFC does not have.
            if let Some(member) = self.member()? {
                let compared = self.compared(Name { schema: None, attribute: member, member: None })?;
                inner = Filter::And(vec![inner, compared]);
            }
            return Ok(Filter::Within(name, Box::new(inner)));
        }
        self.compared(name)
    }

    fn compared(&mut self, name: Name) -> Result<Filter, String> {
        self.parts += 1;
        if self.parts > MOST {
            return Err(format!("it has more than {MOST} comparisons"));
        }
        let is = match self.next() {
            Some((at, Token::Word(word))) => {
                Is::of(&word).ok_or_else(|| format!("\"{word}\" at {} is no comparison", at + 1))?
            }
            _ => return Err(format!("a comparison is missing after {}", name.text())),
        };
        if is == Is::Pr {
            return Ok(Filter::Compare(name, is, Value::Null));
        }
        let value = match self.next() {
            Some((_, Token::Text(text))) => Value::String(text),
            Some((at, Token::Word(word))) => {
                literal(&word).ok_or_else(|| format!("the value at {} is a text without quotes", at + 1))?
            }
            _ => return Err(format!("a value is missing after {} {}", name.text(), is.word())),
        };
        let fits = match is {
            Is::Co | Is::Sw | Is::Ew => value.is_string(),
            is if is.orders() => value.is_string() || value.is_number(),
            _ => true,
        };
        if fits {
            Ok(Filter::Compare(name, is, value))
        } else {
            Err(format!("{} does not compare such a value", is.word()))
        }
    }

    fn name(&mut self) -> Result<Name, String> {
        match self.next() {
            Some((at, Token::Word(word))) => {
                Name::of(&word).ok_or_else(|| format!("\"{word}\" at {} is no attribute", at + 1))
            }
            Some((at, _)) => Err(format!("an attribute is missing at {}", at + 1)),
            None => Err("it ends where an attribute is to stand".to_owned()),
        }
    }

    /// `.member` after a bracket.
    fn member(&mut self) -> Result<Option<String>, String> {
        let dotted = |token: &Token| matches!(token, Token::Word(word) if word.starts_with('.'));
        match self.tokens.next_if(|(_, next)| dotted(next)) {
            Some((_, Token::Word(word))) if super::is_name(&word[1..]) => Ok(Some(word[1..].to_owned())),
            Some((at, _)) => Err(format!("what stands at {} is no member", at + 1)),
            None => Ok(None),
        }
    }
}
