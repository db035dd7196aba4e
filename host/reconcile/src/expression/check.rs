//! What is checked and rewritten before an expression is ever evaluated.
//!
//! Refused: unknown names, functions that do not exist or whose cost grows with the data (`replace` and `join` as
//! methods, `format`), and shapes that could run away: CEL always ends, but has no step limit.
//!
//! Rewritten: `root.a.b` to one look-up of "a.b"; `IIF` and `Switch` to conditions, so that they stay lazy; look-ups
//! whose absence the expression can handle to the variable that reads absent as null; the range of a loop to one that
//! refuses structured values, whose order would differ from run to run.

mod names;
mod rewrite;

use super::pattern::Patterns;
use super::view::SOFT;
use super::{ExpressionError, library};
use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, SelectExpr, SourceInfo, operators};
use rewrite::{conditional, look_up, ordered};
use std::collections::BTreeSet;
use std::mem;

/// The longest expression, in characters.
const LONGEST: usize = 4096;
/// Loops within loops.
const LOOPS: usize = 2;
/// The longest list or map that is written out.
const LITERALS: usize = 256;
/// Calls within calls.
const CALLS: usize = 32;
/// The longest list that a loop within a loop may walk.
const NESTED_LIST: usize = 500;

/// A checked expression.
pub(super) struct Checked {
    pub(super) expression: IdedExpr,
    /// The longest list of the record that it may read.
    pub(super) list_limit: usize,
    /// The patterns of its `matches`, if it calls that.
    pub(super) patterns: Option<Patterns>,
    /// The attributes that it reads, sorted.
    pub(super) reads: Vec<String>,
    /// True: it asks whether there is an attribute that it names only when it is evaluated.
    pub(super) reads_any: bool,
}

pub(super) fn check(text: &str, root: &str, declared: Option<&[String]>) -> Result<Checked, ExpressionError> {
    let length = text.chars().count();
    if length > LONGEST {
        return Err(error(format!("the expression has {length} characters, more than {LONGEST}"), None, None));
    }
    if text.trim().is_empty() {
        return Err(error("the expression is empty".into(), None, Some(format!("write {root}.NAME, or remove it"))));
    }
    let parser = library::environment().parser().enable_ident_escape_syntax(true);
    let (mut expression, info) =
        parser.parse_with_source_info(text).map_err(|errors| parse_error(text, root, &errors))?;
    let mut walk = Walk {
        root,
        declared,
        info: &info,
        text,
        variables: Vec::new(),
        deepest_loop: 0,
        patterns: None,
        reads: BTreeSet::new(),
        reads_any: false,
    };
    walk.visit(&mut expression, Place { soft: false, loops: 0, calls: 0 })?;
    let list_limit = if walk.deepest_loop > 1 { NESTED_LIST } else { usize::MAX };
    let (patterns, reads, reads_any) = (walk.patterns, walk.reads.into_iter().collect(), walk.reads_any);
    Ok(Checked { expression, list_limit, patterns, reads, reads_any })
}

fn error(message: String, column: Option<usize>, hint: Option<String>) -> ExpressionError {
    ExpressionError { message, column, hint }
}

fn parse_error(text: &str, root: &str, errors: &cel::ParseErrors) -> ExpressionError {
    let first = errors.errors.first();
    let column = first.and_then(|error| {
        let (line, column) = (usize::try_from(error.pos.0).ok()?, usize::try_from(error.pos.1).ok()?);
        let before: usize = text.split('\n').take(line.saturating_sub(1)).map(|line| line.chars().count() + 1).sum();
        Some(before + column)
    });
    let outside = text.split(['"', '\'']).step_by(2);
    let hint = if outside.into_iter().any(|part| !part.is_ascii()) {
        format!("names that are not plain letters are written {root}[\"姓名\"]")
    } else if text.contains(" and ") || text.contains(" or ") {
        "write && for and, || for or".to_owned()
    } else if text.contains(" = ") {
        "write == to compare".to_owned()
    } else {
        format!("an expression looks like ToLower({root}.name) or {root}.a == \"x\" ? {root}.b : {root}.c")
    };
    let message =
        first.map_or("is not valid".to_owned(), |error| error.msg.lines().next().unwrap_or_default().to_owned());
    let message: String = message.chars().take(200).collect();
    error(format!("the expression can not be read: {message}"), column, Some(hint))
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct Place {
    /// An absent attribute may be read as null here.
    soft: bool,
    loops: usize,
    calls: usize,
}

impl Place {
    const fn hard(self) -> Self {
        Self { soft: false, ..self }
    }
}

struct Walk<'a> {
    root: &'a str,
    declared: Option<&'a [String]>,
    info: &'a SourceInfo,
    text: &'a str,
    variables: Vec<String>,
    deepest_loop: usize,
    patterns: Option<Patterns>,
    reads: BTreeSet<String>,
    reads_any: bool,
}

