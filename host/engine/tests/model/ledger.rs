//! What the hub may know, from what it was shown: the reasons for which somebody may be disabled. More than it really
//! knows where a process died in between, and never less.

use crate::company::Shown;
use crate::game::HOUR;
use std::collections::{BTreeMap, BTreeSet};

/// How a scan was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// It came to its end, and called itself complete.
    pub(crate) whole: bool,
    /// The process may have died before it noted that.
    pub(crate) died: bool,
    /// It went on where another one was interrupted.
    pub(crate) resumed: bool,
    pub(crate) at: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// People of whom the source said last that they left or are deleted.
    told: BTreeSet<u32>,
    /// Absence that was confirmed so far: how often, by which version last, when.
    absent: BTreeMap<u32, (u32, String, u64)>,
    /// Sizes that the last licensed scan may have had.
    sizes: BTreeSet<usize>,
    /// People whose removal a person approved.
    pub(crate) approved: BTreeSet<u32>,
    /// Everybody who was ever listed.
    pub(crate) known: BTreeSet<u32>,
    /// A task that panicked.
    pub(crate) panicked: Option<String>,
}

impl Ledger {
    /// A full scan showed this.
    pub(crate) fn read(&mut self, shown: &Shown, reading: Reading) {
        self.told.extend(&shown.left);
        let size = shown.listed.len();
        let gone =
            |number: &&u32| self.told.contains(number) || self.approved.contains(number) || self.may_leave(**number);
        let left = self.known.iter().filter(|number| !gone(number)).count();
        let enough = |last: &usize| size * 10 >= left.min(*last) * 9;
        let licensed = reading.whole
            && (reading.resumed || (size > 0 && (self.sizes.is_empty() || self.sizes.iter().any(enough))));
        if licensed {
            for number in self.known.iter().filter(|number| !shown.listed.contains_key(number)) {
                let count = self.absent.entry(*number).or_insert((0, String::new(), 0));
                let late = count.0 == 0 || reading.at >= count.2 + 12 * HOUR;
                if late && count.1 != shown.version {
                    *count = (count.0 + 1, shown.version.clone(), reading.at);
                }
            }
            if !reading.died && !reading.resumed {
                self.sizes.clear();
            }
            self.sizes.insert(size);
        }
        // A scan that went on does not show again what its first half showed, as it was then.
        if reading.whole && !reading.died && !reading.resumed {
            for number in shown.listed.keys() {
                self.absent.remove(number);
                if !shown.left.contains(number) {
                    self.told.remove(number);
                }
            }
        }
        self.known.extend(shown.listed.keys());
    }

    /// A delta told what changed, and called these people deleted.
    pub(crate) fn delta(&mut self, shown: &Shown, gone: &BTreeSet<u32>) {
        self.told.extend(shown.left.iter().chain(gone));
        self.known.extend(shown.listed.keys());
    }

    /// The source said of somebody that he is gone.
    pub(crate) fn told(&mut self, number: u32) {
        self.told.insert(number);
    }

    /// True if the hub may disable him without a person.
    pub(crate) fn may_leave(&self, number: u32) -> bool {
        self.told.contains(&number) || self.absent.get(&number).is_some_and(|(times, ..)| *times >= 2)
    }
}
