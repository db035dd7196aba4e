//! The directory: entities, the keys by which they are found, and claims.

use super::{Check, Keys};
use crate::codec;
use crate::error::StoreError;
use crate::key::{ConnectionNumber, Parts};
use crate::kv::Read;
use crate::schema::Table;
use crate::tables::entities::value_prefix;
use crate::tables::meta::Counter;
use crate::tables::{ReadEntities, ReadLinks};
use rosterd_model::{ClaimSet, Class, Entity};

impl<R: Read> Check<'_, R> {
    pub(super) fn entities(&mut self, keys: Keys<'_>) -> Result<(), StoreError> {
        let view = self.view;
        let mut expected = 0;
        for row in view.prefix(Table::Entities, b"")? {
            let row = row?;
            let Some(entity) = self.readable(codec::decode::<Entity>(Table::Entities, &row.value))? else { continue };
            let (id, class) = (entity.id, entity.class);
            if *row.key != [&[class.code()], id.as_bytes().as_slice()].concat() {
                self.problem(format_args!("{class} {id} lies under the key of another entity"));
            }
            self.given_out(
                Counter::Run,
                entity.created.0.max(entity.changed.0),
                format_args!("a run of {class} {id}"),
            )?;
            let mut wanted = keys.map(|keys| keys(&entity)).unwrap_or_default();
            wanted.sort_unstable();
            wanted.dedup();
            for key in wanted {
                expected += 1;
                let row = value_prefix(class, &key.attribute, &key.space, &key.value).entity(id);
                if !view.has(Table::EntityKeys, row.as_bytes())? {
                    self.problem(format_args!("{class} {id} can not be found by its {}", key.attribute));
                }
            }
        }
        let mut found = 0;
        for row in view.prefix(Table::EntityKeys, b"")? {
            found += 1;
            let row = row?;
            self.entity_key(&row.key)?;
        }
        if keys.is_some() && found != expected {
            self.problem(format_args!("entities can be found by {found} values, but they have {expected}"));
        }
        Ok(())
    }

    fn entity_key(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let mut parts = Parts::new(Table::EntityKeys, key);
        let parsed = (|| {
            let (class, attribute, _, _) = (parts.class()?, parts.text()?, parts.text()?, parts.text()?);
            let id = parts.entity()?;
            parts.end()?;
            Ok((class, attribute, id))
        })();
        let Some((class, attribute, id)) = self.readable(parsed)? else { return Ok(()) };
        if !self.view.has_entity(class, id)? {
            self.problem(format_args!("a {attribute} leads to {class} {id}, which does not exist"));
        }
        Ok(())
    }

    pub(super) fn claims(&mut self) -> Result<(), StoreError> {
        let view = self.view;
        for row in view.prefix(Table::Claims, b"")? {
            let row = row?;
            let mut parts = Parts::new(Table::Claims, &row.key);
            let key = parts.entity().and_then(|entity| Ok((entity, parts.connection()?)));
            let Some((entity, connection)) = self.readable(key)? else { continue };
            let Some(claims) = self.readable(codec::decode::<ClaimSet>(Table::Claims, &row.value))? else { continue };
            let whose = format!("the claims of connection {} about {} {entity}", connection.0, claims.class);
            // What the hub itself says of a group that follows a rule comes from no connection and has no shadow.
            let of_hub = connection == ConnectionNumber::HUB && claims.class == Class::Group;
            if !of_hub && !self.connections.contains_key(&connection) {
                self.problem(format_args!("{whose} belong to no known connection"));
            }
            if !view.has_entity(claims.class, entity)? {
                self.problem(format_args!("{whose} are about an entity that does not exist"));
            }
            if !claims.entries.windows(2).all(|pair| pair[0].attribute < pair[1].attribute) {
                self.problem(format_args!("{whose} are not sorted"));
            }
            let link = view.link(connection, claims.class, claims.ordinal);
            if !of_hub && self.readable(link)?.flatten().is_none_or(|link| link.entity != entity) {
                self.problem(format_args!("{whose} name shadow {}, which is not linked to it", claims.ordinal));
            }
        }
        Ok(())
    }
}
