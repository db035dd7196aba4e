//! What goes wrong in real files: broken rows, damaged cells, people listed twice.

use crate::person::{Row, column, number};
use crate::random::Random;
use std::collections::BTreeMap;

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disorder {
    /// No employee number.
    MissingNumber,
    /// The row ends too early.
    TooFewCells,
    /// The row goes on after its last column.
    TooManyCells,
    /// An address without `@`, or with two.
    BrokenEmail,
    /// A spreadsheet made a number of the phone.
    DamagedPhone,
    /// A cell beyond every limit.
    OverlongCell,
    /// The same row once more.
    ListedTwice,
    /// The same employee number once more, with other content.
    ContradictsItself,
    /// A later person has the user name of this one.
    StealsUserName,
}

/// How many of each there are among ten thousand people.
const PER_TEN_THOUSAND: [(Disorder, usize); 9] = [
    (Disorder::MissingNumber, 12),
    (Disorder::TooFewCells, 10),
    (Disorder::TooManyCells, 8),
    (Disorder::BrokenEmail, 14),
    (Disorder::DamagedPhone, 13),
    (Disorder::OverlongCell, 3),
    (Disorder::ListedTwice, 14),
    (Disorder::ContradictsItself, 14),
    (Disorder::StealsUserName, 12),
];

/// Nobody above this index is touched: the first managers exist in every company.
const SPARED: usize = 100;

/// Bytes of an over-long cell: one more than 64 KiB.
const OVERLONG: usize = 64 * 1024 + 1;

/// Which people of a company are touched by what, by index.
pub(crate) fn plan(seed: u64, people: usize) -> BTreeMap<usize, Disorder> {
    let mut random = Random::of(seed, u64::MAX);
    let mut planned = BTreeMap::new();
    if people <= 2 * SPARED {
        return planned;
    }
    for (disorder, share) in PER_TEN_THOUSAND {
        let mut left = (people * share / 10_000).max(1);
        while left > 0 {
            let index = SPARED + random.below((people - SPARED) as u64) as usize;
            if let std::collections::btree_map::Entry::Vacant(free) = planned.entry(index) {
                free.insert(disorder);
                left -= 1;
            }
        }
    }
    planned
}

/// The rows that stand in the file where `row` of person `index` should: itself damaged, or followed by another.
/// `people` is the number of the company, so that a new number belongs to nobody.
pub(crate) fn apply(disorder: Disorder, mut row: Row, index: usize, people: usize) -> Vec<Row> {
    match disorder {
        Disorder::MissingNumber => row[column::NUMBER].clear(),
        Disorder::TooFewCells => row.truncate(if index.is_multiple_of(2) { 3 } else { 7 }),
        Disorder::TooManyCells => row.extend(["备注".to_owned(), "x".to_owned()]),
        Disorder::BrokenEmail => {
            row[column::EMAIL] = if index.is_multiple_of(2) {
                format!("{}(at)xinghe.example", row[column::USER_NAME])
            } else {
                format!("{}@@xinghe.example", row[column::USER_NAME])
            };
        }
        Disorder::DamagedPhone => row[column::PHONE] = format!("1.3{}E+10", index % 10),
        Disorder::OverlongCell => row[column::TITLE] = "长".repeat(OVERLONG / "长".len() + 1),
        Disorder::ListedTwice => {
            let twin = row.clone();
            return vec![row, twin];
        }
        Disorder::ContradictsItself => {
            let mut other = row.clone();
            other[column::TITLE] = "已调岗".to_owned();
            return vec![row, other];
        }
        Disorder::StealsUserName => {
            let mut other = row.clone();
            other[column::NUMBER] = number(people + index);
            other[column::EMAIL] = format!("other{index}@xinghe.example");
            other[column::PHONE].clear();
            return vec![row, other];
        }
    }
    vec![row]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_people_have_sixty_broken_rows_and_forty_doubles() {
        let planned = plan(3, 10_000);
        let double = |disorder: &&Disorder| {
            matches!(disorder, Disorder::ListedTwice | Disorder::ContradictsItself | Disorder::StealsUserName)
        };
        assert_eq!(planned.len(), 100);
        assert_eq!(planned.values().filter(double).count(), 40);
        assert!(planned.keys().all(|index| (SPARED..10_000).contains(index)));
    }

    #[test]
    fn a_tiny_company_is_left_in_peace() {
        assert!(plan(3, 200).is_empty());
    }
}
