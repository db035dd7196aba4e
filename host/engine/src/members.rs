//! Members of groups at a destination, where a rule says more than the source: whoever left is in no group there with
//! `on-leave = "strip-groups"`, and protected accounts are neither added to groups nor taken out.
//!
//! Computed anew whenever a group is planned and whenever it is sent, so that both come to the same.

use crate::error::EngineError;
use crate::policy::Delivery;
use rosterd_model::outbox::Projection;
use rosterd_model::spec::OnLeave;
use rosterd_model::{Attributes, ClaimSet, Class, Entity, EntityId, ExternalId, Text, Value};
use rosterd_reconcile::canonical::equal;
use rosterd_reconcile::fanout::Desired;
use rosterd_reconcile::leaver::has_left;
use rosterd_reconcile::protect::Protect;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
use std::collections::HashMap;

/// Accounts that leave or return by the plan in the making, which the store does not know yet: true, they leave.
pub(crate) type Turned = HashMap<EntityId, bool>;

impl Delivery {
    /// True if whoever leaves is taken out of all groups there.
    pub(crate) fn strips_groups(&self) -> bool {
        self.outbound.on_leave() == OnLeave::StripGroups && self.outbound.delivers(Class::Group)
    }
}

/// What decides about the members of one group at one destination.
pub(crate) struct Members<'a, R> {
    pub(crate) view: &'a R,
    pub(crate) protect: &'a Protect,
    pub(crate) delivery: &'a Delivery,
    /// The group, if it is in the hub.
    pub(crate) group: Option<EntityId>,
    /// The connection whose words the members are in where no claim says so yet.
    pub(crate) connection: ConnectionNumber,
    pub(crate) turned: &'a Turned,
}

impl<R: Read> Members<'_, R> {
    /// Corrects the desired members; `known` is what the destination acknowledged.
    pub(crate) fn correct(&self, known: Option<&Projection>, desired: &mut Desired) -> Result<(), EngineError> {
        if !self.delivery.strips_groups() && self.protect.is_nobody() {
            return Ok(());
        }
        let nothing = Attributes::new();
        let there = known.filter(|known| known.status.is_living()).map_or(&nothing, |known| &known.attributes);
        let claims = match self.group {
            Some(group) => self.view.claims_of(group)?,
            None => Vec::new(),
        };
        let lists: Vec<(Text, Vec<Value>)> = desired.attributes.iter().filter_map(list).collect();
        for (name, wanted) in lists {
            let before = match there.get(&name) {
                Some(Value::List(before)) => before.as_slice(),
                _ => &[],
            };
            let after = self.members(&claims, &wanted, before)?;
            if after != wanted {
                desired.attributes.set(name, Value::List(after));
            }
        }
        Ok(())
    }

    fn members(
        &self,
        claims: &[(ConnectionNumber, ClaimSet)],
        wanted: &[Value],
        before: &[Value],
    ) -> Result<Vec<Value>, EngineError> {
        let strips = self.delivery.strips_groups();
        let holds = |list: &[Value], one: &Value| list.iter().any(|other| equal(other, one));
        let mut after = Vec::with_capacity(wanted.len());
        for value in wanted {
            // Who is in it and stays is looked at only where leavers are taken out.
            let account = if strips || !holds(before, value) { self.account(claims, value)? } else { None };
            let Some(account) = account else {
                after.push(value.clone());
                continue;
            };
            let left = self.turned.get(&account.id).copied().unwrap_or_else(|| has_left(&account.lifecycle));
            let stays = if self.protect.protects(&account) { holds(before, value) } else { !(strips && left) };
            if stays {
                after.push(value.clone());
            }
        }
        for value in before.iter().filter(|value| !holds(wanted, value)) {
            if self.account(claims, value)?.is_some_and(|account| self.protect.protects(&account)) {
                after.push(value.clone());
            }
        }
        Ok(after)
    }

    /// The account that a member is, if the hub knows it.
    fn account(&self, claims: &[(ConnectionNumber, ClaimSet)], value: &Value) -> Result<Option<Entity>, EngineError> {
        let Value::Reference { class: Class::Account, id } = value else { return Ok(None) };
        let speaks = |set: &ClaimSet| set.entries.iter().any(|entry| mentions(&entry.value, id));
        let by = claims.iter().find(|(_, set)| speaks(set)).or_else(|| claims.first());
        let connection = by.map_or(self.connection, |(number, _)| *number);
        let Some(head) = self.view.shadow_head(connection, Class::Account, id)? else { return Ok(None) };
        match self.view.link(connection, Class::Account, head.ordinal)?.filter(|link| link.live) {
            Some(link) => Ok(self.view.entity(Class::Account, link.entity)?),
            None => Ok(None),
        }
    }
}

/// An attribute that may hold accounts. One that is emptied may have held protected ones.
fn list((name, value): (&str, &Value)) -> Option<(Text, Vec<Value>)> {
    let values = match value {
        Value::Null => Vec::new(),
        Value::List(values) => values.clone(),
        _ => return None,
    };
    let accounts = values.iter().any(|value| matches!(value, Value::Reference { class: Class::Account, .. }));
    (accounts || values.is_empty()).then(|| (name.into(), values))
}

/// True if a value refers to an account of this id.
pub(crate) fn mentions(value: &Value, wanted: &ExternalId) -> bool {
    match value {
        Value::Reference { class: Class::Account, id } => id == wanted,
        Value::List(values) => values.iter().any(|value| mentions(value, wanted)),
        _ => false,
    }
}
