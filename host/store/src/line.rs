//! Drafts that are stored one behind the other, while the next one is made.
//!
//! The view of a draft is that before the transaction in whose time it is made, and the rows of that transaction lie over
//! it. What makes this sound is one number: the commits of this process. A draft is stored only if nobody else committed
//! since its view was taken; else it is given up, and whoever made it makes it again.
//!
//! Most drafts are stored without waiting for the disk, as [`Store::commit_unsynced`] does. So whoever uses a line must
//! count, in the rows that it stores, how far it came, and end with a durable commit.

use crate::draft::{Draft, Layer};
use crate::error::StoreError;
use crate::gather::failed;
use crate::open::Store;
use crate::snapshot::Snapshot;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// A line of drafts. At most one of them is being stored at any time. Dropping it waits for that one.
pub struct Line {
    store: Arc<Store>,
    name: &'static str,
    base: Arc<Snapshot>,
    under: Option<Arc<Layer>>,
    /// Commits after which the next draft may be stored.
    after: u64,
    /// Keys, and values, are kept back which `base` does not show.
    keeps: (bool, bool),
    storing: Option<JoinHandle<Result<bool, StoreError>>>,
}

impl Line {
    /// Begins a line. `name` is the effect point of its commits.
    ///
    /// # Errors
    /// The store can not be read.
    pub fn begin(store: &Arc<Store>, name: &'static str) -> Result<Self, StoreError> {
        let Base { view, after, keeps } = Base::now(store)?;
        Ok(Self { store: Arc::clone(store), name, base: Arc::new(view), under: None, after, keeps, storing: None })
    }

    /// The next draft.
    #[must_use]
    pub fn draft(&self) -> Draft {
        Draft::new(Arc::clone(&self.base), self.under.clone(), &self.store.sizes(), self.keeps)
    }

    /// Begins to store a draft, once the one before is stored. False: somebody else wrote, and this draft and what was
    /// still on its way are not stored; the line is over.
    ///
    /// # Errors
    /// The store can not be read or written.
    pub fn store(&mut self, draft: Draft) -> Result<bool, StoreError> {
        if !self.end()? {
            return Ok(false);
        }
        let base = Base::now(&self.store)?;
        if base.after != self.after {
            return Ok(false);
        }
        let layer = Arc::new(draft.into_layer());
        let (store, name, after, rows) = (Arc::clone(&self.store), self.name, self.after, Arc::clone(&layer));
        let work = move || store.commit_layer(name, &rows, after);
        let thread = thread::Builder::new().name("store-draft".to_owned()).spawn(work);
        self.storing = Some(thread.map_err(|error| failed(error.to_string()))?);
        (self.base, self.under, self.keeps) = (Arc::new(base.view), Some(layer), base.keeps);
        self.after += 1;
        Ok(true)
    }

    /// Waits for what is being stored. False: somebody else wrote before it, and it is not stored.
    ///
    /// # Errors
    /// The store can not be written.
    pub fn end(&mut self) -> Result<bool, StoreError> {
        let Some(thread) = self.storing.take() else { return Ok(true) };
        thread.join().unwrap_or_else(|_| Err(failed("a thread of the store panicked".to_owned())))
    }
}

/// A view, how many commits led to it, and whether it lacks keys, and values.
struct Base {
    view: Snapshot,
    after: u64,
    keeps: (bool, bool),
}

impl Base {
    fn now(store: &Store) -> Result<Self, StoreError> {
        let commits = store.commits();
        let keeps = (!commits.kept.is_empty(), !commits.values.is_empty());
        Ok(Self { view: store.view()?, after: commits.made, keeps })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Nothing is stored behind the back of a run that failed; its outcome does not matter any more. What is kept back
        // and can not be stored now goes with the next transaction.
        let _ = self.end();
        let _ = self.store.store_kept(&mut self.store.commits());
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("name", &self.name).finish_non_exhaustive()
    }
}
