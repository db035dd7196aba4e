//! Shadows: head, shadow and ordinal belong together one to one, and the bitmaps say the same.

use super::Check;
use crate::error::StoreError;
use crate::key::ConnectionNumber;
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::meta::Counter;
use crate::tables::{ReadBitmaps, ReadLinks, ReadMissing, ReadShadowKeys, ReadShadows, ReadUnsettled};
use rosterd_model::Class;
use rosterd_model::directory::keys_of;
use rosterd_model::shadow::ShadowState;

/// Rows found per table, to be compared with all rows of it.
#[derive(Default)]
struct Found {
    heads: u64,
    unsettled: u64,
    missing: u64,
    keys: u64,
    chunks: [u64; 2],
}

impl<R: Read> Check<'_, R> {
    pub(super) fn shadows(&mut self) -> Result<(), StoreError> {
        let mut found = Found::default();
        for (connection, class) in self.scopes() {
            self.heads(connection, class, &mut found)?;
            self.unsettled(connection, class, &mut found)?;
            self.missing(connection, class, &mut found)?;
        }
        self.nothing_else(Table::ShadowHeads, found.heads)?;
        self.nothing_else(Table::Shadows, found.heads)?;
        self.nothing_else(Table::Unsettled, found.unsettled)?;
        self.nothing_else(Table::Missing, found.missing)?;
        let indexed: Vec<_> = self.connections.keys().copied().collect();
        for connection in indexed {
            found.keys += u64::from(self.view.has_shadow_keys(connection)?);
        }
        self.nothing_else(Table::ShadowKeys, found.keys)?;
        for (table, chunks) in [Table::Live, Table::Seen].into_iter().zip(found.chunks) {
            self.nothing_else(table, chunks)?;
        }
        Ok(())
    }

    fn heads(&mut self, connection: ConnectionNumber, class: Class, found: &mut Found) -> Result<(), StoreError> {
        let view = self.view;
        let whose = |ordinal: u32| format!("{class} shadow {ordinal} of connection {}", connection.0);
        let next = view.next_ordinal(connection, class)?;
        let mut taken = vec![0_u8; next.div_ceil(8) as usize];
        let mut live = 0;
        let indexed = view.has_shadow_keys(connection)?;
        for head in view.shadow_heads(connection, class)? {
            found.heads += 1;
            let Some((id, head)) = self.readable(head)? else { continue };
            let ordinal = head.ordinal;
            match taken.get_mut(ordinal as usize / 8) {
                Some(byte) if ordinal < next && *byte & (1 << (ordinal % 8)) == 0 => *byte |= 1 << (ordinal % 8),
                Some(_) if ordinal < next => self.problem(format_args!("{} has two heads", whose(ordinal))),
                _ => self.problem(format_args!("{} has an ordinal that was not given out", whose(ordinal))),
            }
            self.given_out(Counter::Sequence, head.seq, whose(ordinal))?;
            if view.is_live(connection, class, ordinal)? != head.live {
                self.problem(format_args!("the live bitmap says something else than the head of {}", whose(ordinal)));
            }
            live += u64::from(head.live);
            let shadow = view.shadow(connection, class, ordinal);
            match self.readable(shadow)? {
                Some(Some(shadow)) => {
                    let alive = shadow.state == ShadowState::Live;
                    if (shadow.class, &shadow.id, shadow.hash, shadow.seq, alive)
                        != (class, &id, head.hash, head.seq, head.live)
                    {
                        self.problem(format_args!("{} and its head differ", whose(ordinal)));
                    }
                    if indexed && alive {
                        for (attribute, value) in keys_of(&shadow.attributes) {
                            found.keys += 1;
                            let mut rows = view.shadows_with(connection, class, attribute, &value)?;
                            if !rows.any(|row| matches!(row, Ok(other) if other == ordinal)) {
                                self.problem(format_args!("{} is not found by its {attribute}", whose(ordinal)));
                            }
                        }
                    }
                }
                Some(None) => self.problem(format_args!("{} has a head and no row of its own", whose(ordinal))),
                None => {}
            }
        }
        if view.live_count(connection, class)? != live {
            self.problem(format_args!(
                "the live bitmap of {class} of connection {} has bits without heads",
                connection.0
            ));
        }
        for (table, chunks) in [Table::Live, Table::Seen].into_iter().zip(&mut found.chunks) {
            for number in 0..next.div_ceil(crate::tables::bitmaps::CHUNK_BITS) {
                *chunks += u64::from(view.has(table, crate::key::of_ordinal(connection, class, number).as_bytes())?);
            }
        }
        Ok(())
    }

    fn unsettled(&mut self, connection: ConnectionNumber, class: Class, found: &mut Found) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.all_unsettled(connection, class, 0)? {
            found.unsettled += 1;
            let Some((ordinal, seq)) = self.readable(row)? else { continue };
            let shadow = view.shadow(connection, class, ordinal);
            match self.readable(shadow)? {
                Some(Some(shadow)) if seq > shadow.seq => self.problem(format_args!(
                    "the {class} shadow {ordinal} of connection {} is unsettled by a change that it does not have",
                    connection.0
                )),
                Some(None) => self.problem(format_args!(
                    "the {class} shadow {ordinal} of connection {} is unsettled and does not exist",
                    connection.0
                )),
                _ => {}
            }
        }
        Ok(())
    }

    fn missing(&mut self, connection: ConnectionNumber, class: Class, found: &mut Found) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.all_missing(connection, class)? {
            found.missing += 1;
            let Some((ordinal, _)) = self.readable(row)? else { continue };
            if !view.is_live(connection, class, ordinal)? {
                self.problem(format_args!(
                    "the {class} shadow {ordinal} of connection {} counts as missing and is not live",
                    connection.0
                ));
            }
        }
        Ok(())
    }

    pub(super) fn links(&mut self) -> Result<(), StoreError> {
        use crate::tables::{ReadClaims, ReadEntities};
        let view = self.view;
        let mut found = 0;
        for (connection, class) in self.scopes() {
            for row in view.links(connection, class)? {
                found += 1;
                let Some((ordinal, link)) = self.readable(row)? else { continue };
                let whose = format!("the link of {class} shadow {ordinal} of connection {}", connection.0);
                if !link.live {
                    continue;
                }
                if !view.has(Table::Shadows, crate::key::of_ordinal(connection, class, ordinal).as_bytes())? {
                    self.problem(format_args!("{whose} is live and its shadow does not exist"));
                }
                if !view.has_entity(class, link.entity)? {
                    self.problem(format_args!("{whose} points to {class} {}, which does not exist", link.entity));
                }
                let claims = view.claims(link.entity, connection);
                let back = self.readable(claims)?.flatten().is_some_and(|claims| {
                    claims.class == class && (claims.ordinal == ordinal || claims.further.contains(&ordinal))
                });
                if !back {
                    self.problem(format_args!(
                        "{whose} is live, but the claims of {} do not name its shadow",
                        link.entity
                    ));
                }
            }
        }
        self.nothing_else(Table::Links, found)
    }
}
