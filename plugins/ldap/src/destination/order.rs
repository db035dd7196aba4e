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

/// Reads the operations of a batch, one after the other.
#[derive(Debug)]
pub struct Order<'o> {
    words: [(Class, Words); 3],
    /// The last operation so far on each object.
    last: HashMap<&'o str, usize>,
    barrier: Option<usize>,
    count: usize,
}

impl<'o> Order<'o> {
    /// Before the first of them.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let words = [Class::Account, Class::OrgUnit, Class::Group].map(|class| (class, Words::new(settings, class)));
        Self { words, last: HashMap::new(), barrier: None, count: 0 }
    }

    /// What the next one waits for, which wants this.
    pub fn wait(&mut self, operation: &'o Operation, wish: Option<&Wish>) -> Wait {
        let wait = if changes_names(operation) {
            self.barrier = Some(self.count);
            Wait::All
        } else {
            let ids = operation.id.as_deref().into_iter().chain(wish.into_iter().flat_map(Wish::ids));
            let mut on: Vec<usize> = ids.filter_map(|id| self.last.get(id).copied()).chain(self.barrier).collect();
            on.sort_unstable();
            on.dedup();
            Wait::For(on)
        };
        if let Some(id) = &operation.id {
            self.last.insert(id, self.count);
        }
        self.count += 1;
        wait
    }

    /// True if an operation so far is about this object.
    #[must_use]
    pub fn is_changed(&self, id: &str) -> bool {
        self.last.contains_key(id)
    }

    /// What an operation wants. None: it can not be read, which the operation itself finds out and says.
    #[must_use]
    pub fn wish(&self, operation: &Operation) -> Option<Wish> {
        let (_, words) = self.words.iter().find(|(class, _)| *class == operation.class)?;
        match &operation.action {
            Action::Create(json) => words.create(json),
            Action::Update(edits) => words.update(edits),
            Action::MoveTo(unit) => {
                Ok(Wish { place: Some(unit.as_ref().map(|unit| unit.id.clone())), ..Wish::default() })
            }
            _ => Ok(Wish::default()),
        }
        .ok()
    }
}

/// True if it changes the names of other entries.
#[must_use]
pub const fn changes_names(operation: &Operation) -> bool {
    matches!(operation.class, Class::OrgUnit) && !matches!(operation.action, Action::Create(_))
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
        let mut order = Order::new(&settings);
        assert!(all.iter().all(|one| !order.is_changed(one.id.as_deref().unwrap_or("v"))));
        let wishes: Vec<_> = all.iter().map(|one| order.wish(one)).collect();
        assert_eq!(
            all.iter().zip(&wishes).map(|(one, wish)| order.wait(one, wish.as_ref())).collect::<Vec<_>>(),
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
        assert!(order.is_changed("a") && !order.is_changed("v"));
    }
}
