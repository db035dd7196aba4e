//! What the guard remembers: what was done by hours, what is owed, what was accepted, and who was erased.

use super::Check;
use crate::codec;
use crate::error::StoreError;
use crate::key::Parts;
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::accepted::Accepted;
use crate::tables::budget;
use crate::tables::{ReadEntities, ReadOwed};

impl<R: Read> Check<'_, R> {
    pub(super) fn guard(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.prefix(Table::Budget, b"")? {
            let row = row?;
            let spent = budget::parse(&row.key).and_then(|key| Ok((key, codec::number(Table::Budget, &row.value)?)));
            let Some(((_, bucket), _)) = self.readable(spent)? else { continue };
            if bucket.destination.is_some_and(|number| !self.connections.contains_key(&number)) {
                self.problem("the budget of the guard has a row of no known connection");
            }
        }
        for row in view.prefix(Table::Accepted, b"")? {
            self.readable(codec::decode::<Accepted>(Table::Accepted, &row?.value))?;
        }
        for row in view.prefix(Table::Erased, b"")? {
            let row = row?;
            let mut parts = Parts::new(Table::Erased, &row.key);
            let key = parts.connection().and_then(|_| parts.class()).and_then(|_| parts.raw::<16>());
            self.readable(key.and_then(|_| codec::number(Table::Erased, &row.value)))?;
        }
        let mut found = 0;
        for (destination, class) in self.scopes() {
            for entity in view.owed(destination, class, None)? {
                found += 1;
                let Some(entity) = self.readable(entity)? else { continue };
                if !view.has_entity(class, entity)? {
                    self.problem(format_args!("{class} {entity}, which does not exist, is owed to a destination"));
                }
            }
        }
        self.nothing_else(Table::Owed, found)
    }
}
