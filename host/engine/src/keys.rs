//! The values by which entities are found. Which those are follows from the configuration: when it changes, the entities
//! that are there get the new ones before anything is planned, or records of a new source would find nobody.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Policy;
use rosterd_model::{Class, Entity};
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;
use std::collections::BTreeSet;

/// Entities in one transaction.
const PORTION: usize = 5_000;

/// Completes the keys of all entities if the configuration names other keys than it did.
pub(crate) fn complete(engine: &Engine) -> Result<(), EngineError> {
    let state = state(&engine.policy);
    let known = engine.store.snapshot()?.key_state()?;
    if known.as_deref() == Some(state.as_str()) {
        return Ok(());
    }
    for class in Class::ALL {
        let mut after = None;
        loop {
            let view = engine.store.snapshot()?;
            let portion: Vec<Entity> = view.entities(class, after)?.take(PORTION).collect::<Result<_, _>>()?;
            let Some(last) = portion.last() else { break };
            after = Some(last.id);
            engine.store.commit::<_, EngineError>("keys", |w| {
                for entity in &portion {
                    for (attribute, space) in of(&engine.policy, &view, entity)? {
                        if let Some(key) = entity.attributes.get(attribute).and_then(match_key) {
                            w.put_entity_key(class, attribute, space, &key, entity.id)?;
                        }
                    }
                }
                Ok(())
            })?;
        }
    }
    engine.store.commit::<_, EngineError>("keys-complete", |w| Ok(w.put_key_state(&state)?))
}

/// Attributes and spaces in which an entity is found: those of the jobs whose sources speak of it.
fn of<'p>(policy: &'p Policy, view: &impl Read, entity: &Entity) -> Result<BTreeSet<(&'p str, &'p str)>, EngineError> {
    let speakers: BTreeSet<_> = view.claims_of(entity.id)?.into_iter().map(|(number, _)| number).collect();
    let mut keys = BTreeSet::new();
    for job in policy.jobs.values() {
        let number = view.connection_number(&job.source)?;
        let (Some(part), true) = (job.class(entity.class), number.is_some_and(|number| speakers.contains(&number)))
        else {
            continue;
        };
        keys.extend(part.keys.iter().map(|attribute| (attribute.as_str(), part.space(attribute))));
    }
    Ok(keys)
}

fn state(policy: &Policy) -> String {
    let mut hasher = blake3::Hasher::new();
    for job in policy.jobs.values() {
        for part in &job.classes {
            let keys: Vec<_> = part.keys.iter().map(|attribute| (attribute, part.space(attribute))).collect();
            hasher.update(format!("{} {} {keys:?}\n", job.source, part.class).as_bytes());
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
