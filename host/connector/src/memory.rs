//! For tests, and in no release build: the linear memory of the guests of this process, to look for what must never be in it.
//!
//! The engine gives no way to the memory of a component's inner instances, so it is found where the system shows it: a linear
//! memory is the only mapping that can be written and is followed by gigabytes that can not be touched. All guests alive at
//! that moment are shown, which is more than the one that was called, and never less.

use std::fs::File;
use std::os::unix::fs::FileExt;

const RESERVED: u64 = 1 << 30;

/// Calls `hook` with windows of each linear memory. `expected` is how many bytes the limiter has let the guest have.
pub(crate) fn show(expected: usize, hook: &dyn Fn(&[u8])) {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return };
    let Ok(memory) = File::open("/proc/self/mem") else { return };
    let regions: Vec<(u64, u64, bool)> = maps.lines().filter_map(region).collect();
    let mut shown = 0;
    let mut start = 0;
    for (index, &(from, to, writable)) in regions.iter().enumerate() {
        let joined = index > 0 && regions[index - 1].1 == from && regions[index - 1].2;
        if writable && !joined {
            start = from;
        }
        let after = regions.get(index + 1).is_some_and(|next| next.0 == to && !next.2 && next.1 - next.0 >= RESERVED);
        if writable && after {
            shown += windows(&memory, start, to, hook);
        }
    }
    assert!(shown >= expected, "found {shown} bytes of linear memory where there are at least {expected}");
}

/// What is shown at once, and how much of it is shown again with what follows, so that nothing hides on an edge. Whole
/// memories would double what a guest costs, in tests that measure that.
const WINDOW: u64 = 1 << 20;
const OVERLAP: u64 = 64 << 10;

/// Shows a memory window by window; returns how many bytes were shown.
fn windows(memory: &File, start: u64, end: u64, hook: &dyn Fn(&[u8])) -> usize {
    let mut bytes = vec![0; usize::try_from(WINDOW + OVERLAP).unwrap_or(0)];
    let mut from = start;
    while from < end {
        let length = usize::try_from((end - from).min(WINDOW + OVERLAP)).unwrap_or(0);
        if memory.read_exact_at(&mut bytes[..length], from).is_err() {
            break;
        }
        hook(&bytes[..length]);
        from += WINDOW;
    }
    usize::try_from(from.min(end) - start).unwrap_or(0)
}

/// Start, end, and whether it can be read and written; a region that can not be touched at all is the other kind.
fn region(line: &str) -> Option<(u64, u64, bool)> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(from)?, number(to)?, rights.starts_with("rw")))
}
