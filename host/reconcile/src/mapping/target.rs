//! Makes a value fit the attribute of the hub that it goes to, or says why it can not.

use crate::normalise::value::{email, phone, text, type_name};
use crate::schema::{Kind, kind};
use rosterd_model::{Class, ExternalId, Text, Value};

/// The value as the hub holds it. The error is the end of a sentence and shows the type, not the value.
pub(super) fn fit(class: Class, attribute: &str, value: Value) -> Result<Value, String> {
    match kind(class, attribute) {
        Kind::Other => Ok(value),
        Kind::Text => as_text(value).map(Value::Text),
        Kind::Email => text_like(value, email),
        Kind::Phone => text_like(value, |raw| phone(raw, None)),
        Kind::Bool => truth(&value).map(Value::Bool),
        Kind::Reference(class) => reference(value, &[class]),
        Kind::References(class) => references(value, &[class]),
        Kind::Members => references(value, &[Class::Account, Class::Group]),
    }
}

fn as_text(value: Value) -> Result<Text, String> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string().into()),
        // A directory gives single values as a list of one.
        Value::List(mut values) if values.len() == 1 => as_text(values.remove(0)),
        other => Err(format!("must be a text and is a {}", type_name(&other))),
    }
}

fn text_like(value: Value, normal: impl Fn(&str) -> Result<String, String>) -> Result<Value, String> {
    normal(&as_text(value)?).map(Value::from)
}

fn truth(value: &Value) -> Result<bool, String> {
    let word = match value {
        Value::Bool(answer) => return Ok(*answer),
        Value::Integer(number) => number.to_string(),
        Value::Text(word) => text(word)?.to_lowercase().into(),
        other => return Err(format!("must be true or false and is a {}", type_name(other))),
    };
    match word.as_str() {
        "true" | "yes" | "1" | "是" | "启用" => Ok(true),
        "false" | "no" | "0" | "否" | "禁用" => Ok(false),
        _ => Err("must be true or false and is another text".to_owned()),
    }
}

/// A text stands for the external id, in the class that the attribute refers to.
fn reference(value: Value, classes: &[Class]) -> Result<Value, String> {
    match value {
        Value::Reference { class, .. } if !classes.contains(&class) => {
            Err(format!("must refer to {} and refers to {class}", words(classes)))
        }
        Value::Reference { .. } => Ok(value),
        Value::Integer(number) => Ok(Value::Reference { class: classes[0], id: number.to_string().into() }),
        Value::Text(id) if (1..=ExternalId::MAX_BYTES).contains(&id.len()) => {
            Ok(Value::Reference { class: classes[0], id: id.into() })
        }
        Value::List(mut values) if values.len() == 1 => reference(values.remove(0), classes),
        other => Err(format!("must be a reference to {} and is a {}", words(classes), type_name(&other))),
    }
}

fn references(value: Value, classes: &[Class]) -> Result<Value, String> {
    let values = match value {
        Value::List(values) => values,
        single => vec![single],
    };
    values.into_iter().map(|value| reference(value, classes)).collect::<Result<_, _>>().map(Value::List)
}

fn words(classes: &[Class]) -> String {
    classes.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(" or ")
}
