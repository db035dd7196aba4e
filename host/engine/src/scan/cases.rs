//! What could not be read or understood becomes a quarantine case. A case that is open already is not written again.

use super::observer::Observer;
use crate::error::EngineError;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::record::Rejection;
use rosterd_model::{Class, ExternalId};
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use std::collections::HashMap;

/// Longest raw text that a case keeps, in bytes.
const RAW_BYTES: usize = 4096;

/// The text, cut at a character boundary.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// True if the open case says the same already.
pub(crate) fn same(open: &QuarantineCase, case: &QuarantineCase) -> bool {
    open.reason == case.reason
        && open.message == case.message
        && open.position == case.position
        && open.candidates == case.candidates
        && open.raw == case.raw
}

impl Observer {
    pub(super) fn rejected(&mut self, view: &Snapshot, rejection: Rejection) -> Result<(), EngineError> {
        self.counts.rejected += 1;
        match (&rejection.class, &rejection.id) {
            (Some(class), Some(id)) => {
                self.named(*class);
                if let Some(head) = view.shadow_head(self.scan.connection, *class, id)? {
                    // It is there, though it can not be read: not absent.
                    self.seen.mark(*class, head.ordinal);
                }
            }
            (class, _) => *self.nameless.entry(*class).or_default() += 1,
        }
        let Rejection { class, id, position, message, raw } = rejection;
        // Two broken rows with one id are two cases; a place tells them apart.
        let id = Some(match id {
            Some(id) => ExternalId::from(cut(&format!("{id}@{position}"), ExternalId::MAX_BYTES)),
            None => ExternalId::from(cut(&format!("@{position}"), ExternalId::MAX_BYTES)),
        });
        self.raise(view, class, id, QuarantineReason::Rejected, position, message, &raw)
    }

    /// Counts a record of a known object that could not be used.
    pub(super) fn named(&mut self, class: Class) {
        *self.named_rejections.entry(class).or_default() += 1;
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a case, each of another type")]
    pub(super) fn raise(
        &mut self,
        view: &Snapshot,
        class: Option<Class>,
        id: Option<ExternalId>,
        reason: QuarantineReason,
        position: String,
        message: String,
        raw: &str,
    ) -> Result<(), EngineError> {
        let case = QuarantineCase {
            number: 0,
            connection: self.source.clone(),
            class,
            id,
            reason,
            position,
            message,
            raw: cut(raw, RAW_BYTES),
            candidates: Vec::new(),
            run: self.scan.run,
            at: self.now,
        };
        let open = match &case.id {
            Some(id) => view.case_of(self.scan.connection, case.class, id)?,
            None => None,
        };
        if let Some(number) = open
            && view.case(number)?.is_some_and(|open| same(&open, &case))
        {
            self.raised.insert(number);
            return Ok(());
        }
        self.cases.push(case);
        Ok(())
    }

    /// The counts of rejections, as text that is stored with the resume point.
    pub(super) fn rejections_text(&self) -> String {
        write_rejections(&self.nameless, &self.named_rejections)
    }
}

pub(crate) fn write_rejections(nameless: &HashMap<Option<Class>, u64>, named: &HashMap<Class, u64>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (class, count) in nameless {
        parts.push(format!("?{}={count}", class.map_or("", Class::as_str)));
    }
    for (class, count) in named {
        parts.push(format!("{class}={count}"));
    }
    parts.sort();
    parts.join(",")
}

/// Rejections without an id and with one, by class.
pub(crate) type Rejections = (HashMap<Option<Class>, u64>, HashMap<Class, u64>);

/// Reads what [`Observer::rejections_text`] wrote.
pub(crate) fn parse_rejections(text: &str) -> Rejections {
    let (mut nameless, mut named) = (HashMap::new(), HashMap::new());
    for part in text.split(',') {
        let Some((key, count)) = part.split_once('=') else { continue };
        let count = count.parse().unwrap_or(1);
        match key.strip_prefix('?') {
            Some(class) => {
                nameless.insert(class.parse().ok(), count);
            }
            None => {
                if let Ok(class) = key.parse() {
                    named.insert(class, count);
                }
            }
        }
    }
    (nameless, named)
}
