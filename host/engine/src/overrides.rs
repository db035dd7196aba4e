//! An operator sets a value of one account by hand. It stands before all sources until it ends or is taken back; the next
//! plan of every job that speaks of the account carries it out.

use crate::engine::Engine;
use crate::error::EngineError;
use rosterd_model::decision::Override;
use rosterd_model::{Entity, Timestamp, Value};
use rosterd_reconcile::mapping::fit_value;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Writer};

/// What joining and leaving is made of; there are verbs for that.
const NOT_VALUES: [&str; 3] = ["active", "lifecycle", "id"];

impl Engine {
    /// Sets an attribute of an account. `Null` says that it has none.
    ///
    /// # Errors
    /// There is no such account, no source speaks of it, or the attribute can not hold the value.
    pub fn set_override(
        &self,
        name: &str,
        attribute: &str,
        value: Value,
        until: Option<Timestamp>,
    ) -> Result<Entity, EngineError> {
        let entity = self.account(name)?;
        if NOT_VALUES.contains(&attribute) {
            return Err(EngineError::Refused(format!(
                "{attribute} is not set by hand: who may use an account is decided by its lifecycle"
            )));
        }
        let value = fit_value(entity.class, attribute, value)
            .map_err(|because| EngineError::Refused(format!("\"{attribute}\" {because}")))?;
        let now = self.now()?;
        if until.is_some_and(|until| until <= now) {
            return Err(EngineError::Refused("the end lies in the past; name a later one".to_owned()));
        }
        let set = Override { value, by: self.principal.clone(), at: now, until };
        self.store_override(&entity, attribute, &set, "override-set")?;
        Ok(entity)
    }

    /// Takes back what an operator set.
    ///
    /// # Errors
    /// There is no such account, or nobody set the attribute.
    pub fn end_override(&self, name: &str, attribute: &str) -> Result<Entity, EngineError> {
        let entity = self.account(name)?;
        let found = self.store.snapshot()?.overrides_of(entity.id)?.into_iter().find(|(known, _)| known == attribute);
        let Some((_, set)) = found else {
            return Err(EngineError::NotFound(format!("nobody set {attribute} of \"{name}\" by hand")));
        };
        // It ends now; the plan that undoes it forgets it.
        let set = Override { until: Some(self.now()?), ..set };
        self.store_override(&entity, attribute, &set, "override-ended")?;
        Ok(entity)
    }

    fn store_override(
        &self,
        entity: &Entity,
        attribute: &str,
        set: &Override,
        what: &'static str,
    ) -> Result<(), EngineError> {
        let links = self.store.snapshot()?.links_of(entity.id)?;
        if !links.iter().any(|link| link.link.live) {
            return Err(EngineError::Refused(
                "no source speaks of this account, and only the plan of a job can change it".to_owned(),
            ));
        }
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("override", |w| {
            let at = w.advance_clock(now)?;
            w.put_override(entity.id, attribute, set)?;
            for link in links.iter().filter(|link| link.link.live) {
                look_again(w, link.connection, link)?;
            }
            w.add_audit(at, &self.principal, what, &format!("{} {attribute}", entity.id))?;
            Ok(())
        })
    }
}

/// Lets the next plan decide a record anew.
fn look_again(
    w: &mut Writer<'_>,
    connection: ConnectionNumber,
    link: &rosterd_store::LinkOf,
) -> Result<(), EngineError> {
    if let Some(shadow) = w.shadow(connection, link.class, link.ordinal)? {
        w.put_unsettled(connection, link.class, link.ordinal, shadow.seq)?;
    }
    Ok(())
}