type Checking = Result<(), ExpressionError>;

impl Walk<'_> {
    fn visit(&mut self, node: &mut IdedExpr, place: Place) -> Checking {
        if let Some((name, optional)) = self.path(node) {
            self.declared(node.id, &name)?;
            self.reads.insert(name.clone());
            let base = if place.soft && !optional { SOFT } else { self.root };
            node.expr = look_up(node.id, base, name, optional);
            return Ok(());
        }
        match &mut node.expr {
            Expr::Ident(_) => self.identifier(node),
            Expr::Call(_) => self.call(node, place),
            Expr::Select(select) => self.select(select, place),
            Expr::List(list) => {
                self.count(node.id, list.elements.len())?;
                list.elements.iter_mut().try_for_each(|element| self.visit(element, place))
            }
            Expr::Map(map) => {
                self.count(node.id, map.entries.len())?;
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        self.visit(&mut entry.key, place.hard())?;
                        self.visit(&mut entry.value, place)?;
                    }
                }
                Ok(())
            }
            Expr::Comprehension(_) => self.comprehension(node, place),
            Expr::Struct(_) => Err(self.refuse(node.id, "messages are not known here", None)),
            Expr::Literal(LiteralValue::Bytes(_)) => Err(self.refuse(node.id, "bytes are not known here", None)),
            Expr::Literal(_) | Expr::Unspecified => Ok(()),
        }
    }

    /// The attribute that a chain of selections from the root names, and whether it is asked for with `?`.
    fn path(&self, node: &IdedExpr) -> Option<(String, bool)> {
        let step = |base: &IdedExpr, key: &str, asked: bool| match self.path(base) {
            Some((name, optional)) => Some((format!("{name}.{key}"), optional || asked)),
            None => self.is_root(base).then(|| (key.to_owned(), asked)),
        };
        match &node.expr {
            Expr::Select(select) if !select.test => step(&select.operand, &select.field, false),
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::INDEX, [base, key]) => step(base, literal(key)?, false),
                (operators::OPT_INDEX | operators::OPT_SELECT, [base, key]) => step(base, literal(key)?, true),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_root(&self, node: &IdedExpr) -> bool {
        matches!(&node.expr, Expr::Ident(name) if name == self.root)
    }

    fn select(&mut self, select: &mut SelectExpr, place: Place) -> Checking {
        if select.test {
            // `has(root.a.b)`: one look-up that may fail.
            if let Some((name, _)) = self.path(&select.operand) {
                select.field = format!("{name}.{}", select.field);
                select.operand.expr = Expr::Ident(self.root.to_owned());
            }
            if self.is_root(&select.operand) {
                self.reads.insert(select.field.clone());
                return self.declared(select.operand.id, &select.field);
            }
        }
        self.visit(&mut select.operand, place.hard())
    }

    fn call(&mut self, node: &mut IdedExpr, place: Place) -> Checking {
        let id = node.id;
        if place.calls >= CALLS {
            return Err(self.refuse(
                id,
                "calls are nested more than 32 deep",
                Some("use Switch or several rules".into()),
            ));
        }
        let place = Place { calls: place.calls + 1, ..place };
        let Expr::Call(call) = &mut node.expr else { return Ok(()) };
        if let Some(target) = &mut call.target {
            let optional = matches!(&target.expr, Expr::Ident(name) if name == "optional");
            if optional && matches!(call.func_name.as_str(), "of" | "none" | "ofNonZeroValue") {
                return call.args.iter_mut().try_for_each(|argument| self.visit(argument, place));
            }
            self.method(id, &call.func_name)?;
            if call.func_name == "matches" {
                call.args.insert(0, mem::take(target));
                call.target = None;
                return self.pattern(id, call, place);
            }
            self.visit(target, place.hard())?;
            return call.args.iter_mut().try_for_each(|argument| self.visit(argument, place.hard()));
        }
        match call.func_name.as_str() {
            "IIF" => {
                let [condition, yes, no] = self.arguments(id, call, "IIF(condition, value, other value)")?;
                node.expr = conditional(condition, yes, no);
                self.visit(node, Place { calls: place.calls - 1, ..place })
            }
            "matches" => self.pattern(id, call, place),
            "Switch" => {
                node.expr = self.switch(id, call)?;
                // The chain of conditions is ours and as long as the Switch: it does not count as nesting.
                self.visit_chain(node, place)
            }
            operators::CONDITIONAL => self.visit_chain(node, place),
            operators::IN => {
                let [element, list] = call.args.as_mut_slice() else { return Ok(()) };
                self.visit(element, self.compared(place))?;
                if self.is_root(list) {
                    // Only a literal says which attribute is meant.
                    match literal(element) {
                        Some(name) => self.reads.extend([name.to_owned()]),
                        None => self.reads_any = true,
                    }
                    Ok(())
                } else {
                    self.visit(list, self.compared(place))
                }
            }
            operators::EQUALS | operators::NOT_EQUALS => {
                let place = self.compared(place);
                call.args.iter_mut().try_for_each(|argument| self.visit(argument, place))
            }
            operators::LOGICAL_NOT
                if self.reads_hub() && call.args.len() == 1 && self.path(&call.args[0]).is_some() =>
            {
                // `!account.external` is true for an account of which nobody said that it is external.
                let truth = IdedExpr { id, expr: Expr::Literal(LiteralValue::Boolean(true.into())) };
                call.func_name = operators::NOT_EQUALS.to_owned();
                call.args.push(truth);
                self.visit(&mut call.args[0], Place { soft: true, ..place })
            }
            name if is_operator(name) => {
                call.args.iter_mut().try_for_each(|argument| self.visit(argument, place.hard()))
            }
            name => {
                let tolerant = self.function(id, name, call.args.len())?;
                let place = Place { soft: place.soft || tolerant, ..place };
                call.args.iter_mut().try_for_each(|argument| self.visit(argument, place))
            }
        }
    }

    /// A condition, then a value, then possibly the next condition.
    fn visit_chain(&mut self, node: &mut IdedExpr, place: Place) -> Checking {
        let Expr::Call(call) = &mut node.expr else { return self.visit(node, place) };
        match call.args.as_mut_slice() {
            [condition, yes, no] if call.func_name == operators::CONDITIONAL && call.target.is_none() => {
                self.visit(condition, place.hard())?;
                self.visit(yes, place)?;
                self.visit_chain(no, place)
            }
            _ => self.visit(node, place),
        }
    }

    /// In conditions over the hub's own objects an attribute that nobody claims compares as null.
    fn compared(&self, place: Place) -> Place {
        Place { soft: self.reads_hub(), ..place }
    }

    fn reads_hub(&self) -> bool {
        self.root != "source"
    }

    fn comprehension(&mut self, node: &mut IdedExpr, place: Place) -> Checking {
        let id = node.id;
        let Expr::Comprehension(comprehension) = &mut node.expr else { return Ok(()) };
        let loops = place.loops + 1;
        if loops > LOOPS {
            return Err(self.refuse(
                id,
                "loops are nested more than 2 deep",
                Some("use a plugin for such work".into()),
            ));
        }
        self.deepest_loop = self.deepest_loop.max(loops);
        let inner = Place { soft: false, loops, ..place };
        self.visit(&mut comprehension.iter_range, place.hard())?;
        comprehension.iter_range = ordered(mem::take(&mut comprehension.iter_range));
        self.visit(&mut comprehension.accu_init, place.hard())?;
        let outer = self.variables.len();
        self.variables.push(comprehension.iter_var.clone());
        self.variables.extend(comprehension.iter_var2.clone());
        self.variables.push(comprehension.accu_var.clone());
        if self.variables[outer..].iter().any(|name| name == self.root) {
            return Err(self.refuse(id, &format!("a loop variable is called {}", self.root), Some("rename it".into())));
        }
        let parts = [&mut comprehension.loop_cond, &mut comprehension.loop_step, &mut comprehension.result];
        let result = parts.into_iter().try_for_each(|part| self.visit(part, inner));
        self.variables.truncate(outer);
        result
    }

    fn count(&self, id: u64, entries: usize) -> Checking {
        if entries > LITERALS {
            return Err(self.refuse(id, &format!("a list of {entries} entries is more than {LITERALS}"), None));
        }
        Ok(())
    }

    fn refuse(&self, id: u64, message: &str, hint: Option<String>) -> ExpressionError {
        let start = self.info.offset_for(id).and_then(|(start, _)| usize::try_from(start).ok());
        // The parser counts bytes.
        let column = start.and_then(|start| self.text.get(..start)).map(|before| before.chars().count() + 1);
        error(message.to_owned(), column, hint)
    }
}

/// Operators have signs in their names; a function that somebody wrote has none.
fn is_operator(name: &str) -> bool {
    name.contains(|c: char| !c.is_alphanumeric() && c != '_')
}

fn literal(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}
