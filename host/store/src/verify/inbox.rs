//! The inbox: hints under known connections, events with their times one to one.

use super::Check;
use crate::codec;
use crate::error::StoreError;
use crate::key::Parts;
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::ReadHints;
use crate::tables::hints::StoredHint;

impl<R: Read> Check<'_, R> {
    pub(super) fn inbox(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let mut found = 0;
        for number in self.connections.keys().copied().collect::<Vec<_>>() {
            for hint in view.hints(number)? {
                found += 1;
                let Some(hint) = self.readable::<StoredHint>(hint)? else { continue };
                let same = view.hint(number, hint.class, hint.id.as_ref());
                if self.readable(same)?.flatten().as_ref() != Some(&hint) {
                    self.problem(format_args!("a hint of connection {} lies under another object", number.0));
                }
            }
        }
        self.nothing_else(Table::Hints, found)?;
        for row in view.prefix(Table::HintEventTimes, b"")? {
            let row = row?;
            let at = Parts::new(Table::HintEventTimes, &row.key).u64();
            let Some(at) = self.readable(at)? else { continue };
            let event = view.get(Table::HintEvents, &row.key[8..])?;
            let known = event.map(|event| codec::number(Table::HintEvents, &event)).transpose();
            if self.readable(known)?.flatten() != Some(at) {
                self.problem("an event of the inbox is remembered under a time that is not its own");
            }
        }
        let (events, times) = (view.row_count(Table::HintEvents)?, view.row_count(Table::HintEventTimes)?);
        if events != times {
            self.problem(format_args!("the inbox remembers {events} events and {times} times of them"));
        }
        Ok(())
    }
}
