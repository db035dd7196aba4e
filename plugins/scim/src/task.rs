//! One operation, from its first request to its receipt: a value that is given answers and says what to send next.

use crate::api::{Api, endpoint, path};
use crate::convert::{self, Resource};
use crate::filter::equal;
use crate::list::List;
use crate::names::{ACTIVE, MEMBERS, naming};
use crate::place::{Place, get};
use crate::provider::Provider;
use crate::reply::Verdict;
use crate::settings::Settings;
use crate::wish;
use rosterd_sdk::http::Request;
use rosterd_sdk::{Action, Applied, Class, Edit, Fault, FaultKind, Operation, Receipt, secrets};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// This is sent, and its verdict is given to the task. True: it changes something if it arrives.
    Send(Request, bool),
    /// That is all.
    Done(Receipt),
}

/// Where a task stands.
#[derive(Debug)]
enum Stage {
    /// Looked for by these attributes, one after the other, before it is made.
    Seek(VecDeque<&'static str>),
    /// Sent to be made.
    Make,
    /// Looked for, because another one is in its way.
    Blame(Fault),
    /// Read, to see what there is to change.
    Look,
    /// Changed by these bodies; the first was done.
    Change(VecDeque<Value>, bool),
    /// Removed.
    Remove,
}

/// One operation.
#[derive(Debug)]
pub struct Task<'a> {
    operation: &'a Operation,
    settings: &'a Settings,
    provider: Provider,
    api: &'a Api,
    stage: Stage,
    /// What is to be made.
    wanted: Resource,
    edits: Vec<Edit>,
    /// The path of what is there.
    path: String,
}

type Next = Result<Step, Fault>;

impl<'a> Task<'a> {
    /// A task that has sent nothing.
    #[must_use]
    pub fn new(operation: &'a Operation, settings: &'a Settings, provider: Provider, api: &'a Api) -> Self {
        let (wanted, edits) = (Resource::new(), Vec::new());
        Self { operation, settings, provider, api, stage: Stage::Make, wanted, edits, path: String::new() }
    }

    /// The first step.
    pub fn begin(&mut self) -> Step {
        self.first().unwrap_or_else(|fault| Step::Done(Receipt::Failed(fault)))
    }

    /// The step after an answer.
    pub fn answered(&mut self, verdict: Verdict) -> Step {
        self.after(verdict).unwrap_or_else(|fault| Step::Done(Receipt::Failed(fault)))
    }

    fn first(&mut self) -> Next {
        let class = self.operation.class;
        if class == Class::OrgUnit {
            return Err(Fault::unsupported(
                "SCIM has no org units; take them out of this delivery, and map the unit's name to department",
            ));
        }
        if let Action::Create(attributes) = &self.operation.action {
            self.wanted = wish::birth(class, attributes)?;
            if self.settings.passwords && class == Class::Account {
                self.wanted.insert("password".to_owned(), self.password()?.into());
            }
            return if self.operation.attempt > 1 && self.provider.filter { self.seek() } else { self.make() };
        }
        let id = self.operation.id.as_deref().unwrap_or_default();
        let absent = || Fault::not_found("an operation on an object that is there needs its id");
        self.path = path(class, id).ok_or_else(absent)?;
        let replace = |attribute: &str, value: bool| {
            vec![Edit { attribute: attribute.to_owned(), replace: Some(value.to_string()), add: None, remove: None }]
        };
        self.edits = match &self.operation.action {
            Action::Update(edits) => edits.clone(),
            Action::Enable | Action::Disable if class == Class::Group => {
                return Err(Fault::unsupported("a group of SCIM can not be disabled"));
            }
            Action::Enable => replace(ACTIVE, true),
            Action::Disable => replace(ACTIVE, false),
            Action::SetPassword => Vec::new(),
            Action::Delete => {
                self.stage = Stage::Remove;
                return Ok(Step::Send(self.api.request("DELETE", &self.path), true));
            }
            Action::MoveTo(_) | Action::Create(_) => {
                return Err(Fault::unsupported("SCIM has no org units to move to"));
            }
        };
        self.stage = Stage::Look;
        let request = self.api.get(&self.path);
        Ok(Step::Send(
            if self.shows_members() { request } else { request.query("excludedAttributes", "members") },
            false,
        ))
    }

