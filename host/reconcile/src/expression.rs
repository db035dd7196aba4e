//! Expressions of mappings, scopes and conditions: CEL with a fixed library, checked when the configuration is loaded.
//!
//! An expression reads attributes of one root (`source`, `account`, `orgUnit`, `group`) and has three outcomes: a value,
//! null ("empty"), and absent ("says nothing"). An attribute that is absent makes the whole expression absent, except
//! where the expression asks for that: `has(source.x)`, `source.?x.orValue(..)`, `Coalesce(..)`, `IsNull(..)`.
//!
//! Most expressions are a look-up or one function of a look-up; those never reach CEL. The rest shares one root context
//! for the life of the process, and a record costs a cheap inner scope in which attributes are borrowed, not copied.
//! CEL has no step limit, so the shape of an expression is limited instead (`check.rs`), and so are the lists that a
//! loop within a loop may walk (`view.rs`).

mod check;
mod convert;
mod date;
mod functions;
mod library;
mod native;
mod pattern;
mod view;

use native::Native;
use rosterd_model::{Attributes, Class, Value};
use std::fmt;
use view::Resolver;

/// What an expression may read: the attributes of one object.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The object's attributes.
    pub attributes: &'a Attributes,
    /// Computed attributes, such as `active` and `orgPath`; they win over the object's own.
    pub extra: Option<&'a Attributes>,
    /// What the target holds now, for rules of strength `weak`.
    pub known: Option<&'a Attributes>,
}

impl<'a> Scope<'a> {
    /// Only the object's attributes.
    #[must_use]
    pub const fn new(attributes: &'a Attributes) -> Self {
        Self { attributes, extra: None, known: None }
    }

    /// With computed attributes.
    #[must_use]
    pub const fn with_extra(self, extra: &'a Attributes) -> Self {
        Self { extra: Some(extra), ..self }
    }

    /// With what the target holds now.
    #[must_use]
    pub const fn with_known(self, known: &'a Attributes) -> Self {
        Self { known: Some(known), ..self }
    }

    /// The value of a name; a dot may lead into a structured value.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        [self.extra, Some(self.attributes)].into_iter().flatten().find_map(|attributes| find(attributes, name))
    }
}

fn find<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Value> {
    if let Some(value) = attributes.get(name) {
        return Some(value);
    }
    name.rmatch_indices('.').find_map(|(dot, _)| {
        let mut value = attributes.get(&name[..dot])?;
        for key in name[dot + 1..].split('.') {
            value = match value {
                Value::Map(map) => map.get(key)?,
                Value::Null => return Some(value),
                _ => return None,
            };
        }
        Some(value)
    })
}

/// What an expression says about one object.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// This value; never [`Value::Null`].
    Value(Value),
    /// Empty.
    Null,
    /// Nothing: an attribute that it needs is absent.
    Absent,
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            value => Self::Value(value),
        }
    }
}

/// An expression that can not be used, found when the configuration is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// What is wrong, as a sentence without full stop.
    pub message: String,
    /// Where, in characters from 1, if it can be told.
    pub column: Option<usize>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(column) = self.column {
            write!(f, " (column {column})")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}
impl std::error::Error for ExpressionError {}

/// An expression that failed on one object. The text shows types, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// What failed, as a sentence without full stop.
    pub message: String,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for EvalError {}

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    text: String,
    root: String,
    reads: Vec<String>,
    reads_any: bool,
    code: Code,
}

#[derive(Debug)]
enum Code {
    /// Evaluated here.
    Native(Native),
    /// Evaluated by CEL.
    Cel { expression: cel::IdedExpr, list_limit: usize, context: Functions },
}

/// The functions that an expression may call.
enum Functions {
    /// Those that all have.
    Shared,
    /// And `matches`, with its own compiled patterns.
    Own(Box<cel::Context<'static, 'static>>),
}

impl Functions {
    fn get(&self) -> &cel::Context<'static, 'static> {
        match self {
            Self::Shared => library::root(),
            Self::Own(context) => context,
        }
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Shared) { "Shared" } else { "Own" })
    }
}

impl check::Checked {
    fn cel(self) -> Code {
        let context = self.patterns.map_or(Functions::Shared, |patterns| Functions::Own(library::with(patterns)));
        Code::Cel { expression: self.expression, list_limit: self.list_limit, context }
    }
}

/// The name by which expressions over the hub's objects of a class call them.
#[must_use]
pub const fn root_of(class: Class) -> &'static str {
    match class {
        Class::Account => "account",
        Class::OrgUnit => "orgUnit",
        Class::Group => "group",
    }
}

/// Compiles an expression over `root`. Where `declared` is given, it lists all attributes that the root can have.
///
/// # Errors
/// The expression is not valid, too large, or names something that does not exist.
pub fn compile(text: &str, root: &str, declared: Option<&[String]>) -> Result<Expression, ExpressionError> {
    let mut checked = check::check(text, root, declared)?;
    let (reads, reads_any) = (std::mem::take(&mut checked.reads), checked.reads_any);
    let code = match Native::of(&checked.expression, root) {
        Some(native) => Code::Native(native),
        None => checked.cel(),
    };
    Ok(Expression { text: text.to_owned(), root: root.to_owned(), reads, reads_any, code })
}

impl Expression {
    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The attributes that it reads, sorted.
    #[must_use]
    pub fn reads(&self) -> &[String] {
        &self.reads
    }

    /// True if it asks, too, whether there is an attribute whose name is known only when it is evaluated.
    #[must_use]
    pub const fn reads_any(&self) -> bool {
        self.reads_any
    }

    /// Evaluates it for one object.
    ///
    /// # Errors
    /// It can not be applied to the types that it found.
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Outcome, EvalError> {
        match &self.code {
            Code::Native(native) => native.eval(scope),
            Code::Cel { expression, list_limit, context } => {
                let resolver = Resolver::new(&self.root, *scope, *list_limit);
                let mut context = context.get().new_inner_scope();
                context.set_variable_resolver(&resolver);
                convert::outcome(cel::Value::resolve(expression, &context), &resolver)
            }
        }
    }

    /// Evaluates a condition: null and absent count as false.
    ///
    /// # Errors
    /// It can not be applied to the types that it found, or gives something other than true or false.
    pub fn test(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        Ok(self.decide(scope)?.unwrap_or(false))
    }

    /// As [`Expression::test`], with "nothing can be said" apart.
    pub(crate) fn decide(&self, scope: &Scope<'_>) -> Result<Option<bool>, EvalError> {
        match self.eval(scope)? {
            Outcome::Value(Value::Bool(answer)) => Ok(Some(answer)),
            Outcome::Null | Outcome::Absent => Ok(None),
            Outcome::Value(other) => Err(EvalError {
                message: format!(
                    "the condition gives a {}, not true or false",
                    crate::normalise::value::type_name(&other)
                ),
            }),
        }
    }

    /// The same expression, always evaluated by CEL; tests compare both ways.
    #[cfg(test)]
    fn compile_slow(text: &str, root: &str) -> Result<Self, ExpressionError> {
        let checked = check::check(text, root, None)?;
        let (text, root) = (text.to_owned(), root.to_owned());
        Ok(Self { text, root, reads: Vec::new(), reads_any: false, code: checked.cel() })
    }

    #[cfg(test)]
    fn is_native(&self) -> bool {
        matches!(self.code, Code::Native(_))
    }
}

#[cfg(test)]
mod tests;
