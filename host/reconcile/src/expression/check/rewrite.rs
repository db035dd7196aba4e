//! What an expression becomes: `Switch` and look-ups in the form that is evaluated.

use super::{Checking, Place, Walk, literal};
use crate::expression::ExpressionError;
use crate::expression::library::ORDERED;
use crate::expression::pattern::MATCHES;
use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use std::mem;

impl Walk<'_> {
    pub(super) fn switch(&self, id: u64, call: &mut CallExpr) -> Result<Expr, ExpressionError> {
        let count = call.args.len();
        if count < 4 || count % 2 == 1 || count > 66 {
            let hint = "write Switch(value, default, key, result, ...), with at most 32 pairs".to_owned();
            return Err(self.refuse(id, "Switch has a wrong number of arguments", Some(hint)));
        }
        let mut arguments = mem::take(&mut call.args).into_iter();
        let (Some(value), Some(mut rest)) = (arguments.next(), arguments.next()) else { return Ok(Expr::Unspecified) };
        let mut pairs = Vec::new();
        while let (Some(key), Some(result)) = (arguments.next(), arguments.next()) {
            pairs.push((key, result));
        }
        for (key, result) in pairs.into_iter().rev() {
            let equal = Expr::Call(CallExpr {
                func_name: operators::EQUALS.to_owned(),
                target: None,
                args: vec![value.clone(), key],
            });
            rest = IdedExpr { id, expr: conditional(IdedExpr { id, expr: equal }, result, rest) };
        }
        Ok(rest.expr)
    }

    /// `matches` of a text and a pattern becomes our own function, which keeps what it compiled.
    pub(super) fn pattern(&mut self, id: u64, call: &mut CallExpr, place: Place) -> Checking {
        let [_, pattern] = call.args.as_slice() else {
            let hint = "write text.matches(\"pattern\")".to_owned();
            return Err(self.refuse(id, "matches has a wrong number of arguments", Some(hint)));
        };
        let patterns = self.patterns.get_or_insert_default();
        if let Some(text) = literal(pattern)
            && let Err(why) = patterns.write(text)
        {
            let at = pattern.id;
            let hint = "patterns are those of RE2, without look-around and back-references".to_owned();
            return Err(self.refuse(at, &format!("the regular expression {why}"), Some(hint)));
        }
        MATCHES.clone_into(&mut call.func_name);
        call.args.iter_mut().try_for_each(|argument| self.visit(argument, place.hard()))
    }

    pub(super) fn arguments(
        &self,
        id: u64,
        call: &mut CallExpr,
        usage: &str,
    ) -> Result<[IdedExpr; 3], ExpressionError> {
        <[IdedExpr; 3]>::try_from(mem::take(&mut call.args)).map_err(|_| {
            let message = format!("{} has a wrong number of arguments", call.func_name);
            self.refuse(id, &message, Some(format!("write {usage}")))
        })
    }
}

pub(super) fn conditional(condition: IdedExpr, yes: IdedExpr, no: IdedExpr) -> Expr {
    Expr::Call(CallExpr { func_name: operators::CONDITIONAL.to_owned(), target: None, args: vec![condition, yes, no] })
}

pub(super) fn look_up(id: u64, base: &str, name: String, optional: bool) -> Expr {
    let function = if optional { operators::OPT_SELECT } else { operators::INDEX };
    let node = |expr| IdedExpr { id, expr };
    Expr::Call(CallExpr {
        func_name: function.to_owned(),
        target: None,
        args: vec![node(Expr::Ident(base.to_owned())), node(Expr::Literal(LiteralValue::String(name.into())))],
    })
}

/// The range of a loop, made sure to have an order.
pub(super) fn ordered(range: IdedExpr) -> IdedExpr {
    let call = CallExpr { func_name: ORDERED.to_owned(), target: None, args: vec![range] };
    IdedExpr { id: call.args[0].id, expr: Expr::Call(call) }
}
