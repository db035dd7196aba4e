//! What the hub wants of an entry, read strictly: what does not fit is refused in a sentence.

use super::trouble::{Trouble, wrong};
use crate::preset::{self, CONTROL, EXPIRES};
use crate::settings::Settings;
use crate::values;
use rosterd_sdk::{Class, Edit, Fault};
use serde_json::{Map, Value};

/// Longer texts are refused.
const LONGEST: usize = 1 << 20;

/// Values that come, go, or take the place of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// These and no others.
    Replace(Vec<String>),
    /// Some come, and others go.
    Edit {
        /// Those that come.
        add: Vec<String>,
        /// Those that go.
        remove: Vec<String>,
    },
}

/// What is wanted. Who is referred to is told by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Texts by attribute, as the server spells it.
    pub texts: Vec<(String, Delta)>,
    /// The org unit in which it is; an inner none: in none.
    pub place: Option<Option<String>>,
    /// References by attribute, and whether there may be several.
    pub references: Vec<(&'static str, bool, Delta)>,
}

/// What can be written of one class.
#[derive(Debug, Clone)]
pub struct Words {
    class: Class,
    ad: bool,
    texts: Vec<String>,
}

impl Words {
    /// Of a class.
    #[must_use]
    pub fn new(settings: &Settings, class: Class) -> Self {
        let texts = settings.preset.texts(class).iter().map(|name| (*name).to_owned());
        Self { class, ad: settings.preset.is_ad(), texts: texts.chain(settings.attributes.iter().cloned()).collect() }
    }

    /// The attribute as the server spells it; none: it is no text that is written.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().map(String::as_str).find(|known| known.eq_ignore_ascii_case(name))
    }

    /// Reads the attributes of an entry to be made.
    ///
    /// # Errors
    /// One of them does not fit.
    pub fn create(&self, json: &str) -> Result<Wish, Trouble> {
        let mut wish = Wish::default();
        for (name, value) in object(json)? {
            self.take(&mut wish, &name, |class| Ok(Delta::Replace(items(&name, value, class)?)))?;
        }
        Ok(wish)
    }

    /// Reads changes.
    ///
    /// # Errors
    /// One of them does not fit.
    pub fn update(&self, edits: &[Edit]) -> Result<Wish, Trouble> {
        let mut wish = Wish::default();
        for edit in edits {
            let name = edit.attribute.as_str();
            self.take(&mut wish, name, |class| {
                let read = |json: &Option<String>| match json {
                    Some(json) => items(name, value(json)?, class),
                    None => Ok(Vec::new()),
                };
                Ok(match &edit.replace {
                    Some(_) => Delta::Replace(read(&edit.replace)?),
                    None => Delta::Edit { add: read(&edit.add)?, remove: read(&edit.remove)? },
                })
            })?;
        }
        Ok(wish)
    }

    /// One attribute; `read` gives its values, texts or ids of objects.
    fn take(
        &self,
        wish: &mut Wish,
        name: &str,
        read: impl FnOnce(bool) -> Result<Delta, Trouble>,
    ) -> Result<(), Trouble> {
        if name == preset::above(self.class) {
            wish.place = Some(match read(true)? {
                Delta::Replace(ids) if ids.len() <= 1 => ids.into_iter().next(),
                _ => return Err(wrong(name, "is not one org unit: an entry stands in one place")),
            });
        } else if let Some((own, several)) =
            preset::references(self.class).find(|(own, _)| own.eq_ignore_ascii_case(name))
        {
            let delta = read(true)?;
            if !several && !matches!(&delta, Delta::Replace(ids) if ids.len() <= 1) {
                return Err(wrong(name, "refers to several; the server takes one"));
            }
            wish.references.push((own, several, delta));
        } else if let Some(own) = self.text(name) {
            wish.texts.push((own.to_owned(), read(false)?));
        } else if name == EXPIRES && self.ad && self.class == Class::Account {
            let Delta::Replace(times) = read(false)? else { return Err(wrong(name, "is one time, or none")) };
            let time = times.first().map_or(Some(0), |time| values::ticks(time));
            let time = time.ok_or_else(|| wrong(name, "is no time of RFC 3339, such as 2026-12-31T23:00:00Z"))?;
            wish.texts.push((EXPIRES.to_owned(), Delta::Replace(vec![time.to_string()])));
        } else {
            let text = match name {
                "dn" => "is made of the naming attribute and the org unit: map those".to_owned(),
                "disabled" | "active" | CONTROL => {
                    "is set when the hub enables and disables; take it out of the mapping".to_owned()
                }
                _ => "is no attribute that is written there; if it should be, name it in the setting attributes"
                    .to_owned(),
            };
            return Err(wrong(name, &text));
        }
        Ok(())
    }
}

impl Wish {
    /// The only text that an attribute is to have; none: it is not mentioned, or emptied.
    #[must_use]
    pub fn one(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(own, _)| own == name).and_then(|(_, delta)| match delta {
            Delta::Replace(values) => values.first().map(String::as_str),
            Delta::Edit { .. } => None,
        })
    }

    /// The ids of all that it refers to.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let referred = self.references.iter().flat_map(|(_, _, delta)| match delta {
            Delta::Replace(ids) => ids.iter().chain([].iter()),
            Delta::Edit { add, remove } => add.iter().chain(remove.iter()),
        });
        self.place.iter().flatten().chain(referred).map(String::as_str)
    }
}

/// The JSON object of an operation.
///
/// # Errors
/// The host sent something else.
pub fn object(json: &str) -> Result<Map<String, Value>, Trouble> {
    match value(json)? {
        Value::Object(attributes) => Ok(attributes),
        _ => Err(Trouble::not_done(Fault::internal("the hub sent attributes that are no JSON object"))),
    }
}

fn value(json: &str) -> Result<Value, Trouble> {
    serde_json::from_str(json).map_err(|_| Trouble::not_done(Fault::internal("the hub sent a value that is no JSON")))
}

/// The values in a value, each once: ids of objects, or texts.
fn items(name: &str, value: Value, refers: bool) -> Result<Vec<String>, Trouble> {
    let items = match value {
        Value::Array(items) => items,
        one => return Ok(item(name, one, refers)?.into_iter().collect()),
    };
    let mut all: Vec<String> = Vec::with_capacity(items.len());
    // Of few values the list itself tells which are known.
    let few = items.len() <= 8;
    let mut known = std::collections::HashSet::new();
    for value in items {
        let Some(text) = item(name, value, refers)? else { continue };
        let new = if few { !all.contains(&text) } else { known.insert(text.clone()) };
        if new {
            all.push(text);
        }
    }
    Ok(all)
}

/// One value; none: it says nothing.
fn item(name: &str, value: Value, refers: bool) -> Result<Option<String>, Trouble> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Object(reference) if refers => {
            let id = reference.get("id").and_then(Value::as_str);
            id.ok_or_else(|| wrong(name, "refers to nothing"))?.to_owned()
        }
        Value::Number(number) if !refers => number.to_string(),
        Value::Bool(flag) if !refers => if flag { "TRUE" } else { "FALSE" }.to_owned(),
        _ if refers => return Err(wrong(name, "refers to nothing")),
        _ => return Err(wrong(name, "is no text")),
    };
    if text.len() > LONGEST || text.contains('\u{0}') {
        return Err(wrong(name, "is longer than a million bytes, or has a character with the number 0"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}
