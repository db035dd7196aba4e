//! A place in a scan at which it waits, so that something else can happen in the middle of it.

use std::sync::Arc;
use tokio::sync::Semaphore;

/// A gate before one page. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate {
    /// The index of the page that waits.
    pub page: usize,
    reached: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    /// A closed gate before a page.
    #[must_use]
    pub fn before(page: usize) -> Self {
        Self { page, reached: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }

    /// Waits until the scan stands before the gate.
    pub async fn reached(&self) {
        // The semaphore is never closed.
        if let Ok(permit) = self.reached.acquire().await {
            permit.forget();
        }
    }

    /// Lets the scan go on.
    pub fn open(&self) {
        self.open.add_permits(1);
    }

    pub(super) async fn pass(&self) {
        self.reached.add_permits(1);
        if let Ok(permit) = self.open.acquire().await {
            permit.forget();
        }
    }
}
