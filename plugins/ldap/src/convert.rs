//! An entry as the record of one object, or as the statement that it could not be read.

use crate::dn::{self, Dn};
use crate::message::Entry;
use crate::preset::{self, CHANGED, CONTROL, EXPIRES, PRIMARY, SID};
use crate::ranges;
use crate::settings::Settings;
use crate::values;
use rosterd_sdk::{Attributes, Change, Class, Edit, record};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashMap;

/// Who is where: what names of entries stand for.
#[derive(Debug, Default)]
pub struct Index {
    names: HashMap<Dn, (Class, String)>,
    /// Active Directory: whose primary group has this security id.
    primary: HashMap<Vec<u8>, Vec<String>>,
    /// The latest time of a change, as the server writes it.
    pub latest: String,
}

impl Index {
    /// Remembers an entry. The first class of an entry that has several stays.
    pub fn add(&mut self, dn: Dn, class: Class, id: String) {
        self.names.entry(dn).or_insert((class, id));
    }

    /// Remembers what is needed of an entry that was read for its name and id alone.
    pub fn take(&mut self, shape: &Shape, entry: &Entry) {
        let dn = str::from_utf8(&entry.dn).ok().and_then(Dn::parse);
        let (Some(dn), Ok(id)) = (dn, shape.id_of(entry)) else { return };
        self.take_primary(shape, entry);
        if let Ok([time]) = texts(entry, CHANGED).as_deref() {
            self.seen_at(time);
        }
        self.add(dn, shape.class, id);
    }

    /// Remembers the primary group of an account.
    pub fn take_primary(&mut self, shape: &Shape, entry: &Entry) {
        if shape.ad
            && shape.class == Class::Account
            && let (Ok(id), Ok(sid), Ok(group)) = (shape.id_of(entry), values_of(entry, SID), texts(entry, PRIMARY))
            && let ([sid], [group]) = (&sid[..], &group[..])
            && let Some(sid) = values::in_domain(sid, group)
        {
            self.primary.entry(sid).or_default().push(id);
        }
    }

    /// Remembers a time of a change.
    pub fn seen_at(&mut self, time: &str) {
        if *time > *self.latest {
            time.clone_into(&mut self.latest);
        }
    }

    /// Who has this name.
    #[must_use]
    pub fn get(&self, dn: &Dn) -> Option<(Class, &str)> {
        self.called(dn.as_str())
    }

    /// Who has the name of this key.
    fn called(&self, key: &str) -> Option<(Class, &str)> {
        self.names.get(key).map(|(class, id)| (*class, id.as_str()))
    }
}

/// How entries of one class are read.
#[derive(Debug)]
pub struct Shape {
    class: Class,
    ad: bool,
    id: String,
    texts: Vec<String>,
    /// The member of groups that have none.
    placeholder: Option<Dn>,
    /// References that led to nobody who is read.
    pub outside: u64,
}

/// Why an entry can not be read.
type Wrong = String;

impl Shape {
    /// The shape of a class.
    #[must_use]
    pub fn new(settings: &Settings, class: Class) -> Self {
        let mut texts: Vec<String> = settings.preset.texts(class).iter().map(|name| (*name).to_owned()).collect();
        // Read already, in a form of their own.
        let own = preset::references(class).map(|(name, _)| name);
        let own: Vec<&str> = own.chain([CONTROL, EXPIRES, preset::above(class), "dn", "disabled"]).collect();
        for name in &settings.attributes {
            let mut known = texts.iter().map(String::as_str).chain(own.iter().copied());
            if !known.any(|other| other.eq_ignore_ascii_case(name)) {
                texts.push(name.clone());
            }
        }
        let placeholder = settings.group_placeholder.as_deref().and_then(Dn::parse);
        Self { class, ad: settings.preset.is_ad(), id: settings.id().to_owned(), texts, placeholder, outside: 0 }
    }

