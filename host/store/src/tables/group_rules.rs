//! What is known of rules that groups follow: which group is whose, and whether everybody was asked.
//!
//! One row of the facts about the store for each rule that was ever applied; there are a handful.

use crate::error::StoreError;
use crate::kv::{Read, Write};
use crate::schema::Table;
use rosterd_model::EntityId;
use serde::{Deserialize, Serialize};

const PREFIX: &str = "group-rule ";

/// A rule that a group follows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FollowedRule {
    /// Its group; none: it was never made.
    pub entity: Option<EntityId>,
    /// Fingerprint of the rule that a person let through last.
    pub accepted: Option<String>,
    /// Fingerprint of the rule that every account's membership is certain to follow; none: everybody is asked anew.
    pub decided: Option<String>,
    /// Fingerprint of the rule that everybody was asked by, for this plan: it counts once the whole plan is applied.
    pub asked: Option<(String, u64)>,
}

/// Reading rules that groups follow.
pub trait ReadGroupRules: Read {
    /// What is known of a rule.
    ///
    /// # Errors
    /// The store can not be read.
    fn group_rule(&self, name: &str) -> Result<FollowedRule, StoreError> {
        Ok(self.value(Table::Meta, format!("{PREFIX}{name}").as_bytes())?.unwrap_or_default())
    }

    /// All rules that were ever applied, by name.
    ///
    /// # Errors
    /// The store can not be read.
    fn group_rules(&self) -> Result<Vec<(String, FollowedRule)>, StoreError> {
        let rows = self.prefix(Table::Meta, PREFIX.as_bytes())?;
        rows.map(|row| {
            let row = row?;
            let name = crate::codec::text(Table::Meta, row.key.get(PREFIX.len()..).unwrap_or_default())?;
            Ok((name, crate::codec::decode(Table::Meta, &row.value)?))
        })
        .collect()
    }
}
impl<R: Read> ReadGroupRules for R {}

/// Writing rules that groups follow.
pub trait WriteGroupRules: Write {
    /// Keeps what is known of a rule.
    ///
    /// # Errors
    /// The store can not be written.
    fn put_group_rule(&mut self, name: &str, rule: &FollowedRule) -> Result<(), StoreError> {
        self.put_value(Table::Meta, format!("{PREFIX}{name}").as_bytes(), rule)
    }

    /// The memberships of a rule are not certain any more: the next plan asks it about everybody.
    ///
    /// # Errors
    /// The store can not be written.
    fn doubt_group_rule(&mut self, name: &str) -> Result<(), StoreError> {
        let rule = self.group_rule(name)?;
        if rule.decided.is_none() && rule.asked.is_none() {
            return Ok(());
        }
        self.put_group_rule(name, &FollowedRule { decided: None, asked: None, ..rule })
    }
}
impl<W: Write> WriteGroupRules for W {}
