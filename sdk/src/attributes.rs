//! Writes the attributes of a record straight into JSON text: no tree in between, since every record of every scan
//! passes here.

use crate::record::Class;

/// The attributes of one record, being written. Give each name once.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// `{` and the members so far, without the closing brace; empty if there are none.
    json: String,
}

impl Attributes {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No attributes, room for so many bytes of JSON.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { json: String::with_capacity(bytes) }
    }

    /// True if nothing was said yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// Bytes of JSON so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.json.len()
    }

    /// Says that the attribute has this text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        push_text(&mut self.json, value);
    }

    /// Says that the attribute is true or false.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.json(name, if value { "true" } else { "false" });
    }

    /// Says that the attribute is this whole number.
    pub fn integer(&mut self, name: &str, value: i64) {
        self.json(name, &value.to_string());
    }

    /// Says that the attribute has these texts as values.
    pub fn list<S: AsRef<str>>(&mut self, name: &str, values: impl IntoIterator<Item = S>) {
        self.array(name, values, |json, value| push_text(json, value.as_ref()));
    }

    /// Says that the attribute refers to this object of the same connection.
    pub fn reference(&mut self, name: &str, class: Class, id: &str) {
        self.name(name);
        push_reference(&mut self.json, class, id);
    }

    /// Says that the attribute refers to these objects of the same connection.
    pub fn references<S: AsRef<str>>(&mut self, name: &str, ids: impl IntoIterator<Item = (Class, S)>) {
        self.array(name, ids, |json, (class, id)| push_reference(json, class, id.as_ref()));
    }

    /// Says that the attribute is empty.
    pub fn null(&mut self, name: &str) {
        self.json(name, "null");
    }

    /// Says that the attribute has this value, given as JSON text.
    pub fn json(&mut self, name: &str, value: &str) {
        self.name(name);
        self.json.push_str(value);
    }

    /// The JSON object.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.json.is_empty() {
            return "{}".to_owned();
        }
        self.json.push('}');
        self.json
    }

    fn name(&mut self, name: &str) {
        if self.json.capacity() == 0 {
            self.json.reserve(256);
        }
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        push_text(&mut self.json, name);
        self.json.push(':');
    }

    fn array<T>(&mut self, name: &str, values: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) {
        self.name(name);
        self.json.push('[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.json.push(',');
            }
            write(&mut self.json, value);
        }
        self.json.push(']');
    }
}

fn push_reference(json: &mut String, class: Class, id: &str) {
    json.push_str("{\"ref\":\"");
    json.push_str(class.as_str());
    json.push_str("\",\"id\":");
    push_text(json, id);
    json.push('}');
}

/// Writes text as a JSON string, quotes included.
pub fn push_text(json: &mut String, text: &str) {
    json.reserve(text.len() + 2);
    json.push('"');
    if is_plain(text.as_bytes()) {
        json.push_str(text);
    } else {
        push_escaped(json, text);
    }
    json.push('"');
}

/// True if no byte must be escaped. Eight bytes at a time: nearly every text is plain, and all of a scan passes here.
fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The high bit of some byte is set if some byte is less than `than`, which must be at most 0x80.
    let less = |word: u64, than: u64| word.wrapping_sub(ONES * than) & !word & HIGH;
    let (eights, rest) = bytes.as_chunks::<8>();
    let special = |eight: &[u8; 8]| {
        let word = u64::from_ne_bytes(*eight);
        let (quote, backslash) = (word ^ (ONES * u64::from(b'"')), word ^ (ONES * u64::from(b'\\')));
        less(word, 0x20) | less(quote, 1) | less(backslash, 1) != 0
    };
    !eights.iter().any(special) && rest.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\')
}

fn push_escaped(json: &mut String, text: &str) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        // All bytes that need escaping are ASCII, so both cuts are at character boundaries.
        json.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                json.push_str("\\u00");
                json.push(char::from(HEX[usize::from(byte >> 4)]));
                json.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    json.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_survives(text in any::<String>(), name in any::<String>()) {
            let mut attributes = Attributes::new();
            attributes.text(&name, &text);
            attributes.list("list of texts", [&text, &name]);
            let value: serde_json::Value = serde_json::from_str(&attributes.finish()).unwrap();
            prop_assert_eq!(&value[&name], &serde_json::Value::from(text.clone()));
            prop_assert_eq!(&value["list of texts"][0], &serde_json::Value::from(text));
        }
    }

    #[test]
    fn each_byte_is_escaped_or_not_wherever_it_stands() {
        for byte in 0..0x80_u8 {
            for length in 0..20 {
                for at in 0..=length {
                    let mut text = "é".repeat(length);
                    text.insert(2 * at, char::from(byte));
                    let mut json = String::new();
                    push_text(&mut json, &text);
                    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "byte {byte} at {at}");
                }
            }
        }
    }

    #[test]
    fn references_have_the_shape_of_the_contract() {
        let mut attributes = Attributes::new();
        attributes.reference("manager", Class::Account, "a\"1");
        attributes.references("members", [(Class::Group, "g"), (Class::OrgUnit, "o")]);
        attributes.null("title");
        attributes.boolean("active", true);
        attributes.integer("level", -3);
        let expected = concat!(
            r#"{"manager":{"ref":"account","id":"a\"1"},"members":[{"ref":"group","id":"g"},{"ref":"org-unit","id":"o"}],"#,
            r#""title":null,"active":true,"level":-3}"#
        );
        assert_eq!(attributes.finish(), expected);
        assert_eq!(Attributes::new().finish(), "{}");
    }
}
