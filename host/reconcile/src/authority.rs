//! Which connection may decide an attribute, in what order.
//!
//! The order is position in the attribute's list, then in the default list, then the name of the connection. Time never
//! decides who comes first: the same claims give the same value however they arrived. A place in a list may ask that its
//! connection was read lately, or that the entity is of a kind.

use crate::absence::parse_duration;
use crate::canonical::equal;
use crate::expression::{self, Expression, Scope};
use rosterd_model::spec::{AuthorityEntry, AuthoritySpec};
use rosterd_model::{Attributes, ConnectionId, Rule, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::OnceLock;

/// The order of connections for every attribute.
pub struct Authority {
    default: Vec<Place>,
    named: BTreeMap<String, Vec<Place>>,
    /// Attributes whose values are those of all connections together.
    merged: BTreeSet<String>,
    /// What [`Authority::fingerprint`] was asked for.
    fingerprint: OnceLock<String>,
}

impl fmt::Debug for Authority {
    /// Without the fingerprint, which is made of this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { default, named, merged, fingerprint: _ } = self;
        f.debug_struct("Authority").field("default", default).field("named", named).field("merged", merged).finish()
    }
}

#[derive(Debug)]
struct Place {
    connection: ConnectionId,
    max_age_ms: Option<u64>,
    when: Option<Expression>,
}

/// What a place in an order may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// How long ago each connection was read to its end, in milliseconds; one that is not listed never was.
    pub ages: &'a BTreeMap<ConnectionId, u64>,
    /// The entity as it is.
    pub entity: &'a Attributes,
}

impl Authority {
    /// From the configuration; `fallback` is the order where it names no `default`: that of the jobs. `merged` are the
    /// attributes whose values are those of all connections together.
    ///
    /// # Errors
    /// Sentences that name the attribute and the key that can not be used.
    pub fn new(spec: &AuthoritySpec, fallback: &[ConnectionId], merged: BTreeSet<String>) -> Result<Self, Vec<String>> {
        let (mut named, mut problems) = (BTreeMap::new(), Vec::new());
        for (attribute, entries) in &spec.order {
            let mut places = Vec::with_capacity(entries.len());
            for entry in entries {
                match Place::compile(entry) {
                    Ok(place) => places.push(place),
                    Err(because) => problems.push(format!("\"{attribute}\" in [authority]: {because}")),
                }
            }
            named.insert(attribute.clone(), places);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let plain = |connection: &ConnectionId| Place { connection: connection.clone(), max_age_ms: None, when: None };
        let default = named.remove("default").unwrap_or_else(|| fallback.iter().map(plain).collect());
        Ok(Self { default, named, merged, fingerprint: OnceLock::new() })
    }

    /// What must be decided anew for every attribute when it changes: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| blake3::hash(format!("{self:?}").as_bytes()).to_hex()[..16].to_owned())
    }

    /// True if a place asks when its connection was read: then time passing changes values.
    #[must_use]
    pub fn asks_for_age(&self) -> bool {
        self.named.values().chain([&self.default]).flatten().any(|place| place.max_age_ms.is_some())
    }

    /// The effective value of an attribute, and the index of the claim that won.
    ///
    /// The first connection in order whose claim has a value decides. Null falls through to the next; if nobody has a
    /// value but somebody says "empty", it is empty. None: nobody says anything.
    #[must_use]
    pub fn effective(
        &self,
        attribute: &str,
        claims: &[(ConnectionId, &Value)],
        standing: Standing<'_>,
    ) -> Option<(usize, Value)> {
        let list = self.list(attribute);
        let counts =
            |connection: &ConnectionId| self.place(list, connection).is_none_or(|place| place.counts(standing));
        if let ([(connection, value)], false) = (claims, self.merged.contains(attribute)) {
            // Mostly one alone says something.
            return counts(connection).then(|| (0, (*value).clone()));
        }
        let mut fresh: Vec<_> = claims.iter().enumerate().filter(|(_, (connection, _))| counts(connection)).collect();
        // Without the rule the one that speaks now decides, which is named first.
        if Rule::AuthorityByOrder.on() {
            fresh.sort_by(|(_, (a, _)), (_, (b, _))| self.order(list, a).cmp(&self.order(list, b)));
        }
        if self.merged.contains(attribute) && Rule::ProvenanceOfValues.on() {
            let first = fresh.first()?.0;
            return Some((first, together(fresh.into_iter().map(|(_, (_, value))| *value))));
        }
        let best = |empty: bool| fresh.iter().find(|(_, (_, value))| (**value == Value::Null) == empty);
        best(false).or_else(|| best(true)).map(|(index, (_, value))| (*index, (*value).clone()))
    }

    /// Where a connection stands for an attribute; lower wins, equal ranks are decided by name.
    #[must_use]
    pub fn rank(&self, attribute: &str, connection: &ConnectionId) -> usize {
        self.order(self.list(attribute), connection).0
    }

