//! Making, changing and removing departments.

use super::calls::CREATE_UNIT;
use super::done::{Done, Outcome};
use super::looking;
use super::trouble::Trouble;
use super::unit::{Desired, MANAGERS, OWNER, leaders};
use super::values::{self, Attributes, wrong};
use crate::api::{self, Api};
use crate::settings::Settings;
use crate::tree::ROOT;
use crate::wire::{self, Object};
use rosterd_sdk::{Class, Edit, Fault, FaultKind, Operation};
use serde_json::{Map, Value, json};

/// The departments of one organisation.
#[derive(Debug, Clone, Copy)]
pub struct Units<'a> {
    /// The interfaces.
    pub api: &'a Api,
    /// What the operator wrote.
    pub settings: &'a Settings,
}

impl Units<'_> {
    /// Makes a department, unless an earlier try made it.
    pub fn create(self, operation: &Operation, json: &str) -> Outcome {
        let desired = Desired::read(&values::object(json)?, self.settings)?;
        let fields = desired.born(self.settings)?;
        let name = desired.name.clone().unwrap_or_default();
        if operation.attempt > 1
            && let Some(id) = self.named(&desired)?
        {
            return self.bring(id, &desired);
        }
        let trouble = match api::write(self.api.create_unit(&name, &fields), false) {
            Ok(answer) => {
                let id = |result: &Value| result.get("dept_id").and_then(wire::whole).filter(|id| *id > ROOT);
                match api::result(&answer, CREATE_UNIT, id) {
                    Ok(id) => return Ok(self.afterwards(id, &desired)),
                    Err(fault) => Trouble::doubtful(fault),
                }
            }
            Err(refused) => Trouble::writing(refused, Class::OrgUnit),
        };
        if trouble.unknown {
            // The answer was lost, not the department: whatever is there now was made by this very call.
            return match self.named(&desired).ok().flatten() {
                Some(id) => self.bring(id, &desired).map(|done| Done { changed: true, ..done }),
                None => Err(trouble),
            };
        }
        if trouble.fault.kind == FaultKind::AlreadyExists
            && let Ok(Some(id)) = self.named(&desired)
        {
            return Err(Trouble { fault: other(id, &name), ..trouble });
        }
        Err(trouble)
    }

    /// What can only be set once it is there. It is there whatever becomes of this.
    fn afterwards(self, id: i64, desired: &Desired) -> Done {
        let rest = desired.afterwards();
        let done = Done::changed(id.to_string());
        if rest == Desired::default() {
            return done;
        }
        let fields = rest.changes(&Desired::default(), &Map::new(), false);
        match fields.and_then(|fields| self.send(id, fields, &rest, &Map::new())) {
            Ok(more) => done.with(more.problems),
            Err(trouble) => {
                let names = rest.fields.keys().copied();
                let names =
                    names.chain(rest.managers.as_ref().map(|_| "managers")).chain(rest.owner.as_ref().map(|_| "owner"));
                done.with(names.map(|name| trouble.fault.clone().about(name)).collect())
            }
        }
    }

    /// Changes attributes of a department.
    pub fn update(self, operation: &Operation, edits: &[Edit]) -> Outcome {
        let (id, shown) = self.there(operation)?;
        let there = |name: &str| match name {
            "managers" => leaders(&shown).iter().map(|userid| json!({ "ref": "account", "id": userid })).collect(),
            _ => Vec::new(),
        };
        let attributes = values::resolved(edits, there)?;
        self.change(operation, &attributes, id, &shown)
    }

    /// Puts a department below another one.
    pub fn move_to(self, operation: &Operation, parent: Option<&str>) -> Outcome {
        let (id, shown) = self.there(operation)?;
        let parent = parent.map_or(Value::Null, |id| json!({ "ref": "org-unit", "id": id }));
        self.change(operation, &Map::from_iter([("parent".to_owned(), parent)]), id, &shown)
    }

    fn change(self, operation: &Operation, attributes: &Attributes, id: i64, shown: &Object) -> Outcome {
        let desired = Desired::read(attributes, self.settings)?;
        let known = operation.known.as_deref().and_then(|json| values::object(json).ok()).unwrap_or_default();
        let known = Desired::read(&known, self.settings).unwrap_or_default();
        if desired.parent == Some(id) {
            return Err(wrong("parent", "is the department itself"));
        }
        let fields = desired.changes(&known, shown, operation.attempt <= 1)?;
        self.send(id, fields, &desired, shown)
    }

    /// Brings a department that was found to what is wanted.
    fn bring(self, id: i64, desired: &Desired) -> Outcome {
        let shown = looking::unit(self.api, id)?.ok_or_else(|| looking::missing(&format!("department {id}")))?;
        let fields = desired.changes(&Desired::default(), &shown, false)?;
        self.send(id, fields, desired, &shown)
    }

    /// Sends a change. Leaders and an owner who are not in the department are refused one by one, and the rest is done.
    fn send(self, id: i64, mut fields: Map<String, Value>, desired: &Desired, shown: &Object) -> Outcome {
        if fields.is_empty() {
            return Ok(Done::unchanged(id.to_string()));
        }
        if id == ROOT {
            return Err(Trouble::not_done(Fault::unsupported(
                "department 1 is the organisation itself, which no interface changes; an administrator does it in DingTalk",
            )));
        }
        let write = |fields: &Map<String, Value>| {
            api::write(self.api.update_unit(id, fields), true)
                .map_err(|refused| Trouble::writing(refused, Class::OrgUnit))
        };
        let trouble = match write(&fields) {
            Ok(_) => return Ok(Done::changed(id.to_string())),
            Err(trouble) => trouble,
        };
        let named = fields.contains_key(MANAGERS) || fields.contains_key(OWNER);
        if !(named && matches!(&*trouble.code, "60121" | "33012" | "60111" | "40003")) {
            return Err(trouble);
        }
        let mut problems = Vec::new();
        if fields.contains_key(MANAGERS) {
            let mut kept = leaders(shown);
            let wanted = desired.managers.clone().unwrap_or_default();
            kept.retain(|userid| wanted.contains(userid));
            for userid in wanted {
                if kept.contains(&userid) {
                    continue;
                }
                if self.is_member(id, &userid)? {
                    kept.push(userid);
                } else {
                    problems.push(stranger(id, &userid, &userid));
                }
            }
            fields.remove("force_update_fields");
            if kept.is_empty() && leaders(shown).is_empty() {
                fields.remove(MANAGERS);
            } else {
                if kept.is_empty() {
                    fields.insert("force_update_fields".to_owned(), MANAGERS.into());
                }
                fields.insert(MANAGERS.to_owned(), kept.join(",").into());
            }
        }
        if let Some(owner) = fields.get(OWNER).and_then(Value::as_str).map(ToOwned::to_owned)
            && !owner.is_empty()
            && !self.is_member(id, &owner)?
        {
            problems.push(stranger(id, &owner, "owner"));
            fields.remove(OWNER);
        }
        if problems.is_empty() {
            return Err(trouble);
        }
        if fields.is_empty() {
            // Nothing is left of it: a refusal, not a success.
            return Err(Trouble { fault: problems.swap_remove(0), ..trouble });
        }
        write(&fields)?;
        Ok(Done::changed(id.to_string()).with(problems))
    }

    fn is_member(self, id: i64, userid: &str) -> Result<bool, Trouble> {
        Ok(looking::person(self.api, userid)?.is_some_and(|shown| shown.departments.contains(&id)))
    }

    /// Removes a department. DingTalk would remove the empty ones below with it; what the hub did not name stays.
    pub fn delete(self, operation: &Operation) -> Outcome {
        let text = operation.id.clone().unwrap_or_default();
        let Some(id) = number(&text) else { return Ok(Done::unchanged(text)) };
        if id == ROOT || id == self.settings.top_department {
            return Err(Trouble::not_done(Fault::unsupported(format!(
                "department {id} is the top of what is written here, and is never removed by the hub"
            ))));
        }
        let Some(below) = looking::child_ids(self.api, id)? else { return Ok(Done::unchanged(text)) };
        if let Some(child) = below.first() {
            let text = format!(
                "department {id} has {} departments below it; they are moved or removed first, by the hub or by an administrator of DingTalk",
                below.len()
            );
            return Err(Trouble::not_done(Fault::conflict(text).about(child.to_string())));
        }
        match api::write(self.api.delete_unit(id), true) {
            Err(refused) if refused.not_found() => Ok(Done::unchanged(text)),
            Err(refused) => Err(Trouble::writing(refused, Class::OrgUnit)),
            Ok(_) => Ok(Done::changed(text)),
        }
    }

    fn there(self, operation: &Operation) -> Result<(i64, Object), Trouble> {
        let text = operation.id.as_deref().unwrap_or_default();
        let missing = || looking::missing(&format!("department {text}"));
        let id = number(text).ok_or_else(missing)?;
        Ok((id, looking::unit(self.api, id)?.ok_or_else(missing)?))
    }

    /// The department below the wanted parent that has the wanted key, or the wanted name and no other key.
    fn named(self, desired: &Desired) -> Result<Option<i64>, Trouble> {
        let parent = desired.parent.unwrap_or(self.settings.top_department);
        let children = looking::children(self.api, parent)?;
        let children =
            children.ok_or_else(|| wrong("parent", &format!("is department {parent}, which is not in DingTalk")))?;
        let text = |fields: &Object, name: &str| {
            wire::member(fields, name).and_then(wire::words).filter(|text| !text.is_empty())
        };
        let key = desired.fields.get("source_identifier").cloned().flatten();
        let key = key.as_ref().and_then(Value::as_str);
        if let Some(key) = key
            && let Some((id, _)) =
                children.iter().find(|(_, fields)| text(fields, "source_identifier").as_deref() == Some(key))
        {
            return Ok(Some(*id));
        }
        let Some((id, fields)) = children.iter().find(|(_, fields)| text(fields, "name") == desired.name) else {
            return Ok(None);
        };
        match (key, text(fields, "source_identifier")) {
            (Some(key), Some(there)) if key != there => {
                Err(Trouble::not_done(other(*id, desired.name.as_deref().unwrap_or_default())))
            }
            _ => Ok(Some(*id)),
        }
    }
}

/// The id of a department, as it is written by us.
#[must_use]
pub fn number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|id| *id >= ROOT && id.to_string() == text)
}

fn other(id: i64, name: &str) -> Fault {
    let text = format!(
        "department {id} is called {name} below the same parent already; link the two (match in [deliver.CONNECTION]), or an \
         administrator gives one of them another name"
    );
    Fault::already_exists(text).about(id.to_string())
}

fn stranger(id: i64, userid: &str, subject: &str) -> Fault {
    let text = format!(
        "person {userid} is no direct member of department {id}, as its leaders and its owner must be; whoever maintains the source \
         puts the person there or names another"
    );
    Fault::invalid(text).about(subject)
}
