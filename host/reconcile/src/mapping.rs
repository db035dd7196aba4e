//! Declarative translation of attributes: a record to claims, or an entity to what a destination should hold.
//!
//! A rule fails loudly: an expression that can not be applied makes a [`Problem`] that names rule and attribute, never a
//! null. What a rule says nothing about is left out of the result, so that what was claimed before stays.

mod changed;
mod target;
mod text;
pub mod trace;

pub use changed::ChangedRules;

use crate::canonical::{encode_text, hash16};
use crate::expression::{self, Expression, Outcome, Scope};
use crate::problem::Problem;
use crate::unique::Template;
use rosterd_model::claim::MappingDigest;
use rosterd_model::rule::Rule as Rules;
use rosterd_model::spec::{Apply, OnNull, RuleSpec, Strength};
use rosterd_model::{Class, Text, Value};
use std::collections::BTreeMap;
use std::fmt;
use text::text_of;

/// The most rules of one mapping.
const MAX_RULES: usize = 512;

/// A rule that can not be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// The target attribute of the rule.
    pub attribute: String,
    /// What is wrong and what to write, as a sentence.
    pub message: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rule for \"{}\" can not be used: {}", self.attribute, self.message)
    }
}
impl std::error::Error for MappingError {}

/// When a mapping is applied: some rules speak only once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The object is created.
    Create,
    /// The record is tied to an existing object.
    Link,
    /// Anything else.
    Change,
}

/// What a mapping says: an attribute and its value, or that nothing is said about it any more.
pub type MappingSaid = Vec<(Text, Option<Value>)>;

/// A compiled mapping.
#[derive(Debug)]
pub struct Mapping {
    class: Class,
    /// True: the target is the hub, whose attributes have types.
    inbound: bool,
    /// Sorted by attribute. Empty: every attribute maps to itself.
    rules: Vec<Rule>,
    text: String,
    digest: MappingDigest,
}

#[derive(Debug)]
struct Rule {
    attribute: Text,
    from: Expression,
    when: Option<Expression>,
    strength: Strength,
    apply: Apply,
    on_null: OnNull,
    /// The value is the beginning of a name that nobody else has.
    unique: Option<Template>,
}

