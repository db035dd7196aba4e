//! JSON text in which one thing may stand that only the host sees: a first password, or what it is encrypted in.
//!
//! What is signed and what is sent must be the same bytes. So an event is written once, with a gap, and the gap is filled twice:
//! by the host while it signs, and by the host on the way out.

use rosterd_sdk::Fault;
use rosterd_sdk::attributes::push_text;
use rosterd_sdk::secrets::{Secret, Segment};

/// Text, perhaps with a gap for a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// All of it, or what stands before the gap.
    before: String,
    /// Form of the secret, and what stands behind it.
    gap: Option<(String, String)>,
}

impl Text {
    /// Text without a gap.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { before: text.into(), gap: None }
    }

    /// Nothing but a gap, for a secret in this form.
    #[must_use]
    pub fn gap(form: &str) -> Self {
        Self { before: String::new(), gap: Some((form.to_owned(), String::new())) }
    }

    /// A JSON object with one more member, `password`, which is the gap.
    #[must_use]
    pub fn with_password(object: &str) -> Self {
        let open = object.strip_suffix('}').unwrap_or(object);
        let comma = if open.ends_with('{') { "" } else { "," };
        Self { before: format!("{open}{comma}\"password\":\""), gap: Some(("json".to_owned(), "\"}".to_owned())) }
    }

    /// The same between other texts.
    #[must_use]
    pub fn between(self, head: &str, tail: &str) -> Self {
        let Self { before, gap } = self;
        let before = format!("{head}{before}");
        match gap {
            None => Self::plain(before + tail),
            Some((form, after)) => Self { before, gap: Some((form, after + tail)) },
        }
    }

    /// The same as a JSON string.
    #[must_use]
    pub fn quoted(self) -> Self {
        let Self { before, gap } = self;
        let gap = gap.map(|(form, after)| (format!("{form}+json"), escaped(&after)));
        Self { before: escaped(&before), gap }.between("\"", "\"")
    }

    /// True if a secret stands in it.
    #[must_use]
    pub const fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// Bytes, without the secret.
    #[must_use]
    pub fn len(&self) -> usize {
        self.before.len() + self.gap.as_ref().map_or(0, |(_, after)| after.len())
    }

    /// True if there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && !self.has_gap()
    }

    /// For the host, which signs or seals it. Without a secret a gap stays empty.
    #[must_use]
    pub fn segments<'a>(&'a self, secret: Option<&'a Secret>) -> Vec<Segment<'a>> {
        let mut all = vec![Segment::Bytes(self.before.as_bytes())];
        if let Some((form, after)) = &self.gap {
            all.extend(secret.map(|secret| Segment::Secret(secret, form)));
            all.push(Segment::Bytes(after.as_bytes()));
        }
        all
    }

    /// For the host, which sends it: a placeholder stands in the gap.
    ///
    /// # Errors
    /// The secret may not be sent.
    pub fn sent(&self, secret: Option<&Secret>) -> Result<String, Fault> {
        let Some((form, after)) = &self.gap else { return Ok(self.before.clone()) };
        let placeholder = secret.map(|secret| secret.placeholder(form)).transpose()?.unwrap_or_default();
        Ok(format!("{}{placeholder}{after}", self.before))
    }
}

/// As it stands inside of a JSON string.
fn escaped(text: &str) -> String {
    let mut json = String::new();
    push_text(&mut json, text);
    json.get(1..json.len() - 1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn a_gap_is_a_member() {
        assert_eq!(Text::with_password("{}").sent(None).unwrap(), r#"{"password":""}"#);
        assert_eq!(Text::with_password(r#"{"a":1}"#).sent(None).unwrap(), r#"{"a":1,"password":""}"#);
        let twice = Text::with_password("{}").quoted().between("[", "]").quoted();
        assert_eq!(twice.gap.as_ref().map(|(form, _)| form.as_str()), Some("json+json+json"));
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_the_text(name in any::<String>(), value in any::<String>()) {
            let object = json!({ name: value });
            for text in [Text::plain(object.to_string()), Text::with_password(&object.to_string())] {
                let inner = text.sent(None).unwrap();
                let quoted = text.quoted().sent(None).unwrap();
                prop_assert_eq!(serde_json::from_str::<Value>(&quoted).unwrap(), Value::from(inner));
            }
        }
    }
}
