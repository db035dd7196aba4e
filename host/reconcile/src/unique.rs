//! Names that are made for somebody: a template is filled until the result belongs to nobody.

use std::fmt;

/// So many numbers are tried before a person must look.
const MOST: u32 = 9_999;

/// A template such as `{}{n}@example.com`: `{}` is the value of the rule, `{n}` a number that is left out at first and is
/// 2, 3, ... then; `{nn}` and `{nnn}` are numbers with leading zeros, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Base,
    /// Digits at least; 0: left out for the first.
    Number(usize),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let open = rest.find('{').unwrap_or(rest.len());
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
                rest = &rest[open..];
                continue;
            }
            let close = rest.find('}').ok_or("the template has a { without its }")?;
            let inner = &rest[1..close];
            pieces.push(match inner {
                "" => Piece::Base,
                "n" => Piece::Number(0),
                _ if inner.len() <= 6 && inner.bytes().all(|byte| byte == b'n') => Piece::Number(inner.len()),
                _ => return Err(format!("the template may have {{}}, {{n}} and {{nn}}, not {{{inner}}}")),
            });
            rest = &rest[close + 1..];
        }
        let count = |wanted: fn(&Piece) -> bool| pieces.iter().filter(|piece| wanted(piece)).count();
        if count(|piece| matches!(piece, Piece::Base)) == 0 {
            return Err("the template needs {}, in whose place the value of the rule stands".to_owned());
        }
        if count(|piece| matches!(piece, Piece::Number(_))) != 1 {
            return Err("the template needs {n} once, where a number tells people of one name apart".to_owned());
        }
        Ok(Self { text: text.to_owned(), pieces })
    }

    /// The name with the number `n`, from 1.
    #[must_use]
    pub fn fill(&self, base: &str, n: u32) -> String {
        let mut name = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Base => name.push_str(base),
                Piece::Number(0) if n == 1 => {}
                Piece::Number(digits) => name.push_str(&format!("{n:0digits$}")),
            }
        }
        name
    }

    /// The first name that is not taken; none if there are too many people of this name.
    ///
    /// # Errors
    /// Those of `taken`.
    pub fn pick<E>(&self, base: &str, mut taken: impl FnMut(&str) -> Result<bool, E>) -> Result<Option<String>, E> {
        for n in 1..=MOST {
            let name = self.fill(base, n);
            if !taken(&name)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_name_is_taken() {
        let template = Template::parse("{}{n}@example.com").unwrap();
        let taken = ["li.wei@example.com", "li.wei2@example.com"];
        let pick = |base: &str| template.pick(base, |name| Ok::<_, ()>(taken.contains(&name))).unwrap();
        assert_eq!(pick("li.wei").as_deref(), Some("li.wei3@example.com"));
        assert_eq!(pick("wang").as_deref(), Some("wang@example.com"));
        let padded = Template::parse("u{nnn}-{}").unwrap();
        assert_eq!((padded.fill("x", 1), padded.fill("x", 1000)), ("u001-x".to_owned(), "u1000-x".to_owned()));
        assert_eq!(template.pick("all", |_| Ok::<_, ()>(true)).unwrap(), None);
    }

    #[test]
    fn a_template_that_can_not_tell_people_apart_is_refused() {
        for wrong in ["", "{}", "{n}", "{}{n}{n}", "{}{n", "{}{name}", "{}{nnnnnnn}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Template::parse("{}{nnnnnn}").map(|template| template.fill("u", 7)), Ok("u000007".to_owned()));
    }
}
