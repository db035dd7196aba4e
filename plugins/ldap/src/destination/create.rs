//! Making entries.

use super::done::{Done, Outcome};
use super::members::TOGETHER;
use super::name;
use super::rules;
use super::session::{Session, dn_of, no_base, text_of};
use super::trouble::{Trouble, wrong};
use super::wish::{Delta, Wish};
use crate::convert::Shape;
use crate::filter;
use crate::message::Entry;
use crate::preset::{self, CONTROL};
use crate::spliced::Spliced;
use crate::writing::{NewAttributes, Request};
use rosterd_sdk::{Class, Fault, Operation, secrets};
use std::rc::Rc;

/// What identifies a person, best first: who has one of them by another value is somebody else.
const KEYS: [&str; 6] = ["employeeNumber", "employeeID", "uid", "sAMAccountName", "userPrincipalName", "mail"];
/// Bytes that the attributes of most people take.
const ROOM: usize = 1_024;
/// A global group that grants rights.
const GLOBAL_SECURITY: &str = "-2147483646";
/// An account that can be used, and one that can not.
const USABLE: &str = "512";
const DISABLED: &str = "514";

/// An entry that is to be made.
struct Born {
    parent: String,
    /// True: the parent is an org unit that the hub knows, and not what a setting says.
    in_unit: bool,
    dn: String,
    attributes: NewAttributes,
    /// Members that are too many for the request that makes it: the attribute, their ids and names.
    members: Vec<(&'static str, Vec<(String, String)>)>,
    problems: Vec<Fault>,
}

impl Session {
    /// Makes an entry, unless an earlier try made it.
    ///
    /// # Errors
    /// It was not made.
    pub async fn create(&self, operation: &Operation, json: &str, wish: Option<Wish>, attempt: u32) -> Outcome {
        let class = operation.class;
        let wish = wish.map_or_else(|| self.of(class).words.create(json), Ok)?;
        let mut born = self.born(&wish, class).await?;
        if attempt > 1
            && let Some(entry) = self.ours(&wish, class, &born.dn).await?
        {
            let id = self.id_of(&entry, class)?;
            let mut done = self.bring(class, &id, entry, &wish).await?;
            if class == Class::Account && self.settings.gives_passwords() {
                // The try that made it may have ended before this.
                self.password(operation, &self.name_of(&id).await?).await.map_err(doubtful)?;
            }
            done.problems.extend(born.problems);
            return Ok(done);
        }
        let with_password = class == Class::Account && self.settings.gives_passwords();
        if self.settings.preset.is_ad() && class == Class::Account {
            self.control(operation, &mut born, with_password)?;
        }
        let doing = format!("making \"{}\"", born.dn);
        let request = Request::Add { dn: born.dn.clone(), attributes: born.attributes };
        let shown = match self.write(&doing, request, Some(class)).await {
            Ok(shown) => shown,
            Err(trouble) if trouble.code == 68 => return Err(self.in_the_way(&wish, class, &born.dn, trouble).await),
            Err(trouble) if trouble.code == 32 => {
                self.forget(&born.parent);
                if !born.in_unit {
                    let (setting, base) = self.settings.base_setting(class);
                    return Err(no_base(setting, base));
                }
                let text = format!("is \"{}\", which is not there: {}", born.parent, trouble.fault.message);
                return Err(wrong(preset::above(class), &text));
            }
            Err(trouble) => return Err(trouble),
        };
        let entry = match shown {
            Some(entry) => Some(entry),
            None => self.by_name(&born.dn, class).await.map_err(doubtful)?,
        };
        let unseen = || {
            let text = format!(
                "\"{}\" was made, and can not be seen; the server's administrator lets bind-dn read it",
                born.dn
            );
            doubtful(Trouble::not_done(Fault::transient(text)))
        };
        let entry = entry.ok_or_else(unseen)?;
        let id = self.id_of(&entry, class).map_err(doubtful)?;
        self.remember(&id, dn_of(&entry)?);
        for (name, some) in &born.members {
            let more = self.join(&born.dn, name, some).await.map_err(doubtful)?;
            born.problems.extend(more);
        }
        if with_password && !self.settings.preset.is_ad() {
            self.password(operation, &born.dn).await.map_err(doubtful)?;
        }
        // What is shown as it was told need not be told back.
        let observed = (!self.shows_as_told(class, &entry, &wish)).then(|| self.observed(class, &entry));
        Ok(Done { observed, problems: born.problems, ..Done::changed(id) })
    }

