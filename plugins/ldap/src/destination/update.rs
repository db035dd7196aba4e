//! Changing entries: names and places, texts and references.

use super::change;
use super::create::{missing, stranger};
use super::done::{Done, Outcome};
use super::name;
use super::protect;
use super::rules;
use super::session::{Session, dn_of, values_of};
use super::trouble::{Trouble, wrong};
use super::wish::{Delta, Wish};
use crate::message::Entry;
use crate::preset;
use crate::writing::{How, Modification, Request};
use bytes::Bytes;
use rosterd_sdk::{Class, Edit, Fault, Operation};
use std::collections::HashMap;

impl Session {
    /// Changes attributes.
    ///
    /// # Errors
    /// They were not changed.
    pub async fn update(&self, operation: &Operation, edits: &[Edit], wish: Option<Wish>) -> Outcome {
        let wish = wish.map_or_else(|| self.of(operation.class).words.update(edits), Ok)?;
        let entry = self.present(operation).await?;
        self.bring(operation.class, operation.id.as_deref().unwrap_or_default(), entry, &wish).await
    }

    /// Puts an entry into another org unit.
    ///
    /// # Errors
    /// It was not moved.
    pub async fn move_to(&self, operation: &Operation, unit: Option<&str>) -> Outcome {
        let wish = Wish { place: Some(unit.map(str::to_owned)), ..Wish::default() };
        let entry = self.present(operation).await?;
        self.bring(operation.class, operation.id.as_deref().unwrap_or_default(), entry, &wish).await
    }

    /// The entry of an operation, which may be written.
    ///
    /// # Errors
    /// It is not there, or protected.
    pub(super) async fn present(&self, operation: &Operation) -> Result<Entry, Trouble> {
        let id = operation.id.as_deref().unwrap_or_default();
        match self.there(id, operation.class).await? {
            Some(entry) => {
                protect::may_write(&self.settings, operation.class, dn_of(&entry)?, &entry)?;
                Ok(entry)
            }
            None => Err(match self.outside(id).await? {
                Some(dn) => left(&dn),
                None => missing(id),
            }),
        }
    }

    /// Brings an entry to what is wanted.
    pub(super) async fn bring(&self, class: Class, id: &str, entry: Entry, wish: &Wish) -> Outcome {
        protect::may_write(&self.settings, class, dn_of(&entry)?, &entry)?;
        self.rules(class, wish)?;
        let known = self.names(wish.ids()).await?;
        let (entry, moved) = self.place(class, id, entry, wish, &known).await?;
        let dn = dn_of(&entry)?.to_owned();
        let fixed = change::naming(&dn);
        let mut changes = change::texts(&entry, wish, fixed.as_ref(), self.settings.preset.is_ad());
        let mut problems = Vec::new();
        for (name, several, delta) in wish.references.iter().filter(|(_, several, _)| !several) {
            let Delta::Replace(ids) = delta else { continue };
            let wanted = ids.first().map(|id| known.get(id).ok_or_else(|| stranger(name, id, *several)));
            match wanted.transpose() {
                Ok(wanted) => changes.extend(reference(&entry, name, wanted)),
                Err(fault) => problems.push(fault),
            }
        }
        let mut shown = None;
        let changed = !changes.is_empty();
        if changed {
            let doing = format!("changing {} of \"{dn}\"", names(&changes));
            let request = Request::Modify { dn: dn.clone(), changes };
            match self.write(&doing, request, Some(class)).await {
                Ok(entry) => shown = entry,
                // It has its new name already, whatever became of the rest.
                Err(trouble) => return Err(Trouble { unknown: trouble.unknown || moved, ..trouble }),
            }
        }
        let members = self.members(&dn, wish, &known).await.map_err(|trouble| {
            let unknown = trouble.unknown || moved || changed;
            Trouble { unknown, ..trouble }
        })?;
        problems.extend(members.problems);
        let changed = changed || moved || members.changed;
        let observed = match (changed, shown) {
            (false, _) => None,
            (true, Some(entry)) => Some(self.observed(class, &entry)),
            // What was done was done, seen or not.
            (true, None) => self.by_name(&dn, class).await.ok().flatten().map(|entry| self.observed(class, &entry)),
        };
        Ok(Done { changed, observed, problems, ..Done::changed(id) })
    }

