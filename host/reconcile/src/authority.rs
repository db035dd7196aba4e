//! Which connection may decide an attribute, in what order.
//!
//! The order is position in the attribute's list, then in the default list, then the name of the connection. Time never
//! decides: the same claims give the same value however they arrived.

use rosterd_model::spec::AuthoritySpec;
use rosterd_model::{ConnectionId, Value};
use std::collections::BTreeMap;

/// The order of connections for every attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    default: Vec<ConnectionId>,
    named: BTreeMap<String, Vec<ConnectionId>>,
}

impl Authority {
    /// From the configuration; `fallback` is the order where it names no `default`: that of the jobs.
    #[must_use]
    pub fn new(spec: &AuthoritySpec, fallback: &[ConnectionId]) -> Self {
        let mut named = spec.order.clone();
        let default = named.remove("default").unwrap_or_else(|| fallback.to_vec());
        Self { default, named }
    }

    /// The effective value of an attribute, and the index of the claim that won.
    ///
    /// The first connection in order whose claim has a value decides. Null falls through to the next; if nobody has a
    /// value but somebody says "empty", it is empty. None: nobody says anything.
    #[must_use]
    pub fn effective(&self, attribute: &str, claims: &[(ConnectionId, &Value)]) -> Option<(usize, Value)> {
        let list = self.list(attribute);
        let best = |empty: bool| {
            claims
                .iter()
                .enumerate()
                .filter(|(_, (_, value))| (**value == Value::Null) == empty)
                .min_by_key(|(_, (connection, _))| self.order(list, connection))
        };
        best(false).or_else(|| best(true)).map(|(index, (_, value))| (index, (*value).clone()))
    }

    /// Where a connection stands for an attribute; lower wins, equal ranks are decided by name.
    #[must_use]
    pub fn rank(&self, attribute: &str, connection: &ConnectionId) -> usize {
        self.order(self.list(attribute), connection).0
    }

    /// The connections that decide joining and leaving, in order.
    #[must_use]
    pub fn lifecycle(&self) -> &[ConnectionId] {
        self.list("lifecycle")
    }

    fn list(&self, attribute: &str) -> &[ConnectionId] {
        self.named.get(attribute).unwrap_or(&self.default)
    }

    fn order<'a>(&self, list: &[ConnectionId], connection: &'a ConnectionId) -> (usize, &'a ConnectionId) {
        let position = |list: &[ConnectionId]| list.iter().position(|other| other == connection);
        let rank = position(list)
            .or_else(|| position(&self.default).map(|rank| list.len() + rank))
            .unwrap_or(list.len() + self.default.len());
        (rank, connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(name: &str) -> ConnectionId {
        name.parse().expect("a connection name")
    }

    fn authority() -> Authority {
        let order = BTreeMap::from([
            ("default".to_owned(), vec![id("hr"), id("ad")]),
            ("mobile".to_owned(), vec![id("ad"), id("hr")]),
        ]);
        Authority::new(&AuthoritySpec { order }, &[])
    }

    #[test]
    fn the_list_decides_and_null_falls_through() {
        let (hr, ad, empty) = (Value::from("1"), Value::from("2"), Value::Null);
        let claims = [(id("ad"), &ad), (id("hr"), &hr)];
        assert_eq!(authority().effective("title", &claims), Some((1, hr.clone())));
        assert_eq!(authority().effective("mobile", &claims), Some((0, ad.clone())));
        assert_eq!(authority().effective("title", &[(id("hr"), &empty), (id("ad"), &ad)]), Some((1, ad.clone())));
        assert_eq!(authority().effective("title", &[(id("hr"), &empty)]), Some((0, Value::Null)));
        assert_eq!(authority().effective("title", &[]), None);
        assert_eq!(authority().effective("title", &[(id("zz"), &hr), (id("aa"), &ad)]), Some((1, ad)), "then by name");
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_never_decides(names in proptest::sample::subsequence(vec!["hr", "ad", "aa", "zz"], 0..5).prop_shuffle(),
                                              empty in proptest::collection::vec(any::<bool>(), 4), turn in 0usize..4) {
            let values: Vec<Value> = names.iter().enumerate()
                .map(|(n, name)| if empty[n] { Value::Null } else { Value::from(*name) }).collect();
            let mut claims: Vec<(ConnectionId, &Value)> = names.iter().map(|name| id(name)).zip(&values).collect();
            let first = authority().effective("mobile", &claims).map(|(n, value)| (claims[n].0.clone(), value));
            if !claims.is_empty() {
                let by = turn % claims.len();
                claims.rotate_left(by);
            }
            let second = authority().effective("mobile", &claims).map(|(n, value)| (claims[n].0.clone(), value));
            prop_assert_eq!(first, second);
        }
    }
}
