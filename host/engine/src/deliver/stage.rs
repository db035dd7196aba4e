//! The stages of an entry: the object itself, then what it refers to, then members that are no longer.

use super::reference::References;
use super::request::replace;
use crate::error::EngineError;
use crate::members::{key, keys};
use rosterd_model::outbox::{Lane, Projection};
use rosterd_model::plan::{Operation, Part};
use rosterd_model::record::Edit;
use rosterd_model::{Attributes, EntityId, Rule, Text, Value};
use rosterd_reconcile::canonical::equal;
use rosterd_reconcile::fanout::Desired;
use rosterd_reconcile::normalise::value_to_json;
use rosterd_store::MissingReference;

/// What one stage asks for.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// True: only references are told.
    pub(super) is_late: bool,
    /// The edits, in the destination's words.
    pub(super) edits: Vec<Edit>,
    /// The attributes that are acknowledged afterwards, in the hub's words.
    pub(super) attributes: Attributes,
    /// The lane of the next stage.
    pub(super) next: Option<Lane>,
    /// Attributes that can not be complete yet.
    pub(super) pending: Vec<Text>,
    /// What is missing for them.
    pub(super) missing: Vec<MissingReference>,
    /// Org units that must be there first.
    pub(super) blocked: Vec<EntityId>,
}

/// The object itself, without what it refers to but the org unit where it stands.
pub(super) fn main(
    references: &mut References<'_>,
    there: Option<&Projection>,
    desired: &Desired,
    (step, stated): (&Part, bool),
) -> Result<Stage, EngineError> {
    let mut stage = Stage::default();
    if step.operation == Operation::Delete {
        stage.attributes = there.map(|there| there.attributes.clone()).unwrap_or_default();
        return Ok(stage);
    }
    let given = there.is_none().then_some(&desired.on_create);
    let all = desired.attributes.iter().chain(given.into_iter().flat_map(rosterd_model::Attributes::iter));
    let known = there.map(|there| &there.attributes);
    let mut pending = Vec::new();
    for (name, value) in all {
        if there.is_some_and(|there| there.is_frozen(name)) {
            // It is not sent, so what is there stays what is known.
            if let Some(before) = known.and_then(|known| known.get(name)) {
                stage.attributes.set(name, before.clone());
            }
            continue;
        }
        if references.is_late(value) || was_late(references, known, name, value) {
            // Acknowledged by a later stage; until then what was acknowledged before stands.
            if let Some(before) = known.and_then(|known| known.get(name)) {
                stage.attributes.set(name, before.clone());
            }
            continue;
        }
        if references.is_strict(value) {
            let translated = references.translate(value)?;
            for (missing, entity) in translated.missing {
                // Whom nobody knows nobody can wait for: it is completed if it ever comes.
                match entity {
                    Some(entity) => stage.blocked.push(entity),
                    None => {
                        pending.push(Text::from(name));
                        stage.missing.push(missing);
                    }
                }
            }
        }
        stage.attributes.set(name, value.clone());
    }
    for change in &step.changes {
        let value = change.after.as_ref().unwrap_or(&Value::Null);
        if !references.is_late(value) && !was_late(references, known, &change.attribute, value) {
            let told = references.translate(value)?.value;
            stage.edits.extend(told.map(|told| replace(&change.attribute, &told)));
        }
    }
    let known_pending = there.map(|there| there.pending.as_slice()).unwrap_or_default();
    let (more, less) = differences(references, &stage.attributes, desired, known_pending);
    let more = more || (stated && there.is_some() && refers(references, desired));
    stage.next = next(more, less);
    // What was pending stays so until the next stage completes it.
    pending.extend(known_pending.iter().filter(|name| !pending.contains(name)).cloned().collect::<Vec<_>>());
    stage.pending = pending;
    Ok(stage)
}

/// An attribute that is emptied and held references: told with the references.
fn was_late(references: &References<'_>, known: Option<&Attributes>, name: &str, value: &Value) -> bool {
    value.is_empty() && known.and_then(|known| known.get(name)).is_some_and(|before| references.is_late(before))
}