    fn list(&self, attribute: &str) -> &[Place] {
        self.named.get(attribute).unwrap_or(&self.default)
    }

    fn place<'a>(&'a self, list: &'a [Place], connection: &ConnectionId) -> Option<&'a Place> {
        list.iter().chain(&self.default).find(|place| place.connection == *connection)
    }

    fn order<'a>(&self, list: &[Place], connection: &'a ConnectionId) -> (usize, &'a ConnectionId) {
        let position = |list: &[Place]| list.iter().position(|place| place.connection == *connection);
        let rank = position(list)
            .or_else(|| position(&self.default).map(|rank| list.len() + rank))
            .unwrap_or(list.len() + self.default.len());
        (rank, connection)
    }
}

impl Place {
    fn compile(entry: &AuthorityEntry) -> Result<Self, String> {
        let (max_age, when) = match entry {
            AuthorityEntry::Connection(_) => (None, None),
            AuthorityEntry::Full(rule) => (rule.max_age.as_deref(), rule.when.as_deref()),
        };
        let max_age_ms = max_age.map(parse_duration).transpose().map_err(|because| format!("max-age: {because}"))?;
        let compiled = when.map(|text| expression::compile(text, "account", None)).transpose();
        let when = compiled.map_err(|error| format!("when: {error}"))?;
        Ok(Self { connection: entry.connection().clone(), max_age_ms, when })
    }

    /// True if the claims of its connection count now. A condition that can not be applied is not fulfilled.
    fn counts(&self, standing: Standing<'_>) -> bool {
        let old = self.max_age_ms.is_some_and(|most| standing.ages.get(&self.connection).is_none_or(|age| *age > most));
        if old && Rule::StaleClaimsYield.on() {
            return false;
        }
        self.when.as_ref().is_none_or(|when| when.test(&Scope::new(standing.entity)).unwrap_or(false))
    }
}

