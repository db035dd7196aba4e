//! Asking one directory: looks, changes, and what is remembered of names for the run.

use super::class::{OfClass, all, place_of};
use super::codes;
use super::name;
use super::pool::{Ask, Got, Pool};
use super::trouble::Trouble;
use crate::convert::Shape;
use crate::filter;
use crate::message::{Entry, Outcome, Scope};
use crate::preset;
use crate::settings::Settings;
use crate::values;
use crate::writing::{PERMISSIVE, POST_READ, Request};
use rosterd_sdk::{Class, Fault, FaultKind};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Names that are remembered; with more all are forgotten.
const MOST_NAMES: usize = 200_000;
/// Ids in one search.
pub const TOGETHER: usize = 50;
/// What the password policy of OpenLDAP announces itself by.
const POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// What the server says it can do.
#[derive(Debug, Clone, Default)]
pub struct Root {
    /// It shows entries behind changes.
    pub post_read: bool,
    /// Values that are there already, or are not, can be no error.
    pub permissive: bool,
    /// It has a password policy, with which accounts can be locked.
    pub policy: bool,
    /// Tops of its trees.
    pub contexts: Rc<[String]>,
}

/// One directory in one run.
#[derive(Debug)]
pub struct Session {
    /// What the operator wrote.
    pub settings: Settings,
    /// The connections.
    pub pool: Pool,
    root: RefCell<Option<Root>>,
    /// What follows from the settings, by class: thousands of operations ask for it.
    classes: [OfClass; 3],
    names: RefCell<HashMap<String, String>>,
    /// Some change went well.
    wrote: Cell<bool>,
    /// Entries that were read before the batch, each good for one operation.
    pub(super) ahead: RefCell<HashMap<String, Entry>>,
}

/// The values of an attribute without options.
#[must_use]
pub fn values_of<'e>(entry: &'e Entry, name: &str) -> Vec<&'e [u8]> {
    each_of(entry, name).collect()
}

/// The same, one after the other.
pub fn each_of<'e>(entry: &'e Entry, name: &str) -> impl Iterator<Item = &'e [u8]> {
    let own = entry.attributes.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name.as_bytes()));
    own.flat_map(|(_, values)| values.iter().map(|value| &**value))
}

/// The first value of an attribute, as text.
#[must_use]
pub fn text_of<'e>(entry: &'e Entry, name: &str) -> Option<&'e str> {
    each_of(entry, name).find_map(|value| str::from_utf8(value).ok())
}

/// The name of an entry.
///
/// # Errors
/// It is none.
pub fn dn_of(entry: &Entry) -> Result<&str, Trouble> {
    let dn = str::from_utf8(&entry.dn).ok().filter(|dn| crate::dn::Dn::parse(dn).is_some());
    dn.ok_or_else(|| {
        let text = "the server gives an entry a name that is no DN; its administrator looks at it";
        Trouble::not_done(Fault::unsupported(text))
    })
}

/// The top of what is written is not there, or is not shown: no operation can be carried out, and none is tried.
#[must_use]
pub fn no_base(setting: &str, base: &str) -> Trouble {
    let text = format!(
        "there is no entry \"{base}\", or it is not shown (result 32); set {setting} to an entry that is there and that bind-dn may see"
    );
    Trouble { code: 32, ..Trouble::not_done(Fault::settings(text).about(setting)) }
}