    fn rules(&self, class: Class, wish: &Wish) -> Result<(), Trouble> {
        if self.settings.preset.is_ad() && class != Class::OrgUnit {
            wish.one("sAMAccountName").map_or(Ok(()), |name| rules::logon_name(name, class == Class::Group))?;
            wish.one("userPrincipalName").map_or(Ok(()), rules::principal_name)?;
        }
        Ok(())
    }

    /// Gives an entry its name and its place, if it has another one.
    async fn place(
        &self,
        class: Class,
        id: &str,
        entry: Entry,
        wish: &Wish,
        known: &HashMap<String, String>,
    ) -> Result<(Entry, bool), Trouble> {
        let dn = dn_of(&entry)?.to_owned();
        let Some((first, above)) = name::parts(&dn) else { return Ok((entry, false)) };
        let naming = change::naming(&dn);
        let new = naming.as_ref().map(|naming| change::renamed(&entry, wish, naming)).transpose()?.flatten();
        let parent = match &wish.place {
            None => above.to_owned(),
            Some(None) => self.settings.base_of(class).to_owned(),
            Some(Some(unit)) => known.get(unit).cloned().ok_or_else(|| self.no_place(class, unit))?,
        };
        let moves = !name::same(&parent, above);
        let rdn = match (&naming, &new) {
            (Some((attribute, _)), Some(value)) => name::rdn(attribute, value),
            _ => first.to_owned(),
        };
        if new.is_none() && !moves {
            return Ok((entry, false));
        }
        if moves && name::is_within(&parent, &dn) {
            return Err(wrong(preset::above(class), "is the org unit itself, or one below it"));
        }
        if self.is_top(&dn) {
            let text =
                format!("\"{dn}\" is the top of what is written here, and is neither renamed nor moved by the hub");
            return Err(Trouble::not_done(Fault::unsupported(text)));
        }
        let there = name::below(&rdn, &parent);
        let superior = moves.then(|| parent.clone());
        let request = Request::Rename { dn: dn.clone(), rdn, superior };
        let doing = format!("moving \"{dn}\" to \"{there}\"");
        match self.write(&doing, request, None).await {
            Ok(_) => {}
            Err(trouble) if trouble.code == 68 => return Err(self.in_the_way(wish, class, &there, trouble).await),
            Err(trouble) => {
                self.forget(&parent);
                return Err(trouble);
            }
        }
        self.forget(&dn);
        self.remember(id, &there);
        let entry = match (&naming, &new) {
            (Some((attribute, old)), Some(value)) => change::after_rename(entry, &there, attribute, old, value),
            _ => Entry { dn: Bytes::copy_from_slice(there.as_bytes()), ..entry },
        };
        if class == Class::Group && !self.settings.preset.is_ad() && self.settings.group_placeholder.is_none() {
            self.rename_placeholder(&dn, &there).await?;
        }
        Ok((entry, true))
    }

    /// True for what entries are put below.
    pub(super) fn is_top(&self, dn: &str) -> bool {
        let classes = [Class::Account, Class::OrgUnit, Class::Group].map(|class| self.settings.base_of(class));
        classes.iter().chain([&self.settings.base.as_str()]).any(|top| name::same(top, dn))
    }
}

/// It went away from where the hub may write.
pub(super) fn left(dn: &str) -> Trouble {
    let text = format!(
        "it is \"{dn}\" now, which is not within the setting base, and is not written; the server's administrator moves it back, or whoever runs the hub changes base"
    );
    Trouble::not_done(Fault::unsupported(text))
}

fn names(changes: &[Modification]) -> String {
    let mut names: Vec<&str> = changes.iter().map(|change| change.attribute.as_str()).collect();
    names.dedup();
    names.join(", ")
}

/// The change of an attribute that refers to one entry.
fn reference(entry: &Entry, attribute: &str, wanted: Option<&String>) -> Option<Modification> {
    let there: Vec<String> =
        values_of(entry, attribute).into_iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
    let same = match (&there[..], wanted) {
        ([], None) => true,
        ([there], Some(wanted)) => name::same(there, wanted),
        _ => false,
    };
    (!same).then(|| Modification::new(How::Replace, attribute, wanted.map(|dn| dn.as_bytes().to_vec())))
}
