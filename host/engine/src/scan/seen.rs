//! What a scan has shown so far: one bit a shadow, in memory, a hundred and twenty-five kilobytes for a million.

use rosterd_model::Class;

/// Ordinals seen by a scan, by class.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    bits: [Vec<u64>; 3],
    count: [u64; 3],
    /// Marks that the store does not have yet.
    unsaved: Vec<(Class, u32)>,
}

fn slot(class: Class) -> usize {
    usize::from(class.code()) - 1
}

impl Seen {
    pub(crate) fn contains(&self, class: Class, ordinal: u32) -> bool {
        let word = self.bits[slot(class)].get(ordinal as usize / 64);
        word.is_some_and(|word| word >> (ordinal % 64) & 1 == 1)
    }

    /// Marks an ordinal, and tells whether it was marked before.
    pub(crate) fn mark(&mut self, class: Class, ordinal: u32) -> bool {
        let (words, index) = (&mut self.bits[slot(class)], ordinal as usize / 64);
        if words.len() <= index {
            words.resize(index + 1, 0);
        }
        let bit = 1 << (ordinal % 64);
        let before = words[index] & bit != 0;
        words[index] |= bit;
        if !before {
            self.count[slot(class)] += 1;
            self.unsaved.push((class, ordinal));
        }
        before
    }

    /// Marks an ordinal that the store has marked already.
    pub(crate) fn mark_saved(&mut self, class: Class, ordinal: u32) {
        if !self.mark(class, ordinal) {
            self.unsaved.pop();
        }
    }

    pub(crate) fn count(&self, class: Class) -> u64 {
        self.count[slot(class)]
    }

    /// How many marks the store does not have yet.
    pub(crate) fn unsaved(&self) -> usize {
        self.unsaved.len()
    }

    /// Hands out the marks that the store does not have yet, because it gets them now.
    pub(crate) fn take_unsaved(&mut self) -> Vec<(Class, u32)> {
        std::mem::take(&mut self.unsaved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_kept_per_class_and_told_the_second_time() {
        let mut seen = Seen::default();
        assert!(!seen.mark(Class::Account, 70));
        assert!(seen.mark(Class::Account, 70));
        assert!(seen.contains(Class::Account, 70));
        assert!(!seen.contains(Class::Account, 6) && !seen.contains(Class::OrgUnit, 70));
        assert_eq!((seen.count(Class::Account), seen.unsaved()), (1, 1));
        assert_eq!(seen.take_unsaved(), [(Class::Account, 70)]);
        assert_eq!(seen.unsaved(), 0);
    }
}
