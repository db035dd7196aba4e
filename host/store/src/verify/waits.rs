//! What the hub waits for: timers, and orders of people.

use super::Check;
use crate::codec;
use crate::error::StoreError;
use crate::key::Parts;
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::ReadEntities;
use crate::tables::orders::Order;
use crate::tables::timers::timer;

impl<R: Read> Check<'_, R> {
    /// Every timer can be read. One whose entity is gone is removed when it fires, and no defect.
    pub(super) fn timers(&mut self) -> Result<(), StoreError> {
        for row in self.view.prefix(Table::Timers, b"")? {
            let timer = timer(&row?.key);
            self.readable(timer)?;
        }
        Ok(())
    }

    /// Every order is about an entity that exists.
    pub(super) fn orders(&mut self) -> Result<(), StoreError> {
        for row in self.view.prefix(Table::Orders, b"")? {
            let row = row?;
            let mut parts = Parts::new(Table::Orders, &row.key);
            let key = parts.class().and_then(|class| Ok((class, parts.entity()?)));
            let Some((class, entity)) = self.readable(key)? else { continue };
            self.readable(codec::decode::<Order>(Table::Orders, &row.value))?;
            if !self.view.has_entity(class, entity)? {
                self.problem(format_args!("an order is about {class} {entity}, which does not exist"));
            }
        }
        Ok(())
    }
}
