//! Files that the operator granted, by the names of the settings.

use crate::fault::Fault;

#[cfg(target_arch = "wasm32")]
use crate::bindings::imports::rosterd::connector::files as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::testkit::files as host;

/// A file being read, as it was when it was opened.
#[derive(Debug)]
pub struct Input(host::Input);

/// A file being written beside the old one. Dropped without [`Output::commit`], it leaves nothing.
#[derive(Debug)]
pub struct Output(host::Output);

/// Opens for reading. The same file may be open more than once.
///
/// # Errors
/// `not-found`, `denied`.
pub fn open(name: &str) -> Result<Input, Fault> {
    host::open(name).map(Input)
}

/// Begins a new file that replaces the one of this name at commit.
///
/// # Errors
/// `denied`.
pub fn create(name: &str) -> Result<Output, Fault> {
    host::create(name).map(Output)
}

/// A whole small file.
///
/// # Errors
/// As [`open`]; `invalid` if it is larger than `limit` bytes.
pub fn read_all(name: &str, limit: usize) -> Result<Vec<u8>, Fault> {
    let input = open(name)?;
    let mut all = Vec::new();
    loop {
        let chunk = input.read(256 * 1024)?;
        if chunk.is_empty() {
            return Ok(all);
        }
        if all.len() + chunk.len() > limit {
            return Err(Fault::invalid(format!("the file {name} is larger than {limit} bytes")).about(name));
        }
        all.extend_from_slice(&chunk);
    }
}

impl Input {
    /// At most `max` bytes; an empty answer is the end.
    ///
    /// # Errors
    /// What the host met while reading.
    pub fn read(&self, max: u32) -> Result<Vec<u8>, Fault> {
        self.0.read(max)
    }

    /// In bytes, if it is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.0.size()
    }
}

impl Output {
    /// Appends.
    ///
    /// # Errors
    /// What the host met while writing.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Fault> {
        self.0.write(bytes)
    }

    /// Makes the file visible, all of it or nothing.
    ///
    /// # Errors
    /// What the host met; then the old file is still there.
    pub fn commit(self) -> Result<(), Fault> {
        self.0.commit()
    }
}