    fn after(&mut self, verdict: Verdict) -> Next {
        match std::mem::replace(&mut self.stage, Stage::Make) {
            Stage::Seek(rest) => self.sought(verdict, rest),
            Stage::Make => self.sent(verdict),
            Stage::Blame(fault) => Ok(Step::Done(Receipt::Failed(self.blamed(verdict, fault)))),
            Stage::Look => self.looked(verdict),
            Stage::Change(bodies, begun) => self.changed(verdict, bodies, begun),
            Stage::Remove => Ok(Step::Done(self.removed(verdict))),
        }
    }

    /// Looks for what an earlier attempt may have made.
    fn seek(&mut self) -> Next {
        let by = ["externalId", naming(self.operation.class)];
        let rest = by.into_iter().filter(|name| get(&self.wanted, name).is_some_and(Value::is_string)).collect();
        self.seek_next(rest)
    }

    fn seek_next(&mut self, mut rest: VecDeque<&'static str>) -> Next {
        let Some(name) = rest.pop_front() else { return self.make() };
        self.stage = Stage::Seek(rest);
        Ok(Step::Send(self.search(name)?, false))
    }

    fn search(&self, name: &str) -> Result<Request, Fault> {
        let place = Place::of(name).ok_or_else(|| Fault::internal("a name of ours is none"))?;
        let value = get(&self.wanted, name).and_then(Value::as_str).unwrap_or_default();
        Ok(self.api.search(self.operation.class, &equal(&place, value), 10))
    }

    fn sought(&mut self, verdict: Verdict, rest: VecDeque<&'static str>) -> Next {
        let found = match verdict {
            Verdict::Done(page) => resources(page)?,
            Verdict::Refused(fault) if fault.kind == FaultKind::Unsupported => Vec::new(),
            Verdict::Refused(fault) | Verdict::Doubtful(fault) => return Err(fault),
        };
        match found.iter().find(|there| wish::is_made(there, &self.wanted)) {
            Some(there) => Ok(Step::Done(Receipt::Unchanged(self.applied(there, wish::made(there)?)))),
            None => self.seek_next(rest),
        }
    }

    fn make(&mut self) -> Next {
        self.stage = Stage::Make;
        let body = Value::Object(self.wanted.clone());
        Ok(Step::Send(self.api.write("POST", endpoint(self.operation.class), &body, None), true))
    }

    fn sent(&mut self, verdict: Verdict) -> Next {
        match verdict {
            Verdict::Done(made) => {
                let made = made.unwrap_or_default();
                Ok(Step::Done(match wish::made(&made) {
                    Ok(id) => Receipt::Applied(self.applied(&made, id)),
                    Err(fault) => Receipt::Unknown(fault),
                }))
            }
            Verdict::Refused(fault) if fault.kind == FaultKind::AlreadyExists && self.provider.filter => {
                let request = self.search(naming(self.operation.class))?;
                self.stage = Stage::Blame(fault);
                Ok(Step::Send(request, false))
            }
            Verdict::Refused(fault) => Err(fault),
            Verdict::Doubtful(fault) => Ok(Step::Done(Receipt::Unknown(fault))),
        }
    }

    /// Says which object is in the way, if it is the one of the same name.
    fn blamed(&self, verdict: Verdict, fault: Fault) -> Fault {
        let Verdict::Done(page) = verdict else { return fault };
        let name = naming(self.operation.class);
        let text = |resource: &Resource| get(resource, name).and_then(Value::as_str).map(str::to_lowercase);
        let found = resources(page).unwrap_or_default();
        let wanted = text(&self.wanted);
        match found.iter().find(|there| text(there) == wanted).and_then(convert::id) {
            Some(id) => fault.about(id),
            None => fault,
        }
    }

