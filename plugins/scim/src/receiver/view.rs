//! A resource as a client sees it, and which of its attributes it wants to see.

use super::answer::etag;
use super::filter::Name;
use super::refusal::Refusal;
use super::schema::Kind;
use super::schema::attribute::Returned;
use super::stored::{self, Resource};
use crate::place::get;
use rosterd_sdk::{Fault, Object};
use serde_json::{Map, Value, json};

/// Times of `meta`, and the names under which the directory keeps them.
const TIMES: [(&str, &str); 2] = [("created", stored::CREATED), ("lastModified", stored::MODIFIED)];

/// An object of the directory, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Our id.
    pub id: String,
    /// Version of the directory.
    pub version: Option<String>,
    /// As the directory keeps it.
    pub kept: Map<String, Value>,
    /// As SCIM has it.
    pub resource: Resource,
    /// Long attributes are left out.
    pub partial: bool,
}

impl Found {
    /// Reads an object.
    ///
    /// # Errors
    /// `internal`: the directory gave no JSON object.
    pub fn of(kind: Kind, object: Object) -> Result<Self, Fault> {
        let kept = read(&object)?;
        let resource = stored::resource(kind, kept.clone());
        Ok(Self { kind, id: object.id, version: object.version, kept, resource, partial: object.partial })
    }

    /// The same to be shown only: of what the directory keeps, only the times are at hand.
    ///
    /// # Errors
    /// As [`Found::of`].
    pub fn to_show(kind: Kind, object: Object) -> Result<Self, Fault> {
        let mut all = read(&object)?;
        let mut kept = Map::with_capacity(TIMES.len());
        for (_, name) in TIMES {
            if let Some(time) = all.shift_remove(name) {
                kept.insert(name.to_owned(), time);
            }
        }
        let resource = stored::resource(kind, all);
        Ok(Self { kind, id: object.id, version: object.version, kept, resource, partial: object.partial })
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self, base: &str) -> String {
        location(base, self.kind, &self.id)
    }

    /// The resource of the RFC.
    #[must_use]
    pub fn shown(&self, base: &str) -> Map<String, Value> {
        self.clone().into_shown(base)
    }

    /// The same, if it is needed for nothing else.
    #[must_use]
    pub fn into_shown(mut self, base: &str) -> Map<String, Value> {
        let resource = std::mem::take(&mut self.resource);
        let mut schemas: Vec<Value> = vec![self.kind.schema().into()];
        schemas.extend(resource.keys().filter(|name| name.contains(':')).map(|name| Value::from(name.as_str())));
        let mut all = Map::with_capacity(resource.len() + 3);
        all.insert("schemas".to_owned(), schemas.into());
        all.insert("id".to_owned(), self.id.as_str().into());
        for (name, value) in resource {
            let value = self.addressed(base, &name, value);
            all.insert(name, value);
        }
        let mut meta = Map::with_capacity(5);
        meta.insert("resourceType".to_owned(), self.kind.name().into());
        for (name, kept) in TIMES {
            if let Some(time) = self.kept.get_mut(kept).filter(|time| time.is_string()) {
                meta.insert(name.to_owned(), time.take());
            }
        }
        meta.insert("location".to_owned(), self.location(base).into());
        if let Some(version) = &self.version {
            meta.insert("version".to_owned(), etag(version).into());
        }
        all.insert("meta".to_owned(), Value::Object(meta));
        all
    }

    /// References with their addresses.
    fn addressed(&self, base: &str, name: &str, mut value: Value) -> Value {
        let add = |kind: Kind, one: &mut Value| {
            let to = if one["type"] == "Group" { Kind::Group } else { kind };
            let id = one["value"].as_str().unwrap_or_default().to_owned();
            if let Some(one) = one.as_object_mut() {
                one.insert("$ref".to_owned(), location(base, to, &id).into());
            }
        };
        let every = |kind: Kind, value: &mut Value| match value {
            Value::Array(list) => list.iter_mut().for_each(|one| add(kind, one)),
            one => add(kind, one),
        };
        if stored::is_reference(self.kind, None, name) {
            every(if self.kind == Kind::Unit { Kind::Unit } else { Kind::User }, &mut value);
        } else if let Some(extension) = value.as_object_mut() {
            for (inner, value) in
                extension.iter_mut().filter(|(inner, _)| stored::is_reference(self.kind, Some(name), inner))
            {
                every(if inner == "manager" { Kind::User } else { Kind::Unit }, value);
            }
        }
        value
    }
}

fn read(object: &Object) -> Result<Map<String, Value>, Fault> {
    serde_json::from_str(&object.attributes)
        .map_err(|_| Fault::internal("the directory gave attributes that are no JSON object"))
}

/// Where a resource is.
#[must_use]
pub fn location(base: &str, kind: Kind, id: &str) -> String {
    format!("{base}/{}/{}", kind.endpoint(), super::request::encoded(id))
}

/// Which attributes are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    /// Only these, and what is always shown; none: what is shown by default.
    pub only: Option<Vec<Name>>,
    /// Not these.
    pub without: Vec<Name>,
}

/// Shown whatever is asked for.
const ALWAYS: [&str; 2] = ["schemas", "id"];

