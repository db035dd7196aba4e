//! Cells whose exact characters mean nothing: numbers, addresses, ids. And what spreadsheets do to them.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// The text in its compatible form (NFKC), without characters of no width, trimmed.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text.trim());
    }
    let text: String = text.chars().filter(|&character| !has_no_width(character)).nfkc().collect();
    Cow::Owned(text.trim().to_owned())
}

fn has_no_width(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
}

/// What a spreadsheet has done to a cell so that its value is lost, as a sentence.
#[must_use]
pub fn damage(cell: &str) -> Option<&'static str> {
    // Nearly every cell is told apart by its bytes alone.
    if cell.bytes().all(|byte| byte.is_ascii() && !matches!(byte, b'#' | b'E' | b'e')) {
        return None;
    }
    let cell = clean(cell);
    if is_rounded(&cell) {
        return Some(
            "a spreadsheet has rounded this number; format the column as text, enter the value again and export again",
        );
    }
    let errors = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"];
    let hashes = cell.len() > 2 && cell.bytes().all(|byte| byte == b'#');
    if hashes || errors.contains(&cell.as_ref()) {
        return Some("this is a spreadsheet's error value; mend the cell and export again");
    }
    None
}

/// `1.38E+10`: digits, perhaps a fraction, and a positive exponent.
fn is_rounded(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) else { return false };
    let Some(exponent) = exponent.strip_prefix('+') else { return false };
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    whole.len() == 1 && digits(whole) && digits(fraction) && exponent.len() <= 3 && digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_and_invisible_characters_go() {
        assert_eq!(clean("１３８\u{200B}００００\u{A0}"), "1380000");
        assert_eq!(clean(" a@b.example "), "a@b.example");
    }

    #[test]
    fn rounded_numbers_are_found() {
        for cell in ["1.38E+10", "4.4E+17", "1E+10", " 1.38001E+10 ", "１.38E+10", "#N/A", "####"] {
            assert!(damage(cell).is_some(), "{cell}");
        }
        for cell in ["13800138000", "E1001", "1E10", "2E+A", "12.5E+3", "", "#1", "a.b+E+1@c"] {
            assert!(damage(cell).is_none(), "{cell}");
        }
    }
}
