//! Members of groups at a destination, where a rule says more than the source: whoever left is in no group there with
//! `on-leave = "strip-groups"`, and protected accounts are neither added to groups nor taken out.
//!
//! Computed anew whenever a group is planned and whenever it is sent, so that both come to the same.

use crate::error::EngineError;
use crate::policy::Delivery;
use rosterd_model::outbox::Projection;
use rosterd_model::spec::OnLeave;
use rosterd_model::{Attributes, ClaimSet, Class, Entity, EntityId, ExternalId, Text, Value};
use rosterd_reconcile::canonical::encode;
use rosterd_reconcile::fanout::Desired;
use rosterd_reconcile::leaver::has_left;
use rosterd_reconcile::protect::Protect;
use rosterd_store::ConnectionNumber;
use rosterd_store::prelude::*;
use std::collections::{HashMap, HashSet};

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
        let words = Words::new(&claims, self.connection);
        let lists: Vec<(Text, Vec<Value>)> = desired.attributes.iter().filter_map(list).collect();
        for (name, wanted) in lists {
            let before = match there.get(&name) {
                Some(Value::List(before)) => before.as_slice(),
                _ => &[],
            };
            let after = self.members(&words, &wanted, before)?;
            if after != wanted {
                desired.attributes.set(name, Value::List(after));
            }
        }
        Ok(())
    }

    fn members(&self, words: &Words<'_>, wanted: &[Value], before: &[Value]) -> Result<Vec<Value>, EngineError> {
        let strips = self.delivery.strips_groups();
        let (had, has) = (keys(before), keys(wanted));
        let mut after = Vec::with_capacity(wanted.len());
        for value in wanted {
            let was = had.contains(&key(value));
            // Who is in it and stays is looked at only where leavers are taken out.
            let account = if strips || !was { self.account(words, value)? } else { None };
            let Some(account) = account else {
                after.push(value.clone());
                continue;
            };
            let left = self.turned.get(&account.id).copied().unwrap_or_else(|| has_left(&account.lifecycle));
            let stays = if self.protect.protects(&account) { was } else { !(strips && left) };
            if stays {
                after.push(value.clone());
            }
        }
        for value in before.iter().filter(|value| !has.contains(&key(value))) {
            if self.account(words, value)?.is_some_and(|account| self.protect.protects(&account)) {
                after.push(value.clone());
            }
        }
        Ok(after)
    }

    /// The account that a member is, if the hub knows it.
    fn account(&self, words: &Words<'_>, value: &Value) -> Result<Option<Entity>, EngineError> {
        let Value::Reference { class: Class::Account, id } = value else { return Ok(None) };
        let connection = words.of(id);
        match self.view.meant(connection, Class::Account, id)? {
            Some(account) => Ok(self.view.entity(Class::Account, account)?),
            None => Ok(None),
        }
    }
}

/// In whose words members are: the first connection that claims one, and if nobody does the hub's, where the group follows a
/// rule, or those of the first claims.
struct Words<'a> {
    said: Vec<(ConnectionNumber, HashSet<&'a ExternalId>)>,
    otherwise: ConnectionNumber,
}

impl<'a> Words<'a> {
    fn new(claims: &'a [(ConnectionNumber, ClaimSet)], connection: ConnectionNumber) -> Self {
        let said = claims.iter().map(|(number, set)| {
            let mut ids = HashSet::new();
            set.entries.iter().for_each(|entry| collect(&entry.value, &mut ids));
            (*number, ids)
        });
        let ours = claims.iter().any(|(number, _)| *number == ConnectionNumber::HUB);
        let first = claims.first().map_or(connection, |(number, _)| *number);
        Self { said: said.collect(), otherwise: if ours { ConnectionNumber::HUB } else { first } }
    }

    fn of(&self, id: &ExternalId) -> ConnectionNumber {
        let by = self.said.iter().find(|(_, ids)| ids.contains(id));
        by.map_or(self.otherwise, |(number, _)| *number)
    }
}

fn collect<'a>(value: &'a Value, ids: &mut HashSet<&'a ExternalId>) {
    match value {
        Value::Reference { class: Class::Account, id } => {
            ids.insert(id);
        }
        Value::List(values) => values.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

/// What tells members of a list apart.
pub(crate) fn key(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    bytes
}

/// That of each of them.
pub(crate) fn keys(values: &[Value]) -> HashSet<Vec<u8>> {
    values.iter().map(key).collect()
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

/// True if a value refers to one of these accounts.
pub(crate) fn mentions(value: &Value, wanted: &HashSet<ExternalId>) -> bool {
    match value {
        Value::Reference { class: Class::Account, id } => wanted.contains(id),
        Value::List(values) => values.iter().any(|value| mentions(value, wanted)),
        _ => false,
    }
}
