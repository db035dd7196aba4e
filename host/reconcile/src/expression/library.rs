//! The function library: names that administrators of IDaaS and Entra know, as global functions.
//!
//! Arguments are values, not code: what must be lazy (`IIF`, `Switch`) is rewritten when it is compiled, and an absent
//! attribute is null inside of the functions marked `tolerant`. A text function of null is null.

use super::native::{EMAIL, LOWER, TRIM, TextFunction, UPPER};
use super::pattern::{MATCHES, Patterns};
use super::view::UNORDERED;
use super::{date, functions as f};
use cel::common::types::Kind;
use cel::common::value::CowVal;
use cel::extractors::Arguments;
use cel::{Context, Env, ExecutionError, FunctionContext, Value as Cel};
use std::sync::{Arc, LazyLock};

/// A function of the library.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Fewest and most arguments.
    pub(super) arity: (usize, usize),
    /// How it is written, for hints.
    pub(super) usage: &'static str,
    /// An absent attribute counts as null among its arguments.
    pub(super) tolerant: bool,
    /// Its short form for one text.
    pub(super) native: Option<TextFunction>,
    /// What it does. The error is the end of a sentence and shows no value.
    pub(super) call: fn(&[Cel]) -> Result<Cel, String>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const MANY: usize = 64;

type Body = fn(&[Cel]) -> Result<Cel, String>;

const fn function(name: &'static str, arity: (usize, usize), usage: &'static str, call: Body) -> Function {
    Function { name, arity, usage, tolerant: false, native: None, call }
}

const fn tolerant(name: &'static str, arity: (usize, usize), usage: &'static str, call: Body) -> Function {
    Function { name, arity, usage, tolerant: true, native: None, call }
}

const fn text(name: &'static str, usage: &'static str, native: TextFunction, call: Body) -> Function {
    Function { name, arity: (1, 1), usage, tolerant: false, native: Some(native), call }
}

/// `IIF` and `Switch` are not here: they are rewritten.
pub(super) const FUNCTIONS: &[Function] = &[
    tolerant("Append", (1, MANY), "Append(text, ...): the texts one after the other, empty ones left out", f::append),
    tolerant("Join", (2, MANY), "Join(text, ..., separator) or Join(list, separator), empty texts left out", f::join),
    tolerant("Coalesce", (1, MANY), "Coalesce(value, ...): the first that is not empty", f::coalesce),
    tolerant("IsNull", (1, 1), "IsNull(value)", f::is_null),
    tolerant("IsNullOrEmpty", (1, 1), "IsNullOrEmpty(value)", f::is_empty),
    tolerant("IsPresent", (1, 1), "IsPresent(value)", f::is_present),
    text("ToLower", "ToLower(text)", LOWER, |args| f::text_function(args, LOWER)),
    text("ToUpper", "ToUpper(text)", UPPER, |args| f::text_function(args, UPPER)),
    text("Trim", "Trim(text)", TRIM, |args| f::text_function(args, TRIM)),
    text("NormalizeEmail", "NormalizeEmail(text)", EMAIL, |args| f::text_function(args, EMAIL)),
    text("Digits", "Digits(text): only its digits", f::digits, |args| f::text_function(args, f::digits)),
    text("RemoveDiacritics", "RemoveDiacritics(text)", f::plain, |args| f::text_function(args, f::plain)),
    text("Pinyin", "Pinyin(text): 李伟 is liwei", f::pinyin, |args| f::text_function(args, f::pinyin)),
    function("NormalizePhone", (1, 2), "NormalizePhone(text, \"86\"): the second is the calling code", f::phone),
    function("Replace", (3, 3), "Replace(text, from, to)", f::replace),
    function("Split", (2, 2), "Split(text, separator)", f::split),
    function("Item", (2, 2), "Item(list, number), counted from 1", f::item),
    function("Left", (2, 2), "Left(text, length)", f::left),
    function("Right", (2, 2), "Right(text, length)", f::right),
    function("Mid", (3, 3), "Mid(text, start, length), counted from 1", f::mid),
    function("Len", (1, 1), "Len(text or list)", f::length),
    function("Contains", (2, 2), "Contains(text or list, part)", f::contains),
    function("StartsWith", (2, 2), "StartsWith(text, start)", f::starts_with),
    function("EndsWith", (2, 2), "EndsWith(text, end)", f::ends_with),
    function("FormatDate", (3, 3), "FormatDate(value, \"yyyyMMdd\", \"yyyy-MM-dd\")", date::format_date),
    function("Reference", (2, 2), "Reference(\"org-unit\", id)", f::reference),
];

