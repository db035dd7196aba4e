//! Erasing an account: personal values leave the store, a hash stays.

use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::outbox::Projection;
use rosterd_model::{Attributes, Class, Entity, EntityId, Rule, Value};
use rosterd_store::erase::{Erasure, erase, mentions};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot, Table};
use std::collections::{BTreeMap, BTreeSet};

/// What erasing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The entity that was.
    pub entity: EntityId,
    /// Rows removed or blanked, by table.
    pub removed: BTreeMap<Table, u64>,
    /// Rows of others that still hold a value of it: a manager's number at those who report to him.
    pub mentions: BTreeMap<Table, u64>,
    /// Destinations that still have it; they were not told.
    pub remains_at: Vec<String>,
}

/// Attributes by which people would recognise somebody; of those with a dot, all that begin so.
const RECOGNISABLE: [&str; 10] = [
    "userName",
    "displayName",
    "nickName",
    "name.",
    "emails.",
    "phoneNumbers.",
    "addresses.",
    "employeeNumber",
    "externalId",
    "id",
];

impl Engine {
    /// Removes every value of an account, and of the shadows that are linked to it, from the store. A keyed hash of each
    /// external id stays, so that a source that still shows it does not bring it back. The file still holds the bytes
    /// in free pages until [`rosterd_store::Store::rewrite`].
    ///
    /// # Errors
    /// There is no such account; it is in use or at a destination and `force` is false; a plan about it is being applied.
    pub fn erase(&self, name: &str, force: bool) -> Result<Erased, EngineError> {
        let entity = self.account(name)?;
        let view = self.store.snapshot()?;
        let remains = remains(&view, &entity)?;
        let remains_at: Vec<String> = remains.iter().map(|(name, _)| name.clone()).collect();
        if !force {
            self.may_erase(name, &entity, &remains_at)?;
        }
        let words = words(&view, &entity, &remains)?;
        drop(view);
        let now = self.clock.now();
        let removed = self.store.commit::<_, EngineError>("erase", |w| {
            let at = w.advance_clock(now)?;
            if !Rule::EraseLeavesNothing.on() {
                w.remove_entity(entity.class, entity.id)?;
                return Ok(BTreeMap::new());
            }
            let (class, words) = (entity.class, words.iter().cloned().collect());
            let for_good = Rule::ErasedStaysAway.on();
            let entities = [entity.id].into();
            let removed = erase(w, &Erasure { class, entities, words, at, for_good })?;
            for rule in &self.policy.groups {
                w.doubt_group_rule(&rule.name)?;
            }
            let rows: u64 = removed.values().sum();
            w.add_audit(at, &self.principal, "account-erased", &format!("{}: {rows} rows", entity.id))?;
            Ok(removed)
        })?;
        let words: Vec<String> = words.into_iter().filter(|word| word.len() >= Erasure::SHORTEST).collect();
        let mentions = mentions(&self.store.snapshot()?, &words)?;
        Ok(Erased { entity: entity.id, removed, mentions, remains_at })
    }

    fn may_erase(&self, name: &str, entity: &Entity, remains_at: &[String]) -> Result<(), EngineError> {
        if entity.lifecycle.is_active() {
            return Err(EngineError::Refused(format!(
                "account {name} is {}; erase is for those who left: let the source say so, or add --force",
                entity.lifecycle
            )));
        }
        if let Some(first) = remains_at.first() {
            return Err(EngineError::Refused(format!(
                "account {name} is still at {first}, and the hub would forget that; delete it there first, or add --force and mind it yourself"
            )));
        }
        Ok(())
    }
}

/// Destinations that have the account, and what they acknowledged.
fn remains(view: &Snapshot, entity: &Entity) -> Result<Vec<(String, Projection)>, EngineError> {
    let mut remains = Vec::new();
    for (name, number) in view.connections()? {
        if let Some(projection) = view.projection(number, entity.class, entity.id)?
            && projection.status.is_living()
        {
            remains.push((name.to_string(), projection));
        }
    }
    Ok(remains)
}

/// Everything by which people would recognise the account, in all forms that the store knows.
fn words(view: &Snapshot, entity: &Entity, remains: &[(String, Projection)]) -> Result<BTreeSet<String>, EngineError> {
    let mut words = BTreeSet::new();
    add(&mut words, &entity.attributes);
    for (_, projection) in remains {
        add(&mut words, &projection.attributes);
        words.extend(projection.external_id.as_ref().map(ToString::to_string));
    }
    for row in view.history(entity.id)? {
        let (_, row) = row?;
        for value in [row.before, row.after].into_iter().flatten() {
            if recognisable(&row.attribute) {
                texts(&value, &mut words);
            }
        }
    }
    for (connection, claims) in view.claims_of(entity.id)? {
        words.insert(claims.external_id.to_string());
        for entry in &claims.entries {
            if recognisable(&entry.attribute) {
                texts(&entry.value, &mut words);
            }
        }
        shadow(view, connection, claims.class, claims.ordinal, &mut words)?;
    }
    Ok(words)
}

fn shadow(
    view: &Snapshot,
    connection: ConnectionNumber,
    class: Class,
    ordinal: u32,
    words: &mut BTreeSet<String>,
) -> Result<(), EngineError> {
    if let Some(shadow) = view.shadow(connection, class, ordinal)? {
        add(words, &shadow.attributes);
    }
    Ok(())
}

fn recognisable(attribute: &str) -> bool {
    RECOGNISABLE.iter().any(|name| if name.ends_with('.') { attribute.starts_with(name) } else { attribute == *name })
}

fn add(words: &mut BTreeSet<String>, attributes: &Attributes) {
    attributes.iter().filter(|(name, _)| recognisable(name)).for_each(|(_, value)| texts(value, words));
}

fn texts(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Text(text) => {
            words.insert(text.to_string());
            words.insert(text.to_lowercase().to_string());
        }
        Value::List(values) => values.iter().for_each(|value| texts(value, words)),
        Value::Map(map) => map.values().for_each(|value| texts(value, words)),
        Value::Integer(number) => {
            words.insert(number.to_string());
        }
        _ => {}
    }
}
