//! A small random number generator of our own, so that a seed gives the same company with every version of every
//! crate: `splitmix64`.

/// A stream of numbers fixed by its seed.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream that belongs to part `index` of the company with `seed`. Parts do not influence each other, so the
    /// first thousand people are the same in a company of any size.
    pub(crate) fn of(seed: u64, index: u64) -> Self {
        let mut stream = Self(seed ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03));
        Self(stream.next())
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of a wide product: even enough for a company, and without a division.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// True once in `bound` times.
    pub(crate) fn once_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    /// One of `choices`, which is not empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_numbers_of_splitmix64() {
        let mut stream = Random(1_234_567);
        assert_eq!(stream.next(), 6_457_827_717_110_365_317);
        assert_eq!(stream.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_stay_below_their_bound_and_reach_all_of_it() {
        let mut stream = Random::of(7, 0);
        let mut seen = [false; 10];
        (0..1000).for_each(|_| seen[stream.below(10) as usize] = true);
        assert_eq!(seen, [true; 10]);
    }
}
