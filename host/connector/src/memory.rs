//! For tests, and in no release build: the linear memory of the guests of this process, to look for what must never be in it.
//!
//! The engine gives no way to the memory of a component's inner instances, so it is found where the system shows it: a linear
//! memory is the only mapping that can be written and is followed by gigabytes that can not be touched. All guests alive at
//! that moment are shown, which is more than the one that was called, and never less.

use std::fs::File;
use std::os::unix::fs::FileExt;

const RESERVED: u64 = 1 << 30;

/// Calls `hook` with each linear memory. `expected` is how many bytes the limiter has let the guest have.
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
            let mut bytes = vec![0; usize::try_from(to - start).unwrap_or(0)];
            if memory.read_exact_at(&mut bytes, start).is_ok() {
                shown += bytes.len();
                hook(&bytes);
            }
        }
    }
    assert!(shown >= expected, "found {shown} bytes of linear memory where there are at least {expected}");
}

/// Start, end, and whether it can be read and written; a region that can not be touched at all is the other kind.
fn region(line: &str) -> Option<(u64, u64, bool)> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(from)?, number(to)?, rights.starts_with("rw")))
}