impl Session {
    /// Of a connection, without a question so far.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            pool: Pool::new(settings),
            root: RefCell::default(),
            classes: all(settings),
            names: RefCell::default(),
            wrote: Cell::default(),
            ahead: RefCell::default(),
        }
    }

    /// What the server can do.
    ///
    /// # Errors
    /// It does not say.
    pub async fn root(&self) -> Result<Root, Trouble> {
        if let Some(root) = &*self.root.borrow() {
            return Ok(root.clone());
        }
        let names = ["supportedControl", "namingContexts"].map(str::to_owned);
        let found = self.search("", Scope::Base, filter::present("objectClass"), &names).await?;
        let entry = found.into_iter().next().unwrap_or_default();
        let controls = values_of(&entry, "supportedControl");
        let has = |name: &str| controls.contains(&name.as_bytes());
        let contexts = values_of(&entry, "namingContexts").into_iter();
        let root = Root {
            post_read: has(POST_READ),
            // OpenLDAP has it and does not say so; who does not know it ignores it, which is seen in the answer.
            permissive: has(PERMISSIVE) || self.settings.preset == preset::Preset::Openldap,
            policy: has(POLICY),
            contexts: contexts.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect(),
        };
        *self.root.borrow_mut() = Some(root.clone());
        Ok(root)
    }

    /// What follows from the settings for a class.
    pub(super) fn of(&self, class: Class) -> &OfClass {
        &self.classes[place_of(class)]
    }

    /// Attributes that are read of a class.
    #[must_use]
    pub fn wanted(&self, class: Class) -> &[String] {
        &self.of(class).wanted
    }

    /// Entries; none where the base is not there.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn search(
        &self,
        base: &str,
        scope: Scope,
        filter: Vec<u8>,
        attributes: &[String],
    ) -> Result<Vec<Entry>, Trouble> {
        Ok(self.found(base, scope, filter, attributes).await?.unwrap_or_default())
    }

    /// Entries; none at all: the base is not there.
    async fn found(
        &self,
        base: &str,
        scope: Scope,
        filter: Vec<u8>,
        attributes: &[String],
    ) -> Result<Option<Vec<Entry>>, Trouble> {
        let ask = Ask::search(base, scope, filter, attributes);
        let found = match self.pool.ask(ask).await.map_err(Trouble::looking)? {
            Got::Found(found) => found,
            Got::Written(..) => return Err(Trouble::not_done(Fault::internal("a search was answered as a change"))),
        };
        match found.code() {
            32 => Ok(None),
            code => match found.good(&format!("looking below \"{base}\"")) {
                Ok(found) => Ok(Some(found.entries)),
                Err(fault) => Err(Trouble { code, ..Trouble::not_done(fault) }),
            },
        }
    }

    /// Entries at and below the base, which must be there: where it is not, nobody can say that something is not there.
    ///
    /// # Errors
    /// There is no whole answer, or no base.
    pub async fn below_base(&self, filter: Vec<u8>, attributes: &[String]) -> Result<Vec<Entry>, Trouble> {
        let base = &self.settings.base;
        self.found(base, Scope::Subtree, filter, attributes).await?.ok_or_else(|| no_base("base", base))
    }

    /// The entry with this name.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn by_name(&self, dn: &str, class: Class) -> Result<Option<Entry>, Trouble> {
        let found = self.search(dn, Scope::Base, filter::present("objectClass"), self.wanted(class)).await?;
        Ok(found.into_iter().next())
    }

    /// The filter for an id; none: nothing can have it.
    fn is(&self, id: &str) -> Option<Vec<u8>> {
        let name = self.settings.id();
        if name.eq_ignore_ascii_case("objectGUID") {
            return values::guid_bytes(id).map(|bytes| filter::equal(name, bytes));
        }
        (!id.is_empty()).then(|| filter::equal(name, id))
    }

    /// The entries with these ids, by id; of a class with its attributes, else only their names.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn by_ids(&self, ids: &[String], class: Option<Class>) -> Result<Vec<(String, Entry)>, Trouble> {
        let filters: Vec<Vec<u8>> = ids.iter().filter_map(|id| self.is(id)).collect();
        if filters.is_empty() {
            return Ok(Vec::new());
        }
        let id = [self.settings.id().to_owned()];
        let attributes = class.map_or(id.as_slice(), |class| self.wanted(class));
        let found = self.below_base(filter::or(&filters), attributes).await?;
        let shape = Shape::new(&self.settings, class.unwrap_or(Class::Account));
        let mut all = Vec::with_capacity(found.len());
        for entry in found {
            let dn = dn_of(&entry)?.to_owned();
            if let Ok(id) = shape.id_of(&entry) {
                self.remember(&id, &dn);
                all.push((id, entry));
            }
        }
        Ok(all)
    }

    /// The names of entries with these ids, those that are there.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn names(&self, ids: impl Iterator<Item = &str>) -> Result<HashMap<String, String>, Trouble> {
        let (mut known, mut asked) = (HashMap::new(), Vec::new());
        for id in ids {
            match self.names.borrow().get(id) {
                Some(dn) => _ = known.insert(id.to_owned(), dn.clone()),
                None => asked.push(id.to_owned()),
            }
        }
        for some in asked.chunks(TOGETHER) {
            for (id, entry) in self.by_ids(some, None).await? {
                known.insert(id, dn_of(&entry)?.to_owned());
            }
        }
        Ok(known)
    }

    /// True if a name is remembered.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.names.borrow().contains_key(id)
    }

    /// Remembers a name.
    pub fn remember(&self, id: &str, dn: &str) {
        let mut names = self.names.borrow_mut();
        if names.len() >= MOST_NAMES {
            names.clear();
        }
        names.insert(id.to_owned(), dn.to_owned());
    }

    /// Forgets the names of an entry and of everything below it, and what was read of them.
    pub fn forget(&self, dn: &str) {
        let below = |entry: &Entry| str::from_utf8(&entry.dn).is_ok_and(|own| name::is_within(own, dn));
        self.ahead.borrow_mut().retain(|_, entry| !below(entry));
        self.names.borrow_mut().retain(|_, known| !name::is_within(known, dn));
    }

    /// An entry as it is now; none: it is not within the base.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn there(&self, id: &str, class: Class) -> Result<Option<Entry>, Trouble> {
        if let Some(entry) = self.ahead.borrow_mut().remove(id) {
            return Ok(Some(entry));
        }
        Ok(self.by_ids(&[id.to_owned()], Some(class)).await?.pop().map(|(_, entry)| entry))
    }

    /// The name of an entry that is there, and not within the base.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn outside(&self, id: &str) -> Result<Option<String>, Trouble> {
        let Some(filter) = self.is(id) else { return Ok(None) };
        let id_only = [self.settings.id().to_owned()];
        let mut found = Vec::new();
        if self.settings.preset.is_ad() {
            let base = format!("<GUID={id}>");
            found = self.search(&base, Scope::Base, filter::present("objectClass"), &id_only).await?;
        } else {
            let contexts = self.root().await?.contexts;
            for context in contexts.iter().filter(|context| name::is_within(&self.settings.base, context)) {
                found.extend(self.search(context, Scope::Subtree, filter.clone(), &id_only).await?);
            }
        }
        for entry in &found {
            let dn = dn_of(entry)?;
            if !name::is_within(dn, &self.settings.base) {
                return Ok(Some(dn.to_owned()));
            }
        }
        Ok(None)
    }

    /// Sends a change, and gives what the server says to it.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(
        &self,
        request: Request,
        permissive: bool,
        shown: Rc<[u8]>,
    ) -> Result<(Outcome, Option<Entry>), Trouble> {
        match self.pool.ask(Ask::Write { request, permissive, shown }).await.map_err(Trouble::writing)? {
            Got::Written(outcome, entry) => {
                self.wrote.set(self.wrote.get() || outcome.code == 0);
                Ok((outcome, entry))
            }
            Got::Found(_) => Err(Trouble::not_done(Fault::internal("a change was answered as a search"))),
        }
    }

    /// Sends a change that must go well.
    ///
    /// # Errors
    /// It does not, or there is no answer.
    pub async fn write(&self, doing: &str, request: Request, class: Option<Class>) -> Result<Option<Entry>, Trouble> {
        let shown = match class {
            Some(class) if self.root().await?.post_read => match request {
                Request::Add { .. } => Rc::clone(&self.of(class).showing_new),
                _ => Rc::clone(&self.of(class).showing),
            },
            _ => Rc::default(),
        };
        let (outcome, entry) = self.send(request, false, shown).await?;
        if outcome.code == 0 { Ok(entry) } else { Err(self.refused(doing, &outcome)) }
    }

    /// A refusal. Who may write some entries and not this one does not have a broken connection.
    #[must_use]
    pub fn refused(&self, doing: &str, outcome: &Outcome) -> Trouble {
        let mut trouble = codes::refused(doing, outcome);
        if trouble.fault.kind == FaultKind::Forbidden && self.wrote.get() {
            trouble.fault.kind = FaultKind::Unsupported;
        }
        trouble
    }
}
