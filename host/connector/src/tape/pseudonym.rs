//! Pseudonyms: the same word always becomes the same other word, and two different words never become the same one, so that a
//! plan over them has the same shape. Letters stay letters, digits digits, and lengths lengths, as far as the alphabet allows.
//!
//! Words that the configuration names, dates, numbers and truth values are kept, because mappings compare with them. The key is
//! made for the tape and thrown away with the process: nobody can turn a pseudonym back.

mod shapes;

use std::collections::BTreeSet;

/// Rounds of the permutation.
const ROUNDS: u8 = 8;
/// Characters that are permuted together: 20,902^8 and 26^26 fit into 126 bits.
const LETTERS: usize = 26;
const IDEOGRAPHS: usize = 8;
/// The ideographs that are used: the block from U+4E00 without its later additions.
const FIRST_IDEOGRAPH: u32 = 0x4e00;
const COUNT_OF_IDEOGRAPHS: u32 = 20_902;

/// Gives pseudonyms.
pub(super) struct Pseudonyms {
    key: [u8; 32],
    keep: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Letter,
    Digit,
    Ideograph,
    /// Letters of other alphabets.
    Other,
    /// Between words.
    Between,
}

impl Script {
    fn of(letter: char) -> Self {
        match letter {
            'a'..='z' | 'A'..='Z' => Self::Letter,
            '0'..='9' => Self::Digit,
            _ if (FIRST_IDEOGRAPH..FIRST_IDEOGRAPH + COUNT_OF_IDEOGRAPHS).contains(&u32::from(letter)) => {
                Self::Ideograph
            }
            _ if letter.is_alphanumeric() => Self::Other,
            _ => Self::Between,
        }
    }

    /// Size of the alphabet, and how many of its letters are permuted together.
    const fn size(self) -> (u32, usize) {
        match self {
            Self::Letter => (26, LETTERS),
            Self::Digit => (10, LETTERS),
            _ => (COUNT_OF_IDEOGRAPHS, IDEOGRAPHS),
        }
    }
}

impl Pseudonyms {
    /// A fresh key. The error is a sentence.
    pub(super) fn new(keep: &BTreeSet<String>) -> Result<Self, String> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| format!("the system gives no randomness: {error}"))?;
        Ok(Self { key, keep: keep.iter().map(|word| word.to_lowercase()).collect() })
    }

    /// Another text of the same form.
    fn text(&self, text: &str) -> String {
        if self.keep.contains(&text.to_lowercase()) || is_time(text) || matches!(text, "true" | "false") {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let letters: Vec<char> = text.chars().collect();
        for run in letters.chunk_by(|a, b| Script::of(*a) == Script::of(*b)) {
            self.run(run, &mut out);
        }
        out
    }

    fn run(&self, run: &[char], out: &mut String) {
        let Some(first) = run.first() else { return };
        let script = Script::of(*first);
        let word: String = run.iter().flat_map(|letter| letter.to_lowercase()).collect();
        if script == Script::Between || self.keep.contains(&word) {
            return out.extend(run);
        }
        if script == Script::Other {
            let hash = blake3::keyed_hash(&self.key, word.as_bytes());
            return out.extend(hash.as_bytes()[..12].iter().map(|byte| char::from(b'a' + byte % 26)));
        }
        let (size, together) = script.size();
        for part in run.chunks(together) {
            let before: Vec<u32> = part.iter().map(|letter| index(script, *letter)).collect();
            let mut after = self.permuted(script, size, &before);
            // A kept word stands for itself only: walk on until the answer is none.
            let named = |indices: &[u32]| indices.iter().map(|index| letter(script, *index)).collect::<String>();
            while self.keep.contains(&named(&after)) {
                after = self.permuted(script, size, &after);
            }
            // Comparing without regard to case must give the same as before.
            let cased = after.iter().zip(part).map(|(index, old)| {
                let new = letter(script, *index);
                if old.is_ascii_uppercase() { new.to_ascii_uppercase() } else { new }
            });
            out.extend(cased);
        }
    }

    /// A permutation of all words of this length over this alphabet: a Feistel network over twice as many bits as half of them
    /// need, walked until the number is a word again.
    fn permuted(&self, script: Script, size: u32, word: &[u32]) -> Vec<u32> {
        let words = word.iter().fold(1_u128, |all, _| all * u128::from(size));
        let half = (128 - (words - 1).leading_zeros()).div_ceil(2).max(1);
        let mask = (1_u128 << half) - 1;
        let mut number = word.iter().fold(0_u128, |number, index| number * u128::from(size) + u128::from(*index));
        loop {
            let (mut left, mut right) = (number >> half, number & mask);
            for round in 0..ROUNDS {
                let mut hasher = blake3::Hasher::new_keyed(&self.key);
                hasher.update(&[round, script as u8, u8::try_from(word.len()).unwrap_or(u8::MAX)]);
                hasher.update(&right.to_le_bytes());
                let mut mixed = [0; 16];
                mixed.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
                (left, right) = (right, left ^ (u128::from_le_bytes(mixed) & mask));
            }
            number = left << half | right;
            if number < words {
                break;
            }
        }
        let mut out = vec![0; word.len()];
        for index in out.iter_mut().rev() {
            *index = u32::try_from(number % u128::from(size)).unwrap_or_default();
            number /= u128::from(size);
        }
        out
    }
}

