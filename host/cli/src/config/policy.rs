//! The digest of what decides a plan. A plan carries it, and is not applied under another configuration.

use crate::error::CommandError;
use rosterd_model::spec::PolicySpec;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// SHA-256 of the canonical JSON of `policy`, in hexadecimal. Comments, the order of tables and the form of rules do
/// not count; connections, secrets and limits decide no plan and do not count either.
///
/// # Errors
/// Never in practice: the policy consists of values that JSON can hold.
pub(crate) fn policy_digest(policy: &PolicySpec) -> Result<String, CommandError> {
    let value = serde_json::to_value(policy)
        .map_err(|error| CommandError::internal("failed to write the policy as JSON").because(&error))?;
    let mut text = String::new();
    canonical(&value, &mut text);
    Ok(hex(&Sha256::digest(text.as_bytes())))
}

/// JSON with sorted keys and without blanks.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            list(text, ('{', '}'), entries.into_iter(), |(key, value), text| {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(value, text);
            });
        }
        Value::Array(values) => list(text, ('[', ']'), values.iter(), canonical),
        plain => text.push_str(&plain.to_string()),
    }
}

fn list<T>(
    text: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(item, text);
    }
    text.push(close);
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
