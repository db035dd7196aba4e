//! Pages: how a reader hands out what it read.

use crate::fault::Fault;
use crate::record::{Change, Class};
use crate::source::{Page, Progress, Reader, ScanEnd};
use std::collections::VecDeque;

impl Page {
    /// There is more to come.
    #[must_use]
    pub fn more(changes: Vec<Change>, resume: Option<String>) -> Self {
        Self { changes, resume, progress: Progress::More }
    }

    /// This was the last page.
    #[must_use]
    pub fn end(changes: Vec<Change>, end: ScanEnd) -> Self {
        Self { changes, resume: None, progress: Progress::End(end) }
    }

    /// The end, if this is the last page.
    #[must_use]
    pub fn ended(&self) -> Option<&ScanEnd> {
        match &self.progress {
            Progress::More => None,
            Progress::End(end) => Some(end),
        }
    }
}

impl ScanEnd {
    /// Everything in scope of these classes was listed, without an error swallowed.
    #[must_use]
    pub fn complete(classes: impl Into<Vec<Class>>) -> Self {
        Self { complete: classes.into(), ..Self::partial() }
    }

    /// The reading ended and makes no statement about what was not listed: the end of every delta.
    #[must_use]
    pub fn partial() -> Self {
        Self { complete: Vec::new(), declared_totals: Vec::new(), cursor: None, note: None }
    }

    /// The same with the cursor for the next delta.
    #[must_use]
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// The same with a total that the remote system declares.
    #[must_use]
    pub fn total(mut self, class: Class, objects: u64) -> Self {
        self.declared_totals.push((class, objects));
        self
    }

    /// The same with a sentence for the run's report.
    #[must_use]
    pub fn note(mut self, sentence: impl Into<String>) -> Self {
        self.note = Some(sentence.into());
        self
    }
}

/// What a remote system gave for one page of its own.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// In the remote system's order.
    pub changes: Vec<Change>,
    /// Where its next page starts; none after the last.
    pub next: Option<String>,
}

/// A reader over a remote system that pages by a token of its own: give it the function that fetches one page.
///
/// It cuts the remote system's pages to the size that the host asked for, and gives a resume point only where a page
/// of the remote system ends, since only there it can go on.
pub struct Paged<F> {
    fetch: F,
    waiting: VecDeque<Change>,
    token: Option<String>,
    /// True once the last remote page was fetched.
    drained: bool,
    end: ScanEnd,
}

impl<F: FnMut(Option<&str>, u32) -> Result<Batch, Fault> + 'static> Paged<F> {
    /// Starts at `resume` (none: at the beginning); `fetch` gets the token of the page (none: the first) and a size
    /// hint; `end` is what to state after the last page.
    pub fn new(resume: Option<String>, end: ScanEnd, fetch: F) -> Self {
        Self { fetch, waiting: VecDeque::new(), token: resume, drained: false, end }
    }
}

impl<F: FnMut(Option<&str>, u32) -> Result<Batch, Fault> + 'static> Reader for Paged<F> {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        if self.waiting.is_empty() && !self.drained {
            let batch = (self.fetch)(self.token.as_deref(), max)?;
            if batch.next.is_some() && batch.next == self.token {
                // A server that answers with the token it was asked for would be read forever.
                return Err(Fault::incomplete("the remote system gave the same page token twice"));
            }
            self.waiting = batch.changes.into();
            self.drained = batch.next.is_none();
            self.token = batch.next;
        }
        let count = self.waiting.len().min(max as usize);
        let changes: Vec<Change> = self.waiting.drain(..count).collect();
        if !self.waiting.is_empty() {
            return Ok(Page::more(changes, None));
        }
        if self.drained {
            return Ok(Page::end(changes, self.end.clone()));
        }
        Ok(Page::more(changes, self.token.clone()))
    }
}

impl<F> std::fmt::Debug for Paged<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paged")
            .field("token", &self.token)
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