impl Projection {
    /// From `attributes` and `excludedAttributes`.
    ///
    /// # Errors
    /// Both, or what is no attribute.
    pub fn of(only: Option<Vec<String>>, without: Option<Vec<String>>) -> Result<Self, Refusal> {
        if only.is_some() && without.as_ref().is_some_and(|list| !list.is_empty()) {
            return Err(Refusal::value("attributes and excludedAttributes are not used together"));
        }
        let names = |list: Vec<String>| -> Result<Vec<Name>, Refusal> {
            let name = |text: &String| {
                Name::of(text).ok_or_else(|| Refusal::path(format!("\"{}\" is no attribute", super::accept::cut(text))))
            };
            list.iter()
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
                .map(|text| name(&text.to_owned()))
                .collect()
        };
        Ok(Self { only: only.map(names).transpose()?, without: without.map(names).transpose()?.unwrap_or_default() })
    }

    /// True if nothing was said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.only.is_none() && self.without.is_empty()
    }

    /// Whether an attribute of the core is shown.
    #[must_use]
    pub fn shows(&self, kind: Kind, attribute: &str) -> bool {
        let named = |list: &[Name]| {
            list.iter().any(|name| {
                self.resolved(kind, name).schema.is_none() && name.attribute.eq_ignore_ascii_case(attribute)
            })
        };
        let by_default = kind.attribute(None, attribute).is_none_or(|one| one.returned == Returned::Default);
        match &self.only {
            Some(only) => named(only),
            None => {
                by_default
                    && !self.without.iter().any(|name| name.member.is_none() && named(std::slice::from_ref(name)))
            }
        }
    }

    fn resolved(&self, kind: Kind, name: &Name) -> Name {
        name.clone().resolved(kind.schema(), [crate::place::ENTERPRISE, super::schema::HUB].into_iter())
    }

    /// What is left of a resource.
    #[must_use]
    pub fn apply(&self, kind: Kind, mut all: Map<String, Value>) -> Map<String, Value> {
        if let Some(only) = &self.only {
            let mut kept = Map::new();
            for name in ALWAYS {
                if let Some(value) = all.get(name) {
                    kept.insert(name.to_owned(), value.clone());
                }
            }
            for name in only {
                keep(&all, &mut kept, &self.whole(kind, &all, name));
            }
            return kept;
        }
        for name in &self.without {
            let name = self.whole(kind, &all, name);
            if !(name.schema.is_none() && ALWAYS.iter().any(|always| always.eq_ignore_ascii_case(&name.attribute))) {
                drop_from(&mut all, &name);
            }
        }
        all
    }

    /// The name, where an extension may be meant that this resource has.
    fn whole(&self, kind: Kind, all: &Map<String, Value>, name: &Name) -> Name {
        name.clone().resolved(kind.schema(), all.keys().map(String::as_str).filter(|key| key.contains(':')))
    }
}

fn key(map: &Map<String, Value>, name: &str) -> Option<String> {
    map.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()
}

fn keep(all: &Map<String, Value>, kept: &mut Map<String, Value>, name: &Name) {
    let Some(schema) = &name.schema else { return keep_in(all, kept, name) };
    let Some(urn) = key(all, schema) else { return };
    if name.attribute.is_empty() {
        kept.insert(urn.clone(), all[&urn].clone());
    } else if let Some(extension) = all[&urn].as_object() {
        let slot = kept.entry(urn).or_insert_with(|| json!({}));
        if let Some(slot) = slot.as_object_mut() {
            keep_in(extension, slot, name);
        }
    }
}

fn keep_in(all: &Map<String, Value>, kept: &mut Map<String, Value>, name: &Name) {
    let Some(attribute) = key(all, &name.attribute) else { return };
    let Some(member) = &name.member else {
        kept.insert(attribute.clone(), all[&attribute].clone());
        return;
    };
    let before = kept.get(&attribute).cloned();
    let one = |value: &Value, before: Option<&Value>| {
        let mut made = before.and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(map) = value.as_object()
            && let (Some(key), Some(value)) = (key(map, member), get(map, member))
        {
            made.insert(key, value.clone());
        }
        Value::Object(made)
    };
    let made = match &all[&attribute] {
        Value::Array(list) => {
            let there = |at: usize| before.as_ref().and_then(|before| before.get(at));
            list.iter().enumerate().map(|(at, value)| one(value, there(at))).collect()
        }
        value => one(value, before.as_ref()),
    };
    kept.insert(attribute, made);
}

fn drop_from(all: &mut Map<String, Value>, name: &Name) {
    let holder = match &name.schema {
        None => Some(all),
        Some(schema) => {
            let Some(urn) = key(all, schema) else { return };
            if name.attribute.is_empty() {
                all.shift_remove(&urn);
                return;
            }
            all.get_mut(&urn).and_then(Value::as_object_mut)
        }
    };
    let Some(holder) = holder else { return };
    let Some(attribute) = key(holder, &name.attribute) else { return };
    let Some(member) = &name.member else {
        holder.shift_remove(&attribute);
        return;
    };
    let drop = |value: &mut Value| {
        if let Some(map) = value.as_object_mut()
            && let Some(key) = key(map, member)
        {
            map.shift_remove(&key);
        }
    };
    match holder.get_mut(&attribute) {
        Some(Value::Array(list)) => list.iter_mut().for_each(drop),
        Some(value) => drop(value),
        None => {}
    }
}