/// What an object refers to, or, in the lane of removals, members that are no longer.
pub(super) fn late(
    references: &mut References<'_>,
    there: &Projection,
    desired: &Desired,
    (lane, stated): (Lane, bool),
) -> Result<Stage, EngineError> {
    let mut stage = Stage { is_late: true, attributes: there.attributes.clone(), ..Stage::default() };
    let removing = lane == Lane::MembershipRemoval;
    for (name, value) in desired.attributes.iter() {
        let before = there.attributes.get(name);
        let refers = references.is_late(value) || before.is_some_and(|before| references.is_late(before));
        let pending = (stated && refers) || there.pending.iter().any(|one| one == name);
        let same = before.is_some_and(|before| equal(before, value));
        if (same || !refers) && !pending {
            continue;
        }
        let (old, new) = (members(before), members(Some(value)));
        let (Some(old), Some(new), true) = (old, new, Rule::MembersAsDeltas.on()) else {
            if removing {
                continue;
            }
            let told = references.translate(value)?;
            note(&mut stage, name, told.missing);
            stage.edits.extend(
                told.value.filter(|told| !told.is_empty() || value.is_empty()).map(|told| replace(name, &told)),
            );
            stage.attributes.set(name, value.clone());
            continue;
        };
        let (had, has) = (keys(old), keys(new));
        let leaving: Vec<Value> = old.iter().filter(|one| !has.contains(&key(one))).cloned().collect();
        if removing {
            let told = references.translate(&Value::List(leaving))?;
            stage.edits.extend(told.value.filter(|told| !told.is_empty()).map(|told| delta(name, None, Some(&told))));
            stage.attributes.set(name, value.clone());
            continue;
        }
        // Those that were missing are not known to be there: all are named once more, which changes nothing for the others.
        let coming: Vec<Value> = new.iter().filter(|one| pending || !had.contains(&key(one))).cloned().collect();
        let told = references.translate(&Value::List(coming))?;
        note(&mut stage, name, told.missing);
        stage.edits.extend(told.value.filter(|told| !told.is_empty()).map(|told| delta(name, Some(&told), None)));
        let both = new.iter().chain(&leaving).cloned().collect();
        stage.attributes.set(name, Value::List(both));
        if !leaving.is_empty() {
            stage.next = Some(Lane::MembershipRemoval);
        }
    }
    if removing {
        stage.pending = there.pending.clone();
    }
    Ok(stage)
}

fn note(stage: &mut Stage, name: &str, missing: Vec<(MissingReference, Option<EntityId>)>) {
    if !missing.is_empty() {
        stage.pending.push(name.into());
        stage.missing.extend(missing.into_iter().map(|(missing, _)| missing));
    }
}

/// True if anything of it is told with the references.
fn refers(references: &References<'_>, desired: &Desired) -> bool {
    desired.attributes.iter().any(|(_, value)| references.is_late(value))
}

/// Whether references must be added or set, and whether some must be taken away.
fn differences(references: &References<'_>, known: &Attributes, desired: &Desired, pending: &[Text]) -> (bool, bool) {
    let (mut more, mut less) = (!pending.is_empty(), false);
    for (name, value) in desired.attributes.iter() {
        let before = known.get(name);
        let refers = references.is_late(value) || before.is_some_and(|before| references.is_late(before));
        if !refers || before.is_some_and(|before| equal(before, value)) {
            continue;
        }
        match (members(before), members(Some(value))) {
            (Some(old), Some(new)) if Rule::MembersAsDeltas.on() => {
                let (had, has) = (keys(old), keys(new));
                more |= !has.is_subset(&had);
                less |= !had.is_subset(&has);
            }
            _ => more = true,
        }
    }
    (more, less)
}

const fn next(more: bool, less: bool) -> Option<Lane> {
    match (more, less) {
        (true, _) => Some(Lane::Reference),
        (false, true) => Some(Lane::MembershipRemoval),
        (false, false) => None,
    }
}

/// The members of a set; none: the attribute holds one value.
fn members(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None | Some(Value::Null) => Some(&[]),
        Some(Value::List(values)) => Some(values),
        Some(_) => None,
    }
}

fn delta(attribute: &str, add: Option<&Value>, remove: Option<&Value>) -> Edit {
    let json = |value: &Value| value_to_json(value).to_string();
    Edit { attribute: attribute.to_owned(), replace: None, add: add.map(json), remove: remove.map(json) }
}
