//! What each rule of a mapping says about one object, for whoever asks why.

use super::{Mapping, Moment, Rule, Said};
use crate::expression::Scope;
use rosterd_model::spec::Apply;
use rosterd_model::{Text, Value};

/// What one rule came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// This value.
    Value(Value),
    /// That there is none.
    Empty,
    /// Nothing: an attribute that it needs is absent, or empty and `on-null` keeps.
    Nothing,
    /// Nothing any more: its condition is false.
    Withdrawn,
    /// It is not asked at this moment.
    NotNow,
    /// It failed; the sentence names types and no values.
    Failed(String),
}

/// One rule, and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// The target attribute.
    pub attribute: Text,
    /// The expression as it was written.
    pub from: String,
    /// The condition as it was written.
    pub when: Option<String>,
    /// What it came to.
    pub outcome: Outcome,
}

impl Mapping {
    /// What each rule says about one object, sorted by attribute. The identity has a rule for every attribute.
    #[must_use]
    pub fn trace(&self, scope: &Scope<'_>, moment: Moment) -> Vec<Traced> {
        if self.rules.is_empty() {
            let all = scope.attributes.iter().filter(|(_, value)| **value != Value::Null);
            return all
                .map(|(name, value)| Traced {
                    attribute: name.into(),
                    from: format!("source.{name}"),
                    when: None,
                    outcome: self.fit(name, value.clone()).map_or_else(Outcome::Failed, Outcome::Value),
                })
                .collect();
        }
        self.rules.iter().map(|rule| self.traced(rule, scope, moment)).collect()
    }

    fn traced(&self, rule: &Rule, scope: &Scope<'_>, moment: Moment) -> Traced {
        let outcome = if rule.speaks(scope, moment) {
            match rule.outcome(scope) {
                Err(because) => Outcome::Failed(because),
                Ok(Said::Nothing) => Outcome::Nothing,
                Ok(Said::Withdrawn) => Outcome::Withdrawn,
                Ok(Said::Empty) => Outcome::Empty,
                Ok(Said::Value(value)) => self.fit(&rule.attribute, value).map_or_else(Outcome::Failed, Outcome::Value),
            }
        } else {
            Outcome::NotNow
        };
        Traced {
            attribute: rule.attribute.clone(),
            from: rule.from.text().to_owned(),
            when: rule.when.as_ref().map(|when| when.text().to_owned()),
            outcome,
        }
    }

    /// True if the rule for an attribute speaks only once.
    #[must_use]
    pub fn is_once(&self, attribute: &str) -> bool {
        matches!(self.apply_mode(attribute), Some(Apply::OnCreate | Apply::OnLink))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosterd_model::spec::RuleSpec;
    use rosterd_model::{Attributes, Class};
    use std::collections::BTreeMap;

    #[test]
    fn every_rule_tells_what_it_came_to() {
        let rule = |text: &str| serde_json::from_str::<RuleSpec>(text).unwrap();
        let rules = BTreeMap::from([
            ("active".to_owned(), rule(r#""source.word""#)),
            ("displayName".to_owned(), rule(r#""source.name""#)),
            ("nickName".to_owned(), rule(r#"{"from":"source.nick","apply":"on-link"}"#)),
            ("title".to_owned(), rule(r#"{"from":"source.title","on-null":"clear"}"#)),
            ("userType".to_owned(), rule(r#"{"from":"source.name","when":"source.name == 'x'"}"#)),
            ("workplace".to_owned(), rule(r#""source.place""#)),
        ]);
        let mapping = Mapping::compile(Class::Account, &rules, "source", None).unwrap();
        let record: Attributes =
            [("name", Value::from("Li Wei")), ("title", Value::Null), ("word", Value::from("maybe"))]
                .into_iter()
                .collect();
        let traced = mapping.trace(&Scope::new(&record), Moment::Create);
        let outcomes: Vec<&Outcome> = traced.iter().map(|rule| &rule.outcome).collect();
        assert!(matches!(outcomes[0], Outcome::Failed(text) if !text.contains("maybe")), "{:?}", outcomes[0]);
        assert_eq!(outcomes[1], &Outcome::Value("Li Wei".into()));
        assert_eq!(outcomes[2..], [&Outcome::NotNow, &Outcome::Empty, &Outcome::Withdrawn, &Outcome::Nothing]);
    }
}
