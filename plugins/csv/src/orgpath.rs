//! Paths of org units: `Acme/Research/Vision`, with `\` in front of a separator that belongs to a name.
//!
//! The canonical path is the id of an org unit, so two ways of writing the same path must give the same text: names
//! are trimmed, separators at both ends are dropped, only separator and backslash are escaped.

use rustc_hash::FxBuildHasher;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Paths deeper than this are taken for a mistake.
const MAXIMUM_DEPTH: usize = 32;

/// An org unit on the way to the one that a row names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its canonical path.
    pub id: String,
    /// Its own name.
    pub name: String,
}

/// So many paths are remembered as they were read; then all are forgotten, which bounds the memory.
const REMEMBERED: usize = 20_000;

/// One way of writing a path, read.
#[derive(Debug, Default)]
pub struct Way {
    /// The org units, the topmost first.
    pub units: Vec<Unit>,
    /// True: all of them were told.
    pub told: AtomicBool,
}

/// Reads paths, each way of writing one once: a thousand rows name the same org unit.
#[derive(Debug, Default)]
pub struct Paths {
    separator: char,
    read: HashMap<String, Arc<Way>, FxBuildHasher>,
}

impl Paths {
    /// Of paths whose names are separated so.
    #[must_use]
    pub fn new(separator: char) -> Self {
        Self { separator, read: HashMap::default() }
    }

    /// As [`parse`].
    ///
    /// # Errors
    /// As [`parse`].
    pub fn read(&mut self, path: &str) -> Result<Arc<Way>, String> {
        if let Some(way) = self.read.get(path) {
            return Ok(Arc::clone(way));
        }
        if self.read.len() >= REMEMBERED {
            self.read.clear();
        }
        let way = Arc::new(Way { units: parse(path, self.separator)?, told: AtomicBool::new(false) });
        self.read.insert(path.to_owned(), Arc::clone(&way));
        Ok(way)
    }
}

/// The org units of a path, the topmost first; none at all for a path without names.
///
/// # Errors
/// A sentence that says what is wrong with the path.
pub fn parse(path: &str, separator: char) -> Result<Vec<Unit>, String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some(escaped) if escaped == separator || escaped == '\\' => name.push(escaped),
                Some(other) => name.extend(['\\', other]),
                None => name.push('\\'),
            }
        } else if character == separator {
            names.push(std::mem::take(&mut name));
        } else {
            name.push(character);
        }
    }
    names.push(name);
    let mut names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    if names.first().is_some_and(|name| name.is_empty()) {
        names.remove(0);
    }
    if names.last().is_some_and(|name| name.is_empty()) {
        names.pop();
    }
    if names.iter().any(|name| name.is_empty()) {
        return Err(format!("the org unit path {path:?} has an empty name between two separators"));
    }
    if names.len() > MAXIMUM_DEPTH {
        return Err(format!("the org unit path is {} levels deep; at most {MAXIMUM_DEPTH} are read", names.len()));
    }
    let mut units: Vec<Unit> = Vec::with_capacity(names.len());
    for name in names {
        let mut id = units.last().map_or_else(String::new, |parent| format!("{}{separator}", parent.id));
        push_escaped(&mut id, name, separator);
        units.push(Unit { id, name: name.to_owned() });
    }
    Ok(units)
}

fn push_escaped(path: &mut String, name: &str, separator: char) {
    for character in name.chars() {
        if character == separator || character == '\\' {
            path.push('\\');
        }
        path.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(path: &str) -> Vec<String> {
        parse(path, '/').unwrap().into_iter().map(|unit| unit.id).collect()
    }

    #[test]
    fn a_path_names_its_ancestors_first() {
        assert_eq!(ids("Acme/研发/Vision"), ["Acme", "Acme/研发", "Acme/研发/Vision"]);
        assert_eq!(ids(" /Acme/ 研发 /"), ["Acme", "Acme/研发"]);
        assert_eq!(ids("/"), Vec::<String>::new());
        assert_eq!(ids(""), Vec::<String>::new());
    }

    #[test]
    fn an_escaped_separator_belongs_to_the_name() {
        let units = parse(r"Acme/R\/D\\X/C:\y", '/').unwrap();
        assert_eq!(units[1], Unit { id: r"Acme/R\/D\\X".to_owned(), name: r"R/D\X".to_owned() });
        assert_eq!(units[2].name, r"C:\y");
    }

    #[test]
    fn an_empty_name_is_refused() {
        assert!(parse("A//B", '/').is_err());
        assert!(parse(&"x/".repeat(33), '/').is_err());
    }

    proptest! {
        #[test]
        fn canonical_paths_stay_as_they_are(path in "[a/\\\\ é]{0,12}") {
            if let Ok(units) = parse(&path, '/') && let Some(last) = units.last() {
                prop_assert_eq!(parse(&last.id, '/').unwrap(), units);
            }
        }
    }
}
