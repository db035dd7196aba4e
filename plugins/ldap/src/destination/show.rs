//! Entries as this destination shows them: in the words in which it is told, so that the two can be compared.
//!
//! `active` says whether an account can be used. Members are not shown: nobody compares a list that may be long.

use super::name;
use super::places::Disable;
use super::session::{Session, dn_of, each_of, text_of, values_of};
use super::trouble::Trouble;
use super::wish::{Delta, Wish};
use crate::filter;
use crate::message::{Entry, Scope, Values};
use crate::preset::{self, CONTROL, EXPIRES};
use crate::values;
use rosterd_sdk::{Attributes, Class, Fault, Object, record};
use std::collections::HashMap;

/// An entry that another one refers to.
type Whose = (Class, String);

impl Session {
    /// Texts of an entry, a JSON object.
    #[must_use]
    pub fn observed(&self, class: Class, entry: &Entry) -> String {
        self.texts(class, entry).finish()
    }

    /// True if an entry that was made has the texts that it was told, as they were told, and no others; so much can be said of
    /// servers that do not add something to each.
    #[must_use]
    pub fn shows_as_told(&self, class: Class, entry: &Entry, wish: &Wish) -> bool {
        if self.settings.preset.is_ad() {
            return false;
        }
        let mut found = 0;
        for (own, values) in &entry.attributes {
            let is_own = |name: &str| own.eq_ignore_ascii_case(name.as_bytes());
            match wish.texts.iter().find(|(name, _)| is_own(name)) {
                Some((_, Delta::Replace(told))) if same(told, values) => found += 1,
                Some(_) => return false,
                None if is_own(self.settings.id()) || is_own("objectClass") => {}
                None if self.of(class).shown.iter().any(|name| is_own(name)) => return false,
                None => match self.settings.how_to_disable() {
                    Disable::Attribute(name, _) if is_own(&name) => return false,
                    _ => {}
                },
            }
        }
        let told = |delta: &Delta| matches!(delta, Delta::Replace(told) if !told.is_empty());
        found == wish.texts.iter().filter(|(_, delta)| told(delta)).count()
    }

    fn texts(&self, class: Class, entry: &Entry) -> Attributes {
        let mut all = Attributes::with_capacity(512);
        all.text("dn", &String::from_utf8_lossy(&entry.dn));
        for name in &self.of(class).shown {
            let mut values = each_of(entry, name).peekable();
            if values.peek().is_none() {
                continue;
            }
            let texts: Option<Vec<&str>> = values.map(|value| str::from_utf8(value).ok()).collect();
            // What is no text is not shown: nothing is said about it.
            let Some(mut texts) = texts else { continue };
            texts.sort_unstable();
            match texts[..] {
                [] => {}
                [text] => all.text(name, text),
                _ => all.list(name, &texts),
            }
        }
        if class == Class::Account {
            let active = match self.settings.how_to_disable() {
                Disable::Control => {
                    text_of(entry, CONTROL).and_then(|mask| values::disabled(mask).ok()).map(|off| !off)
                }
                Disable::Attribute(name, value) => {
                    Some(!values_of(entry, &name).iter().any(|there| there.eq_ignore_ascii_case(value.as_bytes())))
                }
                Disable::Never => None,
            };
            if let Some(active) = active {
                all.boolean("active", active);
            }
            let time = text_of(entry, EXPIRES).and_then(|ticks| values::expires(ticks).ok()).flatten();
            if let Some(time) = time.filter(|_| self.settings.preset.is_ad()) {
                all.text(EXPIRES, &time);
            }
        }
        all
    }

    /// Entries as objects, with what they refer to.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn objects(&self, class: Class, entries: &[Entry]) -> Result<Vec<Object>, Trouble> {
        let mut known: HashMap<String, Option<Whose>> = HashMap::new();
        let mut all = Vec::with_capacity(entries.len());
        for entry in entries {
            let dn = dn_of(entry)?;
            let mut shown = self.texts(class, entry);
            let above = name::parts(dn).map(|(_, above)| above).unwrap_or_default();
            if !name::same(above, self.settings.base_of(class))
                && let Some((Class::OrgUnit, id)) = self.whose(above, &mut known).await?
            {
                shown.reference(preset::above(class), Class::OrgUnit, &id);
            }
            for (name, several) in preset::references(class).filter(|(_, several)| !several) {
                let Some(there) = text_of(entry, name).filter(|_| !several) else { continue };
                if let Some((class, id)) = self.whose(there, &mut known).await? {
                    shown.reference(name, class, &id);
                }
            }
            let object = record(class, self.id_of(entry, class)?).attributes(shown);
            all.push(if class == Class::Group { object.partial().build() } else { object.build() });
        }
        Ok(all)
    }

    /// Class and id of the entry with this name.
    async fn whose(&self, dn: &str, known: &mut HashMap<String, Option<Whose>>) -> Result<Option<Whose>, Trouble> {
        if let Some(whose) = known.get(dn) {
            return Ok(whose.clone());
        }
        let names = [self.settings.id().to_owned(), "objectClass".to_owned()];
        let found = if name::is_within(dn, &self.settings.base) {
            self.search(dn, Scope::Base, filter::present("objectClass"), &names).await?
        } else {
            Vec::new()
        };
        let whose = found.first().and_then(|entry| Some((class_of(entry), self.id_of(entry, class_of(entry)).ok()?)));
        known.insert(dn.to_owned(), whose.clone());
        Ok(whose)
    }

    /// Objects with a value, by the server's own comparison.
    ///
    /// # Errors
    /// `unsupported` for an attribute that can not be looked up.
    pub async fn find(&self, class: Class, attribute: &str, value: &str) -> Result<Vec<Object>, Trouble> {
        if value.is_empty() {
            return Ok(Vec::new());
        }
        let words = &self.of(class).words;
        let entries = if attribute == "dn" {
            if !name::is_within(value, &self.settings.base) {
                return Ok(Vec::new());
            }
            Vec::from_iter(self.by_name(value, class).await?)
        } else if let Some(name) = words.text(attribute) {
            let of_class = filter::parse(self.settings.filter(class));
            let of_class = of_class.map_err(|why| Trouble::not_done(Fault::settings(why)))?;
            let filter = filter::and(&[of_class, filter::equal(name, value)]);
            self.below_base(filter, self.wanted(class)).await?
        } else {
            let text = format!("{attribute} is nothing that entries are looked up by here");
            return Err(Trouble::not_done(Fault::unsupported(text)));
        };
        self.objects(class, &entries).await
    }

    /// One object as it is now.
    ///
    /// # Errors
    /// There is no whole answer, or it is where the hub may not write.
    pub async fn read(&self, class: Class, id: &str) -> Result<Option<Object>, Trouble> {
        if let Some(entry) = self.there(id, class).await? {
            return Ok(self.objects(class, &[entry]).await?.pop());
        }
        match self.outside(id).await? {
            None => Ok(None),
            Some(dn) => Err(super::update::left(&dn)),
        }
    }
}

/// True if these are the same values, in whatever order.
fn same(told: &[String], shown: &Values) -> bool {
    let has = |text: &String| shown.iter().any(|value| *value == text.as_bytes());
    told.len() == shown.len() && told.iter().all(has)
}

fn class_of(entry: &Entry) -> Class {
    let classes = values_of(entry, "objectClass");
    let is = |name: &str| classes.iter().any(|class| class.eq_ignore_ascii_case(name.as_bytes()));
    if is("organizationalUnit") {
        Class::OrgUnit
    } else if is("groupOfNames") || is("group") {
        Class::Group
    } else {
        Class::Account
    }
}
