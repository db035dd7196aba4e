//! What the hub wants of a department, and what of it differs: pure, nothing is sent here.
//!
//! Limits are those of DingTalk's pages "create department" and "update department".

use super::trouble::Trouble;
use super::values::{self, Attributes, wrong};
use crate::settings::Settings;
use crate::wire::{self, Object};
use rosterd_sdk::Class;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Characters of a name.
const LONGEST_NAME: usize = 64;
/// Letters that a name must not have: hyphen, quotation mark and comma, in half and full width.
const FORBIDDEN: [char; 8] = ['-', '"', ',', '－', '＂', '，', '“', '”'];
/// Texts with their longest length, and whether they can be set when the department is made.
const TEXTS: [(&str, usize, bool); 4] =
    [("source_identifier", 200, true), ("brief", 255, true), ("telephone", 50, true), ("code", 30, false)];
/// Flags, and whether they can be set when the department is made.
const FLAGS: [(&str, bool); 4] =
    [("hide_dept", true), ("outer_dept", true), ("create_dept_group", true), ("auto_add_user", false)];
/// Attributes of a department that no interface can set.
const READ_ONLY: [&str; 3] = ["tags", "dept_group_chat_id", "from_union_org"];
/// The field of the leaders.
pub const MANAGERS: &str = "dept_manager_userid_list";
/// The field of the owner of the department's chat.
pub const OWNER: &str = "org_dept_owner";

/// What is wanted; what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Desired {
    /// Its name.
    pub name: Option<String>,
    /// The department above.
    pub parent: Option<i64>,
    /// Plain fields, as they are sent; none: empty.
    pub fields: BTreeMap<&'static str, Option<Value>>,
    /// Leaders.
    pub managers: Option<Vec<String>>,
    /// Owner of the chat; an inner none: nobody.
    pub owner: Option<Option<String>>,
}

impl Desired {
    /// Reads attributes in the words of this destination.
    ///
    /// # Errors
    /// One of them does not fit, or can not be set.
    pub fn read(attributes: &Attributes, settings: &Settings) -> Result<Self, Trouble> {
        let mut all = Self::default();
        for (name, value) in attributes {
            match name.as_str() {
                "name" => all.name = Some(self::name(value)?),
                "parent" => {
                    let id = values::reference(name, value, Class::OrgUnit)?;
                    let id = id.map(|id| values::department(name, &id)).transpose()?;
                    all.parent = Some(id.unwrap_or(settings.top_department));
                }
                "order" => {
                    all.fields.insert("order", values::integer(name, value)?.map(Value::from));
                }
                "managers" => all.managers = Some(values::references(name, value, Class::Account)?),
                "owner" => all.owner = Some(values::reference(name, value, Class::Account)?),
                other => {
                    let text = TEXTS.iter().find(|(own, ..)| *own == other);
                    let flag = FLAGS.iter().find(|(own, _)| *own == other);
                    match (text, flag) {
                        (Some((own, most, _)), _) => {
                            all.fields.insert(own, values::text(name, value, *most)?.map(Value::from));
                        }
                        (_, Some((own, _))) => {
                            all.fields.insert(own, Some(values::flag(name, value)?.unwrap_or(false).into()));
                        }
                        _ if READ_ONLY.contains(&other) => return Err(wrong(name, "can not be set by an interface")),
                        _ => return Err(wrong(name, "is no attribute of a department in DingTalk")),
                    }
                }
            }
        }
        Ok(all)
    }

    /// The fields with which it is made, without those that can only be set afterwards.
    ///
    /// # Errors
    /// It has no name.
    pub fn born(&self, settings: &Settings) -> Result<Map<String, Value>, Trouble> {
        let mut body = Map::new();
        let name = self.name.clone().ok_or_else(|| wrong("name", "is not mapped; every department has a name"))?;
        body.insert("name".to_owned(), name.into());
        body.insert("parent_id".to_owned(), self.parent.unwrap_or(settings.top_department).into());
        for (name, value) in self.fields.iter().filter(|(name, _)| !is_late(name)) {
            if let Some(value) = value {
                body.insert((*name).to_owned(), value.clone());
            }
        }
        Ok(body)
    }