    fn looked(&mut self, verdict: Verdict) -> Next {
        let there = match verdict {
            Verdict::Done(there) => there.unwrap_or_default(),
            Verdict::Refused(fault) | Verdict::Doubtful(fault) => return Err(fault),
        };
        let id = self.operation.id.as_deref().unwrap_or_default();
        if convert::id(&there) != Some(id) {
            return Err(Fault::transient("the service provider answers with another object than was asked for"));
        }
        let (mut operations, mut after) = wish::patch(&there, &self.edits)?;
        if matches!(self.operation.action, Action::SetPassword) {
            let password = self.password()?;
            operations.push(json!({ "op": "replace", "path": "password", "value": &password }));
            after.insert("password".to_owned(), password.into());
        }
        if operations.is_empty() {
            return Ok(Step::Done(Receipt::Unchanged(self.applied(&there, id.to_owned()))));
        }
        let version = convert::version(&there).filter(|_| self.provider.versions).map(str::to_owned);
        let bodies = if self.provider.patch { wish::messages(operations) } else { vec![wish::whole(after)] };
        self.change(bodies.into(), false, version.as_deref())
    }

    fn change(&mut self, mut bodies: VecDeque<Value>, begun: bool, version: Option<&str>) -> Next {
        let method = if self.provider.patch { "PATCH" } else { "PUT" };
        let Some(body) = bodies.pop_front() else { return Err(Fault::internal("there is nothing to change")) };
        self.stage = Stage::Change(bodies, begun);
        Ok(Step::Send(self.api.write(method, &self.path, &body, version), true))
    }

    fn changed(&mut self, verdict: Verdict, bodies: VecDeque<Value>, begun: bool) -> Next {
        match verdict {
            Verdict::Done(_) if !bodies.is_empty() => self.change(bodies, true, None),
            Verdict::Done(after) => {
                let id = self.operation.id.clone().unwrap_or_default();
                Ok(Step::Done(Receipt::Applied(match after {
                    Some(after) if convert::id(&after) == Some(&id) => self.applied(&after, id),
                    _ => Applied::id(id),
                })))
            }
            // What went before was done: the whole is neither done nor not.
            Verdict::Refused(fault) if begun => Ok(Step::Done(Receipt::Unknown(fault))),
            Verdict::Refused(fault) => Err(fault),
            Verdict::Doubtful(fault) => Ok(Step::Done(Receipt::Unknown(fault))),
        }
    }

    fn removed(&self, verdict: Verdict) -> Receipt {
        let id = || Applied::id(self.operation.id.clone().unwrap_or_default());
        match verdict {
            Verdict::Done(_) => Receipt::Applied(id()),
            Verdict::Refused(fault) if fault.kind == FaultKind::NotFound => Receipt::Unchanged(id()),
            Verdict::Refused(fault) => Receipt::Failed(fault),
            Verdict::Doubtful(fault) => Receipt::Unknown(fault),
        }
    }

    fn applied(&self, resource: &Resource, id: String) -> Applied {
        let shown = convert::attributes(self.operation.class, resource, false, self.settings);
        let applied = Applied::id(id).observed(shown.finish());
        match convert::version(resource) {
            Some(version) => applied.version(version),
            None => applied,
        }
    }

    /// PUT replaces members, and so may an edit: then they have to be known.
    fn shows_members(&self) -> bool {
        let replaced = |edit: &Edit| edit.attribute == MEMBERS && edit.replace.is_some();
        self.operation.class != Class::Group || !self.provider.patch || self.edits.iter().any(replaced)
    }

    fn password(&self) -> Result<String, Fault> {
        secrets::initial_password(&self.operation.key)?.placeholder("json")
    }
}

fn resources(page: Option<Resource>) -> Result<Vec<Resource>, Fault> {
    let list = List::of(page.unwrap_or_default())
        .map_err(|wrong| Fault::transient(format!("the answer to a look-up can not be read: {wrong}")))?;
    let found = list.resources.into_iter().filter_map(|resource| match resource {
        Value::Object(resource) => Some(resource),
        _ => None,
    });
    Ok(found.collect())
}
