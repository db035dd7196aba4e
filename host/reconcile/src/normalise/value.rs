//! Normal forms of single values: text, e-mail addresses, telephone numbers, and the key by which values are compared.

use rosterd_model::{Text, Value};
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Space that people can not see, and marks that are not text, at the ends of a value.
fn is_margin(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{202a}'..='\u{202e}')
}

/// The text in Unicode NFC, without space or invisible marks around it.
///
/// # Errors
/// The end of a sentence, if it contains a control character other than a line feed or a tab.
pub fn text(raw: &str) -> Result<Text, String> {
    if is_plain(raw) || is_settled(raw) {
        return Ok(raw.into());
    }
    let trimmed = raw.trim_matches(is_margin);
    if let Some(c) = trimmed.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        return Err(format!("contains the control character U+{:04X}", u32::from(c)));
    }
    // Line ends of other systems are the same text.
    let lines = if trimmed.contains('\r') {
        Cow::Owned(trimmed.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(trimmed)
    };
    Ok(nfc(&lines))
}

/// True for what is in its normal form by its bytes alone, as nearly everything is: printable ASCII without space at its
/// ends.
fn is_plain(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    // Without a way out in the middle, sixteen bytes are looked at in one go.
    let printable = bytes.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    printable && bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ')
}

/// The same of printable ASCII and unified ideographs (U+4E00 to U+9FFF), none of which has another form, as most names and
/// titles are that are not plain.
fn is_settled(raw: &str) -> bool {
    raw.chars().all(|c| matches!(c, ' '..='~' | '\u{4E00}'..='\u{9FFF}'))
        && !raw.starts_with(' ')
        && !raw.ends_with(' ')
}

fn nfc(text: &str) -> Text {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes { text.into() } else { text.nfc().collect() }
}

fn nfkc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// An e-mail address: full-width characters made narrow, the domain in lower case. The local part keeps its case.
///
/// # Errors
/// The end of a sentence: "has no @".
pub fn email(raw: &str) -> Result<String, String> {
    let narrow = nfkc(raw);
    let address = narrow.trim_matches(is_margin);
    let Some((local, domain)) = address.split_once('@') else {
        return Err("is no e-mail address: it has no @".to_owned());
    };
    let because = if domain.contains('@') {
        "it has more than one @"
    } else if local.is_empty() || domain.is_empty() {
        "a side of the @ is empty"
    } else if local.len() > 64 || domain.len() > 253 {
        "it is too long"
    } else if address.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[]\\\",;:".contains(c)) {
        "it contains a space or one of < > ( ) [ ] \\ \" , ; :"
    } else if domain.split('.').any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-')) {
        "its domain is not valid"
    } else {
        return Ok(format!("{local}@{}", domain.to_lowercase()));
    };
    Err(format!("is no e-mail address: {because}"))
}

/// A telephone number in the form of E.164 (`+8613800138000`), or its bare digits where nobody says the country.
///
/// `default_country` is the calling code, digits only: "86". It is put in front of a number without one, in place of a
/// leading zero (which Italian numbers keep).
///
/// # Errors
/// The end of a sentence: what a spreadsheet damaged is never repaired by guessing.
pub fn phone(raw: &str, default_country: Option<&str>) -> Result<String, String> {
    let narrow = nfkc(raw);
    let mut digits = String::with_capacity(16);
    let mut international = false;
    for c in narrow.trim_matches(is_margin).chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !international => international = true,
            ' ' | '-' | '(' | ')' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            'e' | 'E' => {
                return Err("is no telephone number: it looks like 1.38E+10, damaged by a spreadsheet".to_owned());
            }
            c if is_margin(c) => {}
            _ => return Err("is no telephone number: it contains other than digits, +, space, - . / ( )".to_owned()),
        }
    }
    if !international && let Some(rest) = digits.strip_prefix("00") {
        digits = rest.to_owned();
        international = true;
    }
    if !international && let Some(country) = default_country {
        let national = if country == "39" { &digits } else { digits.strip_prefix('0').unwrap_or(&digits) };
        digits = if has_country(&digits, country) { digits } else { format!("{country}{national}") };
        international = true;
    }
    if !(3..=15).contains(&digits.len()) || (international && digits.starts_with('0')) {
        return Err(format!("is no telephone number: {} digits, or a zero where the country should be", digits.len()));
    }
    Ok(if international { format!("+{digits}") } else { digits })
}

/// True for a Chinese mobile number that carries 86 without a plus sign: the one case that can not be misread.
fn has_country(digits: &str, country: &str) -> bool {
    country == "86" && digits.len() == 13 && digits.starts_with("861")
}

/// The normal form in which values are compared for correlation and uniqueness: trimmed, NFKC, case folded.
///
/// None: the value is empty, holds several values, or has a structure; such a value never equals anything.
#[must_use]
pub fn match_key(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => fold(text),
        Value::Integer(value) => Some(value.to_string()),
        Value::Decimal(value) => Some(value.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Reference { class, id } if !id.as_str().is_empty() => Some(format!("{class}\u{0}{id}")),
        Value::List(values) => match values.as_slice() {
            [one] => match_key(one),
            _ => None,
        },
        Value::Null | Value::Map(_) | Value::Reference { .. } => None,
    }
}

fn fold(text: &str) -> Option<String> {
    let trimmed = text.trim_matches(is_margin);
    let folded = if trimmed.is_ascii() {
        trimmed.to_ascii_lowercase()
    } else {
        // Upper case first: it takes letters such as the German sharp s to the form that all spellings share.
        let upper = trimmed.nfkc().collect::<String>().to_uppercase();
        let lower: String = upper.to_lowercase().replace('\u{3c2}', "\u{3c3}");
        lower.nfkc().collect::<String>().trim_matches(is_margin).to_owned()
    };
    (!folded.is_empty()).then_some(folded)
}

