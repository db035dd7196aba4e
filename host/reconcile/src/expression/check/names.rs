//! Names: attributes, variables, functions and methods, and what was probably meant.

use super::{Checking, Walk};
use crate::expression::{ExpressionError, library};
use crate::schema::suggest;
use cel::IdedExpr;
use cel::common::ast::Expr;

/// Methods of texts, lists and optionals that may be called. Those that can make large texts are left to our functions.
const METHODS: &[&str] = &[
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "size",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "lowerAscii",
    "upperAscii",
    "trim",
    "split",
    "substring",
    "reverse",
    "or",
    "orValue",
    "hasValue",
    "value",
];
const GLOBALS: &[&str] = &["size", "type", "int", "uint", "double", "string", "bool", "matches"];
const TYPES: &[&str] = &["int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type"];

impl Walk<'_> {
    pub(super) fn declared(&self, id: u64, name: &str) -> Checking {
        let Some(declared) = self.declared else { return Ok(()) };
        let known = |candidate: &String| {
            name == candidate || name.strip_prefix(candidate.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        if declared.iter().any(known) {
            return Ok(());
        }
        let hint = suggest(name, declared.iter().map(String::as_str)).map(|other| self.did_you_mean(&other));
        Err(self.refuse(id, &format!("{} has no attribute \"{name}\"", self.root), hint))
    }

    pub(super) fn did_you_mean(&self, name: &str) -> String {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if plain {
            format!("did you mean {}.{name}?", self.root)
        } else {
            format!("did you mean {}[\"{name}\"]?", self.root)
        }
    }

    pub(super) fn identifier(&self, node: &IdedExpr) -> Checking {
        let Expr::Ident(name) = &node.expr else { return Ok(()) };
        if name == self.root {
            let hint = format!("write {}.NAME for one of its attributes", self.root);
            return Err(self.refuse(node.id, &format!("{name} alone is no value"), Some(hint)));
        }
        if name.starts_with('@') || self.variables.contains(name) || TYPES.contains(&name.as_str()) {
            return Ok(());
        }
        let hint = if suggest(name, [self.root]).is_some() || self.other_root(name) {
            format!("did you mean {}?", self.root)
        } else {
            format!("an attribute is {}.{name}, a text is \"{name}\"", self.root)
        };
        Err(self.refuse(node.id, &format!("\"{name}\" is not known"), Some(hint)))
    }

    /// The roots of other places and other products.
    pub(super) fn other_root(&self, name: &str) -> bool {
        ["source", "account", "orgUnit", "group", "user", "idpUser", "idpuser", "appUser"].contains(&name)
    }

    pub(super) fn method(&self, id: u64, name: &str) -> Checking {
        if METHODS.contains(&name) {
            return Ok(());
        }
        let capital: String = name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect();
        let hint = library::find(&capital)
            .map(|function| format!("write {}", function.usage))
            .or_else(|| suggest(name, METHODS.iter().copied()).map(|other| format!("did you mean {other}?")));
        Err(self.refuse(id, &format!("there is no method \"{name}\""), hint))
    }

    /// Checks a call of a function; true if it can handle absent attributes.
    pub(super) fn function(&self, id: u64, name: &str, count: usize) -> Result<bool, ExpressionError> {
        let Some(function) = library::find(name) else {
            if GLOBALS.contains(&name) {
                return Ok(false);
            }
            let hint = suggest(name, library::names()).map(|other| {
                library::find(&other).map_or(format!("did you mean {other}?"), |f| format!("did you mean {}?", f.usage))
            });
            return Err(self.refuse(id, &format!("there is no function \"{name}\""), hint));
        };
        if !(function.arity.0..=function.arity.1).contains(&count) {
            let message = format!("{name} has a wrong number of arguments");
            return Err(self.refuse(id, &message, Some(format!("write {}", function.usage))));
        }
        Ok(function.tolerant)
    }
}