impl Mapping {
    /// Compiles rules over `root`; no rules give the identity. Where `declared` is given, it lists all attributes that
    /// the root can have. The root `source` makes an inbound mapping, whose results are checked by
    /// [`crate::schema::kind`].
    ///
    /// # Errors
    /// One error for each rule that can not be used.
    pub fn compile(
        class: Class,
        rules: &BTreeMap<String, RuleSpec>,
        root: &str,
        declared: Option<&[String]>,
    ) -> Result<Self, Vec<MappingError>> {
        let mut compiled = Vec::with_capacity(rules.len());
        let mut errors = Vec::new();
        if rules.len() > MAX_RULES {
            let message = format!("there are {} rules, more than {MAX_RULES}", rules.len());
            return Err(vec![MappingError { attribute: "*".to_owned(), message }]);
        }
        for (attribute, spec) in rules {
            match Rule::compile(attribute, spec, root, declared) {
                Ok(rule) => compiled.push(rule),
                Err(message) => errors.push(MappingError { attribute: attribute.clone(), message }),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let text = text_of(class, root, &compiled);
        let mut bytes = Vec::new();
        encode_text(&text, &mut bytes);
        let mut digest = MappingDigest::default();
        digest.copy_from_slice(&hash16(&bytes)[..8]);
        Ok(Self { class, inbound: root == "source", rules: compiled, text, digest })
    }

    /// The mapping of a class without rules: every attribute of the source maps to itself.
    #[must_use]
    pub fn identity(class: Class) -> Self {
        let text = text_of(class, "source", &[]);
        let mut digest = MappingDigest::default();
        let mut bytes = Vec::new();
        encode_text(&text, &mut bytes);
        digest.copy_from_slice(&hash16(&bytes)[..8]);
        Self { class, inbound: true, rules: Vec::new(), text, digest }
    }

    /// Digest of [`Mapping::text`].
    #[must_use]
    pub const fn digest(&self) -> MappingDigest {
        self.digest
    }

    /// The canonical text: one line for each rule, sorted by attribute.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The expression of the rule for an attribute, as it was written.
    #[must_use]
    pub fn rule(&self, attribute: &str) -> Option<&str> {
        self.find(attribute).map(|rule| rule.from.text())
    }

    /// When the rule for an attribute is applied.
    #[must_use]
    pub fn apply_mode(&self, attribute: &str) -> Option<Apply> {
        self.find(attribute).map(|rule| rule.apply)
    }

    /// How insistent the rule for an attribute is.
    #[must_use]
    pub fn strength(&self, attribute: &str) -> Option<Strength> {
        self.find(attribute).map(|rule| rule.strength)
    }

    /// The target attributes, sorted; none for the identity.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.attribute.as_str())
    }

    /// The attributes whose values are made so that nobody else has them.
    pub fn unique(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.rules.iter().filter_map(|rule| Some((rule.attribute.as_str(), rule.unique.as_ref()?)))
    }

    /// A name that was made, as its attribute holds it.
    ///
    /// # Errors
    /// Its attribute can not hold it; reason `Mapping`.
    pub fn finish(&self, attribute: &str, name: String) -> Result<Value, Problem> {
        self.fit(attribute, Value::from(name)).map_err(|because| {
            Problem::mapping(format!("the name that was made for \"{attribute}\" {because}; correct its template"))
        })
    }

    /// True if a rule asks what its target holds.
    #[must_use]
    pub fn has_weak(&self) -> bool {
        self.rules.iter().any(|rule| rule.strength == Strength::Weak)
    }

    /// Each target attribute with the attributes that its rule reads; nothing for the identity.
    pub fn reads(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.rules.iter().map(|rule| {
            let mut reads = rule.from.reads().to_vec();
            reads.extend(rule.when.iter().flat_map(|when| when.reads().iter().cloned()));
            (rule.attribute.as_str(), reads)
        })
    }

    /// The attributes that the rule for a target reads; the target itself for the identity.
    #[must_use]
    pub fn reads_of(&self, attribute: &str) -> Vec<String> {
        if self.is_identity() {
            return vec![attribute.to_owned()];
        }
        self.reads().find(|(name, _)| *name == attribute).map(|(_, reads)| reads).unwrap_or_default()
    }

    /// True if every attribute maps to itself.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the mapping says about one object, sorted by attribute: `Some(value)` sets, `Some(Null)` clears, `None`
    /// withdraws what was said before (the rule's `when` is known to be false). What is not listed stays as it was.
    ///
    /// # Errors
    /// A rule failed, or gave a value that its target can not hold; reason `Mapping`.
    pub fn apply(&self, scope: &Scope<'_>, moment: Moment) -> Result<MappingSaid, Problem> {
        if self.rules.is_empty() {
            return self.apply_identity(scope);
        }
        self.apply_rules(self.rules.iter(), scope, moment)
    }

    fn apply_rules<'a>(
        &self,
        rules: impl Iterator<Item = &'a Rule>,
        scope: &Scope<'_>,
        moment: Moment,
    ) -> Result<MappingSaid, Problem> {
        let mut result = Vec::with_capacity(rules.size_hint().1.unwrap_or_default());
        for rule in rules.filter(|rule| rule.speaks(scope, moment)) {
            let outcome = match rule.outcome(scope) {
                Err(_) if !Rules::FailedExpressionIsACase.on() => Said::Empty,
                outcome => outcome.map_err(|because| rule.problem(&because))?,
            };
            match outcome {
                Said::Nothing => {}
                Said::Withdrawn => result.push((rule.attribute.clone(), None)),
                Said::Empty => result.push((rule.attribute.clone(), Some(Value::Null))),
                // Only whoever knows all names can finish this one.
                Said::Value(value) if rule.unique.is_some() => result.push((rule.attribute.clone(), Some(value))),
                Said::Value(value) => {
                    let value = self.fit(&rule.attribute, value).map_err(|because| rule.problem(&because))?;
                    result.push((rule.attribute.clone(), Some(value)));
                }
            }
        }
        Ok(result)
    }

    fn apply_identity(&self, scope: &Scope<'_>) -> Result<MappingSaid, Problem> {
        let mut result = Vec::with_capacity(scope.attributes.len());
        for (name, value) in scope.attributes.iter().filter(|(_, value)| **value != Value::Null) {
            let value = self.fit(name, value.clone()).map_err(|because| {
                Problem::mapping(format!(
                    "attribute \"{name}\" {because}; correct it at the source or write a rule for it"
                ))
            })?;
            result.push((name.into(), Some(value)));
        }
        Ok(result)
    }