    /// The attributes to be asked for.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        let mut names = vec![self.id.clone()];
        names.extend(self.texts.iter().cloned());
        names.extend(preset::references(self.class).map(|(name, _)| name.to_owned()));
        if self.ad && self.class == Class::Account {
            names.extend([CONTROL.to_owned(), EXPIRES.to_owned()]);
        }
        if self.ad && self.class == Class::Group {
            names.push(SID.to_owned());
        }
        names
    }

    /// The attributes to be asked for where only name and id matter.
    #[must_use]
    pub fn index(&self) -> Vec<String> {
        let mut names = vec![self.id.clone()];
        if self.ad && self.class == Class::Account {
            names.extend([SID.to_owned(), PRIMARY.to_owned()]);
        }
        names
    }

    /// The names of other entries in an entry, as they are written.
    #[must_use]
    pub fn names(&self, entry: &Entry) -> Vec<String> {
        let own = str::from_utf8(&entry.dn).ok().and_then(dn::above);
        let mut all: Vec<String> = own.map(str::to_owned).into_iter().collect();
        for (name, _) in preset::references(self.class) {
            all.extend(texts(entry, name).unwrap_or_default().into_iter().map(str::to_owned));
        }
        all
    }

    /// The security id of a group at Active Directory.
    #[must_use]
    pub fn sid(&self, entry: &Entry) -> Option<Vec<u8>> {
        if !self.ad || self.class != Class::Group {
            return None;
        }
        values_of(entry, SID).ok()?.first().map(|sid| sid.to_vec())
    }

    /// The id of an entry.
    ///
    /// # Errors
    /// It has none, or one that is none.
    pub fn id_of(&self, entry: &Entry) -> Result<String, Wrong> {
        let values = values_of(entry, &self.id)?;
        let [value] = values[..] else {
            return Err(format!(
                "it shows {} values of {}, its id; the server's administrator lets the account of bind-dn read it",
                values.len(),
                self.id
            ));
        };
        let text = if self.id.eq_ignore_ascii_case("objectGUID") {
            values::guid(value)
        } else {
            str::from_utf8(value).ok().map(str::to_owned).filter(|id| !id.is_empty())
        };
        text.ok_or_else(|| format!("the value of {} is no id; see the setting id-attribute", self.id))
    }

    /// Who is meant by these names, of those who are read.
    #[must_use]
    pub fn refer<'a>(&self, names: &[String], index: &'a Index) -> Vec<(Class, &'a str)> {
        names.iter().filter_map(|name| index.get(&Dn::parse(name)?)).collect()
    }

    /// A group as edits: everything but its members anew, and who came and left.
    ///
    /// # Errors
    /// As [`Shape::id_of`], for any of its attributes.
    pub fn edits(
        &mut self,
        entry: &Entry,
        index: &Index,
        came: &[(Class, &str)],
        left: &[(Class, &str)],
    ) -> Result<Vec<Edit>, Wrong> {
        let text = self.attributes(entry, index)?.finish();
        let known: Map<String, Value> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let own = ["dn", preset::above(self.class)].into_iter().chain(self.texts.iter().map(String::as_str));
        let names = own.chain(preset::references(self.class).map(|(name, _)| name)).filter(|name| *name != "member");
        let replace = |name: &str| Edit {
            attribute: name.to_owned(),
            replace: Some(known.get(name).unwrap_or(&Value::Null).to_string()),
            add: None,
            remove: None,
        };
        let mut edits: Vec<Edit> = names.map(replace).collect();
        let list = |who: &[(Class, &str)]| {
            let all = who.iter().map(|(class, id)| json!({ "ref": class.as_str(), "id": id }));
            (!who.is_empty()).then(|| Value::Array(all.collect()).to_string())
        };
        if !came.is_empty() || !left.is_empty() {
            let (add, remove) = (list(came), list(left));
            edits.push(Edit { attribute: "member".to_owned(), replace: None, add, remove });
        }
        Ok(edits)
    }

    /// What an entry says.
    pub fn read(&mut self, entry: &Entry, index: &Index) -> Change {
        let id = self.id_of(entry);
        let known = id.clone().ok();
        let read = id.and_then(|id| Ok(record(self.class, id).attributes(self.attributes(entry, index)?).upsert()));
        read.unwrap_or_else(|wrong| {
            let dn = String::from_utf8_lossy(&entry.dn);
            Change::rejected(Some(self.class), known, dn.clone(), format!("the entry can not be read: {wrong}"), &dn)
        })
    }

    fn attributes(&mut self, entry: &Entry, index: &Index) -> Result<Attributes, Wrong> {
        let name = str::from_utf8(&entry.dn).ok().and_then(|text| Some((text, Dn::parse(text)?)));
        let (text, dn) = name.ok_or("its name is no DN; the server's administrator looks at it")?;
        let mut all = Attributes::with_capacity(1024);
        all.text("dn", text);
        for name in &self.texts {
            let mut values = texts(entry, name)?;
            match values[..] {
                // A server shows no value of what has none: that says "empty", and not nothing.
                [] => all.null(name),
                [value] => all.text(name, value),
                _ => {
                    // Servers give values in any order.
                    values.sort_unstable();
                    all.list(name, values);
                }
            }
        }
        if let Some((Class::OrgUnit, id)) = dn.above().and_then(|above| index.called(above)) {
            all.reference(preset::above(self.class), Class::OrgUnit, id);
        } else {
            all.null(preset::above(self.class));
        }
        for (name, several) in preset::references(self.class) {
            let values = texts(entry, name)?;
            let named: Vec<Option<Dn>> = values.iter().map(|dn| Dn::parse(dn)).collect();
            // Who stands in for members that a group does not have is none.
            let stand_in = |named: &&Option<Dn>| {
                name == "member"
                    && named.as_ref().is_some_and(|own| *own == dn || Some(own) == self.placeholder.as_ref())
            };
            let named: Vec<&Option<Dn>> = named.iter().filter(|named| !stand_in(named)).collect();
            let mut found: Vec<(Class, &str)> = named.iter().filter_map(|dn| index.get(dn.as_ref()?)).collect();
            self.outside += (named.len() - found.len()) as u64;
            let primary = self.sid(entry).filter(|_| name == "member").and_then(|sid| index.primary.get(&sid));
            let primary = primary.map(Vec::as_slice).unwrap_or_default();
            found.extend(primary.iter().map(|id| (Class::Account, id.as_str())));
            found.sort_unstable_by_key(|(class, id)| (class.as_str(), *id));
            found.dedup();
            match found[..] {
                [] if !several => all.null(name),
                [(class, id)] if !several => all.reference(name, class, id),
                _ => all.references(name, found),
            }
        }
        if self.ad && self.class == Class::Account {
            let number =
                |name: &str| format!("the value of {name} is no number; the server's administrator looks at it");
            if let [mask] = texts(entry, CONTROL)?[..] {
                all.boolean("disabled", values::disabled(mask).map_err(|_| number(CONTROL))?);
            }
            let time = match texts(entry, EXPIRES)?[..] {
                [ticks] => values::expires(ticks).map_err(|_| number(EXPIRES))?,
                _ => None,
            };
            match time {
                Some(time) => all.text(EXPIRES, &time),
                None => all.null(EXPIRES),
            }
        }
        Ok(all)
    }
}

