//! Keeps secrets out of logs, errors, receipts and answers, in whatever form a careless connector or a remote system
//! repeats them.

use crate::secret::form;
use crate::secret::vault::find;
use std::borrow::Cow;
use std::sync::{Arc, RwLock};
use zeroize::Zeroizing;

/// What stands where a secret stood.
pub(crate) const MASK: &str = "[secret removed]";

/// Shorter values are not looked for in texts: they would blank ordinary words.
const SHORTEST_IN_TEXT: usize = 4;
/// Shorter values are not looked for in answers of a remote system.
const SHORTEST_IN_ANSWER: usize = 8;
const FORMS: [&str; 8] = ["raw", "json", "url", "xml", "hex", "base64", "base64url", "utf16le"];

/// Every known secret of one connection, in every form, longer ones first: a secret may be part of another one. Cheap to
/// clone; secrets are added as they come up (tokens).
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    needles: Arc<RwLock<Vec<Zeroizing<Vec<u8>>>>>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// From now on this value is removed.
    pub(crate) fn learn(&self, stored: &[u8], bytes: &[u8]) {
        let Ok(mut needles) = self.needles.write() else { return };
        for value in [stored, bytes] {
            for form in FORMS {
                if let Ok(written) = form::write(form, value, value)
                    && written.len() >= SHORTEST_IN_TEXT
                    && value.len() >= SHORTEST_IN_TEXT
                {
                    needles.push(written);
                }
            }
            needles.extend(spellings(value));
            needles.extend(inner_base64(value));
        }
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.as_slice().cmp(b.as_slice())));
        needles.dedup();
    }

    /// Removes every secret from a text.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Ok(needles) = self.needles.read() else { return Cow::Borrowed(MASK) };
        let mut out = Cow::Borrowed(text);
        for needle in needles.iter() {
            if let Some(clean) = replace(out.as_bytes(), needle) {
                out = Cow::Owned(String::from_utf8_lossy(&clean).into_owned());
            }
        }
        out
    }

    /// Removes every secret from an owned text.
    pub(crate) fn string(&self, text: String) -> String {
        match self.text(&text) {
            Cow::Borrowed(same) if same.len() == text.len() => text,
            other => other.into_owned(),
        }
    }

    /// Blanks secrets in an answer, keeping its length, so that framing inside it stays right. Says in how many places.
    pub(crate) fn blank(&self, bytes: &mut [u8]) -> u64 {
        let mut count = 0;
        let Ok(needles) = self.needles.read() else { return 0 };
        for needle in needles.iter().filter(|needle| needle.len() >= SHORTEST_IN_ANSWER) {
            let mut from = 0;
            while let Some(at) = find(&bytes[from..], needle) {
                bytes[from + at..from + at + needle.len()].fill(b'*');
                from += at + needle.len();
                count += 1;
            }
        }
        count
    }

    /// Removes every secret from a fault.
    pub(crate) fn fault(&self, mut fault: rosterd_model::Fault) -> rosterd_model::Fault {
        fault.message = self.string(fault.message);
        fault.detail = self.string(fault.detail);
        fault.subject = fault.subject.map(|subject| self.string(subject));
        fault
    }
}

/// Other ways to write the same forms: hexadecimal in capitals, percent-encoding in small letters, of every byte, and of
/// forms, where a space is a plus.
fn spellings(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    if value.len() < SHORTEST_IN_TEXT {
        return Vec::new();
    }
    let hex = Zeroizing::new(form::hex(value).to_ascii_uppercase());
    let every: String = hex.as_bytes().chunks(2).map(|pair| format!("%{}", String::from_utf8_lossy(pair))).collect();
    let url = Zeroizing::new(form::percent(value));
    let mut lower = String::with_capacity(url.len());
    let mut left = 0;
    for c in url.chars() {
        left = if c == '%' { 3_u8 } else { left };
        lower.push(if left > 0 { c.to_ascii_lowercase() } else { c });
        left = left.saturating_sub(1);
    }
    let plus = url.replace("%20", "+");
    [hex.to_string(), every, lower, plus].into_iter().map(|text| Zeroizing::new(text.into_bytes())).collect()
}

/// What base64 of a longer text shows of this value, for each of the three places where it may begin in a group.
fn inner_base64(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    if value.len() < SHORTEST_IN_ANSWER {
        return Vec::new();
    }
    // Groups of three bytes that hold nothing but the value; what stands before and after it decides where they begin.
    let whole = (0..3).map(|skip| &value[skip..]).map(|rest| &rest[..rest.len() / 3 * 3]);
    let both = whole.flat_map(|bytes| ["base64", "base64url"].map(|name| form::write(name, &[], bytes)));
    both.flatten().filter(|written| written.len() >= SHORTEST_IN_TEXT).collect()
}

fn replace(text: &[u8], needle: &[u8]) -> Option<Vec<u8>> {
    let mut at = find(text, needle)?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(MASK.as_bytes());
        rest = &rest[at + needle.len()..];
        match find(rest, needle) {
            Some(next) => at = next,
            None => break,
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redactor(value: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.learn(value.as_bytes(), value.as_bytes());
        redactor
    }

    #[test]
    fn every_form_is_removed_from_texts() {
        let value = "p\"ss word&<1>";
        let redactor = redactor(value);
        for form in FORMS {
            let written = form::write(form, value.as_bytes(), value.as_bytes()).unwrap();
            let text = format!("before {} after", String::from_utf8_lossy(&written));
            let clean = redactor.text(&text);
            assert!(clean.contains(MASK) && !clean.contains(&*String::from_utf8_lossy(&written)), "{form}: {clean}");
        }
        assert_eq!(redactor.text("harmless"), "harmless");
    }

    #[test]
    fn http_basic_does_not_hide_it() {
        let redactor = redactor("correct-horse-battery");
        for user in ["a", "ab", "abc"] {
            let basic = form::write("base64", b"", format!("{user}:correct-horse-battery").as_bytes()).unwrap();
            let text = format!("Authorization: Basic {}", String::from_utf8_lossy(&basic));
            assert!(redactor.text(&text).contains(MASK), "{text}");
        }
    }

    #[test]
    fn short_values_do_not_blank_ordinary_words() {
        assert_eq!(redactor("abc").text("the abc of it"), "the abc of it");
    }

    #[test]
    fn answers_keep_their_length() {
        let mut body = b"{\"token\":\"0123456789\",\"ok\":true}".to_vec();
        redactor("0123456789").blank(&mut body);
        assert_eq!(body, b"{\"token\":\"**********\",\"ok\":true}");
    }

    proptest! {
        #[test]
        fn no_secret_survives(before in "\\PC{0,20}", secret in "[ -~]{6,20}", after in "\\PC{0,20}") {
            let redactor = redactor(&secret);
            let text = format!("{before}{secret}{after}");
            let clean = redactor.text(&text).into_owned();
            prop_assert!(!clean.contains(&secret) || MASK.contains(&secret), "{}", clean);
        }
    }
}
