//! How much is handed to a destination at once: so much that it takes about a fifth of a second, because a pause or an
//! urgent disable waits for the end of two batches.

use std::time::{Duration, Instant};

/// Batches grow while they take less than this.
const SHORT: Duration = Duration::from_millis(150);
/// Batches shrink when they take more than this.
const LONG: Duration = Duration::from_millis(350);
/// Operations of the first batch.
const FIRST: usize = 64;

/// The size of the next batch.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    size: usize,
    largest: usize,
    probing: bool,
}

impl Pace {
    /// At most `largest` operations at once.
    pub(super) fn new(largest: usize) -> Self {
        let largest = largest.max(1);
        Self { size: FIRST.min(largest), largest, probing: false }
    }

    /// The size of the next batch.
    pub(super) const fn most(&self) -> usize {
        if self.probing { 1 } else { self.size }
    }

    /// One at a time, or no longer.
    pub(super) const fn probing(&mut self, probing: bool) {
        self.probing = probing;
    }

    /// True: one at a time.
    pub(super) const fn is_probing(&self) -> bool {
        self.probing
    }

    /// A batch goes out.
    pub(super) fn begin(&self) -> Instant {
        Instant::now()
    }

    /// A batch was answered.
    pub(super) fn end(&mut self, begun: Instant, operations: usize) {
        self.took(begun.elapsed(), operations);
    }

    fn took(&mut self, time: Duration, operations: usize) {
        if time > LONG {
            self.size = (operations / 2).max(1);
        } else if time < SHORT && operations >= self.size {
            // Four times as many, where those would be quick, too.
            let times = if time * 4 < SHORT { 4 } else { 2 };
            self.size = (self.size * times).min(self.largest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_while_they_are_quick_and_shrink_when_they_are_slow() {
        let mut pace = Pace::new(500);
        let mut sizes = Vec::new();
        for time in [50, 10, 10, 10] {
            sizes.push(pace.most());
            let size = pace.most();
            pace.took(Duration::from_millis(time), size);
        }
        sizes.push(pace.most());
        assert_eq!(sizes, [64, 128, 500, 500, 500]);
        pace.took(Duration::from_secs(2), 500);
        assert_eq!(pace.most(), 250);
        pace.took(Duration::from_secs(2), 1);
        assert_eq!(pace.most(), 1);
        pace.probing(true);
        assert_eq!((pace.most(), Pace::new(0).most()), (1, 1));
    }
}