/// The options of what a server calls an attribute; none if it is another attribute. This is asked for each attribute of each
/// entry as often as there are names that are wanted: so bytes are compared, and most are done with after their length.
fn options<'a>(own: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let (head, rest) = own.split_at_checked(name.len())?;
    if !head.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    match rest {
        [] => Some(Cow::Borrowed("")),
        [b';', options @ ..] => Some(String::from_utf8_lossy(options)),
        _ => None,
    }
}

/// The values of an attribute. Those with options (of a language, binary) are others.
pub(crate) fn values_of<'a>(entry: &'a Entry, name: &str) -> Result<Vec<&'a [u8]>, Wrong> {
    let mut found = Vec::new();
    for (own, values) in &entry.attributes {
        let Some(options) = options(own, name) else { continue };
        let range = ranges::range(&options);
        match range {
            None if options.is_empty() => found.extend(values.iter().map(|value| &**value)),
            None => {}
            Some((0, None)) => found.extend(values.iter().map(|value| &**value)),
            // A part of the values would pass for all of them.
            Some(_) => {
                return Err(format!(
                    "the server gives a part of the values of {name} and not the rest; its administrator looks at it"
                ));
            }
        }
    }
    Ok(found)
}

pub(crate) fn texts<'a>(entry: &'a Entry, name: &str) -> Result<Vec<&'a str>, Wrong> {
    let text = |value: &'a [u8]| {
        str::from_utf8(value).map_err(|_| format!("a value of {name} is not UTF-8; whoever keeps this entry mends it"))
    };
    values_of(entry, name)?.into_iter().map(text).collect()
}
