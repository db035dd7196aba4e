//! What goes in circles: an attribute that one system decides and is told, and two rules that both insist.

use super::Config;
use crate::error::Problem;
use rosterd_model::spec::{Multi, RuleSpec, Strength};
use rosterd_model::{Class, ConnectionId};
use rosterd_reconcile::expression::root_of;
use std::collections::BTreeMap;

/// Problems of flows that are right each by itself.
pub(super) fn flows(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, job) in &config.file.job {
        let Some(delivery) = config.file.deliver.get(&job.spec.source) else { continue };
        for class in Class::ALL {
            let (inward, outward) = (&job.spec.class(class).map, &delivery.class(class).map);
            for (attribute, theirs) in circles(class, inward, outward) {
                if !decides(config, attribute, &job.spec.source) {
                    continue;
                }
                let source = &job.spec.source;
                let place = config.document.locate(&["job", name, class.as_str(), "map", attribute]);
                let message = format!(
                    "\"{attribute}\" is decided by {source} and written to it: [job.{name}.{class}.map] reads {theirs}, and [deliver.{source}.{class}.map] writes it"
                );
                let hint = format!("take one of them out, or put another connection before {source} in [authority]");
                problems.push(config.document.problem(place, message, vec![hint]));
            }
        }
    }
    problems.extend(insisting(config));
    problems
}

/// Attributes of the hub that are read from an attribute and written to the same one, as they are.
fn circles<'a>(
    class: Class,
    inward: &'a BTreeMap<String, RuleSpec>,
    outward: &'a BTreeMap<String, RuleSpec>,
) -> impl Iterator<Item = (&'a String, &'a String)> {
    inward.iter().flat_map(move |(attribute, rule)| {
        let read = rule.table().from;
        outward.iter().filter_map(move |(theirs, rule)| {
            let circle = read.trim() == format!("source.{theirs}")
                && rule.table().from.trim() == format!("{}.{attribute}", root_of(class));
            circle.then_some((attribute, theirs))
        })
    })
}

/// True if a connection is the first that may decide an attribute.
fn decides(config: &Config, attribute: &str, connection: &ConnectionId) -> bool {
    let order = &config.file.authority.order;
    let list = order.get(attribute).or_else(|| order.get("default"));
    match list.and_then(|list| list.first()) {
        Some(first) => first.connection() == connection,
        // Without an order the jobs give one, by their names.
        None => config.file.job.values().next().is_some_and(|job| job.spec.source == *connection),
    }
}

/// Attributes on which several jobs insist, with no order that says which of them counts.
fn insisting(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let order = &config.file.authority.order;
    for class in Class::ALL {
        let mut strong: BTreeMap<&String, &String> = BTreeMap::new();
        for (name, job) in &config.file.job {
            for (attribute, rule) in &job.spec.class(class).map {
                let rule = rule.table();
                let ordered = order.contains_key(attribute) || order.contains_key("default");
                if rule.strength != Strength::Strong || rule.multi != Multi::Replace || ordered {
                    continue;
                }
                if let Some(other) = strong.insert(attribute, name) {
                    let place = config.document.locate(&["job", name, class.as_str(), "map", attribute]);
                    let message = format!(
                        "\"{attribute}\" has a strong rule in [job.{other}.{class}.map] and in [job.{name}.{class}.map], and no order says which counts"
                    );
                    let hint = format!("write {attribute} = [...] into [authority]");
                    problems.push(config.document.problem(place, message, vec![hint]));
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::{Config, FILE_NAME, lint};
    use std::path::PathBuf;

    fn problems(text: &str) -> Vec<String> {
        let config =
            Config::parse(PathBuf::from("."), FILE_NAME.to_owned(), text.to_owned()).expect("the form is right");
        lint(&config).into_iter().map(|problem| problem.message).collect()
    }

    const BASE: &str = "[connection.hr]\nplugin = \"csv\"\n[connection.ad]\nplugin = \"ldap\"\n\
        [job.ad]\nsource = \"ad\"\n[job.ad.account.map]\nmobile = \"source.mobile\"\n\
        [deliver.ad.account.map]\nmobile = \"account.mobile\"\n";

    #[test]
    fn an_attribute_that_its_own_decider_is_told_is_refused() {
        let found = problems(&format!("{BASE}[authority]\ndefault = [\"ad\"]\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("decided by ad and written to it"), "{found:?}");
        // Where another decides, it is written there and read for correlation alone.
        let hr = "[job.hr]\nsource = \"hr\"\n[job.hr.account.map]\nmobile = \"source.phone\"\n";
        let both = format!("{BASE}{hr}[authority]\ndefault = [\"hr\", \"ad\"]\n");
        assert_eq!(problems(&both), Vec::<String>::new());
    }

    #[test]
    fn two_that_insist_need_an_order() {
        let strong = "title = { from = \"source.title\", strength = \"strong\" }\n";
        let text = format!("{BASE}[job.hr]\nsource = \"hr\"\n[job.hr.account.map]\n{strong}");
        let both = text.replace("mobile = \"source.mobile\"\n", strong);
        assert_eq!(
            problems(&text.replace("mobile = \"account.mobile\"\n", "x = \"account.title\"\n")),
            Vec::<String>::new()
        );
        let found = problems(&both.replace("mobile = \"account.mobile\"\n", "x = \"account.title\"\n"));
        assert!(found.len() == 1 && found[0].contains("no order says which counts"), "{found:?}");
    }
}
