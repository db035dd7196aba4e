//! Between our values and CEL's, and from CEL's errors to sentences without values.

use super::view::{ABSENT, Resolver, TOO_LONG, UNORDERED};
use super::{EvalError, Outcome, library};
use cel::objects::{Key, OptionalValue};
use cel::{ExecutionError, Value as Cel};
use rosterd_model::{Class, ExternalId, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A value as CEL has it; a reference is the map `{"ref": class, "id": external id}`.
pub(super) fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Integer(value) => Cel::Int(*value),
        Value::Decimal(value) => Cel::Float(*value),
        Value::Text(text) => Cel::String(Arc::new(text.to_string())),
        Value::List(values) => Cel::List(Arc::new(values.iter().map(to_cel).collect())),
        Value::Reference { class, id } => reference(*class, id.as_str()),
        Value::Map(map) => {
            let entries: HashMap<String, Cel> = map.iter().map(|(key, value)| (key.clone(), to_cel(value))).collect();
            Cel::Map(entries.into())
        }
    }
}

/// A reference as CEL has it.
pub(super) fn reference(class: Class, id: &str) -> Cel {
    let text = |text: &str| Cel::String(Arc::new(text.to_owned()));
    Cel::Map(HashMap::from([("ref".to_owned(), text(class.as_str())), ("id".to_owned(), text(id))]).into())
}

/// Most levels that the result of an expression has: what is deeper could be stored and not be read again.
const DEEPEST: usize = 32;
const _: () = assert!(DEEPEST < Value::DEEPEST);

/// A value of CEL as ours; none: an optional without a value.
///
/// # Errors
/// The type of what has no counterpart.
pub(super) fn from_cel(value: &Cel) -> Result<Option<Value>, String> {
    within(value, 0)
}

fn within(value: &Cel, depth: usize) -> Result<Option<Value>, String> {
    if depth > DEEPEST {
        return Err(format!("value nested more than {DEEPEST} deep"));
    }
    Ok(Some(match value {
        Cel::Null => Value::Null,
        Cel::Bool(value) => Value::Bool(*value),
        Cel::Int(value) => Value::Integer(*value),
        Cel::UInt(value) => Value::Integer(i64::try_from(*value).map_err(|_| "number that is too large".to_owned())?),
        Cel::Float(value) => decimal(*value)?,
        Cel::String(text) => Value::Text(text.as_str().into()),
        Cel::List(values) => {
            let mut list = Vec::with_capacity(values.len());
            for value in values.iter() {
                list.extend(within(value, depth + 1)?.filter(|value| *value != Value::Null));
            }
            Value::List(list)
        }
        Cel::Map(map) => from_map(&map.map, depth)?,
        Cel::Opaque(opaque) => match opaque.downcast_ref::<OptionalValue>() {
            Some(optional) => return optional.value().map_or(Ok(None), |value| within(value, depth + 1)),
            None => return Err("value of another kind".to_owned()),
        },
        other => return Err(other.type_of().to_string()),
    }))
}

fn decimal(value: f64) -> Result<Value, String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !value.is_finite() {
        return Err("number that is not finite".to_owned());
    }
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, as checked")]
        return Ok(Value::Integer(value as i64));
    }
    Ok(Value::Decimal(value))
}

fn from_map(map: &HashMap<Key, Cel>, depth: usize) -> Result<Value, String> {
    let mut entries = BTreeMap::new();
    for (key, value) in map {
        let Key::String(key) = key else {
            return Err("map whose keys are not texts".to_owned());
        };
        if let Some(value) = within(value, depth + 1)? {
            entries.insert(key.to_string(), value);
        }
    }
    let text = |key: &str| entries.get(key).and_then(Value::as_text);
    if entries.len() == 2
        && let (Some(class), Some(id)) = (text("ref"), text("id"))
        && let Ok(class) = class.parse::<Class>()
        && (1..=ExternalId::MAX_BYTES).contains(&id.len())
    {
        return Ok(Value::Reference { class, id: id.into() });
    }
    Ok(Value::Map(entries))
}

/// The outcome of an evaluation.
pub(super) fn outcome(result: Result<Cel, ExecutionError>, resolver: &Resolver<'_>) -> Result<Outcome, EvalError> {
    match result {
        Ok(value) => match from_cel(&value) {
            // Null in place of something that the source did not mention must not clear anything.
            Ok(Some(Value::Null)) if resolver.guessed() => Ok(Outcome::Absent),
            Ok(Some(value)) => Ok(value.into()),
            Ok(None) => Ok(Outcome::Absent),
            Err(kind) => Err(EvalError { message: format!("the result is a {kind}, which no attribute can hold") }),
        },
        Err(ExecutionError::NoSuchKey(key)) if *key == ABSENT => Ok(Outcome::Absent),
        Err(error) => Err(EvalError { message: sentence(&error) }),
    }
}

fn sentence(error: &ExecutionError) -> String {
    let types = |left: &Cel, right: &Cel| format!("{} and {}", left.type_of(), right.type_of());
    match error {
        ExecutionError::NoSuchKey(key) if **key == TOO_LONG => {
            "a list of more than 500 values is walked by a loop within a loop".to_owned()
        }
        ExecutionError::NoSuchKey(key) if **key == UNORDERED => {
            "a loop walks a structured value, which has no order; name its keys instead".to_owned()
        }
        ExecutionError::NoSuchKey(_) => "a structured value does not have the key that is read".to_owned(),
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types();
            let hint =
                if types.iter().any(|name| name == "null_type") { "; one of them is empty, see Coalesce" } else { "" };
            format!("{} can not be applied to ({}){hint}", operator(overload.function()), types.join(", "))
        }
        ExecutionError::UnsupportedBinaryOperator(name, left, right) => {
            let hint = if *left == Cel::Null || *right == Cel::Null {
                "; one of them is empty, see Append and Coalesce"
            } else {
                ""
            };
            format!("{} can not be applied to {}{hint}", operator(name), types(left, right))
        }
        ExecutionError::FunctionError { function, message }
            if function == "matches" || library::find(function).is_some() =>
        {
            format!("{function} {message}")
        }
        ExecutionError::FunctionError { function, .. } => format!("{function} can not be applied to what it was given"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "a number is divided by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "a number is too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "a list has fewer values than the index asks for".to_owned(),
        _ => "a value has a type that is not fit for what is done with it".to_owned(),
    }
}

/// CEL writes operators with underscores for operands; people do not.
fn operator(name: &str) -> String {
    match name.trim_matches('_') {
        "add" => "+".to_owned(),
        "sub" => "-".to_owned(),
        "mul" => "*".to_owned(),
        "div" => "/".to_owned(),
        "rem" => "%".to_owned(),
        "[_]" | "[?_]" | "?." => "reading a part".to_owned(),
        plain => plain.trim_start_matches('@').to_owned(),
    }
}
