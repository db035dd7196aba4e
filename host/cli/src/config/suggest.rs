//! "Did you mean": the nearest of the words that would have been right.

/// The word nearest to `wrong`, if one is near enough: within a third of its length, ignoring case.
pub(crate) fn nearest<'a>(wrong: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: Vec<char> = wrong.to_lowercase().chars().take(64).collect();
    let limit = (wrong.len() / 3).max(1);
    let near = words.map(|word| (distance(&wrong, word), word)).filter(|(distance, _)| *distance <= limit);
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Insertions, removals, replacements and swaps of neighbours that turn one word into the other.
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut next = vec![i + 1; to.len() + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            next[j + 1] = best;
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_words_are_not() {
        let words = ["correlate", "map", "unmatched", "key-space"];
        assert_eq!(nearest("corelate", words.into_iter()), Some("correlate"));
        assert_eq!(nearest("key_space", words.into_iter()), Some("key-space"));
        assert_eq!(nearest("mpa", words.into_iter()), Some("map"));
        assert_eq!(nearest("schedule", words.into_iter()), None);
        assert_eq!(nearest("", words.into_iter()), None);
    }

    proptest::proptest! {
        #[test]
        fn distance_is_zero_only_for_equal_words_and_symmetric(a in "[a-z]{0,12}", b in "[a-z]{0,12}") {
            let (from_a, from_b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            proptest::prop_assert_eq!(distance(&from_a, &b), distance(&from_b, &a));
            proptest::prop_assert_eq!(distance(&from_a, &b) == 0, a == b);
        }
    }
}
