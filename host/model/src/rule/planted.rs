//! Defects that a test plants on purpose, to see that random histories find them. Without the feature `switches` none can be
//! planted, and asking costs nothing.

#[cfg(feature = "switches")]
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! defects {
    ($($name:ident, $text:literal;)*) => {
        /// A defect that can be planted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Defect { $(#[doc = $text] $name,)* }

        impl Defect {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What goes wrong.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

defects! {
    KeyForgotten, "A new entity is not found by its keys.";
    TotalForgotten, "Who leaves is still counted as living.";
    DisableForgotten, "A disable of the hub is not passed on to destinations.";
    FailureForgotten, "An operation that failed once is taken for done.";
    AnswerForgotten, "What a destination acknowledged is remembered as it was before.";
    ReturnIgnored, "Who returns stays disabled.";
    MissingForgotten, "Who is listed again is still counted as missing once.";
}

#[cfg(feature = "switches")]
static PLANTED: AtomicU64 = AtomicU64::new(0);

impl Defect {
    /// True while the defect is planted.
    #[cfg(not(feature = "switches"))]
    #[inline]
    #[must_use]
    pub const fn here(self) -> bool {
        false
    }

    /// True while the defect is planted.
    #[cfg(feature = "switches")]
    #[must_use]
    pub fn here(self) -> bool {
        PLANTED.load(Ordering::Relaxed) & (1 << self as u64) != 0
    }
}

/// Keeps a defect planted until it is dropped. One process, one set: tests that plant share a lock.
#[cfg(feature = "switches")]
#[derive(Debug)]
pub struct Planted(Defect);

#[cfg(feature = "switches")]
impl Planted {
    /// Plants a defect.
    #[must_use]
    pub fn new(defect: Defect) -> Self {
        PLANTED.fetch_or(1 << defect as u64, Ordering::SeqCst);
        Self(defect)
    }
}

#[cfg(feature = "switches")]
impl Drop for Planted {
    fn drop(&mut self) {
        PLANTED.fetch_and(!(1 << self.0 as u64), Ordering::SeqCst);
    }
}
