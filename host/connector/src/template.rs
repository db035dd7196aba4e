//! Settings in braces: `{file}`, `{settings.servers}`, `exports/{name}.csv`. A dot goes into a nested table.

use serde_json::Value;

/// True if the whole text is one setting in braces.
pub(crate) fn is_setting(text: &str) -> bool {
    text.strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| !name.is_empty() && !name.contains(['{', '}']))
}

/// The value of a setting by its path.
pub(crate) fn setting<'a>(settings: &'a Value, path: &str) -> Option<&'a Value> {
    let path = path.strip_prefix("settings.").unwrap_or(path);
    path.split('.').try_fold(settings, |value, key| value.get(key))
}

/// All texts that a request stands for: the setting in it replaced by its value, or by each of its values. None of them
/// if the operator did not set it.
pub(crate) fn expand(text: &str, settings: &Value) -> Vec<String> {
    let Some((before, name, after)) = split(text) else {
        return vec![text.to_owned()];
    };
    let values = match setting(settings, name) {
        Some(Value::Array(values)) => values.iter().filter_map(plain).collect(),
        Some(value) => plain(value).into_iter().collect::<Vec<_>>(),
        None => Vec::new(),
    };
    values.into_iter().filter(|value| !value.is_empty()).map(|value| format!("{before}{value}{after}")).collect()
}

/// Text, number or truth value as text.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The first setting in braces, with what stands around it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Replaces every `{name}` that `value` knows; what it does not know stays as it is.
pub(crate) fn fill<E>(text: &str, mut value: impl FnMut(&str) -> Result<Option<String>, E>) -> Result<String, E> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let found = match tail.split_once('}') {
            Some((name, after)) => value(name)?.map(|text| (text, after)),
            None => None,
        };
        match found {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push('{');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_found_with_and_without_the_prefix_and_lists_expand() {
        let settings = json!({ "file": "a.csv", "servers": ["x:1", "y:2"], "deep": { "key": 3 } });
        assert_eq!(expand("{file}", &settings), ["a.csv"]);
        assert_eq!(expand("{settings.servers}", &settings), ["x:1", "y:2"]);
        assert_eq!(expand("out/{deep.key}.csv", &settings), ["out/3.csv"]);
        assert_eq!(expand("{absent}", &settings), Vec::<String>::new());
        assert_eq!(expand("plain", &settings), ["plain"]);
    }

    #[test]
    fn filling_leaves_other_braces_alone() {
        let known = |name: &str| Ok::<_, ()>((name == "a").then(|| "1".to_owned()));
        assert_eq!(fill("{\"x\": {a}, \"y\": {b}}", known), Ok("{\"x\": 1, \"y\": {b}}".to_owned()));
        assert_eq!(fill("{a", known), Ok("{a".to_owned()));
    }
}