    /// Name and attributes of a new entry.
    async fn born(&self, wish: &Wish, class: Class) -> Result<Born, Trouble> {
        let settings = &self.settings;
        let naming = settings.naming(class);
        let value = wish.one(naming).ok_or_else(|| wrong(naming, "is empty, and stands in the name of the entry"))?;
        let known = self.names(wish.ids()).await?;
        let unit = wish.place.as_ref().and_then(Option::as_ref);
        let parent = match unit {
            Some(id) => known.get(id).cloned().ok_or_else(|| self.no_place(class, id))?,
            None => settings.base_of(class).to_owned(),
        };
        let dn = name::below(&name::rdn(naming, value), &parent);
        let mut attributes = NewAttributes::with_room(ROOM);
        attributes.put("objectClass", settings.classes(class).into_iter());
        for (name, delta) in &wish.texts {
            let Delta::Replace(values) = delta else { continue };
            attributes.put(name, values.iter().map(String::as_str));
        }
        let mut has_members = false;
        let (mut problems, mut members) = (Vec::new(), Vec::new());
        for (name, several, delta) in &wish.references {
            let Delta::Replace(ids) = delta else { continue };
            let (found, missing): (Vec<_>, Vec<_>) = ids.iter().partition(|id| known.contains_key(*id));
            problems.extend(missing.into_iter().map(|id| stranger(name, id, *several)));
            let mut found = found.into_iter().filter_map(|id| Some((id, known.get(id)?)));
            let values: Vec<&str> = found.by_ref().take(TOGETHER).map(|(_, dn)| dn.as_str()).collect();
            let rest: Vec<_> = found.map(|(id, dn)| (id.clone(), dn.clone())).collect();
            if !rest.is_empty() {
                members.push((*name, rest));
            }
            has_members |= *name == "member" && !values.is_empty();
            attributes.put(name, values.into_iter());
        }
        match (class, settings.preset.is_ad()) {
            (Class::Account, true) => {
                let name = wish
                    .one("sAMAccountName")
                    .ok_or_else(|| wrong("sAMAccountName", "is empty; every account of Active Directory has one"))?;
                rules::logon_name(name, false)?;
                wish.one("userPrincipalName").map_or(Ok(()), rules::principal_name)?;
            }
            (Class::Account, false) if settings.person_classes.is_none() => {
                if let Some(name) = ["cn", "sn"].into_iter().find(|name| wish.one(name).is_none()) {
                    return Err(wrong(name, "is empty; every inetOrgPerson has one"));
                }
            }
            (Class::Group, true) => {
                let name = wish.one("sAMAccountName");
                rules::logon_name(name.unwrap_or(value), true)?;
                if name.is_none() {
                    attributes.put("sAMAccountName", std::iter::once(value));
                }
                if wish.one("groupType").is_none() {
                    attributes.put("groupType", std::iter::once(GLOBAL_SECURITY));
                }
            }
            (Class::Group, false) if !has_members => {
                attributes.put("member", std::iter::once(self.placeholder(&dn)));
            }
            _ => {}
        }
        Ok(Born { parent, in_unit: unit.is_some(), dn, attributes, members, problems })
    }

    /// The mask of a new account at Active Directory, and its password: both in the request that makes it.
    fn control(&self, operation: &Operation, born: &mut Born, with_password: bool) -> Result<(), Trouble> {
        if with_password {
            let password = Rc::new(secrets::initial_password(&operation.key).map_err(Trouble::not_done)?);
            let value = Spliced::secret(&password, "utf16le-quoted").map_err(Trouble::not_done)?;
            born.attributes.put_value("unicodePwd", &value);
        } else {
            let text = "it was made disabled, because Active Directory lets nobody use an account without a password; its administrator \
                        gives it one and enables it, or whoever runs the hub sets first-passwords";
            born.problems.push(Fault::unsupported(text));
        }
        let mask = if with_password { USABLE } else { DISABLED };
        born.attributes.put(CONTROL, std::iter::once(mask));
        Ok(())
    }

    /// The member of a group that has none: groupOfNames wants one.
    pub(super) fn placeholder<'d>(&'d self, dn: &'d str) -> &'d str {
        self.settings.group_placeholder.as_deref().unwrap_or(dn)
    }

    /// The entry that an earlier try made; none: there is none.
    async fn ours(&self, wish: &Wish, class: Class, dn: &str) -> Result<Option<Entry>, Trouble> {
        if let Some(entry) = self.by_name(dn, class).await? {
            if is_same(wish, class, &entry) {
                return Ok(Some(entry));
            }
            let id = self.id_of(&entry, class)?;
            return Err(Trouble::not_done(other(dn_of(&entry)?).about(id)));
        }
        if class != Class::Account {
            return Ok(None);
        }
        let Some(mut found) = self.by_key(wish, class).await? else { return Ok(None) };
        // It may have been moved since.
        let only = if found.len() == 1 { found.pop() } else { None };
        Ok(only.filter(|entry| is_same(wish, class, entry)))
    }

