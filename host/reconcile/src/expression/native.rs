//! The expressions that need no CEL: a constant, a look-up, and one function of a look-up.
//!
//! They must give exactly what CEL would; a property test compares both.

use super::{EvalError, Outcome, Scope, convert, functions, library};
use cel::IdedExpr;
use cel::Value as Cel;
use cel::common::ast::{Expr, LiteralValue, operators};
use rosterd_model::Value;

#[derive(Debug)]
pub(super) enum Native {
    Constant(Value),
    Lookup(String),
    /// A library function of one attribute.
    Call(&'static library::Function, String),
}

impl Native {
    /// The native form of a checked expression, if it has one.
    pub(super) fn of(expression: &IdedExpr, root: &str) -> Option<Self> {
        if let Some(name) = lookup(expression, root) {
            return Some(Self::Lookup(name.to_owned()));
        }
        match &expression.expr {
            Expr::Literal(literal) => constant(literal).map(Self::Constant),
            // Such a function has one argument and is no method: that was checked.
            Expr::Call(call) => {
                let function = library::find(&call.func_name).filter(|function| function.native.is_some())?;
                Some(Self::Call(function, lookup(call.args.first()?, root)?.to_owned()))
            }
            _ => None,
        }
    }

    pub(super) fn eval(&self, scope: &Scope<'_>) -> Result<Outcome, EvalError> {
        let (function, name) = match self {
            Self::Constant(value) => return Ok(value.clone().into()),
            Self::Lookup(name) => return Ok(scope.get(name).map_or(Outcome::Absent, |value| value.clone().into())),
            Self::Call(function, name) => (function, name),
        };
        let Some(value) = scope.get(name) else {
            return Ok(Outcome::Absent);
        };
        let failed = |because: String| EvalError { message: format!("{} {because}", function.name) };
        if let (Some(native), Value::Text(text)) = (function.native, value) {
            return native(text).map(|text| Outcome::Value(Value::from(text))).map_err(failed);
        }
        let result = (function.call)(&[convert::to_cel(value)]).map_err(failed)?;
        Ok(convert::from_cel(&result).map_err(failed)?.map_or(Outcome::Absent, Outcome::from))
    }
}

/// The attribute that an expression looks up, if that is all it does.
fn lookup<'e>(expression: &'e IdedExpr, root: &str) -> Option<&'e str> {
    let Expr::Call(call) = &expression.expr else { return None };
    let [base, index] = call.args.as_slice() else { return None };
    match (&base.expr, &index.expr) {
        (Expr::Ident(name), Expr::Literal(LiteralValue::String(key)))
            if call.func_name == operators::INDEX && name == root =>
        {
            Some(key.inner())
        }
        _ => None,
    }
}

fn constant(literal: &LiteralValue) -> Option<Value> {
    let value = match literal {
        LiteralValue::Boolean(value) => Cel::Bool(*value.inner()),
        LiteralValue::Int(value) => Cel::Int(*value.inner()),
        LiteralValue::Double(value) => Cel::Float(*value.inner()),
        LiteralValue::String(text) => return Some(Value::from(text.inner())),
        LiteralValue::Null => Cel::Null,
        LiteralValue::Bytes(_) | LiteralValue::UInt(_) => return None,
    };
    convert::from_cel(&value).ok().flatten()
}

/// One text as the functions of this file take it.
pub(super) type TextFunction = fn(&str) -> Result<String, String>;

/// Functions that have a native form.
pub(super) const LOWER: TextFunction = functions::lower;
pub(super) const UPPER: TextFunction = functions::upper;
pub(super) const TRIM: TextFunction = functions::trim;
pub(super) const EMAIL: TextFunction = crate::normalise::value::email;
