//! One hash over the rows of a store, for tests that ask whether two stores say the same.

use crate::error::StoreError;
use crate::kv::Read;
use crate::schema::Table;

/// BLAKE3 over all rows of all tables but those in `skip`. Equal rows give equal digests, however they came about.
///
/// # Errors
/// The store can not be read.
pub fn content_digest(view: &impl Read, skip: &[Table]) -> Result<[u8; 32], StoreError> {
    let mut hasher = blake3::Hasher::new();
    for table in Table::ALL.iter().filter(|table| !skip.contains(table)) {
        hasher.update(table.name().as_bytes()).update(&[0]);
        for row in view.prefix(*table, b"")? {
            let row = row?;
            for bytes in [&*row.key, &*row.value] {
                hasher.update(&(bytes.len() as u64).to_be_bytes()).update(bytes);
            }
        }
    }
    Ok(*hasher.finalize().as_bytes())
}
