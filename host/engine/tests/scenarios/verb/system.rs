//! What a system is like, what is there already, what people do there by hand, and what goes wrong.

use super::read;
use crate::rows::table;
use crate::stage::Stage;
use rosterd_engine::testing::{Answer, Json, Object, Trouble};
use rosterd_model::{Class, Fault, FaultKind};
use rosterd_reconcile::absence::parse_duration;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use toml::Table;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Change {
    system: String,
    /// Attributes of which no two objects may have the same value.
    unique: Option<Vec<String>>,
    /// Attributes that it keeps in lower case.
    lowers: Option<Vec<String>>,
    /// It refuses a write that knows an old version.
    keeps_versions: Option<bool>,
    /// Its receipts show the object as it is.
    observes: Option<bool>,
    /// Its connector looks a create up by its key before it sends it again.
    looks_up: Option<bool>,
    /// What it applied takes effect at the end of the run.
    settles_late: Option<bool>,
    /// It knows deltas: `with-deletes` or `without-deletes`.
    deltas: Option<String>,
    /// A scan of it shows its objects.
    shows_itself: Option<bool>,
    /// Another digest of its connector.
    digest: Option<String>,
    /// Objects that are there: a table.
    has: Option<String>,
    has_units: Option<String>,
    has_groups: Option<String>,
    /// What people change by hand: the name of an account, a group or a unit to attributes; `active` enables and
    /// disables, `null` as text empties.
    #[serde(default)]
    by_hand: BTreeMap<String, BTreeMap<String, Value>>,
    /// What people remove by hand, by name.
    #[serde(default)]
    removed: Vec<String>,
    /// What goes wrong from now on.
    #[serde(default)]
    trouble: Vec<Wrong>,
    /// Nothing goes wrong any more.
    #[serde(default)]
    well: bool,
    /// It can not be reached: the kind of fault.
    unreachable: Option<FaultKind>,
    /// Single objects as reading them shows them: id to a kind of fault, or `nothing`.
    #[serde(default)]
    reads: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Wrong {
    /// create, update, enable, disable, delete, move ...; any if nothing is said.
    action: Option<String>,
    class: Option<Class>,
    /// Name of the object.
    name: Option<String>,
    #[serde(default)]
    answer: How,
    kind: FaultKind,
    /// So many operations.
    #[serde(default = "always")]
    times: u64,
    retry_after: Option<String>,
    about: Option<String>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum How {
    #[default]
    Refused,
    Lost,
    DoneAndLost,
    NotAttempted,
}

const fn always() -> u64 {
    u64::MAX
}

/// `system = "app"`.
pub(super) fn system(stage: &mut Stage, step: Table) -> Result<(), String> {
    let change: Change = read(step)?;
    let trouble: Vec<Trouble> = change.trouble.into_iter().map(wrong).collect::<Result<_, _>>()?;
    let tables = [(Class::Account, change.has), (Class::OrgUnit, change.has_units), (Class::Group, change.has_groups)];
    let mut there = Vec::new();
    for (class, text) in tables {
        for record in table(class, text.as_deref().unwrap_or_default())? {
            let attributes: Json = serde_json::from_str(&record.attributes).map_err(|error| error.to_string())?;
            there.push(((class, record.id.as_str().to_owned()), object(attributes)));
        }
    }
    stage.world.with(&change.system, |system| {
        let list = |names: Vec<String>| names.into_iter().collect();
        system.unique = change.unique.map_or(std::mem::take(&mut system.unique), list);
        system.lowers = change.lowers.map_or(std::mem::take(&mut system.lowers), list);
        system.keeps_versions = change.keeps_versions.unwrap_or(system.keeps_versions);
        system.observes = change.observes.unwrap_or(system.observes);
        system.looks_up = change.looks_up.unwrap_or(system.looks_up);
        system.settles_late = change.settles_late.unwrap_or(system.settles_late);
        if let Some(deltas) = &change.deltas {
            let tells = deltas == "with-deletes";
            system.description =
                format!(r#"{{"resume-stable":true,"delta":{{"supported":true,"includes-deletes":{tells}}}}}"#);
        }
        system.shows_itself = change.shows_itself.unwrap_or(system.shows_itself);
        system.digest = change.digest.unwrap_or(std::mem::take(&mut system.digest));
        system.objects.extend(there);
        if change.well {
            system.trouble.clear();
            system.unreachable = None;
        }
        system.trouble.extend(trouble);
        if let Some(kind) = change.unreachable {
            system.unreachable = Some(Fault::new(kind, format!("{} can not be reached", change.system)));
        }
        for (id, answer) in change.reads {
            let answer = if answer == "nothing" { Ok(None) } else { Err(fault(&answer)?.about(&id)) };
            system.shown.reads.insert((Class::Account, id), answer);
        }
        for (name, attributes) in change.by_hand {
            let key = key_of(system, &name)?;
            let object = system.objects.get_mut(&key).ok_or("it was just found")?;
            by_hand(object, attributes);
        }
        for name in change.removed {
            let key = key_of(system, &name)?;
            system.objects.remove(&key);
        }
        Ok(())
    })
}

/// Class and id of what people there call by a name: an account, else a group or a unit.
fn key_of(system: &rosterd_engine::testing::System, name: &str) -> Result<(Class, String), String> {
    let of = |class| system.named(class, name).map(|(id, _)| (class, id.to_owned()));
    let mut found = [Class::Account, Class::Group, Class::OrgUnit].into_iter().filter_map(of);
    found.next().ok_or_else(|| format!("nothing there is called {name}"))
}

fn object(mut attributes: Json) -> Object {
    let active = attributes.remove("active") != Some(Value::Bool(false));
    Object { active, ..Object::new(attributes) }
}

fn by_hand(object: &mut Object, attributes: BTreeMap<String, Value>) {
    object.version += 1;
    for (name, value) in attributes {
        if name == "active" {
            object.active = value == Value::Bool(true);
        } else if value.as_str() == Some("null") {
            object.attributes.remove(&name);
        } else {
            object.attributes.insert(name, value);
        }
    }
}

fn fault(kind: &str) -> Result<Fault, String> {
    let kind: FaultKind = serde_json::from_value(Value::from(kind)).map_err(|error| error.to_string())?;
    Ok(Fault::new(kind, format!("the system says {kind}")))
}

fn wrong(wrong: Wrong) -> Result<Trouble, String> {
    let mut fault = fault(wrong.kind.as_str())?;
    fault.retry_after_ms = wrong.retry_after.as_deref().map(parse_duration).transpose()?;
    fault.subject = wrong.about;
    let answer = match wrong.answer {
        How::Refused => Answer::Refused,
        How::Lost => Answer::Lost,
        How::DoneAndLost => Answer::DoneAndLost,
        How::NotAttempted => Answer::NotAttempted,
    };
    let Wrong { class, action, name, times, .. } = wrong;
    Ok(Trouble { class, action, name, answer, fault, times })
}
