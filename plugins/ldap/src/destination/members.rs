//! Members: those that come and go, and no others. Lists of members are never read, since they may be long.

use super::codes;
use super::create::stranger;
use super::session::Session;
use super::trouble::Trouble;
use super::wish::{Delta, Wish};
use crate::writing::{How, Modification, Request};
use rosterd_sdk::Fault;
use std::collections::HashMap;
use std::rc::Rc;

/// Members in one request. Active Directory takes 5000.
pub(super) const TOGETHER: usize = 1000;
/// The same where a list takes the place of another one: what can go in one piece does.
const WHOLE: usize = 5000;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Something was sent and done.
    pub(super) changed: bool,
    /// Members that were refused.
    pub(super) problems: Vec<Fault>,
}

/// A member that comes or goes.
#[derive(Debug, Clone, Copy)]
struct One<'a> {
    how: How,
    id: &'a str,
    dn: &'a str,
}

impl Session {
    /// Members and owners that come and go.
    pub(super) async fn members(
        &self,
        dn: &str,
        wish: &Wish,
        known: &HashMap<String, String>,
    ) -> Result<Members, Trouble> {
        let mut all = Members::default();
        for (name, _, delta) in wish.references.iter().filter(|(_, several, _)| *several) {
            match delta {
                Delta::Replace(ids) => self.replace(dn, name, ids, known, &mut all).await?,
                Delta::Edit { add, remove } => {
                    let one = |how| move |id: &'_ String| (how, id.clone());
                    let both: Vec<(How, String)> =
                        add.iter().map(one(How::Add)).chain(remove.iter().map(one(How::Delete))).collect();
                    let mut some = Vec::with_capacity(both.len());
                    for (how, id) in &both {
                        match known.get(id) {
                            Some(dn) => some.push(One { how: *how, id, dn }),
                            None if *how == How::Add => all.problems.push(stranger(name, id, true)),
                            // Who is not there is nobody's member.
                            None => {}
                        }
                    }
                    let only = some.len() == 1;
                    for some in some.chunks(TOGETHER) {
                        self.edit(dn, name, some, only, &mut all).await?;
                    }
                }
            }
        }
        Ok(all)
    }

    /// Members of a group that was just made, with their ids; those who are refused.
    pub(super) async fn join(&self, dn: &str, name: &str, members: &[(String, String)]) -> Result<Vec<Fault>, Trouble> {
        let mut all = Members::default();
        let some: Vec<One<'_>> = members.iter().map(|(id, dn)| One { how: How::Add, id, dn }).collect();
        for some in some.chunks(TOGETHER) {
            self.edit(dn, name, some, false, &mut all).await?;
        }
        Ok(all.problems)
    }

    async fn replace(
        &self,
        dn: &str,
        name: &str,
        ids: &[String],
        known: &HashMap<String, String>,
        all: &mut Members,
    ) -> Result<(), Trouble> {
        let missing = ids.iter().filter(|id| !known.contains_key(*id));
        all.problems.extend(missing.map(|id| stranger(name, id, true)));
        let mut found = ids.iter().filter_map(|id| Some((id.clone(), known.get(id)?.clone())));
        let mut values: Vec<Vec<u8>> = found.by_ref().take(WHOLE).map(|(_, dn)| dn.into_bytes()).collect();
        if values.is_empty() && self.needs_member(name) {
            values.push(self.placeholder(dn).as_bytes().to_vec());
        }
        let changes = vec![Modification::new(How::Replace, name, values)];
        self.write(&format!("changing {name} of \"{dn}\""), Request::Modify { dn: dn.to_owned(), changes }, None)
            .await?;
        all.changed = true;
        let rest: Vec<(String, String)> = found.collect();
        all.problems.extend(self.join(dn, name, &rest).await?);
        Ok(())
    }

    fn needs_member(&self, name: &str) -> bool {
        name == "member" && !self.settings.preset.is_ad()
    }