    /// Those who have the best key of a person that is to be made.
    async fn by_key(&self, wish: &Wish, class: Class) -> Result<Option<Vec<Entry>>, Trouble> {
        let Some((key, value)) = KEYS.iter().find_map(|key| Some((key, wish.one(key)?))) else { return Ok(None) };
        let of_class =
            filter::parse(self.settings.filter(class)).map_err(|why| Trouble::not_done(Fault::settings(why)))?;
        let filter = filter::and(&[of_class, filter::equal(key, value)]);
        self.below_base(filter, self.wanted(class)).await.map(Some)
    }

    /// Names who is where an entry was to be made.
    pub(super) async fn in_the_way(&self, wish: &Wish, class: Class, dn: &str, trouble: Trouble) -> Trouble {
        let mut found = self.by_name(dn, class).await.ok().flatten();
        if found.is_none() {
            // Names of accounts belong to one in the whole domain.
            for key in ["sAMAccountName", "userPrincipalName"] {
                let Some(value) = wish.one(key).filter(|_| self.settings.preset.is_ad()) else { continue };
                let filter = filter::equal(key, value);
                let all = self.below_base(filter, self.wanted(class)).await;
                found = found.or_else(|| all.ok().and_then(|all| all.into_iter().next()));
            }
        }
        let Some(entry) = found else { return trouble };
        match (dn_of(&entry), self.id_of(&entry, class)) {
            (Ok(there), Ok(id)) => {
                let detail = trouble.fault.detail.clone();
                Trouble { fault: Box::new(Fault { detail, ..other(there).about(id) }), ..trouble }
            }
            _ => trouble,
        }
    }

    /// The id of an entry.
    pub(super) fn id_of(&self, entry: &Entry, class: Class) -> Result<String, Trouble> {
        Shape::new(&self.settings, class).id_of(entry).map_err(|why| {
            let dn = String::from_utf8_lossy(&entry.dn);
            Trouble::not_done(Fault::unsupported(format!("\"{dn}\" can not be told from others: {why}")))
        })
    }

    async fn name_of(&self, id: &str) -> Result<String, Trouble> {
        let mut names = self.names(std::iter::once(id)).await?;
        names.remove(id).ok_or_else(|| missing(id))
    }

    pub(super) fn no_place(&self, class: Class, id: &str) -> Trouble {
        let name = preset::above(class);
        let text = format!("refers to {id}, which is no entry within \"{}\"", self.settings.base);
        if self.settings.servers.is_empty() {
            return wrong(name, &text);
        }
        // It may have been made at another one of them a moment ago.
        let text = format!(
            "{name} {text} at the server that is asked; another one may have it, and nobody has to act unless it stays so"
        );
        Trouble { code: 32, ..Trouble::not_done(Fault::transient(text).about(name)) }
    }
}

/// The object is not there.
pub(super) fn missing(id: &str) -> Trouble {
    Trouble::not_done(Fault::not_found(format!("there is no entry with the id {id} within the base")))
}

/// A reference that leads to nothing.
pub(super) fn stranger(name: &str, id: &str, several: bool) -> Fault {
    let text = format!("{name} refers to {id}, which is no entry within the base; the rest was done");
    Fault::invalid(text).about(if several { id } else { name })
}

/// It was done, as far as anybody knows, and not to its end.
fn doubtful(trouble: Trouble) -> Trouble {
    Trouble { unknown: true, ..trouble }
}

fn other(dn: &str) -> Fault {
    let text = format!(
        "\"{dn}\" has this name already; link the two (match in [deliver.CONNECTION], or rosterd adopt), or the server's administrator \
         gives one of them another name"
    );
    Fault::already_exists(text)
}

/// True if an entry can be the one that was to be made: of keys that both have none differs.
fn is_same(wish: &Wish, class: Class, entry: &Entry) -> bool {
    if class != Class::Account {
        // The name, which is the same, is all that identifies it.
        return true;
    }
    let both: Vec<(&str, &str)> = KEYS.iter().filter_map(|key| Some((wish.one(key)?, text_of(entry, key)?))).collect();
    if both.is_empty() {
        let texts = wish.texts.iter().filter_map(|(name, _)| Some((wish.one(name)?, text_of(entry, name))));
        return texts.into_iter().all(|(wanted, there)| there.is_some_and(|there| alike(wanted, there)));
    }
    both.iter().all(|(wanted, there)| alike(wanted, there))
}

fn alike(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
