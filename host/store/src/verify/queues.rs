//! What waits: the outbox with its order, what destinations acknowledged, and open cases.

use super::Check;
use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Parts};
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::meta::Counter;
use crate::tables::outbox::{blocked_key, order_key, ordered};
use crate::tables::projections::living_id;
use crate::tables::quarantine::connection_key;
use crate::tables::{ReadEntities, ReadProjections, ReadQuarantine};
use rosterd_model::outbox::{DeliveryState, OutboxEntry};
use rosterd_model::quarantine::QuarantineCase;
use rosterd_model::{Class, EntityId};

/// The parts of a key of the outbox.
fn entry_parts(key: &[u8]) -> Result<(ConnectionNumber, Class, EntityId), StoreError> {
    let mut parts = Parts::new(Table::Outbox, key);
    let key = (parts.connection()?, parts.class()?, parts.entity()?);
    parts.end()?;
    Ok(key)
}

impl<R: Read> Check<'_, R> {
    pub(super) fn outbox(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let (mut found, mut blocked) = (0, 0);
        for row in view.prefix(Table::Outbox, b"")? {
            found += 1;
            let row = row?;
            let Some((destination, class, entity)) = self.readable(entry_parts(&row.key))? else { continue };
            let Some(entry) = self.readable(codec::decode::<OutboxEntry>(Table::Outbox, &row.value))? else { continue };
            let whose = format!("the outbox entry of {class} {entity} for connection {}", destination.0);
            if (entry.class, entry.entity) != (class, entity)
                || self.connections.get(&destination) != Some(&entry.destination)
            {
                self.problem(format_args!("{whose} lies under the key of another entry"));
            }
            if !view.has_entity(class, entity)? {
                self.problem(format_args!("{whose} is about an entity that does not exist"));
            }
            self.given_out(Counter::Order, entry.order, &whose)?;
            self.given_out(Counter::Plan, entry.plan, format_args!("the plan of {whose}"))?;
            if let DeliveryState::Blocked { on } = &entry.state {
                blocked += on.len() as u64;
                for on in on {
                    if !view.has(Table::OutboxBlocked, blocked_key(destination, *on, (class, entity)).as_bytes())? {
                        self.problem(format_args!("{whose} waits for an object that would not wake it"));
                    }
                }
            }
            let order = view.get(Table::OutboxOrder, order_key(destination, &entry).as_bytes())?;
            let order = order.map(|value| ordered(&value)).transpose();
            if self.readable(order)?.flatten() != Some((class, entity)) {
                self.problem(format_args!("{whose} has no place in the order of sending"));
            }
        }
        let waits = view.row_count(Table::OutboxBlocked)?;
        if waits != blocked {
            self.problem(format_args!("entries of the outbox wait for {blocked} objects, but {waits} rows say so"));
        }
        let ordered = view.row_count(Table::OutboxOrder)?;
        if ordered != found {
            self.problem(format_args!("the outbox has {found} entries and {ordered} places in the order of sending"));
        }
        Ok(())
    }

    pub(super) fn projections(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let (mut found, mut ids) = (0, 0);
        for (destination, class) in self.scopes() {
            for row in view.projections(destination, class)? {
                found += 1;
                let Some((entity, projection)) = self.readable(row)? else { continue };
                if let Some(id) = living_id(&projection) {
                    ids += 1;
                    if view.projected(destination, class, id)? != Some(entity) {
                        self.problem(format_args!(
                            "{class} {entity} is acknowledged by connection {} and can not be found by its id there",
                            destination.0
                        ));
                    }
                }
                if !view.has_entity(class, entity)? {
                    self.problem(format_args!(
                        "connection {} acknowledged {class} {entity}, which does not exist",
                        destination.0
                    ));
                }
            }
        }
        self.nothing_else(Table::ProjectionIds, ids)?;
        self.nothing_else(Table::Projections, found)
    }

    pub(super) fn quarantine(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let (mut found, mut objects) = (0_u64, 0_u64);
        for row in view.prefix(Table::Quarantine, b"")? {
            found += 1;
            let row = row?;
            let Some(case) = self.readable(codec::decode::<QuarantineCase>(Table::Quarantine, &row.value))? else {
                continue;
            };
            let number = case.number;
            if *row.key != number.to_be_bytes() {
                self.problem(format_args!("case {number} lies under another number"));
            }
            self.given_out(Counter::Case, number, "a case in quarantine")?;
            let connection = self.connections.iter().find(|(_, name)| **name == case.connection);
            let Some(connection) = connection.map(|(connection, _)| *connection) else {
                self.problem(format_args!("case {number} belongs to no known connection"));
                continue;
            };
            if !view.has(Table::QuarantineConnections, connection_key(connection, number).as_bytes())? {
                self.problem(format_args!("case {number} is not among the cases of its connection"));
            }
            if let Some(id) = &case.id {
                objects += 1;
                if view.case_of(connection, case.class, id)? != Some(number) {
                    self.problem(format_args!("case {number} is not the open case of its object"));
                }
            }
        }
        for (table, expected) in [(Table::QuarantineConnections, found), (Table::QuarantineObjects, objects)] {
            let rows = view.row_count(table)?;
            if rows != expected {
                self.problem(format_args!("table {table} has {rows} rows, but open cases need {expected}"));
            }
        }
        Ok(())
    }
}
