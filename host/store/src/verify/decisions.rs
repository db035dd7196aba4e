//! What people decided: every decision is about something that is there.

use super::Check;
use crate::error::StoreError;
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::{ReadEntities, ReadOverrides, ReadPasswords, ReadReservations, ReadResolutions, ReadShadows};
use rosterd_model::Class;
use rosterd_model::decision::Choice;

impl<R: Read> Check<'_, R> {
    pub(super) fn decisions(&mut self) -> Result<(), StoreError> {
        self.resolutions()?;
        self.reservations()?;
        self.passwords()?;
        let view = self.view;
        for row in view.overrides()? {
            let Some((entity, attribute, _)) = self.readable(row)? else { continue };
            let mut known = false;
            for class in Class::ALL {
                known |= view.has_entity(class, entity)?;
            }
            if !known {
                self.problem(format_args!("{attribute} was set for entity {entity}, which does not exist"));
            }
        }
        Ok(())
    }

    fn resolutions(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let connections: Vec<_> = self.connections.keys().copied().collect();
        for connection in connections {
            for row in view.resolutions(connection)? {
                let Some((class, id, resolution)) = self.readable(row)? else { continue };
                let head = view.shadow_head(connection, class, &id);
                if self.readable(head)?.flatten().is_none() {
                    self.problem(format_args!(
                        "something was decided about a {class} of connection {} that was never seen",
                        connection.0
                    ));
                }
                if let Choice::Link(entity) = resolution.choice
                    && !view.has_entity(class, entity)?
                {
                    self.problem(format_args!(
                        "a {class} of connection {} is to be linked to {entity}, which does not exist",
                        connection.0
                    ));
                }
            }
        }
        Ok(())
    }

    /// A reservation outlives its entity if it ends one day.
    fn reservations(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.reservations()? {
            let Some((class, attribute, _, reservation)) = self.readable(row)? else { continue };
            if reservation.until.is_none() && !view.has_entity(class, reservation.entity)? {
                self.problem(format_args!(
                    "a {attribute} is reserved without an end for {class} {}, which does not exist",
                    reservation.entity
                ));
            }
        }
        Ok(())
    }

    /// A sealed password is good for nothing but its account.
    fn passwords(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        let (connections, mut found) = (self.connections.keys().copied().collect::<Vec<_>>(), 0);
        for connection in connections {
            for account in view.passwords(connection)? {
                found += 1;
                let Some(account) = self.readable(account)? else { continue };
                self.readable(view.password(connection, account))?;
                if !view.has_entity(Class::Account, account)? {
                    self.problem(format_args!("a first password waits for account {account}, which does not exist"));
                }
            }
        }
        self.nothing_else(Table::Passwords, found)
    }
}
