//! What must come after what in a batch: everything else may go on side by side.
//!
//! Operations on one object follow each other; so does one that refers to an object that another one changes. An org unit that
//! changes or goes changes the names of everything below: nothing goes on beside it.

use super::wish::{Wish, Words};
use crate::settings::Settings;
use rosterd_sdk::{Action, Class, Operation};
use std::collections::HashMap;

/// What an operation waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// These.
    For(Vec<usize>),
    /// All before it.
    All,
}

/// What each operation wants; none: it can not be read, which the operation itself finds out and says.
#[must_use]
pub fn wishes(settings: &Settings, operations: &[Operation]) -> Vec<Option<Wish>> {
    let all = [Class::Account, Class::OrgUnit, Class::Group].map(|class| (class, Words::new(settings, class)));
    let one = |operation: &Operation| {
        let (_, words) = all.iter().find(|(class, _)| *class == operation.class)?;
        match &operation.action {
            Action::Create(json) => words.create(json),
            Action::Update(edits) => words.update(edits),
            Action::MoveTo(unit) => {
                Ok(Wish { place: Some(unit.as_ref().map(|unit| unit.id.clone())), ..Wish::default() })
            }
            _ => Ok(Wish::default()),
        }
        .ok()
    };
    operations.iter().map(one).collect()
}

/// What each of them waits for.
#[must_use]
pub fn waits(operations: &[Operation], wishes: &[Option<Wish>]) -> Vec<Wait> {
    let (mut last, mut barrier) = (HashMap::<&str, usize>::new(), None);
    let mut all = Vec::with_capacity(operations.len());
    for (at, (operation, wish)) in operations.iter().zip(wishes).enumerate() {
        let changes_names = operation.class == Class::OrgUnit && !matches!(operation.action, Action::Create(_));
        if changes_names {
            barrier = Some(at);
            all.push(Wait::All);
        } else {
            let ids = operation.id.as_deref().into_iter().chain(wish.iter().flat_map(Wish::ids));
            let mut on: Vec<usize> = ids.filter_map(|id| last.get(id).copied()).chain(barrier).collect();
            on.sort_unstable();
            on.dedup();
            all.push(Wait::For(on));
        }
        if let Some(id) = &operation.id {
            last.insert(id, at);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_sdk::{Edit, ObjectRef};

    fn operation(class: Class, id: Option<&str>, action: Action) -> Operation {
        Operation {
            key: String::new(),
            class,
            id: id.map(str::to_owned),
            action,
            desired: "{}".to_owned(),
            known: None,
            version: None,
            attempt: 1,
        }
    }

    #[test]
    fn only_what_must_waits() {
        let settings = serde_json::json!({ "server": "ldaps://dc", "base": "dc=x", "bind-dn": "cn=s" });
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let create = |json: &str| Action::Create(json.to_owned());
        let manager = Edit {
            attribute: "manager".to_owned(),
            replace: Some(r#"{"ref":"account","id":"a"}"#.to_owned()),
            add: None,
            remove: None,
        };
        let unit = ObjectRef { class: Class::OrgUnit, id: "u".to_owned() };
        let all = [
            operation(Class::OrgUnit, None, create(r#"{"ou":"x"}"#)),
            operation(Class::Account, Some("a"), Action::Disable),
            operation(Class::Account, Some("b"), Action::Disable),
            operation(Class::Account, Some("c"), Action::Update(vec![manager])),
            operation(Class::Account, Some("a"), Action::Enable),
            operation(Class::OrgUnit, Some("u"), Action::Delete),
            operation(Class::Account, Some("c"), Action::MoveTo(Some(unit))),
            operation(Class::Account, None, create(r#"{"orgUnit":{"ref":"org-unit","id":"v"}}"#)),
        ];
        let none = || Wait::For(Vec::new());
        assert_eq!(
            waits(&all, &wishes(&settings, &all)),
            [
                none(),
                none(),
                none(),
                Wait::For(vec![1]),
                Wait::For(vec![1]),
                Wait::All,
                Wait::For(vec![3, 5]),
                Wait::For(vec![5])
            ]
        );
    }
}
