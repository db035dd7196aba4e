//! How often: a bucket of permits for each client, and one for each address that shows what nobody knows.
//!
//! A bucket holds so many permits at most and gets them back evenly. The maps are bounded: one that is full forgets those
//! whose buckets are full again, and then whoever has been quiet the longest.

use rosterd_model::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// How many permits there are, and how fast they come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// So many at once.
    pub(crate) burst: u32,
    /// One comes back in so many microseconds.
    pub(crate) every_us: u64,
}

/// Requests of a client: 10,000 a second, and 20,000 at once. It bounds what one client takes from the others, not what a hub can do.
pub(crate) const OF_A_CLIENT: Rate = Rate { burst: 20_000, every_us: 100 };
/// Failures of an address: 10 a second, and 1,000 at once. Nobody guesses 256 bits; this bounds what it costs to try.
pub(crate) const OF_FAILURES: Rate = Rate { burst: 1_000, every_us: 100_000 };
/// Buckets of one kind.
const MOST: usize = 4_096;

/// Permits of one kind.
pub(crate) struct Buckets<K> {
    rate: Rate,
    most: usize,
    /// When each bucket will be full again, in microseconds; whoever is not in here has a full one.
    full_at: Mutex<HashMap<K, u64>>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, most: MOST, full_at: Mutex::default() }
    }

    /// Takes a permit.
    ///
    /// # Errors
    /// There is none: seconds until there is one.
    pub(crate) fn take(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.0.saturating_mul(1_000);
        let capacity = u64::from(self.rate.burst).saturating_mul(self.rate.every_us);
        // A clock that was set back must not lock anybody out for longer than an empty bucket does.
        let before = all.get(key).copied().unwrap_or(now).clamp(now, now.saturating_add(capacity));
        let after = before.saturating_add(self.rate.every_us);
        let over = after.saturating_sub(now.saturating_add(capacity));
        if over > 0 {
            return Err(over.div_ceil(1_000_000).max(1));
        }
        if all.len() >= self.most && !all.contains_key(key) {
            make_room(&mut all, now, self.most);
        }
        all.insert(key.clone(), after);
        Ok(())
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn make_room<K: Hash + Eq + Clone>(all: &mut HashMap<K, u64>, now: u64, most: usize) {
    all.retain(|_, full_at| *full_at > now);
    if all.len() >= most
        && let Some(quietest) = all.iter().min_by_key(|(_, full_at)| **full_at).map(|(key, _)| key.clone())
    {
        all.remove(&quietest);
    }
}

/// What stands for an address: of IPv6 the network, because whoever has one address has all of it.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: Rate = Rate { burst: 3, every_us: 2_000_000 };

    #[test]
    fn permits_run_out_and_come_back() {
        let buckets = Buckets::new(RATE);
        let take = |key: &str, at: u64| buckets.take(&key.to_owned(), Timestamp(at));
        assert_eq!([take("a", 0), take("a", 0), take("a", 0)], [Ok(()); 3]);
        assert_eq!(take("a", 0), Err(2));
        assert_eq!(take("b", 0), Ok(()), "others have their own");
        assert_eq!(take("a", 1_999), Err(1));
        assert_eq!(take("a", 2_000), Ok(()));
        assert_eq!(take("a", 2_000), Err(2));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_long() {
        let buckets = Buckets::new(RATE);
        for _ in 0..3 {
            assert_eq!(buckets.take(&"a", Timestamp(1_000_000)), Ok(()));
        }
        assert_eq!(buckets.take(&"a", Timestamp(0)), Err(2));
    }

    #[test]
    fn the_map_is_bounded() {
        let buckets = Buckets { most: 10, ..Buckets::new(RATE) };
        for key in 0..100 {
            assert_eq!(buckets.take(&key, Timestamp(key)), Ok(()));
        }
        assert_eq!(buckets.len(), 10);
        let empty = |key| (0..2).map(|_| buckets.take(&key, Timestamp(99))).collect::<Vec<_>>();
        assert_eq!(empty(99), [Ok(()), Ok(())]);
        assert!(buckets.take(&99, Timestamp(99)).is_err());
        for key in 200..300 {
            assert_eq!(buckets.take(&key, Timestamp(99)), Ok(()));
        }
        assert!(buckets.take(&99, Timestamp(99)).is_err(), "whoever asks much is not forgotten for others");
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate(times in proptest::collection::vec(0_u64..60_000, 1..200)) {
            let (buckets, mut times) = (Buckets::new(RATE), times);
            times.sort_unstable();
            let taken = times.iter().filter(|at| buckets.take(&(), Timestamp(**at)).is_ok()).count() as u64;
            let span = times.last().copied().unwrap_or(0) - times[0];
            prop_assert!(taken <= u64::from(RATE.burst) + (span * 1_000).div_ceil(RATE.every_us));
        }
    }
}
