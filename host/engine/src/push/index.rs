//! The values by which clients look up what they submitted. Shadows that were there before the connection became a pushed
//! source get theirs when the first submission comes.

use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::Class;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;

/// Shadows in one transaction.
const PORTION: usize = 5_000;

/// Makes sure that every live shadow of the connection can be looked up. Whoever calls has the turn on it.
pub(super) fn complete(engine: &Engine, connection: ConnectionNumber) -> Result<(), EngineError> {
    if engine.store.snapshot_without_keys()?.has_shadow_keys(connection)? {
        return Ok(());
    }
    for class in Class::ALL {
        let mut from = 0;
        loop {
            let view = engine.store.snapshot()?;
            let portion: Vec<_> = view.shadows(connection, class, from)?.take(PORTION).collect::<Result<_, _>>()?;
            drop(view);
            let Some((last, _)) = portion.last() else { break };
            let next = last.checked_add(1);
            engine.store.commit::<_, EngineError>("shadow-keys", |w| {
                w.gather();
                for (ordinal, shadow) in &portion {
                    w.put_shadow_keys(connection, *ordinal, None, shadow)?;
                }
                Ok(())
            })?;
            let Some(next) = next else { break };
            from = next;
        }
    }
    engine.store.commit::<_, EngineError>("shadow-keys-complete", |w| Ok(w.complete_shadow_keys(connection)?))
}
