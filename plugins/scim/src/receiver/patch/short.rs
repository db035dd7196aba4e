//! Changes of the members of a group that can be done without reading its members: large groups change by little.

use super::{Op, Operation, Rules};
use crate::receiver::accept;
use crate::receiver::filter::{Filter, Is, Path};
use crate::receiver::refusal::Refusal;
use crate::receiver::schema::Kind;
use serde_json::{Value, json};

/// Who comes and who goes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Membership {
    /// Members as SCIM has them.
    pub add: Vec<Value>,
    /// Ids.
    pub remove: Vec<String>,
}

/// What the operations do to the members; none: they do something else, too, or need to know who is there.
///
/// # Errors
/// A value that can not be a member.
pub fn membership(rules: Rules<'_>, operations: &[Operation]) -> Result<Option<Membership>, Refusal> {
    let mut all = Membership::default();
    if rules.kind != Kind::Group {
        return Ok(None);
    }
    for operation in operations {
        let Some(path) =
            operation.path.as_ref().filter(|path| path.name.schema.is_none() && path.name.attribute == "members")
        else {
            return Ok(None);
        };
        match (operation.op, path, operation.value.as_ref().filter(|value| !value.is_null())) {
            (Op::Add, Path { filter: None, name }, Some(value)) if name.member.is_none() => {
                for member in list(accept::value(rules.kind, name, value)?) {
                    let id = id(&member);
                    all.remove.retain(|gone| *gone != id);
                    all.add.retain(|there| self::id(there) != id);
                    all.add.push(member);
                }
            }
            (Op::Remove, Path { filter: None, name }, Some(value)) if name.member.is_none() => {
                for member in list(accept::value(rules.kind, name, value)?) {
                    all.gone(&id(&member));
                }
            }
            (Op::Remove, Path { filter: Some(filter), name }, _) if name.member.is_none() => {
                let Some(ids) = ids(filter) else { return Ok(None) };
                ids.iter().for_each(|id| all.gone(id));
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(all))
}

impl Membership {
    fn gone(&mut self, id: &str) {
        self.add.retain(|member| self::id(member) != id);
        if !self.remove.iter().any(|there| there == id) {
            self.remove.push(id.to_owned());
        }
    }

    /// As a value of `members`.
    #[must_use]
    pub fn added(&self) -> Value {
        json!(self.add)
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn id(member: &Value) -> String {
    member["value"].as_str().unwrap_or_default().to_owned()
}

/// The ids that a filter names: one, or one of several.
fn ids(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Compare(name, Is::Eq, Value::String(id)) if name.attribute.eq_ignore_ascii_case("value") => {
            Some(vec![id.clone()])
        }
        Filter::Or(list) => list.iter().map(ids).collect::<Option<Vec<_>>>().map(|lists| lists.concat()),
        _ => None,
    }
}
