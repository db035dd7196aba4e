//! Names of the gone: what somebody used stays his for a time, and is given to nobody else.
//!
//! Only who leaves, returns or is renamed costs anything here. The present names of the living are found by their keys.

use crate::error::EngineError;
use rosterd_model::decision::Reservation;
use rosterd_model::{Class, Entity, Timestamp};
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;

/// Attributes of accounts whose values are never given to another.
pub(crate) const RESERVED: [&str; 2] = ["userName", "emails.work"];

/// How long a former name stays with whom it belonged to, in milliseconds.
pub(crate) const KEEP_MS: u64 = 180 * 24 * 3_600_000;

/// Reserves what `after` no longer uses, and releases what it uses again.
pub(crate) fn reserve(w: &mut impl Write, before: &Entity, after: &Entity, now: Timestamp) -> Result<(), EngineError> {
    if after.class != Class::Account {
        return Ok(());
    }
    let left = before.lifecycle.is_living() && !after.lifecycle.is_living();
    let back = !before.lifecycle.is_living() && after.lifecycle.is_living();
    for attribute in RESERVED {
        let key = |entity: &Entity| entity.attributes.get(attribute).and_then(match_key);
        let (old, new) = (key(before), key(after));
        let renamed = old != new;
        if let Some(old) = old.filter(|_| renamed) {
            let reservation = Reservation { entity: after.id, until: Some(now.plus_ms(KEEP_MS)) };
            keep(w, after.class, attribute, &old, &reservation)?;
        }
        let Some(new) = new else { continue };
        if left || (renamed && !after.lifecycle.is_living()) {
            keep(w, after.class, attribute, &new, &Reservation { entity: after.id, until: None })?;
        } else if back || renamed {
            w.remove_reservation(after.class, attribute, &new, after.id)?;
        }
    }
    Ok(())
}

/// Reserves a value, unless somebody else keeps it already.
fn keep(
    w: &mut impl Write,
    class: Class,
    attribute: &str,
    value: &str,
    reservation: &Reservation,
) -> Result<(), EngineError> {
    let known = w.reservation(class, attribute, value)?;
    if known.is_none_or(|known| known.entity == reservation.entity) {
        w.put_reservation(class, attribute, value, reservation)?;
    }
    Ok(())
}
