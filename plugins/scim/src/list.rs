//! A page of a listing (RFC 7644, section 3.4.2; RFC 9865 for cursors).

use crate::convert::Resource;
use crate::place::get;
use serde_json::Value;

/// What a page says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct List {
    /// How many objects there are in all.
    pub total: Option<u64>,
    /// The objects of this page; what is no object of JSON, too.
    pub resources: Vec<Value>,
    /// Where the next page begins; none: at a number, or nowhere.
    pub next: Option<String>,
}

impl List {
    /// Reads a page.
    ///
    /// # Errors
    /// A sentence: it is no page.
    pub fn of(mut page: Resource) -> Result<Self, &'static str> {
        let total = match get(&page, "totalResults") {
            None | Some(Value::Null) => None,
            Some(value) => Some(number(value).ok_or("its totalResults is no number")?),
        };
        let next = match get(&page, "nextCursor") {
            None | Some(Value::Null) => None,
            Some(Value::String(next)) if next.len() <= 8192 => Some(next.clone()).filter(|next| !next.is_empty()),
            Some(_) => return Err("its nextCursor is no text"),
        };
        let key = page.keys().find(|key| key.eq_ignore_ascii_case("Resources")).cloned();
        let resources = match key.and_then(|key| page.shift_remove(&key)) {
            Some(Value::Array(resources)) => resources,
            // With nothing to show the list may be left out, but then it has to say that there is nothing.
            None | Some(Value::Null) if total == Some(0) => Vec::new(),
            _ => return Err("it has no list of Resources"),
        };
        Ok(Self { total, resources, next })
    }
}

/// Some write numbers as texts.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