/// Gives a list back, and refuses a structured value. Not for people: the compiler puts it around the range of a loop.
pub(super) const ORDERED: &str = "@ordered";

type Passing = dyn for<'c, 'v> Fn(&mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> + Send + Sync;

fn ordered<'c, 'v>(context: &mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> {
    match context.args.pop() {
        Some(value) if value.get_type().kind() != Kind::Map => Ok(value),
        _ => Err(ExecutionError::no_such_key(UNORDERED)),
    }
}

/// The function of a name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Names for "did you mean".
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name).chain(["IIF", "Switch", "size", "has"])
}

/// The standard environment with the string functions of CEL's extension.
pub(super) fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut environment = Env::stdlib();
        // A clash of names would leave the extension out; the test of this file calls its functions.
        let _ = environment.add_extension(cel::extensions::strings);
        Arc::new(environment)
    });
    &ENVIRONMENT
}

/// The one root context: making one costs more than evaluating a whole mapping.
pub(super) fn root() -> &'static Context<'static, 'static> {
    static ROOT: LazyLock<Context<'static, 'static>> = LazyLock::new(context);
    &ROOT
}

/// A root context for an expression that calls `matches`; made once, when it is compiled.
pub(super) fn with(patterns: Patterns) -> Box<Context<'static, 'static>> {
    let mut context = context();
    let body = move |Arguments(arguments): Arguments| -> Result<Cel, ExecutionError> {
        patterns.matches(&arguments).map_err(|because| ExecutionError::function_error("matches", because))
    };
    let _ = context.add_function(MATCHES, body);
    Box::new(context)
}

fn context() -> Context<'static, 'static> {
    let mut context = Context::with_env(Arc::clone(environment()));
    for function in FUNCTIONS {
        let body = move |Arguments(arguments): Arguments| -> Result<Cel, ExecutionError> {
            (function.call)(&arguments).map_err(|because| ExecutionError::function_error(function.name, because))
        };
        // A clash of names would leave the function out; the test of this file calls every one.
        let _ = context.add_function(function.name, body);
    }
    let passing: Box<Passing> = Box::new(ordered);
    let _ = context.add_function(ORDERED, passing);
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_registered_and_survives_any_types() {
        let mut samples = vec![Cel::Null, Cel::Int(-1), Cel::Int(i64::MIN), Cel::Int(i64::MAX), Cel::Float(f64::NAN)];
        samples.extend([
            Cel::from("é中\u{301}x"),
            Cel::from(""),
            Cel::Bool(true),
            Cel::List(Arc::new(vec![Cel::Null])),
        ]);
        for function in FUNCTIONS {
            for count in function.arity.0..=function.arity.1.min(3) {
                for a in &samples {
                    for b in &samples {
                        let arguments: Vec<Cel> = [a, b, a].into_iter().take(count).cloned().collect();
                        let _ = (function.call)(&arguments);
                    }
                }
            }
            let text = format!("{}({})", function.name, vec!["null"; function.arity.0].join(", "));
            let expression = environment().parser().parse(&text).expect("parses");
            let missing = ExecutionError::undeclared_reference(function.name);
            assert_ne!(Cel::resolve(&expression, root()), Err(missing), "{text}");
        }
        let expression = environment().parser().parse("'ABC'.lowerAscii()").expect("parses");
        assert_eq!(Cel::resolve(&expression, root()), Ok(Cel::from("abc")));
    }
}
