//! PATCH (RFC 7644, section 3.5.2), and what Entra and Okta make of it: operations in any case, no path, dotted keys, values as
//! texts, members removed by a value. All operations are done, or none.

mod elements;
mod short;

pub use short::{Membership, membership};

use super::accept::{self, known};
use super::filter::{Name, Path, parse};
use super::refusal::Refusal;
use super::schema::Kind;
use super::schema::attribute::Mutability;
use super::stored::Resource;
use crate::place::get;
use serde_json::{Map, Value};

/// Operations of one request.
const MOST: usize = 1000;
const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of RFC 7644")]
pub enum Op {
    Add,
    Replace,
    Remove,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What.
    pub op: Op,
    /// Where; none: the value says.
    pub path: Option<Path>,
    /// With what.
    pub value: Option<Value>,
}

/// How requests are read.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What the resource is.
    pub kind: Kind,
    /// Extensions that are known.
    pub extensions: &'a [String],
    /// A replace by a filter of equalities that finds nothing makes the value, as Entra and Okta expect; else it is refused.
    pub creates: bool,
}

impl Rules<'_> {
    fn name(&self, name: Name) -> Name {
        known(self.kind, name.resolved(self.kind.schema(), self.extensions.iter().map(String::as_str)))
    }
}

/// The operations of a request.
///
/// # Errors
/// What can not be read.
pub fn operations(rules: Rules<'_>, body: &Map<String, Value>) -> Result<Vec<Operation>, Refusal> {
    if let Some(Value::Array(schemas)) = get(body, "schemas")
        && !schemas.iter().filter_map(Value::as_str).any(|schema| schema.eq_ignore_ascii_case(SCHEMA))
    {
        return Err(Refusal::syntax(format!("schemas is to name {SCHEMA}")));
    }
    let list = get(body, "Operations").and_then(Value::as_array).filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| Refusal::syntax("Operations is to be a list with an operation in it"))?;
    if list.len() > MOST {
        return Err(Refusal::too_large(format!("a request has at most {MOST} operations")));
    }
    list.iter().map(|one| operation(rules, one)).collect()
}

fn operation(rules: Rules<'_>, one: &Value) -> Result<Operation, Refusal> {
    let one = one.as_object().ok_or_else(|| Refusal::syntax("an operation is to be an object"))?;
    let op = match get(one, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
        Some("add") => Op::Add,
        Some("replace") => Op::Replace,
        Some("remove") => Op::Remove,
        _ => return Err(Refusal::syntax("op is one of add, replace, remove")),
    };
    let path = match get(one, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => {
            let path = parse::path(text);
            let path = path
                .map_err(|why| Refusal::path(format!("the path \"{}\" can not be read: {why}", accept::cut(text))))?;
            Some(Path { name: rules.name(path.name), ..path })
        }
        Some(_) => return Err(Refusal::path("path is to be a text")),
    };
    let value = get(one, "value").cloned();
    match (op, &path, &value) {
        (Op::Remove, None, _) => Err(Refusal::no_target("remove needs a path")),
        (Op::Add | Op::Replace, None, Some(Value::Object(_)))
        | (Op::Add | Op::Replace, Some(_), Some(_))
        | (Op::Remove, Some(_), _) => Ok(Operation { op, path, value }),
        (Op::Add | Op::Replace, None, _) => Err(Refusal::value("without a path the value is to be an object")),
        (Op::Add | Op::Replace, Some(_), None) => Err(Refusal::value("add and replace need a value")),
    }
}

/// The resource after the operations.
///
/// # Errors
/// The first operation that can not be done; then none is.
pub fn applied(rules: Rules<'_>, resource: &Resource, operations: &[Operation]) -> Result<Resource, Refusal> {
    let mut after = resource.clone();
    for operation in operations {
        let value = operation.value.as_ref().unwrap_or(&Value::Null);
        match &operation.path {
            Some(path) => {
                refuse_ours(rules, path)?;
                elements::change(rules, &mut after, operation.op, path, value)?;
            }
            None => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    for (name, value) in accept::spread(rules.kind, key, value.clone(), rules.extensions)? {
                        // Okta sends the id along when it renames a group.
                        if !accept::is_ours(&name) {
                            elements::change(rules, &mut after, operation.op, &Path { name, filter: None }, &value)?;
                        }
                    }
                }
            }
        }
    }
    after.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    accept::complete(rules.kind, &after)?;
    Ok(after)
}

fn refuse_ours(rules: Rules<'_>, path: &Path) -> Result<(), Refusal> {
    let name = &path.name;
    let text = name.text();
    if accept::is_ours(name) && !name.attribute.eq_ignore_ascii_case("schemas") {
        return Err(Refusal::mutability(format!("{text} is not the client's to change")));
    }
    let attribute = rules.kind.attribute(name.schema.as_deref(), &name.attribute);
    let member = name.member.as_deref().and_then(|member| attribute?.member(member));
    if member.is_some_and(|member| member.mutability == Mutability::ReadOnly) {
        return Err(Refusal::mutability(format!("{text} is not the client's to change")));
    }
    Ok(())
}
