//! Fuzz targets as plain functions over bytes from outside: each must return, whatever it is given. A fuzzer calls them
//! (`tests/fuzz/libfuzzer`), and so does proptest in `make test`; `PROPTEST_CASES=100000` makes it look longer.
//!
//! Which parser belongs to which target stands in `tests/suite/tidy/fuzz.rs`.

mod csv_reading;
mod csv_writing;
mod expressions;
mod input;
mod records;

pub use csv_reading::*;
pub use csv_writing::*;
pub use expressions::*;
pub use records::*;

/// A component as anybody may hand one over.
pub fn component(bytes: &[u8]) {
    let _ = rosterd_connector::inspect(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn components(bytes in proptest::collection::vec(any::<u8>(), 0..200), header in any::<bool>()) {
            let mut component = if header { b"\0asm\x0d\0\x01\0".to_vec() } else { Vec::new() };
            component.extend(bytes);
            super::component(&component);
        }
    }
}
