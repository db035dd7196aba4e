//! One direction for each attribute of a system that is both source and destination.
//!
//! Reading an attribute as its authority and writing the same attribute back is a loop with one system in it: whatever
//! somebody changes there is at once the truth, and the truth is written there. Reading it behind another authority, to
//! correlate or as a fallback, is none.

use crate::mapping::Mapping;

/// An attribute that goes both ways.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The attribute of the remote system.
    pub remote: String,
    /// The attribute of the hub that is read from it.
    pub hub: String,
}

/// Attributes that an inbound and an outbound mapping of the same connection and class both use. `decides` tells whether
/// the connection is the first authority of an attribute of the hub.
#[must_use]
pub fn conflicts(inbound: &Mapping, outbound: &Mapping, decides: &dyn Fn(&str) -> bool) -> Vec<Conflict> {
    let writes = |name: &str| outbound.is_identity() || outbound.rule(name).is_some();
    let mut found = Vec::new();
    for (hub, reads) in inbound.reads() {
        let both = reads.iter().filter(|remote| writes(remote) && decides(hub));
        found.extend(both.map(|remote| Conflict { remote: remote.clone(), hub: hub.to_owned() }));
    }
    if inbound.is_identity() {
        let both = outbound.attributes().filter(|name| decides(name));
        found.extend(both.map(|name| Conflict { remote: name.to_owned(), hub: name.to_owned() }));
        if outbound.is_identity() && decides("*") {
            found.push(Conflict { remote: "*".to_owned(), hub: "*".to_owned() });
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::Class;
    use rosterd_model::spec::RuleSpec;
    use std::collections::BTreeMap;

    fn mapping(root: &str, rules: &[(&str, &str)]) -> Mapping {
        let rules: BTreeMap<String, RuleSpec> = rules
            .iter()
            .map(|(name, from)| ((*name).to_owned(), serde_json::from_value(serde_json::json!(from)).expect("a rule")))
            .collect();
        Mapping::compile(Class::Account, &rules, root, None).expect("valid")
    }

    #[test]
    fn an_attribute_that_is_read_as_the_truth_and_written_is_refused() {
        let inbound = mapping("source", &[("displayName", "ToUpper(source.cn)"), ("emails.work", "source.mail")]);
        let outbound = mapping("account", &[("cn", "account.displayName"), ("uid", "account.userName")]);
        let cn = Conflict { remote: "cn".to_owned(), hub: "displayName".to_owned() };
        assert_eq!(conflicts(&inbound, &outbound, &|_| true), [cn]);
        assert_eq!(conflicts(&inbound, &outbound, &|hub| hub != "displayName"), []);
    }

    #[test]
    fn a_mapping_of_everything_conflicts_with_what_the_other_writes() {
        let outbound = mapping("account", &[("uid", "account.userName")]);
        let identity = mapping("source", &[]);
        let uid = Conflict { remote: "uid".to_owned(), hub: "uid".to_owned() };
        assert_eq!(conflicts(&identity, &outbound, &|_| true), [uid]);
        let all = mapping("account", &[]);
        assert_eq!(conflicts(&identity, &all, &|_| true)[0].remote, "*");
        assert_eq!(conflicts(&identity, &all, &|_| false), []);
    }
}