    /// The same without what was set when it was made.
    #[must_use]
    pub fn afterwards(&self) -> Self {
        let fields = self
            .fields
            .iter()
            .filter(|(name, value)| is_late(name) && value.as_ref().is_some_and(|value| *value != false));
        Self {
            fields: fields.map(|(name, value)| (*name, value.clone())).collect(),
            managers: self.managers.clone().filter(|managers| !managers.is_empty()),
            owner: self.owner.clone().filter(Option::is_some),
            ..Self::default()
        }
    }

    /// The fields to send so that a department that is shown so becomes what is wanted; see `change.rs` for `known` and
    /// `first`.
    ///
    /// # Errors
    /// Something is wanted that can not be changed.
    pub fn changes(&self, known: &Self, shown: &Object, first: bool) -> Result<Map<String, Value>, Trouble> {
        let mut body = Map::new();
        let text = |name: &str| wire::member(shown, name).and_then(wire::words).filter(|text| !text.is_empty());
        let whole = |name: &str| wire::member(shown, name).and_then(wire::whole);
        if let Some(name) = &self.name
            && differs(Some(name), text("name").as_ref(), known.name.as_ref(), first)
        {
            body.insert("name".to_owned(), name.clone().into());
        }
        if let Some(parent) = self.parent
            && differs(Some(&parent), whole("parent_id").as_ref(), known.parent.as_ref(), first)
        {
            body.insert("parent_id".to_owned(), parent.into());
        }
        for (name, wanted) in &self.fields {
            let there: Option<Value> = match *name {
                "order" => whole(name).map(Value::from),
                _ if FLAGS.iter().any(|(own, _)| own == name) => {
                    Some(wire::member(shown, name).and_then(wire::truth).unwrap_or(false).into())
                }
                _ => text(name).map(Value::from),
            };
            let before = known.fields.get(name);
            if *wanted == there && !(first && before.is_some_and(|before| before != wanted)) {
                continue;
            }
            match wanted {
                Some(value) => body.insert((*name).to_owned(), value.clone()),
                None if *name == "order" => return Err(wrong(name, "is empty, and an interface can not empty it")),
                None => body.insert((*name).to_owned(), "".into()),
            };
        }
        if let Some(managers) = &self.managers {
            let there = leaders(shown);
            let before = known.managers.as_ref().map(|managers| sorted(managers));
            if differs(Some(&sorted(managers)), Some(&sorted(&there)), before.as_ref(), first) {
                body.insert(MANAGERS.to_owned(), managers.join(",").into());
                if managers.is_empty() {
                    body.insert("force_update_fields".to_owned(), MANAGERS.into());
                }
            }
        }
        if let Some(owner) = &self.owner
            && differs(Some(owner), Some(&text(OWNER)), known.owner.as_ref(), first)
        {
            body.insert(OWNER.to_owned(), owner.clone().unwrap_or_default().into());
        }
        Ok(body)
    }
}

/// The leaders that DingTalk shows.
#[must_use]
pub fn leaders(shown: &Object) -> Vec<String> {
    wire::member(shown, MANAGERS).and_then(wire::texts).unwrap_or_default()
}

fn differs<T: PartialEq>(wanted: Option<&T>, there: Option<&T>, known: Option<&T>, first: bool) -> bool {
    wanted != there || (first && known.is_some() && known != wanted)
}

fn is_late(name: &str) -> bool {
    TEXTS.iter().any(|(own, _, at_birth)| *own == name && !at_birth)
        || FLAGS.iter().any(|(own, at_birth)| *own == name && !at_birth)
}

fn sorted(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids.dedup();
    ids
}

fn name(value: &Value) -> Result<String, Trouble> {
    let name = values::text("name", value, LONGEST_NAME)?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| wrong("name", "is empty; every department has a name of 1 to 64 characters"))?;
    match name.chars().find(|letter| FORBIDDEN.contains(letter)) {
        Some(letter) => {
            Err(wrong("name", &format!("has {letter} in it; DingTalk takes no hyphen, quotation mark and comma")))
        }
        None => Ok(name),
    }
}
