//! The root variable as CEL sees it: attributes borrowed from the record, one at a time.

use super::{Scope, convert};
use cel::ExecutionError;
use cel::common::traits::{Container, Indexer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelNull, CelString, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use rosterd_model::Value;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// The variable that reads like the root, except that an absent attribute is null.
pub(super) const SOFT: &str = "@soft";
/// Marks the error of an absent attribute, to tell it from a missing key of a structured value.
pub(super) const ABSENT: &str = "\u{1}absent";
/// Marks the error of a list that is too long for a loop within a loop.
pub(super) const TOO_LONG: &str = "\u{1}too-long";

/// Marks the error of a loop over a structured value.
pub(super) const UNORDERED: &str = "\u{1}unordered";

/// Binds the root for one evaluation.
pub(super) struct Resolver<'a> {
    root: &'a str,
    hard: View<'a>,
    soft: View<'a>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(root: &'a str, scope: Scope<'a>, list_limit: usize) -> Self {
        let view = |soft| View { scope, soft, list_limit, missed: AtomicBool::new(false) };
        Self { root, hard: view(false), soft: view(true) }
    }

    /// True if null stood in for an absent attribute.
    pub(super) fn guessed(&self) -> bool {
        self.soft.missed.load(Ordering::Relaxed)
    }
}

impl VariableResolver for Resolver<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        if variable == self.root {
            Some(CowVal::Borrowed(&self.hard))
        } else if variable == SOFT {
            Some(CowVal::Borrowed(&self.soft))
        } else {
            None
        }
    }
}

/// The attributes of one object. It never leaves the evaluation: `check.rs` refuses the bare root.
struct View<'a> {
    scope: Scope<'a>,
    soft: bool,
    list_limit: usize,
    missed: AtomicBool,
}

impl fmt::Debug for View<'_> {
    /// Values are personal and stay out of every text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

impl Val for View<'_> {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(View {
            scope: self.scope,
            soft: self.soft,
            list_limit: self.list_limit,
            missed: AtomicBool::new(self.missed.load(Ordering::Relaxed)),
        })
    }
}

impl Container for View<'_> {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(value.downcast_ref::<CelString<'_>>().is_some_and(|name| self.scope.get(name.inner()).is_some()))
    }
}

impl Indexer for View<'_> {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let Some(name) = index.downcast_ref::<CelString<'_>>() else {
            return Err(ExecutionError::UnexpectedType {
                got: index.get_type().name().to_owned(),
                want: "text".into(),
            });
        };
        match self.scope.get(name.inner()) {
            Some(Value::Text(text)) => Ok(CowVal::owned(CelString::from(text.as_str()))),
            Some(Value::Null) => Ok(CowVal::owned(CelNull)),
            Some(Value::Bool(value)) => Ok(CowVal::owned(CelBool::from(*value))),
            Some(Value::Integer(value)) => Ok(CowVal::owned(CelInt::from(*value))),
            Some(Value::Decimal(value)) => Ok(CowVal::owned(CelDouble::from(*value))),
            Some(Value::List(values)) if values.len() > self.list_limit => Err(ExecutionError::no_such_key(TOO_LONG)),
            Some(other) => Ok(CowVal::Owned(convert::to_cel(other).try_into()?)),
            None if self.soft => {
                self.missed.store(true, Ordering::Relaxed);
                Ok(CowVal::owned(CelNull))
            }
            None => Err(ExecutionError::no_such_key(ABSENT)),
        }
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}
