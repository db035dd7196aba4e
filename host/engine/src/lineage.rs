//! Where values come from: `why`, `history`, and looking people up by name.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::name_attribute;
use rosterd_model::claim::HistoryRow;
use rosterd_model::run::Run;
use rosterd_model::{Class, ConnectionId, Entity, EntityId, ExternalId, RunId, Value};
use rosterd_reconcile::normalise::value::match_key;
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

/// One connection's statement about an attribute.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Who says it.
    pub connection: ConnectionId,
    /// About which of its objects.
    pub external_id: ExternalId,
    /// What.
    pub value: Value,
    /// The mapping rule that computed it, if its text is still known.
    pub rule: Option<String>,
    /// Digest of the connector.
    pub connector: String,
    /// The run that first said so.
    pub since: RunId,
    /// That run, if it is still recorded.
    pub run: Option<Run>,
    /// True: this is the value in effect.
    pub effective: bool,
}

/// Why an attribute has its value.
#[derive(Debug, Clone)]
pub struct Why {
    /// The entity.
    pub entity: Entity,
    /// The attribute.
    pub attribute: String,
    /// The value in effect.
    pub value: Option<Value>,
    /// Everybody's statements, the one in effect first.
    pub statements: Vec<Statement>,
    /// Earlier values, newest first.
    pub history: Vec<HistoryRow>,
}

/// The word for the groups that follow a rule.
const GROUPS: &str = "groups";

/// Short words for attributes, as people write them.
const ALIASES: [(&str, &str); 6] = [
    ("mail", "emails.work"),
    ("email", "emails.work"),
    ("mobile", "phoneNumbers.mobile"),
    ("phone", "phoneNumbers.mobile"),
    ("name", "displayName"),
    ("user", "userName"),
];

impl Engine {
    /// Why `NAME.ATTRIBUTE` has its value. Names may contain dots: the longest name that exists counts.
    ///
    /// # Errors
    /// There is no such account or attribute.
    pub fn why(&self, subject: &str) -> Result<Why, EngineError> {
        let view = self.store.snapshot()?;
        for (at, _) in subject.rmatch_indices('.') {
            if let Some(entity) = find(&view, &subject[..at])? {
                return explain(&view, entity, &subject[at + 1..]);
            }
        }
        Err(EngineError::NotFound(match find(&view, subject)? {
            Some(_) => format!("{subject} is an account; name one of its attributes, too: `{subject}.mail`"),
            None => {
                format!("there is no account in \"{subject}\"; write NAME.ATTRIBUTE, and see `rosterd account list`")
            }
        }))
    }

    /// The account of a user name or an id.
    ///
    /// # Errors
    /// There is none.
    pub fn account(&self, name: &str) -> Result<Entity, EngineError> {
        find(&self.store.snapshot()?, name)?
            .ok_or_else(|| EngineError::NotFound(format!("there is no account \"{name}\"; see `rosterd account list`")))
    }
}

/// The account of a user name or an id.
pub(crate) fn find(view: &Snapshot, name: &str) -> Result<Option<Entity>, EngineError> {
    if let Ok(id) = name.parse::<EntityId>() {
        return Ok(view.entity(Class::Account, id)?);
    }
    let Some(key) = match_key(&Value::from(name)) else { return Ok(None) };
    let found = view.entities_with(Class::Account, name_attribute(Class::Account), "", &key, 1)?;
    match found.first() {
        Some(id) => Ok(view.entity(Class::Account, *id)?),
        None => Ok(None),
    }
}

/// The connection of a number; the hub itself has one, too.
pub(crate) fn speaker(view: &impl Read, number: ConnectionNumber) -> Result<Option<ConnectionId>, EngineError> {
    if number == ConnectionNumber::HUB {
        return Ok(Some(ConnectionId::hub()));
    }
    Ok(view.connection_name(number)?)
}

/// The groups by rule that an account is in, each with its rule.
fn groups(view: &Snapshot, entity: Entity) -> Result<Why, EngineError> {
    let own = Value::Reference { class: Class::Account, id: entity.id.to_string().into() };
    let (mut names, mut statements) = (Vec::new(), Vec::new());
    for (rule, known) in view.group_rules()? {
        let Some(group) = known.entity else { continue };
        let Some(entry) = view.claims(group, ConnectionNumber::HUB)? else { continue };
        let Some(members) = entry.get("members") else { continue };
        if !matches!(&members.value, Value::List(all) if all.contains(&own)) {
            continue;
        }
        let name = entry.get("displayName").map_or_else(|| Value::from(rule.as_str()), |entry| entry.value.clone());
        let text = view.mapping(members.mapping)?;
        statements.push(Statement {
            connection: ConnectionId::hub(),
            external_id: rule.as_str().into(),
            value: name.clone(),
            rule: text.and_then(|text| self::rule(&text, "members")),
            connector: entry.connector.to_string(),
            since: members.since,
            run: view.run(members.since)?,
            effective: true,
        });
        names.push(name);
    }
    Ok(Why { attribute: GROUPS.to_owned(), entity, value: Some(Value::List(names)), statements, history: Vec::new() })
}

fn explain(view: &Snapshot, entity: Entity, word: &str) -> Result<Why, EngineError> {
    let attribute = ALIASES
        .iter()
        .find(|(alias, _)| *alias == word && entity.attributes.get(word).is_none())
        .map_or(word, |(_, name)| name);
    let value = entity.attributes.get(attribute).cloned();
    if attribute == GROUPS && value.is_none() {
        return groups(view, entity);
    }
    let mut statements = Vec::new();
    for (number, claims) in view.claims_of(entity.id)? {
        let (Some(entry), Some(connection)) = (claims.get(attribute), speaker(view, number)?) else { continue };
        let text = view.mapping(entry.mapping)?;
        statements.push(Statement {
            connection,
            external_id: claims.external_id.clone(),
            value: entry.value.clone(),
            rule: text.and_then(|text| rule(&text, attribute)),
            connector: claims.connector.to_string(),
            since: entry.since,
            run: view.run(entry.since)?,
            effective: value.as_ref() == Some(&entry.value),
        });
    }
    statements.sort_by_key(|statement| !statement.effective);
    let mut history = Vec::new();
    for row in view.history(entity.id)?.rev() {
        let (_, row) = row?;
        if row.attribute == attribute {
            history.push(row);
        }
    }
    if value.is_none() && statements.is_empty() && history.is_empty() {
        let known: Vec<&str> = entity.attributes.iter().map(|(name, _)| name).collect();
        return Err(EngineError::NotFound(format!(
            "nothing is known about {attribute} of this account; it has {}",
            known.join(", ")
        )));
    }
    Ok(Why { attribute: attribute.to_owned(), entity, value, statements, history })
}

/// The rule of an attribute in the canonical text of a mapping: one line a rule, `"attribute" = "expression"` and how it
/// is applied. A mapping without rules takes every attribute over as it is.
pub(crate) fn rule(text: &str, attribute: &str) -> Option<String> {
    let start = format!("{} = ", serde_json::Value::from(attribute));
    for line in text.lines() {
        if line == "* = *" {
            return Some(format!("source.{attribute}"));
        }
        let Some(rest) = line.strip_prefix(&start) else { continue };
        let mut words = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let expression = words.next()?.ok()?;
        return Some(format!("{expression}{}", &rest[words.byte_offset()..]));
    }
    None
}