fn index(script: Script, letter: char) -> u32 {
    let base = match script {
        Script::Letter => u32::from('a'),
        Script::Digit => u32::from('0'),
        _ => FIRST_IDEOGRAPH,
    };
    u32::from(letter.to_ascii_lowercase()).saturating_sub(base)
}

fn letter(script: Script, index: u32) -> char {
    let base = match script {
        Script::Letter => u32::from('a'),
        Script::Digit => u32::from('0'),
        _ => FIRST_IDEOGRAPH,
    };
    char::from_u32(base + index).unwrap_or('x')
}

/// A date or a time: those decide about joiners and leavers.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    bytes.len() >= 10
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && matches!((bytes[4], bytes[7]), (b'-', b'-') | (b'/', b'/'))
        && bytes[10..].iter().all(|byte| byte.is_ascii_digit() || b"TZ:+-. ".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn pseudonyms(keep: &[&str]) -> Pseudonyms {
        Pseudonyms::new(&keep.iter().map(|word| (*word).to_owned()).collect()).unwrap()
    }

    #[test]
    fn no_two_words_become_one() {
        let all = pseudonyms(&["a", "b", "17"]);
        let numbers: HashSet<String> = (0..1000).map(|n| all.text(&format!("{n:03}"))).collect();
        assert_eq!(numbers.len(), 1000);
        let letters: HashSet<String> = ('a'..='z').map(|letter| all.text(&letter.to_string())).collect();
        assert_eq!(letters.len(), 26);
        let ideographs: HashSet<String> = (0..500)
            .filter_map(|n| char::from_u32(FIRST_IDEOGRAPH + n))
            .map(|one| all.text(&one.to_string()))
            .collect();
        assert_eq!(ideographs.len(), 500);
    }

    #[test]
    fn what_the_configuration_names_and_dates_stay() {
        let all = pseudonyms(&["active", "example"]);
        for text in ["Active", "2026-01-31", "2026/01/31 08:00", "true", ""] {
            assert_eq!(all.text(text), text);
        }
        let mail = all.text("Ada.Lovelace@example.com");
        assert!(mail.contains("@example.") && !mail.to_lowercase().contains("lovelace"), "{mail}");
        assert_eq!(mail.len(), "Ada.Lovelace@example.com".len());
        assert_eq!(mail.split('.').next().map(str::len), Some(3));
    }

    proptest! {
        #[test]
        fn case_and_form_are_kept(text in "\\PC{0,40}") {
            let all = pseudonyms(&["keep"]);
            let once = all.text(&text);
            prop_assert_eq!(&once, &all.text(&text));
            if text.is_ascii() {
                prop_assert_eq!(once.to_lowercase(), all.text(&text.to_lowercase()));
                prop_assert_eq!(once.len(), text.len());
            }
        }
    }
}