/// The values of all, each once, in the order of authority. Empty if nobody gives any.
fn together<'a>(values: impl Iterator<Item = &'a Value>) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for value in values {
        let single = std::slice::from_ref(value);
        let parts = match value {
            Value::Null => continue,
            Value::List(parts) => parts.as_slice(),
            _ => single,
        };
        for part in parts {
            if all.iter().all(|known| !equal(known, part)) {
                all.push(part.clone());
            }
        }
    }
    if all.is_empty() { Value::Null } else { Value::List(all) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(name: &str) -> ConnectionId {
        name.parse().expect("a connection name")
    }

    fn authority(spec: &str) -> Authority {
        let spec: AuthoritySpec = serde_json::from_str(spec).expect("an order");
        Authority::new(&spec, &[], BTreeSet::from(["groups".to_owned()])).expect("valid")
    }

    #[test]
    fn a_fingerprint_is_of_all_that_decides_and_of_nothing_else() {
        let (one, other) = (authority(r#"{"default": ["hr", "ad"]}"#), authority(r#"{"default": ["ad", "hr"]}"#));
        let before = format!("{one:?}");
        assert_eq!(
            (one.fingerprint(), one.fingerprint().len()),
            (authority(r#"{"default": ["hr", "ad"]}"#).fingerprint(), 16)
        );
        assert_eq!(format!("{one:?}"), before);
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_ne!(one.fingerprint(), authority(r#"{"default": ["hr", "ad"], "title": ["ad"]}"#).fingerprint());
    }

    fn plain() -> Authority {
        authority(r#"{"default": ["hr", "ad"], "mobile": ["ad", "hr"]}"#)
    }

    fn ask(authority: &Authority, attribute: &str, claims: &[(ConnectionId, &Value)]) -> Option<(usize, Value)> {
        ask_at(authority, attribute, claims, &[], &[])
    }

    fn ask_at(
        authority: &Authority,
        attribute: &str,
        claims: &[(ConnectionId, &Value)],
        ages: &[(&str, u64)],
        entity: &[(&str, &str)],
    ) -> Option<(usize, Value)> {
        let ages = ages.iter().map(|(name, age)| (id(name), *age)).collect();
        let entity = entity.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        authority.effective(attribute, claims, Standing { ages: &ages, entity: &entity })
    }

    #[test]
    fn the_list_decides_and_null_falls_through() {
        let (hr, ad, empty) = (Value::from("1"), Value::from("2"), Value::Null);
        let claims = [(id("ad"), &ad), (id("hr"), &hr)];
        assert_eq!(ask(&plain(), "title", &claims), Some((1, hr.clone())));
        assert_eq!(ask(&plain(), "mobile", &claims), Some((0, ad.clone())));
        assert_eq!(ask(&plain(), "title", &[(id("hr"), &empty), (id("ad"), &ad)]), Some((1, ad.clone())));
        assert_eq!(ask(&plain(), "title", &[(id("hr"), &empty)]), Some((0, Value::Null)));
        assert_eq!(ask(&plain(), "title", &[]), None);
        assert_eq!(ask(&plain(), "title", &[(id("zz"), &hr), (id("aa"), &ad)]), Some((1, ad)), "then by name");
    }

    #[test]
    fn whoever_was_not_read_for_long_yields() {
        let order = authority(r#"{"default": [{"connection": "hr", "max-age": "7d"}, "ad"]}"#);
        let (hr, ad) = (Value::from("1"), Value::from("2"));
        let claims = [(id("hr"), &hr), (id("ad"), &ad)];
        let day = 24 * 3_600_000;
        let value = |ages: &[(&str, u64)]| ask_at(&order, "title", &claims, ages, &[]).map(|(_, value)| value);
        assert_eq!(value(&[("hr", 7 * day)]), Some(hr.clone()));
        assert_eq!(value(&[("hr", 7 * day + 1)]), Some(ad.clone()));
        assert_eq!(value(&[]), Some(ad.clone()));
        assert!(order.asks_for_age() && !plain().asks_for_age());
    }

    #[test]
    fn a_place_may_be_for_some_entities_only() {
        let order =
            authority(r#"{"default": [{"connection": "ad", "when": "account.userType == \"contractor\""}, "hr"]}"#);
        let (hr, ad) = (Value::from("1"), Value::from("2"));
        let claims = [(id("hr"), &hr), (id("ad"), &ad)];
        let value = |kind| ask_at(&order, "title", &claims, &[], &[("userType", kind)]).map(|(_, value)| value);
        assert_eq!(value("contractor"), Some(ad.clone()));
        assert_eq!(value("employee"), Some(hr.clone()));
        let wrong = r#"{"title": [{"connection": "ad", "when": "1 +"}, {"connection": "hr", "max-age": "soon"}]}"#;
        let spec: AuthoritySpec = serde_json::from_str(wrong).expect("an order");
        assert_eq!(Authority::new(&spec, &[], BTreeSet::new()).expect_err("two problems").len(), 2);
    }

    #[test]
    fn a_source_takes_back_only_the_values_that_it_gave() {
        let list = |values: &[&str]| Value::List(values.iter().map(|value| Value::from(*value)).collect());
        let (hr, ad, none) = (list(&["a", "b"]), list(&["b", "c"]), list(&[]));
        let both = [(id("ad"), &ad), (id("hr"), &hr)];
        assert_eq!(ask(&plain(), "groups", &both).map(|(_, value)| value), Some(list(&["a", "b", "c"])));
        let one = [(id("ad"), &ad), (id("hr"), &none)];
        assert_eq!(ask(&plain(), "groups", &one).map(|(_, value)| value), Some(list(&["b", "c"])));
        assert_eq!(ask(&plain(), "groups", &[(id("hr"), &none)]).map(|(_, value)| value), Some(Value::Null));
    }

    #[test]
    fn who_is_not_in_the_list_of_an_attribute_stands_behind_it_in_the_order_of_the_default() {
        let order = authority(r#"{"default": ["hr", "ad", "vpn"], "mobile": ["ad", "app"]}"#);
        let ranks = ["ad", "app", "hr", "vpn", "other"].map(|name| order.rank("mobile", &id(name)));
        assert_eq!(ranks, [0, 1, 2, 4, 5]);
        assert_eq!(["hr", "vpn", "other"].map(|name| order.rank("title", &id(name))), [0, 2, 6]);
    }

    #[test]
    fn who_says_that_there_is_none_adds_nothing_to_the_values_of_others() {
        let (empty, one) = (Value::Null, Value::from("a"));
        let claims = [(id("hr"), &empty), (id("ad"), &one)];
        assert_eq!(ask(&plain(), "groups", &claims).map(|(_, value)| value), Some(Value::List(vec![one.clone()])));
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_never_decides(names in proptest::sample::subsequence(vec!["hr", "ad", "aa", "zz"], 0..5).prop_shuffle(),
                                              empty in proptest::collection::vec(any::<bool>(), 4), turn in 0usize..4) {
            let values: Vec<Value> = names.iter().enumerate()
                .map(|(n, name)| if empty[n] { Value::Null } else { Value::from(*name) }).collect();
            let mut claims: Vec<(ConnectionId, &Value)> = names.iter().map(|name| id(name)).zip(&values).collect();
            let first = ask(&plain(), "mobile", &claims).map(|(n, value)| (claims[n].0.clone(), value));
            if !claims.is_empty() {
                let by = turn % claims.len();
                claims.rotate_left(by);
            }
            let second = ask(&plain(), "mobile", &claims).map(|(n, value)| (claims[n].0.clone(), value));
            prop_assert_eq!(first, second);
        }
    }
}
