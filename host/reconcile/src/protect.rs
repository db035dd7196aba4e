//! Who is never disabled, renamed, moved or deleted: break-glass accounts, service accounts, the hub's own.

use crate::expression::{self, Expression, Scope};
use crate::fanout::computed;
use crate::mapping::MappingError;
use crate::normalise::value::match_key;
use rosterd_model::spec::ProtectSpec;
use rosterd_model::{Attributes, Class, Entity, Rule, Value};
use std::collections::BTreeSet;

/// The protected accounts.
#[derive(Debug)]
pub struct Protect {
    names: BTreeSet<String>,
    expressions: Vec<Expression>,
}

impl Protect {
    /// Reads `[protect]`. An entry that reads attributes (`account.userName.startsWith("svc-")`) is an expression, any
    /// other is a user name.
    ///
    /// # Errors
    /// One error for each entry that can not be used.
    pub fn compile(spec: &ProtectSpec) -> Result<Self, Vec<MappingError>> {
        let mut protect = Self { names: BTreeSet::new(), expressions: Vec::new() };
        let mut errors = Vec::new();
        for entry in &spec.accounts {
            let reads = entry.contains("account.") || entry.contains("account[");
            let result = if reads {
                expression::compile(entry, "account", None)
                    .map(|expression| protect.expressions.push(expression))
                    .map_err(|error| error.to_string())
            } else {
                match match_key(&Value::from(entry.as_str())) {
                    None => Err("the entry is empty; write a user name or remove it".to_owned()),
                    Some(name) => {
                        protect.names.insert(name);
                        Ok(())
                    }
                }
            };
            if let Err(message) = result {
                errors.push(MappingError { attribute: "protect.accounts".to_owned(), message });
            }
        }
        if errors.is_empty() { Ok(protect) } else { Err(errors) }
    }

    /// True if nobody is protected.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        (self.names.is_empty() && self.expressions.is_empty()) || !Rule::ProtectedAccounts.on()
    }

    /// True if a record with these attributes is certainly that of a protected account. One to which an expression can not
    /// be applied is not: it takes nothing away from anybody.
    #[must_use]
    pub fn is_of_protected(&self, class: Class, attributes: &Attributes) -> bool {
        if class != Class::Account || self.is_nobody() {
            return false;
        }
        let scope = Scope::new(attributes);
        self.has_name(attributes) || self.expressions.iter().any(|expression| expression.test(&scope).unwrap_or(false))
    }

    fn has_name(&self, attributes: &Attributes) -> bool {
        attributes.get("userName").and_then(match_key).is_some_and(|name| self.names.contains(&name))
    }

    /// True if this entity is protected. An expression that can not be applied to it protects: when in doubt, nothing
    /// is taken away.
    #[must_use]
    pub fn protects(&self, entity: &Entity) -> bool {
        if entity.class != Class::Account || self.is_nobody() {
            return false;
        }
        if self.has_name(&entity.attributes) {
            return true;
        }
        let extra = computed(entity, &Attributes::new());
        let scope = Scope::new(&entity.attributes).with_extra(&extra);
        self.expressions.iter().any(|expression| expression.test(&scope).unwrap_or(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::{EntityId, Lifecycle, RunId};

    fn account(name: &str) -> Entity {
        Entity {
            id: EntityId::from_bytes([1; 16]),
            class: Class::Account,
            attributes: [("userName".to_owned(), Value::from(name))].into_iter().collect(),
            lifecycle: Lifecycle::Active,
            revision: 1,
            created: RunId(1),
            changed: RunId(1),
        }
    }

    fn protect(entries: &[&str]) -> Result<Protect, Vec<MappingError>> {
        Protect::compile(&ProtectSpec { accounts: entries.iter().map(|entry| (*entry).to_owned()).collect() })
    }

    #[test]
    fn names_and_expressions_protect_and_doubt_does_too() {
        let rules = protect(&["krbtgt", "account.userName.startsWith(\"svc-\")"]).expect("valid");
        assert!(rules.protects(&account("KRBTGT")));
        assert!(rules.protects(&account("svc-backup")));
        assert!(!rules.protects(&account("zhang.san")));
        let broken = protect(&["account.userName + 1 == 2"]).expect("valid");
        assert!(broken.protects(&account("zhang.san")), "it can not be applied, so nothing is taken away");
        assert!(!protect(&[]).expect("valid").protects(&account("krbtgt")));
    }

    #[test]
    fn a_record_is_that_of_a_protected_account_only_for_certain() {
        let rules = protect(&["root", "account.userName.startsWith(\"svc-\")"]).expect("valid");
        let of = |name: &str| rules.is_of_protected(Class::Account, &account(name).attributes);
        assert!(of("Root") && of("svc-backup") && !of("zhang.san"));
        assert!(!rules.is_of_protected(Class::Account, &Attributes::new()), "it says nothing of a name");
    }

    #[test]
    fn entries_that_can_not_be_used_are_reported() {
        let errors = protect(&["", "account.userName.beginsWith(\"x\")"]).expect_err("refused");
        assert_eq!(errors.len(), 2);
        assert!(errors[1].to_string().contains("beginsWith"), "{}", errors[1]);
    }

    #[test]
    fn only_accounts_are_protected_and_nobody_is_by_an_empty_list() {
        let rules = protect(&["root"]).expect("valid");
        let unit = Entity { class: Class::OrgUnit, ..account("root") };
        assert!(rules.protects(&account("root")) && !rules.protects(&unit));
        assert!(!rules.is_of_protected(Class::OrgUnit, &unit.attributes));
        assert!(!rules.is_nobody() && protect(&[]).expect("valid").is_nobody());
        let by_expression = protect(&["account[\"userName\"] == \"root\""]).expect("valid");
        assert!(!by_expression.is_nobody() && by_expression.protects(&account("root")));
        assert!(!by_expression.protects(&account("zhang.san")));
    }
}
