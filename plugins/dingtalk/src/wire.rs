//! Values as DingTalk writes them. Its own examples quote numbers and truth values and show one object where a list is
//! meant, so both spellings are read; anything else is wrong and said to be.

use serde_json::{Map, Value};

/// An object of an answer.
pub type Object = Map<String, Value>;

/// A member that has the wrong shape, as the end of a sentence: "its mobile is no text".
pub type Wrong = String;

/// What an object says under a name; none: nothing, or null, which no page of the vendor gives a meaning.
#[must_use]
pub fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// A whole number.
#[must_use]
pub fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(_) => value.as_i64(),
        Value::String(text) => text.trim().parse::<i64>().ok(),
        _ => None,
    }
}

/// True or false.
#[must_use]
pub fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        _ => None,
    }
}

/// A text; a number is one, too, since ids are sometimes written bare.
#[must_use]
pub fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A list, of one if it is an object.
#[must_use]
pub fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        Value::Object(_) => Some(std::slice::from_ref(value)),
        _ => None,
    }
}

/// A member through one of the readers above.
///
/// # Errors
/// It is there and the reader does not take it.
pub fn read<T>(
    object: &Object,
    name: &str,
    what: &str,
    reader: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, Wrong> {
    match member(object, name) {
        None => Ok(None),
        Some(value) => reader(value).map(Some).ok_or_else(|| format!("its {name} is no {what}")),
    }
}

/// A list of whole numbers.
#[must_use]
pub fn numbers(value: &Value) -> Option<Vec<i64>> {
    list(value)?.iter().map(whole).collect()
}

/// A list of texts.
#[must_use]
pub fn texts(value: &Value) -> Option<Vec<String>> {
    list(value)?.iter().map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_are_read_and_nothing_else() {
        assert_eq!(
            (whole(&json!(7)), whole(&json!("7")), whole(&json!(7.5)), whole(&json!([7]))),
            (Some(7), Some(7), None, None)
        );
        assert_eq!((truth(&json!(true)), truth(&json!("false")), truth(&json!(1))), (Some(true), Some(false), None));
        assert_eq!(numbers(&json!([1, "2"])), Some(vec![1, 2]));
        assert_eq!(numbers(&json!([1, null])), None);
        assert_eq!(list(&json!({ "a": 1 })).map(<[Value]>::len), Some(1));
    }

    #[test]
    fn null_says_nothing_and_a_wrong_type_is_named() {
        let Value::Object(object) = json!({ "a": null, "b": {} }) else { unreachable!() };
        assert_eq!(read(&object, "a", "text", words), Ok(None));
        assert_eq!(read(&object, "b", "text", words), Err("its b is no text".to_owned()));
    }
}
