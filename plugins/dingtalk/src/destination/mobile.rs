//! Mobile numbers: eleven digits of the mainland, or `+prefix-digits` for all others (DingTalk's page "create user").
//! The hub writes them without a hyphen, as E.164 does, so that the prefix must be told from the digits behind it.

/// Two-digit country codes of ITU-T E.164; `1` and `7` have one digit, all others three.
const TWO_DIGITS: [&str; 43] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95",
];
/// The mainland.
const MAINLAND: &str = "86";

/// A mobile number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mobile {
    prefix: String,
    number: String,
}

impl Mobile {
    /// Reads `13800000001`, `+86-13800000001`, `+8613800000001`, `+852-51234567`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, number) = match text.strip_prefix('+') {
            None => (MAINLAND, text),
            Some(rest) => match rest.split_once('-') {
                Some(parts) => parts,
                None => rest.split_at_checked(prefix_length(rest))?,
            },
        };
        Self::of(prefix, number)
    }

    /// From the two fields in which DingTalk shows it.
    #[must_use]
    pub fn of(prefix: &str, number: &str) -> Option<Self> {
        let digits = |part: &str, from: usize, to: usize| {
            (from..=to).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mainland = prefix == MAINLAND;
        let good = digits(prefix, 1, 4) && digits(number, 5, 14);
        let good = good && (!mainland || (number.len() == 11 && number.starts_with('1')));
        good.then(|| Self { prefix: prefix.to_owned(), number: number.to_owned() })
    }

    /// As a request has it, and as this destination shows it. Organisations overseas write the prefix of the mainland too.
    #[must_use]
    pub fn written(&self, overseas: bool) -> String {
        if self.prefix == MAINLAND && !overseas { self.number.clone() } else { self.with_prefix() }
    }

    /// With its prefix, as numbers of dedicated accounts always are.
    #[must_use]
    pub fn with_prefix(&self) -> String {
        format!("+{}-{}", self.prefix, self.number)
    }
}

fn prefix_length(digits: &str) -> usize {
    match digits.get(..2) {
        Some(two) if two.starts_with(['1', '7']) => 1,
        Some(two) if TWO_DIGITS.contains(&two) || two == "98" => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::Mobile;

    #[test]
    fn all_spellings_of_one_number_are_one() {
        for text in ["13800000001", "+86-13800000001", "+8613800000001"] {
            let mobile = Mobile::parse(text).unwrap();
            assert_eq!((mobile.written(false), mobile.written(true)), ("13800000001".into(), "+86-13800000001".into()));
        }
        for (text, written) in [
            ("+85251234567", "+852-51234567"),
            ("+14155550123", "+1-4155550123"),
            ("+989121234567", "+98-9121234567"),
            ("+4915112345678", "+49-15112345678"),
            ("+886-912345678", "+886-912345678"),
        ] {
            assert_eq!(Mobile::parse(text).map(|mobile| mobile.written(false)).as_deref(), Some(written));
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", "+", "+86", "23800000001", "1380000000", "+86-2380000000", "+852 51234567", "1380000000١", "+é1"]
        {
            assert_eq!(Mobile::parse(text), None, "{text}");
        }
    }
}