    /// Some of one attribute: together, and where one of them is refused, one by one.
    async fn edit(&self, dn: &str, name: &str, some: &[One<'_>], only: bool, all: &mut Members) -> Result<(), Trouble> {
        let permissive = self.root().await?.permissive;
        let mut trouble = None;
        if permissive || only {
            match self.try_edit(dn, name, some, permissive).await? {
                Ok(changed) => {
                    all.changed |= changed;
                    return Ok(());
                }
                Err(refused) if stops(&refused) || only => return Err(refused),
                Err(refused) => trouble = Some(refused),
            }
        }
        let (mut refused, mut done) = (0, 0);
        for one in some {
            match self.try_edit(dn, name, std::slice::from_ref(one), permissive).await? {
                Ok(changed) => {
                    all.changed |= changed;
                    done += 1;
                }
                Err(trouble) if stops(&trouble) => return Err(trouble),
                Err(trouble) => {
                    refused += 1;
                    all.problems.push((*trouble.fault).about(one.id));
                }
            }
        }
        match trouble {
            // None of them could be done: it is the group that is refused.
            Some(trouble) if refused > 0 && done == 0 => Err(trouble),
            _ => Ok(()),
        }
    }

    /// Whether something changed, or why not.
    async fn try_edit(
        &self,
        dn: &str,
        name: &str,
        some: &[One<'_>],
        permissive: bool,
    ) -> Result<Result<bool, Trouble>, Trouble> {
        let of = |how| {
            let values = some.iter().filter(move |one| one.how == how).map(|one| one.dn.as_bytes().to_vec());
            Modification::new(how, name, values)
        };
        let mut changes = vec![of(How::Add), of(How::Delete)];
        changes.retain(|change| !change.values.is_empty());
        let placeholder = self.placeholder(dn);
        let stand_in = |how| Modification::new(how, name, [placeholder.as_bytes().to_vec()]);
        let comes = changes.first().is_some_and(|change| change.how == How::Add);
        let doing = format!("changing {name} of \"{dn}\"");
        let request = |changes: Vec<Modification>| Request::Modify { dn: dn.to_owned(), changes };
        let (mut outcome, _) = self.send(request(changes.clone()), permissive, Rc::default()).await?;
        if outcome.code == 65 && self.needs_member(name) && !comes {
            // They were the last ones.
            changes.insert(0, stand_in(How::Add));
            (outcome, _) = self.send(request(changes), permissive, Rc::default()).await?;
        }
        let single = some.len() == 1;
        Ok(match outcome.code {
            0 => {
                if self.needs_member(name) && comes {
                    // Whether it was there or not. Not together with who comes: OpenLDAP lists permissive modifications, refuses
                    // them all where it was not there, and that reads like a member who was there already.
                    let _ = self.send(request(vec![stand_in(How::Delete)]), false, Rc::default()).await?;
                }
                Ok(true)
            }
            _ if single && codes::is_so_already(&outcome) => Ok(false),
            _ => Err(self.refused(&doing, &outcome)),
        })
    }

    /// A group whose only member was its own name has another name now.
    pub(super) async fn rename_placeholder(&self, old: &str, new: &str) -> Result<(), Trouble> {
        let changes = vec![
            Modification::new(How::Add, "member", [new.as_bytes().to_vec()]),
            Modification::new(How::Delete, "member", [old.as_bytes().to_vec()]),
        ];
        // Without the old name among its members it is refused, and nothing is to do.
        let request = Request::Modify { dn: new.to_owned(), changes };
        self.send(request, false, Rc::default())
            .await
            .map(|_| ())
            .map_err(|trouble| Trouble { unknown: true, ..trouble })
    }
}

/// True for what would meet all members alike.
fn stops(trouble: &Trouble) -> bool {
    use rosterd_sdk::FaultKind as Kind;
    trouble.stops() || matches!(trouble.fault.kind, Kind::Transient | Kind::NotFound)
}
