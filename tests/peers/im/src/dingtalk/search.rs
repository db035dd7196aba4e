//! Searching by name, in the new interface.

use super::refusal::Refusal;
use super::table::Work;
use serde_json::{Value, json};

/// One page of what was found.
fn page(work: &Work<'_>, found: &[Value]) -> Value {
    let number = |name: &str| usize::try_from(work.integer(name).unwrap_or_default()).unwrap_or_default();
    let (offset, size) = (number("offset"), number("size"));
    let shown: Vec<&Value> = found.iter().skip(offset).take(size).collect();
    json!({ "hasMore": offset + shown.len() < found.len(), "totalCount": found.len(), "list": shown })
}

/// `departments/search`.
pub(super) fn departments(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (org, word) = (work.world.seen(), work.required("queryWord"));
    let named = org.departments.iter().filter(|(_, department)| department.name.contains(&word));
    let seen = named.filter(|(id, _)| org.sees_department(work.app, **id));
    let found: Vec<Value> = seen.map(|(id, _)| json!(id)).collect();
    Ok(page(work, &found))
}

/// `users/search`.
pub(super) fn users(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (org, word) = (work.world.seen(), work.required("queryWord"));
    let whole = work.integer("fullMatchField") == Some(1);
    let named = org.users.iter().filter(|(_, user)| if whole { user.name == word } else { user.name.contains(&word) });
    let seen = named.filter(|(userid, user)| org.sees_user(work.app, userid, user));
    let found: Vec<Value> = seen.map(|(userid, _)| json!(userid)).collect();
    Ok(page(work, &found))
}