/// The word for the type of a value, for sentences that must not show the value.
#[must_use]
pub const fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Integer(_) => "integer",
        Value::Decimal(_) => "decimal",
        Value::Text(_) => "text",
        Value::List(_) => "list",
        Value::Reference { .. } => "reference",
        Value::Map(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        assert_eq!(email(" Zhang.San＠Example.COM ").as_deref(), Ok("Zhang.San@example.com"));
        for bad in ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b,c@d", "a@.b", "a@b..c", "a@-b", "<a@b>"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn telephone_numbers() {
        for (raw, country, expected) in [
            ("138 0013 8000", Some("86"), "+8613800138000"),
            ("１３８００１３８０００", Some("86"), "+8613800138000"),
            ("8613800138000", Some("86"), "+8613800138000"),
            ("010-12345678", Some("86"), "+861012345678"),
            ("0086 138-0013-8000", None, "+8613800138000"),
            ("+86-13800138000", None, "+8613800138000"),
            ("13800138000", None, "13800138000"),
            ("06 1234", Some("39"), "+39061234"),
        ] {
            assert_eq!(phone(raw, country).as_deref(), Ok(expected), "{raw}");
        }
        for bad in ["1.38E+10", "1.38e10", "12", "+0123456", "1234567890123456", "138x", "12+34", ""] {
            assert!(phone(bad, None).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_ignore_case_and_width_and_never_match_emptiness() {
        assert_eq!(match_key(&"ＡＢｃ ".into()), match_key(&"abc".into()));
        assert_eq!(match_key(&"Straße".into()), match_key(&"STRASSE".into()));
        assert_eq!(match_key(&"ΣΑΣ".into()), match_key(&"σας".into()));
        assert_eq!(match_key(&Value::Integer(10001)), match_key(&"10001".into()));
        for empty in [Value::Null, "".into(), " \u{feff}".into(), "\u{3000}".into(), Value::List(vec![])] {
            assert_eq!(match_key(&empty), None, "{empty:?}");
        }
        assert_eq!(match_key(&Value::List(vec!["a".into(), "b".into()])), None);
    }

    #[test]
    fn line_ends_are_one_thing_and_control_characters_are_refused() {
        assert_eq!(text("a\r\nb\rc\td\n").as_deref(), Ok("a\nb\nc\td"));
        for spaced in [" a b ", " a b", "a b ", "a b"] {
            assert_eq!(text(spaced).as_deref(), Ok("a b"));
        }
        assert_eq!(text("\u{200b}a\u{feff}").as_deref(), Ok("a"));
        assert_eq!(text("a\u{7}b").expect_err("control"), "contains the control character U+0007");
    }

    #[test]
    fn an_address_has_its_lengths() {
        let address = |local: usize, domain: usize| email(&format!("{}@{}", "l".repeat(local), "d".repeat(domain)));
        assert!(address(64, 253).is_ok());
        for (local, domain) in [(65, 5), (5, 254), (100, 5), (5, 300)] {
            assert!(address(local, domain).expect_err("too long").contains("too long"));
        }
        assert!(email("a\u{7}b@c").is_err() && email("a@b-").is_err());
    }

    #[test]
    fn what_looks_like_a_country_is_one_only_where_it_can_not_be_misread() {
        for (raw, country, expected) in [
            ("86112345678", "86", "+8686112345678"),
            ("2113800138000", "86", "+862113800138000"),
            ("8613800138000", "49", "+498613800138000"),
            ("138\u{200b}00138000", "86", "+8613800138000"),
        ] {
            assert_eq!(phone(raw, Some(country)).as_deref(), Ok(expected), "{raw}");
        }
        assert_eq!(phone("010-1234567", None).as_deref(), Ok("0101234567"), "nobody says the country");
        assert!(phone("++8613800138000", None).is_err());
        assert_eq!(phone("123", None).as_deref(), Ok("123"));
    }

    #[test]
    fn a_list_of_one_is_its_value_and_references_are_told_apart_by_class() {
        use rosterd_model::Class;
        let reference = |class, id: &str| match_key(&Value::Reference { class, id: id.into() });
        assert_eq!(match_key(&Value::List(vec!["A".into()])), Some("a".to_owned()));
        assert!(reference(Class::Account, "7").is_some());
        assert_ne!(reference(Class::Account, "7"), reference(Class::Group, "7"));
        assert_ne!(reference(Class::Account, "7"), reference(Class::Account, "8"));
        assert_eq!(reference(Class::Account, ""), None);
        assert_ne!(match_key(&Value::Bool(true)), match_key(&Value::Bool(false)));
    }

    proptest! {
        #[test]
        fn normal_forms_are_stable(raw in "\\PC*") {
            if let Ok(once) = text(&raw) {
                prop_assert_eq!(text(&once), Ok(once.clone()));
            }
            if let Ok(once) = email(&raw) {
                prop_assert_eq!(email(&once), Ok(once.clone()));
            }
            if let Some(once) = match_key(&raw.as_str().into()) {
                prop_assert_eq!(match_key(&once.as_str().into()), Some(once));
            }
        }

        #[test]
        fn telephone_numbers_are_stable(raw in "[+0-9() .-]{0,20}") {
            if let Ok(once) = phone(&raw, Some("86")) {
                prop_assert_eq!(phone(&once, Some("49")), Ok(once.clone()));
            }
        }
    }
}