    fn fit(&self, attribute: &str, value: Value) -> Result<Value, String> {
        if self.inbound { target::fit(self.class, attribute, value) } else { Ok(value) }
    }

    fn find(&self, attribute: &str) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| rule.attribute.as_str().cmp(attribute)).ok().map(|index| &self.rules[index])
    }
}

/// A value that a person gives an attribute of the hub, as the attribute holds it.
///
/// # Errors
/// The end of a sentence: it can not hold it.
pub fn fit_value(class: Class, attribute: &str, value: Value) -> Result<Value, String> {
    if value == Value::Null { Ok(value) } else { target::fit(class, attribute, value) }
}

/// What one rule says.
enum Said {
    Nothing,
    Withdrawn,
    Empty,
    Value(Value),
}

impl Rule {
    fn compile(attribute: &str, spec: &RuleSpec, root: &str, declared: Option<&[String]>) -> Result<Self, String> {
        let plain = !attribute.is_empty() && attribute.len() <= crate::normalise::MAX_NAME;
        if !plain || attribute.trim() != attribute || attribute.chars().any(char::is_control) {
            return Err("the name of the attribute is empty, too long, or has space around it".to_owned());
        }
        let table = spec.table();
        let from = expression::compile(&table.from, root, declared).map_err(|error| error.to_string())?;
        let when = match &table.when {
            None => None,
            Some(text) => {
                let compiled = expression::compile(text, root, declared);
                Some(compiled.map_err(|error| format!("its condition is not valid: {error}"))?)
            }
        };
        let unique = table.unique.as_deref().map(Template::parse).transpose()?;
        if unique.is_some() && root != "source" {
            return Err("unique makes names in the hub; it has no meaning for a destination".to_owned());
        }
        Ok(Self {
            attribute: attribute.into(),
            unique,
            from,
            when,
            strength: table.strength,
            apply: table.apply,
            on_null: table.on_null,
        })
    }

    fn speaks(&self, scope: &Scope<'_>, moment: Moment) -> bool {
        let now = match self.apply {
            _ if self.unique.is_some() && Rules::UniqueNames.on() => moment == Moment::Create,
            Apply::Always => true,
            Apply::OnCreate => moment == Moment::Create || !Rules::OnCreateOnce.on(),
            Apply::OnLink => moment == Moment::Link,
        };
        let held = || scope.known.and_then(|known| known.get(&self.attribute)).is_some_and(|value| !value.is_empty());
        now && !(self.strength == Strength::Weak && held() && Rules::StrengthWeak.on())
    }

    fn outcome(&self, scope: &Scope<'_>) -> Result<Said, String> {
        if let Some(when) = &self.when {
            match when.decide(scope).map_err(|error| error.message)? {
                Some(true) => {}
                Some(false) => return Ok(Said::Withdrawn),
                None => return Ok(Said::Nothing),
            }
        }
        let value = match self.from.eval(scope).map_err(|error| error.message)? {
            Outcome::Absent if Rules::AbsentSaysNothing.on() => return Ok(Said::Nothing),
            Outcome::Null if !Rules::NullSaysEmpty.on() => return Ok(Said::Nothing),
            Outcome::Absent | Outcome::Null => Value::Null,
            Outcome::Value(Value::Text(text)) => match crate::normalise::value::text(&text)? {
                // Nobody can tell an empty text from none at a destination.
                text if text.is_empty() => Value::Null,
                text => Value::Text(text),
            },
            Outcome::Value(value) => value,
        };
        Ok(match value {
            Value::Null if self.on_null == OnNull::Clear => Said::Empty,
            Value::Null => Said::Nothing,
            value => Said::Value(value),
        })
    }

    fn problem(&self, because: &str) -> Problem {
        // Rules may be long; the record's page shows the whole text.
        let text: String = self.from.text().chars().take(120).collect();
        Problem::mapping(format!(
            "the rule for \"{}\" ({text}) failed: {because}; correct the record at its source or the rule",
            self.attribute
        ))
    }
}

#[cfg(test)]
mod tests;
