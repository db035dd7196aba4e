//! Conditions of the manifest on an answer: expired tokens, penalties, good replies.

use crate::http::Incoming;
use crate::manifest_parts::Condition;
use crate::template::plain;
use serde_json::Value;

/// An answer, parsed as JSON once for any number of conditions.
pub(crate) struct Answer<'a> {
    incoming: &'a Incoming,
    json: std::cell::OnceCell<Option<Value>>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(incoming: &'a Incoming) -> Self {
        Self { incoming, json: std::cell::OnceCell::new() }
    }

    /// The body as JSON, if it is.
    pub(crate) fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(&self.incoming.body).ok()).as_ref()
    }

    /// True if everything that the condition names fits.
    pub(crate) fn fits(&self, condition: &Condition) -> bool {
        let status = condition.status.as_ref().is_none_or(|list| list.contains(&self.incoming.status));
        let kind = condition.content_type.as_ref().is_none_or(|start| {
            self.incoming
                .header("content-type")
                .is_some_and(|kind| kind.to_ascii_lowercase().starts_with(start.as_str()))
        });
        let pointer = condition.pointer.as_ref().is_none_or(|pointer| {
            let found = self.json().and_then(|json| json.pointer(pointer)).and_then(plain);
            let wanted = condition.values.iter().flatten().filter_map(plain);
            found.is_some_and(|found| wanted.into_iter().any(|value| value == found))
        });
        status && kind && pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_that_is_named_must_fit() {
        let headers = vec![("content-type".to_owned(), "Application/JSON; charset=utf-8".to_owned())];
        let incoming = Incoming { status: 200, headers, body: br#"{"errcode":40014}"#.to_vec() };
        let answer = Answer::new(&incoming);
        let condition = |value| serde_json::from_value::<Condition>(value).unwrap();
        assert!(answer.fits(&condition(json!({ "pointer": "/errcode", "values": ["40014"] }))));
        assert!(answer.fits(&condition(json!({ "content-type": "application/json", "status": [200, 201] }))));
        assert!(!answer.fits(&condition(json!({ "status": [401], "pointer": "/errcode", "values": [40014] }))));
        assert!(!answer.fits(&condition(json!({ "pointer": "/nothing", "values": [""] }))));
    }
}
